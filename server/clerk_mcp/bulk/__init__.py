"""Many at once: reading a list over all of its pages, counting it, and running one operation over many.

What runs the tools is imported at the first use of its name here (`_LATER`): a start and a listing need only
how they are declared.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from clerk_mcp.bulk.declared import Compare, ListAll, Peers, RunEach
from clerk_mcp.bulk.links import Links, WaitingFiles, WaitingInProcess, WaitingInRedis
from clerk_mcp.bulk.progress import ANSWER_WITHIN_S, Progress
from clerk_mcp.bulk.run_store import RunFiles, RunsInRedis
from clerk_mcp.bulk.runs import Runs

if TYPE_CHECKING:
    from clerk_mcp.bulk.all_pages import list_all
    from clerk_mcp.bulk.comparing import Comparison, Side, compare, compare_peers
    from clerk_mcp.bulk.each_item import run_each

__all__ = [
    "ANSWER_WITHIN_S",
    "Compare",
    "Comparison",
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
    "compare",
    "compare_peers",
    "list_all",
    "run_each",
]

_LATER: Final = {
    "Comparison": "comparing",
    "Side": "comparing",
    "compare": "comparing",
    "compare_peers": "comparing",
    "list_all": "all_pages",
    "run_each": "each_item",
}
"""The module of each name that is imported when it is first used. No module has such a name itself."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
