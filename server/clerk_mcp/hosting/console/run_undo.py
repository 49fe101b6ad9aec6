"""Taking a run back: shown first, begun by a form of its own, done in the background, looked at meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode
from weakref import WeakValueDictionary

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

# As a whole: a start does without what runs are planned and made with.
from clerk_mcp import bulk
from clerk_mcp.answering import Answer
from clerk_mcp.auditing import calls_of_run
from clerk_mcp.bulk import Runs
from clerk_mcp.calling import Caller, Calls
from clerk_mcp.confirming import Asker
from clerk_mcp.hosting.console.doors import Doors
from clerk_mcp.hosting.console.run_screens import (
    ask_screen,
    nothing_screen,
    progress_screen,
    refused_screen,
    waiting_screen,
)
from clerk_mcp.hosting.console.trail_file import TrailFile
from clerk_mcp.hosting.html import Html, go_to, tag
from clerk_mcp.hosting.signin import read_form
from clerk_mcp.protocol import IDENTITY
from clerk_tools.argument import JsonObject

if TYPE_CHECKING:
    from clerk_mcp.bulk import Left, WayBack

_MOST_AT_ONCE: Final = 2
"""Runs that one process takes back at the same time."""
_LOOK_WITHIN_S: Final = 30
"""How long the objects of a run are looked at while a page waits."""
_BUSY: Final = "Other runs are being taken back: try again when they are done."
_TITLE: Final = "Take a run back"


class RunUndo:
    """Takes runs back as whoever sent the form: policy, scopes, approvals and the trail hold."""

    def __init__(self, trail: TrailFile, calls: Calls, runs: Runs, doors: Doors) -> None:
        """`runs` answers at once, and what it begins goes on by itself."""
        self._trail = trail
        self._calls = calls
        self._runs = runs
        self._doors = doors
        self._beginning: WeakValueDictionary[str, anyio.Lock] = WeakValueDictionary()

    def routes(self) -> Sequence[Route]:
        look = self._doors.for_lookers
        return [
            Route("/undo/run", look(self._show), methods=["GET"]),
            Route("/undo/run", self._doors.from_own_page(look(self._act)), methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        run, by = request.query_params.get("run", ""), request.query_params.get("by", "")
        if by:
            return await self._show_progress(request, run, by)
        way = await self._way(request, run)
        if isinstance(way, Response):
            return way
        why_not = self._trail.why_not(request, run) or self._too_large(way)
        return self._screen(request, ask_screen(way, why_not, _root(request)))

    async def _show_progress(self, request: Request, run: str, by: str) -> Response:
        try:
            told = await bulk.look_at(self._calls, by, _caller(request, run), self._runs)
        except OSError as problem:
            return self._cannot(request, f"Where runs are kept cannot be used: {problem.strerror}.", 503)
        if told is None:
            return self._cannot(request, "There is no such run of yours; it may be too old.", 404)
        is_under_way = self._runs.going(by) is not None
        return self._screen(request, progress_screen(told, run, _root(request), is_under_way=is_under_way))

    async def _act(self, request: Request) -> Response:
        """Begin, go on or stop, as the form says."""
        form = await read_form(request)
        run = form.get("run", "")
        if problem := self._trail.why_not(request, run):
            return self._cannot(request, problem, 403)
        if by := form.get("by"):
            return await self._send(request, run, {"run": by, **({"stop": True} if "stop" in form else {})})
        if confirm := form.get("confirm"):
            return await self._send(request, run, {"confirm": confirm})
        lock = self._beginning.setdefault(run, anyio.Lock())
        # A second press of the button waits for the first, and finds what that began.
        async with lock:
            return await self._begin(request, run, form.get("seen", ""))

    async def _send(self, request: Request, run: str, told: JsonObject) -> Response:
        """Have the run that takes this one back begun, gone on with or stopped, and show where it stands."""
        caller = _caller(request, run)
        answer = await bulk.run_each(self._calls, told, caller, runs=self._runs, reach=self._calls)
        if not isinstance(answer, Answer) or answer.is_error:
            return self._refused(request, run, answer.value if isinstance(answer, Answer) else {})
        if "link" in answer.value:
            screen = waiting_screen(answer.value, run, told["confirm"], _root(request))
            return self._screen(request, screen)
        query = urlencode({"run": run, "by": answer.value["run"]})
        return go_to(f"{_root(request)}/undo/run?{query}")

    async def _begin(self, request: Request, run: str, seen: str) -> Response:
        """Plan what was shown, and begin it, unless it is under way."""
        if going := self._runs.taking_back(run):
            return go_to(f"{_root(request)}/undo/run?{urlencode({'run': run, 'by': going.run.id})}")
        way = await self._way(request, run)
        if isinstance(way, Response):
            return way
        if way.digest != seen:
            return self._screen(request, ask_screen(way, "", _root(request), has_changed=True), 409)
        if problem := self._too_large(way):
            return self._cannot(request, problem, 403)
        if self._runs.under_way >= _MOST_AT_ONCE:
            return self._cannot(request, _BUSY, 503)
        left = await self._left(request, way)
        if isinstance(left, Response):
            return left
        planned = await bulk.plan_back(self._calls, way, left, _caller(request, run), self._runs)
        if planned.is_error:
            return self._refused(request, run, planned.value)
        return await self._send(request, run, {"confirm": planned.value["confirm"]})

    async def _way(self, request: Request, run: str) -> WayBack | Response:
        """Find what takes a run back, or say why there is nothing."""
        try:
            made = await self._trail.look(lambda file: calls_of_run(file, run))
        except OSError as problem:
            return self._cannot(request, self._trail.unreadable(problem), 500)
        made = [call for call in made if self._trail.is_shown(call)]
        if not made:
            return self._cannot(request, "The trail has no such run.", 404)
        if elsewhere := next(filter(None, map(self._trail.made_elsewhere, made)), ""):
            return self._cannot(request, elsewhere, 409)
        return bulk.way_back(run, made)

    async def _left(self, request: Request, way: WayBack) -> Left | Response:
        """Look at the objects; or say that nothing is left to do, or that looking takes too long."""
        with anyio.move_on_after(_LOOK_WITHIN_S):
            left = await bulk.what_is_left(self._calls, way, _caller(request, way.run))
            return (
                left if left.steps else self._screen(request, nothing_screen(left, way.run, _root(request)))
            )
        return self._cannot(
            request,
            "To look at each object takes longer than a page can wait, so nothing was done. Take the run"
            f" back in a terminal: {self._trail.command(way.run)} --yes",
            503,
        )

    def _too_large(self, way: WayBack) -> str:
        if len(way.items) <= self._runs.cap:
            return ""
        return (
            f"It is larger than the runs that this server makes (--run-cap {self._runs.cap}). Take it back in"
            f" a terminal: {self._trail.command(way.run)} --yes"
        )

    def _screen(self, request: Request, body: Html, status: int = 200) -> Response:
        return self._doors.show(request, "/trail", _TITLE, body, status=status)

    def _cannot(self, request: Request, why: str, status: int) -> Response:
        return self._screen(request, tag("p", why), status)

    def _refused(self, request: Request, run: str, value: JsonObject) -> Response:
        return self._screen(request, refused_screen(value, run, _root(request)), 403)


def _root(request: Request) -> str:
    return str(request.scope["root_path"])


def _caller(request: Request, run: str) -> Caller:
    who = request.scope[IDENTITY]
    base = str(request.base_url).rstrip("/")
    return Caller(
        f"{who.name} undo of {run}", who.name, who.scopes, everywhere=who.everywhere, asker=Asker(base=base)
    )
