"""Who gets in, and what the others are told."""

from __future__ import annotations

import base64
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import ResourceTemplateReference

from clerk_mcp.hosting.console import PAGES
from clerk_mcp.hosting.tokens import issue
from tests.server.web import COUNT, Served, serving

pytestmark = pytest.mark.anyio

REMOVE_USER = "Users_deleteUserById"


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    return tmp_path / "tokens"


async def names_listed(served: Served, token: str) -> set[str]:
    async with served.client(token=token) as client:
        return {tool.name for tool in (await client.list_tools()).tools}


WITHOUT_A_TOKEN = [
    ({}, "send Authorization: Bearer"),
    ({"authorization": "Bearer"}, "malformed"),
    ({"authorization": "Basic dXNlcjp0b2tlbg=="}, "malformed"),
    ({"authorization": "Token abc"}, "malformed"),
    ({"authorization": "Bearer cmcp_never-issued"}, "not known"),
]


async def test_a_request_without_a_known_token_is_401_with_the_reason(
    token_file: Path, subtests: pytest.Subtests
) -> None:
    issue(token_file, "ada", ["read"])
    async with serving(auth="bearer", token_file=token_file) as served:
        for header, said in WITHOUT_A_TOKEN:
            with subtests.test(header=header):
                response = await served.post(**header)
                challenge = response.headers["www-authenticate"]
                assert response.status_code == 401
                assert said in response.json()["error_description"]
                assert challenge.startswith("Bearer realm=")
                assert ("error=" in challenge) is bool(header)


async def test_two_authorization_headers_are_refused(token_file: Path) -> None:
    token = issue(token_file, "ada", ["read"])
    async with serving(auth="bearer", token_file=token_file) as served:
        twice = [("authorization", f"Bearer {token}"), ("authorization", "Bearer other")]
        async with httpx2.AsyncClient() as http:
            response = await http.post(f"{served.url}/mcp", headers=twice, json={})
    assert response.status_code == 400


async def test_a_token_behind_the_body_is_no_header(token_file: Path) -> None:
    token = issue(token_file, "ada", ["read"])
    head = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    trailer = f"Authorization: Bearer {token}\r\n\r\n".encode()
    async with serving(auth="bearer", token_file=token_file) as served:
        port = int(served.url.rpartition(":")[2])
        async with await anyio.connect_tcp("127.0.0.1", port) as connection:
            await connection.send(head + b"2\r\n{}\r\n0\r\n" + trailer)
            with anyio.fail_after(10):
                assert b" 401 " in await connection.receive()


@pytest.mark.parametrize("transport", ["2026-07-28", "legacy", "sse"])
async def test_a_token_opens_every_transport(token_file: Path, transport: str) -> None:
    token = issue(token_file, "ada", ["read"])
    async with (
        serving(auth="bearer", token_file=token_file) as served,
        served.client(transport, token) as client,
    ):
        assert not (await client.call_tool(COUNT, {})).is_error


async def test_a_caller_sees_only_what_their_scopes_allow(token_file: Path) -> None:
    read, all_ = issue(token_file, "reader", ["read"]), issue(token_file, "admin", ["all"])
    async with serving(auth="bearer", token_file=token_file) as served:
        readable, everything = await names_listed(served, read), await names_listed(served, all_)
    assert readable < everything
    assert COUNT in readable
    assert REMOVE_USER in everything - readable


async def test_a_missing_scope_is_403_and_named(token_file: Path) -> None:
    token = issue(token_file, "reader", ["read"])
    async with serving(auth="bearer", token_file=token_file) as served:
        response = await served.call(REMOVE_USER, {"user_id": "user_1"}, authorization=f"Bearer {token}")
    assert response.status_code == 403
    challenge = response.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="clerk:destroy"' in challenge
    assert "clerk:destroy" in response.json()["error"]["message"]


@pytest.mark.parametrize("transport", ["2026-07-28", "legacy"])
async def test_a_missing_scope_is_403_for_a_resource_too(token_file: Path, transport: str) -> None:
    token = issue(token_file, "writer", ["write"])
    statuses: list[int] = []

    async def note(response: httpx2.Response) -> None:
        statuses.append(response.status_code)

    async with (
        serving(auth="bearer", token_file=token_file) as served,
        httpx2.AsyncClient(
            headers={"authorization": f"Bearer {token}"}, event_hooks={"response": [note]}
        ) as http,
        Client(streamable_http_client(f"{served.url}/mcp", http_client=http), mode=transport) as client,
    ):
        users = ResourceTemplateReference(uri="clerk://users/{user_id}")
        completed = await client.complete(users, {"name": "user_id", "value": "ravi"})
        assert completed.completion.values == []
        assert 403 not in statuses
        with pytest.raises(MCPError):
            await client.read_resource("clerk://users/user_1")
    assert 403 in statuses


async def test_over_sse_a_missing_scope_is_an_error_that_the_model_reads(token_file: Path) -> None:
    token = issue(token_file, "reader", ["read"])
    async with (
        serving(auth="bearer", token_file=token_file) as served,
        served.client("sse", token) as client,
    ):
        result = await client.call_tool(REMOVE_USER, {"user_id": "user_1"})
    assert result.is_error
    assert result.structured_content is not None
    assert result.structured_content["error"]["scope"] == "clerk:destroy"


async def test_tokens_made_and_removed_while_the_server_runs_count_at_once(token_file: Path) -> None:
    first = issue(token_file, "first", ["read"])
    async with serving(auth="bearer", token_file=token_file) as served:
        second = issue(token_file, "second", ["read"])
        assert (await served.post(authorization=f"Bearer {second}")).status_code == 200
        kept = [line for line in token_file.read_text().splitlines() if not line.startswith("first ")]
        token_file.write_text("\n".join(kept))
        assert (await served.post(authorization=f"Bearer {first}")).status_code == 401
        assert (await served.post(authorization=f"Bearer {second}")).status_code == 200


async def test_a_token_file_that_breaks_lets_nobody_in_until_it_is_mended(token_file: Path) -> None:
    token = issue(token_file, "ada", ["read"])
    good = token_file.read_text()
    async with serving(auth="bearer", token_file=token_file) as served:
        token_file.write_text("ada what is this\n")
        assert (await served.post(authorization=f"Bearer {token}")).status_code == 503
        token_file.write_text(good)
        assert (await served.post(authorization=f"Bearer {token}")).status_code == 200


async def test_a_session_belongs_to_the_token_that_opened_it(token_file: Path) -> None:
    ada, bob = issue(token_file, "ada", ["read"]), issue(token_file, "bob", ["read"])
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    async with serving(auth="bearer", token_file=token_file, stateful=True) as served:
        opened = await served.post(hello, authorization=f"Bearer {ada}")
        session = {"mcp_session_id": opened.headers["mcp-session-id"]}
        stolen = await served.post(None, authorization=f"Bearer {bob}", **session)
        own = await served.post(None, authorization=f"Bearer {ada}", **session)
    assert stolen.status_code == 404
    assert own.status_code == 200


@pytest.mark.parametrize("path", ["/metrics", "/sse", "/messages/?session_id=0"])
async def test_nothing_else_is_open_either(token_file: Path, path: str) -> None:
    issue(token_file, "ada", ["read"])
    async with serving(auth="bearer", token_file=token_file) as served:
        assert (await served.get(path)).status_code == 401


async def test_of_the_pages_for_people_only_the_way_in_is_open(token_file: Path) -> None:
    issue(token_file, "ada", ["read"])
    async with serving(auth="bearer", token_file=token_file) as served:
        for path in PAGES:
            asked = await served.get(path)
            assert asked.status_code == 303, path
            assert asked.headers["location"].startswith("/signin?next="), path
            assert not asked.text, path


async def test_probes_ask_for_nothing(token_file: Path) -> None:
    issue(token_file, "ada", ["read"])
    async with serving(auth="bearer", token_file=token_file) as served:
        assert (await served.get("/healthz", host="10.0.0.7:8000")).status_code == 200
        assert (await served.get("/readyz", host="10.0.0.7:8000")).status_code == 200


async def test_the_page_and_the_metrics_can_be_made_public(token_file: Path) -> None:
    issue(token_file, "ada", ["read"])
    async with serving(auth="bearer", token_file=token_file, public_page=True, public_metrics=True) as served:
        assert (await served.get("/")).status_code == 200
        assert (await served.get("/metrics")).status_code == 200
        assert (await served.post()).status_code == 401


async def test_where_callers_bring_keys_a_browser_opens_the_page_with_one_as_its_password() -> None:
    typed = base64.b64encode(b"anything:sk_test_sandbox").decode()
    async with serving(auth="clerk-key", clerk_api_url="http://127.0.0.1:9/v1") as served:
        asked = await served.get("/tools")
        assert "Basic" in ", ".join(asked.headers.get_list("www-authenticate"))
        assert (await served.get("/tools", authorization=f"Basic {typed}")).status_code == 200
        assert (await served.post(authorization=f"Basic {typed}")).status_code == 401
        assert (await served.get("/signin")).status_code in (401, 404)


async def test_without_credentials_only_this_machine_is_served() -> None:
    async with serving() as served:
        here = await served.post()
        # What a proxy on this machine says of where a request came from.
        elsewhere = await served.post(x_forwarded_for="203.0.113.9")
    assert here.status_code == 200
    assert elsewhere.status_code == 403
