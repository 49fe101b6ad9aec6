"""stdin and stdout as JSON-RPC has them: what is asked is answered, where the SDK passes over it in silence.

One request without an answer is one that a host waits on until it gives up. So a line that cannot be read is
answered with an error (half an emoji, which a model's cut text may end in, is enough to make one); and where
stdin ends, or the process is asked to stop, what was accepted before is answered first.
"""

from __future__ import annotations

import json
import logging
import os
import re
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import anyio
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
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

from clerk_mcp.protocol.insides import misfit
from clerk_mcp.protocol.lenient import PARAMS_RULE
from clerk_tools.bounds import HALF, is_whole

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_BOM: Final = "\ufeff"

PATIENCE_S: Final = 5.0
"""How long calls may go on after stdin has ended. Hosts that close it wait a little before they kill."""

_LAST_WORDS_S: Final = 1.0
"""How long the answers of calls that were ended early may take."""

logger = logging.getLogger(__name__)


class Pending:
    """The requests that were read and are not answered yet."""

    def __init__(
        self, stop_calls: Callable[[], Awaitable[None]] | None = None, patience: float = PATIENCE_S
    ) -> None:
        """
        Args:
            stop_calls: ends what still runs, with answers that tell the outcomes.
            patience: seconds that calls may go on after stdin has ended.
        """
        self._stop_calls = stop_calls
        self._patience = patience
        self._ids: set[str] = set()
        self._answered: anyio.Event | None = None

    def read(self, message: JSONRPCMessage) -> None:
        """Note a message from the host."""
        match message:
            case JSONRPCRequest(id=id):
                self._ids.add(str(id))
            case JSONRPCNotification(method="notifications/cancelled", params=dict(params)):
                # Nobody waits for this one any more, and it is never answered.
                self._forget(params.get("requestId"))
            case _:
                pass

    def written(self, message: JSONRPCMessage) -> None:
        """Note a message to the host."""
        if isinstance(message, JSONRPCResponse | JSONRPCError):
            self._forget(message.id)

    async def ended(self) -> None:
        """Wait for what runs when stdin has ended, and finish."""
        await self._until_answered(self._patience)
        await self.finish()

    async def finish(self) -> None:
        """End what still runs, and wait until that is told."""
        if self._stop_calls:
            await self._stop_calls()
        await self._until_answered(_LAST_WORDS_S)

    async def _until_answered(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            while self._ids:
                self._answered = anyio.Event()
                await self._answered.wait()

    def _forget(self, id: object) -> None:
        self._ids.discard(str(id))
        if self._answered and not self._ids:
            self._answered.set()


Streams = tuple[ObjectReceiveStream[SessionMessage], ObjectSendStream[SessionMessage]]


@asynccontextmanager
async def host_streams(server: Server[Any], pending: Pending) -> AsyncIterator[Streams]:
    """Open the streams for `server.run` to a host on stdin and stdout; see `reads_in_threads`."""
    if reads_in_threads():
        async with stdio_server() as (read, write):
            yield Answering(read, write, pending), Noting(write, pending)
        return
    from clerk_mcp.protocol.pipes import own_standard_streams, serve_pipes

    with own_standard_streams() as pipes:
        async with serve_pipes(server, *pipes, pending) as streams:
            yield streams


def reads_in_threads() -> bool:
    """Tell whether stdin and stdout are read and written as the SDK does it, and all that comes handled by
    it.

    Not where they are pipes or sockets, as hosts make them, and the SDK is one that its short way fits. But
    where stderr goes down the same pipe as stdout: what does not wait for a reader there does not here.
    """
    if sys.platform == "win32":
        return True
    if problem := misfit():
        logger.info("calls go the SDK's own way: %s", problem)
        return True
    try:
        read, write, errors = (os.fstat(fd) for fd in (0, 1, 2))
    except OSError:
        return True
    pipes = all(stat.S_ISFIFO(end.st_mode) or stat.S_ISSOCK(end.st_mode) for end in (read, write))
    return not pipes or os.path.samestat(write, errors)


class Answering(ObjectReceiveStream[SessionMessage]):
    """The messages of a stream; what came in their place is answered with an error, as far as it can be."""

    def __init__(
        self,
        read: ObjectReceiveStream[SessionMessage | Exception],
        write: ObjectSendStream[SessionMessage],
        pending: Pending | None = None,
    ) -> None:
        self._read = read
        self._write = write
        self._pending = pending or Pending()

    async def receive(self) -> SessionMessage:
        """Read the next message.

        Raises:
            anyio.EndOfStream: there are no more, and those before it are answered.
        """
        try:
            item = await self._next()
        except anyio.EndOfStream:
            await self._pending.ended()
            raise
        self._pending.read(item.message)
        return item

    async def _next(self) -> SessionMessage:
        while isinstance(item := await self._read.receive(), Exception):
            if meant := meant_by(item):
                return SessionMessage(meant)
            if error := error_of(item):
                await self._write.send(SessionMessage(error))
        return item

    async def aclose(self) -> None:
        """Close the stream underneath."""
        await self._read.aclose()


class Noting(ObjectSendStream[SessionMessage]):
    """A stream that passes messages on and notes which requests they answer."""

    def __init__(self, write: ObjectSendStream[SessionMessage], pending: Pending) -> None:
        self._write = write
        self._pending = pending

    async def send(self, item: SessionMessage) -> None:
        """Pass one on."""
        await self._write.send(item)
        self._pending.written(item.message)

    async def aclose(self) -> None:
        """Close the stream underneath."""
        await self._write.aclose()


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """What came in place of a message."""

    given: Any = None
    """The line, where that is no JSON, or else the value in it; None where nobody can tell."""
    broken: str = ""
    """What is wrong with a line that is no JSON."""

    @classmethod
    def of(cls, problem: Exception) -> _Unreadable:
        if not isinstance(problem, ValidationError):
            return cls(broken="cannot be read")
        errors = problem.errors(include_url=False, include_context=False)
        for error in errors:
            if error["type"] == "json_invalid":
                return cls(error["input"], error["msg"])
        return cls(_whole(errors))


def _whole(errors: list[ErrorDetails]) -> Any:
    """Find the message that did not fit among what pydantic says of its parts.

    A message may be one of several kinds, and for each of them pydantic says what is wrong: about the message
    itself, at a place of one step (the kind), or about a name that is missing in it, at one of two.
    """
    for error in errors:
        steps = len(error["loc"]) - (error["type"] == "missing")
        if steps <= 1 and isinstance(error["input"], dict):
            return error["input"]
    return None


def meant_by(problem: Exception) -> JSONRPCMessage | None:
    """Read the message behind a byte-order mark, which some programs on Windows begin their output with."""
    line = _Unreadable.of(problem).given
    if not isinstance(line, str) or not line.startswith(_BOM):
        return None
    try:
        return jsonrpc_message_adapter.validate_json(line.removeprefix(_BOM), by_name=False)
    except ValidationError:
        return None


def error_of(problem: Exception) -> JSONRPCError | None:
    """Say what to answer, and to whom; None for a blank line, which asks for nothing."""
    unreadable = _Unreadable.of(problem)
    given = unreadable.given
    if not unreadable.broken:
        in_params = isinstance(given, dict) and not isinstance(given.get("params", {}), dict)
        rule = PARAMS_RULE if in_params else "Invalid request: not a JSON-RPC message"
        return _error(_id_in(given), INVALID_REQUEST, rule)
    if isinstance(given, str) and not given.strip().strip(_BOM):
        return None
    meant = _read_leniently(given if isinstance(given, str) else "")
    broken = f"it {HALF}" if _is_cut(meant) else unreadable.broken
    return _error(_id_in(meant), PARSE_ERROR, f"Parse error: {broken}")


def refusal_of_params(body: bytes) -> JSONRPCError | None:
    """Refuse a request whose `params` are no object, or that holds half a character; None for any other."""
    given = _read_leniently(body.decode("utf-8", "replace"))
    if isinstance(given, dict) and not isinstance(given.get("params", {}), dict) and "method" in given:
        return _error(_id_in(given), INVALID_REQUEST, PARAMS_RULE)
    if _id_in(given) is not None and _is_cut(given):
        return _error(_id_in(given), PARSE_ERROR, f"Parse error: it {HALF}")
    return None


def _is_cut(given: Any) -> bool:
    """Tell whether half a character stands somewhere in a message, as in a text that a model has cut."""
    return given is not None and not is_whole(json.dumps(given, ensure_ascii=False))


# Cheaper than reading every message twice: most ids are a number, which is followed by no such character.
_ODD_ID: Final = re.compile(rb'"id"\s*:\s*(?:[^\s"\d-]|-?\d+[.eE])')


def refusal_of_id(body: bytes) -> JSONRPCError | None:
    """Return the answer to a request whose id can be no id; None for any other message.

    The SDK takes such a request for a notification, and its sender would wait for ever.
    """
    given = _read_leniently(body.decode("utf-8", "replace")) if _ODD_ID.search(body) else None
    if not isinstance(given, dict) or not ({"id", "method"} <= given.keys()) or _id_in(given) is not None:
        return None
    return _error(None, INVALID_REQUEST, _ID_RULE)


_ID_RULE: Final = (
    "Invalid request: `id` must be a text or a whole number (MCP, base protocol); a message without an answer"
    " has no `id` at all"
)


def _read_leniently(line: str) -> Any:
    """Return a line as Python reads it, which minds half characters less; None where it cannot either."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _id_in(given: Any) -> RequestId | None:
    """Return the id of what was meant as a request. Another's would be taken for an answer to the client's
    own."""
    id = given.get("id") if isinstance(given, dict) and "method" in given else None
    # Half a character in it could not be sent back.
    return id if (isinstance(id, str) and is_whole(id)) or type(id) is int else None


def _error(id: RequestId | None, code: int, message: str) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=id, error=ErrorData(code=code, message=message))
