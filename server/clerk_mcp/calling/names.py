"""Names in place of ids: an address, a slug or a name that means exactly one object is taken for its id.

Each kind of id says by which fields people call what it is the id of (`Kind.names`), and the operation that
lists such objects. A value that begins as an id does costs nothing; any other costs a read, but a hundred
addresses take one. In a list of ids each may be a name, and then means something, or the call is refused:
Clerk would not tell that a filter names what is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
_MOST_OF_ONE_CALL: Final = 20
"""Reads that those of one call may take."""
_AT_ONCE: Final = 8
_MOST_EXACT: Final = 100
"""Addresses that Clerk looks up in one read."""
_MOST_FOUND: Final = 500
_MOST_TOLD: Final = 20
"""Names of one list that are told of."""
_LEAST_NAMED: Final = 3
"""Objects that are told of where a name means several."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a name means."""

    id: str
    words: str
    """What it is, for a person."""

    @property
    def given(self) -> str:
        """What is given in place of the name."""
        return self.id

    @property
    def told(self) -> str:
        """For an answer."""
        return f"{self.id}, {self.words}"

    @property
    def title(self) -> str:
        """For a person to agree to."""
        return f"{self.words} ({self.id})"


@dataclass(frozen=True, slots=True)
class NamedEntries:
    """What the names in a list of ids mean."""

    given: list[str]
    """The whole list, with ids in place of the names."""
    named: tuple[Named, ...]

    @property
    def told(self) -> str:
        """For an answer."""
        return _several(one.told for one in self.named)

    @property
    def title(self) -> str:
        """For a person to agree to."""
        return _several(one.title for one in self.named)


Meant = Named | NamedEntries


def _several(texts: Iterable[str]) -> str:
    every = list(texts)
    more = f"; and {len(every) - _MOST_TOLD} more" if len(every) > _MOST_TOLD else ""
    return "; ".join(every[:_MOST_TOLD]) + more


@dataclass(frozen=True, slots=True)
class _Lookup:
    """One read that may find what one name means, or many addresses."""

    finder: Operation
    names: tuple[str, ...]


async def ids_meant(
    spec: Spec, given: Sequence[Mapping[str, Any]], read: SendRead, may_run: Callable[[Spec], bool]
) -> list[dict[str, Meant]]:
    """Return, for each of several calls of an operation, the arguments whose names mean exactly one object.

    A name that means nothing is left as it is where it stands alone: Clerk may know it.

    Args:
        may_run: whether the caller may make the read that finds such objects.

    Raises:
        InvalidArguments: a name means several objects, one in a list means nothing, or there are too many
            names.
    """
    found: list[dict[str, Meant]] = [{} for _ in given]
    most = _MOST_LOOKUPS if len(given) > 1 else _MOST_OF_ONE_CALL
    for argument in spec.by_name:
        kind = argument.id_kind
        if kind is None or not is_named(argument, given):
            continue
        finder = operations().get(kind.found_by)
        if finder is None or not may_run(finder.spec):
            continue
        groups = _by_scope(argument, kind, finder, given, found)
        lookups = [one for scope, places in groups.items() for one in _lookups(finder, scope, list(places))]
        if len(lookups) > most:
            raise _invalid(argument, f"more than {most} names: give ids, or email addresses")
        answers = await _read(lookups, read)
        of_entries: dict[int, dict[int, Named]] = {}
        for scope, places in groups.items():
            own = [
                record for one, answer in answers if dict(scope).items() <= _given(one) for record in answer
            ]
            for name, its_places in places.items():
                meant = _meant(argument, kind, name, own)
                for number, entry in its_places:
                    if entry is None:
                        found[number] |= {argument.name: meant} if meant else {}
                    elif meant is None:
                        raise _invalid(argument, f"no {kind.name} is found that is called {shown(name)}")
                    else:
                        of_entries.setdefault(number, {})[entry] = meant
        for number, entries in of_entries.items():
            found[number][argument.name] = _with_entries(given[number][argument.name], entries)
    return found


def _with_entries(ids: list[str], named: Mapping[int, Named]) -> NamedEntries:
    new = [_sign(id) + named[at].id if at in named else id for at, id in enumerate(ids)]
    return NamedEntries(new, tuple(dict.fromkeys(named[at] for at in sorted(named))))


def is_named(argument: Argument, given: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether some call gives a name in place of an id."""
    return any(True for one in given for _ in _names(argument, one.get(argument.name)))


def _names(argument: Argument, value: Any) -> Iterator[tuple[int | None, str]]:
    """Return the names in what is given for an argument, with their places where it is a list."""
    kind = argument.id_kind
    if kind is None:
        return
    if isinstance(value, list):
        for at, one in enumerate(value):
            name = one.strip().removeprefix(_sign(one)) if _is_text(one) else ""
            if name and kind.may_name(name):
                yield at, name
    elif argument.type == "string" and _is_text(value) and kind.may_name(value):
        yield None, value.strip()


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _sign(entry: str) -> str:
    """Return what Clerk's filters read as including or excluding; a number of a phone begins with one too."""
    entry = entry.strip()
    return entry[0] if entry[0] in "+-" and not entry[1:2].isdigit() else ""


_Scope = tuple[tuple[str, str], ...]
"""The finder's own required arguments, such as the organization whose invitations it lists."""
_Places = list[tuple[int, int | None]]
"""Numbers of calls, each with the place in a list."""


def _by_scope(
    argument: Argument,
    kind: Kind,
    finder: type[Operation],
    given: Sequence[Mapping[str, Any]],
    found: Sequence[Mapping[str, Meant]],
) -> dict[_Scope, dict[str, _Places]]:
    """Return which calls give which name, by where it is to be looked for."""
    groups: dict[_Scope, dict[str, _Places]] = {}
    needed = [a.name for a in finder.spec.arguments if a.required]
    for number, one in enumerate(given):
        for entry, name in _names(argument, one.get(argument.name)):
            ids = [(n, found[number][n].given if n in found[number] else one.get(n)) for n in needed]
            scope = tuple((name, id) for name, id in ids if isinstance(id, str))
            if len(scope) == len(needed):
                groups.setdefault(scope, {}).setdefault(name, []).append((number, entry))
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
