"""The one Clerk client: an HTTP exchange, connections, turns, the rate budget, uploads."""

from __future__ import annotations

from clerk_mcp.upstream.budget import Budget, parse_rate_budget
from clerk_mcp.upstream.client import ClerkClient
from clerk_mcp.upstream.exchange import API_VERSION, Reply, Unanswered
from clerk_mcp.upstream.redis_pool import redis_pool
from clerk_mcp.upstream.tracing import Count, ObservedClient
from clerk_mcp.upstream.uploads import Files

__all__ = [
    "API_VERSION",
    "Budget",
    "ClerkClient",
    "Count",
    "Files",
    "ObservedClient",
    "Reply",
    "Unanswered",
    "parse_rate_budget",
    "redis_pool",
]
