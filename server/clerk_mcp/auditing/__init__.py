"""The audit trail: written, read, and taken back."""

from __future__ import annotations

from clerk_mcp.auditing.log import MASK, AuditLog, NotMade, masked
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
    targets,
)
from clerk_mcp.auditing.undo import (
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
    "targets",
    "undo",
]
