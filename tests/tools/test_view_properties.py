"""What holds of views whatever Clerk answers: they never raise, never invent, and change nothing."""

import importlib
import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clerk_tools.catalog import RESOURCES
from clerk_tools.view import View
from clerk_tools.views import kinds, pick, unknown_fields, view
from tests.tools.clerk_objects import MARCH_4, RAW

# What Clerk lets its customers fill in as they please; a view passes it on whole.


def _views_as_data() -> Iterator[View]:
    for resource in RESOURCES:
        module = importlib.import_module(f"clerk_tools.resources.{resource}")
        for shown in getattr(module, "VIEWS", {}).values():
            yield from (shown, *shown.inside.values())


_FREE_FORM = {"public_metadata", "unsafe_metadata", "claims", "actor", "attribute_mapping"} | {
    name for shown in _views_as_data() for name in shown.objects
}


def _paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield here
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, below in entries:
        yield from _paths(below, (*here, key))


_PATHS = {kind: list(_paths(raw))[1:] for kind, raw in RAW.items()}
_NAMES = sorted(
    {step for paths in _PATHS.values() for path in paths for step in path if isinstance(step, str)}
)

_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, MARCH_4, 10**30, -(10**30), 253_402_300_800_000])
    | st.floats()
    | st.sampled_from(["", "verified", "active", "ada@ferrytide.example"])
    | st.text(max_size=8)
)
_names = st.sampled_from(_NAMES) | st.text(max_size=4)
_anything = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=6),
    max_leaves=12,
)


@st.composite
def _answers(draw: st.DrawFn) -> tuple[str, Any]:
    """A kind, and an object of it with a few values replaced or removed; or something else altogether."""
    kind = draw(st.sampled_from(sorted(kinds())))
    if draw(st.integers(0, 3)) == 0:
        return kind, draw(_anything)
    raw = deepcopy(RAW[kind])
    for path in draw(st.lists(st.sampled_from(_PATHS[kind]), max_size=6)):
        _mangle(draw, raw, path)
    return kind, raw


def _mangle(draw: st.DrawFn, raw: Any, path: tuple[Any, ...]) -> None:
    *way, last = path
    for step in way:
        try:
            raw = raw[step]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(raw, dict) and draw(st.booleans()):
        raw.pop(last, None)
    elif isinstance(raw, dict) or (isinstance(raw, list) and isinstance(last, int) and last < len(raw)):
        raw[last] = draw(_anything)


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is neither object nor list, with the name of the field that it stands in."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _leaves(below, key)
    elif isinstance(value, list):
        for below in value:
            yield from _leaves(below, name)
    else:
        yield name, value


def _said(value: Any) -> tuple[str, str]:
    # 1, 1.0 and True are equal in Python and not the same answer; NaN is not even equal to itself.
    return type(value).__name__, repr(value)


def _as_time(value: Any) -> str | None:
    if type(value) not in (int, float) or not 0 < value < 253_402_300_800_000:
        return None
    return datetime.fromtimestamp(int(value) // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_derived(name: str, leaf: Any, given: list[Any]) -> bool:
    match name, leaf:
        case "verified", True:
            return "verified" in given
        case "verified", False:
            return True
        case "primary", True:
            return len(given) != len({_said(value) for value in given})
        case "second_factors", "totp" | "phone_code" | "backup_code":
            return any(value is True for value in given)
        case "name", str():
            texts = {value for value in given if isinstance(value, str)}
            return any(leaf == f"{first} {last}" for first in texts for last in texts)
        case _:
            return isinstance(leaf, str) and any(leaf == _as_time(value) for value in given)


@settings(max_examples=800, deadline=None)
@given(_answers())
def test_a_view_says_only_what_clerk_said(answer: tuple[str, Any]) -> None:
    kind, raw = answer
    given = [leaf for _, leaf in _leaves(raw)]
    said = {_said(leaf) for leaf in given}
    seen = view(kind, raw)
    for name, leaf in _leaves({} if seen is None else seen):
        assert _said(leaf) in said or _is_derived(name, leaf, given), (name, leaf)


def _shaped_values(value: Any) -> Iterator[Any]:
    """Every value in a view but for what is passed on whole."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield below
            if key not in _FREE_FORM:
                yield from _shaped_values(below)
    elif isinstance(value, list):
        for below in value:
            yield below
            yield from _shaped_values(below)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(kinds())), st.dictionaries(_names, _anything, max_size=12))
def test_a_view_holds_no_empty_values_and_nothing_json_cannot_write(kind: str, raw: dict[str, Any]) -> None:
    for value in _shaped_values(view(kind, raw)):
        assert value not in (None, "", [], {})
        if isinstance(value, float):
            json.dumps(value, allow_nan=False)


@settings(max_examples=300, deadline=None)
@given(_answers())
def test_a_view_changes_nothing_in_what_it_is_made_from(answer: tuple[str, Any]) -> None:
    kind, raw = answer
    before = repr(raw)
    view(kind, raw)
    assert repr(raw) == before


@settings(max_examples=300, deadline=None)
@given(_answers(), st.lists(st.lists(_names, min_size=1, max_size=4).map(".".join), max_size=5))
def test_picking_gives_only_what_is_there(answer: tuple[str, Any], fields: list[str]) -> None:
    _, raw = answer
    said = {_said(leaf) for _, leaf in _leaves(raw)}
    assert {_said(leaf) for _, leaf in _leaves(pick(raw, fields))} <= said
    assert set(unknown_fields(raw, fields)) <= set(fields)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(kinds())), st.data())
def test_every_path_into_an_object_is_known_and_leads_to_its_value(kind: str, data: st.DataObject) -> None:
    inside_objects = [p for p in _PATHS[kind] if all(isinstance(step, str) and "." not in step for step in p)]
    path = data.draw(st.sampled_from(inside_objects))
    expected: Any = RAW[kind]
    picked = pick(RAW[kind], [".".join(path)])
    for step in path:
        expected, picked = expected[step], picked[step]
    assert picked == expected
    assert unknown_fields(RAW[kind], [".".join(path)]) == []


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_an_object_with_nothing_in_it_has_an_empty_view(kind: str) -> None:
    assert view(kind, {}) == {}
    assert view(kind, dict.fromkeys(RAW[kind])) in ({}, {"verified": False})
