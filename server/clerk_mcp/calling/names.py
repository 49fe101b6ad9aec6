"""Names in place of ids: an address, a slug or a name that means exactly one object is taken for its id.

Each kind of id says by which fields people call what it is the id of (`Kind.names`), and the operation that
lists such objects. A value that begins as an id does costs nothing; any other costs a read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import anyio

from clerk_mcp.confirming import SendRead
from clerk_mcp.upstream import Unanswered
from clerk_tools import views
from clerk_tools.argument import Argument, Kind
from clerk_tools.catalog import operations
from clerk_tools.hits import inside, organization, person, records, shown, thing
from clerk_tools.operation import Operation, Spec
from clerk_tools.parsing import InvalidArguments, Problem, parse

_MOST_LOOKUPS: Final = 200
"""Reads that the names of one run may take."""
_AT_ONCE: Final = 8
_MOST_EXACT: Final = 100
"""Addresses that Clerk looks up in one read."""
_MOST_FOUND: Final = 500
_LEAST_NAMED: Final = 3
"""Objects that are told of where a name means several."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a name means."""

    id: str
    words: str
    """What it is, for a person."""


@dataclass(frozen=True, slots=True)
class _Lookup:
    """One read that may find what one name means, or many addresses."""

    finder: Operation
    names: tuple[str, ...]


async def ids_meant(
    spec: Spec, given: Sequence[Mapping[str, Any]], read: SendRead, may_run: Callable[[Spec], bool]
) -> list[dict[str, Named]]:
    """Return, for each of several calls of an operation, the arguments whose names mean exactly one object.

    A name that means nothing is left as it is: Clerk may know it.

    Args:
        may_run: whether the caller may make the read that finds such objects.

    Raises:
        InvalidArguments: a name means several objects, or there are too many names.
    """
    found: list[dict[str, Named]] = [{} for _ in given]
    for argument in spec.by_name:
        if not is_named(argument, given):
            continue
        finder = operations().get(argument.kind.found_by) if argument.kind else None
        if argument.kind is None or finder is None or not may_run(finder.spec):
            continue
        groups = _by_scope(argument, argument.kind, finder, given, found)
        lookups = [one for scope, places in groups.items() for one in _lookups(finder, scope, list(places))]
        if len(lookups) > _MOST_LOOKUPS:
            raise _invalid(argument, f"more than {_MOST_LOOKUPS} names: give ids, or email addresses")
        answers = await _read(lookups, read)
        for scope, places in groups.items():
            own = [
                record for one, answer in answers if dict(scope).items() <= _given(one) for record in answer
            ]
            for name, numbers in places.items():
                meant = _meant(argument, argument.kind, name, own)
                if meant:
                    for number in numbers:
                        found[number][argument.name] = meant
    return found


def is_named(argument: Argument, given: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether some call gives a name in place of an id."""
    may_name = argument.kind.may_name if argument.kind else None
    return may_name is not None and any(may_name(one.get(argument.name)) for one in given)


_Scope = tuple[tuple[str, str], ...]
"""The finder's own required arguments, such as the organization whose invitations it lists."""


def _by_scope(
    argument: Argument,
    kind: Kind,
    finder: type[Operation],
    given: Sequence[Mapping[str, Any]],
    found: Sequence[Mapping[str, Named]],
) -> dict[_Scope, dict[str, list[int]]]:
    """Return which calls give which name, by where it is to be looked for."""
    groups: dict[_Scope, dict[str, list[int]]] = {}
    needed = [a.name for a in finder.spec.arguments if a.required]
    for number, one in enumerate(given):
        value = one.get(argument.name)
        if not isinstance(value, str) or not kind.may_name(value) or not value.strip():
            continue
        ids = [(name, found[number][name].id if name in found[number] else one.get(name)) for name in needed]
        scope = tuple((name, id) for name, id in ids if isinstance(id, str))
        if len(scope) == len(needed):
            groups.setdefault(scope, {}).setdefault(value.strip(), []).append(number)
    return groups


def _lookups(finder: type[Operation], scope: _Scope, names: list[str]) -> Iterator[_Lookup]:
    takes = {a.name: a for a in finder.spec.arguments}
    limit = {"limit": _MOST_FOUND} if "limit" in takes else {}
    exact = takes.get("email_address")
    addresses = [name for name in names if "@" in name] if exact and exact.type == "array" else []
    for at in range(0, len(addresses), _MOST_EXACT):
        some = addresses[at : at + _MOST_EXACT]
        yield from _lookup(finder, {**dict(scope), "email_address": some, **limit}, tuple(some))
    others = [name for name in names if name not in set(addresses)]
    if "query" not in takes:
        # All there are, whichever name is asked for.
        yield from _lookup(finder, {**dict(scope), **limit}, tuple(others)) if others else ()
        return
    for name in others:
        yield from _lookup(finder, {**dict(scope), "query": name, **limit}, (name,))


def _lookup(
    finder: type[Operation], arguments: Mapping[str, Any], names: tuple[str, ...]
) -> Iterator[_Lookup]:
    try:
        yield _Lookup(parse(finder, arguments), names)
    except InvalidArguments:
        # What no list can be asked for is no name.
        return


async def _read(lookups: Sequence[_Lookup], read: SendRead) -> list[tuple[_Lookup, list[Any]]]:
    """Return what each lookup finds; nothing where it fails, or may have found only a part."""
    answers: dict[int, list[Any]] = {}
    left = iter(range(len(lookups)))

    async def work() -> None:
        for number in left:
            one = lookups[number]
            try:
                reply = await read(one.finder)
            except Unanswered:
                continue
            found = records(reply.value) if one.finder.spec.is_list else [reply.value]
            whole = not reply.is_error and len(found) < _MOST_FOUND
            answers[number] = found if whole else []

    async with anyio.create_task_group() as tasks:
        for _ in range(min(_AT_ONCE, len(lookups))):
            tasks.start_soon(work)
    return [(lookups[number], found) for number, found in answers.items()]


def _given(lookup: _Lookup) -> Any:
    return {name: getattr(lookup.finder, name) for name in lookup.finder.model_fields_set}.items()


def _meant(argument: Argument, kind: Kind, name: str, found: Sequence[Any]) -> Named | None:
    """Return the one object of this name; None where there is none.

    Raises:
        InvalidArguments: there are several.
    """
    meant = {one.id: one for record in found for one in _called(kind, name.casefold(), record)}
    if len(meant) > 1:
        some = [f"{one.words}, {one.id}" for one in list(meant.values())[:_LEAST_NAMED]]
        more = "" if len(meant) <= _LEAST_NAMED else f", and {len(meant) - _LEAST_NAMED} more"
        raise _invalid(argument, f"{shown(name)} means several: {'; '.join(some)}{more}. Give the id")
    return next(iter(meant.values()), None)


def _called(kind: Kind, name: str, record: Any) -> Iterator[Named]:
    """Return what of a record, or of the lists within it, has a name."""
    entries = (
        [entry for way in kind.within for entry in records(inside(record, way))] if kind.within else [record]
    )
    for entry in entries:
        id = inside(entry, "id")
        if not isinstance(id, str) or not isinstance(entry, dict):
            continue
        called = next(
            (text for way in kind.names for text in _texts(kind, entry, way) if text.casefold() == name), None
        )
        if called is not None:
            yield Named(id, _words(kind, called, record))


def _texts(kind: Kind, entry: Any, way: str) -> Iterator[str]:
    forms = [entry]
    if not kind.within and kind.found_by:
        forms.append(views.view(operations()[kind.found_by].spec.returns, entry))
    first, _, rest = way.partition(".")
    for form in forms:
        value = inside(form, first)
        for one in records(value) if rest else [value]:
            text = inside(one, rest) if rest else one
            if isinstance(text, str):
                yield text


def _words(kind: Kind, called: str, record: Any) -> str:
    match kind.name:
        case "user":
            return person(record)
        case "organization":
            return organization(record)
    named = thing(kind.name, called)
    return f"{named} of {person(record)}" if kind.within and person(record) else named


def _invalid(argument: Argument, message: str) -> InvalidArguments:
    return InvalidArguments([Problem(argument.name, f"`{argument.name}`: {message}")])
