"""Where a person answers in a browser: the open questions, and the way to a page that shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol

import anyio

from clerk_mcp.confirming.questions import Question, Questions, Verdict

TypeName = Literal["grave", "always", "never"]
"""When the target's name has to be typed to agree."""

WAIT_S: Final = 45.0
"""How long a call waits for somebody who has the page before them; hosts commonly give one 60 s."""

_FIRST_LOOK_S: Final = 0.1
_LOOK_EVERY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Address:
    """Where a question is shown."""

    shared: str
    """What an agent may hand on: by itself it opens nothing."""
    own: str
    """What goes to the person alone, and past the agent; the same where they must sign in anyway."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of bringing a question before a person."""

    said: str = ""
    """How, as a whole sentence; empty where the agent has to hand the link on."""
    is_seen: bool = False
    """Whether they have it before them now, so that it is worth waiting for."""


class Door(Protocol):
    """The way to the page."""

    @property
    def hint(self) -> str:
        """What the agent has to do that somebody sees a question, as a whole sentence."""

    async def address(self, question: Question, base: str) -> Address:
        """Return where a question is shown.

        Args:
            base: where its caller reached this server; empty on stdio.
        """

    async def open(self, address: Address) -> Brought:
        """Bring a question before the person without the agent's help, where that can be done."""


@dataclass(slots=True)
class Desk:
    """Puts questions to a person in a browser."""

    questions: Questions
    door: Door | None = None
    """None until the server that serves the page has made it; nobody can be asked then."""
    type_name: TypeName = "grave"
    wait_s: float = WAIT_S
    is_ending: bool = False
    """Whether the server is about to end: calls that wait are answered with what is known."""

    async def wait(self, question: Question) -> Verdict | None:
        """Wait for the answer to a question that somebody has before them."""
        pause = _FIRST_LOOK_S
        with anyio.move_on_after(self.wait_s):
            while not (verdict := await self.questions.verdict(question)):
                if self.is_ending:
                    return None
                await anyio.sleep(pause)
                pause = min(2 * pause, _LOOK_EVERY_S)
            return verdict
        return None
