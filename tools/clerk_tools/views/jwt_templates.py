"""JWT templates."""

from clerk_tools.views._trim import JsonObject, trim

_CLERKS_KEY = ("id", "name", "lifetime")
_OWN_KEY = (*_CLERKS_KEY, "signing_algorithm")


def jwt_template(raw: JsonObject) -> JsonObject:
    """Return the claims that tokens made from a template carry, and how a key of one's own signs them."""
    return trim(
        raw,
        _OWN_KEY if raw.get("custom_signing_key") is True else _CLERKS_KEY,
        flags=("custom_signing_key",),
        objects=("claims",),
    )
