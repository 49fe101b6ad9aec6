"""An OpenTelemetry span for each call to Clerk.

The spans stand below those of the MCP SDK. They name the operation, never its arguments: these are people's
data. Where nobody has set up OpenTelemetry none is made: even one that is thrown away takes 20 µs.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Final

from opentelemetry import trace
from opentelemetry.trace import INVALID_SPAN, ProxyTracerProvider, Span, SpanKind, StatusCode

from clerk_mcp.upstream.exchange import Failure, Reply
from clerk_tools.operation import Request

_tracer: Final = trace.get_tracer("clerk-mcp")


def is_traced() -> bool:
    """Say whether somebody in this process has set up OpenTelemetry, so that spans go somewhere."""
    return not isinstance(trace.get_tracer_provider(), ProxyTracerProvider)


def span_of(request: Request) -> AbstractContextManager[Span]:
    """Make the span in which a request is sent; `describe_end` says how that ended."""
    if not is_traced():
        return nullcontext(INVALID_SPAN)
    return _tracer.start_as_current_span(
        f"Clerk {request.spec.id}",
        kind=SpanKind.CLIENT,
        attributes={
            "clerk.operation": request.spec.id,
            "http.request.method": request.spec.method,
            "url.template": request.spec.path,
        },
        # An exception's words may hold what was sent.
        record_exception=False,
        set_status_on_exception=False,
    )


def describe_end(span: Span, result: Reply | Failure) -> None:
    """Write onto a span how its call ended."""
    if not span.is_recording():
        return
    span.set_attributes({"clerk.tries": result.tries, "clerk.waited_s": round(result.waited, 3)})
    if isinstance(result, Failure):
        span.set_attributes({"error.type": result.code, "clerk.outcome": result.outcome})
        span.set_status(StatusCode.ERROR)
        return
    span.set_attribute("http.response.status_code", result.status)
    if result.status >= 400:
        span.set_attribute("error.type", str(result.status))
        span.set_status(StatusCode.ERROR)
