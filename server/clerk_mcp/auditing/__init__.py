"""The audit trail: written, read, and taken back."""

from __future__ import annotations

from clerk_mcp.auditing.log import MASK, AuditLog, NotMade, masked
from clerk_mcp.auditing.tail import Found, Row, newest, one
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
from clerk_mcp.auditing.undo import NoUndo, Undo, earlier, earlier_in, undo

__all__ = [
    "MASK",
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
    "Trail",
    "Undo",
    "earlier",
    "earlier_in",
    "load",
    "masked",
    "moment",
    "newest",
    "one",
    "targets",
    "undo",
]
