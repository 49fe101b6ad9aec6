"""Files that wait to be fetched over HTTP: by the caller who asked for them, once, and for some minutes."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import secrets
import socket
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from redis.asyncio import Redis

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

    def __init__(
        self,
        redis: Redis,
        seal: Callable[[bytes], str],
        unseal: Callable[[str], bytes],
        instance: str | None = None,
    ) -> None:
        """
        Args:
            seal, unseal: with the state key; `unseal` raises ValueError for what another key sealed.
            instance: the name of the instance, whose are kept apart from those of others.
        """
        self._redis = redis
        self._seal = seal
        self._unseal = unseal
        self._prefix = f"clerk-mcp:{instance or ''}:file"

    @property
    def where(self) -> str:
        return ""

    async def keep(self, file: Waiting) -> str:
        id = secrets.token_urlsafe(32)
        packed = base64.b64encode(zlib.compress(file.content)).decode()
        sealed = self._seal(json.dumps([file.owner, file.name, packed]).encode())
        owner = base64.urlsafe_b64encode(file.owner.encode()).decode()
        with _as_os_errors():
            count = f"{self._prefix}s-of:{owner}"
            if await self._redis.incr(count) == 1:
                await self._redis.expire(count, KEPT_S)
            elif int(await self._redis.get(count) or 0) > MOST_OF_ONE:
                raise NoRoom(f"{MOST_OF_ONE} files were made for you: try again in {KEPT_S} s")
            await self._redis.set(f"{self._prefix}:{id}", sealed, ex=KEPT_S)
        return id

    async def take(self, id: str, owner: str) -> Waiting | None:
        if not _ID.match(id):
            return None
        with _as_os_errors():
            sealed = await self._redis.get(f"{self._prefix}:{id}")
        if sealed is None:
            return None
        try:
            text = sealed.decode() if isinstance(sealed, bytes) else str(sealed)
            of, name, packed = json.loads(self._unseal(text))
        except ValueError:
            return None
        if of != owner:
            return None
        with _as_os_errors():
            # Of several replicas Redis tells one alone that there was something to delete.
            if not await self._redis.delete(f"{self._prefix}:{id}"):
                return None
        return Waiting(of, name, zlib.decompress(base64.b64decode(packed)))

    async def close(self) -> None:
        with contextlib.suppress(OSError), _as_os_errors():
            # The pool is this store's own.
            await self._redis.aclose(close_connection_pool=True)


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


@contextlib.contextmanager
def _as_os_errors() -> Iterator[None]:
    from redis.exceptions import RedisError

    try:
        yield
    except RedisError as error:
        raise OSError(0, f"Redis: {type(error).__name__}") from None
