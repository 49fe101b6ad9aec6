"""How many Streamable HTTP sessions are open, seen from outside: the SDK has no public count of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SESSION_ID: Final = "mcp-session-id"


@dataclass(slots=True)
class _Session:
    requests: int = 0
    """That are being served."""
    used_at: float = 0.0


class Sessions:
    """An ASGI application that passes everything on, and keeps count of the sessions in it.

    A session is opened by the answer that names it. It ends when the client deletes it, when the SDK no
    longer knows it, or when no request has been served in it for so long that the SDK has closed it.
    """

    def __init__(self, app: ASGIApp, idle: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`idle` is the number of seconds after which `app` closes a session that nobody uses."""
        self._app = app
        self._idle = idle
        self._clock = clock
        self._sessions: dict[str, _Session] = {}

    @property
    def open(self) -> int:
        """The number of sessions."""
        since = self._clock() - self._idle
        for id, session in list(self._sessions.items()):
            if not session.requests and session.used_at <= since:
                del self._sessions[id]
        return len(self._sessions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        id = Headers(scope=scope).get(_SESSION_ID, "")
        session = self._sessions.get(id) or _Session()
        session.requests += 1

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._answered(scope["method"], id, session, message)
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            session.requests -= 1
            session.used_at = self._clock()

    def _answered(self, method: str, id: str, session: _Session, start: Message) -> None:
        status: int = start["status"]
        if not id and status < 400 and (opened := Headers(raw=start["headers"]).get(_SESSION_ID)):
            self._sessions[opened] = session
        elif status == 404 or (method == "DELETE" and status < 400):
            self._sessions.pop(id, None)
