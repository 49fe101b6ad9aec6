"""Whose work is next on the one processor that an event loop has.

Work on a request goes in steps; between two of them it waits for something: its body, Clerk, a turn. What a
caller feels of another is what is done for the other between two steps of their own. So

- a caller takes one step in each turn of the loop, or a few while nobody else is there, however many of their
  requests are ready for one: the rest waits for the next turn, which comes at once where nobody else has
  anything to do;
- after a long step, which nothing can interrupt, a caller leaves others twice the time that it took, if there
  were others lately. An idle server lends all of its time.
"""

from __future__ import annotations

import asyncio
import time
import types
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from contextvars import ContextVar
from functools import partial
from typing import Any, Final, TypeVar

from anyio.lowlevel import RunVar

LONG_S: Final = 0.002
"""Processor time of a step that others would notice: small calls take less from beginning to end."""
LEFT: Final = 2
"""How many times what a long step took is left to others."""
ALONE: Final = 8
"""Steps of a caller in one turn of the loop while nobody else is there: each turn costs a little, and whoever
comes then waits for no more."""
LATELY_S: Final = 0.1
"""Processor time for which a caller counts as there after a step. While the server is idle none goes by, so
that whoever thinks between two calls is still there when others keep it busy."""

T = TypeVar("T")

_works_for: ContextVar[tuple[str, object]] = ContextVar("works_for", default=("", None))
"""For whom work is done, and the task whose steps take turns."""


class Processor:
    """Hands out the steps that are taken on one event loop."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        """`clock` tells the processor time that the loop has taken, in seconds."""
        self.clock = clock
        self._under_way: dict[str, int] = {}
        # An owner is here from a step until that turn of the loop is over, or they left enough to others.
        self._lines: dict[str, deque[asyncio.Future[None]]] = {}
        self._leaving: dict[str, float] = {}
        # Who took the last step, and when; and the last step of anybody else.
        self._last = self._last_other = ("", float("-inf"))

    @types.coroutine
    def in_turns(self, owner: str, work: Awaitable[T]) -> Generator[Any, Any, T]:
        """Do some work for an owner, each step of it in its turn, and return what it returns."""
        loop = asyncio.get_running_loop()
        before, own = _works_for.get(), (owner, asyncio.current_task())
        _works_for.set(own)
        self._under_way[owner] = self._under_way.get(owner, 0) + 1
        steps = work.__await__()
        step = go_on = partial(steps.send, None)
        waited = False
        try:
            while True:
                try:
                    # What is called off ends at once.
                    if step is go_on and owner in self._lines:
                        self._lines[owner].append(turn := loop.create_future())
                        yield from turn
                except BaseException as problem:  # noqa: BLE001 the work handles it
                    step = partial(steps.throw, problem)
                try:
                    awaited = self._take(owner, step, loop)
                except StopIteration as ended:
                    result: T = ended.value
                    return result
                step, waited = go_on, True
                try:
                    yield awaited
                except BaseException as problem:  # noqa: BLE001 the work handles it
                    step = partial(steps.throw, problem)
        finally:
            # What is collected as garbage ends in somebody else's context.
            if _works_for.get() is own:
                _works_for.set(before)
            if waited:
                self._over(owner)
            else:
                # There may be many more that end in one step: those are to know of each other.
                loop.call_soon(self._over, owner)

    def _over(self, owner: str) -> None:
        self._under_way[owner] -= 1
        if not self._under_way[owner]:
            del self._under_way[owner]

    def _take(self, owner: str, step: Callable[[], Any], loop: asyncio.AbstractEventLoop) -> Any:
        began = self.clock()
        if owner != self._last[0]:
            self._last_other = self._last
        self._last = (owner, began)
        # Alone, a request has nobody to take turns with.
        if self._under_way[owner] > 1 and owner not in self._lines:
            self._lines[owner] = deque()
            loop.call_soon(self._next, owner, loop)
        try:
            return step()
        finally:
            took = self.clock() - began
            if took >= LONG_S and (wait := self.left_after(took)):
                self._leave(owner, wait, loop)

    def left_after(self, took: float) -> float:
        """Tell for how many seconds whoever is worked for here leaves the loop to others, after a step that
        took so much of the processor."""
        if took < LONG_S:
            return 0.0
        owner, _ = _works_for.get()
        return LEFT * took if self._are_others_here(owner, self.clock() - took) else 0.0

    def _leave(self, owner: str, wait: float, loop: asyncio.AbstractEventLoop) -> None:
        if owner in self._lines:
            self._leaving[owner] = wait
        else:
            self._lines[owner] = deque()
            loop.call_later(wait, self._next, owner, loop)

    def _next(self, owner: str, loop: asyncio.AbstractEventLoop) -> None:
        """Let an owner take their next step, in the turn of the loop that comes."""
        if wait := self._leaving.pop(owner, 0.0):
            loop.call_later(wait, self._next, owner, loop)
            return
        line = self._lines[owner]
        most = 1 if self._are_others_here(owner, self.clock()) else ALONE
        taken = 0
        while line and taken < most:
            turn = line.popleft()
            if not turn.done():
                turn.set_result(None)
                taken += 1
        if taken:
            # After those steps, for it was asked for after them.
            loop.call_soon(self._next, owner, loop)
        else:
            del self._lines[owner]

    def _are_others_here(self, owner: str, now: float) -> bool:
        _, others = self._last_other if self._last[0] == owner else self._last
        return now - others < LATELY_S


_processor: Final[RunVar[Processor]] = RunVar("processor")


def processor() -> Processor:
    """Return the one of the running event loop."""
    found = _processor.get(None)
    if found is None:
        _processor.set(found := Processor())
    return found


def takes_turns() -> bool:
    """Tell whether the running task takes its steps in turns already."""
    return _works_for.get()[1] is asyncio.current_task()
