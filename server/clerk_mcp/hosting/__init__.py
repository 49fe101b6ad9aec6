"""What only a server on the network needs: who calls, a client for each key, bounds, metrics, a page."""

from __future__ import annotations

from clerk_mcp.hosting.addresses import listen
from clerk_mcp.hosting.oauth import IssuerUnusable
from clerk_mcp.hosting.person import Loopback
from clerk_mcp.hosting.running import make_web, serve_http
from clerk_mcp.hosting.tokens import TokenFileError, issue, revoke
from clerk_mcp.hosting.tokens import read as read_tokens
from clerk_mcp.hosting.verifiers import make_oauth, make_verifier

__all__ = [
    "IssuerUnusable",
    "Loopback",
    "TokenFileError",
    "issue",
    "listen",
    "make_oauth",
    "make_verifier",
    "make_web",
    "read_tokens",
    "revoke",
    "serve_http",
]
