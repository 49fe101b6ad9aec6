"""From an answer's bytes to its value: all of it, or of each record in a list a few fields alone.

One processor parses 150 to 350 MB/s into Python's objects, and making these takes most of that. Of fields
that nobody looks at no objects are made: 450 MB/s and more.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import Any, Final

from pydantic_core import CoreSchema, SchemaValidator, core_schema, from_json

from clerk_tools import views

LARGE_BYTES: Final = 2**16
"""Of a body that has so many objects in it that garbage would be collected again and again meanwhile."""


def parse_json(body: bytes, only: frozenset[str] | None = None) -> Any:
    """Return the value of a body.

    Args:
        only: see `Request`. Lists in which no record has one of these fields come whole: a view may have it,
            which is made of all of a record.

    Raises:
        ValueError: it is no JSON.
    """
    with without_collecting() if len(body) >= LARGE_BYTES else nullcontext():
        if only is not None and (found := _narrowed(body, only)) is not None:
            return found
        return _whole(body)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Look for no garbage in the body, which makes many objects that are none.

    Looking for it among the objects of a page of records takes two fifths of the time that making them takes.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _whole(body: bytes) -> Any:
    # Names come again and again, values seldom: looking those up costs a quarter of the parsing.
    return from_json(body, allow_inf_nan=False, cache_strings="keys")


def _narrowed(body: bytes, only: frozenset[str]) -> Any:
    """Return a list, bare or in an envelope, whose records have these fields alone; None where it must be
    read whole."""
    wanted, readers = _reading(only)
    reader = readers.get(body[:1])
    if reader is None:
        return None
    try:
        found = reader.validate_json(body)
    except ValueError:
        return None
    records = found.get("data") if isinstance(found, dict) else found
    return found if records and _have(records, wanted) else None


def _have(records: list[Any], wanted: views.Wanted) -> bool:
    """Tell whether each of the fields is found in some record; anything may be missing from metadata."""
    for name, below in wanted.items():
        has = [record for record in records[:1] if name in record] or [r for r in records if name in r]
        if not has:
            return False
        if below and not name.endswith("_metadata") and not _have(_inside(has, name), below):
            return False
    return True


def _inside(records: list[Any], name: str) -> list[Any]:
    found: list[Any] = []
    for record in records:
        value = record[name]
        found += value if isinstance(value, list) else [value]
    return [entry for entry in found if isinstance(entry, dict)]


@lru_cache(maxsize=64)
def _reading(only: frozenset[str]) -> tuple[views.Wanted, dict[bytes, SchemaValidator]]:
    """Return the fields as a tree, and what reads a list with these alone, by the first byte of its body."""
    wanted = views.tree_of(only)
    records = core_schema.list_schema(_record(wanted))
    envelope = core_schema.typed_dict_schema(
        {"data": core_schema.typed_dict_field(records)}, extra_behavior="allow"
    )
    return wanted, {b"[": SchemaValidator(records), b"{": SchemaValidator(envelope)}


def _record(wanted: views.Wanted) -> CoreSchema:
    """Describe an object of which only some fields are read, and the id that each record is known by."""
    fields = {
        name: core_schema.typed_dict_field(_value(below), required=False)
        for name, below in ({"id": None} | wanted).items()
    }
    return core_schema.typed_dict_schema(fields, extra_behavior="ignore")


def _value(wanted: views.Wanted | None) -> CoreSchema:
    """Describe a value: an object or a list of these, of which a part is read, or anything as it is."""
    anything = core_schema.any_schema()
    if not wanted:
        return anything
    inner = _record(wanted)
    return core_schema.union_schema([core_schema.list_schema(inner), inner, anything], mode="left_to_right")
