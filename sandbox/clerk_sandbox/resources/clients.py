"""Clients: the browsers and devices that sessions live on."""

from clerk_sandbox import errors
from clerk_sandbox.answers import bare_page, found
from clerk_sandbox.resources.sessions import up_to_date
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json
from clerk_sandbox.tokens import session_of


def client_json(instance: Instance, client: Json) -> Json:
    """Return a client with those of its sessions that there still are, revoked ones among them."""
    sessions = [
        up_to_date(instance, instance.sessions[session_id])
        for session_id in client["session_ids"]
        if session_id in instance.sessions
    ]
    active = [session for session in sessions if session["status"] == "active"]
    latest = max(active, key=lambda session: session["last_active_at"], default=None)
    return {
        **client,
        "session_ids": [session["id"] for session in sessions],
        "sessions": sessions,
        "last_active_session_id": latest["id"] if latest else None,
    }


@operation("Clients_listSortedByCreationDate")
def list_clients(instance: Instance, call: Call) -> list[Json] | Json:
    return bare_page(call, [client_json(instance, client) for client in instance.clients])


@operation("Clients_getDetails")
def get_client(instance: Instance, call: Call) -> Json:
    return client_json(instance, found(instance.clients, "client", call.path["client_id"]))


@operation("Clients_verifyClientToken")
def verify_client(instance: Instance, call: Call) -> Json:
    """Return the client on which the session lives that the token was issued for."""
    session = session_of(instance, call.required("token"))
    if session is None or up_to_date(instance, session)["status"] != "active":
        raise errors.authentication_invalid("The token does not belong to an active session.")
    return client_json(instance, found(instance.clients, "client", session["client_id"]))
