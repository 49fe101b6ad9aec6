"""Which versions of the protocol are spoken here, told to whoever asks for another."""

from __future__ import annotations

from typing import Final

from mcp_types import (
    UNSUPPORTED_PROTOCOL_VERSION,
    ErrorData,
    JSONRPCError,
    UnsupportedProtocolVersionErrorData,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from clerk_mcp.hosting.bodies import again

_SPOKEN: Final = (*HANDSHAKE_PROTOCOL_VERSIONS, *MODERN_PROTOCOL_VERSIONS)
_HEADER: Final = b"mcp-protocol-version"


class KnownVersions:
    """Refuses requests whose header names a version that is not spoken, as MCP's transports chapter has it.

    The SDK would read them as ones of its newest version, and find fault with what that needs.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = next((value.decode("latin-1") for name, value in scope["headers"] if name == _HEADER), None)
        if asked is None or asked in _SPOKEN:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        body = await request.body() if request.method == "POST" else b""
        told = UnsupportedProtocolVersionErrorData(supported=list(_SPOKEN), requested=asked[:100])
        error = ErrorData(
            code=UNSUPPORTED_PROTOCOL_VERSION,
            message=f"The header MCP-Protocol-Version names a version that is not spoken here:"
            f" {', '.join(_SPOKEN)} are",
            data=told.model_dump(mode="json"),
        )
        refusal = JSONRPCError(jsonrpc="2.0", id=_id(body), error=error)
        response = Response(refusal.model_dump_json(by_alias=True), 400, media_type="application/json")
        await response(scope, again(body, receive), send)


def _id(body: bytes) -> str | int | None:
    try:
        message = from_json(body)
    except ValueError:
        return None
    id = message.get("id") if isinstance(message, dict) else None
    return id if isinstance(id, str) or type(id) is int else None
