"""What the process says beside its answers: log lines and OpenTelemetry spans, both on stderr or elsewhere.

stdout belongs to the protocol in stdio mode.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any

from opentelemetry import trace

from clerk_mcp.settings import SettingsError


def on_one_line(text: str) -> str:
    """Escape line breaks, terminal escapes and whatever else does not print, as `\\n` or `\\x1b`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class OneLine(logging.Formatter):
    """Log lines that nobody can forge: what was sent to the server may stand in them."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 as its base has it
        """Format the line itself."""
        return on_one_line(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """Format a traceback; its lines cannot be taken for log lines, which begin with a time."""
        return "\n".join(f"  {on_one_line(line)}" for line in super().formatException(ei).splitlines())

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        """Format a stack in the same way."""
        return "\n".join(f"  {on_one_line(line)}" for line in super().formatStack(stack_info).splitlines())


def to_stderr(level: str) -> None:
    """Send this program's log lines from `level` on, and warnings of everything else, to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # No line shows these, and finding them out takes longer than writing the line; the last is where in the
    # code a line comes from, which Python's own "Logging HOWTO" has one switch off in this way.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
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
