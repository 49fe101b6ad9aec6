"""`/readyz`: whether this server can do its work now."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import anyio
import httpx2
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from clerk_mcp.upstream import CertificatesUnusable, ClerkClient, Failure, tls_context
from clerk_tools.resources.jwks import GetJsonWebKeySet

KEPT_S: Final = 5.0
"""How long an answer is kept: the probes of many balancers must not become load on Clerk."""
_PATIENCE_S: Final = 4.0
_OWN_FAULTS: Final = ("proxy_unusable", "certificates_unusable")
"""Failures that no answer of Clerk's can mend, but only this server's settings."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    words: str = "ready"
    ready: bool = True
    """Whether calls should come here. Clerk being out of reach is no reason to send them elsewhere: no other
    replica reaches it either, and a service without replicas answers nobody, not even that Clerk is down."""

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to say."""
        return self.words == "ready"


Check = Callable[[], Awaitable[Finding]]

OUT_OF_REACH: Final = Finding("ready, but Clerk does not answer")


class Readiness:
    """Answers probes from the last check, which is made anew when it is older than `KEPT_S`."""

    def __init__(self, check: Check, clock: Callable[[], float] = time.monotonic) -> None:
        self.draining = False
        """Set when the server is about to end."""
        self._check = check
        self._clock = clock
        self._lock = anyio.Lock()
        self._finding = OUT_OF_REACH
        self._checked_at = float("-inf")
        self._took = 0.0

    async def show(self, _: Request) -> PlainTextResponse:
        """`GET /readyz`: what was found, as 200 where calls should come here and as 503 where not."""
        finding = (await self.look())[0]
        return PlainTextResponse(f"{finding.words}\n", 200 if finding.ready else 503)

    async def look(self) -> tuple[Finding, float]:
        """Return what was found, and how many seconds Clerk took to answer."""
        if self.draining:
            return Finding("shutting down", ready=False), 0.0
        async with self._lock:
            started = self._clock()
            if started - self._checked_at >= KEPT_S:
                self._finding = OUT_OF_REACH
                with anyio.move_on_after(_PATIENCE_S):
                    self._finding = await self._check()
                self._checked_at = self._clock()
                self._took = self._checked_at - started
            return self._finding, self._took


def clerk_takes_the_key(client: ClerkClient) -> Check:
    """Ask Clerk for its public keys: past the queue, and at no cost of the rate limit."""
    request = GetJsonWebKeySet().to_request()

    async def check() -> Finding:
        settled = await client.probe(request)
        if isinstance(settled, Failure):
            if settled.code in _OWN_FAULTS:
                return Finding(settled.message, ready=False)
            return Finding(f"ready, but: {settled.message}")
        if settled.status in (401, 403):
            return Finding("Clerk refuses the key", ready=False)
        return Finding(f"ready, but Clerk answers {settled.status}") if settled.status >= 400 else Finding()

    return check


def clerk_answers(api_url: str) -> Check:
    """Ask whether there is a Clerk at all, for a server without a key. What it answers does not matter."""

    async def check() -> Finding:
        try:
            tls = await anyio.to_thread.run_sync(tls_context) if api_url.startswith("https:") else True
        except CertificatesUnusable as problem:
            return Finding(str(problem), ready=False)
        async with httpx2.AsyncClient(timeout=_PATIENCE_S, verify=tls) as http:
            try:
                response = await http.get(f"{api_url}/jwks")
            except httpx2.HTTPError:
                return OUT_OF_REACH
        status = response.status_code
        return Finding(f"ready, but Clerk answers {status}") if status >= 500 else Finding()

    return check
