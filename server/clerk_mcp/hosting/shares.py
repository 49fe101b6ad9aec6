"""Shares of what a server can hold at once: whoever takes a lot leaves room for those who come after.

The rule is one line of arithmetic, in `Shares.take`: an owner may hold three times as much as is still free.
Alone, somebody gets three quarters of everything; two who take all they can get three sevenths each, and so
on, so that a newcomer always finds a place. What was given is never taken away again.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Awaitable
from functools import lru_cache
from typing import Any, Final

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR
from starlette.types import ASGIApp, Receive, Scope, Send

from clerk_mcp.hosting.addresses import PROBES
from clerk_mcp.protocol import IDENTITY
from clerk_mcp.upstream import Processor, processor, takes_turns

_LENT: Final = 3
"""How many times of what is free one owner may hold."""

UNPROVED: Final = "address "
"""How the names of owners begin who are only known by their address."""

HELD: Final = "clerk_mcp.held"
"""Where a POST's ASGI scope has what it holds of the server."""


class Shares:
    """So much of one kind, shared among owners."""

    def __init__(self, total: int) -> None:
        self.used = 0
        self._total = total
        self._held: Counter[str] = Counter()

    def take(self, owner: str, amount: int = 1) -> bool:
        """Take so much for an owner, or nothing and return False.

        What somebody takes who holds nothing yet only has to fit: a large thing could never be had otherwise.
        """
        free, held = self._total - self.used - amount, self._held[owner]
        if free < 0 or (held and held + amount > _LENT * free):
            return False
        self._held[owner] += amount
        self.used += amount
        return True

    def held_by(self, owner: str) -> int:
        """Tell how much an owner holds."""
        return self._held[owner]

    def give_back(self, owner: str, amount: int = 1) -> None:
        """Return what `take` gave."""
        self.used -= amount
        self._held[owner] -= amount
        if not self._held[owner]:
            del self._held[owner]


@lru_cache(maxsize=4096)
def owner_at(address: str) -> str:
    """Return the owner who stands for everybody at an address who has not proved who they are."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return f"{UNPROVED}{address}"
    if ip.is_loopback:
        # All of 127.0.0.0/8 is one machine.
        return f"{UNPROVED}loopback"
    if ip.version == 6:
        # Whoever has one address of IPv6 has at least these 64 bits of them.
        ip = ipaddress.ip_network((ip, 64), strict=False).network_address
    return f"{UNPROVED}{ip}"


class CallShares:
    """What calls take of a server: places, and bytes of memory for their bodies."""

    def __init__(self, max_calls: int, max_bytes: int, max_unproved: int | None = None) -> None:
        """`max_unproved` calls at once are enough for all at an address who have not proved who they are."""
        self.calls = Shares(max_calls)
        self.bytes = Shares(max_bytes)
        self._max_unproved = max_unproved

    def hold(self, owner: str) -> Held | None:
        """Take a call's place, to be let go; None where there is none for this owner."""
        bounded = self._max_unproved is not None and owner.startswith(UNPROVED)
        if bounded and self.calls.held_by(owner) >= (self._max_unproved or 0):
            return None
        return Held(self, owner) if self.calls.take(owner) else None

    async def during(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Keep the place until a request has its answer; an MCP middleware.

        On legacy SSE, and on a session whose client has hung up, a call goes on when the POST that brought it
        was answered long ago.
        """
        held: Held | None = ctx.request.scope.get(HELD) if ctx.request else None
        if held is None or ctx.request_id is None:
            return await call_next(ctx)
        if not held.keep():
            raise MCPError(code=INTERNAL_ERROR, message="Too many of your calls are under way: wait for some")
        try:
            return await call_next(ctx)
        finally:
            held.let_go()


class Held:
    """A call's place and the bytes of its body; given back when everybody who kept it has let go."""

    def __init__(self, shares: CallShares, owner: str) -> None:
        self._shares = shares
        self._owner = owner
        self._size = 0
        self._keepers = 1

    def add(self, size: int) -> bool:
        """Hold so many more bytes, where there is room for them."""
        if not self._shares.bytes.take(self._owner, size):
            return False
        self._size += size
        return True

    def keep(self) -> bool:
        """Hold it for one more, who must let go; False where it was given back and there is no room now."""
        if not self._keepers:
            if not self._shares.calls.take(self._owner):
                return False
            if not self._shares.bytes.take(self._owner, self._size):
                self._shares.calls.give_back(self._owner)
                return False
        self._keepers += 1
        return True

    def let_go(self) -> None:
        """End one keeping."""
        self._keepers -= 1
        if not self._keepers:
            self._shares.calls.give_back(self._owner)
            self._shares.bytes.give_back(self._owner, self._size)


class InTurns:
    """Has each caller's requests worked on in turns with everybody else's; probes wait for nobody."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._processor: Processor | None = None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        work = self._app(scope, receive, send)
        if scope["type"] != "http" or scope["path"] in PROBES:
            return work
        # Looked up once: that takes ten function calls.
        self._processor = self._processor or processor()
        return self._processor.in_turns(scope[IDENTITY].owner, work)


async def handled_in_turns(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Have a message handled in turns where a task of the SDK's does that; an MCP middleware."""
    if ctx.request is None or takes_turns():
        return await call_next(ctx)
    return await processor().in_turns(ctx.request.scope[IDENTITY].owner, call_next(ctx))
