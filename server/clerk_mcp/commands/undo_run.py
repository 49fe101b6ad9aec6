"""`clerk-mcp audit FILE --undo run_…`: everything that a run changed, put back as it was."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import anyio
import click

from clerk_mcp.answering import Answer
from clerk_mcp.auditing import NoUndo, RecordedCall, Undo, load, undo
from clerk_mcp.calling import Caller, Calls, Fetched
from clerk_mcp.commands.call import made_elsewhere
from clerk_mcp.confirming import Answered, Asker, Asking

_AT_ONCE: Final = 8
_NAMED: Final = 5


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
    failed = anyio.run(_restore, calls, run, restoring)
    for call, why in failed[:_NAMED]:
        click.echo(f"{call['entry']} {_target(call)}: {why}", err=True)
    click.echo(json.dumps({"run": run, "restored": len(restoring) - len(failed), "failed": len(failed)}))
    return int(bool(failed or reasons))


def _target(call: RecordedCall) -> str:
    return " ".join(str(value) for value in call.get("target", {}).values())


async def _restore(
    calls: Calls, run: str, restoring: Iterable[tuple[RecordedCall, Undo]]
) -> list[tuple[RecordedCall, str]]:
    """Make the calls, several at once; those that failed, each with why."""

    async def agree(_: str) -> Answered:
        return Answered.ACCEPTED

    caller = Caller(f"undo of {run}", "terminal", asker=Asker(way=Asking.LIVE, elicit=agree))
    failed: list[tuple[RecordedCall, str]] = []
    left = list(restoring)
    total = len(left)
    left.reverse()

    async def work() -> None:
        while left:
            call, how = left.pop()
            result = await calls.fetch(how.operation, how.arguments, caller)
            if isinstance(result, Answer):
                failed.append((call, result.value["error"]["message"]))
            elif not isinstance(result, Fetched):
                failed.append((call, "it has to be agreed to"))
            done = total - len(left)
            if sys.stderr.isatty() and done % 50 == 0:
                click.echo(f"{done} of {total} restored", err=True)

    async with calls.client, anyio.create_task_group() as tasks:
        for _ in range(_AT_ONCE):
            tasks.start_soon(work)
    return failed
