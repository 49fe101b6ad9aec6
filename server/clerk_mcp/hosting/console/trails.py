"""The pages about the audit trail: the list, one call, and taking one back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from mcp.server.lowlevel import Server
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clerk_mcp.auditing import Found, NoSuchEntry, NoUndo, RecordedCall, Undo, newest, one, undo
from clerk_mcp.hosting.console.doors import Doors
from clerk_mcp.hosting.console.entry_screen import entry_screen, undo_screen, undone_screen
from clerk_mcp.hosting.console.inside import call_tool
from clerk_mcp.hosting.console.layout import code
from clerk_mcp.hosting.console.trail_screen import ROWS, TIMES, Sought, trail_screen
from clerk_mcp.hosting.html import Html, tag
from clerk_mcp.hosting.signin import may, read_form
from clerk_mcp.protocol import IDENTITY

_READERS = 2
"""Searches of the trail at once: each reads megabytes, in a thread."""


class Trails:
    """Shows one server's trail to those who may look, and takes calls back for those who may write."""

    def __init__(
        self, file: Path | None, instance: str | None, server: Server[Any], doors: Doors, *, apart: bool
    ) -> None:
        """
        Args:
            instance: how the trail names the one that this server reaches, where it names any.
            apart: whether who may see the calls of this instance may see those of no other.
        """
        self._apart = apart
        self._file = file
        self._instance = instance
        self._server = server
        self._doors = doors
        self._readers = anyio.Semaphore(_READERS)

    def routes(self) -> Sequence[Route]:
        look = self._doors.for_lookers
        return [
            Route("/trail", look(self._list), methods=["GET"]),
            Route("/trail/entry", look(self._one), methods=["GET"]),
            Route("/undo", look(self._ask), methods=["GET"]),
            Route("/undo", self._doors.from_own_page(look(self._take_back)), methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        if self._file is None:
            return self._doors.show(request, "/trail", "Trail", _NO_TRAIL)
        file, sought = self._file, Sought.of(request.query_params)
        before = request.query_params.get("before", "")
        at = int(before) if before.isdecimal() and len(before) < 20 else None

        def fits(call: RecordedCall) -> bool:
            return self._is_shown(call) and sought.fits(call)

        def search() -> Found:
            return newest(
                file, fits, before=at, since=sought.since_when, most=ROWS, runs_as_one=not sought.run
            )

        try:
            async with self._readers:
                found = await anyio.to_thread.run_sync(search)
        except OSError as error:
            return self._unreadable(request, error)
        wrong = [name for name in TIMES if request.query_params.get(name) and not getattr(sought, name)]
        body = trail_screen(found, sought, request.scope["root_path"], file=file, wrong=wrong)
        return self._doors.show(request, "/trail", "Trail", body)

    async def _one(self, request: Request) -> Response:
        call = await self._entry(request, request.query_params.get("id", ""))
        if isinstance(call, Response):
            return call
        body = entry_screen(call, self._undo(call), request.scope["root_path"])
        return self._doors.show(request, "/trail", f"Call {call['entry']}", body)

    async def _ask(self, request: Request) -> Response:
        call = await self._entry(request, request.query_params.get("entry", ""))
        if isinstance(call, Response):
            return call
        found, root = self._undo(call), request.scope["root_path"]
        if isinstance(found, NoUndo):
            return self._doors.show(request, "/trail", "Take it back", tag("p", found.reason), status=409)
        given = {"operation": found.operation, "arguments": found.arguments}
        preview = await call_tool(self._server, request, "preview_change", given, "console")
        body = undo_screen(call, found, preview, may_run=self._why_not(request, call), root=root)
        return self._doors.show(request, "/trail", "Take it back", body)

    async def _take_back(self, request: Request) -> Response:
        form = await read_form(request)
        call = await self._entry(request, form.get("entry", ""))
        if isinstance(call, Response):
            return call
        found = self._undo(call)
        reason = found.reason if isinstance(found, NoUndo) else self._why_not(request, call)
        if reason or isinstance(found, NoUndo):
            return self._doors.show(request, "/trail", "Not taken back", tag("p", reason), status=403)
        arguments = dict(found.arguments) | ({"confirm": form["confirm"]} if form.get("confirm") else {})
        session = f"undo of {call['entry']}"
        answered = await call_tool(self._server, request, found.operation, arguments, session)
        body = undone_screen(call["entry"], answered, request.scope["root_path"])
        return self._doors.show(request, "/trail", "Take it back", body)

    async def _entry(self, request: Request, entry: str) -> RecordedCall | Response:
        """Find a call, or say why there is none."""
        if self._file is None:
            return self._doors.show(request, "/trail", "Trail", _NO_TRAIL, status=404)
        try:
            async with self._readers:
                call = await anyio.to_thread.run_sync(one, self._file, entry)
            if self._is_shown(call):
                return call
        except NoSuchEntry:
            pass
        except OSError as error:
            return self._unreadable(request, error)
        words = tag("p", "The trail has no such call.")
        return self._doors.show(request, "/trail", "No such call", words, status=404)

    def _is_shown(self, call: RecordedCall) -> bool:
        return not self._apart or call.get("instance") == self._instance

    def _undo(self, call: RecordedCall) -> Undo | NoUndo:
        there = call.get("instance")
        if there not in (None, self._instance):
            return NoUndo(f"It was made on {there}, which this server does not reach.")
        return undo(call)

    def _why_not(self, request: Request, call: RecordedCall) -> str:
        """Tell why whoever looks may not take a call back here; empty where they may."""
        if request.scope[IDENTITY].scopes is None:
            return (
                "Here everybody on this machine may look, and nobody may change. Take it back in a terminal:"
                f" clerk-mcp audit {self._file} --undo {call['entry']} --yes. Or serve with --auth bearer,"
                " and sign in with a token that has the scopes console and write."
            )
        return "" if may(request, "clerk:write") else "Your token lacks the scope write."

    def _unreadable(self, request: Request, error: OSError) -> Response:
        words = tag("p", f"The trail {self._file} cannot be read: {error.strerror}.", class_="problem")
        return self._doors.show(request, "/trail", "Trail", words, status=500)


_NO_TRAIL: Html = tag(
    "p", "This server keeps no trail: start it with ", code("--audit-log FILE"), " to have every call kept."
)
