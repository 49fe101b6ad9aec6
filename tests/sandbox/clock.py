"""A clock that stands still until a test moves it."""

from __future__ import annotations


class Clock:
    """Unix milliseconds, from the first of January 2026."""

    def __init__(self) -> None:
        self.now_ms = 1_767_225_600_000

    def __call__(self) -> int:
        return self.now_ms

    def advance_s(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)
