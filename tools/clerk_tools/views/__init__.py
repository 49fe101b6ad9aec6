"""What an agent sees of each kind of object that Clerk returns.

A view keeps what an agent acts on, under Clerk's own field names, and drops the rest: empty values, image
URLs, deprecated fields, bookkeeping, private metadata, certificates, backup codes. Few names are ours:
`name` is first and last in one, `verified` and `primary` stand for Clerk's verification objects and
`primary_…_id`, `second_factors` for its switches, and a membership's `user` for `public_user_data`.
Times are ISO 8601 in UTC. `_trim` has the rules for single values, among them what becomes of one whose
type is not the expected one.
"""

import importlib
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from clerk_tools.catalog import RESOURCES
from clerk_tools.view import View
from clerk_tools.views._trim import JsonObject, is_plain, iso, trim, views_in
from clerk_tools.views.pick import Wanted, pick, tree_of, unknown_fields, written_out

__all__ = [
    "Wanted",
    "iso",
    "kinds",
    "pick",
    "tree_of",
    "unknown_fields",
    "view",
    "view_as_data",
    "written_out",
]


@cache
def _with_logic() -> dict[str, Callable[[JsonObject], JsonObject]]:
    """Return the views that are functions, imported when the first answer is shown."""
    from clerk_tools.views.with_logic import WITH_LOGIC

    return WITH_LOGIC


@cache
def _data() -> dict[str, View]:
    """Return the views that stand as data beside operations, read when the first one is wanted."""
    modules = (importlib.import_module(f"clerk_tools.resources.{resource}") for resource in RESOURCES)
    return {kind: view for module in modules for kind, view in getattr(module, "VIEWS", {}).items()}


@cache
def _as_data() -> dict[str, Callable[[JsonObject], JsonObject]]:
    return {kind: partial(_shown, view) for kind, view in _data().items()}


def view_as_data(kind: str) -> View | None:
    """Return the view of a kind of object; None where it is a function."""
    return None if kind in _with_logic() else _data().get(kind)


def _shown(view: View, raw: JsonObject) -> JsonObject:
    seen = trim(raw, view.plain, flags=view.flags, objects=view.objects, lists=view.lists)
    for name, inner in view.inside.items():
        value = raw.get(name)
        if isinstance(value, dict) and (one := _shown(inner, value)):
            seen[name] = one
        else:
            seen |= views_in(raw, name, partial(_shown, inner))
    return seen | trim(raw, (), times=view.times)


def kinds() -> frozenset[str]:
    """Return the kinds of objects that have a view: Clerk's `object` value, or a name of ours.

    Ours, where Clerk has none of use, are `deleted`, `jwks`, `session_token`, `svix_url`, `template_details`,
    `template_preview`, `user_reference` (whose second factors were removed) and `verification` (of a password
    or code).
    """
    return frozenset({**_with_logic(), **_as_data()})


def view(kind: str, obj: object) -> Any:
    """Return what an agent sees of one object, or of each object in a list.

    The view shares metadata and other free-form parts with `obj`, so neither is to be changed in place.
    A list's entries that are not objects are dropped. Text, a number or a boolean in place of an object comes
    back as it is, when there is anything in it; the rest is None.

    Raises:
        KeyError: `kind` is none of `kinds`. Whatever `obj` is, nothing else is raised.
    """
    view_of = _with_logic().get(kind) or _as_data()[kind]
    if isinstance(obj, dict):
        return view_of(obj)
    if isinstance(obj, list):
        return [view_of(entry) for entry in obj if isinstance(entry, dict)]
    return obj if is_plain(obj) else None
