"""Clients: the browsers and devices that sessions live on."""

from clerk_tools.views._trim import JsonObject, is_plain, trim, views_in
from clerk_tools.views.sessions import session

_OF_THE_SESSION_ALONE = ("last_active_organization_id", "created_at")


def client(raw: JsonObject) -> JsonObject:
    """Return a device and its sessions; ids of sessions that come without their object follow in
    `session_ids`.

    Of a session it shows whose it is and whether it still counts; the rest is in the session's own view.
    """
    view = trim(raw, ("id", "last_active_session_id", "sign_in_id", "sign_up_id"))
    view |= views_in(raw, "sessions", lambda entry: _session_of(entry, view.get("id")))
    shown = [entry.get("id") for entry in view.get("sessions", ())]
    ids = raw.get("session_ids")
    if isinstance(ids, list) and (others := [i for i in ids if is_plain(i) and i not in shown]):
        view["session_ids"] = others
    if "last_active_session_id" in view and shown == [view["last_active_session_id"]]:
        del view["last_active_session_id"]
    return view


def _session_of(raw: JsonObject, client_id: object) -> JsonObject:
    view = session(raw)
    if view.get("client_id") == client_id:
        view.pop("client_id", None)
    return {name: value for name, value in view.items() if name not in _OF_THE_SESSION_ALONE}
