"""`list_all`: a reading list operation over all its pages, filtered, chosen from and counted, in one call."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clerk_mcp.answering import Answer, answers, cut_object, how_many_fit, size
from clerk_mcp.bulk.conditions import Operand
from clerk_mcp.bulk.export import export, what_changed, why_incomplete
from clerk_mcp.bulk.grouping import Entry, Grouping, Tally
from clerk_mcp.bulk.links import Links
from clerk_mcp.bulk.progress import Progress
from clerk_mcp.bulk.reading import Forms, Reading
from clerk_mcp.bulk.times import PARTS, is_beginning, milliseconds, milliseconds_of_text
from clerk_mcp.bulk.wanted import Wanted, understand
from clerk_mcp.calling import Caller, Calls
from clerk_tools import views
from clerk_tools.argument import JsonObject
from clerk_tools.parsing import InvalidArguments

_ROOM_FOR_NOTE: Final = 600


async def list_all(
    calls: Calls,
    given: Mapping[str, Any],
    caller: Caller,
    *,
    cap: int,
    progress: Progress | None = None,
    links: Links | None = None,
) -> Answer:
    """Run one `list_all`.

    Every page is a call of its own through `calls`: policy, validation, audit, rate budget and errors are
    those of a direct call.

    Args:
        given: the arguments of `ListAll`.
        cap: the most records that are read.
        progress: told after every page and of every wait.
        links: where files wait for their caller, over HTTP.
    """
    try:
        wanted = understand(given)
        if wanted.to:
            return await export(calls, wanted, caller, cap, progress, links)
        sink = (
            _Counted(wanted.grouping) if wanted.grouping else _Shown(calls.formatter.max_bytes, wanted.fields)
        )
        reading = Reading(calls, wanted, caller, cap, sink, progress)
        failed = await reading.read()
    except InvalidArguments as invalid:
        return answers.of_invalid_arguments(invalid)
    if failed and not reading.count:
        return failed
    return _answer(calls.formatter.max_bytes, wanted, reading, sink, failed)


class _Counted:
    """Takes what a grouping counts."""

    def __init__(self, grouping: Grouping) -> None:
        self.grouping = grouping
        self.tally = Tally(grouping)

    def keep(self, forms: Forms) -> Entry:
        return self.tally.entry(forms)

    def take(self, place: int, kept: Entry) -> None:
        self.tally.add(kept)


class _Shown:
    """Takes as many records as an answer can show, and where the next one is."""

    def __init__(self, max_bytes: int, fields: list[str] | None) -> None:
        self._room = max_bytes
        self.fields = fields
        self.items: list[Any] = []
        self.places: list[int] = []
        self.next: int | None = None

    def keep(self, forms: Forms) -> Any:
        return True if self.next is not None else forms.shown(self.fields) or {}

    def take(self, place: int, kept: Any) -> None:
        if self.next is not None:
            return
        self._room -= size(kept) + 1
        if self._room < 0 and self.items:
            self.next = place
            return
        self.items.append(kept)
        self.places.append(place)


# ── Answering ──


def _answer(
    max_bytes: int, wanted: Wanted, reading: Reading, sink: _Counted | _Shown, failed: Answer | None
) -> Answer:
    out: JsonObject = {
        "read": reading.count - reading.repeated,
        "matched": reading.matched,
        "pages": reading.pages,
        **({} if reading.parents is None else {"parents": reading.parents}),
        **reading.notes,
    }
    if not reading.complete:
        out |= {"complete": False, "next_offset": reading.next_offset}
        _note(out, why_incomplete(reading, failed))
    if reading.repeated or len(reading.totals) > 1:
        _note(out, what_changed(reading))
    if reading.count:
        out |= answers.name_unknown(reading.unknown)
    if isinstance(sink, _Shown):
        return _show(max_bytes, reading, sink, out)
    return _count(max_bytes, wanted, reading, sink, out)


def _note(out: JsonObject, sentence: str) -> None:
    out["note"] = f"{out['note']} {sentence}" if "note" in out else sentence


def _count(max_bytes: int, wanted: Wanted, reading: Reading, sink: _Counted, out: JsonObject) -> Answer:
    tally = sink.tally
    if not sink.grouping.keys:
        return answers.answer(out | tally.totals())
    groups = tally.groups(_between(wanted, sink.grouping.keys[0]) if reading.complete else None)
    if tally.cut:
        _note(out, f"{tally.cut} records have more values than they are counted under.")
    if tally.others:
        _note(out, f"Further groups hold {tally.others} records: count by fewer or coarser keys.")
    if begins := _begins_within(wanted, sink.grouping.keys[0], groups):
        _note(out, begins)
    kept = how_many_fit(groups, max_bytes - _ROOM_FOR_NOTE - size(out))
    out["groups"] = groups[:kept]
    if kept < len(groups):
        _note(
            out, f"Cut to {kept} of {len(groups)} groups by size: count by fewer or coarser keys, or `top`."
        )
    return answers.answer(out)


def _begins_within(wanted: Wanted, key: Operand, groups: list[JsonObject]) -> str | None:
    """Return what to say where the first month, or another part of a time, is not counted whole."""
    if key.function not in PARTS or not groups:
        return None
    at = _bound(wanted, key, (">", ">="), "after")
    if at is None or is_beginning(at, key.function):
        return None
    return f"The first {key.function} is not counted whole: it begins at {views.iso(at)}."


def _between(wanted: Wanted, key: Operand) -> tuple[int, int] | None:
    """Return the times that were asked for, in milliseconds; None where no beginning was."""
    if key.function not in PARTS:
        return None
    first = _bound(wanted, key, (">", ">="), "after")
    last = _bound(wanted, key, ("<", "<="), "before")
    now = int(time.time() * 1000)
    # What ends where a period begins has nothing of that period.
    return None if first is None or first > now else (first, now if last is None else max(first, last - 1))


def _bound(wanted: Wanted, key: Operand, operators: tuple[str, ...], filter: str) -> int | None:
    """Return the end of the times that were asked for, by `where` or by a filter of Clerk's."""
    for comparison in wanted.where.must if wanted.where else ():
        if comparison.operand == replace(key, function="") and comparison.operator in operators:
            at = milliseconds_of_text(str(comparison.wanted[0]))
            if at is not None:
                return at
    return milliseconds(wanted.arguments.get(f"{'.'.join(key.path)}_{filter}"))


def _show(max_bytes: int, reading: Reading, sink: _Shown, out: JsonObject) -> Answer:
    room = max_bytes - _ROOM_FOR_NOTE - size(out)
    kept = how_many_fit(sink.items, room)
    items = sink.items[:kept]
    shrunk = bool(sink.items) and not items
    if shrunk:
        items, kept = [cut_object(sink.items[0], room)[0]], 1
    if shrunk or kept < reading.matched:
        places = [*sink.places, sink.next]
        onward = places[kept] if kept < len(places) and places[kept] is not None else reading.next_offset
        out |= {"complete": False, "next_offset": onward}
        _note(
            out,
            f"Cut to {kept} of {reading.matched} records by size. Name the `fields` you need, count with "
            "`group`, or go on with next_offset as `offset` in `arguments`.",
        )
    shown = {"items": items} if sink.fields else answers.lift(items)
    return answers.answer({**shown, **out})
