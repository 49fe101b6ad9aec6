"""Clerk's own operations for many at once, such as fifty bans, in place of so many calls of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from clerk_tools.argument import Argument, JsonObject, Place
from clerk_tools.catalog import operations
from clerk_tools.hits import inside, records
from clerk_tools.operation import Spec

_CLERKS_MOST: Final = 10
"""Calls that Clerk takes at once where it leaves saying so to its refusal."""


@dataclass(frozen=True, slots=True)
class Together:
    """An operation that makes many calls of another one, all or none of them."""

    spec: Spec
    most: int
    """Calls that go into one."""
    entries: Argument
    """The list that holds them."""
    id: str
    """The only argument of each, where the list holds ids; empty where it holds objects."""
    makes: bool
    """Whether each makes something, whose id the answer has."""

    def scope(self, arguments: JsonObject) -> tuple[Any, ...] | None:
        """Return what calls must have in common to be made in one; None for one that must go by itself."""
        shared = [a.name for a in self.spec.arguments if a.place is Place.PATH]
        own = arguments.keys() - set(shared)
        known = {self.id} if self.id else {a.name for a in self._inside}
        needed = {self.id} if self.id else {a.name for a in self._inside if a.required}
        return tuple(arguments.get(name) for name in shared) if needed <= own <= known else None

    @property
    def _inside(self) -> tuple[Argument, ...]:
        return self.entries.items.properties if self.entries.items else ()

    def joined(self, calls: Sequence[JsonObject]) -> JsonObject:
        """Return the arguments that make these calls at once."""
        shared = {a.name for a in self.spec.arguments if a.place is Place.PATH}
        own = [{name: value for name, value in call.items() if name not in shared} for call in calls]
        entries: list[Any] = [call[self.id] for call in own] if self.id else list(own)
        return {name: calls[0][name] for name in shared} | {self.entries.name: entries}

    def made(self, answer: Any, count: int) -> list[str]:
        """Return the ids of what was made, in the order of the calls; none where some are missing."""
        ids = [inside(record, "id") for record in records(answer)]
        return [str(id) for id in ids] if self.makes and len(ids) == count and all(ids) else []


def together(spec: Spec) -> Together | None:
    """Return what makes many calls of an operation at once, where Clerk has that."""
    many = operations().get(spec.together)
    if many is None:
        return None
    (entries,) = [a for a in many.spec.arguments if a.type == "array"]
    holds_ids = entries.items is not None and entries.items.type == "string"
    (id, *_) = [a.name for a in spec.arguments if a.place is Place.PATH] if holds_ids else [""]
    return Together(many.spec, entries.max_length or _CLERKS_MOST, entries, id, makes=not holds_ids)
