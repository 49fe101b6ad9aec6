"""Whose turn it is: a bounded number of calls in flight, the rest in line, caller by caller in rotation."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import anyio

from clerk_mcp.upstream.waits import Waits


class QueueFull(Exception):
    """Too many calls are waiting already; this one was not run."""


class Turns:
    """Hands out turns.

    Calls of one owner start in order. Among owners the turns rotate, so that one with a long line holds up
    another for a call or two, never for the whole line.
    """

    def __init__(self, in_flight: int, queue: int) -> None:
        """`in_flight` calls run at once; `queue` more may wait."""
        self._free = in_flight
        self._room = in_flight + queue
        # Everybody between `enter` and `leave`, in order.
        self._admitted: dict[Turn, None] = {}
        # An owner is here while they have a line; the first one is served next.
        self._lines: dict[str, deque[Turn]] = {}

    def enter(self, owner: str) -> Turn:
        """Admit one call of `owner`; whoever enters must `leave`.

        Raises:
            QueueFull: there is no room, and no owner has more calls waiting than this one.
        """
        if len(self._admitted) >= self._room:
            self._make_room(owner)
        turn = Turn(self, owner)
        self._admitted[turn] = None
        return turn

    def _make_room(self, owner: str) -> None:
        # Without this, somebody who fills the queue would keep all others out of it. They can do so from
        # elsewhere than the lines too: with changes of one user, or retries, that all wait for their time.
        waiting: dict[str, list[Turn]] = {owner: []}
        for turn in self._admitted:
            if not turn.running:
                waiting.setdefault(turn.owner, []).append(turn)
        most = max(waiting.values(), key=len)
        if len(most) <= len(waiting[owner]) + 1:
            raise QueueFull
        last = most[-1]
        del self._admitted[last]
        last.refuse()

    def _step_out(self, turn: Turn) -> None:
        line = self._lines[turn.owner]
        line.remove(turn)
        if not line:
            del self._lines[turn.owner]
        if turn.called:
            turn.called.set()
            turn.called = None

    def _next(self) -> None:
        if not self._lines:
            self._free += 1
            return
        owner, line = next(iter(self._lines.items()))
        turn = line[0]
        turn.running = True
        self._step_out(turn)
        if line:
            self._lines[owner] = self._lines.pop(owner)


class Turn:
    """One call's place among the others, from `Turns.enter` to `leave`."""

    def __init__(self, turns: Turns, owner: str) -> None:
        self.owner = owner
        self.running = False
        self.refused = False
        self._turns = turns
        self._has_run = False
        # While it is in line: set when that is over.
        self.called: anyio.Event | None = None
        # While it waits for something else, and after.
        self._elsewhere: anyio.CancelScope | None = None

    async def start(self, waits: Waits, reason: Callable[[], str] | None = None) -> None:
        """Wait until the call may run. One that ran before, and stopped, goes ahead of its owner's others.

        Args:
            reason: what is waited for, in words; a free place where it is left out.

        Raises:
            QueueFull: a call of another owner needed the room more.
        """
        turns = self._turns

        def in_line() -> str:
            return f"a free place: {sum(map(len, turns._lines.values()))} in line"

        if turns._free:
            turns._free -= 1
            self.running = True
        else:
            self.called = called = anyio.Event()
            line = turns._lines.setdefault(self.owner, deque())
            if self._has_run:
                line.appendleft(self)
            else:
                line.append(self)
            async with waits.counted(reason or in_line):
                await called.wait()
            if self.refused:
                raise QueueFull
        self._has_run = True

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """Wait in the body for something else than a turn: a rate limit, a pause before another try.

        Raises:
            QueueFull: a call of another owner needed the room more.
        """
        with anyio.CancelScope() as self._elsewhere:
            yield
        if self.refused:
            raise QueueFull

    def refuse(self) -> None:
        """End the waiting, wherever it is done."""
        self.refused = True
        if self.called:
            self._turns._step_out(self)
        elif self._elsewhere:
            self._elsewhere.cancel()

    def stop(self) -> None:
        """Let others run, to wait for something else; `start` goes on."""
        if self.running:
            self.running = False
            self._turns._next()

    def leave(self) -> None:
        """End the call, which is over or given up, in whatever state it was."""
        if self.called:
            self._turns._step_out(self)
        self.stop()
        self._turns._admitted.pop(self, None)
