"""The rate budget: calls wait here rather than be refused by Clerk.

Clerk allows an instance 1000 requests in 10 seconds in production and 100 in development, and 10 in 10
seconds for the PATCHes of each user, organization and membership. `GET /jwks` is not counted.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakValueDictionary

import anyio

from clerk_mcp.upstream.redis_pool import redis_pool
from clerk_mcp.upstream.waits import Clock, Waits
from clerk_tools.operation import Request

logger = logging.getLogger(__name__)

REDIS_RETRY_S: Final = 10.0

_SOON_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in any `seconds`."""

    requests: int
    seconds: int


PRODUCTION: Final = Limit(1000, 10)
DEVELOPMENT: Final = Limit(100, 10)


def parse_rate_budget(text: str, key: str = "") -> Limit | None:
    """Read the setting `auto`, `off` or `N/SECONDS`; None is off.

    Args:
        key: the Clerk key, whose prefix tells `auto` a production from a development instance.

    Raises:
        ValueError: it is none of the three, in words for the operator.
    """
    match text.strip().lower():
        case "auto":
            return PRODUCTION if key.startswith(("sk_live_", "live_")) else DEVELOPMENT
        case "off":
            return None
        case other:
            found = re.fullmatch("([0-9]{1,9})/([0-9]{1,9})", other)
            requests, seconds = map(int, found.groups()) if found else (0, 0)
            if not requests or not seconds:
                raise ValueError(
                    f"{text!r} is not a rate budget: give auto, off, or whole numbers above zero"
                    " as requests/seconds, such as 100/10"
                )
            return Limit(requests, seconds)


class Budget:
    """Counts the requests of one Clerk instance, and holds back those that exceed a limit, in order.

    With Redis the count is shared by all processes that hold the same key. While Redis is out of reach each
    process counts by itself.
    """

    def __init__(
        self, limit: Limit, *, key: str = "", redis_url: str | None = None, clock: Clock | None = None
    ) -> None:
        """
        Args:
            limit: of the instance.
            key: the Clerk key; only a fingerprint of it reaches Redis.
            redis_url: `redis://…`, `rediss://…` or `unix://…`.

        Raises:
            ValueError: `redis_url` is none of these.
        """
        self._limit = limit
        self._clock = clock or Clock()
        self._local = _LocalWindows(self._clock)
        self._shared = _RedisWindows(redis_url, key) if redis_url else None
        self._shared_from = self._clock.now()
        self._shared_down = False
        # A line is here while somebody waits in it.
        self._lines: WeakValueDictionary[str, _Line] = WeakValueDictionary()

    async def take_object(self, request: Request, waits: Waits) -> Slot | None:
        """Wait until the user, organization or membership that `request` changes may be changed again.

        None where no such limit applies.
        """
        rate = request.spec.limit
        if rate is None or not rate.each_object:
            return None
        name = request.path.partition("?")[0].removesuffix("/metadata")
        return await self._take(
            name, Limit(rate.requests, rate.seconds), "Clerk's rate limit for changes of one object", waits
        )

    async def take(self, request: Request, waits: Waits) -> Slot | None:
        """Wait until the instance may be sent one more request; None for one that is not counted."""
        if request.spec.limit is None:
            return None
        return await self._take("instance", self._limit, "Clerk's rate limit", waits)

    async def close(self) -> None:
        """Let go of Redis."""
        if self._shared:
            await self._shared.close()

    async def _take(self, name: str, limit: Limit, why: str, waits: Waits) -> Slot:
        if name not in self._lines:
            taken = await self._hit(name, limit)
            if isinstance(taken, Slot):
                return taken
        line = self._lines.get(name)
        if line is None:
            line = self._lines[name] = _Line()

        def reason() -> str:
            return f"{why}: about {max(line.free_at - self._clock.now(), 0):.0f} s to go"

        async with waits.counted(reason), line.lock:
            while not isinstance(taken := await self._hit(name, limit), Slot):
                line.free_at = self._clock.now() + taken
                await self._clock.sleep(taken)
        return taken

    async def _hit(self, name: str, limit: Limit) -> Slot | float:
        """A place in the window, or else the seconds until one may be free."""
        if self._shared and self._clock.now() >= self._shared_from:
            if self._shared_down:
                # Only this call finds out whether Redis is back; the others go on without it.
                self._shared_from = self._clock.now() + REDIS_RETRY_S
            try:
                seconds = await self._shared.hit(name, limit)
            except self._shared.failures as failure:
                self._redis_failed(failure)
            else:
                self._redis_answered()
                # Counted here as well, so that a failure of Redis does not open a fresh window.
                return seconds or self._local.take(name, limit)
        return self._local.hit(name, limit)

    def _redis_failed(self, failure: Exception) -> None:
        self._shared_from = self._clock.now() + REDIS_RETRY_S
        if not self._shared_down:
            self._shared_down = True
            # The failure's own text may quote the URL, and with it a password.
            logger.warning(
                "Redis cannot be used (%s): the rate budget is kept by this process alone until it can",
                type(failure).__name__,
            )

    def _redis_answered(self) -> None:
        if self._shared_down:
            self._shared_down = False
            self._shared_from = self._clock.now()
            logger.info("Redis can be used again: the rate budget is shared")


class _Line:
    """Those who wait for the same window; the one that holds the lock is the first."""

    def __init__(self) -> None:
        self.lock = anyio.Lock()
        self.free_at = 0.0


class Slot:
    """One request's place in a window of time."""

    __slots__ = ("_clock", "at")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.at = clock.now()

    def answered(self) -> None:
        """Clerk counted the request at some time between its sending and now.

        Counting it from now on keeps the limit whatever the network does.
        """
        self.at = self._clock.now()


class _Window:
    """The last requests, as many as the limit allows; the oldest tells when the next may go."""

    def __init__(self, limit: Limit) -> None:
        self.places: deque[Slot] = deque(maxlen=limit.requests)
        self._seconds = limit.seconds

    def seconds_left(self, now: float) -> float:
        full = len(self.places) == self.places.maxlen
        return max(self.places[0].at + self._seconds - now, 0.0) if full else 0.0

    def matters(self, now: float) -> bool:
        return any(place.at + self._seconds > now for place in self.places)


class _LocalWindows:
    """Moving windows in this process, by name.

    The in-memory storage of `limits` would do, but starts a thread at every request.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[str, _Window] = {}
        self._sweep_at = 1024

    def hit(self, name: str, limit: Limit) -> Slot | float:
        """A place, or else the seconds until one is free."""
        window = self._windows.get(name)
        if window and (seconds := window.seconds_left(self._clock.now())):
            return seconds
        return self.take(name, limit)

    def take(self, name: str, limit: Limit) -> Slot:
        """A place, whether or not one is free."""
        window = self._windows.get(name)
        if window is None:
            self._sweep()
            window = self._windows[name] = _Window(limit)
        place = Slot(self._clock)
        window.places.append(place)
        return place

    def _sweep(self) -> None:
        if len(self._windows) >= self._sweep_at:
            now = self._clock.now()
            self._windows = {name: window for name, window in self._windows.items() if window.matters(now)}
            self._sweep_at = max(1024, 2 * len(self._windows))


class _RedisWindows:
    """Moving windows in Redis, by the library `limits`."""

    def __init__(self, url: str, key: str) -> None:
        # Imported here because it takes a third of a second, which a server without Redis need not spend.
        from limits import RateLimitItemPerSecond
        from limits.aio.storage import RedisStorage
        from limits.aio.strategies import MovingWindowRateLimiter
        from redis.exceptions import RedisError

        self._pool = redis_pool(url)
        options: dict[str, Any] = {"connection_pool": self._pool}
        storage = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix=f"clerk-mcp:{hashlib.sha256(key.encode()).hexdigest()[:16]}",
            **options,
        )
        self._limiter = MovingWindowRateLimiter(storage)
        self._item = RateLimitItemPerSecond
        self.failures = (RedisError, OSError, TimeoutError)

    async def hit(self, name: str, limit: Limit) -> float:
        """Take a place: 0, or the seconds until one may be free.

        Raises:
            One of `failures`: Redis gave no answer.
        """
        # A second more, because how late a request reaches Clerk varies and Redis counts it when it leaves.
        item = self._item(limit.requests, limit.seconds + 1)
        if await self._limiter.hit(item, name):
            return 0.0
        window = await self._limiter.get_window_stats(item, name)
        if window.remaining:
            return _SOON_S
        return min(max(window.reset_time - time.time(), _SOON_S), float(limit.seconds + 1))

    async def close(self) -> None:
        await self._pool.disconnect()
