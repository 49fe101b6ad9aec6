"""The rate budget: calls wait here rather than be refused by Clerk.

Clerk allows an instance 1000 requests in 10 seconds in production and 100 in development, and 10 in 10
seconds for the PATCHes of each user, organization and membership. `GET /jwks` is not counted.
"""

from __future__ import annotations

import hashlib
import logging
import re
import sys
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from typing import Any, Final
from weakref import WeakValueDictionary

from clerk_mcp.upstream.redis_pool import redis_pool
from clerk_mcp.upstream.turns import Turn, Turns
from clerk_mcp.upstream.waits import Clock, Waits
from clerk_tools.operation import Request

logger = logging.getLogger(__name__)

REDIS_RETRY_S: Final = 10.0

_SOON_S: Final = 0.02

PRESENT_S: Final = 60.0
"""How long after their last call somebody is present, so that others leave them a part of the limit."""
_MOST_PRESENT: Final = 1000


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
                    f"must be auto, off, or whole numbers above zero as REQUESTS/SECONDS, such as 100/10,"
                    f" not {text}"
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
        self.limit = limit
        self._clock = clock or Clock()
        self._local = _LocalWindows(self._clock)
        self._shared = _RedisWindows(redis_url, key) if redis_url else None
        self._shared_from = self._clock.now()
        self._shared_down = False
        # By owner, when they called last; the one who called last of all comes last.
        self._present: OrderedDict[str, float] = OrderedDict()
        # A line is here while somebody waits in it.
        self._lines: WeakValueDictionary[str, _Line] = WeakValueDictionary()

    async def admit(self, request: Request, turn: Turn, waits: Waits) -> list[Slot]:
        """Wait until the call may be sent, by its turn and by every limit that applies to it.

        Whoever waits for a limit holds no turn meanwhile. While several owners call, each leaves a quarter of
        the instance's limit to the others; alone, an owner has all of it.

        Args:
            turn: not started yet, or stopped; it runs when this returns.

        Returns:
            the places taken, to be told when the request is answered.

        Raises:
            QueueFull: see `Turn.start`.
        """
        rate = request.spec.limit
        if rate is None:
            await turn.start(waits)
            return []
        places = [await self._place_of_owner(turn, waits)]
        if rate.each_object:
            name = request.path.partition("?")[0].removesuffix("/metadata")
            why = "Clerk's rate limit for changes of one object"
            changed = _Wanted(name, Limit(rate.requests, rate.seconds), why)
            places.append(await self._wait(changed, turn, waits))
        instance = _Wanted("instance", self.limit, "Clerk's rate limit", with_turn=True)
        return [*places, await self._wait(instance, turn, waits)]

    async def ask(self, name: str) -> float:
        """Take a place in a window, waiting for nothing: 0, or the seconds until there may be one."""
        taken = await self._hit(_Wanted(name, self.limit, ""))
        return 0.0 if isinstance(taken, Slot) else taken

    async def close(self) -> None:
        """Let go of Redis."""
        if self._shared:
            await self._shared.close()

    async def _place_of_owner(self, turn: Turn, waits: Waits) -> Slot:
        """Return a place in what an owner may use of the instance's limit, which is waited for while others
        call."""
        now = self._clock.now()
        self._present[turn.owner] = now
        self._present.move_to_end(turn.owner)
        if len(self._present) > _MOST_PRESENT:
            self._present.popitem(last=False)
        limit = Limit(max(self.limit.requests * 3 // 4, 1), self.limit.seconds)
        wanted = _Wanted(f"of {turn.owner}", limit, "Clerk's rate limit, shared with others", shared=False)
        # The one who called last is the owner; whoever is next to last called last of all others.
        before = next((at for owner, at in reversed(self._present.items()) if owner != turn.owner), None)
        if before is None or now - before > PRESENT_S:
            return self._local.take(wanted.name, limit)
        return await self._wait(wanted, turn, waits)

    async def _wait(self, wanted: _Wanted, turn: Turn, waits: Waits) -> Slot:
        """Wait for a place in a window, in a line where owners take turns."""
        taken = await self._attempt(wanted, turn, waits)
        if isinstance(taken, Slot):
            return taken
        line = self._lines.get(wanted.name)
        if line is None:
            line = self._lines[wanted.name] = _Line()

        def reason() -> str:
            return f"{wanted.why}: about {max(line.free_at - self._clock.now(), 0):.0f} s to go"

        spot = line.spots.enter(turn.owner)
        try:
            with turn.elsewhere():
                await spot.start(waits, reason)
                until = self._clock.now() + wanted.limit.seconds + 1
                while not isinstance(taken := await self._attempt(wanted, turn, waits, first=True), Slot):
                    if wanted.shared:
                        taken = min(taken, max(until - self._clock.now(), _SOON_S))
                    line.free_at = self._clock.now() + taken
                    async with waits.counted(reason):
                        await self._clock.sleep(taken)
                    if self._clock.now() >= until:
                        # The clock of another replica is ahead: what it counted does not grow old here.
                        wanted = replace(wanted, shared=False)
        finally:
            spot.leave()
        return taken

    async def _attempt(
        self, wanted: _Wanted, turn: Turn, waits: Waits, *, first: bool = False
    ) -> Slot | float:
        """Take a place, or return the seconds until one may be free: 0 where others were there before.

        Args:
            first: nobody was there before.
        """
        if not first and wanted.name in self._lines:
            return 0.0
        if wanted.with_turn:
            await turn.start(waits)
        # A line may have formed while this call waited for its turn.
        ahead = not first and wanted.name in self._lines
        taken = 0.0 if ahead else await self._hit(wanted)
        if wanted.with_turn and not isinstance(taken, Slot):
            turn.stop()
        return taken

    async def _hit(self, wanted: _Wanted) -> Slot | float:
        """Take a place in the window, or return the seconds until one may be free."""
        name, limit = wanted.name, wanted.limit
        if self._shared and wanted.shared and self._clock.now() >= self._shared_from:
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


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a call waits for: a place in a window of this name."""

    name: str
    limit: Limit
    why: str
    shared: bool = True
    """With the other processes on the same Redis."""
    with_turn: bool = False
    """Only worth having together with a turn, which is given back where there is no place."""


class _Line:
    """Those who wait for the same window; the one whose spot runs is the first."""

    def __init__(self) -> None:
        self.spots = Turns(1, sys.maxsize)
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
        """Take a place, or return the seconds until one is free."""
        window = self._windows.get(name)
        if window and (seconds := window.seconds_left(self._clock.now())):
            return seconds
        return self.take(name, limit)

    def take(self, name: str, limit: Limit) -> Slot:
        """Take a place, whether or not one is free."""
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
