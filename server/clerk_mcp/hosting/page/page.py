"""Renders the page from the catalogue; its frame, style and script are files beside this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.metadata import version
from importlib.resources import files
from string import Template
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from clerk_mcp.hosting.page.recipes import Recipe, recipes
from clerk_mcp.offering import Policy
from clerk_mcp.protocol import icon
from clerk_tools.argument import Argument
from clerk_tools.catalog import operations
from clerk_tools.operation import Spec

PAGES: Final = ("/", "/page.css", "/page.js", "/page.svg")
"""The paths that make up the page."""

_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-cache",
}
_MEDIA_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class About:
    """What the page says of its server."""

    kind: Literal["live", "test", "sandbox", "own"]
    """Of the instance; `own` where callers bring their keys."""
    public_url: str | None
    auth: Literal["none", "bearer", "oauth", "clerk-key"]
    policy: Policy


_KINDS: Final = {
    "live": ("Live", "It runs on a live instance: what agents change here, they change in production."),
    "test": ("Test", "It runs on a test (development) instance."),
    "sandbox": ("Sandbox", "It runs on a sandbox: an imitation of Clerk with made-up data, in memory."),
    "own": ("Your key", "It runs on the instance of the Clerk key that you bring."),
}

_ACCESS: Final = {
    "none": "It asks for no credential, and serves this machine only.",
    "bearer": "It asks for an access token, which its operator makes with <code>clerk-mcp token new</code>.",
    "oauth": "Your host signs you in: give it the address, and it opens a browser.",
    "clerk-key": "It asks for a Clerk secret key, and keeps none.",
}


def page_routes(about: About) -> Sequence[Route]:
    """Return the routes of the page."""

    async def show(request: Request) -> Response:
        origin = about.public_url or f"{request.url.scheme}://{request.headers['host']}"
        return HTMLResponse(render(about, origin), headers=_HEADERS)

    async def asset(request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        content = icon("svg") if name == "page.svg" else _read(name)
        return Response(content, media_type=_MEDIA_TYPES[name.partition(".")[2]], headers=_HEADERS)

    return [Route("/", show), *(Route(path, asset) for path in PAGES[1:])]


def render(about: About, origin: str) -> str:
    """Return the page's HTML; `origin` is where its reader reached the server."""
    badge, words = _KINDS[about.kind]
    listed = [operations()[id].spec for id in about.policy.allowed(None)]
    return Template(_read("page.html")).substitute(
        version=escape(version("clerk-mcp")),
        kind=about.kind,
        badge=badge,
        words=words,
        access=_ACCESS[about.auth],
        url=escape(f"{origin}/mcp"),
        recipes="".join(_recipe(recipe) for recipe in recipes(origin, about.auth)),
        count=len(listed),
        tools=_tools(listed),
    )


@cache
def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _recipe(recipe: Recipe) -> str:
    return (
        f'<details class="recipe"><summary>{escape(recipe.host)}</summary><p>{escape(recipe.where)}</p>'
        f"{_copyable(recipe.text, f'the set-up of {recipe.host}')}</details>"
    )


def _copyable(text: str, what: str) -> str:
    return (
        f'<div class="copyable"><pre tabindex="0"><code>{escape(text)}</code></pre>'
        f'<button type="button" data-copy hidden aria-label="Copy {escape(what)}">Copy</button></div>'
    )


def _tools(specs: Sequence[Spec]) -> str:
    resources = dict.fromkeys(spec.resource for spec in specs)
    return "".join(
        _resource(resource, [spec for spec in specs if spec.resource == resource]) for resource in resources
    )


def _resource(resource: str, specs: Sequence[Spec]) -> str:
    title = resource.replace("_", " ").capitalize()
    return (
        f'<section class="resource" aria-labelledby="r-{resource}"><h3 id="r-{resource}">{title}'
        f" <small>{len(specs)}</small></h3>{''.join(map(_tool, specs))}</section>"
    )


def _tool(spec: Spec) -> str:
    searched = f"{spec.id} {spec.title} {spec.description} {spec.effect} {spec.words}".lower()
    secret = '<span class="mark secret">secret in answer</span>' if spec.secret else ""
    destroys = '<span class="mark destroy">or destroy</span>' if spec.destroys_by_arguments else ""
    deprecated = '<span class="mark">deprecated</span>' if spec.deprecated else ""
    return (
        f'<details class="tool" id="{spec.id}" data-search="{escape(searched)}">'
        f"<summary><code>{spec.id}</code> <span class='title'>{escape(spec.title)}</span>"
        f'<span class="mark {spec.effect}">{spec.effect}</span>{destroys}{secret}{deprecated}</summary>'
        f"<p>{escape(spec.description)}</p><p><code>{spec.method} {escape(spec.path)}</code></p>"
        f"{_arguments(spec.arguments)}</details>"
    )


def _arguments(arguments: Sequence[Argument]) -> str:
    if not arguments:
        return "<p>No arguments.</p>"
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(argument.name)}</code></th><td>{_type(argument)}</td>'
        f"<td>{'required' if argument.required else ''}</td><td>{escape(argument.description)}</td></tr>"
        for argument in arguments
    )
    return (
        '<div class="scroll"><table><thead><tr><th scope="col">Argument</th><th scope="col">Type</th>'
        '<th scope="col"><span class="unseen">Required</span></th><th scope="col">What it is</th></tr>'
        "</thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _type(argument: Argument) -> str:
    if argument.enum:
        return " ".join(f"<code>{escape(str(value))}</code>" for value in argument.enum)
    if argument.items:
        return f"list of {escape(argument.items.type)}"
    return escape(argument.type)
