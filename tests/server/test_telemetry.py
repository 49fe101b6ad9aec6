"""Spans: ours stand below the SDK's, and say nothing about people."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx2
import pytest
from opentelemetry import trace

from clerk_mcp import telemetry
from clerk_mcp.settings import SettingsError
from clerk_mcp.upstream import ClerkClient
from tests.server.test_client import get_user
from tests.server.web import serving

if TYPE_CHECKING:
    from opentelemetry.sdk import trace as sdk
    from opentelemetry.sdk.trace import export
    from opentelemetry.sdk.trace.export import in_memory_span_exporter as in_memory
else:
    sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="the extra otel is not installed")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    in_memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="session")
def exported() -> Iterator[in_memory.InMemorySpanExporter]:
    exporter = in_memory.InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    # Once for the process, as OpenTelemetry has it.
    trace.set_tracer_provider(provider)
    yield exporter
    provider.shutdown()


def said_by(span: sdk.ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


async def test_a_call_leaves_the_sdks_span_and_ours_below_it(
    exported: in_memory.InMemorySpanExporter,
) -> None:
    exported.clear()
    async with serving() as served, served.client() as client:
        await client.list_tools()
        await client.call_tool("Users_getUserDetails", {"user_id": "user_adas-secret-id"})
    spans = exported.get_finished_spans()
    [ours] = [span for span in spans if span.name == "Clerk Users_getUserDetails"]
    [above] = [
        span for span in spans if span.context and ours.parent and span.context.span_id == ours.parent.span_id
    ]
    assert above.name == "tools/call Users_getUserDetails"
    assert said_by(ours)["http.response.status_code"] == 404
    assert said_by(ours)["clerk.tries"] == 1
    assert said_by(ours)["error.type"] == "404"
    assert "adas-secret-id" not in ours.to_json()


async def test_a_call_without_an_answer_says_what_is_known_of_its_fate(
    exported: in_memory.InMemorySpanExporter,
) -> None:
    exported.clear()
    nowhere = {"clerk_secret_key": "sk_test_x", "clerk_api_url": "http://127.0.0.1:9/v1"}
    async with serving(**nowhere, retry_budget=0) as served:
        await served.call("Users_getUserDetails", {"user_id": "user_adas-secret-id"})
    [ours] = [span for span in exported.get_finished_spans() if span.name.startswith("Clerk ")]
    assert said_by(ours)["error.type"] == "unreachable"
    assert said_by(ours)["clerk.outcome"] == "not_run"
    assert "adas-secret-id" not in ours.to_json()


async def test_the_words_of_an_exception_that_nobody_foresaw_are_not_in_the_span(
    exported: in_memory.InMemorySpanExporter,
) -> None:
    async def broken(request: httpx2.Request) -> httpx2.Response:
        raise LookupError(f"a bug met {request.url}")

    exported.clear()
    async with ClerkClient("sk_test_x", transport=httpx2.MockTransport(broken)) as client:
        with pytest.raises(LookupError, match="adas-secret-id"):
            await client.send(get_user("user_adas-secret-id"))
    [ours] = [span for span in exported.get_finished_spans() if span.name.startswith("Clerk ")]
    assert not ours.events
    assert "adas-secret-id" not in ours.to_json()


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"},
    ],
)
def test_nothing_is_exported_unless_the_environment_asks_for_it(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    telemetry.export_spans(environ)


def test_asking_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SettingsError, match=r"clerk-mcp\[otel\]"):
        telemetry.export_spans({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"})
