"""What the process says beside its answers: log lines and OpenTelemetry spans, both on stderr or elsewhere.

stdout belongs to the protocol in stdio mode.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping

from opentelemetry import trace

from clerk_mcp.settings import SettingsError


def to_stderr(level: str) -> None:
    """Send this program's log lines from `level` on, and warnings of everything else, to stderr."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        force=True,
    )
    # No line shows these, and finding them out takes longer than writing the line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.getLogger("clerk_mcp").setLevel(level.upper())


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
