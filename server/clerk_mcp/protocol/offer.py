"""Everything that a server shows to hosts, for people to look at: tools, prompts and resources."""

from __future__ import annotations

from dataclasses import dataclass

from clerk_mcp.offering import Policy
from clerk_mcp.protocol.own_tools import OWN_TOOLS, PreviewChange
from clerk_mcp.protocol.prompts import Prompts
from clerk_mcp.protocol.resources import INSTANCE, OPERATIONS, templates
from clerk_mcp.protocol.surface import Presentation, Surface
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Spec


@dataclass(frozen=True, slots=True)
class Offer:
    """What callers with certain scopes can use."""

    operations: tuple[Spec, ...]
    own: tuple[Spec, ...]
    """The server's own tools."""
    prompts: tuple[tuple[str, str, str], ...]
    """Name, title and description of each."""
    resources: tuple[tuple[str, str], ...]
    """Address and description of each; of a template, with its variables in braces."""


def offer_to(scopes: frozenset[str] | None, policy: Policy, presentation: Presentation) -> Offer:
    """Return what a server offers to callers with these scopes; None is every scope."""
    allowed = policy.allowed(scopes)
    surface = Surface(
        presentation.mode,
        policy,
        presentation.list_all_cap,
        presentation.runs,
        peers=presentation.peers,
    )
    listed = {tool["name"] for tool in surface.tools(None, scopes)}
    if any(operations().outline(id).effect is not Effect.READ for id in allowed):
        # Not listed beside a search, which finds it.
        listed.add(PreviewChange.spec.id)
    readable = [each for each in templates() if each.operation is None or each.operation.spec.id in allowed]
    return Offer(
        tuple(operations()[id].spec for id in allowed),
        tuple(own.spec for id, own in OWN_TOOLS.items() if id in listed),
        tuple((each.name, each.title, each.description) for each in Prompts(policy).offered(scopes)),
        (
            (INSTANCE, "Kind of key, API version and the settings of this server"),
            (OPERATIONS, "Every operation that may be run, on one line each"),
            *((each.uri, each.description) for each in readable),
        ),
    )
