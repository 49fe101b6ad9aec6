"""MCP in and out: the server, its tools, resources, prompts and completions, and asking the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clerk_mcp.later import at_first_use
from clerk_mcp.protocol.identity import HUNG_UP, IDENTITY, MISSING_SCOPE, SESSION, Identity
from clerk_mcp.protocol.insides import misfit
from clerk_mcp.protocol.itself import about, icon, icons
from clerk_mcp.protocol.own_tools import declared
from clerk_mcp.protocol.server import build_server
from clerk_mcp.protocol.stdio import (
    Pending,
    host_streams,
    reads_in_threads,
    refusal_of_id,
    refusal_of_params,
)
from clerk_mcp.protocol.surface import Presentation, Surface

if TYPE_CHECKING:
    from clerk_mcp.protocol.offer import Offer, offer_to

__all__ = [
    "HUNG_UP",
    "IDENTITY",
    "MISSING_SCOPE",
    "SESSION",
    "Identity",
    "Offer",
    "Pending",
    "Presentation",
    "Surface",
    "about",
    "build_server",
    "declared",
    "host_streams",
    "icon",
    "icons",
    "misfit",
    "offer_to",
    "reads_in_threads",
    "refusal_of_id",
    "refusal_of_params",
]

__getattr__ = at_first_use(__name__, {"Offer": "offer", "offer_to": "offer"})
