"""Values that replicas keep together in Redis and that nobody else can read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mcp.server.request_state import AESGCMRequestStateCodec, InvalidRequestState

from clerk_mcp.upstream.redis_pool import redis_errors, redis_text

if TYPE_CHECKING:
    from redis.asyncio import Redis


class SealedStore:
    """JSON values in Redis, sealed with the state key that replicas share.

    Reading and writing raise `OSError` where Redis cannot be asked, or has what another key sealed.
    """

    def __init__(self, redis: Redis, state_key: str, use: str, instance: str | None = None) -> None:
        """
        Args:
            redis: also for what needs no seal: indexes, counts, locks.
            use: what is kept. What is sealed for one use cannot be read for another.
            instance: the name of the instance, whose are kept apart from those of others.
        """
        self.redis = redis
        self._codec = AESGCMRequestStateCodec([f"{use} {state_key}"])
        self._prefix = f"clerk-mcp:{instance}:" if instance else "clerk-mcp:"

    def key(self, name: str) -> str:
        """Return the key in Redis of what is called so here."""
        return f"{self._prefix}{name}"

    async def keep(self, name: str, value: Any, seconds: float, *, once: bool = False) -> bool:
        """Keep a value for so long; `once`: not where there is one already, which is told by False."""
        sealed = self._codec.seal(json.dumps(value).encode())
        left = max(int(seconds * 1000), 1)
        with redis_errors():
            return bool(await self.redis.set(self.key(name), sealed, nx=once, px=left))

    async def read(self, name: str) -> Any:
        """Return a value; None where there is none."""
        return (await self.read_all([name]))[0]

    async def read_all(self, names: Iterable[str]) -> list[Any]:
        """Return several values, None for each that is not there."""
        keys = [self.key(name) for name in names]
        with redis_errors():
            found = await self.redis.mget(keys) if keys else []
        return [None if sealed is None else self._opened(redis_text(sealed)) for sealed in found]

    async def delete(self, name: str) -> bool:
        """Forget a value: whether there was one, which of several replicas Redis tells one alone."""
        with redis_errors():
            return bool(await self.redis.delete(self.key(name)))

    def _opened(self, sealed: str) -> Any:
        try:
            return json.loads(self._codec.unseal(sealed))
        except InvalidRequestState:
            raise OSError(0, "it was sealed with another state key; give every replica the same") from None
