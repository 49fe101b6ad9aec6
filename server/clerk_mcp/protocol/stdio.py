"""stdin as JSON-RPC has it: a line that cannot be read is answered, where the SDK passes over it in silence.

One line lost is one request that a host waits on until it gives up, and half an emoji, which a model's cut
text may end in, is enough to lose it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from anyio.abc import ObjectReceiveStream
from mcp.shared.message import SessionMessage
from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

from clerk_mcp.protocol.lenient import PARAMS_RULE

if TYPE_CHECKING:
    from mcp.shared._stream_protocols import ReadStream, WriteStream

_BOM: Final = "\ufeff"


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
            meant = _meant(item)
            if meant is not None:
                return meant
            error = _error_of(item)
            if error:
                await self._write.send(SessionMessage(error))
        return item

    async def aclose(self) -> None:
        """Close the stream underneath."""
        await self._read.aclose()


def _meant(problem: Exception) -> SessionMessage | None:
    """The message behind a byte-order mark, which some programs on Windows begin their output with."""
    line = _given(problem)
    if not isinstance(line, str) or not line.startswith(_BOM):
        return None
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line.removeprefix(_BOM), by_name=False))
    except ValidationError:
        return None


def _given(problem: Exception) -> Any:
    """What could not be read: a line, or the value in it."""
    # The last thing that it might have been is an error, for which the whole of it was looked at.
    if isinstance(problem, ValidationError):
        return problem.errors(include_url=False, include_context=False)[-1]["input"]
    return None


def _error_of(problem: Exception) -> JSONRPCError | None:
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
