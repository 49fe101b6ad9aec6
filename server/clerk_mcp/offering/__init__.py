"""What is offered, and to whom: the policy, each tool as it is listed, a call's own options."""

from __future__ import annotations

from clerk_mcp.offering import options
from clerk_mcp.offering.listing import entry_of, input_schema, output_schema, ready_entries, tool
from clerk_mcp.offering.policy import (
    ALL,
    ANY_PATH,
    CORE,
    PEOPLES_SCOPES,
    SCOPES,
    Policy,
    Refused,
    Selection,
    SelectionError,
    bound_scope,
    is_scope,
    may_read,
    scopes_on,
)
from clerk_mcp.offering.signature import signature

__all__ = [
    "ALL",
    "ANY_PATH",
    "CORE",
    "PEOPLES_SCOPES",
    "SCOPES",
    "Policy",
    "Refused",
    "Selection",
    "SelectionError",
    "bound_scope",
    "entry_of",
    "input_schema",
    "is_scope",
    "may_read",
    "options",
    "output_schema",
    "ready_entries",
    "scopes_on",
    "signature",
    "tool",
]
