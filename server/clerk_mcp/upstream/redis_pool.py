"""Redis, for what the replicas of a server share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
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
