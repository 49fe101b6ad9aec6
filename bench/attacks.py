"""What one caller can do to a server so that others suffer; each goes on until it is cancelled.

Used by `python -m bench.fairness`, which measures what others feel of it, and by the test that counts what
they are refused.
"""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import anyio
import anyio.abc
import httpx2

ACCEPT: Final = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
HELLO: Final[dict[str, Any]] = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {"elicitation": {}},
        "clientInfo": {"name": "bench", "version": "1"},
    },
}
INITIALIZED: Final = {"jsonrpc": "2.0", "method": "notifications/initialized"}
COUNT: Final = "Users_getTotalCount"
LIST: Final = "Users_listSortedByCreationDate"
_GONE: Final = (
    httpx2.HTTPError,
    OSError,
    anyio.BrokenResourceError,
    anyio.EndOfStream,
    anyio.ClosedResourceError,
)


def call(name: str, **arguments: object) -> dict[str, Any]:
    """A tool call as JSON-RPC."""
    params = {"name": name, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def modern(name: str) -> tuple[dict[str, Any], dict[str, str]]:
    """A tool call of 2026-07-28, which needs no session, and its headers."""
    message = call(name)
    message["params"]["_meta"] = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    version = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": name}
    return message, {**ACCEPT, **version}


@dataclass
class Attacker:
    """One caller, who means harm."""

    url: str
    headers: dict[str, str]
    many: int
    """How many of a thing to do or hold at once; a little more than the server takes."""
    began: int = 0
    """How often anything was begun."""
    body_size: int = 16_000_000
    """Bytes of a large body: the largest that the server takes."""
    statuses: Counter[int] = field(default_factory=Counter)
    """What its calls were answered."""
    headers_of: Callable[[], dict[str, str]] = field(default=dict)
    """Headers that differ from request to request."""

    async def calls(self, message: dict[str, Any] | bytes | None = None) -> None:
        """As many calls at once as there can be, again and again."""
        content = message if isinstance(message, bytes) else json.dumps(message or call(COUNT)).encode()
        limits = httpx2.Limits(max_connections=self.many)
        async with httpx2.AsyncClient(limits=limits, timeout=60) as http, anyio.create_task_group() as tasks:

            async def one() -> None:
                while True:
                    self.began += 1
                    headers = {**ACCEPT, **self.headers, **self.headers_of()}
                    with suppress(*_GONE):
                        response = await http.post(f"{self.url}/mcp", content=content, headers=headers)
                        self.statuses[response.status_code] += 1
                        # As a client that is told to slow down, and does so as little as it can.
                        await anyio.sleep(0.25 if response.status_code in (429, 503) else 0)

            for _ in range(self.many):
                tasks.start_soon(one)

    async def made_up_sessions(self) -> None:
        """Calls that each name a session of their own, which nobody opened."""
        self.headers_of = lambda: {"mcp-session-id": uuid.uuid4().hex}
        await self.calls()

    async def made_up_keys(self) -> None:
        """Calls with a Clerk key that nobody has, a new one each time."""
        self.headers_of = lambda: {"authorization": f"Bearer sk_test_{uuid.uuid4().hex}"}
        await self.calls()

    async def listings(self) -> None:
        """Calls that use up the rate budget."""
        await self.calls(call(LIST))

    async def large_texts(self) -> None:
        """Calls with an argument of the largest size, again and again."""
        text = "x" * (self.body_size - 1000)
        await self.calls(json.dumps(call("Users_createNewUser", first_name=text)).encode())

    async def whole_lists(self) -> None:
        """`list_all` of all records, again and again."""
        await self.calls(call("list_all", operation=LIST))

    async def dripping_bodies(self) -> None:
        """Bodies that arrive a byte a second."""
        head = self._head("POST", "/mcp", {**ACCEPT, "content-length": "1000"})

        async def drip() -> None:
            while True:
                self.began += 1
                with suppress(*_GONE):
                    async with await self._connect() as connection:
                        await connection.send(head)
                        while True:
                            await connection.send(b" ")
                            await anyio.sleep(1)

        await self._at_once(drip)

    async def large_bodies(self) -> None:
        """Bodies of the largest size, of which the last byte is missing."""
        size = self.body_size
        head = self._head("POST", "/mcp", {**ACCEPT, "content-length": str(size)})
        body = b" " * (size - 1)

        async def send() -> None:
            while True:
                self.began += 1
                with suppress(*_GONE):
                    async with await self._connect() as connection:
                        await connection.send(head)
                        await connection.send(body)
                        await connection.receive()

        await self._at_once(send)

    async def silent_connections(self) -> None:
        """Connections on which nothing is ever said."""

        async def connect() -> None:
            while True:
                self.began += 1
                with suppress(*_GONE):
                    async with await self._connect() as connection:
                        await connection.receive()
                await anyio.sleep(0.1)

        await self._at_once(connect)

    async def streams(self) -> None:
        """Event streams that nobody reads."""
        head = self._head("GET", "/sse", {"accept": "text/event-stream"})

        async def listen() -> None:
            while True:
                self.began += 1
                with suppress(*_GONE):
                    async with await self._connect() as connection:
                        await connection.send(head)
                        while b" 503 " not in await connection.receive():
                            pass
                await anyio.sleep(0.5)

        await self._at_once(listen)

    async def sessions(self) -> None:
        """Sessions that are opened and left alone."""
        await self.calls(HELLO)

    async def questions(self) -> None:
        """Destructions that have the user asked, by a client that hangs up instead of answering."""

        async def ask(http: httpx2.AsyncClient, headers: dict[str, str]) -> None:
            while True:
                self.began += 1
                message = {**call("Webhooks_deleteSvixApp"), "id": self.began}
                with suppress(*_GONE, TimeoutError), anyio.move_on_after(0.5):
                    async with http.stream(
                        "POST", f"{self.url}/mcp", json=message, headers=headers
                    ) as answer:
                        async for _ in answer.aiter_bytes():
                            pass
                await anyio.sleep(0.25)

        limits = httpx2.Limits(max_connections=self.many)
        async with httpx2.AsyncClient(limits=limits, timeout=60) as http, anyio.create_task_group() as tasks:
            headers = {**ACCEPT, **self.headers, "mcp-protocol-version": "2025-06-18"}
            hello = await http.post(f"{self.url}/mcp", json=HELLO, headers={**ACCEPT, **self.headers})
            headers["mcp-session-id"] = hello.headers["mcp-session-id"]
            await http.post(f"{self.url}/mcp", json=INITIALIZED, headers=headers)
            for _ in range(self.many):
                tasks.start_soon(ask, http, headers)

    async def answers_not_taken(self) -> None:
        """Answers of 60 kB, asked for as fast as it goes on a stream that is read at 5 kB a second."""
        host, port = self._address()
        stream = await anyio.connect_tcp(host, port)
        await stream.send(self._head("GET", "/sse", {"accept": "text/event-stream"}))
        greeting = b""
        while not (found := re.search(rb"data: (\S+)\s", greeting)):
            greeting += await stream.receive()
        path = found[1].decode()
        hello = {**HELLO, "params": {**HELLO["params"], "capabilities": {}}}

        async def read() -> None:
            while True:
                await stream.receive(5_000)
                await anyio.sleep(1)

        async with stream, httpx2.AsyncClient(timeout=60) as http, anyio.create_task_group() as tasks:

            async def ask() -> None:
                while True:
                    self.began += 1
                    with suppress(*_GONE):
                        response = await self._post(http, path, call(LIST, limit=500, fields=["*"]))
                        self.statuses[response.status_code] += 1
                        await anyio.sleep(0.25 if response.status_code in (429, 503) else 0)

            tasks.start_soon(read)
            await self._post(http, path, hello)
            await self._post(http, path, INITIALIZED)
            for _ in range(self.many):
                tasks.start_soon(ask)

    async def _post(self, http: httpx2.AsyncClient, path: str, message: object) -> httpx2.Response:
        return await http.post(self.url + path, json=message, headers={**ACCEPT, **self.headers})

    async def _at_once(self, one: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(self.many):
                tasks.start_soon(one)

    def _address(self) -> tuple[str, int]:
        url = urlsplit(self.url)
        return url.hostname or "", url.port or 80

    async def _connect(self) -> anyio.abc.SocketStream:
        return await anyio.connect_tcp(*self._address())

    def _head(self, method: str, path: str, headers: dict[str, str]) -> bytes:
        lines = {"host": urlsplit(self.url).netloc, **headers, **self.headers}
        fields = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{method} {path} HTTP/1.1\r\n{fields}\r\n".encode()
