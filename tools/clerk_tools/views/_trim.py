"""What the views share: which values of Clerk's are kept, and in what form.

The rules for every field, by the type that Clerk's API gives it:

- plain (text, number, boolean): kept as it is; null, "" and numbers that JSON cannot write are dropped.
  Another plain type than the expected one is kept too: `123` as a name is still what Clerk said.
- flag: kept only when true.
- object: kept whole when it is an object with something in it.
- list: its plain entries, when there are any.
- time: see `iso`.

A value of any other type is dropped, so a view holds nothing that Clerk did not say.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import lru_cache
from math import isfinite
from typing import Any

JsonObject = dict[str, Any]

_EPOCH = date(1970, 1, 1)
_YEAR_10000 = 253_402_300_800_000


def is_plain(value: object) -> bool:
    """Tell whether a value is text, a boolean or a JSON number, and not empty."""
    if isinstance(value, float):
        return isfinite(value)
    return isinstance(value, (str, int)) and value != ""


def iso(value: object) -> object:
    """Return a time of Clerk's (Unix milliseconds) as ISO 8601 in UTC, to the second; None for what is no
    time.

    Zero is Clerk's "never" as much as null is. Text comes back as it is: a time already written out.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # Written so that NaN fails it too.
        if not 0 < value < _YEAR_10000:
            return None
        day, second = divmod(int(value) // 1000, 86_400)
        # An f-string with three paddings takes half as long again.
        return "%sT%02d:%02d:%02dZ" % (_date(day), second // 3600, second // 60 % 60, second % 60)  # noqa: UP031
    return value if isinstance(value, str) and value else None


# Kept, since the times in one answer are of few days: writing dates took a third of the time of a page.
@lru_cache(maxsize=1024)
def _date(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()


def trim(
    raw: JsonObject,
    plain: Iterable[str],
    *,
    flags: Iterable[str] = (),
    objects: Iterable[str] = (),
    lists: Iterable[str] = (),
    times: Iterable[str] = (),
) -> JsonObject:
    """Return the named fields of one object of Clerk's, by the rules at the top of this module, in this
    order."""
    view: JsonObject = {}
    keep(view, raw, plain)
    for name in flags:
        if raw.get(name) is True:
            view[name] = True
    for name in objects:
        if isinstance(value := raw.get(name), dict) and value:
            view[name] = value
    for name in lists:
        value = raw.get(name)
        if isinstance(value, list) and (entries := [entry for entry in value if is_plain(entry)]):
            view[name] = entries
    for name in times:
        if (time := iso(raw.get(name))) is not None:
            view[name] = time
    return view


def keep(view: JsonObject, raw: JsonObject, plain: Iterable[str]) -> None:
    """Add the named plain fields to a view, as `trim` does: a page of users has thousands of such fields."""
    for name in plain:
        value = raw.get(name)
        # Text and null first: nearly all are.
        if value is not None and ((type(value) is str and value) or is_plain(value)):
            view[name] = value


def objects_in(raw: JsonObject, name: str) -> list[JsonObject]:
    """Return the objects in a list of objects; empty when the field is missing or something else."""
    value = raw.get(name)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def views_in(raw: JsonObject, name: str, view: Callable[[JsonObject], JsonObject]) -> JsonObject:
    """`{name: [view of each object in the list]}` to update a view with, or {} when nothing is left."""
    views = [seen for entry in objects_in(raw, name) if (seen := view(entry))]
    return {name: views} if views else {}


def verification(raw: JsonObject) -> JsonObject:
    """Tell whether an object with a `verification` is verified, and what went wrong with it if anything did.

    Returns:
        `{"verified": …}`, with `verification_status` where it ended otherwise than verified (expired, failed)
        and `verification_error` where Clerk names one; {} when Clerk does not say. Clerk's null verification
        is one that was never begun.
    """
    value = raw.get("verification", "")
    if value is None:
        return {"verified": False}
    if not isinstance(value, dict) or not isinstance(status := value.get("status"), str):
        return {}
    view: JsonObject = {"verified": status == "verified"}
    if status not in ("verified", "unverified", ""):
        view["verification_status"] = status
    if isinstance(error := value.get("error"), dict):
        words = (error.get("long_message"), error.get("message"), error.get("code"))
        if text := next((word for word in words if isinstance(word, str) and word), None):
            view["verification_error"] = text
    return view


def full_name(raw: JsonObject) -> JsonObject:
    """`{"name": "First Last"}` of whichever parts there are, or {}."""
    first, last = raw.get("first_name"), raw.get("last_name")
    if first and last and isinstance(first, str) and isinstance(last, str):
        return {"name": f"{first} {last}"}
    parts = [part for part in (first, last) if isinstance(part, str) and part]
    return {"name": parts[0]} if parts else {}
