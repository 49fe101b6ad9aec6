"""The screen of calls as they happen: a chart of the last hour, errors by code, and the last calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import islice
from typing import Final, Self
from urllib.parse import urlencode

from clerk_mcp.hosting.activity import KEPT, Activity, Call
from clerk_mcp.hosting.console.chart import chart
from clerk_mcp.hosting.console.layout import cards, cell, code, field, mark, moment, panel, select
from clerk_mcp.hosting.html import Html, join, tag
from clerk_mcp.protocol import declared

MOST_SHOWN: Final = 200
_PAUSE: Final = tag(
    "button", "Pause", type="button", class_="plain", id="pause", hidden=True, aria_pressed="false"
)
OUTCOMES: Final = ("ok", "error", "asked", "refused")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; an empty field fits every call."""

    caller: str = ""
    operation: str = ""
    target: str = ""
    outcome: str = ""
    code: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        return cls(**{each.name: query.get(each.name, "").strip()[:200] for each in fields(cls)})

    def fits(self, call: Call) -> bool:
        """Tell whether each text stands in its field, whatever the case; outcome and code are whole."""
        return (
            self.caller.lower() in call.caller.lower()
            and self.operation.lower() in call.operation.lower()
            and self.target.lower() in call.target.lower()
            and self.outcome in ("", call.outcome)
            and self.code in ("", call.code)
        )


def activity_screen(
    activity: Activity, wanted: Wanted, root: str, *, waiting: Html | None, has_trail: bool
) -> Html:
    """Return the screen's body.

    Args:
        waiting: the questions that wait for a person.
        has_trail: whether targets lead to what the trail knows of them.
    """
    fitting = [call for call in activity.newest_first() if wanted.fits(call)]
    rows = [_row(call, root, has_trail=has_trail) for call in islice(fitting, MOST_SHOWN)]
    return join(
        tag("p", "What agents have called over HTTP, as this process answers it.", class_="quiet"),
        # What the script brings up to date.
        tag("div", waiting, chart(activity.last_hour()), _errors(activity, root), id="state", data_live=True),
        tag("h2", "Calls", id="calls"),
        _filters(wanted, root),
        tag(
            "div",
            tag("p", *_count(fitting, activity, wanted), class_="quiet"),
            _calls(rows),
            id="live",
            data_live=True,
            # Told to the script, which says how many are new.
            data_count=activity.count,
        ),
    )


def _count(fitting: list[Call], activity: Activity, wanted: Wanted) -> Iterator[str]:
    kept = min(activity.count, KEPT)
    if wanted != Wanted():
        yield f"{len(fitting)} of the last {kept} calls are of this kind."
    else:
        yield f"{activity.count} calls since this process started."
        if kept < activity.count:
            yield f" The last {kept} are kept here."
    if len(fitting) > MOST_SHOWN:
        yield f" The newest {MOST_SHOWN} are shown."


def _calls(rows: list[Html]) -> Html:
    if not rows:
        return tag("p", "No call yet, or none of this kind.")
    return cards("Calls, the newest first", ("Time", "Who", "Operation", "Target", "Outcome", "ms"), rows)


def _row(call: Call, root: str, *, has_trail: bool) -> Html:
    operation = code(call.operation)
    if declared(call.operation):
        operation = tag("a", operation, href=f"{root}/tools#{call.operation}")
    target = code(call.target or "–")
    if has_trail and (ids := call.target.split()):
        # What lists and runs are about is an operation.
        query = {"operation" if declared(ids[0]) else "target": ids[0]}
        target = tag("a", target, href=f"{root}/trail?{urlencode(query)}")
    return tag(
        "tr",
        cell("Time", moment(call.at)),
        cell("Who", call.caller),
        cell("Operation", operation),
        cell("Target", target),
        cell("Outcome", join(mark(call.outcome), " ", call.code or None)),
        cell("ms", f"{call.ms:.0f}", class_="number"),
        role="row",
    )


def _errors(activity: Activity, root: str) -> Html | None:
    errors = activity.errors().most_common(10)
    if not errors:
        return None
    shown = (
        tag("li", tag("a", name, href=f"{root}/activity?{urlencode({'code': name})}"), f" {count}")
        for name, count in errors
    )
    return panel("Errors by code", tag("ul", *shown, class_="inline"), id="errors")


def _filters(wanted: Wanted, root: str) -> Html:
    return tag(
        "form",
        field("Who", "caller", wanted.caller),
        field("Operation", "operation", wanted.operation),
        field("Target", "target", wanted.target),
        select("Outcome", "outcome", wanted.outcome, OUTCOMES),
        field("Error code", "code", wanted.code),
        tag("button", "Show"),
        tag("a", "Clear", href=f"{root}/activity") if wanted != Wanted() else None,
        _PAUSE,
        class_="filters",
        role="search",
        aria_label="Calls",
        action=f"{root}/activity",
    )
