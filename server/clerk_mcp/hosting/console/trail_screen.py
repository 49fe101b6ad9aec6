"""The screen of the audit trail: its calls, the newest first, searched and filtered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Final, Self, get_args
from urllib.parse import urlencode

from clerk_mcp.auditing import OUTCOMES, Found, NotMade, RecordedCall, Row, moment, target_texts, targets
from clerk_mcp.hosting.console.layout import cards, cell, code, field, mark, select
from clerk_mcp.hosting.html import Child, Html, join, tag

ROWS: Final = 100
"""Of one screen."""
TIMES: Final = ("since", "until")
"""The fields that hold a time."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody looks for in the trail; an empty field fits every call."""

    text: str = ""
    caller: str = ""
    operation: str = ""
    target: str = ""
    outcome: str = ""
    run: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """Read a query; a time that is none is left empty."""
        sought = cls(**{each.name: query.get(each.name, "").strip()[:200] for each in fields(cls)})
        return replace(sought, **{name: "" for name in TIMES if not _time(getattr(sought, name))})

    def fits(self, call: RecordedCall) -> bool:
        """Tell whether each text stands in its field, whatever the case; outcome and run are whole."""
        since, until = _time(self.since), _time(self.until)
        began = moment(call["time"])
        about = " ".join(map(str, [*targets(call).values(), call.get("made", "")]))
        return (
            self.outcome in ("", call["outcome"])
            and self.run in ("", call.get("run"))
            and self.operation.lower() in call["operation"].lower()
            and self.caller.lower() in call.get("caller", "").lower()
            and self.target.lower() in about.lower()
            and (since is None or began >= since)
            and (until is None or began <= until)
            and (not self.text or self.text.lower() in json.dumps(call, ensure_ascii=False).lower())
        )

    @property
    def since_when(self) -> datetime | None:
        """The time before which nothing fits."""
        return _time(self.since)

    def query(self, **more: str) -> str:
        """Write it as the query of an address."""
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return urlencode({name: value for name, value in {**given, **more}.items() if value})


def _time(text: str) -> datetime | None:
    try:
        return moment(text) if text else None
    except (ValueError, OverflowError):
        return None


def trail_screen(found: Found, sought: Sought, root: str, *, wrong: Sequence[str] = ()) -> Html:
    """Return the screen's body.

    Args:
        wrong: fields whose times are none.
    """
    rows = [_run(row, root) if "run" in row.call and not sought.run else _call(row.call, root)
            for row in found.rows]  # fmt: skip
    heads = ("Began", "Who", "Operation", "Target", "Outcome", "ms")
    back = f"{root}/undo/run?{urlencode({'run': sought.run})}"
    return join(
        _filters(sought, root),
        *(
            tag(
                "p",
                f"{name}: this is neither a time nor an age, so it was left out.",
                class_="problem",
                role="alert",
            )
            for name in wrong
        ),
        tag(
            "p",
            tag("a", "Take the whole run back", href=back, class_="button"),
            tag("span", "It shows first what that would do.", class_="quiet"),
            class_="bar",
        )
        if sought.run
        else None,
        cards("Calls of the trail, the newest first", heads, rows) if rows else tag("p", _none(found)),
        tag("p", _way_on(found, sought, root), class_="bar"),
    )


def _none(found: Found) -> str:
    return (
        "No call fits."
        if found.before is None
        else "No call fits among those that were looked through so far."
    )


def _way_on(found: Found, sought: Sought, root: str) -> Html:
    if found.before is None:
        return tag("span", "This is where the trail begins.", class_="quiet")
    return tag(
        "a", "Earlier calls", href=f"{root}/trail?{sought.query(before=str(found.before))}", class_="button"
    )


def _call(call: RecordedCall, root: str) -> Html:
    entry = call["entry"]
    why = None if call["outcome"] == "ok" else call.get("error") or call.get("status") or _reason(call)
    return _row(
        call["time"],
        call.get("caller", ""),
        tag("a", code(call["operation"]), href=link_to(entry, root)),
        about(call),
        join(mark(call["outcome"]), " ", why),
        str(call.get("ms", "")),
    )


def _reason(call: RecordedCall) -> str | None:
    """Tell why a call was not made; of one that was, this field says who agreed."""
    return call.get("confirmation") if call["outcome"] in get_args(NotMade) else None


def _run(row: Row, root: str) -> Html:
    """Show the calls of a run that were found as one line."""
    run = row.call.get("run", "")
    ended = (join(f"{count} ", mark(outcome), " ") for outcome, count in row.outcomes.most_common())
    return _row(
        row.began,
        row.call.get("caller", ""),
        join(tag("a", f"Run of {row.count}", href=f"{root}/trail?{urlencode({'run': run})}"), " × ",
             code(row.call["operation"])),
        run,
        join(*ended),
        "",
    )  # fmt: skip


def _row(began: str, who: str, operation: Html, target: str, outcome: Html, ms: str) -> Html:
    return tag(
        "tr",
        cell("Began", time_of(began)),
        cell("Who", who),
        cell("Operation", operation),
        cell("Target", code(target or "–")),
        cell("Outcome", outcome),
        cell("ms", ms, class_="number"),
        role="row",
    )


def link_to(entry: str, root: str) -> str:
    """Return the address of one call's screen."""
    return f"{root}/trail/entry?{urlencode({'id': entry})}"


def about(call: RecordedCall) -> str:
    """Name what a call was about, and what it made."""
    made = [f"made {call['made']}"] if "made" in call else []
    return " ".join([*target_texts(call).values(), *made])[:200]


def time_of(text: str) -> Html:
    """Show a time of the trail, to the second."""
    return tag("time", text[:19].replace("T", " "), " UTC" if text.endswith("Z") else "", datetime=text)


def _filters(sought: Sought, root: str) -> Html:
    clear: Child = tag("a", "Clear", href=f"{root}/trail") if sought != Sought() else None
    return tag(
        "form",
        field("Anywhere", "text", sought.text, type="search"),
        field("Who", "caller", sought.caller),
        field("Operation", "operation", sought.operation),
        field("Target", "target", sought.target),
        select("Outcome", "outcome", sought.outcome, OUTCOMES),
        field("Run", "run", sought.run),
        field("Since", "since", sought.since, placeholder="2h, 2026-07-28"),
        field("Until", "until", sought.until, placeholder="1d, 2026-07-28"),
        tag("button", "Search"),
        clear,
        tag(
            "small",
            "Since and until: 2h is two hours ago, 7d a week ago; or a time in UTC, such as"
            " 2026-07-28T09:30.",
            class_="wide",
        ),
        class_="filters",
        role="search",
        aria_label="Trail",
        action=f"{root}/trail",
    )
