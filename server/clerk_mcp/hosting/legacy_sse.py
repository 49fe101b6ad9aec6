"""HTTP with SSE, as the protocol had it up to 2024-11-05."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from mcp.server.lowlevel import Server
from mcp.server.sse import SseServerTransport
from starlette.types import ASGIApp, Receive, Scope, Send

from clerk_mcp.hosting.bounds import busy

if TYPE_CHECKING:
    pass


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
        self._max_sessions = max_sessions
        self.open = 0
        self.messages: ASGIApp = self._transport.handle_post_message

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.open >= self._max_sessions:
            await busy("This server has as many sessions as it takes", 503, 10)(scope, receive, send)
            return
        self.open += 1
        try:
            async with self._transport.connect_sse(scope, receive, send) as (read, write):
                await self._server.run(read, write, self._server.create_initialization_options())
        finally:
            self.open -= 1
