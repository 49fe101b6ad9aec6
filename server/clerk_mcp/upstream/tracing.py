"""What leaves the process about its calls to Clerk: an OpenTelemetry span and a count for each.

The spans stand below those of the MCP SDK. They name the operation, never its arguments: these are people's
data. Without an OpenTelemetry SDK set up they cost next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode

from clerk_mcp.upstream.client import ClerkClient, Reply, Unanswered
from clerk_tools.operation import Request

_tracer: Final = trace.get_tracer("clerk-mcp")

Count = Callable[[Reply | Unanswered], None]


class ObservedClient(ClerkClient):
    """A `ClerkClient` that leaves a trace of each call."""

    def __init__(self, key: str, *, count: Count | None = None, **options: Any) -> None:
        """`count` is told how each call ended; `options` are those of `ClerkClient`."""
        super().__init__(key, **options)
        self._count = count

    async def send(self, request: Request, **options: Any) -> Reply:
        attributes = {
            "clerk.operation": request.spec.id,
            "http.request.method": request.spec.method,
            "url.template": request.spec.path,
        }
        with _tracer.start_as_current_span(
            f"Clerk {request.spec.id}",
            kind=SpanKind.CLIENT,
            attributes=attributes,
            # An exception's words may hold what was sent.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                reply = await super().send(request, **options)
            except Unanswered as failure:
                self._ended(span, failure)
                raise
            self._ended(span, reply)
            return reply

    def _ended(self, span: Span, result: Reply | Unanswered) -> None:
        if self._count:
            self._count(result)
        if not span.is_recording():
            return
        span.set_attributes({"clerk.tries": result.tries, "clerk.waited_s": round(result.waited, 3)})
        if isinstance(result, Unanswered):
            span.set_attributes({"error.type": result.code, "clerk.outcome": result.outcome})
            span.set_status(StatusCode.ERROR)
            return
        span.set_attribute("http.response.status_code", result.status)
        if result.status >= 400:
            span.set_attribute("error.type", str(result.status))
            span.set_status(StatusCode.ERROR)
