"""Large answers are worked on one after the other, with everything else that waits seen to in between.

A page of 500 records takes tens of milliseconds of the only thread, and megabytes. Forty of them that arrive
together would hold up everybody, a probe of the server's health among them, until the last one is done; and
were they all fetched before the first one is done, they would fill the memory. So what may be large waits for
a place before it is asked for, and for its turn once it is there; in both lines the owners come in rotation,
and whoever had a turn leaves the processor to others for a while, if any are there.

A turn begins before an answer is parsed and ends when its caller is done with it. Were several parsed before
the first of them is done with, whoever reads page after page would ask for the next ones all at once, and
then wait for all of them.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, Final, Self, TypeVar

import anyio
from anyio.lowlevel import RunVar, checkpoint

from clerk_mcp.upstream.parsing import without_collecting
from clerk_mcp.upstream.processor import processor

FEW: Final = 20
"""Records that take too little time to wait for a turn."""
HELD: Final = 20
"""Large answers that are fetched, or wait for their turn, at once."""
HELD_BY_ONE: Final = 16
"""Of these by one owner, so that somebody whose answers are long in coming leaves room for others."""

T = TypeVar("T")
R = TypeVar("R")


class _Places:
    """So many places, and who waits for one, by owner."""

    def __init__(self, free: int, of_one: int) -> None:
        self._free = free
        self._of_one = of_one
        self._held: Counter[str] = Counter()
        self._lines: dict[str, deque[anyio.Event]] = {}
        self._pausing: set[str] = set()

    def pause(self, owner: str, seconds: float) -> None:
        """Give an owner no place for so long."""
        self._pausing.add(owner)
        asyncio.get_running_loop().call_later(seconds, self._go_on, owner)

    def _go_on(self, owner: str) -> None:
        self._pausing.discard(owner)
        self._call()

    @asynccontextmanager
    async def place(self, owner: str) -> AsyncIterator[None]:
        """Hold a place in the body, once there is one."""
        called = anyio.Event()
        self._lines.setdefault(owner, deque()).append(called)
        self._call()
        try:
            await called.wait()
            yield
        finally:
            if called.is_set():
                self._free += 1
                self._held[owner] -= 1
                if not self._held[owner]:
                    del self._held[owner]
            else:
                self._lines[owner].remove(called)
                if not self._lines[owner]:
                    del self._lines[owner]
            self._call()

    def _call(self) -> None:
        """Give out the free places; who is served goes to the end of the rotation."""
        for owner in list(self._lines):
            if not self._free:
                return
            if self._held[owner] >= self._of_one or owner in self._pausing:
                continue
            line = self._lines.pop(owner)
            line.popleft().set()
            if line:
                self._lines[owner] = line
            self._free -= 1
            self._held[owner] += 1


class _Large:
    """The two lines of one event loop."""

    def __init__(self) -> None:
        self.fetching = _Places(HELD, HELD_BY_ONE)
        self.working = _Places(1, 1)


_large: Final[RunVar[_Large]] = RunVar("large")


class _Turn:
    """One large answer's turn to be worked on."""

    def __init__(self, line: _Places, owner: str) -> None:
        self._line = line
        self._owner = owner
        self._place = line.place(owner)
        self._has_begun = False
        self._began_at = float("inf")

    async def begin(self) -> None:
        """Wait for it, where it has not begun."""
        if self._has_begun:
            return
        await self._place.__aenter__()
        self._has_begun = True
        # Also where nobody waits yet: those who come at the same moment are in line after this.
        await checkpoint()
        self._began_at = processor().clock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *how: Any) -> None:
        if self._has_begun:
            shared = processor()
            if wait := shared.left_after(shared.clock() - self._began_at):
                self._line.pause(self._owner, wait)
            await self._place.__aexit__(*how)


_turn: Final[ContextVar[_Turn | None]] = ContextVar("turn", default=None)


async def begin_turn() -> None:
    """Wait until an answer that has come may be parsed, if it is one that `in_turn` fetches."""
    if turn := _turn.get():
        await turn.begin()


@contextmanager
def out_of_turn() -> Iterator[None]:
    """Fetch something else in the body, of which the turn does not depend: more requests follow it."""
    token = _turn.set(None)
    try:
        yield
    finally:
        _turn.reset(token)


async def in_turn(fetch: Callable[[], Awaitable[T]], work: Callable[[T], R], owner: str) -> R:
    """Fetch what may be large, and make something of it by `work`, which does not wait."""
    lines = _large.get(None)
    if lines is None:
        _large.set(lines := _Large())
    async with lines.fetching.place(owner), _Turn(lines.working, owner) as turn:
        token = _turn.set(turn)
        try:
            fetched = await fetch()
        finally:
            _turn.reset(token)
        await turn.begin()
        with without_collecting():
            return work(fetched)
