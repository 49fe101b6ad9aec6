"""Over a host's pipes the short way answers exactly what the SDK's own way does."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from mcp.server.stdio import stdio_server
from mcp_types import JSONRPCError, JSONRPCResponse
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from clerk_mcp.protocol import insides
from clerk_mcp.protocol.pipes import serve_pipes
from clerk_mcp.protocol.stdio import Answering, Pending
from clerk_mcp.protocol.stdio import Noting as NotingAnswers
from clerk_mcp.serve import make_server
from clerk_mcp.settings import load
from tests.server.loopback import Loopback, Received, answer, loopback
from tests.server.test_short_way import REQUESTS, TODAYS, asking, calling, enveloped
from tests.server.web import COUNT, serving

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_time")]


WAYS = ("short", "sdk")


@dataclass
class Host:
    """What a host holds of a server: one end of each of its pipes."""

    stdin: int
    stdout: asyncio.StreamReader
    through_sdk: list[str] = field(default_factory=list)
    """The methods of what the SDK was handed."""
    _next_ping: int = 0

    async def write(self, *messages: object) -> None:
        lines = [
            message if isinstance(message, bytes) else json.dumps(message).encode() for message in messages
        ]
        await anyio.to_thread.run_sync(self._write, b"".join(line + b"\n" for line in lines))

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.stdin, data) :]

    async def read(self) -> Any:
        with anyio.fail_after(10):
            return json.loads(await self.stdout.readline())

    async def ask(self, message: object) -> list[Any]:
        """What comes back for a message. None of it may come after the answer to a `ping` sent later."""
        self._next_ping += 1
        ping: dict[str, Any] = asking("ping", request_id=f"ping {self._next_ping}")
        answers = []
        await self.write(message)
        if _wants_answer(message):
            answers.append(await self.read())
        await self.write(enveloped(ping)[0] if self.through_sdk[:1] != ["initialize"] else ping)
        while (heard := await self.read()).get("id") != ping["id"]:
            answers.append(heard)
        return answers

    async def shake_hands(self, version: str = "2025-11-25", **capabilities: Any) -> None:
        client = {"name": "a test", "version": "1"}
        params = {"protocolVersion": version, "capabilities": capabilities, "clientInfo": client}
        await self.write(asking("initialize", params, 0))
        await self.read()
        await self.write({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def close(self) -> None:
        if self.stdin >= 0:
            os.close(self.stdin)
            self.stdin = -1


def _wants_answer(message: object) -> bool:
    if isinstance(message, bytes):
        return bool(message.strip())
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return True
    # Without an id that is one, it is a notification.
    return "method" in message and type(message.get("id")) in (int, str)


class Noting:
    """A stream of messages to the SDK that notes what they were."""

    def __init__(self, stream: Any, noted: list[str]) -> None:
        self._stream = stream
        self._noted = noted

    async def receive(self) -> Any:
        item = await self._stream.receive()
        message = item.message
        self._noted.append("" if isinstance(message, JSONRPCResponse | JSONRPCError) else message.method)
        return item

    def __aiter__(self) -> Noting:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def __aenter__(self) -> Noting:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


@asynccontextmanager
async def host(way: str, **settings: Any) -> AsyncIterator[Host]:
    """A host with its server, which reads the pipes itself or has the SDK do it."""
    server = make_server(load(settings or {"sandbox": True}))
    (theirs, ours), (back, answers) = os.pipe(), os.pipe()
    reader = asyncio.StreamReader(2**28)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(back, "rb", buffering=0)
    )
    made = Host(ours, reader)

    async def serve() -> None:
        async with AsyncExitStack() as stack:
            read: Any
            write: Any
            if way == "short":
                pipes = os.fdopen(theirs, "rb", buffering=0), os.fdopen(answers, "wb", buffering=0)
                read, write = await stack.enter_async_context(serve_pipes(server, *pipes))
            else:
                stdin = anyio.wrap_file(os.fdopen(theirs, encoding="utf-8", errors="replace"))
                stdout = anyio.wrap_file(os.fdopen(answers, "w", encoding="utf-8"))
                stack.push_async_callback(stdin.aclose)
                stack.push_async_callback(stdout.aclose)
                read, write = await stack.enter_async_context(stdio_server(stdin, stdout))
                pending = Pending()
                read, write = Answering(read, write, pending), NotingAnswers(write, pending)
            await server.run(Noting(read, made.through_sdk), write, server.create_initialization_options())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve)
        try:
            yield made
        finally:
            made.close()
            transport.close()


def bare(answers: list[Any]) -> Any:
    """Clerk gives each of its errors an id of its own."""
    return json.loads(re.sub(r'(trace_id\\*":\s*\\*")\w+', r"\1", json.dumps(answers)))


SAID_BETTER = ("null for an id", "a fraction for an id")
"""The SDK takes these for notifications, and says nothing; see below."""

UNREADABLE: dict[str, object] = {
    "params that are no object": asking("tools/call", [1]),
    "a byte-order mark before it": b"\xef\xbb\xbf" + json.dumps(calling(COUNT, {})).encode(),
    "half a character": rb'{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "\ud83d"}}',
    "half a character for an id": rb'{"jsonrpc": "2.0", "id": "\ud83d", "method": "tools/list"}',
    "a blank line": b"  ",
    "brackets without end": b'{"a":' * 50_000,
}


@pytest.mark.parametrize("version", ["2025-11-25", "2024-11-05"])
async def test_every_request_is_answered_as_on_the_sdks_own_way(
    version: str, subtests: pytest.Subtests
) -> None:
    async with host("short") as short, host("sdk") as sdk:
        await short.shake_hands(version)
        await sdk.shake_hands(version)
        for kind, message in {**REQUESTS, **UNREADABLE}.items():
            if kind in SAID_BETTER:
                continue
            with subtests.test(kind):
                assert bare(await short.ask(message)) == bare(await sdk.ask(message))
        with subtests.test("today's envelope"):
            message, _ = enveloped(calling(COUNT, {}))
            assert await short.ask(message) == await sdk.ask(message)


async def test_every_request_of_today_is_answered_as_on_the_sdks_own_way(subtests: pytest.Subtests) -> None:
    async with host("short") as short, host("sdk") as sdk:
        for kind, (message, _) in {"the first": enveloped(asking("tools/list")), **TODAYS}.items():
            if kind in SAID_BETTER:
                continue
            with subtests.test(kind):
                assert bare(await short.ask(message)) == bare(await sdk.ask(message))


@pytest.mark.parametrize("kind", SAID_BETTER)
async def test_an_id_that_is_none_is_told_so(kind: str) -> None:
    async with host("short") as short:
        await short.shake_hands()
        await short.write(REQUESTS[kind])
        assert "`id` must be" in (await short.read())["error"]["message"]


async def test_before_a_handshake_everything_is_refused_as_on_the_sdks_own_way() -> None:
    async with host("short") as short, host("sdk") as sdk:
        asked = [calling(COUNT, {}), asking("tools/list", None, 2)]
        for message in asked:
            await short.write(message)
            await sdk.write(message)
            assert (refused := await short.read()) == await sdk.read()
            assert refused["error"]["code"] == -32602


@pytest.mark.parametrize("version", HANDSHAKE_PROTOCOL_VERSIONS)
async def test_after_the_handshake_calls_and_listings_never_reach_the_sdk(version: str) -> None:
    async with host("short") as short:
        await short.shake_hands(version)
        await short.write(calling(COUNT, {}), asking("tools/list", None, 2))
        answers = {told["id"]: told["result"] for told in [await short.read(), await short.read()]}
        assert answers[1]["structuredContent"]["total_count"] > 0
        assert COUNT in [tool["name"] for tool in answers[2]["tools"]]
    assert short.through_sdk == ["initialize", "notifications/initialized"]


async def test_after_the_first_request_of_today_calls_never_reach_the_sdk() -> None:
    async with host("short") as short:
        for number in range(3):
            await short.write(enveloped(asking("tools/list", None, number))[0])
            assert (await short.read())["id"] == number
    assert short.through_sdk == ["tools/list"]


async def test_a_call_that_comes_with_the_handshake_waits_for_it() -> None:
    params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": ""}}
    async with host("short") as short:
        await short.write(asking("initialize", params, 0), calling(COUNT, {}))
        assert (await short.read())["result"]["protocolVersion"] == "2025-06-18"
        assert (await short.read())["result"]["structuredContent"]["total_count"] > 0


@pytest.mark.parametrize("way", WAYS)
async def test_a_client_that_can_be_asked_is_asked(way: str) -> None:
    async with host(way, sandbox=True, confirm="always") as asked:
        await asked.shake_hands(elicitation={})
        await asked.write(calling("Users_listSortedByCreationDate", {"limit": 1}))
        [user] = (await asked.read())["result"]["structuredContent"]["items"]
        await asked.write(calling("Users_deleteUserById", {"user_id": user["id"]}))
        question = await asked.read()
        assert question["method"] == "elicitation/create"
        no = {"jsonrpc": "2.0", "id": question["id"], "result": {"action": "decline"}}
        await asked.write(no)
        assert (await asked.read())["result"]["isError"]
    calls = asked.through_sdk.count("tools/call")
    assert calls == (1 if way == "short" else 2)


@dataclass
class Slow:
    """A Clerk that answers when it is told to, and notes who hung up."""

    clerk: Loopback
    go: anyio.Event
    asked: anyio.Event


@asynccontextmanager
async def slow_clerk() -> AsyncIterator[Slow]:
    slow = Slow(Loopback(), anyio.Event(), anyio.Event())

    async def script(_: Received) -> bytes:
        slow.asked.set()
        await slow.go.wait()
        return answer(200, {"object": "total_count", "total_count": 7})

    async with loopback(script) as slow.clerk:
        yield slow


def on(slow: Slow) -> dict[str, Any]:
    return {"clerk_secret_key": "sk_test_x", "clerk_api_url": slow.clerk.url, "rate_budget": "off"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("named", [1, "1"])
async def test_a_call_that_is_called_back_is_ended_and_not_answered(way: str, named: object) -> None:
    async with slow_clerk() as slow, host(way, **on(slow), max_in_flight=1) as asked:
        await asked.shake_hands()
        await asked.write(calling(COUNT, {}))
        await slow.asked.wait()
        back = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": named}}
        await asked.write(back, calling(COUNT, {}) | {"id": 2})
        with anyio.fail_after(10):
            # One call may run at a time, and the first is not answered yet.
            while len(slow.clerk.requests) < 2:
                await anyio.sleep(0.01)
        slow.go.set()
        assert (await asked.read())["id"] == 2
        assert await asked.ask(asking("ping", None, 3)) == [{"jsonrpc": "2.0", "id": 3, "result": {}}]


@pytest.mark.parametrize("way", WAYS)
async def test_later_requests_overtake_a_slow_one(way: str) -> None:
    async with slow_clerk() as slow, host(way, **on(slow)) as asked:
        await asked.shake_hands()
        await asked.write(calling(COUNT, {}), asking("tools/list", None, 2), asking("ping", None, 3))
        assert {(await asked.read())["id"] for _ in range(2)} == {2, 3}
        slow.go.set()
        assert (await asked.read())["id"] == 1


@pytest.mark.parametrize("way", WAYS)
async def test_what_runs_when_the_host_closes_stdin_is_told_so(way: str) -> None:
    async with slow_clerk() as slow, host(way, **on(slow)) as asked:
        await asked.shake_hands()
        await asked.write(calling(COUNT, {}))
        await slow.asked.wait()
        asked.close()
        told = await asked.read()
        assert told == {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "Connection closed"}}
        assert await asked.stdout.read() == b""


async def test_progress_comes_before_the_answer_as_on_the_sdks_own_way() -> None:
    listing = calling(
        "list_all", {"operation": "Users_listSortedByCreationDate"}, _meta={"progressToken": "far"}
    )
    heard: dict[str, list[Any]] = {}
    for way in WAYS:
        async with host(way) as asked:
            await asked.shake_hands()
            await asked.write(listing)
            lines = heard[way] = [await asked.read()]
            while "id" not in lines[-1]:
                lines.append(await asked.read())
    assert heard["short"] == heard["sdk"]
    assert heard["short"][0]["params"]["progressToken"] == "far"
    assert len(heard["short"]) > 1


async def test_a_line_may_come_in_pieces_and_pieces_may_hold_many_lines() -> None:
    async with host("short") as short:
        await short.shake_hands()
        text = b"".join(json.dumps(calling(COUNT, {}) | {"id": n}).encode() + b"\r\n" for n in range(1, 4))
        for at in range(0, len(text), 50):
            os.write(short.stdin, text[at : at + 50])
            await anyio.lowlevel.checkpoint()
        assert sorted([(await short.read())["id"] for _ in range(3)]) == [1, 2, 3]


async def test_the_last_line_needs_no_end() -> None:
    async with host("short") as short:
        await short.shake_hands()
        os.write(short.stdin, json.dumps(asking("nothing", None, 5)).encode())
        short.close()
        assert (await short.read())["id"] == 5


async def test_a_line_of_megabytes_is_read_as_on_the_sdks_own_way() -> None:
    message = calling(COUNT, {"surprise": "ü" * 3_000_000})
    async with host("short") as short, host("sdk") as sdk:
        await short.shake_hands()
        await sdk.shake_hands()
        assert await short.ask(message) == await sdk.ask(message)


async def test_bytes_that_are_no_text_are_read_as_on_the_sdks_own_way() -> None:
    message = b'{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"\xff\xfe"}}'
    async with host("short") as short, host("sdk") as sdk:
        await short.shake_hands()
        await sdk.shake_hands()
        assert (told := await short.ask(message)) == await sdk.ask(message)
        assert "\ufffd" in told[0]["error"]["message"]


@pytest.mark.parametrize("way", WAYS)
async def test_a_host_that_stops_reading_loses_nothing(way: str) -> None:
    many = range(60)
    async with host(way) as lazy:
        await lazy.shake_hands()
        # More than the pipe and all buffers hold.
        await lazy.write(*(asking("tools/list", None, number) for number in many))
        await anyio.sleep(0.1)
        assert sorted([(await lazy.read())["id"] for _ in many]) == list(many)


STREAMS = "from clerk_mcp.protocol import reads_in_threads; print(reads_in_threads())"


def reads_in_threads(**streams: Any) -> bool:
    done = subprocess.run([sys.executable, "-c", STREAMS], timeout=30, check=True, **streams)
    return bool(json.loads(done.stdout.decode().lower()))


def test_pipes_go_the_short_way_and_files_and_shared_pipes_do_not(tmp_path: Path) -> None:
    (tmp_path / "requests").write_text("")
    apart = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    assert not reads_in_threads(input=b"", **apart)
    assert reads_in_threads(input=b"", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with (tmp_path / "requests").open() as file:
        assert reads_in_threads(stdin=file, **apart)


SERVER = [sys.executable, "-m", "clerk_mcp", "--sandbox"]


def hello() -> str:
    client = {"name": "a test", "version": "1"}
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
    return json.dumps(asking("initialize", params, 0)) + "\n"


def test_a_pipe_is_given_back_as_it_was() -> None:
    (stdin, ours), (back, stdout) = os.pipe(), os.pipe()
    with subprocess.Popen(SERVER, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE) as process:
        os.write(ours, hello().encode())
        assert b"serverInfo" in os.read(back, 65536)
        assert not os.get_blocking(stdout)
        os.close(ours)
        assert process.wait(10) == 0
    assert os.get_blocking(stdin)
    assert os.get_blocking(stdout)
    for fd in (stdin, back, stdout):
        os.close(fd)


def test_a_host_that_closes_stdout_ends_the_server_quietly() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(SERVER, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(hello())
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write(json.dumps(asking("tools/list")) + "\n")
        process.stdin.flush()
        assert process.wait(10) == 0
        assert "Traceback" not in process.stderr.read()


# ── The SDK's insides ──

SIGNATURES = {
    "cancelled_request_id_from_params": ["params"],
    "check_accept_headers": ["request"],
    "classify_inbound_request": ["body", "headers", "supported_modern_versions"],
    "coerce_request_id": ["request_id"],
    "find_duplicated_routing_header": ["headers"],
    "modern_error_data": ["exc"],
    "progress_token_from_params": ["params"],
    "InboundLadderRejection": ["code", "message", "data"],
    "RequestBodyLimitMiddleware": ["app", "max_body_size"],
    "ServerRunner": ["server", "connection", "lifespan_state", "init_options"],
    "TransportContext": ["kind", "can_send_request", "headers"],
}
"""What is taken of the SDK's insides, and how it is called."""


@pytest.mark.parametrize("name", SIGNATURES)
def test_what_is_taken_of_the_sdks_insides_is_called_as_it_was(name: str) -> None:
    assert list(inspect.signature(getattr(insides, name)).parameters) == SIGNATURES[name]


def test_the_installed_sdk_is_one_that_the_short_ways_were_tested_with() -> None:
    assert insides.misfit() is None


@pytest.mark.parametrize(
    ("installed", "fits"), [("2.2.9", False), ("2.3.0", True), ("2.3.7rc1", True), ("2.4.0", False)]
)
def test_another_version_of_the_sdk_does_not_fit(
    installed: str, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insides, "version", lambda _: installed)
    assert (insides.misfit() is None) is fits


def without_one(start: str) -> list[str]:
    """A program in which the SDK has lost one of its insides."""
    return [
        sys.executable,
        "-c",
        f"import mcp.server.streamable_http as s; del s.check_accept_headers; {start}",
    ]


def test_without_the_insides_stdio_is_served_the_sdks_own_way() -> None:
    start = (
        "import sys; sys.argv[1:] = ['--sandbox', '--log-level', 'info'];"
        "from clerk_mcp.cli import main; main()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(without_one(start), stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(hello() + json.dumps(asking("tools/list")) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 0
        assert json.loads(process.stdout.readline())["result"]["tools"]
        process.stdin.close()
        assert process.wait(10) == 0
        assert "cannot import name 'check_accept_headers'" in process.stderr.read()


def test_without_the_insides_http_is_served_the_sdks_own_way() -> None:
    start = (
        "from clerk_mcp.hosting.web import Web; from clerk_mcp.settings import load; import sys;"
        "Web(load({'sandbox': True, 'transport': 'http'}));"
        "print('clerk_mcp.hosting.short_way' in sys.modules)"
    )
    done = subprocess.run(without_one(start), capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "False\n"


async def test_another_sdk_answers_over_http_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insides, "version", lambda _: "2.4.0")
    async with serving() as served:
        answered = await served.call(COUNT, mcp_protocol_version="2025-11-25")
    assert answered.json()["result"]["structuredContent"]["total_count"] > 0
