"""A small chart of calls and latency, drawn here: browsers get plain SVG and no script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from clerk_mcp.hosting.activity import Minute
from clerk_mcp.hosting.html import Html, join, tag

_BAR: Final = 10
_HEIGHT: Final = 100


def chart(minutes: Sequence[Minute]) -> Html:
    """Draw a bar for each minute, what failed in another colour, and a line of the mean latency."""
    calls = sum(minute.calls for minute in minutes)
    failed = sum(minute.failed for minute in minutes)
    most = max((minute.calls for minute in minutes), default=0)
    slowest = max((minute.slowest for minute in minutes), default=0.0)
    told = f"Last hour: {calls} calls, {failed} failed or refused, at most {most} in a minute."
    if calls:
        mean = sum(minute.ms for minute in minutes) / calls
        told += f" Answered in {mean:.0f} ms on average, in {slowest:.0f} ms at the slowest."
    line = _latency(minutes)
    drawn = tag(
        "svg",
        *(bar for at, minute in enumerate(minutes) for bar in _bars(at, minute, most)),
        line,
        tag("line", x1=0, x2=len(minutes) * _BAR, y1=_HEIGHT, y2=_HEIGHT, class_="chart-axis"),
        viewBox=f"0 0 {len(minutes) * _BAR} {_HEIGHT + 1}",
        preserveAspectRatio="none",
        role="img",
        aria_label=told,
    )
    key = tag(
        "span",
        tag("span", "■", class_="ok"), " answered  ",
        tag("span", "■", class_="error"), " failed or refused  ",
        join(tag("span", "▬", class_="latency"), " mean time to answer") if line else None,
        aria_hidden="true",
    )  # fmt: skip
    ends = tag(
        "p", tag("span", f"{len(minutes)} minutes ago"), tag("span", "now"), class_="ends", aria_hidden="true"
    )
    return tag("figure", drawn, ends, tag("figcaption", told, " ", key))


def _bars(at: int, minute: Minute, most: int) -> Sequence[Html]:
    if not minute.calls:
        return ()
    whole = minute.calls / most * _HEIGHT
    bad = minute.failed / most * _HEIGHT
    made = [_bar(at, _HEIGHT - whole, whole - bad, "chart-ok")]
    return [*made, _bar(at, _HEIGHT - bad, bad, "chart-failed")] if bad else made


def _bar(at: int, y: float, height: float, kind: str) -> Html:
    return tag("rect", x=at * _BAR + 1, y=f"{y:.1f}", width=_BAR - 2, height=f"{height:.1f}", class_=kind)


def _latency(minutes: Sequence[Minute]) -> Html | None:
    """Draw a line through the minutes in which there were calls."""
    means = [(at, minute.ms / minute.calls) for at, minute in enumerate(minutes) if minute.calls]
    top = max((mean for _, mean in means), default=0.0)
    if len(means) < 2 or not top:
        return None
    points = " ".join(
        f"{at * _BAR + _BAR / 2:.0f},{_HEIGHT - mean / top * (_HEIGHT - 4):.1f}" for at, mean in means
    )
    return tag("polyline", points=points, class_="chart-line")
