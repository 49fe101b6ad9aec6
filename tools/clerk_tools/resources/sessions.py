"""Sessions: who is signed in, where."""

from __future__ import annotations

from typing import Final, Literal

from clerk_tools.argument import Body, Id, Path, Query, arg
from clerk_tools.operation import Operation, Paged

SYNONYMS: Final = {
    "sign in": "log in, login, signin",
    "sign out": "log out, logout, log off, signout",
    "sign up": "signup, register, registered, registration",
}
"""What people say instead of a term; for the search."""


class ListSessions(
    Paged,
    id="Sessions_listSortedByCreationDate",
    get="/sessions",
    lists="session",
    words="who is signed in, where is a user signed in, signed in devices, active sessions, sign-in "
    "history, sign-ins",
):
    """Sessions, newest first. Give a user or a client; add status `active` for who is signed in now."""

    client_id: Query[Id] = arg(optional=True)
    user_id: Query[Id] = arg(optional=True)
    status: Query[Literal["abandoned", "active", "ended", "expired", "removed", "replaced", "revoked"]] = arg(
        optional=True
    )


class GetSession(
    Operation,
    id="Sessions_getDetails",
    get="/sessions/{session_id}",
    returns="session",
):
    """One session."""

    session_id: Path[Id] = arg()


class RevokeSession(
    Operation,
    id="Sessions_revokeSession",
    post="/sessions/{session_id}/revoke",
    returns="session",
    effect="destroy",
    words="sign out, sign out everywhere, end a session, sign a device out, lost device",
):
    """End a session: that device is signed out. For all of a user's sessions, list them and revoke each;
    to keep the user out, ban."""

    session_id: Path[Id] = arg()


class VerifySession(
    Operation,
    id="Sessions_verifySession",
    post="/sessions/{session_id}/verify",
    returns="session",
    effect="read",
    private=("token",),
    deprecated=True,
    words="is a session valid, check a session token",
):
    """Check a session against its token. Deprecated and may answer 410: verify the token with the JWKS
    instead."""

    session_id: Path[Id] = arg()
    token: Body[str] = arg("The JWT of the __session cookie", optional=True)


class CreateSessionToken(
    Operation,
    id="Sessions_createSessionTokenFromTemplate",
    post="/sessions/{session_id}/tokens/{template_name}",
    returns="session_token",
    secret=("jwt",),
    words="issue a JWT for a session, hasura token, custom token",
):
    """Issue a JWT for a session, with the claims of a JWT template. The token acts as that user."""

    session_id: Path[Id] = arg()
    template_name: Path[Id] = arg("Name of the JWT template")
