"""`/readyz`: whether this server can do its work now."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

import anyio
import httpx2
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from clerk_mcp.upstream import ClerkClient, Unanswered
from clerk_tools.catalog import operations

KEPT_S: Final = 5.0
"""How long an answer is kept: the probes of many balancers must not become load on Clerk."""
_PATIENCE_S: Final = 4.0

Check = Callable[[], Awaitable[str | None]]
"""Says what is wrong, or None."""


class Readiness:
    """Answers probes from the last check, which is made anew when it is older than `KEPT_S`."""

    def __init__(self, check: Check, clock: Callable[[], float] = time.monotonic) -> None:
        self.draining = False
        """Set when the server is about to end."""
        self._check = check
        self._clock = clock
        self._lock = anyio.Lock()
        self._problem: str | None = None
        self._checked_at = float("-inf")

    async def show(self, _: Request) -> PlainTextResponse:
        """`GET /readyz`: 200, or 503 and the reason."""
        problem = "shutting down" if self.draining else await self._last_problem()
        return PlainTextResponse(f"{problem or 'ready'}\n", 503 if problem else 200)

    async def _last_problem(self) -> str | None:
        async with self._lock:
            if self._clock() - self._checked_at >= KEPT_S:
                self._problem = "Clerk does not answer"
                with anyio.move_on_after(_PATIENCE_S):
                    self._problem = await self._check()
                self._checked_at = self._clock()
            return self._problem


def clerk_takes_the_key(client: ClerkClient) -> Check:
    """Asks Clerk for its public keys, which costs nothing of the rate limit."""
    [jwks] = [operation for operation in operations().values() if operation.spec.path == "/jwks"]
    request = jwks.model_validate({}).to_request()

    async def check() -> str | None:
        try:
            reply = await client.send(request, session="readyz")
        except Unanswered as unanswered:
            return unanswered.failure.message
        if reply.status in (401, 403):
            return "Clerk refuses the key"
        return f"Clerk answers {reply.status}" if reply.status >= 400 else None

    return check


def clerk_answers(api_url: str) -> Check:
    """For a server without a key: whether there is a Clerk at all. What it answers does not matter."""

    async def check() -> str | None:
        async with httpx2.AsyncClient(timeout=_PATIENCE_S) as http:
            try:
                response = await http.get(f"{api_url}/jwks")
            except httpx2.HTTPError:
                return "Clerk does not answer"
        return f"Clerk answers {response.status_code}" if response.status_code >= 500 else None

    return check
