"""Streamable HTTP sessions, seen from outside the SDK: how many are open, and whose they are.

The SDK has no public count of its sessions, and knows no shares. So this stands around it and reads along.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import anyio
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clerk_mcp.hosting.bounds import Pace, busy
from clerk_mcp.hosting.shares import Shares
from clerk_mcp.protocol import HUNG_UP, IDENTITY, SESSION, Identity, insides

_SESSION_ID: Final = "mcp-session-id"
_A_SECOND: Final = 10
"""Sessions that one caller may open for long; each costs as much processor time as several calls."""
_AT_ONCE: Final = 100
_LOOKED_THROUGH_S: Final = 1.0
"""How often at most all sessions are looked through for those that are over."""


@dataclass(slots=True)
class _Session:
    opener: Identity
    opened: bool = False
    requests: int = 0
    """That are being served."""
    used_at: float = 0.0


class Sessions:
    """An ASGI application that passes on what its caller has a share for, and counts the sessions in it.

    A session is opened by the answer that names it. It ends when the client deletes it, when the SDK no
    longer knows it, or when no request has been served in it for so long that the SDK has closed it.
    """

    def __init__(
        self, app: ASGIApp, idle: float, most: int = 2000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """
        Args:
            idle: seconds after which `app` closes a session that nobody uses.
            most: sessions, and as many streams that clients listen on.
        """
        self._app = app
        self._idle = idle
        self._clock = clock
        self._pace = Pace(_A_SECOND, _AT_ONCE, clock)
        self._looked_through_at = float("-inf")
        self._places = Shares(most)
        self._streams = Shares(most)
        self._sessions: dict[str, _Session] = {}

    @property
    def open(self) -> int:
        """The number of sessions."""
        now = self._clock()
        if now - self._looked_through_at >= min(_LOOKED_THROUGH_S, self._idle):
            self._looked_through_at = now
            for id, session in list(self._sessions.items()):
                if not session.requests and session.used_at <= now - self._idle:
                    self._forget(id)
        return len(self._sessions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller: Identity = scope[IDENTITY]
        id = Headers(scope=scope).get(_SESSION_ID, "")
        session = self._sessions.get(id)
        if session is not None and session.opener.name == caller.name:
            scope[SESSION] = id
        hung_up = scope[HUNG_UP] = anyio.Event()
        session = session or _Session(caller)
        session.requests += 1
        try:
            if scope["method"] == "GET":
                await self._listen(id, session, scope, receive, send)
            elif not id and _may_open(scope):
                await self._begin(session, scope, receive, send)
            else:
                await self._pass_on(id, session, scope, receive, send)
        finally:
            hung_up.set()
            session.requests -= 1
            session.used_at = self._clock()

    async def _listen(self, id: str, session: _Session, scope: Scope, receive: Receive, send: Send) -> None:
        owner = scope[IDENTITY].owner
        if not self._streams.take(owner):
            await busy("This server has as many streams as it takes from you", 503, 10)(scope, receive, send)
            return
        try:
            await self._pass_on(id, session, scope, receive, send)
        finally:
            self._streams.give_back(owner)

    async def _begin(self, session: _Session, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request that may open a session; whether it does is known by the id in its answer."""
        owner = session.opener.owner
        if wait := self._pace.wait(owner):
            answer = busy("You open sessions faster than this server does", 429, math.ceil(wait))
            await answer(scope, receive, send)
            return
        # Those that are over give back their places.
        _ = self.open
        if not self._places.take(owner):
            await busy("This server has as many sessions as it takes from you", 503, 10)(scope, receive, send)
            return
        try:
            await self._pass_on("", session, scope, receive, send)
        finally:
            if not session.opened:
                self._places.give_back(owner)

    async def _pass_on(self, id: str, session: _Session, scope: Scope, receive: Receive, send: Send) -> None:
        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._answered(scope["method"], id, session, message)
            await send(message)

        await self._app(scope, receive, watch)

    def _answered(self, method: str, id: str, session: _Session, start: Message) -> None:
        status: int = start["status"]
        if not id and status < 400 and (opened := Headers(raw=start["headers"]).get(_SESSION_ID)):
            session.opened = True
            self._sessions[opened] = session
        elif status == 404 or (method == "DELETE" and status < 400):
            self._forget(id)

    def _forget(self, id: str) -> None:
        session = self._sessions.pop(id, None)
        if session is not None:
            self._places.give_back(session.opener.owner)


def _may_open(scope: Scope) -> bool:
    """Tell whether the SDK may answer a request without a session by opening one: by its version header."""
    return Headers(scope=scope).get(insides.MCP_PROTOCOL_VERSION_HEADER) not in MODERN_PROTOCOL_VERSIONS
