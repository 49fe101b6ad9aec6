"""The screen that tells how each host is connected."""

from __future__ import annotations

from typing import Final, Literal

from clerk_mcp.hosting.console.layout import code
from clerk_mcp.hosting.console.recipes import Recipe, recipes
from clerk_mcp.hosting.html import Child, Html, join, tag

Auth = Literal["none", "bearer", "oauth", "clerk-key"]

_ACCESS: Final[dict[Auth, tuple[Child, ...]]] = {
    "none": ("It asks for no credential, and serves this machine only.",),
    "bearer": (
        "It asks for an access token, which its operator makes with ",
        code("clerk-mcp token new"),
        ".",
    ),
    "oauth": ("Your host signs you in: give it the address, and it opens a browser.",),
    "clerk-key": ("It asks for a Clerk secret key, and keeps none.",),
}


def connect(address: str, auth: Auth, instance: str | None) -> Html:
    """Return the screen's body; `address` is the MCP endpoint's, of the named instance where there is one."""
    return join(
        tag("p", "This server's address, for hosts that speak MCP over HTTP. ", *_ACCESS[auth]),
        copyable(address, "the address"),
        *map(_recipe, recipes(address, auth, instance)),
    )


def _recipe(recipe: Recipe) -> Html:
    return tag(
        "details",
        tag("summary", recipe.host),
        tag("p", recipe.where),
        copyable(recipe.text, f"the set-up of {recipe.host}"),
        class_="recipe",
    )


def copyable(text: str, what: str) -> Html:
    """Show text with a button that copies it, where scripts run."""
    button = tag("button", "Copy", type="button", data_copy=True, hidden=True, aria_label=f"Copy {what}")
    return tag("div", tag("pre", code(text), tabindex="0"), button, class_="copyable")
