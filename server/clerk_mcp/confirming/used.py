"""Which confirmations were used: remembered in this process, in Redis for replicas, or in a directory.

Each mark is kept for a day, far longer than a confirmation is good by anybody's clock, so that neither clocks
that differ nor one that is set back let it be used again. Each store has a life: a name that it gets when it
begins and loses with what it remembers.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import anyio.to_thread

from clerk_mcp.upstream import redis_errors, redis_text

if TYPE_CHECKING:
    from redis.asyncio import Redis

KEPT_S: Final = 86_400
"""How long a mark is kept."""


class UsedSeals(Protocol):
    """Remembers which confirmations were used; each method raises `OSError` where it is out of reach."""

    async def life(self) -> str:
        """Return the name of the store's life: another one means that it may have forgotten something."""

    async def use(self, id: str) -> bool:
        """Mark a confirmation as used: whether this is its first use."""


class UsedInProcess:
    """For a server that is one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._life = secrets.token_hex(8)
        self._until: dict[str, float] = {}

    async def life(self) -> str:
        return self._life

    async def use(self, id: str) -> bool:
        now = self._clock()
        self._until = {known: until for known, until in self._until.items() if until > now}
        if id in self._until:
            return False
        self._until[id] = now + KEPT_S
        return True


class UsedInRedis:
    """For replicas, which share one Redis.

    A Redis that was restarted without a disk, or flushed, has lost the name of its life with the marks.
    """

    def __init__(self, redis: Redis, prefix: str = "clerk-mcp:") -> None:
        self._redis = redis
        self._name = f"{prefix}life"
        self._prefix = f"{prefix}used:"

    async def life(self) -> str:
        with redis_errors():
            await self._redis.set(self._name, secrets.token_hex(8), nx=True)
            return redis_text(await self._redis.get(self._name))

    async def use(self, id: str) -> bool:
        with redis_errors():
            return bool(await self._redis.set(self._prefix + id, b"", nx=True, px=KEPT_S * 1000))


class UsedInDirectory:
    """For processes of one user on one machine, each of which may live for one call only.

    A mark is an empty file, which only one process can create.
    """

    def __init__(self, directory: Path) -> None:
        """Remember the directory, which is made when first needed, for its owner alone."""
        self._directory = directory

    def check(self) -> None:
        """Raise `OSError` where the directory cannot be used."""
        self._read_life()

    async def life(self) -> str:
        return await anyio.to_thread.run_sync(self._read_life)

    async def use(self, id: str) -> bool:
        return await anyio.to_thread.run_sync(self._mark, id)

    def _read_life(self) -> str:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return owner_only_file(self._directory / "life", lambda: secrets.token_hex(8))

    def _mark(self, id: str) -> bool:
        self._forget_old()
        try:
            descriptor = os.open(self._directory / f"{id}.used", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return False
        os.fsync(descriptor)
        os.close(descriptor)
        return True

    def _forget_old(self) -> None:
        before = time.time() - KEPT_S
        for mark in self._directory.glob("*.used"):
            with suppress(OSError):
                if mark.stat().st_mtime < before:
                    mark.unlink()


def owner_only_file(path: Path, make: Callable[[], str]) -> str:
    """Read a file of this user's own, which is made where it is not there.

    It appears whole or not at all, so that of several processes that make it all read the same.

    Raises:
        OSError: it can be neither read nor made, or is not this user's alone.
    """
    for _ in range(2):
        with suppress(FileNotFoundError):
            found = path.stat()
            if os.name == "posix" and (found.st_uid != os.getuid() or found.st_mode & 0o077):
                raise PermissionError(f"{path} can be read or written by others: delete it, or chmod 600")
            text = path.read_text(encoding="utf-8").strip()
            if not text:
                raise OSError(f"{path} is empty: delete it")
            return text
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(make())
            file.flush()
            os.fsync(descriptor)
        try:
            # Unlike a renaming, this never replaces what another process has made meanwhile.
            with suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            temporary.unlink()
    raise OSError(f"{path} cannot be made")
