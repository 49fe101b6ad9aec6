"""Many at once: reading a list over all of its pages, counting it, and running one operation over many."""

from __future__ import annotations

from clerk_mcp.bulk.comparing import Compare, Comparison, Peers, Side, compare, compare_peers
from clerk_mcp.bulk.links import Links, WaitingFiles, WaitingInProcess, WaitingInRedis
from clerk_mcp.bulk.list_all import list_all
from clerk_mcp.bulk.planning import RunEach
from clerk_mcp.bulk.reading import ANSWER_WITHIN_S, Progress
from clerk_mcp.bulk.run_each import run_each
from clerk_mcp.bulk.run_store import RunFiles, RunsInRedis
from clerk_mcp.bulk.running import Runs
from clerk_mcp.bulk.wanted import ListAll

__all__ = [
    "ANSWER_WITHIN_S",
    "Compare",
    "Comparison",
    "Links",
    "ListAll",
    "Peers",
    "Progress",
    "RunEach",
    "RunFiles",
    "Runs",
    "RunsInRedis",
    "Side",
    "WaitingFiles",
    "WaitingInProcess",
    "WaitingInRedis",
    "compare",
    "compare_peers",
    "list_all",
    "run_each",
]
