"""The server does no more work for a request than it did: counted, so that no machine's speed matters."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.e2e.counted_work import FIGURES

ROOM = 1.05
"""What a change may add before somebody must look: `python -m tests.e2e.counted_work --write` accepts it."""
GAIN = 0.85
"""A gain as large as this is worth writing down, so that it is not lost again unseen."""


@pytest.fixture(scope="module")
def counted() -> dict[str, int]:
    # A process of its own: what other tests import, patch and log must not be counted.
    command = [sys.executable, "-m", "tests.e2e.counted_work"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(
    "kind",
    [
        "tools/call 2025-11-25",
        "tools/call 2026-07-28",
        "tools/call beside 20 open connections",
        "tools/list 2025-11-25",
        "tools/list 2026-07-28",
    ],
)
def test_a_request_takes_no_more_function_calls_than_it_did(
    kind: str, counted: dict[str, int], record_property: Callable[[str, object], None]
) -> None:
    figure = json.loads(FIGURES.read_text("utf-8"))[kind]
    assert counted[kind] <= figure * ROOM
    if counted[kind] < figure * GAIN and sys.version_info[:2] == (3, 11):
        record_property(
            "note",
            f"{kind} takes {counted[kind]} function calls, {figure} are written down:"
            " keep the gain with python -m tests.e2e.counted_work --write",
        )


def test_listing_again_builds_no_tool_again(counted: dict[str, int]) -> None:
    # Each of them would take a dozen calls and more.
    assert counted["tools/list 2026-07-28"] < counted["tools/call 2026-07-28"]
