"""Who is at the browser, where nobody can sign in: whoever opened a link with a secret, which works once.

On stdio, and over HTTP without authentication, the link goes past the agent: to the user's browser, or to the
server's log. The browser gets a cookie for the one page.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from clerk_mcp.hosting.html import go_to
from clerk_mcp.hosting.person.rendering import message
from clerk_mcp.hosting.person.visitors import Visitor

PARAMETER: Final = "open"
_COOKIE: Final = "clerk_mcp_question"


@dataclass(slots=True)
class _Link:
    secret: str | None
    """None once it was used."""
    cookie: str
    until: float


class OneTimeLinks:
    """Makes the links, and knows the browsers that opened one; implements `Visitors`."""

    def __init__(self, name: str = "the user", clock: Callable[[], float] = time.time) -> None:
        """`name` is what the audit trail calls whoever opens one."""
        self._name = name
        self._clock = clock
        self._links: dict[str, _Link] = {}

    def query(self, id: str, until: float) -> str:
        """Return what has to follow a page's address that it opens, once; the same until it was used.

        Args:
            until: when it ends (Unix time).
        """
        self._links = {key: link for key, link in self._links.items() if link.until > self._clock()}
        link = self._links.get(id)
        if link is None:
            link = self._links[id] = _Link(secrets.token_urlsafe(32), secrets.token_urlsafe(32), until)
        return f"?{PARAMETER}={link.secret}" if link.secret else ""

    async def who(self, request: Request, id: str) -> Visitor | None:
        link, cookie = self._found(id), request.cookies.get(_COOKIE, "")
        if link is None or link.secret is not None or not _same(cookie, link.cookie):
            return None
        return Visitor(self._name, True, link.cookie[::-1], is_local=True)

    async def enter(self, request: Request, id: str) -> Response:
        link, given = self._found(id), request.query_params.get(PARAMETER, "")
        # Looking ahead uses nothing up: browsers say so when they do.
        ahead = "prefetch" in (request.headers.get("sec-purpose", "") + request.headers.get("purpose", ""))
        if link is None or link.secret is None or not _same(given, link.secret):
            was_credential = "/credentials/" in request.scope["path"]
            return message(request, "Not here", _ONCE, _ROTATE if was_credential else _ASK_ANEW, status=403)
        if request.method != "GET" or ahead:
            return message(request, "Not yet", "Open the page itself.", status=503)
        link.secret = None
        path = f"{request.scope['root_path']}{request.scope['path']}"
        response = go_to(path)
        response.set_cookie(_COOKIE, link.cookie, path=path, httponly=True, samesite="strict")
        return response

    def _found(self, id: str) -> _Link | None:
        link = self._links.get(id)
        return link if link and link.until > self._clock() else None


_ONCE: Final = "This page opens in the one browser that was sent here with a secret, and only once."
_ASK_ANEW: Final = (
    "If it was opened in another window, answer there. If not, somebody else may have opened it: have your"
    " agent ask anew in some minutes, and do not agree to anything that you did not expect."
)
_ROTATE: Final = (
    "If it was opened in another window, take the credential there. If not, somebody else may have taken it:"
    " have it rotated, or revoked and made anew."
)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
