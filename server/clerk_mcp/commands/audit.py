"""`clerk-mcp audit`: the calls of an audit trail, as a table, as text or as JSON."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from clerk_mcp.auditing import UNFINISHED, RecordedCall, load, select, targets

_IN_WORDS: Final = {UNFINISHED: "started, outcome unknown"}

COLUMNS: Final = ("time", "entry", "caller", "operation", "target", "outcome", "status", "ms", "confirmation")


def show(
    path: Path,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    operation: str | None = None,
    target: str | None = None,
    outcome: str | None = None,
    as_json: bool = False,
) -> int:
    """Print the calls that fit every filter of `select`: on a terminal a table, in a pipe tab-separated.

    Returns:
        The exit status: 0, or 2 where the file cannot be read.
    """
    try:
        trail = load(path)
    except OSError as error:
        click.echo(f"{path} cannot be read: {error.strerror}", err=True)
        return 2
    calls = list(
        select(trail.calls, since=since, until=until, operation=operation, target=target, outcome=outcome)
    )
    if as_json:
        for call in calls:
            click.echo(json.dumps(call))
    elif sys.stdout.isatty():
        _print_table(calls)
    else:
        for row in (COLUMNS, *map(_row, calls)):
            click.echo("\t".join(row))
    if trail.broken:
        numbers = ", ".join(map(str, trail.broken))
        click.echo(f"passed over, not a whole record: line {numbers}", err=True)
    return 0


def _print_table(calls: list[RecordedCall]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*COLUMNS)
    for call in calls:
        table.add_row(*(Text(cell) for cell in _row(call)))
    Console().print(table)


def _row(call: RecordedCall) -> tuple[str, ...]:
    cells: dict[str, object] = {
        **call,
        "target": " ".join(str(value) for value in [*targets(call).values(), call.get("made") or ""]),
        "outcome": _IN_WORDS.get(call["outcome"], call["outcome"]),
    }
    return tuple(_printable(cells.get(column)) for column in COLUMNS)


def _printable(value: object) -> str:
    # What an agent sent must not reach a terminal as control sequences.
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else "�" for c in text).strip()
