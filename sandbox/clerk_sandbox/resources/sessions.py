"""Sessions: active until they are revoked, ended, replaced, removed, abandoned, or run out."""

from clerk_sandbox import errors
from clerk_sandbox.answers import bare_page, found
from clerk_sandbox.collection import INERT
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json
from clerk_sandbox.tokens import issue, session_of

DAY_MS = 24 * 3600 * 1000
STATUSES = ("abandoned", "active", "ended", "expired", "removed", "replaced", "revoked")


def up_to_date(instance: Instance, session: Json) -> Json:
    """Return the session, expired or abandoned by now if its time is over."""
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
    """Return the session whose id stands in the path.

    Raises:
        ClerkError: 404.
    """
    return up_to_date(instance, found(instance.sessions, "session", call.path["session_id"]))


def start_session(instance: Instance, user: Json, organization_id: str | None) -> Json:
    """Return an active session of a user, in a client of its own."""
    now = instance.clock()
    client: Json = {
        "object": "client",
        "id": instance.new_id("client"),
        "session_ids": [],
        "sign_in_id": None,
        "sign_up_id": None,
        "last_authentication_strategy": None,
        "created_at": now,
        "updated_at": now,
    }
    session: Json = {
        "object": "session",
        "id": instance.new_id("sess"),
        "user_id": user["id"],
        "client_id": client["id"],
        "actor": None,
        "status": "active",
        "last_active_organization_id": organization_id,
        "last_active_at": now,
        "expire_at": now + 7 * DAY_MS,
        "abandon_at": now + 30 * DAY_MS,
        "created_at": now,
        "updated_at": now,
    }
    client["session_ids"].append(session["id"])
    instance.clients.add(client)
    return instance.sessions.add(session)


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
    """Return a session that is not active any more stays what it is."""
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
    return {"object": "token", "jwt": issue(instance, session, template | lifetime_of(call))}


def lifetime_of(call: Call) -> Json:
    """Return the lifetime that a call asks for, in place of its template's."""
    seconds = call.given("expires_in_seconds")
    if seconds is None:
        return {}
    if not 30 <= seconds <= 315_360_000:
        raise errors.form_param_value_invalid("expires_in_seconds", "30 to 315360000")
    return {"lifetime": seconds}


def check_active(session: Json) -> None:
    if session["status"] != "active":
        raise errors.authentication_invalid(f"The session is {session['status']}.")


@operation("createSession")
def create_session(instance: Instance, call: Call) -> Json:
    if instance.live:
        raise errors.authorization_invalid("Production instances have no sessions made for tests.")
    user = found(instance.users, "user", call.body["user_id"])
    if user["banned"] or user["locked"]:
        raise errors.authorization_invalid("The user is banned or locked.")
    organization_id = call.given("active_organization_id")
    if organization_id and not instance.membership(organization_id, user["id"]):
        raise errors.form_resource_not_found("active_organization_id", organization_id)
    return start_session(instance, user, organization_id)


PLAIN_TOKEN: Json = {
    "id": "",
    "claims": {},
    "allowed_clock_skew": 5,
    "lifetime": 60,
    "custom_signing_key": False,
}
"""What Clerk makes a session token of where no template is named."""


def plain_token(instance: Instance, session: Json, lifetime: Json | None = None) -> str:
    claims = {"sid": session["id"]}
    return issue(instance, session, PLAIN_TOKEN | {"claims": claims} | (lifetime or {}))


@operation("CreateSessionToken")
def create_plain_token(instance: Instance, call: Call) -> Json:
    session = find_session(instance, call)
    check_active(session)
    return {"object": "token", "jwt": plain_token(instance, session, lifetime_of(call))}


def refresh_token(session: Json) -> str:
    """Return what the browser's `__refresh` cookie of a session holds; Clerk's is opaque as well."""
    return f"refresh-{session['id'].partition('_')[2]}"


@operation("RefreshSession")
def refresh_session(instance: Instance, call: Call) -> Json:
    """Refused with 401 where something does not fit, as SDKs expect it."""
    session = find_session(instance, call)
    check_active(session)
    if call.body["refresh_token"] != refresh_token(session):
        raise errors.authentication_invalid("The refresh token is not this session's.")
    # A token that has expired is what this is for, so only whose it is counts.
    if session_of(instance, call.body["expired_token"], may_be_expired=True) is not session:
        raise errors.authentication_invalid("The token was not issued for this session.")
    jwt = plain_token(instance, session)
    if call.given("format") == "cookie":
        return {"object": "cookies", "cookies": [f"__session={jwt}; Path=/; Secure; SameSite=Lax"]}
    return {"object": "token", "jwt": jwt}


INERT["RefreshSession"] = {
    "request_origin": "the sandbox has no origins to compare it with",
    "request_headers": "the sandbox sets no cookies for a host",
    "request_originating_ip": "the sandbox keeps no addresses",
}


def _newest_of(demo: Instance, email_address: str) -> Json:
    user = demo.user_by("email_address", email_address)
    return next(
        one for one in demo.sessions if user and one["user_id"] == user["id"] and one["status"] == "active"
    )


NAMED = {
    "a refresh token": lambda demo: refresh_token(_newest_of(demo, "nadia.brandt@fernhill.example")),
}
"""What examples call things of the demo."""
