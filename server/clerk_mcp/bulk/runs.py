"""The runs that a process is at."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import anyio

from clerk_mcp.answering import Answer
from clerk_mcp.bulk.progress import ANSWER_WITHIN_S, Progress
from clerk_mcp.bulk.run_store import Run, RunStore
from clerk_mcp.calling import Caller, Reach

if TYPE_CHECKING:
    from clerk_mcp.bulk.running import Going

_GRACE_S: Final = 3.0
"""Seconds that items in flight get when the server ends."""


class Runs:
    """The runs that this process is at, and where all are kept."""

    def __init__(self, store: RunStore, cap: int = 1000, within: float = ANSWER_WITHIN_S) -> None:
        """
        Args:
            cap: the most items of one run.
            within: seconds after which an answer is given while a run goes on.
        """
        self.store = store
        self.cap = cap
        self._within = within
        self._going: dict[str, Going] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def going(self, id: str) -> Going | None:
        """Return the run of this id, where this process is at it."""
        return self._going.get(id)

    @property
    def under_way(self) -> int:
        """How many runs this process is at."""
        return len(self._going)

    def taking_back(self, run: str) -> Going | None:
        """Return what takes a run back, where this process is at it."""
        return next((going for going in self._going.values() if going.run.source.get("undo") == run), None)

    async def go_on(
        self, run: Run, reach: Reach, caller: Caller, stop_after: int | None, progress: Progress | None
    ) -> Answer:
        """Go on with a run that was agreed to, and answer in good time, whether or not it has ended."""
        # Every server makes a `Runs` when it starts; few ever run one.
        from clerk_mcp.bulk.running import Going, report

        going = self._going.get(run.id)
        if going is None:
            going = self._going[run.id] = Going(self.store, run, reach, caller, stop_after)
            task = asyncio.create_task(going.go(), name=run.id)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(lambda _: self._going.pop(run.id, None))
        try:
            await self._wait(going, progress)
        except asyncio.CancelledError:
            # Whoever gives the call up gives the run up: it ends between two items.
            going.stop("The call was cancelled.")
            raise
        return report(going.run, going)

    async def _wait(self, going: Going, progress: Progress | None) -> None:
        with anyio.move_on_after(self._within):
            while not going.done.is_set():
                with anyio.move_on_after(1):
                    await going.done.wait()
                if progress:
                    done = len(going.run.marks)
                    await progress(done, len(going.run.items), f"{done} of {len(going.run.items)} items")

    async def close(self) -> None:
        """End what is under way: items in flight get a moment, and what is left can go on elsewhere."""
        for going in self._going.values():
            going.stop("The server ended.")
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=_GRACE_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
