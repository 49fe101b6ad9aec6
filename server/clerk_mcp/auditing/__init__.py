"""The audit trail: written, read, and taken back."""

from __future__ import annotations

from clerk_mcp.auditing.log import MASK, AuditLog, NotMade
from clerk_mcp.auditing.trail import (
    OUTCOMES,
    UNFINISHED,
    NoSuchEntry,
    RecordedCall,
    Trail,
    load,
    moment,
    select,
    targets,
)
from clerk_mcp.auditing.undo import NoUndo, earlier, undo

__all__ = [
    "MASK",
    "OUTCOMES",
    "UNFINISHED",
    "AuditLog",
    "NoSuchEntry",
    "NoUndo",
    "NotMade",
    "RecordedCall",
    "Trail",
    "earlier",
    "load",
    "moment",
    "select",
    "targets",
    "undo",
]
