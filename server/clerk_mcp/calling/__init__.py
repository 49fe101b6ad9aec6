"""The path of every call, whoever makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clerk_mcp.calling.calls import Caller, Calls, Fetched, Reach, UnknownOperation, refusal, tell
from clerk_mcp.calling.names import Meant
from clerk_mcp.later import at_first_use

if TYPE_CHECKING:
    from clerk_mcp.calling.asked import Now, look_again
    from clerk_mcp.calling.previews import preview_change

__all__ = [
    "Caller",
    "Calls",
    "Fetched",
    "Meant",
    "Now",
    "Reach",
    "UnknownOperation",
    "look_again",
    "preview_change",
    "refusal",
    "tell",
]

__getattr__ = at_first_use(__name__, {"Now": "asked", "look_again": "asked", "preview_change": "previews"})
