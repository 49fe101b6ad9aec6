"""Sessions: who is signed in, where."""

from __future__ import annotations

from typing import Final, Literal

from clerk_tools.argument import Body, JsonObject, Path, Query, arg
from clerk_tools.hits import Hit, Look, count, if_fits, inside, person, records, shown
from clerk_tools.ids import ClientId, JwtTemplateName, OrganizationId, SessionId, UserId
from clerk_tools.operation import Counted, Operation, Paged
from clerk_tools.resources import users
from clerk_tools.spec import ANOTHER_DOES_NO_HARM, Advice, Demo, Example
from clerk_tools.view import View

VIEWS = {"refreshed_session": View(("jwt",), lists=("cookies",))}

SYNONYMS: Final = {
    "sign in": "log in, login, signin, log on, logon, authenticate",
    "sign out": "log out, logout, log off, signout, sign off, logoff, logged off",
    "sign up": "signup, register, registered, registration",
}
"""What people say instead of a term; for the search."""


MOST_COUNTED: Final = 100
"""How many sessions are counted for a question; beyond, it says "100 or more"."""


async def ending(user_id: str, look: Look) -> str:
    """Return the sessions that end with whatever signs a user out, as a clause; empty where there is none."""
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
    "history, sign-ins, who is online, where is somebody logged in, on which devices, open "
    "sessions, current logins, login history, sessions of a user",
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
    words="show a session, details of a session, is a session active, when does a session expire, look "
    "at one session, until when is a session good",
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
    words="sign out, sign out everywhere, end a session, sign a device out, lost device, log out, log a "
    "user out, log a device out, kill a session, force a logout, stolen laptop, sign somebody out "
    "remotely",
    example=Example({"session_id": Demo("a session")}),
):
    """End a session: that device is signed out. For all of a user's, run_each over the active ones listed;
    to keep the user out, ban."""

    session_id: Path[SessionId] = arg()

    async def hit(self, look: Look) -> Hit:
        session = await look.at(GetSession(session_id=self.session_id), is_target=True)
        user_id = inside(session, "user_id")
        over = inside(session, "status") in _OVER
        owner = if_fits(lambda: users.GetUser(user_id=user_id))
        who = person(await look.at(owner) if isinstance(user_id, str) else None) or shown(user_id or "")
        status = shown(inside(session, "status") or "")
        found = Hit.of(f"{status} session of {who}".strip() if who else "", "signs that device out")
        return found.if_not_already(f"The session is {status} already." if over else "")


_OVER: Final = ("abandoned", "ended", "expired", "removed", "replaced", "revoked")
"""States of a session that no device is signed in by any more."""


class VerifySession(
    Operation,
    id="Sessions_verifySession",
    post="/sessions/{session_id}/verify",
    returns="session",
    effect="read",
    private=("token",),
    deprecated=True,
    until="2021-02-05",
    instead="Sessions_getDetails, or check the token with Jwks_getJsonWebKeySet",
    words="is a session valid, check a session token, verify a session, is a session token valid, does "
    "a token belong to a session",
    example=Example({"session_id": Demo("a session"), "token": Demo("an issued token")}),
):
    """Check a session against its token. Deprecated and may answer 410: verify the token with
    Jwks_getJsonWebKeySet."""

    session_id: Path[SessionId] = arg()
    token: Body[str] = arg("Needed: the JWT of the __session cookie", optional=True)


class CreateTemplateToken(
    Operation,
    id="Sessions_createSessionTokenFromTemplate",
    post="/sessions/{session_id}/tokens/{template_name}",
    returns="session_token",
    secret=("jwt",),
    mints=True,
    advice=Advice(if_executed=ANOTHER_DOES_NO_HARM),
    words="issue a JWT for a session, hasura token, custom token, JWT from a template, token with "
    "custom claims, token for another service, token with template claims, supabase token, convex "
    "token",
    example=Example({"session_id": Demo("a session"), "template_name": "greenhouse-api"}),
):
    """Issue a JWT for a session, with the claims of a JWT template. The token acts as that user."""

    session_id: Path[SessionId] = arg()
    template_name: Path[JwtTemplateName] = arg("Name of the JWT template")
    expires_in_seconds: Body[int] = arg(optional=True, ge=30, le=315_360_000, nullable=True)


class CreateSession(
    Operation,
    id="createSession",
    version="2021-02-05",
    post="/sessions",
    returns="session",
    words="create a session for testing, sign a test user in, make a session, test session, start a "
    "session, session for a test user, session from a script, log a test user in, open a session",
    example=Example({"user_id": Demo("carlos")}),
):
    """Create an active session of a user, for tests; refused on production instances. To let somebody sign
    in use SigninTokens_createToken."""

    user_id: Body[UserId] = arg()
    active_organization_id: Body[OrganizationId] = arg("The user is a member", optional=True)


class CreateSessionToken(
    Operation,
    id="CreateSessionToken",
    version="2021-02-05",
    post="/sessions/{session_id}/tokens",
    returns="session_token",
    secret=("jwt",),
    mints=True,
    advice=Advice(if_executed=ANOTHER_DOES_NO_HARM),
    words="session JWT, session token for a test, bearer token of a session, token without a template, "
    "JWT of a session, plain session token, short-lived token, token for calling our own backend, "
    "mint a session JWT",
    example=Example({"session_id": Demo("a session")}),
):
    """Issue an ordinary session JWT. The token acts as that user; with own claims use
    Sessions_createSessionTokenFromTemplate."""

    session_id: Path[SessionId] = arg()
    expires_in_seconds: Body[int] = arg("60 by default", optional=True, ge=30, le=315_360_000, nullable=True)


class RefreshSession(
    Operation,
    id="RefreshSession",
    version="2021-02-05",
    post="/sessions/{session_id}/refresh",
    returns="refreshed_session",
    secret=("jwt", "cookies"),
    private=("expired_token", "refresh_token"),
    mints=True,
    advice=Advice(if_executed=ANOTHER_DOES_NO_HARM),
    words="renew a session token, refresh token, expired session cookie, handshake, refresh a session, "
    "renew an expired token, refresh cookie, prolong a session",
    example=Example(
        {
            "session_id": Demo("a session"),
            "expired_token": Demo("an issued token"),
            "refresh_token": Demo("a refresh token"),
            "request_origin": "https://app.fernhill.example",
        }
    ),
):
    """Renew a session's token from the cookies of a request. For a token without cookies
    use CreateSessionToken."""

    session_id: Path[SessionId] = arg()
    expired_token: Body[str] = arg("The JWT of the __session cookie")
    refresh_token: Body[str] = arg("Of the __refresh cookie")
    request_origin: Body[str] = arg()
    request_headers: Body[JsonObject] = arg(optional=True, nullable=True)
    format: Body[Literal["token", "cookie"]] = arg(default="token", nullable=True)
    request_originating_ip: Body[str] = arg(optional=True, nullable=True)
