"""What differs between two instances: settings, roles, templates, URLs, domains, applications, connections.

Which operations are compared, and by what their objects are matched, their declarations say (`compared_by`).
What differs anyway is left out: ids, times and counts. Credentials are not compared: that one is there is all
that is told of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

import anyio

from clerk_mcp.answering import Answer, answers, size, unwrap
from clerk_mcp.bulk.declared import Compare, Peers
from clerk_mcp.bulk.paging import PAGE
from clerk_mcp.calling import Caller, Calls, Fetched
from clerk_mcp.offering import scopes_on
from clerk_tools.argument import JsonObject
from clerk_tools.catalog import operations
from clerk_tools.credentials import holds_credential, is_credential_name
from clerk_tools.operation import Paged, Spec
from clerk_tools.parsing import InvalidArguments, Problem

AT_ONCE: Final = 4
"""Lists of one instance that are read at once."""
MOST: Final = 10_000
"""Records of one list that are read at most."""
LONGEST: Final = 300
"""Characters of a text that are shown."""

HIDDEN: Final = "(a credential, not compared)"
_ID: Final = "(an id)"
_ID_FORM: Final = re.compile(r"\b[a-z][a-z0-9]{1,11}_[0-9A-Za-z]{27}\b")
_OWN_HOST: Final = "(its own host)"

_OF_EACH: Final = frozenset({"object", "id", "instance_id", "client_id", "environment_type"})
"""Fields of an object that no two instances share."""
_OF_EACH_ENDINGS: Final = ("_at", "_count", "has_members")
"""Ends of the names of what changes by itself, at any depth."""
_CUSTOMERS: Final = frozenset({"claims", "attribute_mapping", "custom_attributes"})
"""Fields in which names are the customer's own, and say nothing of what they hold."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two instances."""

    name: str
    calls: Calls
    caller: Caller


Found = dict[str, dict[str, Any]]
"""The objects of one operation by what they are matched by, each with its fields; a settings object has no
name."""


@dataclass(slots=True)
class Comparison:
    """What was found."""

    names: tuple[str, str]
    differences: list[JsonObject] = field(default_factory=list)
    """`part`, `name` where there are several, and `only_in`, or `field` with the `values` of both."""
    same: dict[str, int] = field(default_factory=dict)
    """By part, how many objects are the same on both."""
    unread: list[JsonObject] = field(default_factory=list)
    """`part`, `instance` and `why`."""

    def to_json(self) -> JsonObject:
        """Return it for programs and models."""
        return {
            "between": list(self.names),
            "differences": self.differences,
            "same": self.same,
            **({"not_compared": self.unread} if self.unread else {}),
        }


def compared() -> list[Spec]:
    """Return the operations whose answers are compared."""
    return [o.spec for o in operations().values() if o.spec.compared_by is not None]


async def compare(one: Side, other: Side) -> Comparison:
    """Read both instances, and tell what differs; what cannot be read on one of them is named."""
    specs = compared()
    found: dict[str, dict[str, list[Any] | str]] = {one.name: {}, other.name: {}}
    async with anyio.create_task_group() as tasks:
        for side in (one, other):
            limiter = anyio.CapacityLimiter(AT_ONCE)
            for spec in specs:
                tasks.start_soon(_read_into, found[side.name], side, spec, limiter)
    result = Comparison((one.name, other.name))
    hosts = {name: _own_hosts(read.values()) for name, read in found.items()}
    for spec in specs:
        both = {name: read[spec.id] for name, read in found.items()}
        whys = {name: why for name, why in both.items() if isinstance(why, str)}
        for name, why in whys.items():
            result.unread.append({"part": _part(spec), "instance": name, "why": why})
        if not whys:
            sides = {n: _by_name(spec, r, hosts[n]) for n, r in both.items() if isinstance(r, list)}
            _compare(result, spec, sides)
    return result


async def _read_into(
    found: dict[str, list[Any] | str], side: Side, spec: Spec, limiter: anyio.CapacityLimiter
) -> None:
    async with limiter:
        found[spec.id] = await _read(side, spec)


async def _read(side: Side, spec: Spec) -> list[Any] | str:
    """Return all records of an operation, or why they cannot be had."""
    records: list[Any] = []
    paged = issubclass(spec.model, Paged)
    while True:
        arguments = {"limit": PAGE, "offset": len(records)} if paged else {}
        fetched = await side.calls.fetch(spec.id, arguments, side.caller)
        if not isinstance(fetched, Fetched):
            return _why(fetched)
        value = fetched.reply.value
        page, total = unwrap(value) if spec.is_list else ([value], 1)
        records += [record for record in page if isinstance(record, dict)]
        whole = len(page) < PAGE if total is None else len(records) >= total
        if not paged or not page or whole:
            return records
        if len(records) >= MOST:
            return f"there are more than {MOST}"


def _why(answer: object) -> str:
    error = answer.value.get("error") if isinstance(answer, Answer) else None
    return str(error["message"]) if isinstance(error, dict) else "it could not be read"


def _part(spec: Spec) -> str:
    """Return what an operation's objects are, in words of the catalogue."""
    return spec.title.removeprefix("List ").removeprefix("Get ")


# ── One side, made comparable ──


def _own_hosts(read: Iterable[list[Any] | str]) -> frozenset[str]:
    """Return the hosts that Clerk gave an instance: its sign-in pages and its API for browsers."""
    urls = (
        record.get(name)
        for records in read
        if isinstance(records, list)
        for record in records
        for name in ("frontend_api_url", "accounts_portal_url")
    )
    hosts = {urlsplit(url).hostname for url in urls if isinstance(url, str)}
    return frozenset(host for host in hosts if host)


def _by_name(spec: Spec, records: list[Any], hosts: frozenset[str]) -> Found:
    found: Found = {}
    for record in records:
        plain = {n: v for n, v in record.items() if n not in _OF_EACH and not n.endswith(_OF_EACH_ENDINGS)}
        fields = dict(_flat("", _comparable(spec, plain, hosts)))
        name = str(record.get(spec.compared_by) or "(without a name)") if spec.compared_by else ""
        fields.pop(spec.compared_by or "", None)
        # Names need not be unique: the second of a name is compared with the second.
        number = 1 + sum(known == name or known.startswith(f"{name} #") for known in found)
        found[name if number == 1 else f"{name} #{number}"] = fields
    return found


def _comparable(spec: Spec, value: Any, hosts: frozenset[str], *, customers: bool = False) -> Any:
    """Copy part of a record without what no two instances share, and without credentials.

    Args:
        customers: the names in it are the customer's own.
    """
    match value:
        case dict() if customers:
            return {name: _comparable(spec, inner, hosts, customers=True) for name, inner in value.items()}
        case dict():
            if key := _key_of(value):
                return key
            return {
                name: HIDDEN
                if inner and _is_secret(spec, name)
                else _comparable(spec, inner, hosts, customers=name in _CUSTOMERS)
                for name, inner in value.items()
                if name not in ("id", "object") and not name.endswith(_OF_EACH_ENDINGS)
            }
        case list():
            parts = (_comparable(spec, inner, hosts, customers=customers) for inner in value)
            return sorted(parts, key=repr)
        case str() if holds_credential(value):
            return HIDDEN
        case str():
            text = _ID_FORM.sub(_ID, value)
            for host in hosts:
                text = text.replace(host, _OWN_HOST)
            return text
        case _:
            return value


def _key_of(value: Mapping[str, Any]) -> str | None:
    """Return the key of an object that is only referred to, such as the permission of a role."""
    key = value.get("key")
    return key if isinstance(key, str) and "id" in value and "object" in value else None


def _is_secret(spec: Spec, name: str) -> bool:
    return name in spec.secret or is_credential_name(name)


def _flat(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Give the fields of nested objects by their paths, so that a difference is as small as it is."""
    if isinstance(value, dict) and (value or not place):
        for name, inner in value.items():
            yield from _flat(f"{place}.{name}" if place else name, inner)
    else:
        yield place, value


# ── Both sides ──


def _compare(result: Comparison, spec: Spec, sides: Mapping[str, Found]) -> None:
    one, other = result.names
    part, same = _part(spec), 0
    for name in dict.fromkeys([*sides[one], *sides[other]]):
        named = {"part": part, **({"name": name} if name else {})}
        if missing := [side for side in sides if name not in sides[side]]:
            result.differences.append({**named, "only_in": one if missing == [other] else other})
            continue
        first, second = sides[one][name], sides[other][name]
        differing = [f for f in dict.fromkeys([*first, *second]) if first.get(f) != second.get(f)]
        same += not differing
        for place in differing:
            values = {one: _shown(first.get(place)), other: _shown(second.get(place))}
            result.differences.append({**named, "field": place, "values": values})
    result.same[part] = same


def _shown(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONGEST:
        return f"{value[:LONGEST]}… ({len(value)} characters)"
    return value


# ── The tool ──


async def compare_peers(peers: Peers, calls: Calls, asked: Compare, caller: Caller) -> Answer:
    """Compare the instance of a call with another that is served here.

    Raises:
        InvalidArguments: there is no other of this name.
    """
    own = calls.confirmer.instance.label
    others = [name for name in peers if name != own]
    name = asked.other.strip()
    if name not in others:
        named = ", ".join(others)
        raise InvalidArguments([Problem("other", f"`other` must be another instance than {own}: {named}")])
    there = replace(caller, scopes=scopes_on(name, caller.everywhere))
    result = await compare(Side(own, calls, caller), Side(name, peers[name], there))
    return _answer(result, calls.formatter.max_bytes)


def _answer(result: Comparison, max_bytes: int) -> Answer:
    """Return the tool's answer, with as many differences as it has room for."""
    out = result.to_json()
    if len(result.unread) and not result.same:
        return answers.error(
            "not_comparable",
            f"Nothing could be compared: {result.unread[0]['instance']}: {result.unread[0]['why']}",
            hint="Both instances must be readable for you: a token needs the scope read of each.",
        )
    total = len(result.differences)
    while size(out) > max_bytes and out["differences"]:
        out["differences"] = out["differences"][: len(out["differences"]) * 3 // 4]
        out["note"] = f"{len(out['differences'])} of {total} differences; clerk-mcp compare shows all of them"
    return answers.answer(out)
