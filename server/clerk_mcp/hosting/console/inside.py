"""Calls from the console: on the path of every other call, so that policy, trail and activity hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mcp.server.lowlevel import Server
from mcp_types import JSONRPCError, JSONRPCRequest
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.requests import Request

from clerk_mcp.protocol import SESSION, insides, misfit


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a call."""

    value: Any
    is_error: bool


async def call_tool(
    server: Server[Any], request: Request, name: str, arguments: Mapping[str, Any], session: str
) -> Answered:
    """Call a tool as whoever sent `request`, who can be asked nothing but by what the answer says.

    Args:
        session: what the trail names as the session of the call.
    """
    if problem := misfit():
        return Answered({"error": {"message": f"The console cannot call tools here: {problem}"}}, True)
    # Imported here, for it cannot be where it does not fit.
    from clerk_mcp.protocol import short_way

    request.scope[SESSION] = session
    params = {"name": name, "arguments": dict(arguments)}
    asked = JSONRPCRequest(jsonrpc="2.0", id=1, method="tools/call", params=params)
    exchange = short_way.Exchange(
        insides.TransportContext(kind="streamable-http", can_send_request=False, headers=request.headers),
        asked.id,
        insides.ServerMessageMetadata(request_context=request),
    )
    connection = insides.Connection.from_envelope(HANDSHAKE_PROTOCOL_VERSIONS[-1], None, None)
    answer = await short_way.answer(server, asked, connection, exchange)
    if isinstance(answer, JSONRPCError):
        return Answered({"error": {"message": answer.error.message}}, True)
    return Answered(answer.result.get("structuredContent"), bool(answer.result.get("isError")))
