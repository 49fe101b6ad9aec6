"""What leaves the process about its calls to Clerk: an OpenTelemetry span and a count for each.

The spans stand below those of the MCP SDK. They name the operation, never its arguments: these are people's
data. Without an OpenTelemetry SDK set up they cost next to nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode

from clerk_mcp.client import ClerkClient, Reply, Unanswered
from clerk_mcp.settings import SettingsError
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


def export_spans(environ: Mapping[str, str] = os.environ) -> None:
    """Export spans where OpenTelemetry's own variables ask for it; nothing else sets it up.

    Raises:
        SettingsError: they do, and the extra `otel` is not installed.
    """
    if not _wanted(environ):
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
    except ImportError:
        raise SettingsError(
            "OTEL_… variables ask for traces: install the extra, pip install 'clerk-mcp[otel]'"
        ) from None
    resource = Resource.create()
    if str(resource.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
        resource = resource.merge(Resource({SERVICE_NAME: "clerk-mcp"}))
    provider = TracerProvider(resource=resource)
    to_console = environ.get("OTEL_TRACES_EXPORTER") == "console"
    # stderr, for stdout belongs to the protocol in stdio mode.
    exporter = ConsoleSpanExporter(out=sys.stderr) if to_console else OTLPSpanExporter()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def _wanted(environ: Mapping[str, str]) -> bool:
    if (
        environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or environ.get("OTEL_TRACES_EXPORTER") == "none"
    ):
        return False
    names = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER")
    return any(environ.get(name) for name in names)
