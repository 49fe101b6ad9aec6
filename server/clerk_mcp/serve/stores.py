"""From settings to what is kept between calls: in the Redis that replicas share, in files or in memory."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

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
from clerk_mcp.upstream import SealedStore, redis_pool

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


def _sealed_store(settings: Settings, use: str, instance: str | None = None) -> SealedStore | None:
    """Make what replicas keep for one use; None where they share no Redis and no state key."""
    if settings.state_key is None or (redis := make_redis(settings)) is None:
        return None
    return SealedStore(redis, settings.state_key.get_secret_value(), use, instance)


def make_redis(settings: Settings) -> Redis | None:
    """Make a client of the Redis that replicas share, with connections of its own; None where there is none.

    Raises:
        SettingsError: its address is none.
    """
    if settings.redis_url is None:
        return None
    from redis.asyncio import Redis

    try:
        return Redis(connection_pool=redis_pool(settings.redis_url))
    except ValueError as error:
        raise SettingsError(f"{settings.place_of('redis_url')}: {error}") from None
