"""stdin as JSON-RPC has it: a line that cannot be read is answered, where the SDK passes over it in silence.

One line lost is one request that a host waits on until it gives up, and half an emoji, which a model's cut
text may end in, is enough to lose it.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from anyio.abc import ObjectReceiveStream
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

from clerk_mcp.protocol.insides import misfit
from clerk_mcp.protocol.lenient import PARAMS_RULE

if TYPE_CHECKING:
    from mcp.shared._stream_protocols import ReadStream, WriteStream

_BOM: Final = "\ufeff"


logger = logging.getLogger(__name__)


@asynccontextmanager
async def host_streams(
    server: Server[Any],
) -> AsyncIterator[tuple[ReadStream[SessionMessage], WriteStream[SessionMessage]]]:
    """The streams for `server.run` to a host on stdin and stdout; see `reads_in_threads`."""
    if reads_in_threads():
        async with stdio_server() as (read, write):
            yield Answering(read, write), write
        return
    from clerk_mcp.protocol.pipes import own_standard_streams, serve_pipes

    with own_standard_streams() as pipes:
        async with serve_pipes(server, *pipes) as streams:
            yield streams


def reads_in_threads() -> bool:
    """Whether stdin and stdout are read and written as the SDK does it, and all that comes handled by it.

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
        self, read: ReadStream[SessionMessage | Exception], write: WriteStream[SessionMessage]
    ) -> None:
        self._read = read
        self._write = write

    async def receive(self) -> SessionMessage:
        """The next message.

        Raises:
            anyio.EndOfStream: there are no more.
        """
        while isinstance(item := await self._read.receive(), Exception):
            meant = meant_by(item)
            if meant is not None:
                return SessionMessage(meant)
            error = error_of(item)
            if error:
                await self._write.send(SessionMessage(error))
        return item

    async def aclose(self) -> None:
        """Close the stream underneath."""
        await self._read.aclose()


def meant_by(problem: Exception) -> JSONRPCMessage | None:
    """Read the message behind a byte-order mark, which some programs on Windows begin their output with."""
    line = _given(problem)
    if not isinstance(line, str) or not line.startswith(_BOM):
        return None
    try:
        return jsonrpc_message_adapter.validate_json(line.removeprefix(_BOM), by_name=False)
    except ValidationError:
        return None


def _given(problem: Exception) -> Any:
    """What could not be read: a line, or the value in it."""
    # The last thing that it might have been is an error, for which the whole of it was looked at.
    if isinstance(problem, ValidationError):
        return problem.errors(include_url=False, include_context=False)[-1]["input"]
    return None


def error_of(problem: Exception) -> JSONRPCError | None:
    """What to answer, to whom; None for a blank line, which asks for nothing."""
    if not isinstance(problem, ValidationError):
        return _error(None, PARSE_ERROR, "Parse error")
    last = problem.errors(include_url=False, include_context=False)[-1]
    given = _given(problem)
    if last["type"] != "json_invalid":
        in_params = isinstance(given, dict) and not isinstance(given.get("params", {}), dict)
        rule = PARAMS_RULE if in_params else "Invalid request: not a JSON-RPC message"
        return _error(_id_in(given), INVALID_REQUEST, rule)
    if not given.strip().strip(_BOM):
        return None
    return _error(_id_in(_read_leniently(given)), PARSE_ERROR, f"Parse error: {last['msg']}")


def refusal_of_params(body: bytes) -> JSONRPCError | None:
    """The answer to a request whose `params` are no object, which says what to send; None for any other."""
    given = _read_leniently(body.decode("utf-8", "replace"))
    if isinstance(given, dict) and not isinstance(given.get("params", {}), dict) and "method" in given:
        return _error(_id_in(given), INVALID_REQUEST, PARAMS_RULE)
    return None


def _read_leniently(line: str) -> Any:
    """A line as Python reads it, which minds half characters less; None where it cannot either."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _id_in(given: Any) -> RequestId | None:
    """The id of what was meant as a request. Another's would be taken for an answer to the client's own."""
    id = given.get("id") if isinstance(given, dict) and "method" in given else None
    return id if isinstance(id, str) or type(id) is int else None


def _error(id: RequestId | None, code: int, message: str) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=id, error=ErrorData(code=code, message=message))
