"""The path of every call, whoever makes it, and reading across pages."""

from __future__ import annotations

from clerk_mcp.calling.calls import Caller, Calls, Fetched, Reach, UnknownOperation
from clerk_mcp.calling.list_all import ListAll, Progress, list_all

__all__ = ["Caller", "Calls", "Fetched", "ListAll", "Progress", "Reach", "UnknownOperation", "list_all"]
