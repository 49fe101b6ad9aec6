"""Taking a run back: everything that it changed, put back as it was, by a run like any other."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from clerk_mcp.answering import Answer
from clerk_mcp.auditing import NoUndo, RecordedCall, Standing, Undo, as_it_is, standing, states, undo
from clerk_mcp.bulk.each_item import Refusal, offer, own_run, unavailable
from clerk_mcp.bulk.mapping import merged
from clerk_mcp.bulk.planning import name_of, operation_of, plan_items
from clerk_mcp.bulk.run_store import is_id
from clerk_mcp.bulk.running import report
from clerk_mcp.bulk.runs import Runs
from clerk_mcp.calling import Caller, Calls
from clerk_tools.argument import JsonObject, Place
from clerk_tools.catalog import operations
from clerk_tools.parsing import InvalidArguments, parse

_CLEAR: Final = "clear"
UNDO: Final = "undo"
"""In what such a run was made from, the run that it takes back."""


@dataclass(frozen=True, slots=True)
class Step:
    """What puts one object back."""

    changed: RecordedCall
    """The calls of the run about the object, as one."""
    back: Undo


@dataclass(frozen=True, slots=True)
class WayBack:
    """What takes a run back."""

    run: str
    made: int
    """Calls of the run."""
    operation: str
    """What restores each object; empty where nothing can be restored."""
    steps: tuple[Step, ...]
    reasons: Counter[str]
    """Why calls cannot be taken back, each with how many."""
    partly: int
    """Calls of which an argument cannot be restored."""

    @property
    def items(self) -> list[JsonObject]:
        """The arguments for each object."""
        return [step.back.arguments for step in self.steps]

    @property
    def digest(self) -> str:
        """Of everything that it would send."""
        text = json.dumps([self.run, self.operation, self.items], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def way_back(run: str, made: Sequence[RecordedCall]) -> WayBack:
    """Find what takes the calls of a run back."""
    reasons: Counter[str] = Counter()
    by_target: dict[str, Step] = {}
    operation, partly = "", 0
    # The last change first, should two of them be about the same object.
    for call in reversed(made):
        if call["outcome"] in ("error", "not_run"):
            continue
        found = undo(call)
        problem = found.reason if isinstance(found, NoUndo) else _problem(found, operation)
        if isinstance(found, NoUndo) or problem:
            reasons[problem] += 1
            continue
        operation = found.operation
        partly += bool(found.not_restored)
        target, step = json.dumps(_targets(found)), Step(call, found)
        later = by_target.pop(target, None)
        by_target[target] = _with_the_one_before(later, step) if later else step
    return WayBack(run, len(made), operation, tuple(by_target.values()), reasons, partly)


def _with_the_one_before(later: Step, before: Step) -> Step:
    """Return the one step that takes two changes of one object back."""
    id = later.back.operation
    changed: RecordedCall = {
        **later.changed,
        "arguments": _both(id, before.changed["arguments"], later.changed["arguments"]),
        "was": _both(id, later.changed["was"], before.changed["was"]),
    }
    return Step(changed, Undo(id, _both(id, later.back.arguments, before.back.arguments)))


def _problem(found: Undo, operation: str) -> str:
    """Tell why a call cannot be part of the way back; empty where it can."""
    if operation and found.operation != operation:
        return f"{found.operation} is not what the rest of the run called: take it back by itself."
    try:
        parse(operations()[found.operation], found.arguments)
    except InvalidArguments:
        return "What was there before is not taken any more."
    return ""


def _targets(found: Undo) -> JsonObject:
    spec = operations()[found.operation].spec
    return {a.name: found.arguments[a.name] for a in spec.arguments if a.place is Place.PATH}


def _both(operation: str, first: JsonObject, second: JsonObject) -> JsonObject:
    """Return the one update that does what two do, where the second has the last word on each field."""
    spec = operations()[operation].spec
    if spec.method == "PATCH" and spec.path.endswith("/metadata"):
        return merged(first, second)
    cleared = dict.fromkeys([*first.get(_CLEAR, ()), *second.get(_CLEAR, ())])
    kept = {name: value for name, value in first.items() if name not in second.get(_CLEAR, ())}
    both = {name: value for name, value in {**kept, **second}.items() if name != _CLEAR}
    emptied = [name for name in cleared if name not in second]
    return {**both, **({_CLEAR: emptied} if emptied else {})}


@dataclass(frozen=True, slots=True)
class Left:
    """What is left to do of a way back, by what the objects are like now."""

    steps: tuple[Step, ...]
    was: tuple[JsonObject | None, ...]
    """What each step is about to change, where that is known."""
    already: int
    """Objects that are as they were before the run."""
    changed_since: tuple[str, ...]
    """Objects that somebody has changed since, which are left as they are."""


async def what_is_left(calls: Calls, way: WayBack, caller: Caller) -> Left:
    """Look at the objects of a way back: many by one read, where Clerk lists them by their ids."""
    model = operations()[way.operation]
    back = [parse(model, item) for item in way.items]
    records = await states(back, calls.reader(model, caller))
    steps, was, changed_since, already = [], [], [], 0
    for step, operation, record in zip(way.steps, back, records, strict=True):
        stands = Standing.AS_LEFT if record is None else standing(step.changed, step.back, record)
        if stands is Standing.AS_BEFORE:
            already += 1
        elif stands is Standing.CHANGED:
            changed_since.append(name_of(operation))
        else:
            steps.append(step)
            was.append(None if record is None else as_it_is(operation, record))
    return Left(tuple(steps), tuple(was), already, tuple(changed_since))


async def plan_back(calls: Calls, way: WayBack, left: Left, caller: Caller, runs: Runs) -> Answer:
    """Plan the run that does what is left; its token begins it, as `run_each` with `confirm` alone."""
    arguments = [step.back.arguments for step in left.steps]
    plan = await plan_items(
        calls, operation_of(way.operation), [("", each, each) for each in arguments], caller
    )
    for item in plan.items:
        item.was = left.was[item.row - 1]
    source: JsonObject = {UNDO: way.run, "already": left.already, "changed_since": list(left.changed_since)}
    try:
        return await offer(calls, plan, source, caller, runs, {})
    except Refusal as refusal:
        return refusal.answer
    except OSError as error:
        return unavailable(error)


async def look_at(calls: Calls, id: str, caller: Caller, runs: Runs) -> JsonObject | None:
    """Tell how far a run of this caller's is that takes another back, and leave it as it is.

    Returns:
        What `run_each` tells of it, and how many objects it left alone; None where there is no such run.

    Raises:
        OSError: where runs are kept cannot be used.
    """
    run = await own_run(calls, id, caller, runs) if is_id(id) else None
    if run is None or not run.agreed or UNDO not in run.source:
        return None
    return {**run.source, **report(run, runs.going(id)).value}
