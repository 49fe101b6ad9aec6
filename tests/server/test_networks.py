"""Proxies, hosts, paths and certificates as they are met, and messages that are almost right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from bench.attacks import COUNT, HELLO, call, modern
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from clerk_mcp.hosting.web import Web
from clerk_mcp.settings import SettingsError, load
from tests.forks import clerk_mcp
from tests.server.test_auth_oauth import FakeIssuer, guarded, issuer
from tests.server.web import Served, hosting, serving

__all__ = ["issuer"]

pytestmark = pytest.mark.anyio


# ── Paths ──


@pytest.mark.parametrize("path", ["/mcp/", "/mcp//", "/healthz/", "/readyz/"])
async def test_a_slash_at_the_end_is_served_and_not_redirected(path: str) -> None:
    message, headers = modern(COUNT)
    async with serving(public_url="https://mcp.example.com") as served, httpx2.AsyncClient() as http:
        if path.startswith("/mcp"):
            answer = await http.post(served.url + path, json=message, headers=headers)
        else:
            answer = await http.get(served.url + path)
    assert answer.status_code == 200


class StrippingProxy:
    """A proxy that serves a server below `/clerk`, and hands its requests on with or without that."""

    def __init__(self, web: Web, *, strips: bool) -> None:
        self._app = web.app
        self._strips = strips

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        assert path.startswith("/clerk/"), "anything else belongs to another server"
        handed_on = path.removeprefix("/clerk") if self._strips else path
        await self._app({**scope, "path": handed_on, "root_path": ""}, receive, send)


@pytest.mark.parametrize("strips", [True, False])
@pytest.mark.parametrize("transport", ["2026-07-28", "legacy", "sse"])
async def test_a_server_below_a_path_is_reached_by_every_transport(strips: bool, transport: str) -> None:
    async with serving(public_url="https://example.com/clerk") as served:
        proxy = StrippingProxy(served.web, strips=strips)
        async with hosting(proxy) as url, Served(f"{url}/clerk", served.web).client(transport) as client:
            assert not (await client.call_tool(COUNT, {})).is_error


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-protected-resource/clerk/mcp",
        "/clerk/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-protected-resource/mcp",
    ],
)
async def test_a_server_below_a_path_tells_oauth_clients_where_it_is(issuer: FakeIssuer, path: str) -> None:
    async with guarded(issuer, public_url="https://example.com/clerk") as served:
        refused = await served.post()
        document = (await served.get(path)).json()
    told = 'resource_metadata="https://example.com/clerk/.well-known/oauth-protected-resource/mcp"'
    assert told in refused.headers["www-authenticate"]
    assert document["resource"] == "https://example.com/clerk/mcp"


async def test_where_the_operator_gives_the_scopes_nobody_is_told_to_ask_the_issuer_for_them(
    issuer: FakeIssuer,
) -> None:
    async with guarded(issuer, oauth_user="user_ada=read") as served:
        document = (await served.get("/.well-known/oauth-protected-resource/mcp")).json()
        challenge = (await served.post()).headers["www-authenticate"]
        ada = {"authorization": f"Bearer {issuer.token()}"}
        lacking = await served.call("Users_deleteUserById", {"user_id": "user_x"}, **ada)
    assert "scopes_supported" not in document
    assert "scope=" not in challenge
    assert lacking.status_code == 200, "another token would not help"
    assert lacking.json()["result"]["structuredContent"]["error"]["code"] == "insufficient_scope"


# ── Hosts and origins ──


@pytest.mark.parametrize(
    "public", ["https://MCP.Example.com", "https://mcp.example.com:443/", "https://mcp.example.com/mcp"]
)
@pytest.mark.parametrize(
    "host", ["mcp.example.com", "MCP.EXAMPLE.COM", "mcp.example.com:443", "mcp.example.com."]
)
async def test_the_public_host_is_compared_as_hosts_are(public: str, host: str) -> None:
    async with serving(public_url=public) as served:
        assert (await served.post(host=host, origin="https://Mcp.example.com")).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "user@mcp.example.com",
        "mcp.example.com:8443",
        "mcp.example.com.evil.example",
        "mcp.example.com:x",
        "evil",
    ],
)
async def test_another_host_is_refused_and_told_which_setting_would_allow_it(host: str) -> None:
    async with serving(public_url="https://mcp.example.com") as served:
        refused = await served.post(host=host)
    assert refused.status_code == 421
    assert "--allowed-host" in refused.text or "names one host" in refused.text


async def test_a_host_with_a_port_of_its_own_is_allowed_as_it_was_given() -> None:
    async with serving(public_url="https://mcp.example.com:8443", allowed_host=("ours.example:*",)) as served:
        assert (await served.post(host="mcp.example.com:8443")).status_code == 200
        assert (await served.post(host="ours.example:9")).status_code == 200
        assert (await served.post(host="mcp.example.com")).status_code == 421


@pytest.mark.parametrize(
    "url",
    [
        "https://user@mcp.example.com",
        "https://user:secret@mcp.example.com",
        "https://mcp.example.com/?a=b",
        "https://mcp.example.com:99999",
        "ftp://mcp.example.com",
        "https://mcp.example.com/a b",
    ],
)
def test_a_public_address_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="--public-url") as refused:
        load({"transport": "http", "sandbox": True, "public_url": url})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "origin", ["http://localhost:6274", "http://127.0.0.1:3000", "http://[::1]:1", "https://localhost"]
)
async def test_a_page_on_this_machine_may_ask_first(origin: str) -> None:
    async with serving() as served, httpx2.AsyncClient() as http:
        asking = {
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type,mcp-protocol-version",
        }
        granted = await http.options(f"{served.url}/mcp", headers=asking)
        called = await served.post(origin=origin)
    assert granted.status_code == 200
    assert granted.headers["access-control-allow-origin"] == origin
    assert (called.status_code, called.headers["access-control-allow-origin"]) == (200, origin)


@pytest.mark.parametrize(
    "origin", ["http://localhost.evil.example:6274", "null", "http://127.0.0.1.evil.example"]
)
async def test_a_page_of_elsewhere_may_not(origin: str) -> None:
    async with serving() as served, httpx2.AsyncClient() as http:
        asking = {"origin": origin, "access-control-request-method": "POST"}
        refused = await http.options(f"{served.url}/mcp", headers=asking)
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers


# ── Messages that are almost right ──


@pytest.mark.parametrize("stateful", [True, False])
@pytest.mark.parametrize("version", ["1999-01-01", "2099-12-31", "latest"])
async def test_a_version_that_is_not_spoken_is_refused_with_those_that_are(
    version: str, stateful: bool
) -> None:
    async with serving(stateful=stateful) as served:
        refused = await served.post(HELLO, mcp_protocol_version=version)
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert (error["code"], refused.json()["id"]) == (-32022, HELLO["id"])
    assert error["data"]["requested"] == version
    assert {"2025-11-25", "2026-07-28"} <= set(error["data"]["supported"])


@pytest.mark.parametrize("stateful", [True, False])
@pytest.mark.parametrize(
    "kind", ["APPLICATION/JSON", "Application/Json ; charset=UTF-8", "application/json;charset=utf-8"]
)
async def test_a_media_type_is_one_in_any_case(kind: str, stateful: bool) -> None:
    async with serving(stateful=stateful) as served:
        assert (await served.post(HELLO, content_type=kind)).status_code == 200


@pytest.mark.parametrize("stateful", [True, False])
async def test_blanks_around_the_values_of_headers_mean_nothing(stateful: bool) -> None:
    body = json.dumps(HELLO).encode()
    async with serving(stateful=stateful) as served:
        port = int(served.url.rpartition(":")[2])
        head = (
            f"POST /mcp HTTP/1.1\r\nHost:\t127.0.0.1:{port} \r\nContent-Type:  application/json\t\r\n"
            "Accept:   application/json, text/event-stream  \r\nMCP-Protocol-Version: \t2025-06-18 \r\n"
            f"Content-Length:  {len(body)} \r\n\r\n"
        )
        async with await anyio.connect_tcp("127.0.0.1", port) as connection:
            await connection.send(head.encode() + body)
            answer = await connection.receive()
    assert answer.startswith(b"HTTP/1.1 200 ")


ODD_IDS = ["null", "1.5", "true", "false", "[1]", "{}", "1e2", "-0.5"]


@pytest.mark.parametrize("id", ODD_IDS)
async def test_an_id_that_can_be_none_is_an_error_over_http(id: str) -> None:
    async with serving() as served:
        for method in ("ping", "tools/list"):
            body = f'{{"jsonrpc":"2.0", "id" : {id},"method":"{method}"}}'.encode()
            refused = await served.post(body, mcp_protocol_version="2025-06-18")
            assert refused.status_code == 400
            assert refused.json()["error"]["code"] == -32600
            assert "`id` must be a text or a whole number" in refused.json()["error"]["message"]


async def test_an_argument_called_id_is_no_id_of_a_request() -> None:
    message = call(COUNT)
    message["params"]["_meta"] = {"id": None, "nested": [{"id": 1.5}]}
    async with serving() as served:
        assert (await served.post(message, mcp_protocol_version="2025-06-18")).status_code == 200


def test_an_id_that_can_be_none_is_an_error_on_stdio() -> None:
    lines = [f'{{"jsonrpc":"2.0","id":{id},"method":"ping"}}' for id in [*ODD_IDS, "7"]]
    done = subprocess.run(
        [sys.executable, "-m", "clerk_mcp", "--sandbox"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["error"]["code"] for answer in answers if "error" in answer] == [-32600] * len(ODD_IDS)
    assert [answer["id"] for answer in answers if "result" in answer] == [7]


# ── What no other try can mend ──


def with_key(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return clerk_mcp(*arguments, CLERK_SECRET_KEY="sk_test_x", **variables)


@pytest.fixture(params=["missing", "quoted", "a directory", "without certificates"])
def bad_certificates(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    (tmp_path / "text").write_text("no certificate")
    return {
        "missing": str(tmp_path / "none.pem"),
        "quoted": f'"{tmp_path / "text"}"',
        "a directory": str(tmp_path),
        "without certificates": str(tmp_path / "text"),
    }[request.param]


def test_certificates_that_cannot_be_used_are_named_in_one_line(bad_certificates: str) -> None:
    called = with_key("call", COUNT, SSL_CERT_FILE=bad_certificates, CLERK_API_URL="https://127.0.0.1:9/v1")
    assert called.returncode == 1
    error = json.loads(called.stderr.splitlines()[-1])["error"]
    assert error["code"] == "certificates_unusable"
    assert "SSL_CERT_FILE" in error["message"]
    assert "Traceback" not in called.stderr


async def test_a_server_with_such_certificates_says_so_and_is_not_ready(
    bad_certificates: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", bad_certificates)
    message, headers = modern(COUNT)
    own: dict[str, Any] = {"clerk_secret_key": "sk_test_x", "clerk_api_url": "https://127.0.0.1:9/v1"}
    # The test's own client must not read the variable.
    async with httpx2.AsyncClient(trust_env=False) as http:
        async with serving(**own) as served:
            ready = await http.get(f"{served.url}/readyz")
            answered = await http.post(f"{served.url}/mcp", json=message, headers=headers)
        assert (ready.status_code, "SSL_CERT_FILE" in ready.text) == (503, True)
        assert "SSL_CERT_FILE" in answered.json()["result"]["structuredContent"]["error"]["message"]
        async with serving(auth="clerk-key", clerk_api_url="https://127.0.0.1:9/v1") as served:
            ready = await http.get(f"{served.url}/readyz")
        assert (ready.status_code, "SSL_CERT_FILE" in ready.text) == (503, True)


def test_doctor_names_them_as_well(tmp_path: Path) -> None:
    done = with_key("doctor", SSL_CERT_FILE=str(tmp_path / "none"), CLERK_API_URL="https://127.0.0.1:9/v1")
    assert "SSL_CERT_FILE names" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["call", COUNT], ["doctor"], []])
@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_a_port_that_is_none_is_one_line_that_names_the_setting(command: list[str], port: str) -> None:
    done = with_key(*command, CLERK_API_URL=f"http://127.0.0.1:{port}/v1")
    assert done.returncode != 0
    assert "CLERK_API_URL" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


async def test_blanks_around_an_address_go() -> None:
    async with hosting(Starlette(routes=[Mount("/v1", Starlette(routes=[Route("/jwks", _jwks)]))])) as clerk:
        own = {"clerk_secret_key": "sk_test_x", "clerk_api_url": f"  {clerk}/v1 \t"}
        async with serving(**own) as served:
            assert (await served.get("/readyz")).text == "ready\n"


async def _jwks(_: Any) -> Any:
    from starlette.responses import JSONResponse

    return JSONResponse({"keys": []})


async def test_a_host_that_does_not_exist_is_told_at_once() -> None:
    own = {"clerk_secret_key": "sk_test_x", "clerk_api_url": "https://nosuch.invalid/v1"}
    async with serving(**own) as served:
        answered = await served.call(COUNT)
        metrics = (await served.get("/metrics")).text
    error = answered.json()["result"]["structuredContent"]["error"]
    assert error["code"] in ("unknown_host", "unreachable"), error
    if error["code"] == "unknown_host":
        # Not on machines without any name server, where nobody knows whether there is one.
        assert "clerk_mcp_upstream_tries_total 1.0" in metrics


async def test_a_proxy_that_wants_a_password_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    async def proxy(stream: anyio.abc.SocketStream) -> None:
        nonlocal asked
        async with stream:
            await stream.receive()
            asked += 1
            await stream.send(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - not Django's
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    own = {"clerk_secret_key": "sk_test_x", "clerk_api_url": "https://api.clerk.invalid/v1"}
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, proxy)
        async with serving(**own) as served:
            answered = await served.call(COUNT)
        tasks.cancel_scope.cancel()
    error = answered.json()["result"]["structuredContent"]["error"]
    assert (error["code"], asked) == ("proxy_refuses", 1)
    assert "HTTPS_PROXY" in error["message"]
