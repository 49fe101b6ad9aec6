"""How much one call may hold, looked at before anything else is done with it.

The bounds are far above what any operation of Clerk's takes, and far below what would cost the server seconds
or hundreds of megabytes to validate and to complain about.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

MOST_NAMES: Final = 100
"""Arguments in one call."""
MOST_ENTRIES: Final = 1_000
"""Entries of one list."""
MOST_VALUES: Final = 10_000
"""Values in all arguments together, at any depth."""
DEEPEST: Final = 100
"""Lists and objects inside of each other."""
MOST_CHARACTERS: Final = 1_000_000
"""Of one text that is no image."""
LONGEST_NAME: Final = 200
"""Characters of a tool's or an argument's name for which a similar one is looked for."""


HALF: Final = "holds half a character, such as an emoji that was cut in two: send whole characters"


def is_whole(text: str) -> bool:
    """Tell whether a text has no half of a surrogate pair, which no request can carry."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def excess(given: Mapping[str, Any], files: Collection[str] = ()) -> tuple[str, str] | None:
    """Find what is larger than any call needs: the argument, and what is wrong in words; None if nothing is.

    Args:
        given: the arguments; never read any further than the bounds go.
        files: names of those that hold images, whose size has a bound of its own.
    """
    if len(given) > MOST_NAMES:
        return "", f"{len(given)} arguments are more than any operation takes"
    left = MOST_VALUES
    for name, value in given.items():
        if isinstance(value, str):
            if len(value) > MOST_CHARACTERS and name not in files:
                return name, f"is {len(value)} characters long; at most {MOST_CHARACTERS} are taken"
            if not is_whole(value):
                return name, HALF
        elif isinstance(value, list | dict):
            left, wrong = _count(value, left)
            if wrong:
                return name, wrong
    return None


def _count(value: list[Any] | dict[str, Any], left: int) -> tuple[int, str]:
    """Count what a list or an object holds, level by level, until more than `left` is found."""
    level: list[list[Any] | dict[str, Any]] = [value]
    for _ in range(DEEPEST):
        for outer in level:
            if isinstance(outer, list) and len(outer) > MOST_ENTRIES:
                return left, f"holds a list of {len(outer)} entries; at most {MOST_ENTRIES} are taken"
        left -= sum(map(len, level))
        if left < 0:
            return left, f"holds too much: all arguments together may hold {MOST_VALUES} values"
        entries = [e for outer in level for e in (outer if isinstance(outer, list) else outer.values())]
        if any(isinstance(entry, str) and len(entry) > MOST_CHARACTERS for entry in entries):
            return left, f"holds a text of more than {MOST_CHARACTERS} characters"
        if not all(is_whole(entry) for entry in entries if isinstance(entry, str)):
            return left, HALF
        level = [entry for entry in entries if isinstance(entry, list | dict)]
        if not level:
            return left, ""
    return left, f"is nested deeper than {DEEPEST} levels"
