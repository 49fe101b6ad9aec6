"""The last calls of this process, in memory, for people who watch: a thousand, and an hour in minutes."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from clerk_mcp.protocol import declared
from clerk_tools.argument import Place
from clerk_tools.catalog import operations

KEPT: Final = 1000
"""Calls; the oldest makes room for the newest."""
MINUTES: Final = 60
_LONGEST: Final = 100
"""Characters kept of what a caller chose: a thousand calls stay below a megabyte."""
_PASSES_ON: Final = ("read", "change")
"""The server's own tools that run one operation for their caller."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that has ended."""

    at: float
    """When it ended, in seconds since 1970."""
    caller: str
    operation: str
    target: str
    outcome: str
    """`ok`, `error`, `asked` or `refused`."""
    code: str
    """Of the error; empty where there is none."""
    ms: float


@dataclass(slots=True)
class Minute:
    """What happened within one minute."""

    minute: int
    """Since 1970."""
    calls: int = 0
    failed: int = 0
    ms: float = 0.0
    """Of all calls together."""
    slowest: float = 0.0


class Activity:
    """Takes note of each call that has ended, at the one place that all of them pass (`metrics.py`)."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.count = 0
        """Of all calls since the start."""
        self._clock = clock
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._minutes: deque[Minute] = deque(maxlen=MINUTES)

    def note(
        self, caller: str, name: str, arguments: object, outcome: str, code: str, seconds: float
    ) -> None:
        """Keep a call. What is kept of it is short, whatever its caller sent."""
        now = self._clock()
        operation, target = _about(name, arguments)
        ms = seconds * 1000
        self._calls.append(
            Call(
                now, caller[:_LONGEST], operation[:_LONGEST], target[:_LONGEST], outcome, code[:_LONGEST], ms
            )
        )
        self.count += 1
        minute = int(now // 60)
        if not self._minutes or self._minutes[-1].minute != minute:
            self._minutes.append(Minute(minute))
        last = self._minutes[-1]
        last.calls += 1
        last.failed += outcome in ("error", "refused")
        last.ms += ms
        if ms > last.slowest:
            last.slowest = ms

    def newest_first(self) -> Iterator[Call]:
        """Give the calls that are kept."""
        return iter(tuple(reversed(self._calls)))

    def errors(self) -> Counter[str]:
        """Count the calls that are kept by the codes of their errors."""
        return Counter(call.code for call in tuple(self._calls) if call.code)

    def last_hour(self) -> list[Minute]:
        """Return the last minutes, the oldest first, quiet ones among them."""
        now = int(self._clock() // 60)
        known = {minute.minute: minute for minute in tuple(self._minutes)}
        return [known.get(at) or Minute(at) for at in range(now - MINUTES + 1, now + 1)]


def _about(name: str, arguments: object) -> tuple[str, str]:
    """Tell which operation a call ran, and on what."""
    given: Mapping[str, Any] = arguments if isinstance(arguments, dict) else {}
    if name in operations():
        return name, _target(name, given)
    inner = given.get("operation")
    if not isinstance(inner, str) or inner not in operations() or declared(name) is None:
        return name, ""
    if name not in _PASSES_ON:
        return name, inner
    within = given.get("arguments")
    return inner, _target(inner, within if isinstance(within, dict) else {})


def _target(operation: str, given: Mapping[str, Any]) -> str:
    """Return the ids in a call's path, or else the first id beside it."""
    found, beside = [], ""
    for argument in operations()[operation].spec.arguments:
        value = given.get(argument.name)
        if not isinstance(value, str):
            continue
        if argument.place is Place.PATH:
            found.append(value[:_LONGEST])
        elif not beside and argument.name.endswith("_id"):
            beside = value
    return " ".join(found) or beside
