"""What goes back to the model: trimmed, bounded, with the next step after an error, without credentials."""

from __future__ import annotations

from clerk_mcp.answering import answers
from clerk_mcp.answering.answers import Answer, Formatter, is_usable, unwrap
from clerk_mcp.answering.cutting import cut_object, cut_text, dumps, how_many_fit, size
from clerk_mcp.answering.hints import hint
from clerk_mcp.answering.kept import (
    LIFETIME_S,
    Courier,
    Credentials,
    CredentialsInProcess,
    CredentialsInRedis,
    Kept,
    LinkForAgents,
)
from clerk_mcp.answering.secret_values import (
    NoPlaceForCredential,
    SecretValues,
    default_mode,
    without_given,
)

__all__ = [
    "LIFETIME_S",
    "Answer",
    "Courier",
    "Credentials",
    "CredentialsInProcess",
    "CredentialsInRedis",
    "Formatter",
    "Kept",
    "LinkForAgents",
    "NoPlaceForCredential",
    "SecretValues",
    "answers",
    "cut_object",
    "cut_text",
    "default_mode",
    "dumps",
    "hint",
    "how_many_fit",
    "is_usable",
    "size",
    "unwrap",
    "without_given",
]
