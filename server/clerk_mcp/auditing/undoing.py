"""Taking an update back: what it changed as it was, and the call that restores it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

import anyio

from clerk_mcp.auditing.log import MASK
from clerk_mcp.auditing.trail import UNFINISHED, RecordedCall
from clerk_mcp.confirming import SendRead
from clerk_mcp.upstream import Unanswered
from clerk_tools.argument import Place
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Operation, Spec
from clerk_tools.parsing import InvalidArguments, parse
from clerk_tools.states import listing_of, reading_of, record_of, value_of

JsonObject = dict[str, Any]

MOST_IDS: Final = 100
"""Ids that Clerk takes in one filter of a list."""
_AT_ONCE: Final = 8
"""Reads under way at once."""


@dataclass(frozen=True, slots=True)
class Undo:
    """The call that restores what an earlier call changed."""

    operation: str
    arguments: JsonObject
    not_restored: tuple[str, ...] = ()
    """Arguments of the earlier call that this one cannot take back."""
    caution: str = ""


@dataclass(frozen=True, slots=True)
class NoUndo:
    """There is no such call, and why."""

    reason: str


# ── Before an update ──


async def earlier(operation: Operation, read: SendRead) -> JsonObject | None:
    """Return the fields that an update is about to change, as they are, by one read.

    None where `operation` is no update, or Clerk has no operation that shows them, or it could not be read.
    """
    reading = reading_of(operation) if operation.spec.media_type == "application/json" else None
    if reading is None:
        return None
    record = record_of(operation, await _answer(reading, read))
    return as_it_is(operation, record) if record is not None else None


async def states(changes: Sequence[Operation], read: SendRead) -> list[JsonObject | None]:
    """Return the object that each of several updates changes, as it is; None where that is not known.

    Where Clerk lists such objects by their ids, a hundred take one read.
    """
    readings = {number: one for number, change in enumerate(changes) if (one := reading_of(change))}
    listed: dict[tuple[type[Operation], str], dict[int, str]] = {}
    for number, reading in readings.items():
        if listing := listing_of(type(reading)):
            listed.setdefault(listing, {})[number] = getattr(reading, listing[1])
    asked = []
    for (lister, argument), ids in listed.items():
        every = sorted(set(ids.values()))
        for at in range(0, len(every), MOST_IDS):
            some = every[at : at + MOST_IDS]
            asked.append(parse(lister, {argument: some, "limit": len(some)}))
    by_id = {record["id"]: record for answer in await _answers(asked, read) for record in _records(answer)}
    found = {n: by_id[id] for ids in listed.values() for n, id in ids.items() if id in by_id}
    alone = [number for number in readings if number not in found]
    for number, answer in zip(alone, await _answers([readings[n] for n in alone], read), strict=True):
        if (record := record_of(changes[number], answer)) is not None:
            found[number] = record
    return [found.get(number) for number in range(len(changes))]


def _records(answer: Any) -> list[JsonObject]:
    entries = answer.get("data") if isinstance(answer, dict) else answer
    found = entries if isinstance(entries, list) else []
    return [entry for entry in found if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


async def _answers(readings: Sequence[Operation], read: SendRead) -> list[Any]:
    """Return what Clerk answers to each of several reads, a few at once."""
    answers: list[Any] = [None] * len(readings)
    left = iter(range(len(readings)))

    async def work() -> None:
        for number in left:
            answers[number] = await _answer(readings[number], read)

    async with anyio.create_task_group() as tasks:
        for _ in range(min(_AT_ONCE, len(readings))):
            tasks.start_soon(work)
    return answers


async def _answer(reading: Operation, read: SendRead) -> Any:
    """Return what Clerk answers to a read; None where it does not."""
    try:
        reply = await read(reading)
    except Unanswered:
        return None
    return None if reply.is_error else reply.value


def earlier_in(operation: Operation, record: JsonObject, kind: str) -> JsonObject | None:
    """Return the fields that an update is about to change, as they are in a record that was read already.

    None where the record is not the object that is updated.

    Args:
        kind: the kind of object that the record is.
    """
    reading = reading_of(operation) if operation.spec.media_type == "application/json" else None
    id = record.get("id")
    if reading is None or reading.spec.returns != kind or reading.spec.is_list or not isinstance(id, str):
        return None
    return as_it_is(operation, record) if reading.to_request().path.endswith(f"/{id}") else None


def as_it_is(operation: Operation, record: JsonObject) -> JsonObject:
    """Return the fields that an update gives, as a record has them."""
    merges = operation.spec.method == "PATCH" and operation.spec.path.endswith("/metadata")
    cleared = getattr(operation, "clear", None) or ()
    was: JsonObject = {}
    for argument in operation.spec.arguments:
        name = argument.name
        given = name in operation.model_fields_set or name in cleared
        if argument.place is not Place.BODY or not given:
            continue
        if merges:
            before = record.get(name)
            was[name] = unmerge(getattr(operation, name), before if isinstance(before, dict) else {})
        elif name == "created_at":
            was |= _as_rfc3339(name, record.get(name))
        elif argument.shown_as:
            continue  # what is shown under another name is only whether there is one
        else:
            with suppress(KeyError):
                was[name] = value_of(record, argument)
    return was


def _as_rfc3339(name: str, milliseconds: Any) -> JsonObject:
    """Clerk answers Unix milliseconds where it takes RFC 3339; empty where it answers something else."""
    try:
        return {name: datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()}
    except (TypeError, ValueError, OverflowError, OSError):
        return {}


def unmerge(patch: Mapping[str, Any], before: Mapping[str, Any]) -> JsonObject:
    """Return the patch that takes a deep merge of `patch` into `before` back, and leaves every other key
    alone."""
    back: JsonObject = {}
    for key, value in patch.items():
        old = before.get(key)
        back[key] = unmerge(value, old) if isinstance(value, dict) and isinstance(old, dict) else old
    return back


# ── Afterwards ──


def undo(call: RecordedCall) -> Undo | NoUndo:
    """Find the call that restores what `call`, of an audit trail, changed."""
    operation = operations().get(call["operation"])
    if operation is None:
        return NoUndo(f"{call['operation']} is not an operation that this version knows.")
    spec = operation.spec
    outcome = call["outcome"]
    if outcome not in ("ok", "unknown", UNFINISHED):
        return NoUndo("Nothing to take back: the call changed nothing.")
    was = call.get("was")
    arguments = call.get("arguments", {})
    if was is None:
        return NoUndo(_why_none(spec, arguments))
    body = {a.name: a for a in spec.arguments if a.place is Place.BODY}
    known = {name: value for name, value in was.items() if name in body and not _holds_mask(value)}
    restored = {name: value for name, value in known.items() if value is not None}
    emptied = [name for name, value in known.items() if value is None and name in spec.clearable]
    if not restored and not emptied:
        return NoUndo("Clerk does not show what this call changed, so the earlier values are not known.")
    targets = {a.name: arguments[a.name] for a in spec.arguments if a.place is Place.PATH}
    return Undo(
        spec.id,
        {**targets, **restored, **({"clear": emptied} if emptied else {})},
        not_restored=tuple(
            name
            for name in [*arguments, *arguments.get("clear", ())]
            if name in body and name not in restored and name not in emptied
        ),
        caution="" if outcome == "ok" else "It is not known whether the call was executed: read first.",
    )


class Standing(Enum):
    """How what a call changed stands by now."""

    AS_LEFT = "as the call left it"
    AS_BEFORE = "as it was before the call"
    CHANGED = "changed since"


def standing(call: RecordedCall, back: Undo, record: JsonObject) -> Standing:
    """Tell whether what `back` would restore is as `call` left it.

    Args:
        record: the object, as it is now.
    """
    try:
        now = as_it_is(parse(operations()[call["operation"]], call["arguments"]), record)
    except InvalidArguments:
        # What was masked in the trail cannot be compared, nor what Clerk took then and takes no more.
        return Standing.AS_LEFT
    restored = [*(name for name in back.arguments if name in now), *back.arguments.get("clear", ())]
    sent, was = call["arguments"], call["was"]
    if all(_is_same(now.get(name), was[name]) for name in restored):
        return Standing.AS_BEFORE
    for name in restored:
        left = sent.get(name)
        if not (_is_same(now.get(name), left) or _is_same(now.get(name), was[name]) or _holds_mask(left)):
            return Standing.CHANGED
    return Standing.AS_LEFT


def _is_same(one: Any, other: Any) -> bool:
    """Tell whether a value is the one that was sent, which Clerk may have written in its own way."""
    if isinstance(one, str) and isinstance(other, str):
        return one.strip().casefold() == other.strip().casefold() or _is_same_time(one, other)
    # Nothing is shown of what is empty.
    return bool(one == other) or (one in _NOTHING and other in _NOTHING)


_NOTHING: Final[tuple[Any, ...]] = (None, "", [], {})


def _is_same_time(one: str, other: str) -> bool:
    try:
        return datetime.fromisoformat(one) == datetime.fromisoformat(other)
    except (ValueError, TypeError):
        return False


def _holds_mask(value: Any) -> bool:
    """Tell whether part of a kept value was masked, so that sending it would write the mask."""
    if isinstance(value, dict):
        return any(_holds_mask(inner) for inner in value.values())
    if isinstance(value, list):
        return any(_holds_mask(inner) for inner in value)
    return bool(value == MASK)


def _why_none(spec: Spec, arguments: Mapping[str, Any]) -> str:
    if spec.effect is Effect.READ:
        return "Nothing to take back: the call only read."
    if spec.no_undo:
        return spec.no_undo
    if spec.method == "DELETE":
        return "A deletion cannot be taken back."
    if spec.path.endswith("/revoke"):
        return "What was revoked stays revoked; a new one has to be issued."
    if spec.method == "POST" and spec.mails(arguments):
        return "The mail was sent and cannot be called back; what it told of can still be revoked or deleted."
    if spec.mints:
        return "A credential was handed out, and nobody can know that it was not used; revoke or delete it."
    if spec.method == "POST":
        return "The call added something; there is no earlier state to go back to."
    return "The earlier values were not kept: --audit-before was off, or Clerk does not show them."
