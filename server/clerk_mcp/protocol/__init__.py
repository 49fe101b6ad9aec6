"""MCP in and out: the server, its tools, resources, prompts and completions, and asking the user."""

from __future__ import annotations

from clerk_mcp.protocol.identity import IDENTITY, MISSING_SCOPE, Identity
from clerk_mcp.protocol.own_tools import declared
from clerk_mcp.protocol.server import build_server
from clerk_mcp.protocol.stdio import Answering
from clerk_mcp.protocol.surface import Presentation, Surface

__all__ = [
    "IDENTITY",
    "MISSING_SCOPE",
    "Answering",
    "Identity",
    "Presentation",
    "Surface",
    "build_server",
    "declared",
]
