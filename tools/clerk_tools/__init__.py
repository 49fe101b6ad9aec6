"""What Clerk's Backend API can do, as declarations: no I/O and no MCP in here.

`operations()` has every operation by its id, `search` finds those that do what somebody asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clerk_tools.catalog import operations
from clerk_tools.operation import Operation

if TYPE_CHECKING:
    from clerk_tools.searching import search

__all__ = ["Operation", "operations", "search"]


def __getattr__(name: str) -> Any:
    """Import the search at its first use: whoever only wants the declarations does without."""
    if name != "search":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from clerk_tools.searching import search

    return search
