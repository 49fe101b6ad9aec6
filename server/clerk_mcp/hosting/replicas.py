"""The processes that serve the same, known to one another through Redis by a sign of life."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, Final

import anyio

from clerk_mcp.instance import fingerprint
from clerk_mcp.serve import make_redis
from clerk_mcp.settings import Settings
from clerk_mcp.upstream import redis_errors

logger = logging.getLogger(__name__)

EVERY_S: Final = 15.0
"""Between two signs of life."""
GONE_S: Final = 45.0
"""Without a sign of life, after which a process is no longer counted."""


@dataclass(frozen=True, slots=True)
class Replica:
    """One process, as it tells of itself."""

    id: str
    host: str
    pid: int
    version: str
    since: float
    """Seconds since 1970."""


class Replicas:
    """Tells the others that this process lives, and which others do."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        """
        Raises:
            SettingsError: the address of Redis is none.
        """
        self._clock = clock
        self.own = Replica(
            secrets.token_hex(6), socket.gethostname(), os.getpid(), version("clerk-mcp"), clock()
        )
        # Only those that serve the same instance are replicas of one another.
        served = f"{settings.instance_name} {settings.auth} {settings.key} {settings.clerk_api_url}"
        self._set = f"clerk-mcp:replicas:{fingerprint(served)}"
        self._redis = make_redis(settings)

    @contextlib.asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """Give signs of life meanwhile, where there is a Redis to leave them in."""
        if self._redis is None:
            yield
            return
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._keep)
            try:
                yield
            finally:
                tasks.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            with contextlib.suppress(OSError):
                await self._sign(alive=False)

    async def seen(self) -> list[Replica]:
        """Return the processes that live, this one first.

        Raises:
            OSError: Redis cannot be asked.
        """
        if self._redis is None:
            return [self.own]
        with redis_errors():
            found = await self._redis.zrangebyscore(self._set, self._clock() - GONE_S, "+inf")
        others = [each for each in map(_read, found) if each is not None and each.id != self.own.id]
        return [self.own, *sorted(others, key=lambda each: each.since)]

    async def _keep(self) -> None:
        while True:
            try:
                await self._sign(alive=True)
            except OSError as error:
                logger.debug("no sign of life was left: %s", error)
            await anyio.sleep(EVERY_S)

    async def _sign(self, *, alive: bool) -> None:
        if self._redis is None:
            return
        member = json.dumps(asdict(self.own))
        with redis_errors():
            if not alive:
                await self._redis.zrem(self._set, member)
                return
            now = self._clock()
            await self._redis.zadd(self._set, {member: now})
            await self._redis.zremrangebyscore(self._set, "-inf", now - GONE_S)
            await self._redis.expire(self._set, int(4 * GONE_S))


def _read(member: Any) -> Replica | None:
    """Read what a process told of itself; None where it is of a version that tells something else."""
    try:
        told = json.loads(member)
        return Replica(**{**told, "since": float(told["since"])})
    except (ValueError, TypeError, KeyError):
        return None
