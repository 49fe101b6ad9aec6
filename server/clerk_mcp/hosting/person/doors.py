"""The way to the pages over HTTP: a link to this server, behind a sign-in."""

from __future__ import annotations

import logging

from clerk_mcp.confirming import Address, Brought, Question
from clerk_mcp.hosting.person.one_time import OneTimeLinks

logger = logging.getLogger(__name__)


class LinkDoor:
    """Links to the pages of a server over HTTP; implements `Door`."""

    def __init__(self, public_url: str | None, links: OneTimeLinks | None = None) -> None:
        """
        Args:
            public_url: where browsers reach the server, if not where the caller did.
            links: where nobody can sign in: the link with its secret goes to the server's log.
        """
        self._public_url = public_url
        self._links = links

    @property
    def hint(self) -> str:
        if self._links:
            return "Tell the user to open the address that this server has written to its log."
        return "Give the user the link: somebody other than you, who may approve, has to open it and sign in."

    async def address(self, question: Question, base: str) -> Address:
        url = f"{self._public_url or base}/questions/{question.id}"
        if self._links is None:
            return Address(url, url)
        return Address(url, f"{url}{self._links.query(question.id, question.expires_at)}")

    async def open(self, address: Address) -> Brought:
        if self._links:
            logger.warning("a person has to agree; open %s", address.own)
        return Brought()
