"""The path of every call, whoever makes it."""

from __future__ import annotations

from clerk_mcp.calling.calls import Caller, Calls, Fetched, Reach, UnknownOperation, refusal
from clerk_mcp.calling.previews import preview_change

__all__ = ["Caller", "Calls", "Fetched", "Reach", "UnknownOperation", "preview_change", "refusal"]
