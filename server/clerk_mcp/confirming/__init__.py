"""Before something is destroyed: whether to ask, whom, and what counts as a yes."""

from __future__ import annotations

from clerk_mcp.confirming.confirmer import Confirmer, needs_confirmation
from clerk_mcp.confirming.decisions import Answered, Asker, Asking, AskInResult, CannotAsk, Go, Stop, Unasked
from clerk_mcp.confirming.hits import SendRead, TargetMissing, find_hit
from clerk_mcp.confirming.seals import LIFETIME_S, SealRefused, Seals
from clerk_mcp.confirming.used import UsedInProcess, UsedInRedis, UsedSeals

__all__ = [
    "LIFETIME_S",
    "Answered",
    "AskInResult",
    "Asker",
    "Asking",
    "CannotAsk",
    "Confirmer",
    "Go",
    "SealRefused",
    "Seals",
    "SendRead",
    "Stop",
    "TargetMissing",
    "Unasked",
    "UsedInProcess",
    "UsedInRedis",
    "UsedSeals",
    "find_hit",
    "needs_confirmation",
]
