"""Reading what a `list_all` asks for: one list, or one list below each of several parents, into a sink."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any, Protocol

import anyio

from clerk_mcp.answering import Answer
from clerk_mcp.bulk import fields as known
from clerk_mcp.bulk.paging import AT_ONCE, Kept, Page, Pages
from clerk_mcp.bulk.parents import Parent, form_of
from clerk_mcp.bulk.progress import ANSWER_WITHIN_S, Progress
from clerk_mcp.bulk.wanted import Wanted
from clerk_mcp.calling import Caller, Calls, tell
from clerk_tools import views
from clerk_tools.argument import JsonObject
from clerk_tools.operation import Spec
from clerk_tools.parsing import InvalidArguments, Problem


class Forms:
    """A record as Clerk gave it, then as its view shows it, which is made where it is needed."""

    def __init__(self, spec: Spec, record: Any, parent: Parent | None = None, parent_id: str = "") -> None:
        self._spec = spec
        self._parent = parent
        self._parent_id = parent_id
        self.record = record

    def __iter__(self) -> Iterator[object]:
        yield self.record
        yield self.view
        if self._parent:
            yield form_of(self._parent, self._parent_id)

    @cached_property
    def view(self) -> Any:
        """As its view shows it."""
        return views.view(self._spec.returns, self.record)

    def shown(self, fields: list[str] | None) -> Any:
        """Return it by its view or by the fields that were asked for, with the id of its parent."""
        shown = views.written_out(views.pick(self.record, fields)) if fields else self.view
        return self._parent.tell(shown, self._parent_id) if self._parent else shown


class Sink(Protocol):
    """Where the records go that are meant."""

    def keep(self, forms: Forms) -> Any:
        """Return what is kept of a record; called when its page arrives."""

    def take(self, place: int, kept: Any) -> None:
        """Take it in its turn, with its place in the whole list."""


class Reading:
    """One list, or one list below each of several parents, read into a sink."""

    def __init__(
        self,
        calls: Calls,
        wanted: Wanted,
        caller: Caller,
        cap: int,
        sink: Sink,
        progress: Progress | None = None,
        within: float = ANSWER_WITHIN_S,
    ) -> None:
        self._calls = calls
        self._wanted = wanted
        self._cap = cap
        self._sink = sink
        self._progress = progress
        self._within = within
        self._until = float("inf")
        self._caller = dataclasses.replace(caller, on_wait=self._on_wait)
        self._waits = 0
        self._arrived = 0
        self._checked = False
        self.count = 0
        """Records read, with those that came again."""
        self.repeated = 0
        """Records that came again: where a list grows while it is read, later pages repeat earlier ones."""
        self.pages = 0
        self.matched = 0
        self.totals: list[int] = []
        """What Clerk said to be the number of all records, each time that it was another."""
        self.unknown = wanted.names
        """What the caller names that no record has so far."""
        self.notes: dict[str, Any] = {}
        shows_view = not wanted.grouping and (not wanted.fields or "*" in wanted.fields)
        self._needed = None if shows_view else frozenset(wanted.names)
        self.complete = False
        self.late = False
        self.parents: int | None = None
        """How many parents were read for, where it is more than one list."""
        self.next_offset = wanted.start

    async def read(self) -> Answer | None:
        """Read until the last page, the cap or the time that is allowed; the error that ended it, if one did.

        Raises:
            InvalidArguments: a field is named that records of this kind do not have.
        """
        self._until = anyio.current_time() + self._within
        await self._take_names_for_ids()
        if self._wanted.parent and self._wanted.below:
            return await self._read_below(self._wanted.parent, self._wanted.below)
        pages = self._list(self._wanted.arguments, self._wanted.start, self._cap, self._take)
        await pages.read()
        self._note(pages)
        self.totals, self.next_offset, self.complete = pages.totals, pages.next_offset, pages.complete
        self.late = self._is_late()
        return pages.failed

    async def _take_names_for_ids(self) -> None:
        """Find once, and not for every page, what is named among the arguments in place of an id."""
        wanted = self._wanted
        (meant,) = await self._calls.ids_meant(wanted.spec, [wanted.arguments], self._caller)
        if meant:
            ids = {name: one.given for name, one in meant.items()}
            self._wanted = dataclasses.replace(wanted, arguments={**wanted.arguments, **ids})
            self.notes["meant"] = tell(meant)

    def _take(self, place: int, kept: Any) -> None:
        self.matched += 1
        self._sink.take(place, kept)

    def _note(self, pages: Pages[Any]) -> None:
        self.count += pages.count
        self.repeated += pages.repeated
        self.pages += pages.pages

    def _is_late(self) -> bool:
        return anyio.current_time() >= self._until

    def _list(
        self,
        arguments: JsonObject,
        start: int,
        cap: int,
        take: Callable[[int, Any], None],
        parent_id: str = "",
    ) -> Pages[Any]:
        return Pages(
            self._calls,
            self._wanted.spec,
            arguments,
            self._caller,
            start=start,
            cap=cap,
            reduce=partial(self._reduce, parent_id),
            take=take,
            report=self._report,
            until=self._until,
            # The parents are what is read at once where there are several.
            at_once=1 if parent_id else AT_ONCE,
            needed=self._needed,
        )

    def _reduce(self, parent_id: str, page: Page) -> list[Kept[Any]]:
        wanted = self._wanted
        self._arrived += len(page.records)
        self._check(page.records)
        if wanted.fields or wanted.spec.secret:
            # The view shows no others, so that nothing of what is shown was kept back.
            self.notes |= page.notes
        kept: list[Kept[Any]] = []
        for record in page.records:
            forms = Forms(wanted.spec, record, wanted.parent, parent_id)
            meant = wanted.where is None or wanted.where.holds(forms)
            kept.append((_id(record), self._sink.keep(forms) if meant else None))
        return kept

    def _check(self, records: list[Any]) -> None:
        """Note which of the names have turned up, and refuse on the first page those that cannot."""
        spec = self._wanted.spec
        if not self.unknown or not records:
            return
        self.unknown = views.unknown_fields(records, self.unknown)
        if self.unknown:
            self.unknown = views.unknown_fields(views.view(spec.returns, records), self.unknown)
        if self._wanted.parent:
            self.unknown = [name for name in self.unknown if name != self._wanted.parent.argument]
        if not self._checked:
            self._checked = True
            wrong = known.unknown(spec, records, self.unknown)
            if wrong:
                raise InvalidArguments([_unknown_field(self._wanted, records, name) for name in wrong[:3]])

    async def _read_below(self, parent: Parent, parents: Wanted) -> Answer | None:
        """Read the list of each parent, several at once, and take them in the order of the parents."""
        found = _Ids()
        above = Reading(self._calls, parents, self._caller, self._cap, found, None, self._within)
        failed = await above.read()
        self.pages += above.pages
        if failed:
            return failed
        done: dict[int, list[Any]] = {}
        ended: dict[int, Answer | InvalidArguments | None] = {}
        places = iter(range(len(found.ids)))

        async def work() -> None:
            for at in places:
                if self._arrived >= self._cap or self._is_late() or ended:
                    return
                kept: list[Any] = []
                _, id = found.ids[at]
                arguments = {**self._wanted.arguments, parent.argument: id}
                pages = self._list(arguments, 0, self._cap, partial(_append, kept), id)
                try:
                    await pages.read()
                except InvalidArguments as invalid:
                    ended[at] = invalid
                    return
                gone = pages.failed is not None and pages.failed.value["error"].get("status") == 404
                if not pages.complete and not gone:
                    ended[at] = pages.failed
                    return
                self._note(pages)
                done[at] = kept

        async with anyio.create_task_group() as tasks:
            for _ in range(min(AT_ONCE, self._calls.client.max_in_flight * 4 // 5 or 1)):
                tasks.start_soon(work)
        if refused := next((e for e in ended.values() if isinstance(e, InvalidArguments)), None):
            raise refused
        self.parents = 0
        while self.parents in done:
            for kept in done[self.parents]:
                self._take(found.ids[self.parents][0], kept)
            self.parents += 1
        self.complete = above.complete and self.parents == len(found.ids)
        self.late = self._is_late()
        self.next_offset = found.ids[self.parents][0] if self.parents < len(found.ids) else above.next_offset
        ending = ended[min(ended)] if ended else None
        return ending if isinstance(ending, Answer) else None

    async def _on_wait(self, seconds: float, reason: str) -> None:
        # Progress has to grow with each notification, also while nothing is read.
        self._waits += 1
        await self._report(f"waiting {seconds:.1f} s: {reason}")

    async def _report(self, message: str = "") -> None:
        if self._progress:
            total = self.totals[-1] if self.totals else None
            done = self._arrived + self._waits / 1000
            await self._progress(done, total, message or f"{self._arrived} records read")


def _append(kept: list[Any], _: int, value: Any) -> None:
    kept.append(value)


class _Ids:
    """Takes the ids of parents."""

    def __init__(self) -> None:
        self.ids: list[tuple[int, str]] = []

    def keep(self, forms: Forms) -> str | None:
        return _id(forms.record)

    def take(self, place: int, kept: str) -> None:
        self.ids.append((place, kept))


def _id(record: object) -> str | None:
    id = record.get("id") if isinstance(record, dict) else None
    return id if isinstance(id, str) else None


def _unknown_field(wanted: Wanted, records: Sequence[Any], name: str) -> Problem:
    where = wanted.where.fields if wanted.where else ()
    grouped = wanted.grouping.fields if wanted.grouping else ()
    argument = "where" if name in where else "group" if name in grouped else "fields"
    return Problem(argument, f"`{argument}`: {known.advice(wanted.spec, records, name)}")
