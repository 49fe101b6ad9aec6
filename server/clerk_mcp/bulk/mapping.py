"""From records to arguments: which field of a record becomes which argument of a call.

    {"user_id": "id", "public_metadata.company": "organization.name"}

The left side is an argument, with dots into an object; the right side a field, as `where` names it. What a
record does not have is left out of its call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clerk_mcp.bulk.conditions import values
from clerk_tools.argument import Argument, JsonObject, Place
from clerk_tools.catalog import nearest
from clerk_tools.operation import Spec
from clerk_tools.parsing import InvalidArguments, Problem


def mapping_for(
    spec: Spec, given: Mapping[str, Any], same: JsonObject, kind: str, known: Iterable[str]
) -> dict[str, str]:
    """Return the mapping that was given, with the ids that follow from the kind of record.

    Args:
        given: the mapping; of an argument to a field.
        same: arguments that are the same for all.
        kind: the kind of record; empty for the rows of a file.
        known: fields that such records have.

    Raises:
        InvalidArguments: it names an argument that the operation does not have, or no field.
    """
    arguments = {a.name: a for a in spec.arguments}
    for target, source in given.items():
        name = target.split(".")[0]
        if name not in arguments:
            meant = nearest(name, arguments)
            advice = f"; did you mean {meant}?" if meant else f"; it takes {', '.join(arguments)}"
            raise InvalidArguments([Problem("map", f"`map`: {spec.id} has no argument {name[:60]}{advice}")])
        if "." in target and (arguments[name].type != "object" or "" in target.split(".")):
            wrong = f"`map`: {target[:60]} is no way into an object, such as public_metadata.plan"
            raise InvalidArguments([Problem("map", wrong)])
        if not isinstance(source, str) or not source.strip():
            raise InvalidArguments([Problem("map", f"`map`: {target[:60]} must name a field, as text")])
    mapping = {target: source.strip() for target, source in given.items()}
    fields = set(known)
    for argument in arguments.values():
        wanting = argument.required and argument.name not in mapping and argument.name not in same
        if wanting and (source := _field_for(argument, kind, fields)):
            mapping[argument.name] = source
    return mapping


def _field_for(argument: Argument, kind: str, fields: set[str]) -> str | None:
    if argument.place is not Place.PATH and not argument.name.endswith("_id"):
        return argument.name if argument.name in fields else None
    of = argument.name.removesuffix("_id")
    if of and kind.endswith(of) and "id" in fields:
        return "id"
    for candidate in (argument.name, f"{of}.id", f"public_user_data.{argument.name}"):
        if candidate in fields:
            return candidate
    return None


def mapped(mapping: Mapping[str, str], forms: Iterable[object], spec: Spec) -> JsonObject:
    """Return the arguments that a record gives."""
    lists = {a.name for a in spec.arguments if a.type == "array"}
    out: JsonObject = {}
    forms = list(forms)
    for target, source in mapping.items():
        found = _whole(forms, source)
        if found is None or found == "":
            continue
        if isinstance(found, list) and target not in lists:
            found = found[0] if found else None
        if found is not None:
            put(out, target.split("."), found)
    return out


def _whole(forms: list[object], source: str) -> Any:
    """Return what stands at a field: one value as it is, several as a list."""
    way = tuple(source.split("."))
    for form in forms:
        # Columns of a file may have dots in their names.
        if isinstance(form, dict) and source in form:
            return form[source]
    found = values(forms, way)
    return found[0] if len(found) == 1 else found or None


def put(into: JsonObject, way: list[str], value: Any) -> None:
    """Set a value at a path, making the objects on the way."""
    for name in way[:-1]:
        below = into.get(name)
        if not isinstance(below, dict):
            below = into[name] = {}
        into = below
    into[way[-1]] = value


def merged(same: JsonObject, own: JsonObject) -> JsonObject:
    """Return the arguments that are the same for all, with an item's own in them."""
    out = dict(same)
    for name, value in own.items():
        before = out.get(name)
        out[name] = merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return out
