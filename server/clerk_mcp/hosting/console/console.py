"""The console's routes, and the screens that need little beside what `Now` knows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from mcp.server.lowlevel import Server
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clerk_mcp.bulk import Runs
from clerk_mcp.calling import Calls
from clerk_mcp.confirming import Questions
from clerk_mcp.hosting.addresses import mcp_address
from clerk_mcp.hosting.console.activity_screen import Wanted, activity_screen
from clerk_mcp.hosting.console.connect import connect
from clerk_mcp.hosting.console.doors import Doors
from clerk_mcp.hosting.console.layout import APPROVE_SCOPE, CONSOLE_SCOPE, Frame
from clerk_mcp.hosting.console.now import Now
from clerk_mcp.hosting.console.run_undo import RunUndo
from clerk_mcp.hosting.console.tools import tools
from clerk_mcp.hosting.console.trail_file import TrailFile
from clerk_mcp.hosting.console.trails import Trails, no_trail
from clerk_mcp.hosting.console.trying import Trying
from clerk_mcp.hosting.console.waiting import waiting
from clerk_mcp.hosting.html import HEADERS
from clerk_mcp.hosting.signin import SignIn, is_known, may
from clerk_mcp.protocol import IDENTITY, Presentation, icon, offer_to
from clerk_mcp.settings import at_home

PAGES: Final = (
    "/",
    "/activity",
    "/trail",
    "/trail/entry",
    "/undo",
    "/undo/run",
    "/tools",
    "/try",
    "/connect",
)
"""The paths of the screens."""

ASSETS: Final = ("/console.css", "/console.js", "/console.svg")
"""Files that the pages need, in which there is nothing about this server."""

_MEDIA_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Console:
    """Serves the screens."""

    def __init__(
        self,
        now: Now,
        presentation: Presentation,
        server: Server[Any],
        sign_in: SignIn | None,
        questions: Questions | None = None,
        calls: Calls | None = None,
        runs: Runs | None = None,
    ) -> None:
        """
        Args:
            questions: those that wait for a person, where a person is asked.
            calls: what runs operations; None where each caller brings a key.
            runs: what takes runs back, and answers at once.
        """
        self._questions = questions
        self._now = now
        self._settings = now.settings
        self._presentation = presentation
        self._sign_in = sign_in
        name = now.settings.instance_name
        self._doors = Doors(now.settings, Frame(now.kind, sign_in is not None, name), sign_in)
        self._trails = self._routes_of_trail(server, calls, runs)
        self._trying = Trying(now.policy, server, self._doors)

    def routes(self) -> Sequence[Route]:
        """Return the routes of all screens, of signing in, and of the files that the pages need."""
        return [
            Route("/", self._doors.for_all(self._show_now)),
            Route("/activity", self._doors.for_lookers(self._show_activity)),
            *self._trails,
            Route("/tools", self._doors.for_all(self._show_tools)),
            *self._trying.routes(),
            Route("/connect", self._doors.for_all(self._show_connect)),
            *(self._sign_in.routes() if self._sign_in else ()),
            *(Route(path, _asset) for path in ASSETS),
        ]

    def _routes_of_trail(
        self, server: Server[Any], calls: Calls | None, runs: Runs | None
    ) -> Sequence[Route]:
        settings, doors = self._settings, self._doors
        if settings.audit_log is None or calls is None or runs is None:
            return no_trail(doors)
        trail = TrailFile(
            at_home(settings.audit_log), self._now.instance, apart=settings.instance_name is not None
        )
        return [*Trails(trail, server, doors).routes(), *RunUndo(trail, calls, runs, doors).routes()]

    async def _show_now(self, request: Request) -> Response:
        body = [self._now.standing()]
        if may(request, CONSOLE_SCOPE):
            body += [await self._now.health(), self._now.in_force()]
        return self._doors.show(request, "/", "Now", *body)

    async def _show_activity(self, request: Request) -> Response:
        root = request.scope["root_path"]
        # Where nobody can sign in, only a link that opens once leads to the answer.
        may_answer = self._sign_in is not None and may(request, APPROVE_SCOPE)
        body = activity_screen(
            self._now.metrics.activity,
            Wanted.of(request.query_params),
            root,
            waiting=await waiting(self._questions, root, request.scope[IDENTITY].name, may_answer=may_answer),
            has_trail=self._settings.audit_log is not None,
        )
        return self._doors.show(request, "/activity", "Activity", body)

    async def _show_tools(self, request: Request) -> Response:
        # To somebody who is shown the page without a name, what anybody could be allowed.
        scopes = request.scope[IDENTITY].scopes if is_known(request) else None
        if scopes is not None and CONSOLE_SCOPE in scopes:
            scopes = None
        offer = offer_to(scopes, self._now.policy, self._presentation)
        body = tools(offer, request.scope["root_path"], may_try=is_known(request))
        return self._doors.show(request, "/tools", "Tools", body)

    async def _show_connect(self, request: Request) -> Response:
        base = self._settings.public_url or str(request.base_url).rstrip("/")
        settings = self._settings
        body = connect(mcp_address(settings, base), settings.auth, settings.instance_name)
        return self._doors.show(request, "/connect", "Connect", body)


async def _asset(request: Request) -> Response:
    name = request.url.path.rpartition("/")[2]
    content = icon("svg") if name == "console.svg" else _read(name)
    headers = {**HEADERS, "cache-control": "no-cache"}
    return Response(content, media_type=_MEDIA_TYPES[name.partition(".")[2]], headers=headers)


@cache
def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
