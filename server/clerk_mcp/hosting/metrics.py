"""Counts of what the server does, in Prometheus' text format. No label holds anything that a caller chose."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import InputRequiredResult
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import Response

from clerk_mcp.hosting.activity import Activity
from clerk_mcp.protocol import IDENTITY, declared
from clerk_mcp.upstream import Failure, Reply
from clerk_tools.catalog import operations

_TROUBLE: Final = (401, 429)
"""Statuses below 500 that are no fault of one call's arguments."""
_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


@dataclass(frozen=True, slots=True)
class Trouble:
    """An answer of Clerk's that says that something is wrong on its side or with this server, or none."""

    at: float
    """Seconds since 1970."""
    words: str


class Metrics:
    """The counts of one server; also an MCP middleware, which is where it sees the calls."""

    def __init__(self) -> None:
        self.running = 0
        """Tool calls under way, over whichever transport."""
        self.started: Final = time.time()
        """Seconds since 1970."""
        self.activity: Final = Activity()
        self.last_trouble: Trouble | None = None
        self._idle: anyio.Event | None = None
        self._registry = CollectorRegistry()
        self._calls = Counter(
            "clerk_mcp_calls", "Tool calls", ["operation", "outcome"], registry=self._registry
        )
        self._seconds = Histogram(
            "clerk_mcp_call_seconds", "From a tool call to its answer", ["operation"],
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._upstream = Counter(
            "clerk_mcp_upstream_calls", "Calls to Clerk", ["result"], registry=self._registry
        )
        self._tries = Counter(
            "clerk_mcp_upstream_tries", "Requests sent to Clerk, repetitions counted", registry=self._registry
        )
        self._waits = Histogram(
            "clerk_mcp_upstream_wait_seconds", "Waiting for a turn, the rate budget, and before retries",
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        # The library makes sure of the names and their order again each time.
        self._call_of = lru_cache(self._calls.labels)
        self._seconds_of = lru_cache(self._seconds.labels)
        self._upstream_of = lru_cache(self._upstream.labels)
        self._gauge("clerk_mcp_calls_running", "Tool calls under way", lambda: self.running)

    def sessions(self, count: Callable[[], int]) -> None:
        """Have `count` asked for the sessions that are open."""
        self._gauge("clerk_mcp_sessions", "Sessions held open", count)

    def upstream(self, result: Reply | Failure) -> None:
        """Count a call to Clerk that ended."""
        if isinstance(result, Failure):
            self.last_trouble = Trouble(time.time(), result.code)
        elif result.status >= 500 or result.status in _TROUBLE:
            trace = f", trace {result.trace_id}" if result.trace_id else ""
            self.last_trouble = Trouble(time.time(), f"Clerk answered {result.status}{trace}")
        self._upstream_of(f"{result.status // 100}xx" if isinstance(result, Reply) else result.outcome).inc()
        self._tries.inc(result.tries)
        self._waits.observe(result.waited)

    async def until_idle(self) -> None:
        """Wait for the calls under way."""
        if self.running:
            self._idle = anyio.Event()
            await self._idle.wait()

    async def show(self, _: Request) -> Response:
        """`GET /metrics`."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        if ctx.method != "tools/call" or ctx.request_id is None:
            return await call_next(ctx)
        params = ctx.params or {}
        name = params.get("name")
        operation = name if isinstance(name, str) and name in operations() else "unknown"
        outcome = ended = "refused"
        code, started = "", time.perf_counter()
        self.running += 1
        try:
            result = await call_next(ctx)
            outcome, code = _outcome(result)
            ended = "asked" if _asks(result) else outcome
            return result
        except MCPError as refused:
            # The protocol's own refusals have a number and no code.
            unnamed = "unknown_tool" if declared(str(name)) is None else "invalid_request"
            code = _code(refused.error.data) or unnamed
            raise
        finally:
            self.running -= 1
            if self._idle and not self.running:
                self._idle.set()
            self._call_of(operation, outcome).inc()
            seconds = time.perf_counter() - started
            self._seconds_of(operation).observe(seconds)
            caller = ctx.request.scope[IDENTITY].name if ctx.request else ""
            self.activity.note(caller, str(name), params.get("arguments"), ended, code, seconds)

    def _gauge(self, name: str, text: str, value: Callable[[], int]) -> None:
        Gauge(name, text, registry=self._registry).set_function(value)


def _outcome(result: HandlerResult) -> tuple[str, str]:
    """Tell how a call ended, and the code of its error."""
    if isinstance(result, InputRequiredResult):
        return "asked", ""
    if isinstance(result, dict) and result.get("isError"):
        return "error", _code((result.get("structuredContent") or {}).get("error"))
    return "ok", ""


def _asks(result: HandlerResult) -> bool:
    """Tell whether an answer is a preview, after which the call is made again or not."""
    value = result.get("structuredContent") if isinstance(result, dict) else None
    return isinstance(value, dict) and "preview" in value


def _code(error: object) -> str:
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else ""
