"""Where runs are kept, so that they go on after a restart or on another replica, and nothing is sent twice.

Before an item is sent it is marked as started; afterwards the mark says how it ended. An item that was
started and has no end was perhaps executed: it is told as unknown and never sent again.

Runs hold what their items are called with, some of it private: files are their owner's alone, and in Redis
everything is sealed with the state key.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import anyio
import anyio.to_thread

from clerk_mcp.upstream import SealedStore, redis_errors, redis_text
from clerk_tools.argument import JsonObject

KEPT_S: Final = 7 * 86_400
"""Seconds for which a run is kept."""
STARTED: Final = "started"

_ID: Final = re.compile(r"run_[0-9a-f]{16}")
_LOCK_MS: Final = 30_000
"""Milliseconds after which a replica that went away no longer holds a run in Redis."""


class RunBusy(Exception):
    """Another process is at this run."""


@dataclass(slots=True)
class Item:
    """One call of a run."""

    name: str
    """What a person calls it by."""
    arguments: JsonObject
    was: JsonObject | None = None
    """What it is about to change, where that was read already."""
    row: int = 0
    """Its number among what was given, from 1."""


@dataclass(slots=True)
class Run:
    """A plan, and how far it has been run."""

    id: str
    operation: str
    caller: str
    key: str
    """Fingerprint of the Clerk key."""
    source: JsonObject
    """What the caller gave to make the plan."""
    digest: str
    """Of every request of the plan."""
    items: list[Item]
    agreed: str = ""
    """Who or what agreed; empty for a plan that nobody has agreed to."""
    made_at: float = field(default_factory=time.time)
    marks: dict[int, JsonObject] = field(default_factory=dict)
    """By the item's number, how it ended: `outcome`, and `code` and `message` of an error."""

    def to_json(self) -> JsonObject:
        """Return everything but the marks."""
        return {name: value for name, value in asdict(self).items() if name != "marks"}

    @classmethod
    def from_json(cls, value: JsonObject) -> Run:
        """Return the reverse of `to_json`.

        Raises:
            OSError: something else has written it.
        """
        try:
            return cls(**{**value, "items": [Item(**item) for item in value["items"]]})
        except (KeyError, TypeError):
            raise _not_ours() from None


def _not_ours() -> OSError:
    return OSError(0, "what is kept of this run is not as this server wrote it")


def new_id() -> str:
    """Make an id that nobody can guess."""
    return f"run_{secrets.token_hex(8)}"


def is_id(text: str) -> bool:
    """Tell whether a text has the form of a run's id, so that it may become part of a file's name."""
    return _ID.fullmatch(text) is not None


class RunStore(Protocol):
    """Keeps runs. Every method raises OSError where the store cannot be used."""

    async def save(self, run: Run) -> None:
        """Keep a run, whole or not at all; its marks are left as they are."""

    async def load(self, id: str) -> Run | None:
        """Find a run by its id."""

    def claim(self, id: str) -> AbstractAsyncContextManager[None]:
        """Hold a run, so that no other process goes on with it; `RunBusy` where one does."""

    async def start(self, id: str, number: int) -> bool:
        """Mark an item as started; false where it was already."""

    async def end(self, id: str, number: int, mark: JsonObject | None) -> None:
        """Mark how an item ended; None where it was certainly not run, so that it may be tried again."""


class RunFiles:
    """Runs as files of one directory, for the processes of one machine."""

    def __init__(self, directory: Path) -> None:
        self._given = directory

    @property
    def _directory(self) -> Path:
        try:
            return self._given.expanduser()
        except RuntimeError:
            raise OSError(0, "there is no home directory: set HOME, or --runs-dir") from None

    async def save(self, run: Run) -> None:
        await anyio.to_thread.run_sync(self._save, run)

    def _save(self, run: Run) -> None:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sweep()
        path = self._path(run.id)
        marks = self._marks(path) if path.exists() else []
        lines = [json.dumps(run.to_json()), *marks]
        beside = path.with_suffix(f".{secrets.token_hex(4)}.tmp")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise

    def _sweep(self) -> None:
        """Delete what is older than runs are kept."""
        before = time.time() - KEPT_S
        for path in self._directory.glob("run_*"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()

    async def load(self, id: str) -> Run | None:
        return await anyio.to_thread.run_sync(self._load, id) if is_id(id) else None

    def _load(self, id: str) -> Run | None:
        path = self._path(id)
        if not path.exists():
            return None
        try:
            with path.open(encoding="utf-8") as lines:
                run = Run.from_json(json.loads(next(lines, "")))
            for line in self._marks(path):
                _note(run, json.loads(line))
        except ValueError:
            raise _not_ours() from None
        return run

    @staticmethod
    def _marks(path: Path) -> list[str]:
        with path.open(encoding="utf-8") as lines:
            next(lines, None)
            # Before a line that was cut off is whole, its item is not sent.
            return [text for line in lines if _is_whole(text := line.strip())]

    @asynccontextmanager
    async def claim(self, id: str) -> AsyncIterator[None]:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._path(id).with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                # The system lets go of it when the process ends, however it ends.
                _lock(descriptor)
            except OSError:
                raise RunBusy from None
            yield
        finally:
            os.close(descriptor)

    async def start(self, id: str, number: int) -> bool:
        # Whoever holds the run is the only one to start its items.
        await self.end(id, number, {"outcome": STARTED})
        return True

    async def end(self, id: str, number: int, mark: JsonObject | None) -> None:
        line = json.dumps({"item": number, "mark": mark}).encode() + b"\n"
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(_append, self._path(id), line)

    def _path(self, id: str) -> Path:
        return self._directory / f"{id}.jsonl"


def _note(run: Run, line: JsonObject) -> None:
    """Note what one line says of an item.

    Raises:
        OSError: it says it of no item, or something else has written it.
    """
    number, mark = line.get("item"), line.get("mark", 0)
    if type(number) is not int or not 0 <= number < len(run.items):
        raise _not_ours()
    if mark is None:
        run.marks.pop(number, None)
    elif isinstance(mark, dict) and isinstance(mark.get("outcome"), str):
        run.marks[number] = mark
    else:
        raise _not_ours()


def _is_whole(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _append(path: Path, line: bytes) -> None:
    # On a line of its own, also after one that was cut off.
    line = b"\n" + line
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        if os.write(descriptor, line) != len(line):
            raise OSError(0, "the disk is full")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:
        import msvcrt

        locking: Callable[..., Any] = vars(msvcrt)["locking"]
        locking(descriptor, vars(msvcrt)["LK_NBLCK"], 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class RunsInRedis:
    """Runs for replicas, which share one Redis and one state key."""

    def __init__(self, store: SealedStore) -> None:
        self._store = store
        self._redis = store.redis

    async def save(self, run: Run) -> None:
        await self._store.keep(f"{run.id}:plan", run.to_json(), KEPT_S)

    async def load(self, id: str) -> Run | None:
        found = await self._store.read(f"{id}:plan") if is_id(id) else None
        if found is None:
            return None
        run = Run.from_json(found)
        with redis_errors():
            marks: Any = await self._redis.hgetall(self._key(id, "marks"))
        run.marks = {int(number): json.loads(mark) for number, mark in marks.items()}
        return run

    @asynccontextmanager
    async def claim(self, id: str) -> AsyncIterator[None]:
        holder = secrets.token_hex(8)
        with redis_errors():
            if not await self._redis.set(self._key(id, "lock"), holder, nx=True, px=_LOCK_MS):
                raise RunBusy
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._hold, id, holder)
            try:
                yield
            finally:
                tasks.cancel_scope.cancel()
                with anyio.CancelScope(shield=True), contextlib.suppress(OSError), redis_errors():
                    if await self._holds(id, holder):
                        await self._redis.delete(self._key(id, "lock"))

    async def _hold(self, id: str, holder: str) -> None:
        while True:
            await anyio.sleep(_LOCK_MS / 3000)
            # Without Redis the next item cannot be started either, so nothing is lost by missing one turn.
            with contextlib.suppress(OSError), redis_errors():
                if await self._holds(id, holder):
                    await self._redis.pexpire(self._key(id, "lock"), _LOCK_MS)

    async def _holds(self, id: str, holder: str) -> bool:
        held = await self._redis.get(self._key(id, "lock"))
        return held is not None and redis_text(held) == holder

    async def start(self, id: str, number: int) -> bool:
        # Redis itself says who was first, should a replica have lost its hold without noticing.
        mark = json.dumps({"outcome": STARTED})
        with redis_errors():
            first = bool(await self._redis.hsetnx(self._key(id, "marks"), str(number), mark))
            await self._redis.expire(self._key(id, "marks"), KEPT_S)
        return first

    async def end(self, id: str, number: int, mark: JsonObject | None) -> None:
        with anyio.CancelScope(shield=True), redis_errors():
            if mark is None:
                await self._redis.hdel(self._key(id, "marks"), str(number))
            else:
                await self._redis.hset(self._key(id, "marks"), str(number), json.dumps(mark))

    def _key(self, id: str, part: str) -> str:
        return self._store.key(f"{id}:{part}")
