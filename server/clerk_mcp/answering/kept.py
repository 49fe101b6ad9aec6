"""Credentials that wait for a person to fetch them: shown once, for some minutes, in no log.

In Redis they are sealed with the state key; else they are in this process alone and end with it.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Protocol

from clerk_mcp.upstream import SealedStore, redis_errors, redis_text

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


class Courier(Protocol):
    """Brings a person to where a credential waits for them."""

    async def bring(self, kept: Kept, base: str) -> str:
        """Show them the way, and return what the answer says of it, in whole sentences.

        Args:
            base: where the caller reached this server; empty on stdio.
        """


@dataclass(frozen=True, slots=True)
class LinkForAgents:
    """Gives the link to the agent, where it opens only for those who sign in; implements `Courier`."""

    public_url: str | None
    """Where browsers reach this server, if not where its caller did."""

    async def bring(self, kept: Kept, base: str) -> str:
        return (
            "Give the user this link, which shows it once, to whoever signs in with your token or may"
            f" approve, within {LIFETIME_S // 60} minutes: {self.public_url or base}/credentials/{kept.id}"
        )


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

    def __init__(self, store: SealedStore, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._redis = store.redis
        self._index = store.key("credentials")
        self._clock = clock

    async def check(self, caller: str) -> None:
        now = self._clock()
        with redis_errors():
            await self._redis.zremrangebyscore(self._index, 0, now)
            waiting = await self._redis.zrange(self._index, 0, -1)
        # Each entry is the owner's digest and the id.
        of_caller = sum(redis_text(one).startswith(f"{_owner(caller)}:") for one in waiting)
        if of_caller >= MOST_OF_ONE or len(waiting) >= MOST:
            raise TooManyCredentials

    async def keep(self, kept: Kept) -> None:
        await self._store.keep(_name(kept.id), asdict(kept), kept.expires_at - self._clock())
        with redis_errors():
            await self._redis.zadd(self._index, {_entry(kept): kept.expires_at})

    async def look(self, id: str) -> Kept | None:
        found = await self._read(id)
        return _without_values(found) if found else None

    async def take(self, id: str) -> Kept | None:
        found = await self._read(id)
        if found is None or not await self._store.delete(_name(id)):
            return None
        with redis_errors():
            await self._redis.zrem(self._index, _entry(found))
        return found

    async def _read(self, id: str) -> Kept | None:
        value = await self._store.read(_name(id)) if _ID.fullmatch(id) else None
        return Kept(**value) if value else None


def _name(id: str) -> str:
    return f"credential:{id}"


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
