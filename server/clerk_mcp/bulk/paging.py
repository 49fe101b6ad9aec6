"""Reading a list page by page, several pages at once.

    first page, beside it where Clerk counts the list: how many are there?  open connections
        └─▶ full? ─▶ all others at once; where nobody tells how many there are: 2, 4, 8 … at once

Where all users are read, connections for all pages that the cap allows are opened at the beginning; where
filters leave a part of them, as many as their number says. Lists that Clerk does not count, such as that of
organizations, open theirs with the pages that need them: most have one page.

Pages are handed over in their order, whichever comes first. Each is reduced to what is kept of it when it
arrives, so that of the records themselves only those of the pages in flight are held.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar

import anyio

from clerk_mcp.answering import Answer, unwrap
from clerk_mcp.calling import Caller, Calls, Fetched
from clerk_mcp.confirming import AskInResult
from clerk_mcp.upstream import in_turn
from clerk_tools.argument import JsonObject
from clerk_tools.catalog import operations
from clerk_tools.operation import Paged, Spec
from clerk_tools.parsing import InvalidArguments

PAGE: Final = 500
"""Records asked for at once: the most that Clerk gives."""

AT_ONCE: Final = 16
"""Pages of one list in flight."""
_PAGES_COMPARED: Final = 4
"""Earlier pages among which a record is looked for that came again, since the list grew meanwhile."""

KeptT = TypeVar("KeptT")


@dataclass(frozen=True, slots=True)
class Page:
    """The raw records of one page, credentials aside."""

    records: list[Any]
    total: int | None
    """Of the whole list, where Clerk tells."""
    notes: JsonObject


Kept = tuple[str | None, KeptT | None]
"""What is kept of one record: its id, and what was made of it; None where it was not meant."""


@dataclass(frozen=True, slots=True)
class _Reduced(Generic[KeptT]):
    kept: list[Kept[KeptT]]
    total: int | None


def counter_of(spec: Spec, filters: JsonObject) -> Spec | None:
    """Return the operation that counts what a list operation lists, where it takes all of the filters."""
    known = operations()
    # Beside it in its module: to look among all would import every module of declarations.
    for id in known.of_resources({spec.resource}):
        counter = known[id].spec
        if counter.method == "GET" and counter.path == f"{spec.path}/count":
            taken = {argument.name for argument in counter.arguments}
            return counter if filters.keys() <= taken else None
    return None


class Pages(Generic[KeptT]):
    """The pages of one list."""

    def __init__(
        self,
        calls: Calls,
        spec: Spec,
        arguments: JsonObject,
        caller: Caller,
        *,
        start: int,
        cap: int,
        reduce: Callable[[Page], list[Kept[KeptT]]],
        take: Callable[[int, KeptT], None],
        report: Callable[[], Awaitable[None]],
        until: float = float("inf"),
        at_once: int = AT_ONCE,
        needed: frozenset[str] | None = None,
    ) -> None:
        """
        Args:
            start: the offset of the first record that is read.
            cap: the most records that are read.
            reduce: what is kept of a page; called when it arrives, in any order.
            take: told of each record that is meant and did not come before, with its place, in order.
            report: called after every page.
            until: the event loop's time after which no further page is asked for.
            at_once: the most pages in flight.
            needed: the only fields that are looked at; None is all of them.
        """
        self._calls, self._spec, self._arguments, self._caller = calls, spec, arguments, caller
        self._reduce, self._take, self._report, self._until = reduce, take, report, until
        self._needed = needed
        self._filters = {name: value for name, value in arguments.items() if name != "order_by"}
        self._paged = issubclass(spec.model, Paged)
        # A fifth of the calls in flight is left to others.
        self._at_once = max(1, min(at_once, AT_ONCE, calls.client.max_in_flight * 4 // 5))
        self._start, self._next, self._end = start, start, start + cap
        self._last: int | None = None
        """The offset at which the list ends, once it is known."""
        self._counted: int | None = None
        """The number of all records, where it had to be asked for."""
        self._shortest: int = self._end
        """Where the first page ended that was not full."""
        self._tasks: anyio.abc.TaskGroup
        self._workers = 0
        self._is_asking = False
        """How many there are is being asked, which counts as one of the pages in flight."""
        self._waiting: dict[int, _Reduced[KeptT]] = {}
        self._earlier: deque[frozenset[str]] = deque(maxlen=_PAGES_COMPARED)
        self._failed_at = float("inf")
        self.failed: Answer | None = None
        """The error that ended the reading, if one did; of several, the first in the list."""
        self.arrived = 0
        """Records that arrived so far, in whatever order."""
        self.count = 0
        """Records in a row from the start, with those that came again."""
        self.repeated = 0
        self.pages = 0
        self.totals: list[int] = []
        """What Clerk said to be the number of all records, each time that it was another."""

    @property
    def next_offset(self) -> int:
        """Where to go on."""
        return self._start + self.count

    @property
    def complete(self) -> bool:
        """Whether the end of the list was read."""
        return self.failed is None and self._last is not None and self.next_offset >= self._last

    async def read(self) -> None:
        """Read until the end of the list, the cap, the time that is allowed, or an error.

        Raises:
            InvalidArguments: by `reduce`, of what was asked for.
        """
        await self._read_at_once()
        ends_in_full_page = self._shortest == self._end and self.next_offset < self._end
        if self._counted is not None and (self.repeated or ends_in_full_page):
            # The list has grown, or may have, since it was counted.
            self._last = None
        # One page after the other: what is left where the list changed while its pages were read at once.
        while not self.complete and self._start + self.count < self._end and not self.failed:
            if self._is_late():
                break
            self._waiting.clear()
            self._next = self.next_offset
            await self._one_page()
        read = self.next_offset - self.repeated
        if self._counted is not None and self.complete and not self.repeated and read != self._counted:
            self.totals = [self._counted, read]

    async def _read_at_once(self) -> None:
        refused = None
        async with anyio.create_task_group() as beside:
            if counter := self._counter():
                # Each costs what a page costs, a round trip or more, so neither waits until the first page
                # tells whether it is needed. What filters leave is mostly few: there the count decides.
                if not self._filters:
                    beside.start_soon(self._connect, self._end)
                beside.start_soon(self._ask_total, counter)
            try:
                await self._one_page()
            except InvalidArguments as invalid:
                # The task group would wrap it.
                refused = invalid
            if self._more() and not refused:
                async with anyio.create_task_group() as self._tasks:
                    self._hire(2 if self._last is None else self._at_once)
            beside.cancel_scope.cancel()
        if refused:
            raise refused

    def _more(self) -> bool:
        end = self._end
        if self._last is not None:
            # What was counted beforehand may have grown since: where its last page is full, one more is
            # asked for with the others, which is empty if not.
            end = min(end, self._last + (self._last == self._counted))
        return not self.failed and not self._is_late() and self._next < end

    def _is_late(self) -> bool:
        return anyio.current_time() >= self._until

    def _hire(self, workers: int) -> None:
        for _ in range(min(workers, self._at_once - self._is_asking) - self._workers):
            self._workers += 1
            self._tasks.start_soon(self._work)

    async def _work(self) -> None:
        while self._more():
            await self._one_page()
            # Without a total nobody knows how far the list goes: the number of pages in flight doubles.
            self._hire(self._workers * 2)
        self._workers -= 1

    def _counter(self) -> Spec | None:
        """Return what tells how many there are, where there may be several pages and the caller may ask."""
        if not self._paged or self._at_once == 1 or self._end - self._start <= PAGE:
            return None
        counter = counter_of(self._spec, self._filters)
        return None if counter and self._calls.policy.objection(counter, self._caller.scopes) else counter

    async def _connect(self, end: int) -> None:
        """Have a connection for each page after the first, up to an offset, that is asked for at once."""
        others = math.ceil((end - self._start) / PAGE) - 1
        await self._calls.client.connect(min(others, self._at_once))

    async def _ask_total(self, counter: Spec) -> None:
        self._is_asking = True
        fetched = await self._calls.fetch(counter.id, self._filters, self._caller)
        self._is_asking = False
        value = fetched.reply.value if isinstance(fetched, Fetched) else None
        total = value.get("total_count") if isinstance(value, dict) else None
        if isinstance(total, int) and self._last is None:
            self._last = self._counted = total
            if self._workers:
                self._hire(self._at_once)
            else:
                await self._connect(min(total, self._end))

    async def _one_page(self) -> None:
        """Read the next page that nobody has asked for."""
        offset, limit = self._next, min(PAGE, self._end - self._next)
        self._next += limit
        paging = {"offset": offset} | ({"limit": limit} if self._paged else {})
        arguments = {**self._arguments, **paging}
        await in_turn(
            lambda: self._calls.fetch(self._spec.id, arguments, self._caller, only=self._needed),
            partial(self._arrive, offset, limit),
            self._caller.name,
        )
        if not self.failed:
            await self._report()

    def _arrive(self, offset: int, limit: int, fetched: Fetched | Answer | AskInResult) -> None:
        """Reduce a page to what is kept of it; an error ends the reading."""
        if isinstance(fetched, Answer):
            if offset < self._failed_at:
                self._failed_at, self.failed = offset, fetched
            return
        page = self._page_of(fetched)
        self.pages += 1
        self.arrived += len(page.records)
        if page.total is None or not page.records:
            if not self._paged or len(page.records) < limit:
                # Pages beyond the end are empty, and may come first.
                self._shortest = min(self._shortest, offset + len(page.records))
                self._last = self._shortest
        else:
            self._last = page.total
        self._waiting[offset] = _Reduced(self._reduce(page), page.total)
        self._hand_over()

    def _page_of(self, fetched: Fetched | AskInResult) -> Page:
        if isinstance(fetched, AskInResult):
            raise TypeError(f"{self._spec.id} does not only read")
        found, total = unwrap(fetched.reply.value)
        if fetched.options.offset:
            found = found[fetched.options.offset :]
        records, notes = self._calls.formatter.secrets.keep_back(
            self._spec, found, raw=True, named=self._needed
        )
        return Page(records, total, notes)

    def _hand_over(self) -> None:
        """Pass on the pages that follow those passed on before."""
        while (page := self._waiting.pop(self.next_offset, None)) is not None:
            ids = frozenset(id for id, _ in page.kept if id is not None)
            again = ids.intersection(itertools.chain.from_iterable(self._earlier))
            for place, (id, value) in enumerate(page.kept, self.next_offset):
                if id in again:
                    self.repeated += 1
                elif value is not None:
                    self._take(place, value)
            self._earlier.append(ids)
            self.count += len(page.kept)
            if page.total is not None and self.totals[-1:] != [page.total]:
                self.totals.append(page.total)
