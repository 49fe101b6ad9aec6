"""From figures to a table and a chart."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from statistics import median, quantiles
from typing import Final

from bench.contestants import FASTMCP, FLOOR, FLOOR_109, FLOOR_OUR_LOOP, OURS

COLUMNS: Final = (FLOOR, FLOOR_109, FLOOR_OUR_LOOP, OURS, FASTMCP, "openapi-mcp-server", "agent-toolkit")


@dataclass(frozen=True)
class Target:
    """What one contestant's figure must be, beside another's of the same round."""

    beside: str
    times: float = 1.0
    plus: float = 0.0
    of: str = OURS


@dataclass(frozen=True)
class Row:
    """One thing measured, of every contestant, once a round."""

    what: str
    unit: str
    found: Mapping[str, Sequence[float]]
    targets: Sequence[Target] = ()
    higher: bool = False
    """More is better."""

    def ratios(self, target: Target) -> list[float]:
        """Round by round, so that a slow moment of the machine falls on both sides."""
        pairs = zip(self.found[target.of], self.found[target.beside], strict=True)
        return [ours / other for ours, other in pairs]

    def verdict(self, target: Target) -> str:
        """The ratio, its target, and whether it was met."""
        if target.beside not in self.found:
            return f"{target.beside}: not here"
        sign = "≥" if self.higher else "≤"
        what = f"{target.of} / {target.beside}" if target.of != OURS else f"/ {target.beside}"
        if target.plus:
            value = median(self.found[target.of]) - median(self.found[target.beside])
            met = value <= target.plus
            return f"{what}: {value:+.2f} {self.unit} (≤ +{target.plus:g}) {_mark(met)}"
        value = median(self.ratios(target))
        met = value >= target.times if self.higher else value <= target.times
        return f"{what}: {value:.2f} ({sign} {target.times:g}) {_mark(met)}"

    def verdicts(self) -> list[str]:
        return [self.verdict(target) for target in self.targets]

    def line(self) -> str:
        """For the terminal."""
        figures = "  ".join(f"{name} {cell(values)}" for name, values in self.found.items())
        return f"{self.what} [{self.unit}]\n    {figures}\n" + "".join(f"    {v}\n" for v in self.verdicts())


def _mark(met: bool) -> str:
    return "✓" if met else "✗ missed"


def cell(values: Sequence[float]) -> str:
    """Median, and half the distance of the quartiles in percent of it."""
    middle = median(values)
    digits = 0 if middle >= 100 else 1 if middle >= 10 else 2
    if len(values) < 3:
        return f"{middle:.{digits}f}"
    low, _, high = quantiles(values, n=4)
    return f"{middle:.{digits}f} ±{(high - low) / 2 / middle:.0%}"


def markdown(rows: Sequence[Row], notes: Sequence[str]) -> str:
    """All rows as one table, those of other columns below it."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("mcp", "httpx2", "pydantic", "uvicorn"))
    processor = f"{os.cpu_count()} processors, {platform.machine()}"
    lines = [
        "# Measured",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {versions}; {processor}."
        " Written by `make bench`; what each row is and how it is measured stands in `bench/README.md`.",
        "",
        "A figure is the median over the rounds, ± half the distance between the quartiles."
        " A ratio is the median of the ratios within each round.",
        "",
    ]
    main = [row for row in rows if set(row.found) & {FLOOR, FLOOR_109}]
    columns = [name for name in COLUMNS if any(name in row.found for row in main)]
    if main:
        lines += [f"| what | unit | {' | '.join(columns)} | ours, and its target |"]
        lines += ["|" + "---|" * (len(columns) + 3)]
    for row in main:
        cells = [cell(row.found[name]) if name in row.found else "" for name in columns]
        lines.append(f"| {row.what} | {row.unit} | {' | '.join(cells)} | {'<br>'.join(row.verdicts())} |")
    others = [row for row in rows if row not in main]
    if others:
        lines += ["", "| what | unit | figures | target |", "|---|---|---|---|"]
    for row in others:
        figures = "<br>".join(f"{name}: {cell(values)}" for name, values in row.found.items())
        lines.append(f"| {row.what} | {row.unit} | {figures} | {'<br>'.join(row.verdicts())} |")
    return "\n".join([*lines, "", *(f"- {note}" for note in notes), ""])


_SHADES: Final = {FLOOR: "#9aa5b1", OURS: "#4f46e5", FASTMCP: "#d9a441"}
_OTHER: Final = "#cbb994"
_NAMES: Final = {FLOOR: "bare SDK server", OURS: "clerk-mcp"}


def chart(rows: Sequence[Row]) -> str:
    """Calls a second as bars, a group for each way of calling."""
    shown = [row for row in rows if row.what.startswith("call,") and row.unit == "/s"]
    height, top, parts = 20, 34, []
    for row in shown:
        names = [name for name in COLUMNS if name in row.found and name not in (FLOOR_109, FLOOR_OUR_LOOP)]
        longest = max(median(row.found[name]) for name in names)
        parts.append(f'<text x="12" y="{top}" font-weight="600">{row.what.removeprefix("call, ")}</text>')
        for name in names:
            top += height
            value = median(row.found[name])
            width = max(460 * value / longest, 1)
            shade = _SHADES.get(name, _OTHER)
            parts.append(
                f'<text x="150" y="{top}" text-anchor="end">{_NAMES.get(name, name)}</text>'
                f'<rect x="158" y="{top - 11}" width="{width:.0f}" height="13" rx="2" fill="{shade}"/>'
                f'<text x="{164 + width:.0f}" y="{top}">{value:.0f}</text>'
            )
        top += 34
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 {top}" font-size="12" fill="#57606a" '
        'font-family="system-ui, sans-serif" role="img" aria-label="tools/call, calls a second">'
        f"<title>tools/call, calls a second: more is better</title>{''.join(parts)}</svg>\n"
    )
