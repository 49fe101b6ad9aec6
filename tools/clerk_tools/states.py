"""The object that an update changes, as it is before: which read shows it, and what of it is what."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from clerk_tools.argument import Argument, Place
from clerk_tools.catalog import operations
from clerk_tools.operation import Operation

JsonObject = dict[str, Any]


def reading_of(operation: Operation) -> Operation | None:
    """Return the read that shows what an update changes; None where Clerk has none, or it is no update."""
    shown = operation.state()
    if shown is not None:
        return shown
    spec = operation.spec
    if spec.method not in ("PATCH", "PUT") or spec.media_type != "application/json":
        return None
    path = spec.path.removesuffix("/metadata")
    for reader in operations().values():
        # What replaces a whole list changes no one object that a read could show.
        if reader.spec.method == "GET" and reader.spec.path == path and not reader.spec.is_list:
            arguments = {a.name: getattr(operation, a.name) for a in reader.spec.arguments if a.required}
            try:
                return reader.model_validate(arguments)
            except ValidationError:
                return None
    return None


def listing_of(reading: type[Operation]) -> tuple[type[Operation], str] | None:
    """Return the operation that lists what a read shows, and its argument that takes a list of their ids.

    None where Clerk has none.
    """
    needed = [a.name for a in reading.spec.arguments if a.required]
    for lister in operations().values():
        spec = lister.spec
        if not spec.is_list or spec.method != "GET" or spec.returns != reading.spec.returns:
            continue
        takes = {a.name: a for a in spec.arguments}
        if any(a.required for a in spec.arguments) or len(needed) != 1 or needed[0] not in takes:
            continue
        if takes[needed[0]].type == "array":
            return lister, needed[0]
    return None


def record_of(operation: Operation, answer: Any) -> JsonObject | None:
    """Return the object that is updated: the answer itself, or the entry of a listing that is about it."""
    if not isinstance(answer, dict):
        return None
    entries = answer.get("data")
    if not isinstance(entries, list):
        return answer
    # A membership is listed by its user, so it is the organization that tells it from the others.
    wanted = [getattr(operation, a.name) for a in operation.spec.arguments if a.place is Place.PATH]
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        organization = entry.get("organization")
        id = organization.get("id") if isinstance(organization, dict) else entry.get("id")
        if id is not None and id in wanted:
            return entry
    return None


def value_of(record: JsonObject, argument: Argument) -> Any:
    """Return what an argument of an update is before it.

    Raises:
        KeyError: the object does not show it.
    """
    if argument.name == "verified":
        verification = record["verification"]
        return isinstance(verification, dict) and verification.get("status") == "verified"
    return record[argument.shown_as or argument.name]
