"""The load: requests prebuilt to the byte, sent over loopback or pipes, each timed.

Nothing is built, parsed or validated here that can be avoided, so that the server under measure is what
takes the time; `run` checks that it was.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final, Literal

from mcp_types import CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY

Era = Literal["2025-11-25", "2026-07-28"]
HANDSHAKE: Final[Era] = "2025-11-25"
MODERN: Final[Era] = "2026-07-28"

_CLIENT: Final = {"name": "bench", "version": "1"}
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class BadAnswer(Exception):
    """A server answered something other than a result; the measurement is void."""


@dataclass(slots=True)
class Burst:
    """What one run of requests took."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    """Seconds, of each request."""
    server_cpu: float = 0.0
    """Seconds of processor time that the server's processes took."""
    load_cpu: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def latency_ms(self) -> float:
        return median(self.latencies) * 1000

    @property
    def cpu_ms(self) -> float:
        """Of the server, for one request."""
        return self.server_cpu / len(self.latencies) * 1000


def body(era: Era, method: str, params: dict[str, Any], request_id: int = 1) -> bytes:
    """One JSON-RPC request as a client of that era writes it."""
    if era == MODERN:
        meta = {
            PROTOCOL_VERSION_META_KEY: era,
            CLIENT_INFO_META_KEY: _CLIENT,
            CLIENT_CAPABILITIES_META_KEY: {},
        }
        params = {**params, "_meta": meta}
    request = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
    return json.dumps(request, separators=(",", ":")).encode()


def http_request(
    era: Era, method: str, params: dict[str, Any], *, port: int, more: Mapping[str, str] = {}
) -> bytes:
    """The same as a whole HTTP request; `more` are headers."""
    content = body(era, method, params)
    headers = {
        **more,
        "accept": "application/json, text/event-stream",
        "content-type": "application/json",
        "content-length": str(len(content)),
        "mcp-protocol-version": era,
    }
    if era == MODERN:
        headers["mcp-method"] = method
        if name := params.get("name"):
            headers["mcp-name"] = name
    return _head("POST", port, headers) + content


def _head(method: str, port: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"{name}: {value}" for name, value in {"host": f"127.0.0.1:{port}", **headers}.items()]
    return "\r\n".join([f"{method} /mcp HTTP/1.1", *lines, "", ""]).encode()


def get_request(path: str, *, port: int) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n".encode()


class _HttpConnection(asyncio.Protocol):
    """Sends one request again and again until its burst is over."""

    def __init__(self, request: bytes, burst: Burst, deadline: float) -> None:
        self._request = request
        self._burst = burst
        self._deadline = deadline
        self._answer = bytearray()
        self._needed = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not self._needed:
            head = self._answer.find(b"\r\n\r\n")
            if head < 0:
                return
            length = _LENGTH.search(self._answer, 0, head)
            self._needed = head + 4 + int(length[1]) if length else 1
        if len(self._answer) < self._needed:
            return
        now = time.perf_counter()
        if not self._answer.startswith(b"HTTP/1.1 200") or _refused(self._answer):
            self._fail(BadAnswer(self._answer[:2000].decode(errors="replace")))
            return
        self._burst.latencies.append(now - self._sent)
        self._answer.clear()
        self._needed = 0
        if now < self._deadline:
            self._send()
        else:
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(error or BadAnswer("the server closed the connection"))

    def _fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)

    def close(self) -> None:
        self._transport.close()


def _refused(answer: bytes | bytearray) -> bool:
    return b'"isError":true' in answer or b'"error":{"code":' in answer


async def over_http(port: int, request: bytes, *, connections: int, seconds: float, server: int) -> Burst:
    """Send `request` over each of `connections`, one at a time, for `seconds`.

    Args:
        server: the process whose time, with its children's, is counted.

    Raises:
        BadAnswer: an answer was not a result.
    """
    burst = Burst()
    cpu, own = cpu_seconds(server), time.process_time()
    started = time.perf_counter()
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(
            lambda: _HttpConnection(request, burst, started + seconds), "127.0.0.1", port
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.done for _, connection in made))
    burst.seconds = time.perf_counter() - started
    burst.server_cpu, burst.load_cpu = cpu_seconds(server) - cpu, time.process_time() - own
    for _, connection in made:
        connection.close()
    return burst


async def over_http_stream(
    port: int, params: dict[str, Any], *, connections: int, seconds: float, server: int
) -> Burst:
    """Call a tool over each of `connections`; the server answers all on one stream of their session.

    Raises:
        BadAnswer: an answer was not a result.
    """
    session = await _session(port)
    stream, stream_writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    listen = {"accept": "text/event-stream", "mcp-session-id": session, "mcp-protocol-version": HANDSHAKE}
    stream_writer.write(_head("GET", port, listen))
    # Its head comes with the first answer only.
    await asyncio.sleep(0.05)
    request = http_request(HANDSHAKE, "tools/call", params, port=port, more={"mcp-session-id": session})
    answered: asyncio.Queue[None] = asyncio.Queue()

    async def listen_on() -> None:
        while line := await stream.readline():
            if line.startswith(b"data:"):
                if _refused(line):
                    raise BadAnswer(line[:2000].decode(errors="replace"))
                answered.put_nowait(None)

    burst = Burst()
    cpu, own = cpu_seconds(server), time.process_time()
    started = time.perf_counter()

    async def ask() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (sent := time.perf_counter()) < started + seconds:
            writer.write(request)
            if not (await reader.readuntil(b"\r\n0\r\n\r\n")).startswith(b"HTTP/1.1 202"):
                raise BadAnswer("a request was not taken")
            # Answers may overtake each other; the latencies' sum is right all the same.
            await answered.get()
            burst.latencies.append(time.perf_counter() - sent)
        writer.close()

    listening = asyncio.create_task(listen_on())
    await asyncio.gather(*(ask() for _ in range(connections)))
    burst.seconds = time.perf_counter() - started
    burst.server_cpu, burst.load_cpu = cpu_seconds(server) - cpu, time.process_time() - own
    listening.cancel()
    stream_writer.close()
    return burst


async def _session(port: int) -> str:
    """Shake hands over HTTP; the id of the session."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    hello = {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": _CLIENT}
    writer.write(http_request(HANDSHAKE, "initialize", hello, port=port))
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    found = re.search(rb"\r\nmcp-session-id: *(\S+)", head, re.IGNORECASE)
    if not found:
        raise BadAnswer("no session")
    return found[1].decode()


class StdioServer:
    """A server as a subprocess, spoken to over its pipes."""

    def __init__(self, process: Process, era: Era) -> None:
        self._process = process
        self._era = era
        self._next_id = 0

    @classmethod
    async def start(cls, command: list[str], environ: dict[str, str], era: Era) -> StdioServer:
        """Spawn it, and shake hands where the era wants that."""
        process = await asyncio.create_subprocess_exec(
            *command,
            env=environ,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=2**26,
        )
        server = cls(process, era)
        if era == HANDSHAKE:
            hello = {"protocolVersion": era, "capabilities": {}, "clientInfo": _CLIENT}
            await server.ask("initialize", hello)
            server._write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
        return server

    @property
    def pid(self) -> int:
        return self._process.pid

    def _write(self, line: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(line)

    async def _answer(self) -> bytes:
        assert self._process.stdout
        while True:
            line = await self._process.stdout.readline()
            if not line:
                raise BadAnswer("the server closed stdout")
            if b'"method"' not in line[:100]:
                return line

    async def ask(self, method: str, params: dict[str, Any]) -> Any:
        """One request's result."""
        self._next_id += 1
        self._write(body(self._era, method, params, self._next_id) + b"\n")
        answer = json.loads(await self._answer())
        if "result" not in answer or answer["result"].get("isError"):
            raise BadAnswer(str(answer)[:2000])
        return answer["result"]

    async def load(
        self, method: str, params: dict[str, Any], *, in_flight: int, more: Callable[[int, float], bool]
    ) -> Burst:
        """Keep `in_flight` requests under way for as long as `more(answered, seconds)`.

        Raises:
            BadAnswer: an answer was not a result.
        """
        burst = Burst()
        before, after = body(self._era, method, params, 987654321).split(b"987654321")
        sent: deque[float] = deque()
        cpu, own = cpu_seconds(self.pid), time.process_time()
        started = time.perf_counter()

        def send() -> None:
            self._next_id += 1
            sent.append(time.perf_counter())
            self._write(b"%b%d%b\n" % (before, self._next_id, after))

        for _ in range(in_flight):
            send()
        while sent:
            line = await self._answer()
            now = time.perf_counter()
            if _refused(line):
                raise BadAnswer(line[:2000].decode(errors="replace"))
            # Answers may overtake each other; paired in order, the latencies' sum is right all the same.
            burst.latencies.append(now - sent.popleft())
            if more(len(burst.latencies), now - started):
                send()
        burst.seconds = time.perf_counter() - started
        burst.server_cpu, burst.load_cpu = cpu_seconds(self.pid) - cpu, time.process_time() - own
        return burst

    async def stop(self) -> None:
        """Close stdin, as hosts do, and end it where that does not."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 3)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as children:
            for child in children.read().split():
                found += family(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, its threads and its children, to the nanosecond that Linux counts."""
    total = 0
    for member in family(pid):
        for task in os.listdir(f"/proc/{member}/task"):
            with open(f"/proc/{member}/task/{task}/schedstat") as times:
                total += int(times.read().split()[0])
    return total / 1e9


def memory_mb(pid: int) -> float:
    """Resident memory of a process and its children, shared pages counted once for each."""
    total = 0
    for member in family(pid):
        with open(f"/proc/{member}/status") as status:
            total += next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    return total / 1024
