"""What people write for a time, an address, a number or an id, as Clerk takes it.

Clerk ignores or misreads what is not exactly so, and answers an empty list: blanks around an address, two
addresses in one text, a time in seconds. So it is put right here, or refused with what would do.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from clerk_tools.argument import Argument
from clerk_tools.spec import Spec

Cleaner = Callable[[Any], Any]
"""Takes a value as it was given and gives it as Clerk takes it; raises `Unclear`."""

_TIME: Final = re.compile(r"(_at|created|updated|expire[sd]?)_(after|before|since)\Z")
_IDENTIFIERS: Final = ("email_address", "phone_number", "web3_wallet", "identifier")
_AGO: Final = re.compile(r"([0-9]{1,5}) (hour|day|week)s? ago\Z")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d\Z")
_DIGITS: Final = re.compile(r"\d{1,18}\Z")
_LONGEST: Final = 40
"""Characters of the longest text that is looked at as a time."""

_SECONDS: Final = 10**8
"""The least number that is a time in seconds (1973); as milliseconds it would be January 1970."""
_MILLISECONDS: Final = 10**11
"""The least that is one in milliseconds (1973); as seconds it would be the year 5138."""
_MOST: Final = 10**14
"""Above every time in milliseconds (the year 5138)."""
_DAY_MS: Final = 86_400_000


class Unclear(ValueError):
    """A value that may mean several things, or none; the message says what would do."""


def cleaned(spec: Spec, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the arguments with those put right that have one meaning; the same object where there are none.

    Raises:
        Unclear: see there; its argument's name is the first of `args`.
    """
    cleaners = _cleaners(spec)
    if not cleaners or not given.keys() & cleaners.keys():
        return given
    out = dict(given)
    for name in given.keys() & cleaners.keys():
        if out[name] is None:
            continue
        try:
            out[name] = cleaners[name](out[name])
        except Unclear as unclear:
            raise Unclear(name, f"`{name}` {unclear}") from None
    return out


@cache
def _cleaners(spec: Spec) -> dict[str, Cleaner]:
    found = {argument.name: _cleaner(argument) for argument in spec.arguments}
    return {name: cleaner for name, cleaner in found.items() if cleaner}


def _cleaner(argument: Argument) -> Cleaner | None:
    name, of_list = argument.name, argument.type == "array"
    if argument.type == "integer" and (_TIME.search(name) or "Unix ms" in argument.description):
        to_the_day = name.startswith("last_active_at")
        return lambda value: _milliseconds(value, to_the_day)
    if argument.type == "string" and "RFC 3339" in argument.description:
        return _rfc3339
    if name in _IDENTIFIERS or name.endswith("_id"):
        if of_list:
            return _list_of_external_ids if name == "external_id" else _list
        return _one if argument.type == "string" and name != "external_id" else None
    return None


# ── Times ──


def _milliseconds(value: Any, to_the_day: bool) -> Any:
    if isinstance(value, str):
        text = value.strip()
        found: Any = int(text) if _DIGITS.match(text) else _moment_ms(text)
        if found is None:
            raise Unclear(
                'is no time: give Unix milliseconds, or a text such as "2026-01-31" or "10 days ago"'
            )
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = value
    else:
        return value
    if _SECONDS <= found < _MILLISECONDS:
        found = int(found * 1000)
    elif found != 0 and not _MILLISECONDS <= found < _MOST:
        raise Unclear(
            f"is {found}, which is no time in Unix milliseconds nor in seconds: give milliseconds, or a text"
            ' such as "2026-01-31"'
        )
    return int(found) // _DAY_MS * _DAY_MS if to_the_day else int(found)


def ago_ms(text: str) -> int | None:
    """Return what an age such as `90 days ago` names (hours, days, weeks), in Unix milliseconds; None where
    the text is none."""
    ago = _AGO.match(text)
    return (
        int((time.time() - timedelta(**{f"{ago[2]}s": int(ago[1])}).total_seconds()) * 1000) if ago else None
    )


def _moment_ms(text: str) -> int | None:
    if (ago := ago_ms(text)) is not None:
        return ago
    moment = _moment(text)
    return int(moment.timestamp() * 1000) if moment else None


def _moment(text: str) -> datetime | None:
    if len(text) > _LONGEST or not text[:4].isdigit():
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _rfc3339(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = _milliseconds(value, False) / 1000
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, str) and _DATE.match(value.strip()):
        return f"{value.strip()}T00:00:00Z"
    return value.strip() if isinstance(value, str) else value


# ── Addresses, numbers and ids ──


def _one(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if "," in text:
        raise Unclear(
            "takes one, and a comma stands between several: call once for each, or run_each for all"
        )
    return text


def _list(value: Any) -> Any:
    if isinstance(value, str) and not value.lstrip().startswith("["):
        value = [value]
    if not isinstance(value, list):
        return value
    out: list[Any] = []
    for entry in value:
        if not isinstance(entry, str):
            out.append(entry)
            continue
        parts = [part.strip() for part in entry.split(",")]
        out += [part for part in parts if part]
    if value and not out:
        # A filter of nothing would be no filter: all there are.
        raise Unclear("is empty: leave it out, or give at least one")
    return out


def _list_of_external_ids(value: Any) -> Any:
    # What another system calls its records may hold commas.
    if isinstance(value, list):
        return [entry.strip() if isinstance(entry, str) else entry for entry in value]
    return value.strip() if isinstance(value, str) else value
