"""What a `list_all` asks for: its arguments understood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from clerk_mcp.bulk.conditions import BadCondition, Condition, condition
from clerk_mcp.bulk.declared import ListAll
from clerk_mcp.bulk.filters import filters
from clerk_mcp.bulk.grouping import Grouping, grouping
from clerk_mcp.bulk.parents import Parent, parent_of
from clerk_mcp.offering import options
from clerk_tools.argument import JsonObject
from clerk_tools.catalog import nearest, operations
from clerk_tools.operation import Effect, Outline, Spec
from clerk_tools.parsing import OMIT, InvalidArguments, Problem, expectation, parse, value_as_meant

T = TypeVar("T")


_ARGUMENTS: Final = next(a for a in ListAll.spec.arguments if a.name == "arguments")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One `list_all`, understood."""

    spec: Spec
    arguments: JsonObject
    """Its filters, with those that follow from the condition."""
    start: int
    """The offset of the first record that is read."""
    where: Condition | None
    grouping: Grouping | None
    fields: list[str] | None
    to: str | None = None
    """The file that it goes to."""
    overwrite: bool = False
    parent: Parent | None = None
    below: Wanted | None = None
    """The parents that it is read for, where it is read for several."""

    @property
    def names(self) -> list[str]:
        """Every field that it names."""
        names = [*self.where.fields] if self.where else []
        names += self.grouping.fields if self.grouping else []
        names += [name for name in self.fields or () if name != "*"]
        return list(dict.fromkeys(names))


def understand(given: Mapping[str, Any]) -> Wanted:
    """Read the arguments of `ListAll`.

    Raises:
        InvalidArguments: they cannot be meant.
    """
    asked = parse(ListAll, given)
    chosen = {name: getattr(asked, name) for name in asked.model_fields_set}
    spec = _listing(asked.operation)
    # `fields` is the operation's own option too: wherever a model puts it, it means the same.
    fields = {"fields": asked.fields} if chosen.get("fields") else {}
    arguments = {**chosen.get("arguments", {}), **fields}
    start = _offset(arguments)
    arguments.pop("limit", None)
    own, arguments = options.split(spec, arguments)
    where = _read("where", condition, chosen.get("where", ""))
    parents = None
    parent = parent_of(spec, arguments, asked_for="below" in chosen)
    if parent:
        parents = _parents(parent, chosen.get("below", {}), start)
    elif chosen.get("below"):
        raise InvalidArguments(
            [Problem("below", f"`below` is for a list of one parent whose id is left out; {spec.id} is none")]
        )
    return Wanted(
        spec=spec,
        arguments=arguments | (filters(spec, arguments, where.must) if where else {}),
        start=start,
        where=where,
        grouping=_read("group", grouping, chosen.get("group", "")),
        fields=own.fields,
        to=chosen.get("to", "").strip() or None,
        overwrite=chosen.get("overwrite", False),
        parent=parent,
        below=parents,
    )


def _parents(parent: Parent, chosen: JsonObject, start: int) -> Wanted:
    """Tell which parents are meant; the offset of a list below parents is one among the parents."""
    if unknown := chosen.keys() - {"where", "arguments"}:
        raise InvalidArguments(
            [Problem("below", f"`below` takes where and arguments, not {min(unknown)[:50]}")]
        )
    given = value_as_meant(_ARGUMENTS, chosen.get("arguments") or {})
    arguments = {"offset": start, **(given if isinstance(given, dict) else {})}
    return understand({**chosen, "operation": parent.listing.id, "arguments": arguments})


def _offset(arguments: JsonObject) -> int:
    """Take the offset out of the arguments; it is ours to count on from."""
    offset = value_as_meant(options.OFFSET, arguments.pop("offset", OMIT))
    if offset is OMIT:
        return 0
    if isinstance(offset, bool) or not isinstance(offset, int) or offset < 0:
        raise InvalidArguments([Problem("offset", f"`offset` must be {expectation(options.OFFSET)}")])
    return offset


def _listing(id: str) -> Spec:
    id = id.strip()
    known = operations()
    if id not in known or not _lists(known.outline(id)):
        meant = nearest(id, [other for other in known if _lists(known.outline(other))])
        advice = f"; did you mean {meant}?" if meant else ""
        raise InvalidArguments(
            [Problem("operation", f"`operation` must be the id of one that lists{advice}")]
        )
    return known[id].spec


def _lists(outline: Outline) -> bool:
    return outline.lists and outline.effect is Effect.READ


def _read(argument: str, read: Callable[[str], T], text: str) -> T | None:
    # Models fill in what they leave out.
    if not text.strip():
        return None
    try:
        return read(text)
    except BadCondition as bad:
        raise InvalidArguments([Problem(argument, f"`{argument}`: {bad}")]) from None
