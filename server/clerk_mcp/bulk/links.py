"""Files that wait to be fetched over HTTP: by the caller who asked for them, once, and for some minutes."""

from __future__ import annotations

import base64
import re
import secrets
import socket
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from clerk_mcp.upstream import SealedStore, redis_errors

KEPT_S: Final = 600
"""Seconds for which a file waits."""
MOST_BYTES: Final = 16_000_000
"""Of one file."""
MOST_OF_ONE: Final = 4
"""Files that wait for one caller."""
_MOST_IN_ALL: Final = 64_000_000
"""Bytes of all files that wait in one process."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class NoRoom(Exception):
    """A file is too large to wait, or too many do; the message says which, and what helps."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file, and whose it is."""

    owner: str
    """The name of the caller who alone may fetch it."""
    name: str
    content: bytes


class WaitingFiles(Protocol):
    """Keeps files that wait. Every method raises OSError where that cannot be done."""

    @property
    def where(self) -> str:
        """Where a file can be fetched alone, in words; empty where every replica has it."""

    async def keep(self, file: Waiting) -> str:
        """Keep a file and return the id that nobody can guess; raises `NoRoom`."""

    async def take(self, id: str, owner: str) -> Waiting | None:
        """Give a file to its owner, and forget it; None where there is none of theirs."""

    async def close(self) -> None:
        """Let go of what it holds while the server runs."""


class WaitingInProcess:
    """Files that wait in the memory of one process, for servers without Redis."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._files: dict[str, tuple[float, Waiting]] = {}

    @property
    def where(self) -> str:
        return f"Only the process on {socket.gethostname()} has it."

    async def keep(self, file: Waiting) -> str:
        now = self._clock()
        self._files = {id: kept for id, kept in self._files.items() if kept[0] > now}
        others = [kept for _, kept in self._files.values()]
        if sum(kept.owner == file.owner for kept in others) >= MOST_OF_ONE:
            raise NoRoom(f"{MOST_OF_ONE} files of yours wait already: fetch them first")
        if sum(len(kept.content) for kept in others) + len(file.content) > _MOST_IN_ALL:
            raise NoRoom(f"too many files wait already: try again in {KEPT_S} s")
        id = secrets.token_urlsafe(32)
        self._files[id] = now + KEPT_S, file
        return id

    async def take(self, id: str, owner: str) -> Waiting | None:
        until, file = self._files.get(id, (0.0, None))
        if file is None or file.owner != owner:
            return None
        del self._files[id]
        return file if until > self._clock() else None

    async def close(self) -> None:
        self._files.clear()


class WaitingInRedis:
    """Files that wait for replicas, which share one Redis and one state key."""

    def __init__(self, store: SealedStore) -> None:
        self._store = store

    @property
    def where(self) -> str:
        return ""

    async def keep(self, file: Waiting) -> str:
        id = secrets.token_urlsafe(32)
        packed = base64.b64encode(zlib.compress(file.content)).decode()
        redis, own, now = self._store.redis, self._own(file.owner), time.time()
        with redis_errors():
            await redis.zremrangebyscore(own, "-inf", now)
            await redis.zadd(own, {id: now + KEPT_S})
            await redis.expire(own, KEPT_S)
            if await redis.zcard(own) > MOST_OF_ONE:
                await redis.zrem(own, id)
                raise NoRoom(f"{MOST_OF_ONE} files of yours wait already: fetch them first")
        await self._store.keep(f"file:{id}", [file.owner, file.name, packed], KEPT_S)
        return id

    def _own(self, owner: str) -> str:
        """Return where Redis has the ids of an owner's files, each with the time until which it waits."""
        name = base64.urlsafe_b64encode(owner.encode()).decode()
        return self._store.key(f"files-waiting:{name}")

    async def take(self, id: str, owner: str) -> Waiting | None:
        found = await self._store.read(f"file:{id}") if _ID.match(id) else None
        if found is None:
            return None
        of, name, packed = found
        if of != owner or not await self._store.delete(f"file:{id}"):
            return None
        with redis_errors():
            await self._store.redis.zrem(self._own(owner), id)
        return Waiting(of, name, zlib.decompress(base64.b64decode(packed)))

    async def close(self) -> None:
        """Hold on to nothing: the files stay for the other replicas, and the connections are the server's."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where files wait, and the address below which they are fetched."""

    files: WaitingFiles
    base: str
    """Without a slash at its end."""

    async def offer(self, owner: str, name: str, chunks: Iterable[bytes]) -> tuple[str, int]:
        """Keep a file, and return its address and its bytes.

        Raises:
            NoRoom: it is too large, or too many wait.
            OSError: it cannot be kept.
        """
        content = bytearray()
        for chunk in chunks:
            content += chunk
            if len(content) > MOST_BYTES:
                raise NoRoom(f"it is larger than {MOST_BYTES} bytes: narrow it with `where` or `fields`")
        id = await self.files.keep(Waiting(owner, name, bytes(content)))
        return f"{self.base}/{id}", len(content)
