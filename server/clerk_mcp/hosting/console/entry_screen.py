"""The screen of one call of the trail, whole, and of taking it back."""

from __future__ import annotations

import json
from typing import Any, get_args
from urllib.parse import urlencode

from clerk_mcp.auditing import MASK, NotMade, NoUndo, RecordedCall, Undo, target_texts
from clerk_mcp.hosting.console.inside import Answered
from clerk_mcp.hosting.console.layout import code, facts, mark, panel, table
from clerk_mcp.hosting.console.trail_screen import link_to, time_of
from clerk_mcp.hosting.html import Child, Html, join, tag
from clerk_mcp.protocol import declared


def title_of(call: RecordedCall) -> str:
    """Say what a call was for, in words where its operation is known."""
    known = declared(call["operation"])
    return known.spec.title if known else call["operation"]


def entry_screen(call: RecordedCall, found: Undo | NoUndo, root: str) -> Html:
    """Return the screen's body."""
    run = call.get("run")
    rows: tuple[tuple[str, Child], ...] = (
        ("Entry", code(call["entry"])),
        ("Began", time_of(call["time"])),
        ("Operation", tag("a", code(call["operation"]), href=f"{root}/tools#{call['operation']}")),
        ("Effect", call.get("effect")),
        ("Outcome", join(mark(call["outcome"]), _ending(call))),
        ("Who", call.get("caller")),
        ("Session", call.get("session") if call.get("session") != call.get("caller") else None),
        ("Instance", call.get("instance")),
        ("Why not made" if call["outcome"] in get_args(NotMade) else "Agreed to", call.get("confirmation")),
        ("Run", tag("a", run, href=f"{root}/trail?{urlencode({'run': run})}") if run else None),
        ("Target", join(*(_named(name, value, root) for name, value in target_texts(call).items()))),
        ("Made", _about(call["made"], root) if "made" in call else None),
        ("Took", f"{call['ms']} ms" if "ms" in call else None),
        ("Clerk's trace", call.get("trace_id")),
    )
    return join(
        facts(*((name, value) for name, value in rows if value)),
        _before_and_after(call),
        panel("Arguments", shown(call.get("arguments")) or tag("p", "None."), id="arguments"),
        panel("Take it back", *_undo(call, found, root), id="undo"),
        tag("p", tag("a", "All calls", href=f"{root}/trail")),
    )


def _named(name: str, value: str, root: str) -> Html:
    return tag("div", code(name), " ", _about(value, root))


def _about(id: str, root: str) -> Html:
    """Lead to the calls that are about the same."""
    return tag("a", code(id), href=f"{root}/trail?{urlencode({'target': id})}")


def _ending(call: RecordedCall) -> str:
    return " ".join(["", *(str(call[name]) for name in ("status", "error") if name in call)])


def shown(value: object) -> Html | None:
    """Show JSON as it is read best; None where there is nothing."""
    if not value:
        return None
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return tag("pre", code(text), tabindex="0")


def _before_and_after(call: RecordedCall) -> Html | None:
    was = call.get("was")
    if was is None:
        return None
    given = call.get("arguments", {})
    cleared = given.get("clear")
    emptied = cleared if isinstance(cleared, list) else []
    rows = [
        tag(
            "tr",
            tag("th", code(name), scope="row"),
            tag("td", value_shown(before)),
            tag("td", tag("i", "emptied") if name in emptied else value_shown(given.get(name))),
        )
        for name, before in was.items()
    ]
    return panel("Before and after", table("Before and after", ("Field", "Before", "After"), rows), id="was")


def value_shown(value: Any) -> Html:
    """Show one value of an object."""
    if value is None:
        return tag("i", "nothing")
    return code(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _undo(call: RecordedCall, found: Undo | NoUndo, root: str) -> tuple[Child, ...]:
    if isinstance(found, NoUndo):
        return (tag("p", found.reason),)
    href = f"{root}/undo?{urlencode({'entry': call['entry']})}"
    return (
        tag("p", "What it changed can be put back as it was."),
        tag("p", tag("a", "See what that would do", href=href, class_="button")),
    )


def undo_screen(call: RecordedCall, found: Undo, preview: Answered, *, may_run: str, root: str) -> Html:
    """Return the body of the screen that asks before a call is taken back.

    Args:
        preview: what taking it back would do at this moment.
        may_run: why whoever looks may not do it here; empty where they may.
    """
    limits = [f"{name} cannot be restored: its earlier value was not kept." for name in found.not_restored]
    return join(
        tag("p", "This call puts back what ", tag("a", call["entry"], href=link_to(call["entry"], root)),
            " of ", time_of(call["time"]), " changed. Nothing has been sent yet."),
        facts(("Operation", code(found.operation)), ("Arguments", shown(found.arguments))),
        *(tag("p", line, class_="problem") for line in [*limits, found.caution] if line),
        panel("What it would do now", *_preview(preview), id="preview"),
        tag("p", may_run, class_="quiet") if may_run else _form(call["entry"], root),
    )  # fmt: skip


def _preview(preview: Answered) -> tuple[Child, ...]:
    value = preview.value if isinstance(preview.value, dict) else {}
    changes = value.get("changes")
    if not isinstance(changes, dict):
        return (shown(preview.value) or tag("p", "Nothing is known."),)
    rows = [
        tag("tr", tag("th", code(name), scope="row"), tag("td", value_shown(each.get("before"))),
            tag("td", value_shown(each.get("after"))))
        for name, each in changes.items()
        if isinstance(each, dict)
    ]  # fmt: skip
    whole = tag("details", tag("summary", "All that is known beforehand"), shown(value))
    return table("What it would do now", ("Field", "Now", "Then"), rows), whole


def _form(entry: str, root: str, confirm: str = "") -> Html:
    return tag(
        "form",
        tag("input", type="hidden", name="entry", value=entry),
        tag("input", type="hidden", name="confirm", value=confirm) if confirm else None,
        tag("button", "Take it back" if not confirm else "Yes, take it back all the same"),
        " ",
        tag("a", "Leave it as it is", href=link_to(entry, root)),
        method="post",
        action=f"{root}/undo",
        class_="bar",
    )


def undone_screen(entry: str, answered: Answered, root: str) -> Html:
    """Return the body of the screen that says what came of taking a call back."""
    value = answered.value if isinstance(answered.value, dict) else {}
    # An update that loses something is asked about, also when it takes another back: with a token to repeat.
    token = value.get("confirm")
    said = "It is taken back."
    if answered.is_error:
        said = "It could not be taken back."
    elif "preview" in value:
        said = "This loses something itself, so that it is asked about. Nothing has been done yet."
    return join(
        tag("p", said, class_="problem" if answered.is_error else None, role="status"),
        shown(_without_token(answered.value)),
        _form(entry, root, str(token)) if token else None,
        tag("p", tag("a", "Back to the call", href=link_to(entry, root))),
    )


def _without_token(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: MASK if name == "confirm" else _without_token(inner) for name, inner in value.items()}
