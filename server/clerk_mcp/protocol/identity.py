"""Who makes a request: what HTTP finds out and the calls need to know."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final

from mcp.server.context import ServerRequestContext

Context = ServerRequestContext[Any, Any]
"""What the SDK hands to the handler of a request."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller, as far as they have proved who they are."""

    name: str
    scopes: frozenset[str] | None = None
    """None is every scope."""
    key: str | None = field(default=None, repr=False)
    """The Clerk key that they brought, where callers bring their own."""
    everywhere: frozenset[str] | None = frozenset()
    """What they may on all instances that this server has, as tokens have it; None is everything."""
    owner: str = ""
    """Whose share of the server their calls take: their own, or their address' until they have proved it."""


LOCAL: Final = Identity("local")
"""The user of this machine, on stdio."""

IDENTITY: Final = "clerk_mcp.protocol.identity"
"""Where a request's ASGI scope holds its `Identity`."""

SESSION: Final = "clerk_mcp.session"
"""Where a request's ASGI scope holds the id of the session it belongs to; left out where there is none."""

HUNG_UP: Final = "clerk_mcp.hung_up"
"""Where a request's ASGI scope holds an `anyio.Event`, set when nobody waits for its answer any more."""

MISSING_SCOPE: Final = "clerk_mcp.missing_scope"
"""Where a request whose answer can still become a 403 lists the scopes that its caller lacks."""


def report_missing_scope(request_scope: MutableMapping[str, Any], scope: str) -> bool:
    """Have a request answered 403; False where it is answered elsewhere, as on legacy SSE.

    Args:
        request_scope: the ASGI scope of the request.
        scope: what the call needs, such as `clerk:write`.
    """
    missing: list[str] | None = request_scope.get(MISSING_SCOPE)
    if missing is None:
        return False
    missing.append(scope)
    return True
