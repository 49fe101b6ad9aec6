"""A short way over stdio: a host's pipes on the event loop, and plain requests straight to their handlers.

The SDK reads and writes stdin and stdout in threads, and takes every message through two streams and three
tasks. Here a `tools/call` or `tools/list` goes from the line that was read to its handler, and its answer
back to the pipe. Everything else goes through the SDK, and so do these wherever they need more than an
answer: before the handshake is done, or where the user can be asked while a call runs.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, BinaryIO, Final

import anyio
from anyio.abc import ObjectSendStream
from anyio.streams.memory import MemoryObjectReceiveStream
from mcp.server.lowlevel import Server
from mcp.shared.dispatcher import CallOptions
from mcp.shared.message import SessionMessage
from mcp_types import (
    CONNECTION_CLOSED,
    PROTOCOL_VERSION_META_KEY,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

from clerk_mcp.protocol.insides import (
    Connection,
    TransportContext,
    cancelled_request_id_from_params,
    coerce_request_id,
    progress_token_from_params,
)
from clerk_mcp.protocol.own_tools import declared
from clerk_mcp.protocol.short_way import METHODS, Exchange, answer, connection_of_envelope
from clerk_mcp.protocol.stdio import Pending, error_of, meant_by, refusal_of_id
from clerk_tools.operation import Effect

logger = logging.getLogger(__name__)

_CHUNK_BYTES: Final = 2**18
_LAST_WORDS_S: Final = 1.0
"""How long a host may take to read what is left when the server ends."""


@contextmanager
def own_standard_streams() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Take stdin and stdout for the protocol alone, as the SDK does.

    Meanwhile stdin is empty to everybody else, and what is printed to stdout goes to stderr.
    """
    with open(os.devnull, "rb") as nothing, _taken(0, nothing.fileno()) as read, _taken(1, 2) as write:
        # Closed by the transports that they get.
        yield os.fdopen(read, "rb", buffering=0), os.fdopen(write, "wb", buffering=0)


@contextmanager
def _taken(fd: int, instead: int) -> Iterator[int]:
    wire = os.dup(fd)
    waits = os.get_blocking(wire)
    os.dup2(instead, fd)
    try:
        yield os.dup(wire)
    finally:
        # Whoever holds the other copies of this end, a shell for instance, expects it as it was.
        os.set_blocking(wire, waits)
        os.dup2(wire, fd)
        os.close(wire)


@asynccontextmanager
async def serve_pipes(
    server: Server[Any], stdin: BinaryIO, stdout: BinaryIO, pending: Pending | None = None
) -> AsyncIterator[tuple[MemoryObjectReceiveStream[SessionMessage], Pipes]]:
    """Serve a host over these two; gives the streams for `server.run`, for what goes that way."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(_CHUNK_BYTES)
    reading, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), stdin)
    writing, flow = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), stdout
    )
    pipes = Pipes(server, reader, asyncio.StreamWriter(writing, flow, None, loop), pending or Pending())
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pipes.read)
            yield pipes.for_sdk, pipes
            tasks.cancel_scope.cancel()
    finally:
        reading.close()
        await pipes.flush()


class Pipes(ObjectSendStream[SessionMessage]):
    """A host's two pipes, and the calls that were read from the one and not yet answered on the other."""

    def __init__(
        self,
        server: Server[Any],
        stdin: asyncio.StreamReader,
        stdout: asyncio.StreamWriter,
        pending: Pending,
    ) -> None:
        self._server = server
        self._pending = pending
        self._stdin = stdin
        self._stdout = stdout
        # Without room: what the SDK does not take yet holds up what comes after it.
        self._to_sdk, self.for_sdk = anyio.create_memory_object_stream[SessionMessage]()
        self._modern: bool | None = None
        """By the first request, as the SDK has it: whether each tells of its client itself."""
        self._handshake: JSONRPCRequest | None = None
        """An `initialize` that the SDK has not answered yet."""
        self._connection: Connection | None = None
        """What the client said of itself in a handshake that is done."""
        self._running: dict[RequestId, _Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # ── From the host ──

    async def read(self) -> None:
        """Hand on what the host sends, message by message, until it closes stdin."""
        begun: list[bytes] = []
        try:
            async with self._to_sdk:
                while data := await self._stdin.read(_CHUNK_BYTES):
                    *lines, rest = data.split(b"\n")
                    for line in lines:
                        await self._take(b"".join([*begun, line]))
                        begun.clear()
                    begun.append(rest)
                await self._take(b"".join(begun))
                await self._pending.ended()
        except (anyio.BrokenResourceError, ConnectionError):
            # The SDK has ended, or stdin broke: there is nobody to read for.
            return

    async def _take(self, line: bytes) -> None:
        message = await self._message_in(line)
        if isinstance(message, JSONRPCNotification) and (refusal := refusal_of_id(line)):
            await self._write(refusal)
            return
        if message is None:
            return
        self._pending.read(message)
        if isinstance(message, JSONRPCRequest) and (connection := self._client_of(message)):
            call = _Call(self, message)
            self._running[coerce_request_id(message.id)] = call
            task = asyncio.create_task(self._serve(message, connection, call))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        if isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled":
            self._cancel(message.params)
        await self._to_sdk.send(SessionMessage(message))

    async def _message_in(self, line: bytes) -> JSONRPCMessage | None:
        try:
            try:
                return jsonrpc_message_adapter.validate_json(line, by_name=False)
            except ValidationError:
                # As the SDK reads it: what is no text replaced, and its end for a part of the line.
                text = line.decode("utf-8", "replace") + "\n"
                return jsonrpc_message_adapter.validate_json(text, by_name=False)
        except ValidationError as problem:
            if meant := meant_by(problem):
                return meant
            if error := error_of(problem):
                await self._write(error)
            return None

    def _client_of(self, asked: JSONRPCRequest) -> Connection | None:
        """Return the client that a request comes from; None where the request must go through the SDK."""
        enveloped = _is_enveloped(asked.params)
        if self._modern is None or asked.method == "initialize":
            # The first request tells the SDK as well how this connection will be.
            if self._modern is None:
                self._modern = enveloped and asked.method != "initialize"
            if asked.method == "initialize":
                self._handshake, self._connection = asked, None
            return None
        if asked.method not in METHODS or enveloped is not self._modern:
            return None
        if self._modern:
            return connection_of_envelope(asked)
        return None if self._connection and _may_ask(self._connection, asked) else self._connection

    async def _serve(self, asked: JSONRPCRequest, connection: Connection, call: _Call) -> None:
        answering = False
        try:
            with call.scope:
                try:
                    answered = await answer(self._server, asked, connection, call)
                finally:
                    self._over(call)
                # The host does not wait for what it has called back, even where it was too late for that.
                if not call.cancel_requested.is_set():
                    answering = True
                    await self._write(answered)
        except asyncio.CancelledError:
            if not answering and not call.cancel_requested.is_set():
                gone = ErrorData(code=CONNECTION_CLOSED, message="Connection closed")
                self._stdout.write(_line(JSONRPCError(jsonrpc="2.0", id=asked.id, error=gone)))
            raise
        except anyio.BrokenResourceError:
            return

    def _over(self, call: _Call) -> None:
        call.over = True
        key = coerce_request_id(call.request_id)
        if self._running.get(key) is call:
            del self._running[key]

    def _cancel(self, params: Mapping[str, Any] | None) -> None:
        id = cancelled_request_id_from_params(params)
        call = None if id is None else self._running.get(coerce_request_id(id))
        if call:
            call.cancel_requested.set()
            call.scope.cancel()

    # ── To the host: what the SDK sees as the stream to write to ──

    async def send(self, item: SessionMessage) -> None:
        """Write one message of the SDK's.

        Raises:
            anyio.BrokenResourceError: the host has closed stdout.
        """
        message, asked = item.message, self._handshake
        if asked and isinstance(message, JSONRPCResponse) and message.id == asked.id:
            version = str(message.result["protocolVersion"])
            said = asked.params or {}
            self._connection = Connection.from_envelope(version, said["clientInfo"], said["capabilities"])
            self._handshake = None
        await self._write(message)

    async def aclose(self) -> None:
        """End what still runs. The SDK closes this before the client that the calls use."""
        with anyio.CancelScope(shield=True):
            if running := set(self._tasks):
                for task in running:
                    task.cancel()
                await asyncio.wait(running)

    async def __aenter__(self) -> Pipes:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def flush(self) -> None:
        """Give the host a moment to read what is left, and close the pipe."""
        self._stdout.close()
        with anyio.move_on_after(_LAST_WORDS_S, shield=True) as waiting, suppress(OSError):
            await self._stdout.wait_closed()
        if waiting.cancelled_caught:
            self._stdout.transport.abort()

    async def _write(self, message: JSONRPCMessage) -> None:
        self._stdout.write(_line(message))
        self._pending.written(message)
        try:
            # Whoever has more to say than the host reads waits here.
            await self._stdout.drain()
        except ConnectionError:
            if not self._stdin.at_eof():
                logger.warning("the host is gone: stdout is closed")
                self._stdin.feed_eof()
            raise anyio.BrokenResourceError from None


def _line(message: JSONRPCMessage) -> bytes:
    return message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"


def _is_enveloped(params: Mapping[str, Any] | None) -> bool:
    """Tell whether a request tells of its client itself, as those of 2026-07-28 do."""
    meta = params.get("_meta") if params else None
    return isinstance(meta, Mapping) and PROTOCOL_VERSION_META_KEY in meta


def _may_ask(connection: Connection, asked: JSONRPCRequest) -> bool:
    """Tell whether the user may be asked while this runs: by a request of ours, of which the SDK keeps
    track."""
    capabilities = connection.client_capabilities
    if asked.method != "tools/call" or capabilities is None or capabilities.elicitation is None:
        return False
    found = declared(str((asked.params or {}).get("name")))
    return found is not None and found.spec.effect is not Effect.READ


class _Call(Exchange):
    """A request on the short way, and what may reach the host before its answer: progress."""

    def __init__(self, pipes: Pipes, asked: JSONRPCRequest) -> None:
        super().__init__(_STDIO, asked.id)
        self.scope = anyio.CancelScope()
        self.over = False
        self._pipes = pipes
        self._token = progress_token_from_params(asked.params)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Write a notification while the request is under way."""
        if not self.over:
            given = {} if params is None else {"params": dict(params)}
            await self._pipes.send(SessionMessage(JSONRPCNotification(jsonrpc="2.0", method=method, **given)))

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Tell the host how far the request is, if it asked to know."""
        if self._token is None:
            return
        told = {"progressToken": self._token, "progress": progress, "total": total, "message": message}
        await self.notify("notifications/progress", {k: v for k, v in told.items() if v is not None})


_STDIO: Final = TransportContext(kind="jsonrpc", can_send_request=False)
