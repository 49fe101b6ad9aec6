"""`list_all`: a reading list operation over all its pages, filtered, chosen from and counted, in one call."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

from clerk_mcp.answering import Answer, answers, cut_object, cut_text, how_many_fit, size, unwrap
from clerk_mcp.calling.calls import Caller, Calls
from clerk_mcp.calling.conditions import (
    TIME_PARTS,
    BadCondition,
    Condition,
    Grouping,
    Key,
    condition,
    grouping,
)
from clerk_mcp.confirming import AskInResult
from clerk_mcp.offering import options
from clerk_tools import views
from clerk_tools.argument import JsonObject, Query, arg
from clerk_tools.catalog import nearest, operations
from clerk_tools.operation import Operation, Paged, Spec
from clerk_tools.parsing import OMIT, InvalidArguments, Problem, expectation, parse, value_as_meant

PAGE: Final = 500
"""Records asked for at once: the most that Clerk gives."""

_ROOM_FOR_NOTE: Final = 600

T = TypeVar("T")

Progress = Callable[[float, float | None, str], Awaitable[None]]
"""Told how far a call is: records so far, of how many where that is known, and in words."""


class ListAll(
    Operation,
    id="list_all",
    get="/",
    text=True,
    words="list all, list everything, all pages, all of them, count users by month, count by day, sign-ups "
    "per week, new users per month, group by, how many per domain, how many of each, statistics, "
    "histogram, breakdown, report, filter by any field, users without a field, cohort, duplicates, "
    "export all users, find across pages",
):
    """Read a list operation over ALL its pages in one call, keep the records that a condition holds for, and
    show or count them. Users who never signed in, by month: operation Users_listSortedByCreationDate, where
    `last_sign_in_at == null`, group `count by month(created_at)`."""

    operation: Query[str] = arg("Id of an operation that lists")
    arguments: Query[JsonObject] = arg("Its filters", optional=True)
    where: Query[str] = arg(
        '==, !=, <, <=, >, >=, in ("a", "b"), contains, and, or, not, ( ); a.b goes into objects and lists; '
        'null is missing or empty; times as "2026-01-31" or "90 days ago"',
        optional=True,
    )
    group: Query[str] = arg(
        "`count`, or `count by` up to 3 fields; day(), month(), year() of a time, domain() of an email",
        optional=True,
    )
    fields: Query[list[str]] = arg("Raw fields, or *", optional=True)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One `list_all`, understood."""

    spec: Spec
    arguments: JsonObject
    """Its filters."""
    start: int
    """The offset of the first record that is read."""
    where: Condition | None
    grouping: Grouping | None
    fields: list[str] | None

    @property
    def names(self) -> list[str]:
        """Every field that the condition and the grouping name."""
        names = [*self.where.fields] if self.where else []
        names += [".".join(key.path) for key in self.grouping.keys] if self.grouping else []
        return list(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class _Page:
    """The raw records of one page, credentials aside."""

    records: list[Any]
    total: int | None
    notes: JsonObject


async def list_all(
    calls: Calls, given: Mapping[str, Any], caller: Caller, *, cap: int, progress: Progress | None = None
) -> Answer:
    """Run one `list_all`.

    Every page is a call of its own through `calls`: policy, validation, audit, rate budget and errors are
    those of a direct call.

    Args:
        given: the arguments of `ListAll`.
        cap: the most records that are read.
        progress: told after every page and of every wait.
    """
    try:
        wanted = _understand(given)
    except InvalidArguments as invalid:
        return answers.of_invalid_arguments(invalid)
    reading = _Reading(calls, wanted, caller, cap, progress)
    failed = await reading.read_pages()
    if failed and not reading.count:
        return failed
    return _answer(calls.formatter.max_bytes, wanted, reading, failed)


def _understand(given: Mapping[str, Any]) -> _Wanted:
    asked = parse(ListAll, given)
    chosen = {name: getattr(asked, name) for name in asked.model_fields_set}
    spec = _listing(asked.operation)
    # `fields` is the operation's own option too: wherever a model puts it, it means the same.
    fields = {"fields": asked.fields} if chosen.get("fields") else {}
    arguments = {**chosen.get("arguments", {}), **fields}
    start = _offset(arguments)
    arguments.pop("limit", None)
    own, arguments = options.split(spec, arguments)
    return _Wanted(
        spec=spec,
        arguments=arguments,
        start=start,
        where=_read("where", condition, chosen.get("where", "")),
        grouping=_read("group", grouping, chosen.get("group", "")),
        fields=own.fields,
    )


def _offset(arguments: JsonObject) -> int:
    """Take the offset out of the arguments; it is ours to count on from."""
    offset = value_as_meant(options.OFFSET, arguments.pop("offset", OMIT))
    if offset is OMIT:
        return 0
    if isinstance(offset, bool) or not isinstance(offset, int) or offset < 0:
        raise InvalidArguments([Problem("offset", f"`offset` must be {expectation(options.OFFSET)}")])
    return offset


def _listing(id: str) -> Spec:
    id = id.strip()
    listing = {id: o.spec for id, o in operations().items() if o.spec.is_list and o.spec.effect == "read"}
    if id not in listing:
        meant = nearest(id, listing)
        advice = f"; did you mean {meant}?" if meant else ""
        raise InvalidArguments(
            [Problem("operation", f"`operation` must be the id of one that lists{advice}")]
        )
    return listing[id]


def _read(argument: str, read: Callable[[str], T], text: str) -> T | None:
    # Models fill in what they leave out.
    if not text.strip():
        return None
    try:
        return read(text)
    except BadCondition as bad:
        raise InvalidArguments([Problem(argument, f"`{argument}`: {bad}")]) from None


class _Reading:
    """The pages of one `list_all`, read one after the other; kept is only what the condition holds for."""

    def __init__(
        self, calls: Calls, wanted: _Wanted, caller: Caller, cap: int, progress: Progress | None
    ) -> None:
        self._calls = calls
        self._wanted = wanted
        self._cap = cap
        self._progress = progress
        self._caller = dataclasses.replace(caller, on_wait=self._on_wait)
        self._waits = 0
        self._ids: set[str] = set()
        self.count = 0
        """Records read, with those that came again."""
        self.repeated = 0
        """Records that came again: where a list grows while it is read, later pages repeat earlier ones."""
        self.matching: list[tuple[int, Any]] = []
        """Each with its place in the whole list."""
        self.totals: list[int] = []
        """What Clerk said to be the number of all records, each time that it was another."""
        self.unknown = wanted.names
        """What the condition and the grouping name that no record has: most likely a slip."""
        self.notes: dict[str, Any] = {}
        self.complete = False

    async def read_pages(self) -> Answer | None:
        """Read until the last page or the cap; the error that ended it, if one did."""
        paged = issubclass(self._wanted.spec.model, Paged)
        while not self.complete and self.count < self._cap:
            limit = min(PAGE, self._cap - self.count)
            paging = {"offset": self.next_offset} | ({"limit": limit} if paged else {})
            page = await self._page({**self._wanted.arguments, **paging})
            if isinstance(page, Answer):
                return page
            self._take(page)
            self.complete = not paged or self._is_last(len(page.records), limit)
            await self._report(f"{self.count} records read")
        return None

    async def _page(self, arguments: JsonObject) -> _Page | Answer:
        spec = self._wanted.spec
        fetched = await self._calls.fetch(spec.id, arguments, self._caller)
        if isinstance(fetched, Answer):
            return fetched
        if isinstance(fetched, AskInResult):
            raise TypeError(f"{spec.id} does not only read")
        found, total = unwrap(fetched.reply.value)
        secrets = self._calls.formatter.secrets
        records, notes = secrets.keep_back(spec, found[fetched.options.offset :], raw=True)
        return _Page(records, total, notes)

    def _take(self, page: _Page) -> None:
        spec = self._wanted.spec
        if self.unknown and page.records:
            self.unknown = views.unknown_fields(page.records, self.unknown)
            self.unknown = views.unknown_fields(views.view(spec.returns, page.records), self.unknown)
        before = frozenset(self._ids)
        for place, record in enumerate(page.records, self.next_offset):
            if (id := _id(record)) in before:
                self.repeated += 1
                continue
            if id:
                self._ids.add(id)
            if self._wanted.where is None or self._wanted.where.holds(_Forms(spec, record)):
                self.matching.append((place, record))
        self.count += len(page.records)
        if page.total is not None and self.totals[-1:] != [page.total]:
            self.totals.append(page.total)
        self.notes |= page.notes

    def _is_last(self, count: int, limit: int) -> bool:
        if self.totals:
            return count == 0 or self.next_offset >= self.totals[-1]
        return count < limit

    async def _on_wait(self, seconds: float, reason: str) -> None:
        # Progress has to grow with each notification, also while nothing is read.
        self._waits += 1
        await self._report(f"waiting {seconds:.1f} s: {reason}")

    async def _report(self, message: str) -> None:
        if self._progress:
            total = self.totals[-1] if self.totals else None
            await self._progress(self.count + self._waits / 1000, total, message)

    @property
    def next_offset(self) -> int:
        return self._wanted.start + self.count


def _id(record: object) -> str | None:
    id = record.get("id") if isinstance(record, dict) else None
    return id if isinstance(id, str) else None


class _Forms:
    """A record as Clerk gave it, then as its view shows it, which is made where it is needed."""

    def __init__(self, spec: Spec, record: object) -> None:
        self._spec = spec
        self._record = record

    def __iter__(self) -> Iterator[object]:
        yield self._record
        yield self._view

    @cached_property
    def _view(self) -> object:
        return views.view(self._spec.returns, self._record)


def _answer(max_bytes: int, wanted: _Wanted, reading: _Reading, failed: Answer | None) -> Answer:
    out: JsonObject = {
        "read": reading.count - reading.repeated,
        "matched": len(reading.matching),
        **reading.notes,
    }
    if not reading.complete:
        out |= {"complete": False, "next_offset": reading.next_offset}
        _note(out, _why_incomplete(reading, failed))
    if reading.repeated or len(reading.totals) > 1:
        _note(out, _what_changed(reading))
    if wanted.grouping is None:
        return _show(max_bytes, wanted, reading, out)
    if reading.count:
        out |= answers.name_unknown(reading.unknown)
    if wanted.grouping.keys:
        groups = list(_groups(wanted.spec, wanted.grouping.keys, reading.matching))
        kept = how_many_fit(groups, max_bytes - _ROOM_FOR_NOTE - size(out))
        out["groups"] = groups[:kept]
        if kept < len(groups):
            _note(out, f"Cut to {kept} of {len(groups)} groups by size: count by fewer or coarser keys.")
    return answers.answer(out)


def _note(out: JsonObject, sentence: str) -> None:
    out["note"] = f"{out['note']} {sentence}" if "note" in out else sentence


def _why_incomplete(reading: _Reading, failed: Answer | None) -> str:
    go_on = "Go on with next_offset as `offset` in `arguments`."
    if failed:
        error = failed.value["error"]
        wait = f" Wait {error['retry_after']} s." if "retry_after" in error else ""
        return f"Stopped by an error ({error['code']}: {cut_text(error['message'], 200)}).{wait} {go_on}"
    return f"Stopped at this server's cap of {reading.count} records; counts are of these. {go_on}"


def _what_changed(reading: _Reading) -> str:
    totals = reading.totals
    how = f" from {totals[0]} to {totals[-1]} records" if len(totals) > 1 else ""
    twice = f" {reading.repeated} came twice and count once." if reading.repeated else ""
    return f"The list changed{how} while it was read.{twice} Some may be missing: read again to be exact."


def _groups(spec: Spec, keys: tuple[Key, ...], matching: list[tuple[int, Any]]) -> Iterator[JsonObject]:
    """How many records each combination of values has: most first, but times in their own order."""
    counts: Counter[tuple[Any, ...]] = Counter()
    for _, record in matching:
        forms = _Forms(spec, record)
        counts.update(itertools.product(*(key.values(forms) for key in keys)))
    by_time = keys[0].part in TIME_PARTS

    def order(item: tuple[tuple[Any, ...], int]) -> tuple[int, list[str]]:
        return (0 if by_time else -item[1], [str(value) for value in item[0]])

    for combination, count in sorted(counts.items(), key=order):
        yield {**{key.name: value for key, value in zip(keys, combination, strict=True)}, "count": count}


def _show(max_bytes: int, wanted: _Wanted, reading: _Reading, out: JsonObject) -> Answer:
    records = [record for _, record in reading.matching]
    fields = wanted.fields
    unknown = [*reading.unknown, *(views.unknown_fields(records, fields) if fields else ())]
    if reading.count:
        out |= answers.name_unknown(unknown)
    shown = views.pick(records, fields) if fields else views.view(wanted.spec.returns, records)
    room = max_bytes - _ROOM_FOR_NOTE - size(out)
    kept = how_many_fit(shown, room)
    items = shown[:kept]
    if shown and not items:
        items, kept = [cut_object(shown[0], room)[0]], 1
    if items != shown:
        out |= {
            "complete": False,
            "next_offset": reading.matching[kept][0] if kept < len(shown) else reading.next_offset,
        }
        _note(
            out,
            f"Cut to {kept} of {len(shown)} records by size. Name the `fields` you need, count with "
            "`group`, or go on with next_offset as `offset` in `arguments`.",
        )
    return answers.answer({"items": items, **out})
