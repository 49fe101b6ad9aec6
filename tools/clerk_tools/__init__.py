"""What Clerk's Backend API can do, as declarations: no I/O and no MCP in here.

`operations()` has every operation by its id, `search` finds those that do what somebody asks for.
"""

from clerk_tools.catalog import operations
from clerk_tools.operation import Operation
from clerk_tools.search import search

__all__ = ["Operation", "operations", "search"]
