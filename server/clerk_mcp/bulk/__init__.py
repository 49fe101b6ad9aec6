"""Many at once: reading a list over all of its pages, counting it, and the languages for that."""

from __future__ import annotations

from clerk_mcp.bulk.list_all import list_all
from clerk_mcp.bulk.reading import Progress
from clerk_mcp.bulk.wanted import ListAll

__all__ = ["ListAll", "Progress", "list_all"]
