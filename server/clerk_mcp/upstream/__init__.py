"""The one Clerk client: an HTTP exchange, connections, turns, the rate budget, uploads."""

from __future__ import annotations

from clerk_mcp.upstream.budget import Budget, Limit, parse_rate_budget
from clerk_mcp.upstream.certificates import CertificatesUnusable, tls_context
from clerk_mcp.upstream.client import ClerkClient, OnDone, Settled
from clerk_mcp.upstream.exchange import Failure, Reply, Unanswered
from clerk_mcp.upstream.large import FEW, in_turn, out_of_turn
from clerk_mcp.upstream.processor import Processor, processor, takes_turns
from clerk_mcp.upstream.redis_pool import redis_errors, redis_pool, redis_text
from clerk_mcp.upstream.sealed_store import SealedStore
from clerk_mcp.upstream.tracing import is_traced
from clerk_mcp.upstream.uploads import Files, UploadError

__all__ = [
    "FEW",
    "Budget",
    "CertificatesUnusable",
    "ClerkClient",
    "Failure",
    "Files",
    "Limit",
    "OnDone",
    "Processor",
    "Reply",
    "SealedStore",
    "Settled",
    "Unanswered",
    "UploadError",
    "in_turn",
    "is_traced",
    "out_of_turn",
    "parse_rate_budget",
    "processor",
    "redis_errors",
    "redis_pool",
    "redis_text",
    "takes_turns",
    "tls_context",
]
