"""Waiting: how long a call has waited, and telling whoever made it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import anyio

OnWait = Callable[[float, str], Awaitable[None]]
"""Told how many seconds a call has waited so far, which only grows, and what for. Must not raise."""

FIRST_REPORT_S: Final = 1.0
REPORT_EVERY_S: Final = 5.0


class Clock:
    """Time as the client and the rate budget see it; seconds from an arbitrary start."""

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class Waits:
    """All the waiting of one call."""

    def __init__(self, clock: Clock, on_wait: OnWait | None = None) -> None:
        self.total: float = 0.0
        """Seconds."""
        self._clock = clock
        self._on_wait = on_wait

    @asynccontextmanager
    async def counted(self, reason: Callable[[], str]) -> AsyncIterator[None]:
        """Count the body as waiting; the body must not raise anything but a cancellation.

        Args:
            reason: what is waited for, in words, asked for whenever the caller is told.
        """
        started = self._clock.now()
        try:
            if self._on_wait is None:
                yield
                return
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._report, self._on_wait, started, reason)
                yield
                tasks.cancel_scope.cancel()
        finally:
            self.total += self._clock.now() - started

    async def sleep(self, seconds: float, reason: str) -> None:
        """Wait for `seconds`, whatever happens."""
        until = self._clock.now() + seconds
        async with self.counted(lambda: f"{reason}: about {max(until - self._clock.now(), 0):.0f} s to go"):
            await self._clock.sleep(seconds)

    async def _report(self, on_wait: OnWait, started: float, reason: Callable[[], str]) -> None:
        await anyio.sleep(FIRST_REPORT_S)
        while True:
            await on_wait(self.total + self._clock.now() - started, reason())
            await anyio.sleep(REPORT_EVERY_S)
