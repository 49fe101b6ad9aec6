"""A short way for tool calls and listings, over HTTP without sessions.

For each request of the handshake era the SDK sets up a transport, a dispatcher, four streams and two tasks,
and takes them down again. A request of 2026-07-28 it hands to `serve_one`, but walks through the tool's
schema before and writes the answer twice. This hands the plain `tools/call` and `tools/list` of both eras to
the SDK's handlers, and leaves everything else, malformed requests included, to the SDK.
"""

from __future__ import annotations

from typing import Any, Final

from mcp.server.lowlevel import Server
from mcp_types import JSONRPCError, JSONRPCRequest
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clerk_mcp.protocol import insides, refusal_of_params, short_way

_VERSIONS: Final = frozenset((*HANDSHAKE_PROTOCOL_VERSIONS, *MODERN_PROTOCOL_VERSIONS))


class ShortWay:
    """An ASGI application that answers such requests and passes on all others.

    Only for a server that keeps no sessions and answers in JSON: there nothing but the one answer can reach
    the client, whichever way it is made. And only for tools whose schemas want no argument repeated in an
    `Mcp-Param-…` header, since nothing here looks at those.
    """

    def __init__(self, app: ASGIApp, server: Server[Any], max_body_bytes: int) -> None:
        """
        Args:
            app: the SDK's own handler, which is asked to handle what does not go the short way.
            server: answers; its lifespan must yield nothing, for requests here see none of it.
            max_body_bytes: a larger request is answered 413, as `app` would.
        """
        self._app = app
        self._server = server
        self._bounded = insides.RequestBodyLimitMiddleware(self._answer, max_body_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        plain = (
            request.method == "POST"
            and request.headers.get(insides.MCP_PROTOCOL_VERSION_HEADER) in _VERSIONS
            and request.headers.get("content-type") == "application/json"
            and insides.check_accept_headers(request)[0]
        )
        await (self._bounded if plain else self._app)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        asked = _plain_request(body)
        if asked is None and (refusal := refusal_of_params(body)) is not None:
            response = Response(refusal.model_dump_json(), status_code=400, media_type="application/json")
            await response(scope, receive, send)
            return
        connection = _connection(asked, request) if asked else None
        if asked is None or connection is None:
            await self._app(scope, _unread(body, receive), send)
            return
        exchange = short_way.Exchange(
            insides.TransportContext(kind="streamable-http", can_send_request=False, headers=request.headers),
            asked.id,
            insides.ServerMessageMetadata(request_context=request),
        )
        answer = await short_way.answer(self._server, asked, connection, exchange)
        modern = connection.protocol_version in MODERN_PROTOCOL_VERSIONS
        failed = answer.error.code if isinstance(answer, JSONRPCError) else 0
        status = insides.ERROR_CODE_HTTP_STATUS.get(failed, 200) if modern else 200
        response = Response(
            answer.model_dump_json(by_alias=True, exclude_unset=not modern, exclude_none=modern),
            status_code=status,
            media_type="application/json",
        )
        await response(scope, receive, send)


def _plain_request(body: bytes) -> JSONRPCRequest | None:
    try:
        asked = JSONRPCRequest.model_validate_json(body, by_name=False)
    except ValidationError:
        return None
    return asked if asked.method in short_way.METHODS else None


def _connection(asked: JSONRPCRequest, request: Request) -> insides.Connection | None:
    """Return what a request says of its client; None where it says so wrongly."""
    version = request.headers[insides.MCP_PROTOCOL_VERSION_HEADER]
    if version in HANDSHAKE_PROTOCOL_VERSIONS:
        return insides.Connection.from_envelope(version, None, None)
    if insides.find_duplicated_routing_header(request.headers.items()):
        return None
    return short_way.connection_of_envelope(asked, dict(request.headers))


def _unread(body: bytes, receive: Receive) -> Receive:
    """`receive` as it was before the body was read."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
