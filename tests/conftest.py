"""What every test stands on: a real sandbox, a real server, the SDK's own client."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
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


@pytest.fixture
def redis_port(tmp_path: Path) -> Iterator[int]:
    """A real Redis on loopback."""
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("redis-server is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
        process.terminate()
