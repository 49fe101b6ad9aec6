"""The screens of the console, and who sees which."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clerk_mcp.hosting.addresses import mcp_address
from clerk_mcp.hosting.console.activity_screen import Wanted, activity_screen
from clerk_mcp.hosting.console.connect import connect
from clerk_mcp.hosting.console.layout import CONSOLE_SCOPE, Frame, code
from clerk_mcp.hosting.console.now import Now
from clerk_mcp.hosting.console.tools import tools
from clerk_mcp.hosting.html import HEADERS, join, respond, tag
from clerk_mcp.hosting.signin import SignIn, ask_to_sign_in, is_known, may
from clerk_mcp.protocol import IDENTITY, Presentation, icon, offer_to

PAGES: Final = ("/", "/activity", "/tools", "/connect")
"""The paths of the screens."""

ASSETS: Final = ("/console.css", "/console.js", "/console.svg")
"""Files that the pages need, in which there is nothing about this server."""

_MEDIA_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}

Show = Callable[[Request], Awaitable[Response]]


class Console:
    """Serves the screens.

    Now, in full, and what others do is for those with the scope `console`; what may run, the tools and how to
    connect are for everybody who may call, or for everybody at all where the page is public.
    """

    def __init__(self, now: Now, presentation: Presentation, sign_in: SignIn | None) -> None:
        self._now = now
        self._settings = now.settings
        self._presentation = presentation
        self._sign_in = sign_in
        self._frame = Frame(now.kind, sign_in is not None)

    def routes(self) -> Sequence[Route]:
        """Return the routes of all screens, of signing in, and of the files that the pages need."""
        return [
            Route("/", self._open(self._show_now)),
            Route("/activity", self._for_lookers(self._show_activity)),
            Route("/tools", self._open(self._show_tools)),
            Route("/connect", self._open(self._show_connect)),
            *(self._sign_in.routes() if self._sign_in else ()),
            *(Route(path, _asset) for path in ASSETS),
        ]

    def _open(self, show: Show) -> Show:
        """Show a screen to everybody who may call, or to everybody."""

        async def guarded(request: Request) -> Response:
            if is_known(request) or self._settings.public_page or may(request, CONSOLE_SCOPE):
                return await show(request)
            return ask_to_sign_in(request)

        return guarded

    def _for_lookers(self, show: Show) -> Show:
        """Show a screen to those with the scope `console`."""

        async def guarded(request: Request) -> Response:
            if may(request, CONSOLE_SCOPE):
                return await show(request)
            if self._sign_in and not is_known(request):
                return ask_to_sign_in(request)
            return self._closed(request)

        return guarded

    def _closed(self, request: Request) -> Response:
        words = tag("p", "This shows what all callers do. It is for those whose token has the scope ",
                    code("console"), ": ", code("clerk-mcp token new NAME --scope console"), ".")  # fmt: skip
        if self._settings.auth == "clerk-key":
            # Anybody can write down a key: holding one says nothing about who may see what others do.
            words = tag("p", "This shows what all callers do, and callers who bring their own keys have no"
                        " business with one another's.")  # fmt: skip
        return respond(self._frame.around(request, "", "Not for you", words), 403)

    async def _show_now(self, request: Request) -> Response:
        standing = self._now.standing()
        if not may(request, CONSOLE_SCOPE):
            return respond(self._frame.around(request, "/", "Now", standing))
        body = join(standing, await self._now.health(), self._now.in_force())
        return respond(self._frame.around(request, "/", "Now", body))

    async def _show_activity(self, request: Request) -> Response:
        body = activity_screen(
            self._now.metrics.activity,
            Wanted.of(request.query_params),
            request.scope["root_path"],
            has_trail=self._settings.audit_log is not None,
        )
        return respond(self._frame.around(request, "/activity", "Activity", body))

    async def _show_tools(self, request: Request) -> Response:
        # To somebody who is shown the page without a name, what anybody could be allowed.
        scopes = request.scope[IDENTITY].scopes if is_known(request) else None
        offer = offer_to(scopes, self._now.policy, self._presentation)
        root = request.scope["root_path"]
        return respond(self._frame.around(request, "/tools", "Tools", tools(offer, root, may_try=False)))

    async def _show_connect(self, request: Request) -> Response:
        base = self._settings.public_url or str(request.base_url).rstrip("/")
        address = mcp_address(self._settings, base)
        return respond(
            self._frame.around(request, "/connect", "Connect", connect(address, self._settings.auth))
        )


async def _asset(request: Request) -> Response:
    name = request.url.path.rpartition("/")[2]
    headers = {**HEADERS, "cache-control": "no-cache"}
    content = icon("svg") if name == "console.svg" else _read(name)
    return Response(content, media_type=_MEDIA_TYPES[name.partition(".")[2]], headers=headers)


@cache
def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
