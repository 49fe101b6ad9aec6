"""The way to the user behind a call, and what was decided about the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from clerk_mcp.answering import Answer


class Answered(StrEnum):
    """What the user made of the question."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class Asking(StrEnum):
    """How the user behind a client can be asked."""

    NONE = "none"
    LIVE = "live"
    IN_RESULT = "in_result"


class CannotAsk(Exception):
    """The client said that it can ask its user, and then could not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The way to the user behind one call, and what they have said so far."""

    way: Asking = Asking.NONE
    elicit: Callable[[str], Awaitable[Answered]] | None = None
    """Puts a question to the user; may raise `CannotAsk`. Given where `way` is LIVE."""
    state: str | None = None
    """The sealed question that the client sends back, where `way` is IN_RESULT."""
    answered: Answered | None = None
    """The answer that came with `state`."""
    link: Asking = Asking.NONE
    """How the user can be shown a link that the model does not see."""
    show: Callable[[str, str, str], Awaitable[Answered]] | None = None
    """Shows a text, a link and the question's id; may raise `CannotAsk`. Given where `link` is LIVE. A yes
    only says that the link was opened."""
    opened: Answered | None = None
    """Whether the link was opened, where it came with `state`."""
    base: str = ""
    """Where the caller reached this server; empty on stdio."""


@dataclass(frozen=True, slots=True)
class Go:
    """The call may be made."""

    agreed: str
    """Who or what agreed, for the audit trail."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The call is not made; nothing was sent to Clerk."""

    answer: Answer
    outcome: Literal["previewed", "declined", "refused"]
    reason: str
    """Who or what stopped it, for the audit trail."""


@dataclass(frozen=True, slots=True)
class AskInResult:
    """The client has to ask its user and call again."""

    question: str
    state: str
    link: str = ""
    """Where the user answers, in a browser; empty where the client puts the question itself."""


@dataclass(frozen=True, slots=True)
class Unasked:
    """A question about a plan was closed without an answer; its token is the yes from now on."""

    token: str


Decision = Go | Stop | AskInResult
