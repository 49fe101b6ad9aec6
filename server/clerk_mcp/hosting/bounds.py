"""What callers may take of the server: requests at once and per second, their size and pace."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import anyio
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clerk_mcp.protocol import IDENTITY


class TooSlow(Exception):
    """A request's body did not arrive in time."""


class RequestBounds:
    """Refuses what is too large, too slow or too much at once; the outermost of our middleware."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_calls: int,
        max_header_bytes: int,
        read_timeout: float,
        is_full: Callable[[], bool],
    ) -> None:
        """
        Args:
            max_calls: POSTs that are served at once.
            read_timeout: seconds until a body must be there.
            is_full: whether calls have to be turned away for another reason.
        """
        self._app = app
        self._max_calls = max_calls
        self._max_header_bytes = max_header_bytes
        self._read_timeout = read_timeout
        self._is_full = is_full
        self._posts = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif sum(len(name) + len(value) for name, value in scope["headers"]) > self._max_header_bytes:
            await PlainTextResponse("The request's headers are too large", 431)(scope, receive, send)
        elif scope["method"] != "POST":
            await self._app(scope, receive, send)
        elif self._posts >= self._max_calls or self._is_full():
            await busy("This server has as many calls as it takes just now", 503, 1)(scope, receive, send)
        else:
            self._posts += 1
            try:
                await self._within_time(scope, receive, send)
            finally:
                self._posts -= 1

    async def _within_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        deadline = anyio.current_time() + self._read_timeout
        arrived = False

        async def timely() -> Message:
            nonlocal arrived
            if arrived:
                return await receive()
            try:
                with anyio.fail_after(deadline - anyio.current_time()):
                    message = await receive()
            except TimeoutError:
                raise TooSlow from None
            arrived = not message.get("more_body", False)
            return message

        try:
            await self._app(scope, timely, send)
        except TooSlow:
            response = PlainTextResponse("The request took too long to arrive", 408, {"connection": "close"})
            await response(scope, receive, send)


class CallerBounds:
    """So many POSTs a second for each caller, and twice as many at once after a pause."""

    _MOST_CALLERS: Final = 10_000

    def __init__(self, app: ASGIApp, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._per_second = per_second
        self._burst = max(2 * per_second, 1.0)
        self._clock = clock
        # What each caller has left, and when that was so; the caller not heard of for longest comes first.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] == "POST"
            and (wait := self._wait(scope[IDENTITY].name))
        ):
            answer = busy("Too many requests in a second: slow down", 429, math.ceil(wait))
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _wait(self, caller: str) -> float:
        """Take one request from what the caller has left: 0, or the seconds until there is one."""
        now = self._clock()
        left, since = self._left.pop(caller, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._per_second)
        wait = 0.0 if left >= 1 else (1 - left) / self._per_second
        self._left[caller] = (left if wait else left - 1, now)
        if len(self._left) > self._MOST_CALLERS:
            self._left.popitem(last=False)
        return wait


def busy(message: str, status: int, retry_after: int) -> Response:
    """An answer that asks to come back after so many seconds."""
    return PlainTextResponse(message, status, {"retry-after": str(retry_after)})
