"""Lists below a parent, such as the members of an organization, and where the parents are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clerk_tools.argument import JsonObject
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Spec


@dataclass(frozen=True, slots=True)
class Parent:
    """What a list operation wants the id of, and the operation that lists these."""

    argument: str
    listing: Spec

    @property
    def kind(self) -> str:
        """The kind of object that it is."""
        return self.listing.returns

    def tell(self, shown: Any, id: str) -> Any:
        """Return a shown record with its parent's id, where it does not tell that already."""
        if not isinstance(shown, dict):
            return shown
        own = shown.get(self.kind)
        told = shown.get(self.argument) == id or (isinstance(own, dict) and own.get("id") == id)
        return shown if told else {self.argument: id, **shown}


def parent_of(spec: Spec, given: Mapping[str, Any], *, asked_for: bool) -> Parent | None:
    """Return the parents that a list operation is to be read for, since its caller named none.

    Args:
        asked_for: whether the caller wants it read for several also where Clerk does not require one.
    """
    open_ids = [
        a
        for a in spec.arguments
        if a.type == "string" and a.name.endswith("_id") and a.name not in given and (a.required or asked_for)
    ]
    for argument in sorted(open_ids, key=lambda a: not a.required):
        listing = _listing_of(argument.name.removesuffix("_id"))
        if listing and listing.id != spec.id:
            return Parent(argument.name, listing)
    return None


def _listing_of(kind: str) -> Spec | None:
    for operation in operations().values():
        spec = operation.spec
        plain = spec.is_list and spec.effect is Effect.READ and not spec.deprecated
        if plain and spec.returns == kind and not any(a.required for a in spec.arguments):
            return spec
    return None


def form_of(parent: Parent, id: str) -> JsonObject:
    """Return what is known of each record of a list from where it was found."""
    return {parent.argument: id}
