"""`clerk-mcp compare`: what differs between two instances of the configuration file."""

from __future__ import annotations

import json
import shutil
import sys
from typing import Any, Final

import anyio
import click

from clerk_mcp.bulk import Comparison, Side, compare
from clerk_mcp.calling import Caller
from clerk_mcp.serve import make_calls
from clerk_mcp.settings import Settings
from clerk_tools.argument import JsonObject

_WIDEST: Final = 48
"""Characters of a value in the table of a terminal; --json has the whole."""


def run_compare(settings: Settings, *, as_json: bool) -> int:
    """Read both instances, and print what differs; only reads are made, whatever agents may do there.

    Args:
        settings: those of exactly two instances, as `served`.

    Returns:
        The exit status: 0 where all is the same, 1 where something differs or cannot be read.
    """
    result = anyio.run(_compare, settings)
    if as_json:
        click.echo(json.dumps(result.to_json(), indent=2, ensure_ascii=False))
    else:
        _print(result)
    return int(bool(result.differences or result.unread))


async def _compare(settings: Settings) -> Comparison:
    # Whoever is at the terminal has the keys: what is kept from agents is not kept from them.
    everything = {"toolsets": (), "tools": (), "exclude": (), "read_only": True, "any_path": False}
    sides = [_side(one.model_copy(update=everything)) for one in settings.served]
    async with sides[0].calls.client, sides[1].calls.client:
        return await compare(sides[0], sides[1])


def _side(settings: Settings) -> Side:
    calls, instance = make_calls(settings)
    return Side(instance.label, calls, Caller("compare", "terminal"))


def _print(result: Comparison) -> None:
    one, other = result.names
    rows = [("part", "name", "field", one, other), *(_row(result, each) for each in result.differences)]
    if len(rows) > 1:
        _print_table(rows)
    for gap in result.unread:
        click.echo(f"not compared: {gap['part']} ({gap['instance']}: {gap['why']})", err=True)
    same = ", ".join(f"{count} of {part}" for part, count in result.same.items() if count)
    count = len(result.differences)
    click.echo(f"{count} difference{'s' * (count != 1)}; the same on both: {same or 'nothing'}", err=True)


def _row(result: Comparison, difference: JsonObject) -> tuple[str, ...]:
    head = (difference["part"], difference.get("name", ""), difference.get("field", ""))
    if only := difference.get("only_in"):
        return (*head, *("only here" if only == name else "–" for name in result.names))
    return (*head, *(_text(difference["values"][name]) for name in result.names))


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # What somebody wrote into a name must not reach a terminal as control sequences.
    return "".join(c if c.isprintable() else "�" for c in text)


def _print_table(rows: list[tuple[str, ...]]) -> None:
    """Print columns on a terminal, and tab-separated values into a pipe."""
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(map(_text, row)))
        return
    cut = [tuple(_cut(_text(cell)) for cell in row) for row in rows]
    widths = [max(len(row[i]) for row in cut) for i in range(len(rows[0]))]
    if sum(widths) + 2 * len(widths) <= shutil.get_terminal_size().columns:
        for row in cut:
            click.echo(
                "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
            )
        return
    for part, name, place, one, other in cut[1:]:
        click.echo(" · ".join(word for word in (part, name, place) if word))
        click.echo(f"    {cut[0][3]}: {one}\n    {cut[0][4]}: {other}")


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
