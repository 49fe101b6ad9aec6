"""What every test stands on: a real sandbox, a real server, the SDK's own client."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from mcp import Client

from clerk_mcp.serve import make_server
from clerk_mcp.settings import load
from clerk_sandbox.sandbox import Sandbox
from tests.processes import RedisServer

ERAS = ("legacy", "2026-07-28")
"""The SDK client's names for the two protocol eras."""

TIME_LIMIT_S = 300
"""For one test with its fixtures. It measures nothing: it ends what would hang, the slowest takes a tenth."""

Connect = Callable[..., AbstractAsyncContextManager[Client]]


POSIX: Final = re.compile(r"S_IMODE|umask|symlink_to|mkfifo|send_signal|killpg")
"""Words in a test that Windows has nothing for: rights, links, pipes with a name, signals to others."""

collect_ignore = ["e2e/test_soak.py", "server/test_cli.py", "server/test_entries.py", "test_documents.py"]
"""Where modules are imported that Windows has not, and shell scripts are run."""
if sys.platform != "win32":
    collect_ignore.clear()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each test a time limit, where the plugin pytest-timeout is there to keep it.

    On Windows, skip what can only hold on POSIX systems.
    """
    for item in items:
        if config.pluginmanager.has_plugin("timeout") and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIME_LIMIT_S))
        if sys.platform == "win32" and isinstance(item, pytest.Function):
            used = POSIX.search(inspect.getsource(item.function))
            item.add_marker(pytest.mark.skipif(bool(used), reason="is about POSIX systems"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests want somebody to know who looks at the end only: `record_property("note", …)`."""
    for reports in terminalreporter.stats.values():
        for name, value in (pair for report in reports for pair in getattr(report, "user_properties", ())):
            if name == "note":
                terminalreporter.write_line(f"NOTE {value}")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def no_settings_from_outside(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A developer's own key or settings must never reach a test, nor does a test write to their home."""
    for name in list(os.environ):
        if name.startswith("CLERK_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr("clerk_mcp.serve.stores.OWN_DIRECTORY", tmp_path_factory.getbasetemp() / "own")
    if Path("~/.clerk-mcp/key").expanduser().exists():
        # It would be found by itself.
        monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(params=ERAS)
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo company is equally old in every sandbox, so that answers of two can be compared."""
    defaults = Sandbox.__init__.__kwdefaults__
    assert defaults
    monkeypatch.setitem(defaults, "clock", lambda: 1_790_000_000_000)


@pytest.fixture
def connect() -> Connect:
    """Connect the SDK's client to a new server, on a sandbox of its own."""

    @asynccontextmanager
    async def connecting(era: str = "2026-07-28", **flags: Any) -> AsyncIterator[Client]:
        async with Client(make_server(load({"sandbox": True, **flags})), mode=era) as client:
            yield client

    return connecting


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed (on Debian: apt-get install redis-server)")
    # Not pytest's own directory: the path of a socket has to be short.
    with tempfile.TemporaryDirectory() as directory:
        server = RedisServer(Path(directory))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of one's own, without hosts, so that no test can reach the files of whoever runs it."""
    places = "XDG_CONFIG_HOME APPDATA CODEX_HOME CLAUDE_CONFIG_DIR GEMINI_CLI_HOME HERMES_HOME"
    for name in places.split():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path
