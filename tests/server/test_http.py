"""The HTTP server's own part: transports, addresses, bounds, probes, metrics, the end, and bad starts."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

import anyio
import httpx2
import pytest
from bench.attacks import HELLO, INITIALIZED, call
from mcp import MCPError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from clerk_mcp.hosting.bounds import CallerBounds, Pace
from clerk_mcp.hosting.readiness import KEPT_S, Finding, Readiness
from clerk_mcp.hosting.sessions import Sessions
from clerk_mcp.hosting.web import Web
from clerk_mcp.protocol.identity import IDENTITY, Identity
from clerk_mcp.settings import SettingsError, load
from tests.server.loopback import Received, answer, loopback
from tests.server.web import COUNT, Served, hosting, serving

pytestmark = pytest.mark.anyio

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
MODERN = {
    "mcp_protocol_version": "2026-07-28",
    "mcp_method": "tools/list",
}


def modern(**meta: Any) -> dict[str, Any]:
    given = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        **meta,
    }
    return {**LIST, "params": {"_meta": given}}


# Every way to send something wrong, and what MCP or HTTP answers to it.
WRONG: dict[str, tuple[object, dict[str, str], int]] = {
    "another host": (None, {"host": "evil.example.com"}, 421),
    "another origin": (None, {"origin": "https://evil.example.com"}, 403),
    "an origin that only begins like ours": (None, {"origin": "http://localhost.evil.example.com"}, 403),
    "not JSON": (b"{", {}, 400),
    "not JSON, today's protocol": (b"{", MODERN, 400),
    "another content type": (b"{}", {"content_type": "text/plain"}, 400),
    "nothing acceptable": (None, {"accept": "text/html"}, 406),
    "a batch": ([LIST, LIST], {}, 400),
    "a batch, today's protocol": ([modern(), modern()], MODERN, 400),
    "an unknown protocol version": (
        modern(**{"io.modelcontextprotocol/protocolVersion": "2099-01-01"}),
        {**MODERN, "mcp_protocol_version": "2099-01-01"},
        400,
    ),
    "headers that contradict the body": (modern(), {**MODERN, "mcp_method": "tools/call"}, 400),
    "no envelope": (LIST, MODERN, 400),
    "an unknown method": (
        {**modern(), "method": "tools/lost"},
        {**MODERN, "mcp_method": "tools/lost"},
        404,
    ),
    "a body too large": (b"[" + b" " * 2000 + b"]", {}, 413),
    "headers too large": (None, {"x_padding": "x" * 2000}, 431),
}


async def test_what_is_wrong_gets_the_status_that_the_protocol_prescribes(subtests: pytest.Subtests) -> None:
    async with serving(max_body_bytes=1500, max_header_bytes=1500) as served:
        for kind, (message, headers, status) in WRONG.items():
            with subtests.test(kind):
                response = await served.post(message, **headers)
                assert response.status_code == status, response.text
                assert "Traceback" not in response.text
        assert (await served.post()).status_code == 200


async def test_a_body_without_a_declared_length_is_bounded_too() -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1000

    async with serving(max_body_bytes=1500) as served, httpx2.AsyncClient() as http:
        headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        response = await http.post(f"{served.url}/mcp", content=endless(), headers=headers)
    assert response.status_code == 413


@pytest.mark.parametrize("transport", ["2026-07-28", "legacy", "sse"])
@pytest.mark.parametrize("stateful", [False, True])
async def test_every_transport_lists_and_calls_tools(transport: str, stateful: bool) -> None:
    async with serving(stateful=stateful) as served, served.client(transport) as client:
        assert len((await client.list_tools()).tools) >= 100
        result = await client.call_tool(COUNT, {})
    assert not result.is_error


async def test_what_is_not_json_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    body = b'{"password": "correct horse"'
    async with serving() as served, httpx2.AsyncClient() as http:
        async with http.stream("GET", f"{served.url}/sse") as stream:
            lines = stream.aiter_lines()
            messages = [await anext(lines), await anext(lines)][1].removeprefix("data: ")
            assert (await served.post(body, messages)).status_code == 400
        assert (await served.post(body)).status_code == 400
    assert "correct horse" not in caplog.text


async def test_stateless_serving_keeps_no_stream_or_session_to_listen_to() -> None:
    async with serving() as served:
        assert (await served.get("/mcp", accept="text/event-stream")).status_code == 405
        assert "mcp-session-id" not in (await served.post()).headers


async def test_an_allowed_web_page_may_call_and_others_may_not() -> None:
    inspector = "https://inspector.example.com"
    async with serving(allowed_origin=inspector) as served, httpx2.AsyncClient() as http:
        asking = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
        friend = {**asking, "origin": inspector}
        stranger = {**asking, "origin": "https://evil.example.com"}
        allowed = await http.options(f"{served.url}/mcp", headers=friend)
        refused = await http.options(f"{served.url}/mcp", headers=stranger)
    assert allowed.headers["access-control-allow-origin"] == inspector
    assert "access-control-allow-origin" not in refused.headers
    assert refused.status_code == 403


async def test_the_public_address_is_a_known_host_and_origin() -> None:
    async with serving(public_url="https://mcp.example.com") as served:
        response = await served.post(host="mcp.example.com", origin="https://mcp.example.com")
    assert response.status_code == 200


@pytest.mark.parametrize(
    "begun",
    [
        [b""],
        [b"POST /mcp HTTP/1.1\r\nHost: "],
        [b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"GET /hea"],
    ],
    ids=["a silent connection", "a head that does not end", "a second head that does not end"],
)
async def test_half_a_request_is_hung_up_on(begun: list[bytes]) -> None:
    async with serving(read_timeout=0.2) as served:
        port = int(served.url.rpartition(":")[2])
        async with await anyio.connect_tcp("127.0.0.1", port) as connection:
            for part in begun[:-1]:
                await connection.send(part)
                await connection.receive()
            await connection.send(begun[-1])
            with anyio.fail_after(10), suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                while True:
                    await connection.receive()


@pytest.mark.parametrize("path", ["/mcp", "/messages/?session_id=0"])
async def test_half_a_body_is_one_quiet_line(path: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "clerk_mcp")
    async with serving(max_calls=1) as served:
        port = int(served.url.rpartition(":")[2])
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        async with await anyio.connect_tcp("127.0.0.1", port) as connection:
            await connection.send(f"{head}Content-Length: 1000\r\n\r\n".encode() + b'{"jsonrpc": ')
        with anyio.fail_after(10):
            while "hung up" not in caplog.text:
                await anyio.sleep(0.01)
        # It has given back the only place there is.
        assert (await served.call(COUNT)).status_code == 200
    assert caplog.text.count("hung up") == 1
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("request_", "dripped"),
    [
        (b"POST /mcp HTTP/1.1\r\nHost: evil.example.com\r\nContent-Length: 9999\r\n\r\n", b"x"),
        (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"\r\n"),
    ],
    ids=["the rest of a body that was refused", "blank lines"],
)
async def test_what_belongs_to_no_request_keeps_no_connection_open(
    request_: bytes, dripped: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clerk_mcp.hosting.running.IDLE_S", 0.2)
    async with serving() as served:
        port = int(served.url.rpartition(":")[2])
        async with await anyio.connect_tcp("127.0.0.1", port) as connection:
            await connection.send(request_)
            await connection.receive()
            with anyio.fail_after(10), suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                while True:
                    await connection.send(dripped)
                    with anyio.move_on_after(0.02):
                        await connection.receive()


async def test_a_body_that_does_not_arrive_is_408() -> None:
    async with serving(read_timeout=0.2) as served:
        port = int(served.url.rpartition(":")[2])
        async with await anyio.connect_tcp("127.0.0.1", port) as connection:
            head = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            await connection.send(head + b"Accept: */*\r\nContent-Length: 100\r\n\r\n{")
            with anyio.fail_after(10):
                assert b" 408 " in await connection.receive()


class SlowClerk:
    """Clerk, but every answer waits until the test lets it go."""

    def __init__(self) -> None:
        self.asked = 0
        self.arrived = anyio.Event()
        self.go_on = anyio.Event()
        self.app = Starlette(routes=[Route("/v1/{path:path}", self.answer, methods=["GET"])])

    async def answer(self, request: Request) -> JSONResponse:
        self.asked += 1
        self.arrived.set()
        await self.go_on.wait()
        return JSONResponse({"object": "total_count", "total_count": 7})


async def test_more_calls_than_the_server_takes_are_503_and_come_again_later() -> None:
    clerk = SlowClerk()
    async with (
        hosting(clerk.app) as api,
        anyio.create_task_group() as tasks,
        serving(clerk_secret_key="sk_test_x", clerk_api_url=f"{api}/v1", max_calls=1) as served,
    ):
        tasks.start_soon(served.call, COUNT)
        await clerk.arrived.wait()
        refused = await served.call(COUNT)
        clerk.go_on.set()
    assert refused.status_code == 503
    assert refused.headers["retry-after"]
    assert clerk.asked == 1


@pytest.mark.parametrize("transport", ["2026-07-28", "legacy", "sse"])
async def test_calls_under_way_finish_when_the_server_is_told_to_end(transport: str) -> None:
    clerk = SlowClerk()
    answers: list[Any] = []

    async def call(served: Served) -> None:
        async with served.client(transport) as client:
            # Now, because the client would list them after its call, when the server takes nothing new.
            await client.list_tools()
            answers.append(await client.call_tool(COUNT, {}))

    async with (
        hosting(clerk.app) as api,
        anyio.create_task_group() as tasks,
        serving(clerk_secret_key="sk_test_x", clerk_api_url=f"{api}/v1", drain=30) as served,
    ):
        tasks.start_soon(call, served)
        await clerk.arrived.wait()
        tasks.start_soon(release_once_draining, clerk, served)
    [answer] = answers
    assert answer.structured_content["total_count"] == 7


@pytest.mark.parametrize("transport", ["2026-07-28", "legacy", "sse"])
async def test_a_call_that_still_waits_when_the_drain_is_over_is_told_its_outcome(
    transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[Any] = []

    async def call(served: Served) -> None:
        async with served.client(transport) as client:
            await client.list_tools()
            answers.append(await client.call_tool("Users_lockUser", {"user_id": "user_1"}))

    async def wait_long(_: Received) -> bytes:
        return answer(429, {"errors": []}, headers={"retry-after": "25"})

    async with (
        loopback(wait_long) as clerk,
        anyio.create_task_group() as tasks,
        serving(clerk_secret_key="sk_test_x", clerk_api_url=clerk.url, drain=0.3) as served,
    ):
        tasks.start_soon(call, served)
        while not clerk.requests:
            await anyio.sleep(0.01)
        # Until the 429 is read.
        await anyio.sleep(0.1)
    [told] = answers
    error = told.structured_content["error"]
    assert (error["code"], error["outcome"]) == ("server_stopping", "not_run")
    assert "Traceback" not in caplog.text


async def test_the_bytes_of_a_message_for_a_stream_are_held_until_its_answer_is_there() -> None:
    clerk = SlowClerk()
    # Spaces around a small message: what is held is what was sent.
    large = json.dumps(call(COUNT)).encode().ljust(90_000)
    settings = {"clerk_secret_key": "sk_test_x", "max_body_bytes": 100_000}
    async with (
        hosting(clerk.app) as api,
        serving(clerk_api_url=f"{api}/v1", **settings) as served,
        httpx2.AsyncClient(timeout=30) as http,
        http.stream("GET", f"{served.url}/sse") as stream,
    ):
        lines = stream.aiter_lines()
        while not (line := await anext(lines)).startswith("data: "):
            pass
        path = line.removeprefix("data: ")
        for message in (HELLO, INITIALIZED):
            await served.post(message, path)
        statuses = [(await served.post(large, path)).status_code for _ in range(3)]
        while not clerk.asked:
            await anyio.sleep(0.01)
        statuses.append((await served.post(large, path)).status_code)
        # Each of them has been answered 202, and yet there is room for no more than two such bodies.
        assert statuses[0] == 202
        assert statuses[-1] == 503
        clerk.go_on.set()
        while (await served.post(large, path)).status_code != 202:
            await anyio.sleep(0.01)


async def release_once_draining(clerk: SlowClerk, served: Served) -> None:
    while not served.web.ready.draining:
        await anyio.sleep(0.01)
    clerk.go_on.set()


async def test_each_caller_has_a_rate_of_their_own() -> None:
    now = 0.0

    async def ok(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("ok")(scope, receive, send)

    bounded = CallerBounds(ok, per_second=1, clock=lambda: now)
    name = "ada"

    async def named(scope: Any, receive: Any, send: Any) -> None:
        scope[IDENTITY] = Identity(name, owner=name)
        await bounded(scope, receive, send)

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(named), base_url="http://test") as http:
        assert [(await http.post("/")).status_code for _ in range(3)] == [200, 200, 429]
        name = "bob"
        assert (await http.post("/")).status_code == 200
        name, now = "ada", 1.0
        assert [(await http.post("/")).status_code for _ in range(2)] == [200, 429]
        assert (await http.post("/")).headers["retry-after"] == "1"


async def test_whoever_asks_on_though_refused_waits_longer_for_each_refusal() -> None:
    now = 0.0
    late = CallerBounds.LATEST_S
    refusals = Pace(per_second=20, at_once=20, clock=lambda: now)
    assert [refusals.line_up("mallory", late) for _ in range(20)] == [0] * 20
    waits = [refusals.line_up("mallory", late) for _ in range(60)]
    assert waits[:3] == pytest.approx([0.05, 0.1, 0.15])
    assert waits == sorted(waits)
    assert waits[-1] == late
    # Waiting is not a debt that grows with every try, and nobody else's.
    assert refusals.line_up("bob", late) == 0
    now = 1 + late
    assert refusals.line_up("mallory", late) == 0


async def test_a_flood_of_requests_that_are_refused_is_answered_late_and_others_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(CallerBounds, "REFUSALS_A_SECOND", 0.001)
    monkeypatch.setattr(CallerBounds, "LATEST_S", 1000)

    async def ok(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("ok")(scope, receive, send)

    bounded = CallerBounds(ok, per_second=1, clock=lambda: 0.0)
    statuses: dict[str, list[int]] = {"mallory": [], "bob": []}

    async def ask(name: str) -> None:
        async def named(scope: Any, receive: Any, send: Any) -> None:
            scope[IDENTITY] = Identity(name, owner=name)
            await bounded(scope, receive, send)

        transport = httpx2.ASGITransport(named)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
            statuses[name].append((await http.post("/")).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(30):
            tasks.start_soon(ask, "mallory")
        await anyio.wait_all_tasks_blocked()
        await ask("bob")
        tasks.cancel_scope.cancel()
    assert statuses == {"mallory": [200, 200, 429], "bob": [200]}


async def test_sessions_are_opened_at_a_pace() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("ok", headers={"mcp-session-id": uuid.uuid4().hex})(scope, receive, send)

    now = 0.0
    sessions = Sessions(app, idle=30, clock=lambda: now)

    async def named(scope: Any, receive: Any, send: Any) -> None:
        scope[IDENTITY] = Identity("ada", owner="ada")
        await sessions(scope, receive, send)

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(named), base_url="http://test") as http:
        assert {(await http.post("/")).status_code for _ in range(100)} == {200}
        assert (await http.post("/")).status_code == 429
        # A call that needs no session opens none, and waits for none.
        modern = {"mcp-protocol-version": "2026-07-28"}
        assert (await http.post("/", headers=modern)).status_code == 200
        now = 1.0
        assert [(await http.post("/")).status_code for _ in range(11)] == [200] * 10 + [429]


async def test_ready_is_checked_now_and_then_and_not_for_every_probe() -> None:
    now, checks, found = 0.0, 0, Finding("Clerk refuses the key", ready=False)

    async def check() -> Finding:
        nonlocal checks
        checks += 1
        return found

    ready = Readiness(check, clock=lambda: now)
    app = Starlette(routes=[Route("/readyz", ready.show)])
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test") as http:
        first = await http.get("/readyz")
        await http.get("/readyz")
        assert (first.status_code, first.text, checks) == (503, "Clerk refuses the key\n", 1)
        now, found = KEPT_S, Finding()
        assert (await http.get("/readyz")).status_code == 200
        ready.draining = True
        assert (await http.get("/readyz")).status_code == 503
    assert checks == 2


async def test_clerk_being_out_of_reach_takes_no_replica_out_of_service_but_is_said() -> None:
    async with serving(clerk_secret_key="sk_test_x", clerk_api_url="http://127.0.0.1:9/v1") as served:
        ready = await served.get("/readyz")
    assert ready.status_code == 200
    assert "Clerk could not be reached" in ready.text


@pytest.mark.parametrize(("answers", "status"), [(401, 503), (403, 503), (500, 200), (200, 200)])
async def test_ready_is_whoever_clerk_does_not_refuse(answers: int, status: int) -> None:
    async def clerk(request: Request) -> JSONResponse:
        return JSONResponse({"keys": []}, answers)

    app = Starlette(routes=[Route("/v1/jwks", clerk)])
    async with (
        hosting(app) as api,
        serving(clerk_secret_key="sk_test_x", clerk_api_url=f"{api}/v1") as served,
    ):
        assert (await served.get("/readyz")).status_code == status


async def test_metrics_count_calls_by_operation_and_outcome() -> None:
    async with serving() as served, served.client() as client, served.client("sse"):
        await client.call_tool(COUNT, {})
        await client.call_tool("Users_getUserDetails", {"user_id": "user_none"})
        with pytest.raises(MCPError):
            await client.call_tool("Users_made_up_by_a_model", {})
        text = (await served.get("/metrics")).text
    assert f'clerk_mcp_calls_total{{operation="{COUNT}",outcome="ok"}} 1.0' in text
    assert 'clerk_mcp_calls_total{operation="Users_getUserDetails",outcome="error"} 1.0' in text
    assert 'clerk_mcp_calls_total{operation="unknown",outcome="refused"} 1.0' in text
    assert 'clerk_mcp_upstream_calls_total{result="2xx"} 1.0' in text
    assert 'clerk_mcp_upstream_calls_total{result="4xx"} 1.0' in text
    assert "clerk_mcp_upstream_tries_total 2.0" in text
    assert "clerk_mcp_sessions 1.0" in text
    assert "made_up" not in text


MISTAKES: dict[str, tuple[dict[str, str], str]] = {
    "no key": ({}, "No Clerk key"),
    "open to everybody": ({"HOST": "0.0.0.0", "SANDBOX": "true"}, "choose --auth bearer"),
    "no token file": ({"AUTH": "bearer", "SANDBOX": "true", "TOKEN_FILE": "/nowhere"}, "token file /nowhere"),
    "no issuer": ({"AUTH": "oauth", "SANDBOX": "true"}, "--oauth-issuer"),
    "any token of the issuer": (
        {"AUTH": "oauth", "SANDBOX": "true", "OAUTH_ISSUER": "https://a.b", "PUBLIC_URL": "https://c.d"},
        "--oauth-audience or --oauth-client",
    ),
    "an unset shell variable": (
        {
            "AUTH": "oauth",
            "SANDBOX": "true",
            "OAUTH_ISSUER": "https://a.b",
            "PUBLIC_URL": "https://c.d",
            "OAUTH_CLIENT": "",
        },
        "--oauth-audience or --oauth-client",
    ),
    "a scope that is none": (
        {
            "AUTH": "oauth",
            "SANDBOX": "true",
            "OAUTH_ISSUER": "https://a.b",
            "PUBLIC_URL": "https://c.d",
            "OAUTH_CLIENT": "x",
            "OAUTH_USER": "user_1=admin",
        },
        "'admin' is not a scope",
    ),
    "a key beside the callers' own": (
        {"AUTH": "clerk-key", "SANDBOX": "true"},
        "callers bring their own keys",
    ),
    "an address that is no Redis": ({"SANDBOX": "true", "REDIS_URL": "http://127.0.0.1:6379"}, "--redis-url"),
    "a public address with a user in it": (
        {"PUBLIC_URL": "https://ada:x@a.b", "SANDBOX": "true"},
        "without a user",
    ),
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_is_found_at_the_start(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variables, said = MISTAKES[kind]
    for name, value in variables.items():
        monkeypatch.setenv(f"CLERK_MCP_{name}", value)
    with pytest.raises(SettingsError) as refused:
        Web(load({"transport": "http"}))
    assert said in str(refused.value)


def run(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A Python process, to its end."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "command",
    [["-m", "clerk_mcp", "--transport", "http"], ["-m", "clerk_mcp.http"]],
    ids=["clerk-mcp", "clerk_mcp.http"],
)
def test_a_taken_port_ends_in_one_clear_line(command: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environment = {**os.environ, "CLERK_MCP_SANDBOX": "true", "CLERK_MCP_PORT": str(port)}
        ended = subprocess.run(
            [sys.executable, *command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [f"--port {port} on 127.0.0.1 is taken by another program"]


def test_any_asgi_server_can_run_it_and_learns_of_mistakes() -> None:
    ended = run("-m", "uvicorn", "clerk_mcp.http:app", "--port", "0", environment=os.environ)
    assert ended.returncode != 0
    assert "SettingsError: No Clerk key" in ended.stderr


def test_importing_the_application_leaves_the_importer_its_logging_and_its_life() -> None:
    code = (
        "import logging; mine = logging.NullHandler()\n"
        "logging.root.addHandler(mine); logging.root.setLevel(5)\n"
        "import clerk_mcp.http\n"
        "try: clerk_mcp.http.app\n"
        "except Exception as error: print(type(error).__name__)\n"
        "print(logging.root.handlers == [mine], logging.root.level, logging.logThreads)"
    )
    ended = run("-c", code, environment=os.environ)
    assert ended.stdout.split() == ["SettingsError", "True", "5", "True"]


def test_sigterm_ends_it_cleanly() -> None:
    command = [sys.executable, "-m", "clerk_mcp", "--transport", "http", "--sandbox", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        greeting = process.stderr.readline()
        address = greeting.split()[2].rstrip(",")
        assert httpx2.get(address.replace("/mcp", "/healthz")).status_code == 200
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
    assert greeting.startswith("clerk-mcp at http://127.0.0.1:")
    assert "Traceback" not in rest


def test_serving_on_stdio_imports_nothing_of_this() -> None:
    unwanted = (
        "jwt",
        "prometheus_client",
        "clerk_mcp.http",
        "clerk_mcp.hosting.auth",
        "clerk_mcp.hosting.tenants",
    )
    program = (
        "import sys; from clerk_mcp.serve import make_server; from clerk_mcp.settings import load;"
        f"make_server(load({{'sandbox': True}})); print([m for m in {unwanted} if m in sys.modules])"
    )
    ended = run("-c", program, environment=os.environ)
    assert ended.stdout.strip() == "[]"
