"""What the pages for a person look like: small, without script, in light and dark, on a phone too."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from clerk_mcp.answering import Kept
from clerk_mcp.calling import Now
from clerk_mcp.confirming import Question
from clerk_mcp.hosting.html import HEADERS, Child, Html, tag
from clerk_mcp.hosting.person.visitors import Visitor

STYLE: Final = "/questions/page.css"
_MOST_NAMED: Final = 200
"""Items of a run that are named one by one."""

_HEADERS: Final = {
    **HEADERS,
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def page(request: Request, title: str, *body: Child, status: int = 200) -> Response:
    """Send a whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{title} · clerk-mcp"),
        tag("link", rel="stylesheet", href=f"{request.scope.get('root_path', '')}{STYLE}"),
    )
    text = tag("html", head, tag("body", tag("main", tag("h1", title), *body)), lang="en")
    return HTMLResponse(f"<!doctype html>\n{text}\n", status, headers=_HEADERS)


def message(request: Request, title: str, *paragraphs: str, status: int = 200) -> Response:
    """Send a page of plain sentences."""
    return page(request, title, *(tag("p", text) for text in paragraphs), status=status)


def style(_: Request) -> Response:
    """Send the style of all pages."""
    return Response(_css(), media_type="text/css", headers={**_HEADERS, "cache-control": "max-age=300"})


@cache
def _css() -> str:
    return files(__package__).joinpath("page.css").read_text(encoding="utf-8")


def ask(request: Request, question: Question, now: Now, visitor: Visitor, problem: str = "") -> Response:
    """Send the page of one question."""
    rows: list[tuple[str, Child]] = [
        ("Instance", question.instance),
        ("Operation", tag("code", question.operation)),
    ]
    if question.items:
        rows.append(("Items", f"{len(question.items)}, each called once"))
    else:
        rows.append(("Target", plain(now.target)))
    if now.also:
        rows.append(("With it", tag("ul", *(tag("li", plain(clause)) for clause in now.also))))
    rows.append(("Asked by", plain(question.caller)))
    rows.append(("Asked at", f"{_time(question.asked_at)}; this ends at {_time(question.expires_at)}"))
    return page(
        request,
        f"{now.title}?",
        tag("p", problem, class_="problem", role="alert") if problem else None,
        tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in rows)),
        tag("p", now.note, class_="problem") if now.note else None,
        _items(question),
        tag("h2", "What is sent" + (", for the first item" if question.items else "")),
        tag("pre", plain_json(now.request), tabindex="0"),
        tag("p", now.over, class_="problem") if now.over else _form(question, now, visitor),
        status=422 if problem else 200,
    )


def _items(question: Question) -> Html | None:
    if not question.items:
        return None
    named = [tag("li", plain(name)) for name in question.items[:_MOST_NAMED]]
    if len(question.items) > _MOST_NAMED:
        named.append(tag("li", f"and {len(question.items) - _MOST_NAMED} more"))
    summary = tag("summary", f"All {len(question.items)} items")
    return tag("details", summary, tag("ol", *named), open=len(question.items) <= 10)


def _form(question: Question, now: Now, visitor: Visitor) -> Html:
    what = "the number of items" if question.items else "the name"
    typing = (
        tag(
            "p",
            tag("label", f"To agree, type {what}: ", tag("b", question.to_type), for_="typed"),
            tag("input", id="typed", name="typed", autocomplete="off", spellcheck="false", maxlength=200),
        )
        if question.to_type
        else None
    )
    return tag(
        "form",
        tag("input", type="hidden", name="mark", value=visitor.mark),
        tag("input", type="hidden", name="seen", value=now.seen),
        typing,
        tag(
            "p",
            # The first is what Enter in the field above presses.
            tag("button", "Agree", name="answer", value="agree", class_="grave"),
            tag("button", "Decline", name="answer", value="decline"),
            class_="answers",
        ),
        tag("p", f"Your answer is recorded as {visitor.words}.", class_="quiet"),
        method="post",
    )


def offer(request: Request, kept: Kept, visitor: Visitor) -> Response:
    """Send the page behind which a credential waits; it is not on it yet."""
    return page(
        request,
        "A credential",
        tag(
            "p",
            tag("code", kept.operation),
            f" made it for {plain(kept.caller)} at {_time(kept.made_at)}."
            f" It waits until {_time(kept.expires_at)}.",
        ),
        tag("p", "It is shown once, and then it is gone from here. Have a place ready where it belongs."),
        tag(
            "form",
            tag("input", type="hidden", name="mark", value=visitor.mark),
            tag("p", tag("button", "Show it once"), class_="answers"),
            tag("p", f"It is recorded that {visitor.words} fetched it.", class_="quiet"),
            method="post",
        ),
    )


def reveal(request: Request, kept: Kept) -> Response:
    """Send the page with a credential."""
    return page(
        request,
        "Keep it now",
        tag("p", "This page is the only one that shows it."),
        tag("pre", plain_json(kept.values), tabindex="0"),
    )


def listing(request: Request, questions: list[Question], visitor: Visitor) -> Response:
    """Send the page of all open questions."""
    root = request.scope.get("root_path", "")
    entries = [
        tag(
            "li",
            tag("a", one.operation, href=f"{root}/questions/{one.id}"),
            f" {len(one.items)} items" if one.items else f" {plain(one.target)}",
            tag("br"),
            tag("span", f"asked by {plain(one.caller)} at {_time(one.asked_at)}", class_="quiet"),
        )
        for one in questions
    ]
    body = tag("ul", *entries) if entries else tag("p", "Nobody asks anything just now.")
    return page(request, "Open questions", body, tag("p", f"Signed in as {visitor.name}.", class_="quiet"))


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M:%S UTC")


def plain(text: str) -> str:
    """Return somebody else's text with what does not print, or turns the direction of text, written out."""
    return "".join(c if unicodedata.category(c)[0] != "C" or c == "\n" else ascii(c)[1:-1] for c in text)


def plain_json(value: Any) -> str:
    """Return a value as it is sent, to be read."""
    return plain(json.dumps(value, indent=2, ensure_ascii=False))
