"""A plan: the calls that a run would make, all of them checked before any is made."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from clerk_mcp.answering import cut_text
from clerk_mcp.auditing import earlier_in
from clerk_mcp.bulk.declared import RunEach
from clerk_mcp.bulk.fields import advice, known_fields, names_of
from clerk_mcp.bulk.mapping import mapped, mapping_for, merged
from clerk_mcp.bulk.progress import Progress
from clerk_mcp.bulk.reading import Forms, Reading
from clerk_mcp.bulk.run_store import Item, Run
from clerk_mcp.bulk.tables import Rows
from clerk_mcp.bulk.wanted import Wanted, understand
from clerk_mcp.calling import Caller, Calls, Meant
from clerk_tools import views
from clerk_tools.argument import JsonObject, Place
from clerk_tools.catalog import nearest, operations
from clerk_tools.operation import Effect, Operation, Spec
from clerk_tools.parsing import InvalidArguments, Problem, parse

_MOST_WRONG: Final = 5
"""Items named that are wrong."""
_LONGEST_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class Wrong:
    """An item that cannot be called, and why."""

    number: int
    name: str
    reason: str
    row: Mapping[str, Any] = field(default_factory=dict)
    """As it was given."""

    def __str__(self) -> str:
        return (
            f"item {self.number} ({self.name}): {self.reason}"
            if self.name
            else f"item {self.number}: {self.reason}"
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do."""

    model: type[Operation]
    items: list[Item]
    digests: list[str]
    """Of each item's request, in the order of the items."""
    effects: Counter[Effect]
    wrong: list[Wrong]
    meant: Mapping[str, str] = field(default_factory=dict)
    """Which objects were taken to be meant by names in what the run is over."""

    @property
    def digest(self) -> str:
        """Of all requests together, in whatever order they were found."""
        return _digest_together(self.model, self.digests)


def digest_of(run: Run) -> str:
    """Return the digest of what a run would call, as it is kept.

    Raises:
        InvalidArguments: an item can no longer be called.
    """
    model = operation_of(run.operation)
    return _digest_together(model, [_digest(parse(model, item.arguments)) for item in run.items])


def _digest_together(model: type[Operation], digests: Sequence[str]) -> str:
    return hashlib.sha256(f"{model.spec.id} {' '.join(sorted(digests))}".encode()).hexdigest()


def destroying_among(model: type[Operation], items: Sequence[Item]) -> list[Item]:
    """Return the items that destroy where others only change; none where all of them do."""
    found = [item for item in items if parse(model, item.arguments).actual_effect() is Effect.DESTROY]
    return found if len(found) < len(items) else []


def operation_of(id: str) -> type[Operation]:
    """Return the operation that a run calls.

    Raises:
        InvalidArguments: there is none, it only reads, or it takes files.
    """
    id = id.strip()
    model = operations().get(id)
    if model is None:
        meant = nearest(id[:100], operations())
        known = f"; did you mean {meant}?" if meant else ""
        raise _invalid("operation", f"there is no operation {id[:100]}{known}")
    if model.spec.effect is Effect.READ:
        raise _invalid("operation", f"{id} only reads; list_all reads many")
    if model.spec.media_type == "multipart/form-data":
        raise _invalid("operation", f"{id} takes a file for each call; call it for each")
    return model


_Given = tuple[str, JsonObject, Mapping[str, Any]]
"""An item's name, its arguments, and as it was given."""


async def plan_items(calls: Calls, model: type[Operation], given: Sequence[_Given], caller: Caller) -> Plan:
    """Take names for ids, and check every item.

    Raises:
        InvalidArguments: a name means several objects.
    """
    meant = await calls.ids_meant(model.spec, [arguments for _, arguments, _ in given], caller)
    named = [_with_ids(one, ids) for one, ids in zip(given, meant, strict=True)]
    unknown = {
        number: problem
        for number, ((_, arguments, _), ids) in enumerate(zip(given, meant, strict=True), 1)
        if (problem := _unknown_name(calls, model.spec, arguments, ids, caller))
    }
    return _checked(model, named, unknown)


def _with_ids(given: _Given, ids: Mapping[str, Meant]) -> _Given:
    name, arguments, row = given
    if not ids:
        return given
    name = name or ", ".join(one.title for one in ids.values())
    return cut_text(name, _LONGEST_NAME), {**arguments, **{n: one.given for n, one in ids.items()}}, row


def _unknown_name(
    calls: Calls, spec: Spec, arguments: JsonObject, ids: Mapping[str, Meant], caller: Caller
) -> str:
    """Say that a name means nothing, where that could be looked up; empty where there is no such name."""
    for argument in spec.by_name:
        kind, value = argument.kind, arguments.get(argument.name)
        if kind is None or argument.name in ids or not kind.may_name(value):
            continue
        finder = operations().get(kind.found_by)
        if finder and not calls.policy.objection(finder.spec, caller.scopes):
            return f"`{argument.name}`: no {kind.name} is called {cut_text(str(value), 80)}"
    return ""


def _checked(model: type[Operation], given: Iterable[_Given], unknown: Mapping[int, str]) -> Plan:
    """Check every item.

    Args:
        unknown: by the item's number, why a name in it means nothing.
    """
    items: list[Item] = []
    digests: dict[str, int] = {}
    effects: Counter[Effect] = Counter()
    wrong: list[Wrong] = []
    for number, (name, arguments, row) in enumerate(given, 1):
        if number in unknown:
            wrong.append(Wrong(number, name, unknown[number], row))
            continue
        try:
            operation = parse(model, arguments)
            digest = _digest(operation)
        except InvalidArguments as invalid:
            wrong.append(Wrong(number, name, cut_text(str(invalid), 300), row))
            continue
        if digest in digests:
            wrong.append(Wrong(number, name, f"the same call as item {digests[digest]}", row))
            continue
        digests[digest] = number
        effects[operation.actual_effect()] += 1
        items.append(Item(name or name_of(operation), arguments, row=number))
    return Plan(model, items, list(digests), effects, wrong)


def _digest(operation: Operation) -> str:
    request = operation.to_request()
    text = json.dumps([request.path, request.json, request.form], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def name_of(operation: Operation) -> str:
    """Return what a person calls an item by: its target, or what it would make."""
    spec = operation.spec
    hidden = spec.private
    for argument in sorted(spec.arguments, key=lambda a: a.place is not Place.PATH):
        if argument.name in hidden or argument.name not in operation.model_fields_set:
            continue
        value = getattr(operation, argument.name)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, str):
            return value[:_LONGEST_NAME]
    return ""


# ── What a run is over ──


async def over_list(
    calls: Calls, model: type[Operation], asked: RunEach, caller: Caller, cap: int, progress: Progress | None
) -> Plan:
    """Plan a call for each record that a `list_all` finds.

    Raises:
        InvalidArguments: the list, the mapping or an item cannot be meant, or there are too many.
    """
    chosen = _given(asked)
    wanted = _wanted(asked.over)
    same = chosen.get("arguments", {})
    sink = _Records(cap)
    reading = Reading(calls, wanted, caller, 1_000_000, sink, progress)
    failed = await reading.read()
    if failed:
        error = failed.value["error"]
        raise _invalid("over", f"the list could not be read ({error['code']}: {error['message'][:200]})")
    if not reading.complete:
        raise _invalid("over", "the list could not be read to its end in time: narrow it with `where`")
    if reading.matched > cap:
        raise too_many(reading.matched, cap)
    found = sink.records
    known = known_fields(wanted.spec.returns) | names_of([forms.record for forms in found])
    mapping = mapping_for(model.spec, chosen.get("map", {}), same, wanted.spec.returns, known)
    _check_fields(wanted, mapping, [forms.record for forms in found])
    given: list[_Given]
    given = [(_name(forms), merged(same, mapped(mapping, forms, model.spec)), {}) for forms in found]
    plan = await plan_items(calls, model, given, caller)
    _note_what_was(plan, wanted, found)
    return replace(plan, meant=reading.notes.get("meant", {}))


async def over_items(calls: Calls, model: type[Operation], asked: RunEach, caller: Caller, cap: int) -> Plan:
    """Plan the calls whose arguments were given.

    Raises:
        InvalidArguments: there are too many.
    """
    same = _given(asked).get("arguments", {})
    if len(asked.items) > cap:
        raise too_many(len(asked.items), cap)
    return await plan_items(calls, model, [("", merged(same, item), item) for item in asked.items], caller)


async def over_rows(
    calls: Calls, model: type[Operation], asked: RunEach, table: Rows, caller: Caller, cap: int
) -> Plan:
    """Plan a call for each row of a file.

    Raises:
        InvalidArguments: the mapping cannot be meant, or there are too many.
    """
    chosen = _given(asked)
    same = chosen.get("arguments", {})
    rows, columns = table.rows, table.columns
    if len(rows) > cap:
        raise too_many(len(rows), cap)
    given = chosen.get("map", {})
    # Columns that are called as arguments are need no mapping.
    own = {a.name for a in model.spec.arguments}
    alike = {column: column for column in columns if column.split(".")[0] in own and column not in given}
    mapping = mapping_for(model.spec, {**alike, **given}, same, "", columns)
    for target, source in mapping.items():
        if source not in columns:
            meant = nearest(source, columns)
            known = f"; did you mean {meant}?" if meant else f"; there are {', '.join(columns)[:300]}"
            raise _invalid("map", f"{target} ← {source[:60]}: the file has no such column{known}")
    items: list[_Given]
    items = [("", merged(same, mapped(mapping, [row], model.spec)), row) for row in rows]
    return await plan_items(calls, model, items, caller)


def too_many(count: int, cap: int) -> InvalidArguments:
    """Say that a run would be larger than the operator allows."""
    return _invalid(
        "over", f"{count} items, and a run may have {cap} at most: run parts of it, or --run-cap allows more"
    )


def _given(asked: RunEach) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in asked.model_fields_set}


def _wanted(over: JsonObject) -> Wanted:
    if unknown := over.keys() - {"operation", "arguments", "where", "below"}:
        raise _invalid("over", f"takes operation, arguments, where and below, not {min(unknown)[:60]}")
    return understand(over)


def _check_fields(wanted: Wanted, mapping: Mapping[str, str], records: list[Any]) -> None:
    for target, source in mapping.items():
        names = views.unknown_fields(records, [source])
        if names and views.unknown_fields(views.view(wanted.spec.returns, records), names):
            raise _invalid("map", f"{target[:60]}: {advice(wanted.spec, records, source)}")


def _name(forms: Forms) -> str:
    """Return what a person calls a record by, with its id."""
    view = forms.view if isinstance(forms.view, dict) else {}
    # A membership is called by whose it is.
    whose = view.get("user") or {}
    addresses = view.get("email_addresses")
    first = addresses[0].get("email_address") if isinstance(addresses, list) and addresses else None
    words = view.get("name") or view.get("email_address") or first or view.get("username") or view.get("slug")
    words = words or whose.get("name") or whose.get("identifier")
    id = view.get("id")
    text = f"{words} ({id})" if words and id else str(id or words or "")
    return cut_text(text, _LONGEST_NAME)


def _note_what_was(plan: Plan, wanted: Wanted, found: list[Forms]) -> None:
    """Keep what an update is about to change, as the records that were read have it: this needs no read."""
    by_id = {forms.record.get("id"): forms.record for forms in found if isinstance(forms.record, dict)}
    for item in plan.items:
        operation = parse(plan.model, item.arguments)
        target = next((v for v in item.arguments.values() if isinstance(v, str) and v in by_id), None)
        if target is not None:
            item.was = earlier_in(operation, by_id[target], wanted.spec.returns)


class _Records:
    """Takes records, to one more than a run may have."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.records: list[Forms] = []

    def keep(self, forms: Forms) -> Forms:
        return forms

    def take(self, place: int, kept: Forms) -> None:
        if len(self.records) <= self._most:
            self.records.append(kept)


def name_wrong(wrong: list[Wrong]) -> str:
    """Return the items that are wrong, in words."""
    named = "; ".join(str(one) for one in wrong[:_MOST_WRONG])
    more = len(wrong) - _MOST_WRONG
    return named + (f"; and {more} more" if more > 0 else "")


def _invalid(argument: str, message: str) -> InvalidArguments:
    return InvalidArguments([Problem(argument, f"`{argument}`: {message}")])
