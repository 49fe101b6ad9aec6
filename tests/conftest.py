"""What every test stands on: a real sandbox, a real server, the SDK's own client."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from mcp import Client

from clerk_mcp.serve import make_server
from clerk_mcp.settings import load

ERAS = ("legacy", "2026-07-28")
"""The SDK client's names for the two protocol eras."""

Connect = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own key or settings must never reach a test."""
    for name in list(os.environ):
        if name.startswith("CLERK_"):
            monkeypatch.delenv(name)


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connect() -> Connect:
    """Connect the SDK's client to a new server, on a sandbox of its own."""

    @asynccontextmanager
    async def connecting(era: str = "2026-07-28", **flags: Any) -> AsyncIterator[Client]:
        async with Client(make_server(load({"sandbox": True, **flags})), mode=era) as client:
            yield client

    return connecting
