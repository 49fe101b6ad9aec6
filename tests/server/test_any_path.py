"""`--any-path`: a call of a path that no tool has goes the way of all calls, and of no other path at all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, MCPError

from clerk_mcp.auditing.log import AuditLog
from clerk_mcp.offering.policy import Policy, Selection
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.transport import SandboxTransport
from tests.server.worlds import world

pytestmark = pytest.mark.anyio

COMET = {
    "id": "comet_1",
    "name": "Halley",
    "signing_secret": "whsec_sandboxNotASecret",
    "tail": {"token": "x1y2z3w4"},
}


class NewerClerk(SandboxTransport):
    """The sandbox, and beside it paths that Clerk may add one day."""

    def __init__(self) -> None:
        super().__init__(Sandbox())
        self.comets: list[httpx2.Request] = []
        self.answer: Any = COMET

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if "/comets" not in request.url.path:
            return await super().handle_async_request(request)
        await request.aread()
        self.comets.append(request)
        return httpx2.Response(200, json=self.answer, request=request)


@asynccontextmanager
async def newer(
    *, any_path: bool = True, read_only: bool = False, **more: Any
) -> AsyncIterator[tuple[NewerClerk, Client]]:
    clerk = NewerClerk()
    policy = Policy(Selection.of(), read_only, any_path)
    async with world(sandbox=clerk.sandbox, transport=clerk, policy=policy, **more) as found:
        yield clerk, found.client


async def call(client: Client, method: str, path: str, **more: Any) -> dict[str, Any]:
    answer = (
        await client.call_tool("call_path", {"method": method, "path": path, **more})
    ).structured_content
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize("mode", ["all", "search"])
async def test_it_is_listed_and_runs_only_where_the_operator_wants_it(mode: Any) -> None:
    for any_path in (False, True):
        async with newer(any_path=any_path, mode=mode) as (clerk, client):
            assert ("call_path" in {tool.name for tool in (await client.list_tools()).tools}) is any_path
            if not any_path:
                with pytest.raises(MCPError, match="call_path"):
                    await call(client, "GET", "/comets")
            assert clerk.comets == []


async def test_a_get_reads_with_its_query_and_keeps_credentials_back() -> None:
    async with newer(confirm=True, read_only=True) as (clerk, client):
        answer = await call(client, "GET", "/comets/comet_1", query={"year": [1910, 1986], "name": "a&b"})
    assert (answer["id"], answer["name"]) == ("comet_1", "Halley")
    assert "whsec_" not in str(answer)
    assert "x1y2z3w4" not in str(answer)
    assert "kept back" in answer["secrets"]
    assert clerk.comets[0].url.raw_path == b"/v1/comets/comet_1?year=1910&year=1986&name=a%26b"
    assert clerk.comets[0].headers["clerk-api-version"] == "2026-05-12"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_anything_else_is_asked_about_and_its_token_is_good_for_that_method_alone(method: str) -> None:
    other = "DELETE" if method != "DELETE" else "POST"
    async with newer(confirm=True) as (clerk, client):
        asked = await call(client, method, "/comets/comet_1")
        assert asked["preview"]["target"].startswith(f"{method} /comets/comet_1")
        refused = await call(client, other, "/comets/comet_1", confirm=asked["confirm"])
        assert "error" in refused
        assert clerk.comets == []
        again = await call(client, method, "/comets/comet_1", confirm=asked["confirm"])
    assert again["id"] == "comet_1"
    assert "whsec_" not in str(again)
    assert [request.method for request in clerk.comets] == [method]


async def test_what_is_not_read_is_refused_where_only_reading_is_allowed_and_is_in_the_trail(
    tmp_path: Path,
) -> None:
    log = tmp_path / "audit"
    async with newer(read_only=True, audit=AuditLog(log)) as (clerk, client):
        refused = await call(client, "POST", "/comets", body={"name": "Encke", "password": "hunter2hunter2"})
        await call(client, "GET", "/comets")
    assert refused["error"]["code"] == "read_only"
    assert [request.method for request in clerk.comets] == ["GET"]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["operation"], line["arguments"]["path"]) for line in lines] == [
        ("call_path", "/comets")
    ] * 2
    assert "hunter2" not in log.read_text()


@pytest.mark.parametrize(
    ("method", "path", "tool"),
    [
        ("GET", "/users", "Users_listSortedByCreationDate"),
        ("GET", "/users/count", "Users_getTotalCount"),
        ("DELETE", "/users/user_1", "Users_deleteUserById"),
        ("DELETE", "/USERS/user_1", "Users_deleteUserById"),
        ("GET", "/organization_roles", "ListOrganizationRoles"),
    ],
)
async def test_a_path_that_has_a_tool_is_refused_with_its_name(method: str, path: str, tool: str) -> None:
    async with newer() as (clerk, client):
        answer = await call(client, method, path)
    assert answer["error"]["code"] == "invalid_arguments"
    assert tool in answer["error"]["message"]
    assert not clerk.sandbox.received


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ({"a&b": "c=d"}, "a%26b=c%3Dd"),
        ({"a\r\nX: y": "\r\n"}, "a%0D%0AX%3A+y=%0D%0A"),
        ({"paginated": True, "limit": 2}, "paginated=true&limit=2"),
        ({"on": [True, "x"], "none": []}, "on=true&on=x"),
        ({"a": {"b": 1}}, None),
        ({"a": None}, None),
        ({"a": [["b"]]}, None),
        ({"a": [None]}, None),
    ],
    ids=str,
)
async def test_a_query_says_what_was_meant_or_is_refused(query: dict[str, Any], sent: str | None) -> None:
    async with newer() as (clerk, client):
        answer = await call(client, "GET", "/comets/comet_1", query=query)
    if sent is None:
        assert (answer["error"]["code"], answer["error"]["param"]) == ("invalid_arguments", "query")
        assert not clerk.comets
    else:
        assert clerk.comets[0].url.query == sent.encode()


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "comets", "//comets", "/comets/", "/comets//1", "/../comets", "/comets/..", "/comets/./1",
        "/comets/%2e%2e", "/comets%2f1", "/comets?x=1", "/comets#x", "https://evil.example/comets",
        "//evil.example/comets", "/comets\\..", "/comets/\r\nX: y", "/comets/ü", "/v1/comets",
        "/@evil/../comets", "/comets;x", "/" + "a" * 300, "/%75sers", "/users%00", "/users\u200b", "/users/",
        "/users/.", "/comets/\ud800",
    ],
)  # fmt: skip
async def test_a_path_with_a_trick_in_it_is_refused(path: str) -> None:
    async with newer() as (clerk, client):
        answer = await call(client, "GET", path)
    assert (answer["error"]["code"], answer["error"].get("param")) == ("invalid_arguments", "path")
    assert not clerk.comets
    assert not clerk.sandbox.received


async def test_an_answer_is_bounded_and_a_list_stands_in_an_object() -> None:
    async with newer(max_bytes=4_000) as (clerk, client):
        clerk.answer = [{"id": f"comet_{n}", "token": "a1b2c3d4e5"} for n in range(20)]
        answer = await call(client, "GET", "/comets")
        assert answer["items"][0] == {"id": "comet_0"}
        clerk.answer = {"id": "comet_1", "tail": "x" * 90_000}
        assert len(json.dumps(await call(client, "GET", "/comets"))) < 5_000
