"""`clerk-mcp audit`: the calls of an audit trail, as a table, as text or as JSON."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from clerk_mcp.auditing import UNFINISHED, Filter, RecordedCall, load, moment, target_texts

_IN_WORDS: Final = {UNFINISHED: "started, outcome unknown"}

COLUMNS: Final = (
    "time",
    "entry",
    "instance",
    "caller",
    "operation",
    "target",
    "outcome",
    "status",
    "ms",
    "confirmation",
)
_FIRST: Final = ("time", "entry", "operation", "outcome")
"""What stands on the first line of a call, where the terminal is too narrow for one line; none is cut."""


def show(path: Path, wanted: Filter, *, as_json: bool = False) -> int:
    """Print the calls that are wanted: on a terminal a table, in a pipe tab-separated.

    Returns:
        The exit status: 0, or 2 where the file cannot be read.
    """
    try:
        trail = load(path)
    except OSError as error:
        click.echo(f"{path} cannot be read: {error.strerror}", err=True)
        return 2
    calls = [call for call in trail.calls if wanted.fits(call)]
    if as_json:
        for call in calls:
            click.echo(json.dumps(call))
    elif sys.stdout.isatty():
        _print_table(calls)
    else:
        for row in (COLUMNS, *map(_row, calls)):
            click.echo("\t".join(row))
    if trail.broken:
        click.echo(_passed_over(path, trail.broken, nothing_else=not trail.calls), err=True)
    return 0


_MOST_NAMED: Final = 10
"""Numbers of broken lines that are told."""


def _passed_over(path: Path, lines: list[int], *, nothing_else: bool) -> str:
    """Name the lines that are no records, and say so where the file has none at all."""
    if nothing_else:
        return f"{path} holds no record of a call: is it the file of --audit-log?"
    more = f" and {len(lines) - _MOST_NAMED} more" if len(lines) > _MOST_NAMED else ""
    return f"passed over, not a whole record: line {', '.join(map(str, lines[:_MOST_NAMED]))}{more}"


def _print_table(calls: list[RecordedCall]) -> None:
    """Print a row for each call, or two lines where a row is wider than the terminal: ids stay whole."""
    if not calls:
        click.echo("No call fits.", err=True)
        return
    rows = [dict(zip(COLUMNS, _row(call), strict=True)) for call in calls]
    for row in rows:
        row["time"] = _short_time(row["time"])
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in COLUMNS}
    if sum(widths.values()) + 2 * len(COLUMNS) <= shutil.get_terminal_size().columns:
        for row in ({name: name for name in COLUMNS}, *rows):
            click.echo("  ".join(f"{row[name]:<{widths[name]}}" for name in COLUMNS).rstrip())
        return
    for row in rows:
        click.echo("  ".join(row[name] for name in _FIRST))
        rest = [row[name] for name in COLUMNS if name not in (*_FIRST, "ms")]
        took = f"{row['ms']} ms" if row["ms"] else ""
        click.echo("    " + " · ".join(word for word in (*rest, took) if word))


def _short_time(text: str) -> str:
    """Return a moment to the second: today's as its time, this year's without the year; all in UTC."""
    began, now = moment(text).astimezone(UTC), datetime.now(UTC)
    form = "%H:%M:%S" if began.date() == now.date() else "%m-%d %H:%M:%S"
    return f"{began:{form}}" if began.year == now.year else f"{began:%Y-%m-%d %H:%M:%S}"


def _row(call: RecordedCall) -> tuple[str, ...]:
    cells: dict[str, object] = {
        **call,
        "target": " ".join([*target_texts(call).values(), call.get("made") or ""]),
        "outcome": _IN_WORDS.get(call["outcome"], call["outcome"]),
    }
    return tuple(_printable(cells.get(column)) for column in COLUMNS)


def _printable(value: object) -> str:
    # What an agent sent must not reach a terminal as control sequences.
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else "�" for c in text).strip()
