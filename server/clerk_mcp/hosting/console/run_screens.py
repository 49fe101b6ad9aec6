"""The screens of taking a run back: what it would put back, whom it waits for, and how far it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from clerk_mcp.hosting.console.entry_screen import value_shown
from clerk_mcp.hosting.console.layout import cards, cell, code, facts, panel
from clerk_mcp.hosting.html import Child, Html, join, tag
from clerk_tools.argument import JsonObject, Place
from clerk_tools.catalog import operations

if TYPE_CHECKING:
    from clerk_mcp.bulk import Left, WayBack

_SHOWN: Final = 10
"""Objects of which is shown what is put back."""


def ask_screen(way: WayBack, why_not: str, root: str, *, has_changed: bool = False) -> Html:
    """Return the body of the screen that asks before a run is taken back.

    Args:
        why_not: why whoever looks may not do it here; empty where they may.
        has_changed: whether it is another than the one that was agreed to.
    """
    count = len(way.items)
    changed = "The run has changed since it was shown to you, so nothing was done. Look again."
    return join(
        tag("p", changed, class_="problem", role="alert") if has_changed else None,
        tag("p", "This puts back what the calls of the run ", _of(way.run, root),
            " changed. Nothing has been sent yet."),
        facts(*_about(way)),
        panel("What is put back", *_items(way), id="back") if count else None,
        tag("p", "Each object is looked at before: what somebody has changed since is left as it is.",
            class_="quiet") if count else None,
        _ending(way, why_not, root),
    )  # fmt: skip


def _ending(way: WayBack, why_not: str, root: str) -> Html:
    if not way.items:
        return tag("p", tag("a", "Back to the run", href=_trail(way.run, root)))
    if why_not:
        return tag("p", why_not, class_="quiet")
    button = f"Put back {_some(len(way.items), 'object')}"
    return _form(root, button, run=way.run, seen=way.digest)


def _about(way: WayBack) -> Iterator[tuple[str, Child]]:
    yield "Calls of the run", way.made
    yield "Can be put back", _some(len(way.items), "object")
    if way.operation:
        yield "By", code(way.operation)
    if way.reasons:
        reasons = (tag("li", f"{_some(count, 'call')}: {why}") for why, count in way.reasons.most_common())
        yield "Cannot", tag("ul", *reasons)
    if way.partly:
        yield (
            "In part",
            f"{_some(way.partly, 'call')} also changed something of which no earlier value was kept",
        )


def _some(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _items(way: WayBack) -> Iterator[Html]:
    spec = operations()[way.operation].spec
    targets = [a.name for a in spec.arguments if a.place is Place.PATH]
    rows = [_item(item, targets) for item in way.items[:_SHOWN]]
    yield cards("What is put back", ("Object", "As it was"), rows)
    if any(_has_nothing(item) for item in way.items[:_SHOWN]):
        yield tag("p", code("null"), " takes away what was not there before.", class_="quiet")
    if len(way.items) > _SHOWN:
        yield tag("p", f"And {len(way.items) - _SHOWN} more.", class_="quiet")


def _has_nothing(value: Any) -> bool:
    """Tell whether there is a null in a value, in objects at any depth."""
    if isinstance(value, dict):
        return any(map(_has_nothing, value.values()))
    return value is None


def _item(item: JsonObject, targets: list[str]) -> Html:
    object_ = " ".join(str(item[name]) for name in targets)
    emptied: list[str] = item.get("clear", [])
    was: list[Child] = [
        tag("div", code(name), " ", value_shown(value))
        for name, value in item.items()
        if name not in targets and name != "clear"
    ]
    was += [tag("div", code(name), " ", tag("i", "nothing")) for name in emptied]
    return tag("tr", cell("Object", code(object_)), cell("As it was", join(*was)), role="row")


def refused_screen(value: JsonObject, run: str, root: str) -> Html:
    """Return the body of the screen that says why nothing was begun."""
    error: dict[str, Any] = value.get("error", {})
    return join(
        tag("p", error.get("message", "It could not be taken back."), class_="problem", role="alert"),
        tag("p", error.get("hint")) if error.get("hint") else None,
        tag("p", tag("a", "Back to the run", href=_trail(run, root))),
    )


def nothing_screen(left: Left, run: str, root: str) -> Html:
    """Return the body of the screen that says that nothing is left to do."""
    rows = _left_alone(left.already, left.changed_since)
    return join(
        tag("p", "Nothing is left to put back.", role="status"),
        facts(*rows),
        tag("p", tag("a", "Back to the run", href=_trail(run, root))),
    )


def _left_alone(already: int, changed_since: Sequence[str]) -> Iterator[tuple[str, Child]]:
    if already:
        yield "As before", f"{_some(already, 'object')} already"
    if changed_since:
        more = ", …" if len(changed_since) > _SHOWN else ""
        names = ", ".join(changed_since[:_SHOWN])
        yield (
            "Left alone",
            join(f"{_some(len(changed_since), 'object')} changed since: ", code(f"{names}{more}")),
        )


def waiting_screen(value: JsonObject, run: str, confirm: str, root: str) -> Html:
    """Return the body of the screen that waits for the yes of somebody else."""
    return join(
        tag("p", "Here only a person who may approve agrees to a run, and nobody to their own. Nothing has"
            " been sent yet.", role="status"),
        tag("p", "Give them this link, which ends in five minutes, and go on when they have answered: ",
            tag("a", value["link"], href=value["link"])),
        _form(root, "Go on", run=run, confirm=confirm),
    )  # fmt: skip


def progress_screen(value: JsonObject, run: str, root: str, *, is_under_way: bool) -> Html:
    """Return the body of the screen that tells how far it is."""
    done = value["items"] - value["left"]
    told = f"{done} of {value['items']} done"
    live = tag(
        "div",
        tag("p", tag("progress", told, max=value["items"], value=done, aria_label=told), " ", told),
        facts(*_counts(value, root)),
        _failures(value),
        tag("p", _state(value, is_under_way=is_under_way), class_=None if is_under_way else "good"),
        _next(value, run, root, is_under_way=is_under_way),
        id="live",
        data_live=True,
        # The script says it, and stops asking at the end.
        data_said=told,
        data_done=not is_under_way,
    )
    return join(tag("p", "The run ", _of(run, root), " is taken back, by a run of its own."), live)


def _counts(value: JsonObject, root: str) -> Iterator[tuple[str, Child]]:
    yield "Put back", value["ok"]
    if value["failed"]:
        yield "Failed", value["failed"]
    if value["unknown"]:
        names = ", ".join(value["unknown_items"])
        yield "Unknown", f"{value['unknown']}: read each before it is sent again: {names}"
    yield "Left", value["left"]
    yield from _left_alone(value["already"], value["changed_since"])
    yield "Its calls", tag("a", code(value["run"]), href=_trail(value["run"], root))


def _failures(value: JsonObject) -> Html | None:
    failures = value.get("failures")
    if not failures:
        return None
    lines = (
        tag("li", f"{each['count']} × {each['message']} ", code(", ".join(each["items"])))
        for each in failures
    )
    return panel("Why some failed", tag("ul", *lines), id="failures")


def _state(value: JsonObject, *, is_under_way: bool) -> str:
    if is_under_way:
        return "It goes on by itself; this page may be closed."
    if value["left"]:
        return "It has stopped before its end."
    return "Done." if value["ok"] == value["items"] else "Done, but not all of it."


def _next(value: JsonObject, run: str, root: str, *, is_under_way: bool) -> Html | None:
    by = value["run"]
    if is_under_way:
        here = f"{root}/undo/run?{urlencode({'run': run, 'by': by})}"
        return join(
            _form(root, "Stop", run=run, by=by, stop="yes"), tag("p", tag("a", "Look again", href=here))
        )
    return _form(root, "Go on", run=run, by=by) if value["left"] else None


def _form(root: str, button: str, *, run: str, **hidden: str) -> Html:
    fields = (tag("input", type="hidden", name=name, value=value) for name, value in hidden.items())
    return tag(
        "form",
        tag("input", type="hidden", name="run", value=run),
        *fields,
        tag("button", button),
        " ",
        tag("a", "Back to the run", href=_trail(run, root)),
        method="post",
        action=f"{root}/undo/run",
        class_="bar",
    )


def _of(run: str, root: str) -> Html:
    return tag("a", code(run), href=_trail(run, root))


def _trail(run: str, root: str) -> str:
    return f"{root}/trail?{urlencode({'run': run})}"
