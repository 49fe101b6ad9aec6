"""Many at once: reading a list over all of its pages, counting it, and running one operation over many.

What runs the tools is imported at the first use of its name here (`_LATER`): a start and a listing need only
how they are declared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clerk_mcp.bulk.declared import Compare, ListAll, Peers, RunEach
from clerk_mcp.bulk.progress import ANSWER_WITHIN_S, Progress
from clerk_mcp.bulk.run_store import RunFiles, RunsInRedis
from clerk_mcp.bulk.runs import Runs
from clerk_mcp.later import at_first_use

if TYPE_CHECKING:
    from clerk_mcp.bulk.all_pages import list_all
    from clerk_mcp.bulk.comparing import Comparison, Side, compare, compare_peers
    from clerk_mcp.bulk.each_item import run_each
    from clerk_mcp.bulk.links import Links, WaitingFiles, WaitingInProcess, WaitingInRedis
    from clerk_mcp.bulk.undoing import Left, WayBack, look_at, plan_back, way_back, what_is_left

__all__ = [
    "ANSWER_WITHIN_S",
    "Compare",
    "Comparison",
    "Left",
    "Links",
    "ListAll",
    "Peers",
    "Progress",
    "RunEach",
    "RunFiles",
    "Runs",
    "RunsInRedis",
    "Side",
    "WaitingFiles",
    "WaitingInProcess",
    "WaitingInRedis",
    "WayBack",
    "compare",
    "compare_peers",
    "list_all",
    "look_at",
    "plan_back",
    "run_each",
    "way_back",
    "what_is_left",
]

_LATER: Final = {
    "Comparison": "comparing",
    "Left": "undoing",
    "Links": "links",
    "Side": "comparing",
    "WaitingFiles": "links",
    "WaitingInProcess": "links",
    "WaitingInRedis": "links",
    "WayBack": "undoing",
    "compare": "comparing",
    "compare_peers": "comparing",
    "list_all": "all_pages",
    "look_at": "undoing",
    "plan_back": "undoing",
    "run_each": "each_item",
    "way_back": "undoing",
    "what_is_left": "undoing",
}

__getattr__ = at_first_use(__name__, _LATER)
