"""The `fields` argument: chosen fields of Clerk's own objects, in place of a view."""

from collections.abc import Iterable
from typing import Any, Final

from clerk_tools.views._trim import JsonObject, iso

EVERYTHING: Final = "*"

# What is wanted below each name; None where the whole value is.
Wanted = dict[str, "Wanted | None"]

_OWN: Final = ("_metadata", "claims", "actor", "meta")
"""Endings of the names below which an application keeps what it wants."""
_EARLIEST: Final = 10**11
"""The least number that is a time in milliseconds (1973)."""

# Clerk's JSON is far shallower, but what a caller writes need not be: the rest of a longer path is one name.
_MOST_NAMES = 16


def pick(obj: object, fields: list[str]) -> Any:
    """Return only the named fields of a raw object, or of each object in a list; `obj` itself is not changed.

    A dot goes into an object, and into every object of a list: `public_metadata.plan`,
    `email_addresses.verification.status`. Records keep their `id`, asked for or not; what is inside them
    does not. `["*"]` gives the object as it came. A name that is not there gives nothing; `unknown_fields`
    tells which those are. Anything but objects and lists has no fields and comes back as it is.
    """
    if EVERYTHING in fields:
        return obj
    wanted = {"id": None} | tree_of(fields)
    if isinstance(obj, list):
        return _pick_each(obj, wanted)
    return _pick(wanted, obj) if isinstance(obj, dict) else obj


def written_out(value: Any) -> Any:
    """Return raw fields with Clerk's times as views write them; what is in metadata stays as it is."""
    if isinstance(value, list):
        return [written_out(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    return {name: _written(name, inner) for name, inner in value.items()}


def _written(name: str, value: Any) -> Any:
    if isinstance(value, dict | list):
        return value if name.endswith(_OWN) else written_out(value)
    is_time = type(value) is int and value >= _EARLIEST and name.endswith("_at")
    return iso(value) if is_time else value


def unknown_fields(obj: object, fields: list[str]) -> list[str]:
    """Return those of the fields that no record has, in the order given.

    An empty list does not tell what its records would have, so nothing is unknown to it.
    """
    return [field for field in fields if field != EVERYTHING and not _has(obj, _names(field))]


def _names(field: str) -> list[str]:
    return field.split(".", _MOST_NAMES - 1)


def tree_of(fields: Iterable[str]) -> Wanted:
    """Return what is wanted below each name, of names with dots."""
    tree: Wanted = {}
    # Shortest first, so that a value wanted whole is not narrowed to a part of it.
    for *way, last in sorted(map(_names, fields), key=len):
        level = tree
        for name in way:
            below = level.setdefault(name, {})
            if below is None:
                break
            level = below
        else:
            level.setdefault(last, None)
    return tree


def _pick(wanted: Wanted, raw: JsonObject) -> JsonObject:
    picked: JsonObject = {}
    for name, below in wanted.items():
        if name not in raw:
            continue
        value = raw[name]
        if below is None:
            picked[name] = value
        elif isinstance(value, list):
            picked[name] = _pick_each(value, below)
        elif isinstance(value, dict) and (found := _pick(below, value)):
            picked[name] = found
    return picked


def _pick_each(entries: list[Any], wanted: Wanted) -> list[JsonObject]:
    return [_pick(wanted, entry) for entry in entries if isinstance(entry, dict)]


def _has(value: object, names: list[str]) -> bool:
    if not names:
        return True
    if isinstance(value, list):
        return not value or any(_has(entry, names) for entry in value)
    return isinstance(value, dict) and names[0] in value and _has(value[names[0]], names[1:])
