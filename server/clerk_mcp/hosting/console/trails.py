"""The pages about the audit trail: the list, one call, and taking one back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mcp.server.lowlevel import Server
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clerk_mcp.auditing import Found, NoSuchEntry, NoUndo, RecordedCall, Undo, newest, one, undo
from clerk_mcp.hosting.console.doors import Doors
from clerk_mcp.hosting.console.entry_screen import entry_screen, title_of, undo_screen, undone_screen
from clerk_mcp.hosting.console.inside import call_tool
from clerk_mcp.hosting.console.layout import code
from clerk_mcp.hosting.console.trail_file import TrailFile
from clerk_mcp.hosting.console.trail_screen import ROWS, TIMES, Sought, trail_screen
from clerk_mcp.hosting.html import Html, tag
from clerk_mcp.hosting.signin import read_form


class Trails:
    """Shows one server's trail to those who may look, and takes calls back for those who may write."""

    def __init__(self, trail: TrailFile, server: Server[Any], doors: Doors) -> None:
        self._trail = trail
        self._server = server
        self._doors = doors

    def routes(self) -> Sequence[Route]:
        look = self._doors.for_lookers
        return [
            Route("/trail", look(self._list), methods=["GET"]),
            Route("/trail/entry", look(self._one), methods=["GET"]),
            Route("/undo", look(self._ask), methods=["GET"]),
            Route("/undo", self._doors.from_own_page(look(self._take_back)), methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        query = request.query_params
        sought, before = Sought.of(query), query.get("before", "")
        at = int(before) if before.isdecimal() and len(before) < 20 else None
        try:
            found = await self._found(sought, at)
        except OSError as error:
            return self._unreadable(request, error)
        body = trail_screen(found, sought, request.scope["root_path"], wrong=_no_times(query, sought))
        return self._doors.show(request, "/trail", "Trail", body)

    async def _found(self, sought: Sought, before: int | None) -> Found:
        def fits(call: RecordedCall) -> bool:
            return self._trail.is_shown(call) and sought.fits(call)

        return await self._trail.look(
            lambda file: newest(
                file, fits, before=before, since=sought.since_when, most=ROWS, runs_as_one=not sought.run
            )
        )

    async def _one(self, request: Request) -> Response:
        call = await self._entry(request, request.query_params.get("id", ""))
        if isinstance(call, Response):
            return call
        body = entry_screen(call, self._undo(call), request.scope["root_path"])
        return self._doors.show(request, "/trail", title_of(call), body)

    async def _ask(self, request: Request) -> Response:
        call = await self._entry(request, request.query_params.get("entry", ""))
        if isinstance(call, Response):
            return call
        found, root = self._undo(call), request.scope["root_path"]
        if isinstance(found, NoUndo):
            return self._doors.show(request, "/trail", "Take it back", tag("p", found.reason), status=409)
        given = {"operation": found.operation, "arguments": found.arguments}
        preview = await call_tool(self._server, request, "preview_change", given, "console")
        body = undo_screen(
            call, found, preview, may_run=self._trail.why_not(request, call["entry"]), root=root
        )
        return self._doors.show(request, "/trail", "Take it back", body)

    async def _take_back(self, request: Request) -> Response:
        form = await read_form(request)
        call = await self._entry(request, form.get("entry", ""))
        if isinstance(call, Response):
            return call
        found = self._undo(call)
        reason = found.reason if isinstance(found, NoUndo) else self._trail.why_not(request, call["entry"])
        if reason or isinstance(found, NoUndo):
            return self._doors.show(request, "/trail", "Not taken back", tag("p", reason), status=403)
        arguments = dict(found.arguments) | ({"confirm": form["confirm"]} if form.get("confirm") else {})
        session = f"undo of {call['entry']}"
        answered = await call_tool(self._server, request, found.operation, arguments, session)
        body = undone_screen(call["entry"], answered, request.scope["root_path"])
        return self._doors.show(request, "/trail", "Take it back", body)

    async def _entry(self, request: Request, entry: str) -> RecordedCall | Response:
        """Find a call, or say why there is none."""
        try:
            call = await self._trail.look(lambda file: one(file, entry))
            if self._trail.is_shown(call):
                return call
        except NoSuchEntry:
            pass
        except OSError as error:
            return self._unreadable(request, error)
        words = tag("p", "The trail has no such call.")
        return self._doors.show(request, "/trail", "No such call", words, status=404)

    def _undo(self, call: RecordedCall) -> Undo | NoUndo:
        elsewhere = self._trail.made_elsewhere(call)
        return NoUndo(elsewhere) if elsewhere else undo(call)

    def _unreadable(self, request: Request, error: OSError) -> Response:
        words = tag("p", self._trail.unreadable(error), class_="problem")
        return self._doors.show(request, "/trail", "Trail", words, status=500)


def _no_times(query: Mapping[str, str], sought: Sought) -> list[str]:
    """Return the fields that were to hold a time, and do not."""
    return [name for name in TIMES if query.get(name) and not getattr(sought, name)]


def no_trail(doors: Doors) -> Sequence[Route]:
    """Return the routes of a server that keeps no trail, which say so."""

    async def tell(request: Request) -> Response:
        status = 200 if request.url.path.endswith("/trail") else 404
        return doors.show(request, "/trail", "Trail", _NO_TRAIL, status=status)

    look = doors.for_lookers(tell)
    return [Route(path, look) for path in ("/trail", "/trail/entry", "/undo", "/undo/run")]


_NO_TRAIL: Html = tag(
    "p", "This server keeps no trail: start it with ", code("--audit-log FILE"), " to have every call kept."
)
