"""Sessions: who is signed in, where."""

from __future__ import annotations

from typing import Final, Literal

from clerk_tools.argument import Body, Path, Query, arg
from clerk_tools.hits import Hit, Look, count, if_fits, inside, person, records, shown
from clerk_tools.ids import ClientId, JwtTemplateName, SessionId, UserId
from clerk_tools.operation import Counted, Operation, Paged
from clerk_tools.resources import users
from clerk_tools.spec import ANOTHER_DOES_NO_HARM, Advice, Demo, Example

SYNONYMS: Final = {
    "sign in": "log in, login, signin",
    "sign out": "log out, logout, log off, signout",
    "sign up": "signup, register, registered, registration",
}
"""What people say instead of a term; for the search."""


MOST_COUNTED: Final = 100
"""How many sessions are counted for a question; beyond, it says "100 or more"."""


async def ending(user_id: str, look: Look) -> str:
    """The sessions that end with whatever signs a user out, as a clause; empty where there is none."""
    active = await look.at(ListSessions(user_id=user_id, status="active", limit=MOST_COUNTED))
    if not isinstance(active, list):
        return "ends every session of theirs"
    number = len(records(active))
    if not number:
        return ""
    more = number >= MOST_COUNTED
    return f"ends {number} or more sessions" if more else f"ends {count(number, 'session')}"


class ListSessions(
    Counted,
    Paged,
    id="Sessions_listSortedByCreationDate",
    get="/sessions",
    lists="session",
    words="who is signed in, where is a user signed in, signed in devices, active sessions, sign-in "
    "history, sign-ins",
    example=Example({"user_id": Demo("nadia"), "status": "active"}),
):
    """Sessions, newest first. Give a user or a client; add status `active` for who is signed in now."""

    client_id: Query[ClientId] = arg(optional=True)
    user_id: Query[UserId] = arg(optional=True)
    status: Query[Literal["abandoned", "active", "ended", "expired", "removed", "replaced", "revoked"]] = arg(
        optional=True
    )


class GetSession(
    Operation,
    id="Sessions_getDetails",
    get="/sessions/{session_id}",
    returns="session",
    example=Example({"session_id": Demo("a session")}),
):
    """One session."""

    session_id: Path[SessionId] = arg()


class RevokeSession(
    Operation,
    id="Sessions_revokeSession",
    post="/sessions/{session_id}/revoke",
    returns="session",
    effect="destroy",
    words="sign out, sign out everywhere, end a session, sign a device out, lost device",
    example=Example({"session_id": Demo("a session")}),
):
    """End a session: that device is signed out. For all of a user's sessions, list them and revoke each;
    to keep the user out, ban."""

    session_id: Path[SessionId] = arg()

    async def hit(self, look: Look) -> Hit:
        session = await look.at(GetSession(session_id=self.session_id), is_target=True)
        user_id = inside(session, "user_id")
        owner = if_fits(lambda: users.GetUser(user_id=user_id))
        who = person(await look.at(owner) if isinstance(user_id, str) else None) or shown(user_id or "")
        status = shown(inside(session, "status") or "")
        return Hit.of(f"{status} session of {who}".strip() if who else "", "signs that device out")


class VerifySession(
    Operation,
    id="Sessions_verifySession",
    post="/sessions/{session_id}/verify",
    returns="session",
    effect="read",
    private=("token",),
    deprecated=True,
    instead="Sessions_getDetails, or check the token with Jwks_getJsonWebKeySet",
    words="is a session valid, check a session token",
    example=Example({"session_id": Demo("a session"), "token": Demo("an issued token")}),
):
    """Check a session against its token. Deprecated and may answer 410: verify the token with the JWKS
    instead."""

    session_id: Path[SessionId] = arg()
    token: Body[str] = arg("The JWT of the __session cookie", optional=True)


class CreateSessionToken(
    Operation,
    id="Sessions_createSessionTokenFromTemplate",
    post="/sessions/{session_id}/tokens/{template_name}",
    returns="session_token",
    secret=("jwt",),
    mints=True,
    advice=Advice(if_executed=ANOTHER_DOES_NO_HARM),
    words="issue a JWT for a session, hasura token, custom token",
    example=Example({"session_id": Demo("a session"), "template_name": "greenhouse-api"}),
):
    """Issue a JWT for a session, with the claims of a JWT template. The token acts as that user."""

    session_id: Path[SessionId] = arg()
    template_name: Path[JwtTemplateName] = arg("Name of the JWT template")
