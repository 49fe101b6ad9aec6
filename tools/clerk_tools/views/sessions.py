"""Sessions, and the tokens made from them."""

from clerk_tools.views._trim import JsonObject, trim

_ACTIVITY = ("ip_address", "city", "country", "device_type")


def session(raw: JsonObject) -> JsonObject:
    """Tell whose session it is, whether it still counts, and when and where it was last used."""
    view = trim(
        raw,
        ("id", "user_id", "client_id", "status", "last_active_organization_id"),
        objects=("actor",),
        times=("created_at", "last_active_at"),
    )
    activity = raw.get("latest_activity")
    if isinstance(activity, dict) and (seen := trim(activity, _ACTIVITY)):
        view["latest_activity"] = seen
    return view


def session_token(raw: JsonObject) -> JsonObject:
    """Return a token made from a template, for the server to mask."""
    return trim(raw, ("jwt",))
