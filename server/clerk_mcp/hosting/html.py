"""HTML for people's pages, in which nothing that somebody wrote can become markup.

Text is escaped unless it is `Html`, and only `tag` and `join` make that:

    tag("p", "Hello, ", tag("b", name), class_="greeting")
"""

from __future__ import annotations

from html import escape
from typing import Final

from starlette.responses import HTMLResponse, RedirectResponse, Response

Attribute = str | int | bool | None

_VOID: Final = frozenset({"input", "link", "meta", "br", "hr"})
"""Elements that hold nothing, and have no end."""


class Html(str):
    """Markup: what goes into a page as it is."""

    __slots__ = ()


Child = Html | str | int | float | None
"""What an element holds; None is nothing."""


def join(*children: Child) -> Html:
    """Put markup and text one after the other; text is escaped."""
    parts = [
        child if isinstance(child, Html) else escape(str(child)) for child in children if child is not None
    ]
    return Html("".join(parts))


def tag(element: str, /, *children: Child, **attributes: Attribute) -> Html:
    """Make an element.

    Args:
        children: what it holds; text is escaped.
        attributes: with underscores for hyphens, and one at the end of `class_` and `for_`. True is an
            attribute without a value; None and False leave it out.
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    if element in _VOID:
        return Html(f"<{element}{given}>")
    return Html(f"<{element}{given}>{join(*children)}</{element}>")


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # With `no-referrer` browsers post forms with the origin `null`, which proves nothing.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
"""What every page for people is sent with: no script or style but this server's own files, in no frame."""


def respond(page: Html, status: int = 200) -> Response:
    """Send a page; nobody on the way keeps it, for it may tell of calls."""
    return HTMLResponse(
        f"<!doctype html>\n{page}\n", status, headers={**HEADERS, "cache-control": "no-store"}
    )


def go_to(address: str) -> Response:
    """Send a browser on, with GET; `address` begins with a slash."""
    return RedirectResponse(address, 303, headers={**HEADERS, "cache-control": "no-store"})


def bare(root: str, title: str, *body: Child, header: Child = None) -> Html:
    """Make a whole page with this server's style.

    Args:
        root: the path that a proxy serves this server below; empty where there is none.
        header: stands above the content.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{title} · clerk-mcp"),
        tag("link", rel="icon", href=f"{root}/console.svg", type="image/svg+xml"),
        tag("link", rel="stylesheet", href=f"{root}/console.css"),
        tag("script", src=f"{root}/console.js", defer=True),
    )
    skip = tag("a", "Skip to the content", class_="skip", href="#main")
    main = tag("main", *body, id="main", tabindex="-1")
    said = tag("p", class_="unseen", id="said", role="status")
    return tag("html", head, tag("body", skip, header, main, said), lang="en")
