"""From settings to a running server."""

from __future__ import annotations

from clerk_mcp.serve.clients import NO_KEY, ClientMaker, make_budget, refuse_several
from clerk_mcp.serve.pages import Pages
from clerk_mcp.serve.server import (
    calls_maker,
    check,
    make_calls,
    make_policy,
    make_server,
    warn_of_live_writes,
)
from clerk_mcp.serve.stdio import collect_from_here, serve_stdio
from clerk_mcp.serve.stores import (
    closing_redis,
    kept_by_one_process,
    make_links,
    make_redis,
    make_runs,
    warn_of_several_processes,
)

__all__ = [
    "NO_KEY",
    "ClientMaker",
    "Pages",
    "calls_maker",
    "check",
    "closing_redis",
    "collect_from_here",
    "kept_by_one_process",
    "make_budget",
    "make_calls",
    "make_links",
    "make_policy",
    "make_redis",
    "make_runs",
    "make_server",
    "refuse_several",
    "serve_stdio",
    "warn_of_live_writes",
    "warn_of_several_processes",
]
