"""Which fields records have: those that are known beforehand, and those that were found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

from clerk_mcp.answering import cut_text
from clerk_tools import views
from clerk_tools.catalog import nearest
from clerk_tools.operation import Spec
from clerk_tools.views.known import KNOWN

_FREE: Final = ("_metadata", "claims", "actor", "meta")
"""Endings of the names below which anything may stand."""
_DEEPEST: Final = 4


def unknown(spec: Spec, records: Sequence[Any], names: Iterable[str]) -> list[str]:
    """Return those of the names that neither Clerk nor a view has for a kind of object.

    None of them where there are no records.
    """
    if not records:
        return []
    # What holds a credential is a field too, though no condition ever sees it.
    left = [name for name in names if name not in spec.secret and not _is_known(spec.returns, name)]
    left = views.unknown_fields(records, left)
    return views.unknown_fields(views.view(spec.returns, records), left) if left else []


def advice(spec: Spec, records: Sequence[Any], name: str) -> str:
    """Return what to say about a field that no record has."""
    shown = cut_text(name, 60)
    shown_names = _names_in(views.view(spec.returns, records))
    known = known_fields(spec.returns) | _names_in(records) | shown_names
    meant = nearest(name[:100], known, 0.7)
    return f"{shown} is no field of these records" + (f"; did you mean {meant}?" if meant else "")


@cache
def known_fields(kind: str) -> frozenset[str]:
    """Return the fields that a kind of object has, in Clerk's answers or in its view; with dots for those
    inside."""
    return frozenset(KNOWN.get(kind, "").split())


def _is_known(kind: str, name: str) -> bool:
    known = known_fields(kind)
    if name in known:
        return True
    way = name.split(".")
    # What stands in metadata is nobody's business but the application's.
    return any(part.endswith(_FREE) and ".".join(way[: at + 1]) in known for at, part in enumerate(way[:-1]))


def names_of(value: Any, before: str = "", depth: int = 0) -> set[str]:
    """Return the fields of an object and of those inside it, with dots; of what is free-form the first name
    only."""
    if isinstance(value, list):
        return {name for entry in value[:50] for name in names_of(entry, before, depth)}
    if not isinstance(value, dict) or depth >= _DEEPEST:
        return set()
    found: set[str] = set()
    for name, inner in value.items():
        path = f"{before}{name}"
        found.add(path)
        if not name.endswith(_FREE):
            found |= names_of(inner, f"{path}.", depth + 1)
    return found


def _names_in(records: Any) -> set[str]:
    return names_of(list(records)[:50]) if isinstance(records, Sequence) else set()
