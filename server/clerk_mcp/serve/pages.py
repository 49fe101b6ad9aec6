"""Pages for people on this machine, made when the first question or the first credential needs them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Protocol

from clerk_mcp.answering import Courier, Kept
from clerk_mcp.calling import Calls
from clerk_mcp.confirming import Address, Brought, Door, Question, Questions


class Pages(Door, Courier, Protocol):
    """Pages on which a person answers what waits for them, and fetches credentials."""


MakePages = Callable[[Calls, Questions | None], Pages]
"""Makes the pages; what is asked about is read through the calls, and the questions are None where nobody is
asked in a browser."""


def lead_to_pages(calls: Calls, make: MakePages) -> None:
    """Let questions and credentials find their way to pages that are yet to be made."""
    desk, secrets = calls.confirmer.desk, calls.formatter.secrets
    pages = _LaterPages(lambda: make(calls, desk.questions if desk else None))
    if desk:
        desk.door = pages
    if secrets.kept:
        secrets.courier = pages


class _LaterPages:
    """Implements `Pages`."""

    def __init__(self, make: Callable[[], Pages]) -> None:
        self._pages = cache(make)

    @property
    def hint(self) -> str:
        return self._pages().hint

    async def address(self, question: Question, base: str) -> Address:
        return await self._pages().address(question, base)

    async def open(self, address: Address) -> Brought:
        return await self._pages().open(address)

    async def bring(self, kept: Kept, base: str) -> str:
        return await self._pages().bring(kept, base)
