"""Sessions: active until they are revoked, ended, replaced, removed, abandoned, or run out."""

from clerk_sandbox import errors
from clerk_sandbox.answers import bare_page, found
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json
from clerk_sandbox.tokens import issue, session_of

STATUSES = ("abandoned", "active", "ended", "expired", "removed", "replaced", "revoked")


def up_to_date(instance: Instance, session: Json) -> Json:
    """The session, expired or abandoned by now if its time is over."""
    now = instance.clock()
    if session["status"] == "active":
        for status, limit in (("expired", "expire_at"), ("abandoned", "abandon_at")):
            if session[limit] <= now:
                session["status"], session["updated_at"] = status, session[limit]
                break
    return session


def revoke_sessions(instance: Instance, user_id: str) -> None:
    """Revoke every active session of a user."""
    for session in instance.sessions:
        if session["user_id"] == user_id:
            revoke(instance, session)


def revoke(instance: Instance, session: Json) -> Json:
    if up_to_date(instance, session)["status"] == "active":
        session["status"] = "revoked"
        session["updated_at"] = instance.clock()
    return session


def find_session(instance: Instance, call: Call) -> Json:
    """The session whose id stands in the path.

    Raises:
        ClerkError: 404.
    """
    return up_to_date(instance, found(instance.sessions, "session", call.path["session_id"]))


@operation("Sessions_listSortedByCreationDate")
def list_sessions(instance: Instance, call: Call) -> list[Json] | Json:
    wanted = {
        "client_id": call.query.one("client_id"),
        "user_id": call.query.one("user_id"),
        "status": call.query.choice("status", STATUSES),
    }
    sessions = [
        session
        for session in instance.sessions
        if all(value in (None, up_to_date(instance, session)[name]) for name, value in wanted.items())
    ]
    return bare_page(call, sessions)


@operation("Sessions_getDetails")
def get_session(instance: Instance, call: Call) -> Json:
    return find_session(instance, call)


@operation("Sessions_revokeSession")
def revoke_session(instance: Instance, call: Call) -> Json:
    """A session that is not active any more stays what it is."""
    return revoke(instance, find_session(instance, call))


@operation("Sessions_verifySession")
def verify_session(instance: Instance, call: Call) -> Json:
    session = find_session(instance, call)
    if session_of(instance, call.required("token")) is not session:
        raise errors.authentication_invalid("The token was not issued for this session, or has expired.")
    check_active(session)
    return session


@operation("Sessions_createSessionTokenFromTemplate")
def create_session_token(instance: Instance, call: Call) -> Json:
    session = find_session(instance, call)
    check_active(session)
    name = call.path["template_name"]
    template = next((template for template in instance.jwt_templates if template["name"] == name), None)
    if template is None:
        raise errors.not_found("JWT template", name)
    return {"object": "token", "jwt": issue(instance, session, template)}


def check_active(session: Json) -> None:
    if session["status"] != "active":
        raise errors.authentication_invalid(f"The session is {session['status']}.")
