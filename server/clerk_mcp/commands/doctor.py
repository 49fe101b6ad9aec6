"""`clerk-mcp doctor`: whether what this server stands on is as it should be, and what to do where not."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import anyio
import click

from clerk_mcp.commands import checks
from clerk_mcp.commands.call import show
from clerk_mcp.commands.checks import Finding
from clerk_mcp.settings import Settings, SettingsError, load

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


def run_doctor(given: Mapping[str, Any], *, as_json: bool) -> int:
    """Check everything and print the report.

    Args:
        given: settings given as flags, by field name.

    Returns:
        The exit status: 1 where there is a problem.
    """
    findings, settings = anyio.run(_diagnose, given)
    rows = checks.in_force(settings, given) if settings else []
    healthy = all(finding.level != "problem" for finding in findings)
    if as_json:
        show({"ok": healthy, "findings": [asdict(f) for f in findings], "settings": rows}, as_json=True)
    else:
        _print(findings, rows)
    return int(not healthy)


async def _diagnose(given: Mapping[str, Any]) -> tuple[list[Finding], Settings | None]:
    findings = [checks.versions()]
    settings: Settings | None = None
    try:
        settings = load(given)
    except SettingsError as error:
        findings += [Finding("settings", "problem", problem) for problem in error.problems]
    if settings:
        named, problems = checks.instances(settings, given)
        findings += problems
        # Whoever has only instances in the file needs no key beside them.
        if not named or settings.key or settings.sandbox:
            findings += await _of_one(settings, given)
        for one in named:
            findings += checks.about(one, await _of_one(one, given))
        findings += [*checks.serving(settings), *await checks.redis(settings), *await checks.issuer(settings)]
    with _progress("Starting what the hosts would start"):
        findings += await checks.hosts(settings, given)
    return findings, settings


async def _of_one(settings: Settings, given: Mapping[str, Any]) -> list[Finding]:
    """Check the key of one instance, and whether Clerk takes it."""
    flags = given if settings.instance else {name: v for name, v in given.items() if name != "config"}
    findings = [*checks.key(settings), checks.start(settings, flags)]
    if settings.key or settings.sandbox or settings.auth == "clerk-key":
        with _progress("Asking Clerk"):
            findings += await checks.clerk(settings)
    return findings


@contextmanager
def _progress(what: str) -> Iterator[None]:
    """Show a sign of life on a terminal, while something takes its time."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(f"{what} …"):
        yield


def _print(findings: Sequence[Finding], rows: Sequence[Mapping[str, Any]]) -> None:
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        level = click.style(f"{finding.level:<8}", fg=_COLOURS[finding.level])
        click.echo(f"{level} {finding.check:<{width}}  {finding.message}")
        if finding.fix:
            click.echo(f"{'':<8} {'':<{width}}  → {finding.fix}")
    if not rows:
        return
    chosen = [row for row in rows if row["source"] != "default"]
    defaults = len(rows) - len(chosen)
    click.echo(f"\nSettings in force ({defaults} of {len(rows)} have their defaults; --json lists them)")
    for row in chosen:
        click.echo(f"  {row['name']} = {row['value']}  ({row['source']})")
