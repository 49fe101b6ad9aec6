"""Times in records and in conditions: Unix milliseconds, ISO 8601 text, and ages such as `90 days ago`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from clerk_tools.cleaning import ago_ms

PARTS: Final = {"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}
"""The parts of a time that records are counted by, and how each is written; a week is ISO 8601's."""

MOST_FILLED: Final = 400
"""Periods without records that are shown as zero; beyond, only those with records are."""

_BEGINS_AS_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_LONGEST: Final = 40
"""Characters of the longest text that is looked at as a time."""


def milliseconds(value: Any) -> int | None:
    """Return a record's time in Unix milliseconds; None where the value is no time."""
    if isinstance(value, str):
        return milliseconds_of_text(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def milliseconds_of_text(text: str) -> int | None:
    """Return the time that a text names, in Unix milliseconds; None where it names none."""
    if len(text) > _LONGEST:
        return None
    if (ago := ago_ms(text)) is not None:
        return ago
    # Plain numbers, such as 20260101, would count as dates too.
    if not _BEGINS_AS_DATE.match(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (OverflowError, ValueError):
        return None


def moment(milliseconds: int) -> datetime:
    """Return the time in UTC; a number outside of the calendar is the calendar's nearest end."""
    low, high = -62_135_596_800_000, 253_402_300_799_000
    return datetime.fromtimestamp(min(max(milliseconds, low), high) / 1000, UTC)


def part_of(milliseconds: int, part: str) -> str:
    """Return the hour, day, week, month or year of a time, as text that sorts by time."""
    return _label(milliseconds // (_HOUR_MS if part == "hour" else _DAY_MS), part)


@lru_cache(maxsize=4096)
def _label(number: int, part: str) -> str:
    """Write a part of the time that is so many hours or days after 1970: records share few of them."""
    return moment(number * (_HOUR_MS if part == "hour" else _DAY_MS)).strftime(PARTS[part])


def is_beginning(milliseconds: int, part: str) -> bool:
    """Tell whether a time is the very beginning of its hour, day, week, month or year."""
    return milliseconds % 1000 == 0 and _beginning(part_of(milliseconds, part), part) == moment(milliseconds)


def periods(first: str, last: str, part: str) -> Iterator[str]:
    """Return every hour, day, week, month or year from the first to the last; as `part_of` writes them."""
    at, end = _beginning(first, part), _beginning(last, part)
    if at is None or end is None:
        return
    while at <= end:
        yield at.strftime(PARTS[part])
        try:
            at = _after(at, part)
        except (OverflowError, ValueError):
            return


def _beginning(label: str, part: str) -> datetime | None:
    try:
        match part:
            case "hour":
                found = datetime.fromisoformat(f"{label}:00")
            case "week":
                year, _, week = label.partition("-W")
                day = date.fromisocalendar(int(year), int(week), 1)
                found = datetime(day.year, day.month, day.day)
            case "month":
                found = datetime.fromisoformat(f"{label}-01")
            case "year":
                found = datetime(int(label), 1, 1)
            case _:
                found = datetime.fromisoformat(label)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC)


def _after(at: datetime, part: str) -> datetime:
    match part:
        case "year":
            return at.replace(year=at.year + 1)
        case "month":
            return at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1)
        case _:
            return at + timedelta(**{f"{part}s": 1})
