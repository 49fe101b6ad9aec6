"""Before something is destroyed: whether to ask, whom, and what counts as a yes."""

from __future__ import annotations

from clerk_mcp.confirming.confirmer import Confirmer, needs_confirmation, what_is_shown
from clerk_mcp.confirming.decisions import Answered, Asker, Asking, AskInResult, CannotAsk, Go, Stop, Unasked
from clerk_mcp.confirming.desk import Address, Brought, Desk, Door, TypeName
from clerk_mcp.confirming.hits import SendRead, TargetMissing, find_hit
from clerk_mcp.confirming.in_browser import Subject
from clerk_mcp.confirming.questions import (
    Question,
    Questions,
    QuestionsInProcess,
    QuestionsInRedis,
    Verdict,
)
from clerk_mcp.confirming.seals import LIFETIME_S, SealRefused, Seals, digest_of
from clerk_mcp.confirming.used import UsedInProcess, UsedInRedis, UsedSeals

__all__ = [
    "LIFETIME_S",
    "Address",
    "Answered",
    "AskInResult",
    "Asker",
    "Asking",
    "Brought",
    "CannotAsk",
    "Confirmer",
    "Desk",
    "Door",
    "Go",
    "Question",
    "Questions",
    "QuestionsInProcess",
    "QuestionsInRedis",
    "SealRefused",
    "Seals",
    "SendRead",
    "Stop",
    "Subject",
    "TargetMissing",
    "TypeName",
    "Unasked",
    "UsedInProcess",
    "UsedInRedis",
    "UsedSeals",
    "Verdict",
    "digest_of",
    "find_hit",
    "needs_confirmation",
    "what_is_shown",
]
