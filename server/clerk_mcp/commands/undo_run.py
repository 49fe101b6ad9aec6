"""`clerk-mcp audit FILE --undo run_…`: everything that a run changed, put back as it was."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio
import click

from clerk_mcp.answering import Answer
from clerk_mcp.auditing import (
    MOST_IDS,
    NoUndo,
    RecordedCall,
    Standing,
    Undo,
    as_it_is,
    load,
    standing,
    states,
    undo,
)
from clerk_mcp.calling import Caller, Calls
from clerk_mcp.commands.call import made_elsewhere
from clerk_tools.catalog import operations
from clerk_tools.operation import Operation
from clerk_tools.parsing import InvalidArguments, parse

_AT_ONCE: Final = 16
_NAMED: Final = 5
_CHANGED_SINCE: Final = "changed since, so it is left as it is; --undo with the entry restores it anyway"


def take_run_back(file: Path, run: str, calls: Calls | None) -> int:
    """Say what taking a run back would restore; with `calls`, restore it.

    Returns:
        The exit status: 0; 1 where something could not be restored; 2 where there is no such run.
    """
    try:
        made = [call for call in load(file).calls if call.get("run") == run]
    except OSError as error:
        click.echo(f"{file} cannot be read: {error.strerror}", err=True)
        return 2
    if not made:
        click.echo(
            f"{file} has no run {run}; clerk-mcp audit {file} --json shows the runs of its calls", err=True
        )
        return 2
    if calls is not None:
        for call in made:
            if elsewhere := made_elsewhere(call, calls):
                click.echo(elsewhere, err=True)
                return 2
    # The last change first, should two of them be about the same object.
    found = [(call, undo(call)) for call in reversed(made) if call["outcome"] not in ("error", "not_run")]
    restoring = [(call, how) for call, how in found if isinstance(how, Undo)]
    reasons = Counter(how.reason for _, how in found if isinstance(how, NoUndo))
    for reason, count in reasons.most_common():
        click.echo(f"{count} of {len(made)} calls cannot be taken back: {reason}", err=True)
    click.echo(f"{len(restoring)} of {len(made)} calls can be taken back.", err=True)
    if not restoring:
        return 1
    if calls is None:
        click.echo(f"clerk-mcp audit {file} --undo {run} --yes")
        return int(bool(reasons))
    restoration = anyio.run(_restore, calls, run, restoring)
    for call, why in restoration.failed[:_NAMED]:
        click.echo(f"{call['entry']} {_target(call)}: {why}", err=True)
    click.echo(json.dumps({"run": run, **restoration.counts}))
    return int(bool(restoration.failed or reasons))


def _target(call: RecordedCall) -> str:
    return " ".join(str(value) for value in call.get("target", {}).values())


@dataclass(slots=True)
class _Restoration:
    """How taking a run back went."""

    restored: int = 0
    already: int = 0
    """Calls whose changes were gone."""
    failed: list[tuple[RecordedCall, str]] = field(default_factory=list)
    """Calls that were not taken back, each with why."""

    @property
    def counts(self) -> dict[str, int]:
        """For the line at the end."""
        already = {"already_as_before": self.already} if self.already else {}
        return {"restored": self.restored, **already, "failed": len(self.failed)}


async def _restore(calls: Calls, run: str, restoring: Sequence[tuple[RecordedCall, Undo]]) -> _Restoration:
    """Look at a hundred objects by one read, put these back several at once, then the next hundred."""
    caller = Caller(f"undo of {run}", "terminal")
    done = _Restoration()
    async with calls.client:
        for some in _batches(restoring, done):
            await _restore_some(calls, caller, some, done)
            if sys.stderr.isatty():
                count = done.restored + done.already + len(done.failed)
                click.echo(f"{count} of {len(restoring)} done", err=True)
    return done


_Restoring = tuple[RecordedCall, Undo, Operation]


def _batches(
    restoring: Sequence[tuple[RecordedCall, Undo]], done: _Restoration
) -> Iterator[list[_Restoring]]:
    """Pass on as many at a time as Clerk shows by one read, each of another object.

    What changed an object before is taken back after what changed it last.
    """
    batch: dict[str, _Restoring] = {}
    for call, how in restoring:
        try:
            operation = parse(operations()[how.operation], how.arguments)
        except InvalidArguments as invalid:
            done.failed.append((call, str(invalid)))
            continue
        target = operation.to_request().path.removesuffix("/metadata")
        if target in batch or len(batch) == MOST_IDS:
            yield list(batch.values())
            batch = {}
        batch[target] = (call, how, operation)
    if batch:
        yield list(batch.values())


async def _restore_some(calls: Calls, caller: Caller, some: list[_Restoring], done: _Restoration) -> None:
    read = calls.reader(some[0][2], caller)
    records = await states([operation for _, _, operation in some], read)
    left = list(zip(some, records, strict=True))

    async def work() -> None:
        while left:
            (call, how, operation), record = left.pop()
            stands = standing(call, how, record) if record is not None else Standing.AS_LEFT
            if stands is Standing.AS_BEFORE:
                done.already += 1
                continue
            if stands is Standing.CHANGED:
                done.failed.append((call, _CHANGED_SINCE))
                continue
            was = as_it_is(operation, record) if record is not None else None
            result = await calls.run_agreed(operation, caller, "--yes", run=None, was=was)
            if isinstance(result, Answer):
                done.failed.append((call, result.value["error"]["message"]))
            else:
                done.restored += 1

    async with anyio.create_task_group() as tasks:
        for _ in range(max(1, min(_AT_ONCE, calls.client.max_in_flight * 4 // 5))):
            tasks.start_soon(work)
