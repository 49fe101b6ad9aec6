"""Log lines: one for each thing that happened, whatever strangers send."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from clerk_mcp.telemetry import to_stderr
from tests.server.web import serving

pytestmark = pytest.mark.anyio

FORGED = "/x%0a2026-01-01%2000:00:00%20INFO%20clerk_mcp%20all%20is%20well%1b%5b2J%c2%9b31m%e2%80%ae"


async def test_a_stranger_cannot_forge_a_line_nor_steer_a_terminal(
    caplog: pytest.LogCaptureFixture, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tokens = tmp_path_factory.mktemp("tokens") / "tokens"
    tokens.touch(0o600)
    with caplog.at_level(logging.INFO, logger="clerk_mcp"):
        async with serving(auth="bearer", token_file=tokens) as served:
            assert (await served.get(FORGED)).status_code == 401
    messages = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
    assert len(messages) == 1
    assert messages[0].isprintable()


@contextmanager
def written_to_stderr(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Give what is logged to stderr alone.

    Not a fixture: pytest's own handlers come after fixtures, and the half character below would stand in the
    report, which pytest-xdist cannot send.
    """
    root, ours = logging.getLogger(), logging.getLogger("clerk_mcp")
    before, level, own_level = root.handlers[:], root.level, ours.level
    stream = io.StringIO()
    # Taken away first: `to_stderr` would close them.
    root.handlers.clear()
    try:
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stderr", stream)
            to_stderr("info")
            yield stream
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        ours.setLevel(own_level)


def test_every_line_is_printable_whoever_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    forged = "a\n2026-01-01 INFO clerk_mcp forged\x1b[2J\ud83d"
    with written_to_stderr(monkeypatch) as stderr:
        logging.getLogger("another.library").warning("got %s", forged)
    [line] = stderr.getvalue().splitlines()
    assert line.isprintable()
    assert "a\\n2026" in line


def test_a_traceback_has_its_lines_and_none_of_them_looks_like_a_log_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with written_to_stderr(monkeypatch) as stderr:
        try:
            raise ValueError("bad\n2026-01-01 00:00:00,000 INFO clerk_mcp forged\x1b[2J")
        except ValueError:
            logging.getLogger("another.library").exception("it failed")
    first, *rest = stderr.getvalue().splitlines()
    assert first.endswith("it failed")
    assert len(rest) > 2
    assert all(line.startswith("  ") and line.isprintable() for line in rest)
