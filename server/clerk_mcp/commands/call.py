"""The catalogue and its operations for a person at a terminal: `clerk-mcp tools` and `clerk-mcp call`."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import anyio
import click

from clerk_mcp.answering import Answer, dumps, size
from clerk_mcp.auditing import NoSuchEntry, NoUndo, RecordedCall, load, undo
from clerk_mcp.bulk import RunEach, Runs
from clerk_mcp.calling import Caller, Calls, UnknownOperation, preview_change
from clerk_mcp.confirming import Answered, Asker, Asking, AskInResult, CannotAsk
from clerk_mcp.offering import ALL, CORE, Policy, input_schema, tool
from clerk_mcp.protocol import Surface, declared
from clerk_tools.catalog import RESOURCES, operations
from clerk_tools.operation import Spec

_BAR: Final = 30
"""Characters of the bar that shows how far a call is."""


def arguments_of(pairs: Sequence[str], as_json: str | None) -> dict[str, Any]:
    """Arguments from `name=value` pairs and a JSON object; a value may itself be JSON.

    Raises:
        ValueError: a pair without `=`, or text that is not a JSON object.
    """
    given = _json_object(as_json) if as_json is not None else {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ValueError(f"{pair!r} is not NAME=VALUE, such as limit=5")
        given[name] = value
    return given


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return value
    raise ValueError("--json-args must be a JSON object, such as '{\"limit\": 5}'")


_HOW_LISTED: Final = "clerk-mcp tools lists all of them."


def run_call(
    calls: Calls,
    name: str,
    arguments: Mapping[str, Any],
    *,
    list_all_cap: int,
    runs: Runs | None = None,
    as_json: bool,
    agreed: bool = False,
    dry_run: bool = False,
    session: str = "terminal",
) -> int:
    """Run one tool by the path that an agent's call takes, and print what comes back.

    A question before something is destroyed is put to the person at the terminal.

    Args:
        list_all_cap: the most records that one `list_all` reads.
        runs: the runs of `run_each`, where it may be called.
        agreed: what would be asked is agreed to beforehand.
        dry_run: show what the call would do, and do not make it.
        session: what the audit trail calls this.

    Returns:
        The exit status: 0, 1 where the answer is an error or nothing was done, 2 where the call was wrong.
    """
    person = _Person(agreed)
    asker = Asker(way=Asking.LIVE, elicit=person.ask)
    surface = Surface("all", calls.policy, list_all_cap, runs)

    async def agree_and_run(plan: Answer, caller: Caller) -> Answer | AskInResult:
        """Ask about a plan and run it in this process: its token may not hold in another."""
        if (
            await person.ask(json.dumps(plan.value["preview"], indent=2, ensure_ascii=False))
            is not Answered.ACCEPTED
        ):
            return plan
        token = {"confirm": plan.value["confirm"]}
        agreed = Asker(way=Asking.LIVE, elicit=has_agreed)
        return await surface.call(calls, name, token, replace(caller, asker=agreed), say_how_far)

    async def run() -> Answer:
        async with calls.client:
            caller = Caller(session, "terminal", on_wait=_say_why_it_waits, asker=asker)
            if dry_run:
                return await preview_change(calls, name, arguments, caller)
            answer = await surface.call(calls, name, arguments, caller, say_how_far)
            if name == RunEach.spec.id and isinstance(answer, Answer) and "preview" in answer.value:
                answer = await agree_and_run(answer, caller)
        if not isinstance(answer, Answer):
            raise RuntimeError("a terminal asks at once")
        return answer

    try:
        answer = anyio.run(run)
    except UnknownOperation as unknown:
        click.echo(f"{unknown} {_HOW_LISTED}", err=True)
        return 2
    show(answer.value, as_json=as_json, to_stderr=answer.is_error)
    if person.was_missing:
        return 1
    wrong = answer.is_error and answer.value["error"]["code"] == "invalid_arguments"
    return 2 if wrong else int(answer.is_error)


async def has_agreed(_: str) -> Answered:
    """Answer for somebody who was asked just before."""
    return Answered.ACCEPTED


async def _say_why_it_waits(seconds: float, reason: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"Waiting for {seconds:.0f} s: {reason}", err=True)


async def say_how_far(done: float, total: float | None, message: str) -> None:
    """Show on a terminal how far a call is."""
    if not sys.stderr.isatty():
        return
    # On one line, which the next one takes the place of; the last stays.
    share = min(done / total, 1.0) if total else 0.0
    bar = f"[{'#' * round(share * _BAR):<{_BAR}}] " if total else ""
    click.echo(f"\r{bar}{message}\x1b[K", err=True, nl=bool(total) and done >= (total or 0))


class _Person:
    """Whoever runs the command, as far as they can be asked."""

    def __init__(self, agreed: bool) -> None:
        self._agreed = agreed
        self.was_missing = False
        """Whether there was a question, and nobody to answer it."""

    async def ask(self, question: str) -> Answered:
        if self._agreed:
            return Answered.ACCEPTED
        click.echo(question, err=True)
        if not sys.stdin.isatty():
            self.was_missing = True
            click.echo(
                "\nNothing was done: there is no terminal to ask at. Add --yes to do it,"
                " or confirm=… with what the preview says.",
                err=True,
            )
            raise CannotAsk("there is no terminal")
        try:
            agreed = click.confirm("Do it?", default=False, err=True)
        except click.Abort:
            return Answered.DECLINED
        return Answered.ACCEPTED if agreed else Answered.DECLINED


def show(value: object, *, as_json: bool, to_stderr: bool = False) -> None:
    """Print JSON: coloured and indented on a terminal, on one line in a pipe."""
    stream = sys.stderr if to_stderr else sys.stdout
    if as_json or not stream.isatty():
        click.echo(dumps(value), file=stream)
        return
    from rich.console import Console

    Console(file=stream, soft_wrap=True).print_json(data=value, ensure_ascii=False)


def list_tools(policy: Policy, *, as_json: bool) -> int:
    """Print the tools that a policy allows, resource by resource."""
    rows = [_row(operations()[id].spec) for id in policy.allowed(None)]
    if as_json:
        show(rows, as_json=True)
    elif sys.stdout.isatty():
        _print_table(rows)
    else:
        for row in rows:
            click.echo("\t".join(map(str, row.values())))
    return 0


def _row(spec: Spec) -> dict[str, Any]:
    return {
        "resource": spec.resource,
        "tool": spec.id,
        "effect": spec.effect.value,
        "arguments": ", ".join(a.name if a.required else f"[{a.name}]" for a in spec.arguments),
        "bytes": size(tool(spec)),
    }


def _print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    colours = {"read": "green", "write": "yellow", "destroy": "red"}
    table = Table(box=None, header_style="bold")
    for column in ("resource", "tool", "effect", "arguments", "bytes"):
        table.add_column(column, justify="right" if column == "bytes" else "left", overflow="fold")
    shown = ""
    for row in rows:
        resource = "" if row["resource"] == shown else row["resource"]
        shown = row["resource"]
        effect = f"[{colours[row['effect']]}]{row['effect']}[/]"
        # Brackets mark what is optional; to rich they would be markup.
        arguments = row["arguments"].replace("[", "\\[")
        table.add_row(resource, row["tool"], effect, arguments, str(row["bytes"]))
    table.add_section()
    table.add_row("", f"{len(rows)} tools", "", "", str(sum(row["bytes"] for row in rows)))
    Console().print(table)


def describe_tool(name: str, *, as_json: bool) -> int:
    """Print one tool as an agent sees it."""
    found = declared(name)
    if found is None:
        click.echo(f"{UnknownOperation(name)} {_HOW_LISTED}", err=True)
        return 2
    show(tool(found.spec), as_json=as_json)
    return 0


def list_toolsets() -> int:
    """Print each toolset with the number of its tools and what they cost a model, in bytes."""
    for toolset in toolset_sizes():
        click.echo(f"{toolset.name:<26}{toolset.tools:>4} tools{toolset.bytes:>8} bytes")
    return 0


def take_back(file: Path, entry: str, calls: Calls | None, *, as_json: bool) -> int:
    """Print the call that restores what an entry of an audit trail changed; with `calls`, run it as well."""
    try:
        call = load(file).call(entry)
    except OSError as error:
        click.echo(f"{file} cannot be read: {error.strerror}", err=True)
        return 2
    except NoSuchEntry as missing:
        click.echo(f"{file} has {missing}; clerk-mcp audit {file} lists them", err=True)
        return 2
    if calls is not None and (elsewhere := made_elsewhere(call, calls)):
        click.echo(elsewhere, err=True)
        return 2
    found = undo(call)
    if isinstance(found, NoUndo):
        click.echo(found.reason, err=True)
        return 1
    for name in found.not_restored:
        click.echo(f"{name} cannot be restored: its earlier value was not kept.", err=True)
    if found.caution:
        click.echo(found.caution, err=True)
    if calls is None:
        arguments = json.dumps(found.arguments, ensure_ascii=False)
        click.echo(f"clerk-mcp call {found.operation} --json-args {shlex.quote(arguments)}")
        return 0
    return run_call(
        calls,
        found.operation,
        found.arguments,
        list_all_cap=0,
        as_json=as_json,
        agreed=True,
        session=f"undo of {call['entry']}",
    )


def made_elsewhere(call: RecordedCall, calls: Calls) -> str | None:
    """Say that a recorded call was made on another instance than the one that is reached here."""
    there, here = call.get("instance"), calls.confirmer.instance.label
    if there in (None, here):
        return None
    return f"{call['entry']} was made on {there}, and this is {here}: choose it with --instance {there}"


class ToolsetSize(NamedTuple):
    name: str
    tools: int
    bytes: int
    """Of the names, descriptions and input schemas, as compact JSON in UTF-8."""


def toolset_sizes() -> list[ToolsetSize]:
    """Return what each toolset costs a model's context: `core` and `all`, then the resources in their
    order."""
    totals = dict.fromkeys((CORE, ALL, *RESOURCES), (0, 0))
    for operation in operations().values():
        spec = operation.spec
        cost = len(f"{spec.id}{spec.description}".encode()) + size(input_schema(spec))
        for name in (ALL, spec.resource, *([CORE] if spec.is_core else [])):
            tools, total = totals[name]
            totals[name] = (tools + 1, total + cost)
    return [ToolsetSize(name, *total) for name, total in totals.items()]
