"""The one Clerk client: every call to Clerk's Backend API, of every session, goes through it.

A call is admitted or refused, waits for its turn and for the rate budget, and is sent. What was certainly
not run is repeated, and so is what changes nothing; a write of unknown outcome never is. How a call ended
is a value, `Reply` or `Failure`, up to `ClerkClient.send`, which alone raises.

A write whose caller has gone (the host sent a cancellation, or hung up) is let run, because one that is cut
off may have been executed or not. This is the sequence:

1. `_try` sends a write in a task of its own and waits for it in `_uninterrupted`, shielded.
2. The caller is cancelled. `_uninterrupted` marks the call as left behind, puts the task into `_left_behind`
   and lets the cancellation pass, so that the caller is gone at once. The call keeps its turn.
3. The task ends, with a reply or a failure. `_finished_alone` gives the turn back, writes the log line and
   starts `if_cancelled`, by which `calling` writes the outcome into the audit trail.
4. A call that had sent nothing yet, or only read, is told of as `not_run` when it is cancelled.
5. If the client closes first, `__aexit__` waits `CLOSING_GRACE_S` for such writes, then cancels them; each
   then ends in step 3 as `cut_off`, with an unknown outcome. Their audit lines are waited for as well.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

import anyio
import httpx2
from pydantic_core import to_json

from clerk_mcp.upstream.budget import Budget, Limit, Slot
from clerk_mcp.upstream.exchange import DEADLINE_S, TIMEOUT, Api, Failure, Outcome, Reply, Unanswered
from clerk_mcp.upstream.tracing import describe_end, span_of
from clerk_mcp.upstream.turns import QueueFull, Turn, Turns
from clerk_mcp.upstream.uploads import Files, Image, UploadError, read_image
from clerk_mcp.upstream.waits import Clock, OnWait, Waits
from clerk_tools.operation import Effect, Request

if TYPE_CHECKING:
    from tenacity import RetryCallState

__all__ = ["ClerkClient", "Failure", "OnDone", "Reply", "Unanswered"]

MAX_TRIES: Final = 10
LONGEST_BACKOFF_S: Final = 8.0
CLOSING_GRACE_S: Final = 0.5
"""How long writes still under way may take when the client closes."""

Settled = Reply | Failure
"""How a call ended."""

OnDone = Callable[[Settled], None]
"""Told how each call ended; must not raise."""

Afterwards = Callable[[Settled], Awaitable[None]]

logger = logging.getLogger("clerk_mcp.upstream")


@dataclass(slots=True, eq=False)
class _Call:
    """One call on its way."""

    request: Request
    images: dict[str, Image]
    turn: Turn
    waits: Waits
    started: float
    if_cancelled: Afterwards | None = None
    tries: int = 0
    sending: bool = False
    """A request of it is on its way."""
    left_behind: bool = False
    """Its caller is gone, but the write it sent is not called back."""


class ClerkClient:
    """Calls Clerk for every session of the server; an async context manager, entered once.

        async with ClerkClient(key, budget=Budget(DEVELOPMENT, key=key)) as clerk:
            reply = await clerk.send(operation.to_request(), owner="ada")

    The environment's proxies and certificates (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE…) count for https and
    not for plain http, which is for this machine only. Redirects are not followed, cookies not kept.
    """

    def __init__(
        self,
        key: str,
        *,
        base_url: str = "https://api.clerk.com/v1",
        api_version: str | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        budget: Budget | None = None,
        retry_budget: float = 30.0,
        max_in_flight: int = 20,
        max_queue: int = 1000,
        max_answer_bytes: int = 25_000_000,
        files: Files | None = None,
        instance: str | None = None,
        timeout: httpx2.Timeout = TIMEOUT,
        deadline: float = DEADLINE_S,
        backoff: float = 0.5,
        clock: Clock | None = None,
        on_done: OnDone | None = None,
    ) -> None:
        """
        Args:
            api_version: sent in place of each operation's own.
            transport: used instead of the network; the sandbox, for instance.
            budget: holds back what would exceed Clerk's rate limits; None leaves it to Clerk to refuse.
            retry_budget: seconds from the first failure of a call within which it may be repeated.
            max_in_flight: calls that run at once; `max_queue` more may wait.
            max_answer_bytes: a longer answer is abandoned.
            files: where images may be named by their path.
            instance: what log lines call the instance.
            timeout, deadline: for each step of one exchange with Clerk, and seconds for the whole of it.
            backoff: seconds before the first retry where Clerk does not say how long to wait; then doubled.
        """
        self._api = Api(
            key,
            base_url=base_url,
            api_version=api_version,
            transport=transport,
            timeout=timeout,
            deadline=deadline,
            max_answer_bytes=max_answer_bytes,
        )
        self._budget = budget
        self.max_in_flight = max_in_flight
        self._turns = Turns(max_in_flight, max_queue)
        self._retry_budget = retry_budget
        self._backoff = backoff
        self.files = files
        self._instance = instance
        self._clock = clock or Clock()
        self._on_done = on_done
        self._left_behind: set[asyncio.Task[Any]] = set()
        self._running: dict[_Call, asyncio.Task[Any] | None] = {}
        self._stopping = False
        self._last_ended: anyio.Event | None = None

    async def __aenter__(self) -> Self:
        return self

    @property
    def rate(self) -> Limit | None:
        """How many requests Clerk takes of the instance; None where nobody counts them."""
        return self._budget.limit if self._budget else None

    async def __aexit__(self, *_: object) -> None:
        """Give writes that are still under way a moment, then let go of everything."""
        with anyio.CancelScope(shield=True):
            if writes := set(self._left_behind):
                await asyncio.wait(writes, timeout=CLOSING_GRACE_S)
                for write in writes:
                    write.cancel()
                await asyncio.wait(writes)
            if self._left_behind:
                # The writes cancelled here have started their `if_cancelled`, which writes audit lines.
                await asyncio.wait(set(self._left_behind), timeout=CLOSING_GRACE_S)
            await self._api.close()
            if self._budget:
                await self._budget.close()

    async def stop(self, grace: float = 0.0) -> None:
        """End all calls with an answer that tells their outcome; later ones are refused.

        What waits, for a turn, the rate budget or another try, ends at once: it was not run.

        Args:
            grace: seconds for those that are just talking to Clerk.
        """
        self._stopping = True
        self._interrupt(call for call in self._running if not call.sending)
        if self._running:
            self._last_ended = anyio.Event()
            with anyio.move_on_after(grace):
                await self._last_ended.wait()
        self._interrupt(self._running)

    def _interrupt(self, calls: Iterable[_Call]) -> None:
        for call in list(calls):
            if task := self._running.pop(call, None):
                # `_settle` takes this for what it is by the call's absence, and goes on to answer.
                task.cancel()

    async def send(
        self,
        request: Request,
        *,
        owner: str = "",
        on_wait: OnWait | None = None,
        if_cancelled: Afterwards | None = None,
    ) -> Reply:
        """Send one call and return Clerk's answer to it, whatever its status.

        Args:
            owner: whose call it is; owners get their turns, and their part of the rate budget, in rotation.
            on_wait: told every few seconds while the call waits.
            if_cancelled: told how a call ended whose caller was cancelled: at once where it changed nothing,
                or else when the write has ended.

        Raises:
            Unanswered: there is no answer; its `failure` says what is known of the call's fate.
        """
        with span_of(request) as span:
            outcome = await self._send(request, owner, on_wait, if_cancelled)
            describe_end(span, outcome)
        if self._on_done:
            self._on_done(outcome)
        if isinstance(outcome, Failure):
            raise Unanswered(outcome)
        return outcome

    async def connect(self, connections: int) -> None:
        """Have so many connections open before calls need them, which saves these one to three round trips.

        No more than calls may run at once; where one cannot be made, the call that needs it tells why.
        """
        await self._api.connect(min(connections, self.max_in_flight))

    async def probe(self, request: Request) -> Settled:
        """Send one reading call at once and once: past the queue and the rate budget, without another try."""
        return await self._api.exchange(request, {}, tries=1, waited=0.0)

    async def _send(
        self, request: Request, owner: str, on_wait: OnWait | None, if_cancelled: Afterwards | None
    ) -> Settled:
        if self._stopping:
            return _stopped("not_run")
        started = self._clock.now()
        try:
            images = await self._images(request) if request.files else {}
            turn = self._turns.enter(owner)
        except UploadError as error:
            return Failure(error.code, f"{error.message} Nothing was sent.", "not_run")
        except QueueFull:
            return _queue_full()
        except asyncio.CancelledError:
            self._tell(if_cancelled, _cancelled())
            raise
        return await self._settle(
            _Call(request, images, turn, Waits(self._clock, on_wait), started, if_cancelled)
        )

    async def _images(self, request: Request) -> dict[str, Image]:
        icons = request.spec.icons
        # In a thread, for the sake of the disk and of megabytes of base64.
        return {
            name: await anyio.to_thread.run_sync(partial(read_image, given, self.files, icons=icons))
            for name, given in request.files.items()
        }

    async def _settle(self, call: _Call) -> Settled:
        self._running[call] = task = asyncio.current_task()
        try:
            outcome = await self._try(call)
            if _worth_repeating(call.request, outcome) and not self._stopping:
                outcome = await self._repeat(call, outcome)
        except QueueFull:
            # What has been tried by now was not run, or it would not have been worth another try.
            outcome = replace(_queue_full(), tries=call.tries, waited=call.waits.total)
        except asyncio.CancelledError:
            if call not in self._running and task:
                # By `stop`, which did not mean the task.
                task.uncancel()
                told = _stopped("unknown" if call.left_behind else "not_run")
                return replace(told, tries=call.tries, waited=call.waits.total)
            if not call.left_behind:
                self._log(call, None)
                self._tell(call.if_cancelled, _cancelled())
            raise
        finally:
            self._running.pop(call, None)
            if self._last_ended and not self._running:
                self._last_ended.set()
            if not call.left_behind:
                call.turn.leave()
        self._log(call, outcome)
        return outcome

    async def _repeat(self, call: _Call, outcome: Settled) -> Settled:
        """Go on after a first `outcome` that is worth another try."""
        # Imported here because most calls, and every start of the server, do without.
        from tenacity import (
            AsyncRetrying,
            retry_if_result,
            stop_after_attempt,
            stop_before_delay,
            wait_exponential_jitter,
            wait_random,
        )

        backoff = wait_exponential_jitter(
            multiplier=self._backoff, max=LONGEST_BACKOFF_S, jitter=self._backoff
        )
        # Not all at the same instant, when many were told to wait equally long.
        spread = wait_random(0, self._backoff / 2)

        def wait(state: RetryCallState) -> float:
            asked = _outcome_of(state).retry_after
            return backoff(state) if asked is None else asked + spread(state)

        async def pause(seconds: float) -> None:
            call.turn.stop()
            with call.turn.elsewhere():
                await call.waits.sleep(seconds, "another try")

        first = [outcome]

        async def one_try() -> Settled:
            return first.pop() if first else await self._try(call)

        retrying = AsyncRetrying(
            retry=retry_if_result(lambda ended: not self._stopping and _worth_repeating(call.request, ended)),
            wait=wait,
            stop=stop_after_attempt(MAX_TRIES) | stop_before_delay(self._retry_budget),
            sleep=pause,
            retry_error_callback=_gave_up,
        )
        return await retrying(one_try)

    async def _try(self, call: _Call) -> Settled:
        """Wait until the call may be sent, and send it once."""
        places: list[Slot] = []
        if self._budget:
            places = await self._budget.admit(call.request, call.turn, call.waits)
        else:
            await call.turn.start(call.waits)
        call.tries += 1
        exchange = self._exchange(call, places)
        if call.request.spec.effect is Effect.READ:
            return await exchange
        return await self._uninterrupted(call, asyncio.create_task(exchange))

    async def _exchange(self, call: _Call, places: list[Slot]) -> Settled:
        call.sending = True
        try:
            return await self._api.exchange(
                call.request, call.images, tries=call.tries, waited=call.waits.total
            )
        finally:
            call.sending = False
            for place in places:
                place.answered()

    async def _uninterrupted(self, call: _Call, write: asyncio.Task[Settled]) -> Settled:
        """Wait for a write, and let it run on where the caller is cancelled; see the module."""
        try:
            return await asyncio.shield(write)
        except asyncio.CancelledError:
            call.left_behind = True
            self._left_behind.add(write)
            write.add_done_callback(partial(self._finished_alone, call))
            raise

    def _finished_alone(self, call: _Call, write: asyncio.Task[Settled]) -> None:
        """Do what the caller would have done at the end of a write, for one that is gone."""
        self._left_behind.discard(write)
        call.turn.leave()
        outcome = _end_of(write)
        self._log(call, outcome)
        self._tell(call.if_cancelled, outcome)

    def _tell(self, if_cancelled: Afterwards | None, outcome: Settled) -> None:
        if if_cancelled:
            telling = asyncio.ensure_future(if_cancelled(outcome))
            self._left_behind.add(telling)
            telling.add_done_callback(self._left_behind.discard)

    def _log(self, call: _Call, outcome: Settled | None) -> None:
        """Return one line for each call that was sent: no arguments, no query, nothing that names a
        person."""
        if not call.tries or not logger.isEnabledFor(logging.INFO):
            return
        line: dict[str, Any] = {"instance": self._instance} if self._instance else {}
        line["operation"] = call.request.spec.id
        if isinstance(outcome, Reply):
            line["status"] = outcome.status
        else:
            line["error"] = outcome.code if outcome else "cancelled"
        line["tries"] = call.tries
        line["waited"] = round(call.waits.total, 3)
        line["ms"] = round((self._clock.now() - call.started) * 1000)
        if isinstance(outcome, Reply) and outcome.trace_id:
            line["trace_id"] = outcome.trace_id
        if call.left_behind:
            line["caller_gone"] = True
        logger.info(to_json(line).decode())


def _queue_full() -> Failure:
    message = "Too many calls are waiting for Clerk. This one was not run: try again later."
    return Failure("queue_full", message, "not_run")


def _cancelled() -> Failure:
    return Failure("cancelled", "The call was cancelled before anything was sent.", "not_run")


def _stopped(outcome: Outcome) -> Failure:
    fate = "Nothing was changed." if outcome == "not_run" else "It may have been executed."
    return Failure("server_stopping", f"The server is stopping. {fate}", outcome)


def _worth_repeating(request: Request, outcome: Settled) -> bool:
    """Tell whether another try can help, and can do no harm.

    Clerk does not execute what it answers with 429. Nothing else that reached it is known not to have run.
    """
    if isinstance(outcome, Failure):
        return outcome.outcome == "not_run" and not outcome.lasting
    return outcome.status == 429 or (outcome.status >= 500 and request.spec.effect is Effect.READ)


def _end_of(write: asyncio.Task[Settled]) -> Settled:
    if write.cancelled():
        message = "The server closed before Clerk answered. It may have been executed."
        return Failure("cut_off", message, "unknown")
    return write.result()


def _outcome_of(state: RetryCallState) -> Settled:
    if state.outcome is None:
        raise RuntimeError("tenacity asks before the first try")
    result: Settled = state.outcome.result()
    return result


def _gave_up(state: RetryCallState) -> Settled:
    """Return the last outcome, with the time after which the caller may try for themselves."""
    outcome = _outcome_of(state)
    if outcome.retry_after is not None:
        return outcome
    return replace(outcome, retry_after=float(math.ceil(state.upcoming_sleep)))
