"""Who sees which screen of the console, and what those read who do not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from clerk_mcp.hosting.console.layout import CONSOLE_SCOPE, Frame, code
from clerk_mcp.hosting.html import Child, Html, respond, tag
from clerk_mcp.hosting.signin import SignIn, ask_to_sign_in, is_known, is_own_post, may, refuse_post
from clerk_mcp.settings import Settings

Show = Callable[[Request], Awaitable[Response]]


class Doors:
    """Lets people in to screens.

    What others do is for those with the scope `console`; what may run, the tools and how to connect are for
    everybody who may call, or for everybody at all where the page is public.
    """

    def __init__(self, settings: Settings, frame: Frame, sign_in: SignIn | None) -> None:
        self._settings = settings
        self._frame = frame
        self._sign_in = sign_in

    def show(self, request: Request, here: str, title: str, *body: Child, status: int = 200) -> Response:
        """Send a screen.

        Args:
            here: the path of the screen that it belongs to.
        """
        return respond(self._frame.around(request, here, title, *body), status)

    def for_all(self, show: Show) -> Show:
        """Show a screen to everybody who may call, or to everybody."""

        async def guarded(request: Request) -> Response:
            if is_known(request) or self._settings.public_page:
                return await show(request)
            return ask_to_sign_in(request)

        return guarded

    def for_lookers(self, show: Show) -> Show:
        """Show a screen to those with the scope `console`."""

        async def guarded(request: Request) -> Response:
            if may(request, CONSOLE_SCOPE):
                return await show(request)
            if self._sign_in and not is_known(request):
                return ask_to_sign_in(request)
            return self.show(request, "", "Not for you", self._why_not(), status=403)

        return guarded

    def from_own_page(self, do: Show) -> Show:
        """Do what a form asks for only where it was sent from a page of this server."""

        async def guarded(request: Request) -> Response:
            if not is_own_post(request, self._settings.public_url):
                return refuse_post(request)
            return await do(request)

        return guarded

    def _why_not(self) -> Html:
        if self._settings.auth == "clerk-key":
            # Anybody can write down a key: holding one says nothing about who may see what others do.
            return tag("p", "Callers who bring their own keys have no business with one another's calls.")
        shows = "This shows what all callers do. It is for those whose token has the scope "
        if self._settings.auth == "oauth":
            given = (", or to whom ", code("--oauth-user"), " gives ", code("console"), ".")
            return tag("p", shows, code(CONSOLE_SCOPE), *given)
        return tag("p", shows, code("console"), ": ", code("clerk-mcp token new NAME --scope console"))
