"""From settings to what is kept between calls: in the Redis that replicas share, in files or in memory."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

import anyio

from clerk_mcp.answering import (
    CredentialsInProcess,
    CredentialsInRedis,
    LinkForAgents,
    SecretValues,
    default_mode,
)
from clerk_mcp.bulk import ANSWER_WITHIN_S, RunFiles, Runs, RunsInRedis
from clerk_mcp.confirming import Desk, QuestionsInProcess, QuestionsInRedis, Seals, UsedInRedis
from clerk_mcp.settings import ONLY_A_PERSON, Settings, SettingsError, at_home, people_sign_in
from clerk_mcp.upstream import SealedStore, redis_errors, redis_pool

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from clerk_mcp.bulk import Links

logger = logging.getLogger("clerk_mcp")

OWN_DIRECTORY: Final = Path("~/.clerk-mcp")
"""Where a user's own key for confirmations is kept, and what was used."""


def make_seals(settings: Settings, transport: str) -> Seals:
    """Make what seals confirmations, and remembers in Redis, in files or in this process which were used.

    Raises:
        SettingsError: a setting does not hold.
    """
    state_key = settings.state_key.get_secret_value() if settings.state_key else None
    if redis := make_redis(settings):
        return Seals(state_key, UsedInRedis(redis))
    if transport == "stdio":
        # Many hosts and frameworks start a process for every call: a confirmation must outlive it.
        return Seals.of_user(OWN_DIRECTORY, state_key)
    if state_key:
        logger.warning("a state key without --redis-url: a confirmation is good only where it was given out")
    return Seals(state_key)


def make_runs(settings: Settings, within: float = ANSWER_WITHIN_S) -> Runs:
    """Make what keeps the runs of `run_each`: Redis where replicas share a state key, files elsewhere.

    Args:
        within: seconds after which an answer is given while a run goes on.

    Raises:
        SettingsError: a setting does not hold.
    """
    shared = _sealed_store(settings, "runs")
    runs = RunsInRedis(shared) if shared else RunFiles(settings.runs_dir)
    return Runs(runs, settings.run_cap, within)


def make_links(settings: Settings, base: str) -> Links:
    """Make what keeps files for callers over HTTP: in Redis where replicas share a state key.

    Args:
        base: the address below which they are fetched.

    Raises:
        SettingsError: a setting does not hold.
    """
    from clerk_mcp.bulk import Links, WaitingInProcess, WaitingInRedis

    shared = _sealed_store(settings, "files", settings.instance_name)
    return Links(WaitingInRedis(shared) if shared else WaitingInProcess(), base)


def make_secrets(settings: Settings, transport: str) -> SecretValues:
    """Make what keeps credentials from models: in files, for a person to fetch, or not at all.

    Raises:
        SettingsError: a setting does not hold.
    """
    signed_in = transport != "stdio" and people_sign_in(settings)
    mode = settings.secrets or default_mode(transport, people_sign_in=signed_in)
    if mode != "link":
        # Each named instance has a directory of its own: a file does not say where its credential is from.
        directory = settings.secrets_dir / (settings.instance_name or "")
        return SecretValues(mode, at_home(directory) if mode == "file" else directory)
    shared = _sealed_store(settings, "credentials", settings.instance_name)
    kept = CredentialsInRedis(shared) if shared else CredentialsInProcess()
    # On stdio whoever serves makes the way to them.
    courier = LinkForAgents(settings.public_url) if signed_in else None
    return SecretValues(mode, settings.secrets_dir, kept, courier)


def make_desk(settings: Settings) -> Desk | None:
    """Make what puts questions to a person in a browser, where only a person may agree.

    The questions are in Redis where replicas share a state key, in this process elsewhere.

    Raises:
        SettingsError: a setting does not hold.
    """
    if settings.confirm not in ONLY_A_PERSON:
        return None
    shared = _sealed_store(settings, "questions", settings.instance_name)
    questions = QuestionsInRedis(shared) if shared else QuestionsInProcess()
    return Desk(questions, type_name=settings.type_name)


def kept_by_one_process(settings: Settings) -> list[str]:
    """Name what waits for a person in the process alone that made it, which no other replica knows of."""
    if settings.transport == "stdio" or (settings.redis_url and settings.state_key):
        return []
    asks = settings.confirm in ONLY_A_PERSON
    mode = settings.secrets or default_mode(settings.transport, people_sign_in=people_sign_in(settings))
    return [*(["questions"] if asks else ()), *(["credentials"] if mode == "link" else ())]


def warn_of_several_processes(settings: Settings) -> None:
    """Say at the start what several workers or replicas do not share, where there seem to be several."""
    from multiprocessing import parent_process

    several = settings.redis_url or settings.state_key or parent_process() or _workers() > 1
    if several and (kept := kept_by_one_process(settings)):
        logger.warning(
            "%s that wait for a person are known to one worker or replica only: where there are several, set"
            " both --redis-url and CLERK_MCP_STATE_KEY",
            " and ".join(kept),
        )


def _workers() -> int:
    # What uvicorn, gunicorn and hypercorn are told by, where nothing is said on their command lines.
    told = os.environ.get("WEB_CONCURRENCY", "")
    return int(told) if told.isdecimal() else 1


def _sealed_store(settings: Settings, use: str, instance: str | None = None) -> SealedStore | None:
    """Make what replicas keep for one use; None where they share no Redis and no state key."""
    if settings.state_key is None or (redis := make_redis(settings)) is None:
        return None
    return SealedStore(redis, settings.state_key.get_secret_value(), use, instance)


# By the settings of a server: all that is kept for it shares the connections.
_redis: Final[WeakValueDictionary[tuple[int, str], Redis]] = WeakValueDictionary()


def make_redis(settings: Settings) -> Redis | None:
    """Return the client of the Redis that replicas share, the same for the same settings; None without one.

    Whoever serves lets go of its connections by `closing_redis`.

    Raises:
        SettingsError: its address is none.
    """
    if settings.redis_url is None:
        return None
    from redis.asyncio import Redis

    made = _redis.get((id(settings), settings.redis_url))
    if made is None:
        try:
            made = Redis(connection_pool=redis_pool(settings.redis_url))
        except ValueError as error:
            raise SettingsError(f"{settings.place_of('redis_url')}: {error}") from None
        _redis[id(settings), settings.redis_url] = made
    return made


@asynccontextmanager
async def closing_redis(settings: Settings) -> AsyncIterator[None]:
    """After the body, close the connections to Redis of all that was made from these settings."""
    try:
        yield
    finally:
        if settings.redis_url and (made := _redis.get((id(settings), settings.redis_url))):
            with anyio.CancelScope(shield=True), suppress(OSError), redis_errors():
                await made.connection_pool.disconnect()
