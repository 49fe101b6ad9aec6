"""What callers may take of the server: calls at once and per second, their size and pace."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import anyio
from mcp_types import INVALID_REQUEST, ErrorData, JSONRPCError
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clerk_mcp.hosting.bodies import HungUp, NoRoom, TooLong, again, objection_to, read_body, read_on
from clerk_mcp.hosting.shares import HELD, CallShares, Held, Shares
from clerk_mcp.protocol import IDENTITY, refusal_of_id

logger = logging.getLogger(__name__)


class HeadBounds:
    """Refuses headers that are too large."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and sum(len(name) + len(value) for name, value in scope["headers"]) > self._max_bytes
        ):
            await PlainTextResponse("The request's headers are too large", 431)(scope, receive, send)
            return
        await self._app(scope, receive, send)


class CallBounds:
    """Has a POST take its caller's share, and reads its body: within time, within size, and looked over."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        shares: CallShares,
        max_body_bytes: int,
        read_timeout: float,
        is_draining: Callable[[], bool],
    ) -> None:
        """
        Args:
            shares: what calls take, from before their bodies are read.
            read_timeout: seconds until a body must be there.
            is_draining: whether the server is about to end, and takes nothing new.
        """
        self._app = app
        self._shares = shares
        self._max_body_bytes = max_body_bytes
        self._read_timeout = read_timeout
        self._is_draining = is_draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        held = None if self._is_draining() else self._shares.hold(scope[IDENTITY].owner)
        if held is None:
            await busy("This server has as many calls as it takes just now", 503, 1)(scope, receive, send)
            return
        scope[HELD] = held
        try:
            body = await self._body(scope, receive, held)
            if isinstance(body, Response):
                await body(scope, receive, send)
            else:
                await self._app(scope, again(body, receive), send)
        except HungUp:
            # There is nobody to answer.
            logger.info("a caller hung up before its request was all there")
        finally:
            held.let_go()

    async def _body(self, scope: Scope, receive: Receive, held: Held) -> bytes | Response:
        """Read the body, or return what is answered in its place."""
        try:
            # Not anyio's, which takes twice the function calls, of a call that does hardly anything here.
            async with asyncio.timeout(self._read_timeout):
                body = await read_body(scope, receive, self._max_body_bytes, held.add)
        except TimeoutError:
            return PlainTextResponse("The request took too long to arrive", 408, {"connection": "close"})
        except TooLong:
            await read_on(receive)
            # Closed, for the rest of the body would be read otherwise, to no purpose.
            return PlainTextResponse(
                f"A request may have {self._max_body_bytes} bytes", 413, {"connection": "close"}
            )
        except NoRoom:
            full = busy("This server holds as many bytes of requests as it takes just now", 503, 1)
            full.headers["connection"] = "close"
            return full
        objection = objection_to(body)
        if objection is not None:
            error = ErrorData(code=INVALID_REQUEST, message=objection)
            return _refusal(JSONRPCError(jsonrpc="2.0", id=None, error=error), 413)
        if refusal := refusal_of_id(body):
            return _refusal(refusal, 400)
        return body


def _refusal(error: JSONRPCError, status: int) -> Response:
    return Response(error.model_dump_json(), status, media_type="application/json")


class Pace:
    """So much a second for each owner, and more at once after a pause."""

    _MOST_OWNERS: Final = 10_000

    def __init__(
        self, per_second: float, at_once: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._at_once = max(at_once, 1.0)
        self._clock = clock
        # What each owner has left, and when that was so; the owner not heard of for longest comes first.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, owner: str) -> float:
        """Take one of what the owner has left: 0, or the seconds until there is one."""
        left, now = self._now(owner)
        wait = 0.0 if left >= 1 else (1 - left) / self._per_second
        self._note(owner, left if wait else left - 1, now)
        return wait

    def line_up(self, owner: str, longest: float) -> float:
        """Take one, also of what will be there later: the seconds until then, or `longest` without taking."""
        left, now = self._now(owner)
        wait = max((1 - left) / self._per_second, 0.0)
        self._note(owner, left - 1 if wait < longest else left, now)
        return min(wait, longest)

    def _now(self, owner: str) -> tuple[float, float]:
        now = self._clock()
        left, since = self._left.pop(owner, (self._at_once, now))
        return min(self._at_once, left + (now - since) * self._per_second), now

    def _note(self, owner: str, left: float, now: float) -> None:
        self._left[owner] = (left, now)
        if len(self._left) > self._MOST_OWNERS:
            self._left.popitem(last=False)


class CallerBounds:
    """So many POSTs a second for each caller, and twice as many at once after a pause.

    Whoever is refused more often than a client would be that heeds `Retry-After` gets the refusals late, so
    that asking again at once costs the server, and with it everybody else, little.
    """

    REFUSALS_A_SECOND: Final = 20
    """To one caller; more of them wait."""
    LATEST_S: Final = 2.0
    MOST_LATE: Final = 500
    """Refusals that wait at once, of all callers together; each holds up to 64 kB of a body not yet read."""

    def __init__(self, app: ASGIApp, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._pace = Pace(per_second, 2 * per_second, clock)
        self._refusals = Pace(self.REFUSALS_A_SECOND, self.REFUSALS_A_SECOND, clock)
        self._late = Shares(self.MOST_LATE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        owner: str = scope[IDENTITY].owner

        async def send_refusals_late(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (429, 503):
                await self._hold_up(owner)
            await send(message)

        if scope["method"] == "POST" and (wait := self._pace.wait(owner)):
            answer: ASGIApp = busy("Too many requests in a second: slow down", 429, math.ceil(wait))
        else:
            answer = self._app
        await answer(scope, receive, send_refusals_late)

    async def _hold_up(self, owner: str) -> None:
        wait = self._refusals.line_up(owner, self.LATEST_S)
        if wait and self._late.take(owner):
            try:
                await anyio.sleep(wait)
            finally:
                self._late.give_back(owner)


def busy(message: str, status: int, retry_after: int) -> Response:
    """Return an answer that asks to come back after so many seconds."""
    return PlainTextResponse(message, status, {"retry-after": str(retry_after)})
