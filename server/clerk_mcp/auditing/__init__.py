"""The audit trail: written, read, and taken back.

Serving only writes it. What reads it is imported at the first use of its name here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clerk_mcp.auditing.log import MASK, AuditLog, NotMade, masked
from clerk_mcp.later import at_first_use

if TYPE_CHECKING:
    from clerk_mcp.auditing.tail import Found, Row, calls_of_run, newest, one
    from clerk_mcp.auditing.trail import (
        OUTCOMES,
        UNFINISHED,
        Filter,
        NoSuchEntry,
        RecordedCall,
        Trail,
        load,
        moment,
        target_texts,
        targets,
    )
    from clerk_mcp.auditing.undoing import (
        MOST_IDS,
        NoUndo,
        Standing,
        Undo,
        as_it_is,
        earlier,
        earlier_in,
        standing,
        states,
        undo,
    )

__all__ = [
    "MASK",
    "MOST_IDS",
    "OUTCOMES",
    "UNFINISHED",
    "AuditLog",
    "Filter",
    "Found",
    "NoSuchEntry",
    "NoUndo",
    "NotMade",
    "RecordedCall",
    "Row",
    "Standing",
    "Trail",
    "Undo",
    "as_it_is",
    "calls_of_run",
    "earlier",
    "earlier_in",
    "load",
    "masked",
    "moment",
    "newest",
    "one",
    "standing",
    "states",
    "target_texts",
    "targets",
    "undo",
]

_LATER: Final = {
    "Filter": "trail",
    "Found": "tail",
    "MOST_IDS": "undoing",
    "NoSuchEntry": "trail",
    "NoUndo": "undoing",
    "OUTCOMES": "trail",
    "RecordedCall": "trail",
    "Row": "tail",
    "Standing": "undoing",
    "Trail": "trail",
    "UNFINISHED": "trail",
    "Undo": "undoing",
    "as_it_is": "undoing",
    "calls_of_run": "tail",
    "earlier": "undoing",
    "earlier_in": "undoing",
    "load": "trail",
    "moment": "trail",
    "newest": "tail",
    "one": "tail",
    "standing": "undoing",
    "states": "undoing",
    "target_texts": "trail",
    "targets": "trail",
    "undo": "undoing",
}

__getattr__ = at_first_use(__name__, _LATER)
