"""The screen with every tool, the server's own among them, and its prompts and resources."""

from __future__ import annotations

from collections.abc import Sequence

from clerk_mcp.hosting.console.layout import code, mark, panel, prose, table
from clerk_mcp.hosting.html import Html, join, tag
from clerk_mcp.protocol import Offer
from clerk_tools.argument import Argument
from clerk_tools.operation import Effect, Spec

OWN = "this server's own"


def tools(offer: Offer, root: str, *, may_try: bool) -> Html:
    """Return the screen's body.

    Args:
        root: the path that a proxy serves this server below.
        may_try: whether what reads gets a link to try it.
    """
    sections = dict.fromkeys(spec.resource for spec in offer.operations)
    count = len(offer.operations) + len(offer.own)
    return join(
        tag(
            "div",
            tag("label", "Search ", tag("kbd", "/"), for_="search"),
            tag("input", id="search", type="search", autocomplete="off", spellcheck="false",
                placeholder="invite, session, destroy, …"),
            tag("p", f"{count} tools", id="found", role="status"),
            class_="search", hidden=True,
        ),
        _legend(),
        _section("own", OWN, offer.own, root, may_try=False),
        *(
            _section(resource, resource.replace("_", " "),
                     [spec for spec in offer.operations if spec.resource == resource], root, may_try=may_try)
            for resource in sections
        ),
        _prompts(offer),
        _resources(offer),
    )  # fmt: skip


def _legend() -> Html:
    """Say what the marks mean."""
    meanings = (
        (mark("read"), "changes nothing"),
        (mark("write"), "changes or adds something"),
        (mark("destroy"), "cannot be taken back, or cuts people off"),
        (tag("span", "or destroy", class_="mark destroy"), "does so with some of its arguments"),
        (tag("span", "secret in answer", class_="mark secret"), "the answer holds a credential"),
    )
    return tag("ul", *(tag("li", sign, " ", what) for sign, what in meanings), class_="inline legend")


def _section(id: str, title: str, specs: Sequence[Spec], root: str, *, may_try: bool) -> Html | None:
    if not specs:
        return None
    heading = tag("h2", title[:1].upper() + title[1:], " ", tag("small", len(specs)), id=f"r-{id}")
    listed = (_tool(spec, root, may_try=may_try) for spec in specs)
    return tag("section", heading, *listed, class_="resource", aria_labelledby=f"r-{id}")


def _tool(spec: Spec, root: str, *, may_try: bool) -> Html:
    searched = f"{spec.id} {spec.title} {spec.description} {spec.effect} {spec.words}".lower()
    summary = tag(
        "summary",
        code(spec.id),
        " ",
        tag("span", spec.title, class_="title"),
        tag("span", spec.effect, class_=f"mark {spec.effect}"),
        tag("span", "or destroy", class_="mark destroy") if spec.destroys_by_arguments else None,
        tag("span", "secret in answer", class_="mark secret") if spec.secret else None,
        tag("span", "deprecated", class_="mark") if spec.deprecated else None,
    )
    is_clerks = spec.path != "/"
    can_try = may_try and spec.effect is Effect.READ and is_clerks
    return tag(
        "details",
        summary,
        tag("p", prose(spec.description)),
        tag("p", code(f"{spec.method} {spec.path}")) if is_clerks else None,
        _arguments(spec.arguments),
        tag("p", tag("a", f"Try {spec.id}", href=f"{root}/try?tool={spec.id}")) if can_try else None,
        class_="tool",
        id=spec.id,
        data_search=searched,
    )


def _arguments(arguments: Sequence[Argument]) -> Html:
    if not arguments:
        return tag("p", "No arguments.")
    rows = [
        tag("tr", tag("th", code(each.name), tag("small", " needed") if each.required else None, scope="row"),
            tag("td", _type(each)), tag("td", prose(each.description)))
        for each in arguments
    ]  # fmt: skip
    return table("Arguments", ("Argument", "Type", "What it is"), rows, class_="arguments")


def _type(argument: Argument) -> Html:
    if argument.enum:
        return join(*(join(code(str(value)), " ") for value in argument.enum))
    return join(f"list of {argument.items.type}" if argument.items else argument.type)


def _prompts(offer: Offer) -> Html:
    rows = [
        tag("tr", tag("th", code(name), scope="row"), tag("td", title), tag("td", prose(description)))
        for name, title, description in offer.prompts
    ]
    return panel("Prompts", table("Prompts", ("Prompt", "Title", "What it does"), rows), id="prompts")


def _resources(offer: Offer) -> Html:
    rows = [
        tag("tr", tag("th", code(uri), scope="row"), tag("td", prose(description)))
        for uri, description in offer.resources
    ]
    return panel("Resources", table("Resources", ("Address", "What it is"), rows), id="resources")
