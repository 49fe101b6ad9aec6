"""Where we stand on the insides of other projects: each is still there, and without it we go on publicly.

A test here that fails after an upgrade names the module to look into.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from clerk_mcp.hosting import streams, timely_protocol
from clerk_mcp.hosting.sessions import Sessions
from clerk_mcp.protocol import IDENTITY, Identity
from tests.server.web import serving

pytestmark = pytest.mark.anyio


def test_uvicorns_protocol_still_has_what_slow_heads_are_bounded_with() -> None:
    assert timely_protocol.missing_from(HttpToolsProtocol) == []


def test_sse_starlette_still_has_the_switch_that_keeps_streams_while_draining() -> None:
    assert streams.can_be_kept()


class ChangedProtocol:
    """uvicorn's class as some later version may have it."""

    def __init__(self) -> None:
        self.loop = self.transport = None

    def connection_made(self, transport: object) -> None: ...


def test_what_uvicorn_no_longer_has_is_named() -> None:
    missing = timely_protocol.missing_from(ChangedProtocol)
    assert {"data_received", "on_header", "cycle", "timeout_keep_alive_task"} <= set(missing)
    assert not {"connection_made", "loop", "transport"} & set(missing)


async def test_with_another_uvicorn_requests_are_answered_by_its_own_protocol(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(timely_protocol, "missing_from", lambda _: ["data_received"])
    with caplog.at_level(logging.WARNING):
        async with serving() as served:
            assert (await served.get("/healthz")).status_code == 200
    assert "data_received" in caplog.text


async def test_with_another_sse_starlette_the_server_starts_and_stops(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(streams, "_SWITCHES", ("gone",))
    with caplog.at_level(logging.WARNING):
        async with serving() as served:
            assert (await served.get("/healthz")).status_code == 200
    assert "ends event streams at once" in caplog.text


async def sessions_open(served: Any) -> str:
    text: str = (await served.get("/metrics")).text
    return next(line for line in text.splitlines() if line.startswith("clerk_mcp_sessions "))


async def test_sessions_are_counted_until_their_clients_end_them() -> None:
    async with serving(stateful=True) as served:
        async with served.client("legacy"), served.client("legacy"):
            assert await sessions_open(served) == "clerk_mcp_sessions 2.0"
        assert await sessions_open(served) == "clerk_mcp_sessions 0.0"


async def test_a_session_that_nobody_uses_is_not_counted_any_more() -> None:
    now = 0.0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"mcp-session-id", b"a")]})

    async def send(_: Message) -> None: ...

    async def receive() -> Message:
        return {"type": "http.request"}

    sessions = Sessions(app, idle=30, clock=lambda: now)
    scope = {"type": "http", "method": "POST", "headers": [], IDENTITY: Identity("ada", owner="ada")}
    await sessions(scope, receive, send)
    assert sessions.open == 1
    now = 31.0
    assert sessions.open == 0
