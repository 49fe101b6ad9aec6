"""Reading the audit trail: `clerk-mcp audit FILE`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, Required, TypedDict, cast, get_args

from clerk_mcp.auditing.log import TAKEN, NotMade

UNFINISHED: Final = "unfinished"
"""The outcome of a call whose `after` line is missing: it was about to be made, and nobody knows more."""

OUTCOMES: Final = ("ok", "error", "not_run", "unknown", UNFINISHED, *get_args(NotMade), TAKEN)
"""What `--outcome` takes."""

_AGE: Final = re.compile(r"(\d+)([smhdw])\Z")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

_ALWAYS: Final = ("entry", "time", "operation")
"""What every line holds."""


class NoSuchEntry(LookupError):
    """The trail has no call with this entry, or more than one; the message is what it has."""


class RecordedCall(TypedDict, total=False):
    """One call of a trail, both lines of it in one."""

    entry: Required[str]
    time: Required[str]
    """When it began."""
    operation: Required[str]
    outcome: Required[str]
    """One of `OUTCOMES`."""
    stage: str
    instance: str
    """The name of the instance that it was made on, or its kind where it has none."""
    session: str
    caller: str
    effect: str
    confirmation: str
    target: dict[str, Any]
    arguments: dict[str, Any]
    was: dict[str, Any]
    """What an update changed, as it was."""
    run: str
    """The id of the run that it belongs to."""
    made: str
    """The id of what the call created."""
    status: int
    error: str
    trace_id: str
    ms: int


_TYPES: Final[dict[type, tuple[str, ...]]] = {
    str: (
        "outcome",
        "stage",
        "instance",
        "session",
        "caller",
        "effect",
        "confirmation",
        "run",
        "made",
        "error",
        "trace_id",
    ),
    dict: ("target", "arguments", "was"),
    int: ("status", "ms"),
}
"""What a line may hold beside what every line holds; of another type it is left out."""


@dataclass(frozen=True, slots=True)
class Trail:
    """A file's calls in the order in which they began, and the numbers of the lines that cannot be read."""

    calls: list[RecordedCall]
    broken: list[int]

    def call(self, entry: str) -> RecordedCall:
        """Find one call by its entry, or by the first letters of it.

        Raises:
            NoSuchEntry: there is none, or there are several.
        """
        found = [call for call in self.calls if entry and call["entry"].startswith(entry)]
        exact = [call for call in found if call["entry"] == entry]
        if len(exact or found) != 1:
            several = ", ".join(call["entry"] for call in found[:5])
            raise NoSuchEntry(f"several entries {entry}…: {several}" if found else f"no entry {entry}")
        return (exact or found)[0]


def load(path: Path) -> Trail:
    """Read a trail. A line that was cut off, by a killed process for instance, is passed over.

    Raises:
        OSError: the file cannot be read.
    """
    calls: dict[str, RecordedCall] = {}
    broken: list[int] = []
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if line.isspace():
                continue
            found = record(line)
            if found is None:
                broken.append(number)
                continue
            known = calls.get(found["entry"])
            # The time of a call is when it began.
            calls[found["entry"]] = {**known, **found, "time": known["time"]} if known else found
    return Trail(list(calls.values()), broken)


def record(line: str) -> RecordedCall | None:
    """Read one line; None where it is no whole record."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in _ALWAYS):
        return None
    try:
        moment(found["time"])
    except ValueError:
        return None
    for kind, names in _TYPES.items():
        for name in names:
            if name in found and not isinstance(found[name], kind):
                del found[name]
    # A line without an outcome is one from before the call; the line after it brings one.
    return cast(RecordedCall, {"outcome": UNFINISHED, **found})


def moment(text: str, now: datetime | None = None) -> datetime:
    """Return a point in time: ISO 8601 (`2026-07-28T09:30`, in UTC unless it says otherwise) or an age
    (`2h`, `7d`).

    Raises:
        ValueError: it is neither.
    """
    age = _AGE.match(text)
    if age:
        return (now or datetime.now(UTC)) - timedelta(**{_UNITS[age[2]]: int(age[1])})
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is neither a time like 2026-07-28T09:30 nor an age like 2h") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which calls of a trail somebody wants; None lets every call through."""

    since: datetime | None = None
    until: datetime | None = None
    """When the call began, both inclusive."""
    operation: str | None = None
    """An operation's id, or a pattern with `*`."""
    target: str | None = None
    """An id that the call was about, or that it made."""
    outcome: str | None = None
    """One of `OUTCOMES`."""
    run: str | None = None
    """The id of the run that the call belongs to."""
    instance: str | None = None
    """The name of the instance, or its kind where it has none."""

    def fits(self, call: RecordedCall) -> bool:
        began = moment(call["time"])
        return (
            (self.since is None or began >= self.since)
            and (self.until is None or began <= self.until)
            and (self.operation is None or fnmatchcase(call["operation"], self.operation))
            and (self.target is None or self.target in (*targets(call).values(), call.get("made")))
            and (self.outcome is None or call["outcome"] == self.outcome)
            and (self.run is None or call.get("run") == self.run)
            and (self.instance is None or call.get("instance") == self.instance)
        )


def target_texts(call: RecordedCall) -> dict[str, str]:
    """Return what a call was about, to be read; of a list its entries."""
    return {
        name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in targets(call).items()
    }


def targets(call: RecordedCall) -> dict[str, Any]:
    """Return what a call was about, by the names of the arguments."""
    return call.get("target", {})
