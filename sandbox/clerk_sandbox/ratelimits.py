"""Clerk's rate limits, counted over sliding windows."""

import math
from collections import deque
from collections.abc import Callable, Iterator

from clerk_sandbox import errors
from clerk_tools.operation import Spec

# (requests, seconds) for all requests to an instance together; a key's kind decides.
PRODUCTION = (1000, 10)
DEVELOPMENT = (100, 10)


class RateLimits:
    """What was let through lately. `clock` returns Unix milliseconds."""

    def __init__(self, *, live: bool, clock: Callable[[], int]) -> None:
        self._instance_limit = PRODUCTION if live else DEVELOPMENT
        self._clock = clock
        self._seen: dict[str, deque[int]] = {}

    def check(self, spec: Spec, path: dict[str, str]) -> None:
        """Count this call, unless it is one too many; a refused call does not count.

        Raises:
            ClerkError: 429, with `Retry-After` in seconds.
        """
        now = self._clock()
        windows = []
        for key, (requests, seconds) in self._limits(spec, path):
            window = self._seen.setdefault(key, deque())
            while window and window[0] <= now - seconds * 1000:
                window.popleft()
            if len(window) >= requests:
                raise errors.too_many_requests(math.ceil((window[0] + seconds * 1000 - now) / 1000))
            windows.append(window)
        for window in windows:
            window.append(now)

    def _limits(self, spec: Spec, path: dict[str, str]) -> Iterator[tuple[str, tuple[int, int]]]:
        rate = spec.limit
        if rate is None:
            return
        yield "instance", self._instance_limit
        if rate.requests:
            # An object has one count, which its metadata shares.
            counted = "/".join(path.values()) if rate.each_object else spec.id
            yield counted, (rate.requests, rate.seconds)
