"""HTTP with SSE, as the protocol had it up to 2024-11-05."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import anyio
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from mcp.server.lowlevel import Server
from mcp.server.sse import SseServerTransport
from mcp.shared.message import SessionMessage
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from clerk_mcp.hosting.bounds import busy
from clerk_mcp.hosting.shares import Shares
from clerk_mcp.protocol import IDENTITY, SESSION

if TYPE_CHECKING:
    import contextvars

    from mcp.shared._stream_protocols import ReadStream, WriteStream

MOST_NOT_TAKEN: Final = 8
"""Answers that wait for a client to take them off its stream, before nothing more is read from it."""


class _NoTraceback(logging.Filter):
    """Takes the traceback off a line: the SDK's, about a message that is not JSON, quotes what was sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        return True


_NO_TRACEBACK: Final = _NoTraceback()


class LegacySse:
    """HTTP with SSE, as the protocol had it up to 2024-11-05: a stream at /sse, requests to /messages/."""

    def __init__(self, server: Server[Any], max_sessions: int, max_body_bytes: int) -> None:
        logging.getLogger("mcp.server.sse").addFilter(_NO_TRACEBACK)
        self._server = server
        self._transport = SseServerTransport("/messages/", max_request_body_size=max_body_bytes)
        self._streams = Shares(max_sessions)

    @property
    def open(self) -> int:
        """How many streams there are."""
        return self._streams.used

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        owner = scope[IDENTITY].owner
        if not self._streams.take(owner):
            await busy("This server has as many sessions as it takes from you", 503, 10)(scope, receive, send)
            return
        try:
            async with self._transport.connect_sse(scope, receive, send) as (read, write):
                taken = _Taken(write)
                options = self._server.create_initialization_options()
                await self._server.run(_Paced(read, taken), taken, options)
        finally:
            self._streams.give_back(owner)

    async def messages(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a message for a stream; the ASGI application at /messages/."""
        # The SDK hands a message on only where the stream is there and its caller sends it.
        scope[SESSION] = Request(scope).query_params.get("session_id")
        await self._transport.handle_post_message(scope, receive, send)


class _Taken(ObjectSendStream[SessionMessage]):
    """A stream to the client that knows how many messages the client has not taken yet."""

    def __init__(self, write: WriteStream[SessionMessage]) -> None:
        self._write = write
        self._waiting = 0
        self._some_room = anyio.Event()
        self._some_room.set()

    async def send(self, item: SessionMessage) -> None:
        self._waiting += 1
        if self._waiting == MOST_NOT_TAKEN:
            self._some_room = anyio.Event()
        try:
            await self._write.send(item)
        finally:
            self._waiting -= 1
            self._some_room.set()

    async def room(self) -> None:
        """Wait until few messages wait to be taken."""
        while self._waiting >= MOST_NOT_TAKEN:
            await self._some_room.wait()

    async def aclose(self) -> None:
        await self._write.aclose()


class _Paced(ObjectReceiveStream[SessionMessage | Exception]):
    """A stream from the client that is read only while the client takes what is sent to it.

    Each answer is held in memory until it is taken, so that somebody who asks without end and takes nothing
    would fill it. Their next messages wait instead, each with its share of the server.
    """

    def __init__(self, read: ReadStream[SessionMessage | Exception], taken: _Taken) -> None:
        self._read = read
        self._taken = taken

    @property
    def last_context(self) -> contextvars.Context | None:
        """What the SDK runs the handler of a message in, where the stream underneath keeps it."""
        return getattr(self._read, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        await self._taken.room()
        return await self._read.receive()

    async def aclose(self) -> None:
        await self._read.aclose()
