"""Credentials that wait for a person to fetch them: shown once, for some minutes, in no log.

In Redis they are sealed with the state key; else they are in this process alone and end with it.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis.asyncio import Redis

LIFETIME_S: Final = 600
MOST_OF_ONE: Final = 20
"""Credentials that may wait for one caller."""
MOST: Final = 500
"""Credentials that may wait for all callers."""

_ID: Final = re.compile(r"[\w-]{32}", re.ASCII)


class TooManyCredentials(Exception):
    """As many credentials wait for somebody to fetch them as may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one call made, for one pair of eyes."""

    operation: str
    caller: str
    values: dict[str, Any] = field(repr=False)
    """The credentials, by their names in Clerk's answer, with the id of the record they are of."""
    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    made_at: float = field(default_factory=time.time)
    expires_at: float = field(default_factory=lambda: time.time() + LIFETIME_S)


class Credentials(Protocol):
    """Keeps credentials. Every method may raise `OSError` where the store is out of reach."""

    async def check(self, caller: str) -> None:
        """Make sure that one more can be kept for a caller.

        Raises:
            TooManyCredentials: it cannot.
        """

    async def keep(self, kept: Kept) -> None:
        """Keep one."""

    async def look(self, id: str) -> Kept | None:
        """Return one that waits, without its values."""

    async def take(self, id: str) -> Kept | None:
        """Return one and forget it; None where somebody else was first."""


class CredentialsInProcess:
    """For a server that is one process."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._kept: dict[str, Kept] = {}

    async def check(self, caller: str) -> None:
        self._sweep()
        of_caller = sum(one.caller == caller for one in self._kept.values())
        if of_caller >= MOST_OF_ONE or len(self._kept) >= MOST:
            raise TooManyCredentials

    async def keep(self, kept: Kept) -> None:
        self._kept[kept.id] = kept

    async def look(self, id: str) -> Kept | None:
        self._sweep()
        found = next((one for key, one in self._kept.items() if _same(key, id)), None)
        return _without_values(found) if found else None

    async def take(self, id: str) -> Kept | None:
        self._sweep()
        return self._kept.pop(id, None)

    def _sweep(self) -> None:
        now = self._clock()
        self._kept = {id: one for id, one in self._kept.items() if one.expires_at > now}


class CredentialsInRedis:
    """For replicas, which share one Redis and one state key."""

    def __init__(
        self,
        redis: Redis,
        seal: Callable[[bytes], str],
        unseal: Callable[[str], bytes],
        clock: Callable[[], float] = time.time,
        instance: str | None = None,
    ) -> None:
        """
        Args:
            seal, unseal: with the state key; `unseal` raises ValueError for what another key sealed.
            instance: the name of the instance, whose are kept apart from those of others.
        """
        self._prefix = f"clerk-mcp:{instance}:" if instance else "clerk-mcp:"
        self._index = f"{self._prefix}credentials"
        self._redis = redis
        self._seal = seal
        self._unseal = unseal
        self._clock = clock

    async def check(self, caller: str) -> None:
        now = self._clock()
        with _as_os_errors():
            await self._redis.zremrangebyscore(self._index, 0, now)
            waiting = await self._redis.zrange(self._index, 0, -1)
        # Each entry is the owner's digest and the id.
        of_caller = sum(_text(one).startswith(f"{_owner(caller)}:") for one in waiting)
        if of_caller >= MOST_OF_ONE or len(waiting) >= MOST:
            raise TooManyCredentials

    async def keep(self, kept: Kept) -> None:
        sealed = self._seal(json.dumps(asdict(kept)).encode())
        left = max(int((kept.expires_at - self._clock()) * 1000), 1)
        with _as_os_errors():
            await self._redis.set(self._key(kept.id), sealed, px=left)
            await self._redis.zadd(self._index, {_entry(kept): kept.expires_at})

    async def look(self, id: str) -> Kept | None:
        found = await self._read(id)
        return _without_values(found) if found else None

    async def take(self, id: str) -> Kept | None:
        found = await self._read(id)
        with _as_os_errors():
            # Of several replicas Redis tells one alone that there was something to delete.
            if found is None or not await self._redis.delete(self._key(id)):
                return None
            await self._redis.zrem(self._index, _entry(found))
        return found

    def _key(self, id: str) -> str:
        return f"{self._prefix}credential:{id}"

    async def _read(self, id: str) -> Kept | None:
        if not _ID.fullmatch(id):
            return None
        with _as_os_errors():
            sealed = await self._redis.get(self._key(id))
        if sealed is None:
            return None
        try:
            return Kept(**json.loads(self._unseal(_text(sealed))))
        except ValueError:
            raise OSError(0, "it was sealed with another state key; give every replica the same") from None


def _owner(caller: str) -> str:
    return hmac.digest(b"owner of a credential", caller.encode(), "sha256").hex()[:16]


def _entry(kept: Kept) -> str:
    return f"{_owner(kept.caller)}:{hmac.digest(b'credential', kept.id.encode(), 'sha256').hex()[:16]}"


def _without_values(kept: Kept) -> Kept:
    return Kept(
        operation=kept.operation,
        caller=kept.caller,
        values={},
        id=kept.id,
        made_at=kept.made_at,
        expires_at=kept.expires_at,
    )


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "replace"))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@contextmanager
def _as_os_errors() -> Iterator[None]:
    from redis.exceptions import RedisError

    try:
        yield
    except RedisError as error:
        raise OSError(0, f"Redis: {type(error).__name__}") from None
