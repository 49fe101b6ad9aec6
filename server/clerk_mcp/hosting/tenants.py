"""`--auth clerk-key`: callers who bring their own Clerk key, each apart from all others.

A client carries everything that the calls of one key share: connections, rate budget, queue. No two keys
share one, and a confirmation is bound to its key.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final, Self

import anyio

from clerk_mcp.calling import Caller, Calls
from clerk_mcp.instance import Instance, kind_of_key
from clerk_mcp.offering import Policy
from clerk_mcp.serve import ClientMaker, calls_maker, make_budget, make_policy
from clerk_mcp.settings import Settings
from clerk_mcp.upstream import OnDone, Reply, Settled

MOST: Final = 256
IDLE_S: Final = 120.0


@dataclass(slots=True)
class _Tenant:
    calls: Calls
    running: int = 0
    idle_since: float = field(default_factory=time.monotonic)


class Tenants:
    """What runs the calls of each key: made at its first call, closed when unused or when there are too many.

    Implements `calls.Reach`; an async context manager, entered once.
    """

    def __init__(
        self,
        policy: Policy,
        make: Callable[[str], Calls],
        *,
        proved: Callable[[str], bool] = lambda _: True,
        most: int = MOST,
        idle: float = IDLE_S,
    ) -> None:
        """
        Args:
            make: gives the `Calls` of a key, with a client of its own.
            proved: whether Clerk has taken a key.
            most: keys to keep; it is exceeded only while calls of more keys than that are running.
            idle: seconds without a call after which a key's client is closed.
        """
        self.policy = policy
        self.proved = proved
        self._make = make
        self._most = most
        self._idle = idle
        # By digest, the least recently used first: the keys themselves are kept by their clients only.
        self._tenants: OrderedDict[bytes, _Tenant] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tenants)

    @asynccontextmanager
    async def calls_for(self, caller: Caller) -> AsyncIterator[Calls]:
        key = caller.key or ""
        name = _digest(key)
        tenant = self._tenants.get(name)
        if tenant is None:
            tenant = self._tenants[name] = _Tenant(self._make(key))
        self._tenants.move_to_end(name)
        tenant.running += 1
        try:
            yield tenant.calls
        finally:
            tenant.running -= 1
            tenant.idle_since = time.monotonic()
            await self._close(self._surplus())

    async def __aenter__(self) -> Self:
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._sweep)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._tasks.cancel_scope.cancel()
        await self._tasks.__aexit__(None, None, None)
        await self._close(list(self._tenants))

    async def stop(self) -> None:
        """End the calls of all keys with answers that tell their outcomes; see `ClerkClient.stop`."""
        for tenant in list(self._tenants.values()):
            await tenant.calls.client.stop()

    async def _sweep(self) -> None:
        while True:
            await anyio.sleep(self._idle / 4)
            before = time.monotonic() - self._idle
            await self._close([name for name in self._unused() if self._tenants[name].idle_since < before])

    def _unused(self) -> list[bytes]:
        return [name for name, tenant in self._tenants.items() if not tenant.running]

    def _surplus(self) -> list[bytes]:
        return self._unused()[: max(len(self._tenants) - self._most, 0)]

    async def _close(self, names: list[bytes]) -> None:
        closing = [self._tenants.pop(name) for name in names]
        with anyio.CancelScope(shield=True):
            for tenant in closing:
                await tenant.calls.__aexit__(None, None, None)


def make_tenants(settings: Settings, transport: str, on_done: OnDone | None = None) -> Tenants:
    """Make what runs the operations of callers who each bring a key of their own; see `make_calls`."""
    make = calls_maker(settings, transport)
    maker = ClientMaker.of(settings, transport)
    known = KnownKeys()
    # Whatever is wrong with the settings should stop the start, not the first call.
    make_budget(settings, "")

    def calls_of(key: str) -> Calls:
        def done(settled: Settled) -> None:
            known.heard(key, settled)
            if on_done:
                on_done(settled)

        return make(replace(maker, on_done=done).of_key(key), key, Instance(kind_of_key(key)))

    return Tenants(make_policy(settings), calls_of, proved=known.__contains__)


class KnownKeys:
    """The keys that Clerk has taken, by digest."""

    MOST: Final = 10_000

    def __init__(self) -> None:
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, key: str) -> bool:
        return _digest(key) in self._digests

    def heard(self, key: str, settled: Settled) -> None:
        """Learn from what became of a call made with a key."""
        if not isinstance(settled, Reply):
            return
        if settled.status in (401, 403):
            self._digests.pop(_digest(key), None)
        elif settled.status < 300:
            self._digests[_digest(key)] = None
            self._digests.move_to_end(_digest(key))
            if len(self._digests) > self.MOST:
                self._digests.popitem(last=False)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
