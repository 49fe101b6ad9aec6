"""What every screen of the console has: the bar above it with the instance and the way to the others."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, Literal

from starlette.requests import Request

from clerk_mcp.hosting.html import Child, Html, bare, join, tag
from clerk_mcp.hosting.signin import is_known, may
from clerk_mcp.protocol import IDENTITY

CONSOLE_SCOPE: Final = "clerk:console"
APPROVE_SCOPE: Final = "clerk:approve"

InstanceKind = Literal["live", "test", "sandbox", "own"]
"""`own` where callers bring their keys."""

BADGES: Final[dict[InstanceKind, str]] = {
    "live": "Live",
    "test": "Test",
    "sandbox": "Sandbox",
    "own": "Your key",
}

_SCREENS: Final = (
    ("/", "Now", True),
    ("/activity", "Activity", False),
    ("/trail", "Trail", False),
    ("/tools", "Tools", True),
    ("/connect", "Connect", True),
)
"""Each with its path, its name, and whether those see it who may not look at what others do."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around each screen."""

    kind: InstanceKind
    can_sign_in: bool
    instance: str | None = None
    """The name of the instance, where it has one."""

    def around(self, request: Request, here: str, title: str, *body: Child) -> Html:
        """Return a whole page.

        Args:
            here: the path of the screen that it belongs to.
        """
        root = request.scope["root_path"]
        may_look = may(request, CONSOLE_SCOPE)
        links = [
            tag("a", name, href=root + path, aria_current="page" if path == here else None)
            for path, name, is_open in _SCREENS
            if is_open or may_look
        ]
        header = tag(
            "header",
            tag("p", tag("b", "clerk-mcp"), " ", tag("small", version("clerk-mcp")), " ",
                join(tag("b", self.instance), " ") if self.instance else None,
                tag("span", BADGES[self.kind], class_=f"badge {self.kind}"), class_="brand"),
            tag("nav", *links, aria_label="Screens"),
            self._signed_in(request),
        )  # fmt: skip
        return bare(root, title, tag("h1", title), *body, header=header)

    def _signed_in(self, request: Request) -> Html | None:
        if not self.can_sign_in:
            return None
        root = request.scope["root_path"]
        if not is_known(request):
            return tag("a", "Sign in", href=f"{root}/signin", class_="who")
        who = tag("span", request.scope[IDENTITY].name, class_="quiet")
        button = tag("button", "Sign out", class_="plain")
        return tag("form", who, " ", button, method="post", action=f"{root}/signout", class_="who")


def facts(*rows: tuple[str, Child]) -> Html:
    """Lay out names and what they are."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in rows), class_="facts")


def panel(title: str, *body: Child, id: str) -> Html:
    """Make a part of a screen with a heading."""
    return tag("section", tag("h2", title, id=id), *body, aria_labelledby=id)


def table(caption: str, heads: tuple[str, ...], rows: list[Html], **attributes: str) -> Html:
    """Make a table that scrolls by itself where the screen is narrow; its caption is for screen readers."""
    head = tag("tr", *(tag("th", head, scope="col") for head in heads))
    made = tag(
        "table",
        tag("caption", caption, class_="unseen"),
        tag("thead", head),
        tag("tbody", *rows),
        **attributes,
    )
    return tag("div", made, class_="scroll", tabindex="0", role="region", aria_label=caption)


def cards(caption: str, heads: tuple[str, ...], rows: list[Html]) -> Html:
    """Make a table each row of which becomes a card where the screen is narrow; its cells are of `cell`.

    The roles say again what the elements are: browsers forget it when a table is laid out as something else.
    """
    head = tag("tr", *(tag("th", head, scope="col", role="columnheader") for head in heads), role="row")
    made = tag(
        "table",
        tag("caption", caption, class_="unseen"),
        tag("thead", head, role="rowgroup"),
        tag("tbody", *rows, role="rowgroup"),
        class_="cards",
        role="table",
    )
    return tag("div", made, class_="scroll", tabindex="0", role="region", aria_label=caption)


def cell(name: str, value: Child, class_: str | None = None) -> Html:
    """Make a cell of `cards`, which on a narrow screen stands under its own name."""
    return tag("td", tag("span", value), role="cell", data_name=name, class_=class_)


def mark(word: str) -> Html:
    """Show an outcome, by word and by colour."""
    return tag("span", word, class_=f"mark {word}")


def moment(at: float) -> Html:
    """Show a point in time, in UTC, to the second."""
    shown = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))
    return tag("time", f"{shown} UTC", datetime=f"{shown.replace(' ', 'T')}Z")


def field(label: str, name: str, value: str, **attributes: str) -> Html:
    """Make a labelled line to type in."""
    return tag("label", label, tag("input", name=name, value=value, autocomplete="off", **attributes))


def select(label: str, name: str, value: str, choices: Sequence[str]) -> Html:
    """Make a labelled choice, the first of which is any."""
    options = (tag("option", each or "any", value=each, selected=each == value) for each in ("", *choices))
    return tag("label", label, tag("select", *options, name=name))


def items(*children: Child) -> Html:
    """Make a list."""
    return tag("ul", *(tag("li", child) for child in children))


def code(text: Child) -> Html:
    """Show something as it is typed."""
    return tag("code", text)


def prose(text: str) -> Html:
    """Show a description, with what stands between backticks as it is typed."""
    return join(*(code(part) if at % 2 else part for at, part in enumerate(text.split("`"))))


def words(*children: Child) -> Html:
    """Make a paragraph."""
    return tag("p", join(*children))
