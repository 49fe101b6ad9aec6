"""Who is at the browser: somebody who signed in with a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import Response

from clerk_mcp.hosting.signin import SignIn, ask_to_sign_in

APPROVE: Final = "clerk:approve"
"""The scope of who may agree to what callers ask."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who may see a page."""

    name: str
    may_approve: bool
    mark: str
    """A value for this visitor's forms, which nobody else can have."""
    is_local: bool = False
    """Whether they are known by a one-time link on this machine, and not by a name."""

    @property
    def words(self) -> str:
        """Who they are, for the audit trail."""
        return f"{self.name} in a browser"


class Visitors(Protocol):
    """Finds out who is at the browser."""

    async def who(self, request: Request, id: str) -> Visitor | None:
        """Return who may see what has this id; None where that is not known.

        Raises:
            Rejected: nobody can be known just now.
        """

    async def enter(self, request: Request, id: str) -> Response:
        """Answer somebody who is not known: let them in, ask who they are, or turn them away."""


class SignedIn:
    """People who sign in at `/signin` with a token."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in

    async def who(self, request: Request, id: str) -> Visitor | None:
        token = await self._sign_in.who(request)
        if token is None:
            return None
        return Visitor(token.client_id, APPROVE in token.scopes, self._sign_in.mark(request, id))

    async def enter(self, request: Request, id: str) -> Response:
        return ask_to_sign_in(request)
