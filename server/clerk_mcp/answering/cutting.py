"""Making JSON values fit into a number of bytes, so that what is left still parses and makes sense."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pydantic_core import to_json

JsonObject = dict[str, Any]

_SMALLEST_PART: Final = 100
"""Bytes below which showing a part of a value is not worth it."""
_LONGEST_NAME: Final = 60


def dumps(value: object) -> str:
    """Return a value as compact JSON."""
    return to_json(value).decode()


def size(value: object) -> int:
    """Bytes of a value as compact JSON."""
    return len(to_json(value))


def cut_text(text: str, room: int) -> str:
    """Return as much of the beginning of a text as takes at most `room` bytes as JSON, quotes included."""
    if size(text) <= room:
        return text
    # Bisected, since a character takes one to six bytes.
    low, high = 0, min(len(text), room)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) <= room else (low, middle - 1)
    return text[:low]


def how_many_fit(entries: Sequence[object], room: int) -> int:
    """Tell how many whole entries, from the first, fit into `room` bytes of a JSON array's inside."""
    for count, entry in enumerate(entries):
        room -= size(entry) + 1
        if room < 0:
            return count
    return len(entries)


def cut_object(value: JsonObject, room: int) -> tuple[JsonObject, list[str]]:
    """Return an object without its largest fields, and what was cut, in words.

    A field that would not even fit alone is kept in part: the first entries of a list, the beginning of a
    text, the smaller fields of an object.

    Args:
        room: bytes for the object as compact JSON.
    """
    cuts: list[str] = []
    return _cut_object(value, room, "", cuts), cuts


def _cut(value: Any, room: int, path: str, cuts: list[str]) -> Any:
    if size(value) <= room:
        return value
    if isinstance(value, dict):
        return _cut_object(value, room, f"{path}.", cuts)
    if isinstance(value, list):
        return _cut_list(value, room, path, cuts)
    text = cut_text(str(value), room)
    cuts.append(f"{path} ({len(text)} of {len(str(value))} characters)")
    return text


def _cut_list(entries: list[Any], room: int, path: str, cuts: list[str]) -> list[Any]:
    count = how_many_fit(entries, room - 2)
    if count or room < _SMALLEST_PART:
        cuts.append(f"{path} ({count} of {len(entries)} entries)")
        return entries[:count]
    first = _cut(entries[0], room - 2, f"{path}[0]", cuts)
    if len(entries) > 1:
        cuts.append(f"{path} (1 of {len(entries)} entries)")
    return [first]


def _cut_object(value: JsonObject, room: int, prefix: str, cuts: list[str]) -> JsonObject:
    sizes = {name: size({name: inner}) for name, inner in value.items()}
    left = room - 2
    kept: JsonObject = {}
    for name in sorted(sizes, key=sizes.__getitem__):
        path = prefix + name[:_LONGEST_NAME]
        for_the_value = left - size(name) - 2
        if sizes[name] <= left:
            kept[name] = value[name]
            left -= sizes[name]
        elif sizes[name] > room and for_the_value >= _SMALLEST_PART:
            kept[name] = _cut(value[name], for_the_value, path, cuts)
            left -= size({name: kept[name]})
        else:
            cuts.append(f"{path} ({sizes[name]} bytes)")
    return {name: kept[name] for name in value if name in kept}
