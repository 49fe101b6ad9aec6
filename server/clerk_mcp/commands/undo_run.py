"""`clerk-mcp audit FILE --undo run_…`: everything that a run changed, put back as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import anyio
import click

from clerk_mcp.answering import Answer
from clerk_mcp.auditing import calls_of_run
from clerk_mcp.bulk import Left, Runs, WayBack, plan_back, run_each, way_back, what_is_left
from clerk_mcp.calling import Caller, Calls
from clerk_mcp.commands.call import has_agreed, made_elsewhere, say_how_far
from clerk_mcp.confirming import Asker, Asking
from clerk_tools.argument import JsonObject

_NAMED: Final = 5


def take_run_back(file: Path, run: str, calls: Calls | None, runs: Runs | None) -> int:
    """Say what taking a run back would restore; with `calls`, restore it.

    Args:
        runs: where the run is kept that does it.

    Returns:
        The exit status: 0; 1 where something could not be restored; 2 where there is no such run.
    """
    try:
        made = calls_of_run(file, run)
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
    way = way_back(run, made)
    for reason, count in way.reasons.most_common():
        click.echo(f"{count} of {way.made} calls cannot be taken back: {reason}", err=True)
    click.echo(f"{len(way.items)} of {way.made} calls can be taken back.", err=True)
    if not way.items:
        return 1
    if calls is None or runs is None:
        click.echo(f"clerk-mcp audit {file} --undo {run} --yes")
        return int(bool(way.reasons))
    left, answer = anyio.run(_restore, calls, way, runs)
    return max(_show(answer, left, run), int(bool(way.reasons)))


async def _restore(calls: Calls, way: WayBack, runs: Runs) -> tuple[Left, Answer | None]:
    """Run it to its end, through every failure: somebody is there to read of them."""
    caller = Caller(f"undo of {way.run}", "terminal", asker=Asker(way=Asking.LIVE, elicit=has_agreed))
    async with calls.client:
        left = await what_is_left(calls, way, caller)
        if not left.steps:
            return left, None
        answer = await plan_back(calls, way, left, caller, runs)
        told = {"confirm": answer.value.get("confirm"), "stop_after": len(way.items)}
        while not answer.is_error:
            ran = await run_each(calls, told, caller, runs=runs, reach=calls, progress=say_how_far)
            if not isinstance(ran, Answer):
                raise RuntimeError("a terminal asks at once")
            answer, told = ran, {"run": ran.value.get("run")}
            going = runs.going(str(ran.value.get("run")))
            if going is None or going.done.is_set():
                break
        await runs.close()
    return left, answer


def _show(answer: Answer | None, left: Left, run: str) -> int:
    """Print what came of it.

    Args:
        answer: None where nothing was left to do.

    Returns:
        The exit status.
    """
    for name in left.changed_since[:_NAMED]:
        click.echo(f"{name}: {_CHANGED_SINCE}", err=True)
    value = answer.value if answer else _NOTHING
    if answer and answer.is_error:
        error = value["error"]
        click.echo(f"{error['message']} {error.get('hint', '')}".rstrip(), err=True)
        return 1
    for failure in value.get("failures", ())[:_NAMED]:
        click.echo(
            f"{failure['count']} failed: {failure['message']} ({', '.join(failure['items'])})", err=True
        )
    if value["left"] or value["unknown"]:
        click.echo(value["message"], err=True)
    failed = value["failed"] + len(left.changed_since)
    already = {"already_as_before": left.already} if left.already else {}
    told = {"run": run, "restored": value["ok"], **already, "failed": failed}
    told |= {name: value[name] for name in ("unknown", "left") if value[name]}
    click.echo(json.dumps({**told, **({"by": value["run"]} if answer else {})}))
    return int(bool(failed) or value["ok"] < value["items"])


_NOTHING: Final[JsonObject] = {"items": 0, "ok": 0, "failed": 0, "unknown": 0, "left": 0}
_CHANGED_SINCE: Final = "changed since, so it is left as it is; --undo with the entry restores it anyway"
