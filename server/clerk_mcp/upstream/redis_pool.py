"""Redis, for what the replicas of a server share."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis.asyncio import ConnectionPool

REDIS_TIMEOUT_S: Final = 1.0
"""A dead Redis must not hold up the call that can do without it, nor the confirmation that it refuses."""


def redis_pool(url: str) -> ConnectionPool:
    """Connections to a Redis that are given up soon; none is opened yet.

    Raises:
        ValueError: `url` is no address of a Redis; the message quotes nothing of it.
    """
    from redis.asyncio import ConnectionPool
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as RedisConnectionError

    try:
        pool = ConnectionPool.from_url(
            url,
            socket_connect_timeout=REDIS_TIMEOUT_S,
            socket_timeout=REDIS_TIMEOUT_S,
            retry=Retry(NoBackoff(), 1),
            # Older clients repeat only for what is named; a kept connection does not outlive Redis's restart.
            retry_on_error=[RedisConnectionError],
        )
        # Options in the URL that do not exist show only when a connection is made.
        pool.make_connection()  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, AttributeError):
        # Their own words may quote a part of the password.
        raise ValueError("a Redis URL is like redis://host:6379/0, rediss://… or unix://…") from None
    return pool


@contextmanager
def redis_errors() -> Iterator[None]:
    """Raise `OSError` for whatever goes wrong with Redis meanwhile."""
    from redis.exceptions import RedisError

    try:
        yield
    except RedisError as error:
        # Its own words may quote the URL, and with it a password.
        raise OSError(0, f"Redis cannot be asked: {type(error).__name__}") from None


def redis_text(value: Any) -> str:
    """Return what Redis answered as text, whether or not its client decodes answers."""
    return value.decode() if isinstance(value, bytes) else str(value)
