"""Logging: to stderr, for stdout belongs to the protocol in stdio mode."""

from __future__ import annotations

import logging
import sys


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
