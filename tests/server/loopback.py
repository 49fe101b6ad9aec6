"""A raw HTTP server on loopback: it records what arrives byte for byte, and answers as a test scripts it."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Script = Callable[["Received"], Awaitable["bytes | None"]]


@dataclass
class Received:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    writer: asyncio.StreamWriter = field(repr=False)


@dataclass
class Loopback:
    url: str = ""
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    """Made so far."""
    open_connections: int = 0


def answer(
    status: int = 200,
    value: object = None,
    *,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> bytes:
    """A whole HTTP response."""
    if body is None:
        body = b"" if value is None else json.dumps(value).encode()
    lines = {"content-length": str(len(body)), "content-type": "application/json", **(headers or {})}
    head = "".join(f"{name}: {text}\r\n" for name, text in lines.items())
    return f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + body


def in_turn(*answers: bytes | None) -> Script:
    """Answer the first request with the first of `answers`, and so on; None closes without an answer."""
    left = list(answers)

    async def script(_: Received) -> bytes | None:
        return left.pop(0)

    return script


@asynccontextmanager
async def loopback(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Loopback]:
    """Serve while the body runs. A script that returns None has the connection closed."""
    server = Loopback()
    handlers: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(asyncio.current_task())
        server.connections = connection = len(handlers)
        server.open_connections += 1
        try:
            while received := await _receive(reader, writer, connection):
                server.requests.append(received)
                said = await script(received)
                if said is None:
                    break
                writer.write(said)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # The client is gone, or the test is over.
            pass
        finally:
            server.open_connections -= 1
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    scheme, port = "https" if tls else "http", listener.sockets[0].getsockname()[1]
    server.url = f"{scheme}://127.0.0.1:{port}/v1"
    try:
        yield server
    finally:
        listener.close()
        for handler in filter(None, handlers):
            handler.cancel()
        await asyncio.gather(*filter(None, handlers))


async def _receive(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
) -> Received | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("ascii").rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Received(method, target, headers, body, connection, writer)
