"""What every screen of the console has: the bar above it with the instance and the way to the others."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, Literal

from starlette.requests import Request

from clerk_mcp.hosting.html import Child, Html, bare, join, tag
from clerk_mcp.hosting.signin import is_known, may
from clerk_mcp.protocol import IDENTITY

CONSOLE_SCOPE: Final = "clerk:console"

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
    ("/tools", "Tools", True),
    ("/connect", "Connect", True),
)
"""Each with its path, its name, and whether those see it who may not look at what others do."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around each screen."""

    kind: InstanceKind
    can_sign_in: bool

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


def items(*children: Child) -> Html:
    """Make a list."""
    return tag("ul", *(tag("li", child) for child in children))


def code(text: Child) -> Html:
    """Show something as it is typed."""
    return tag("code", text)


def words(*children: Child) -> Html:
    """Make a paragraph."""
    return tag("p", join(*children))
