"""OAuth applications: others' apps that sign in with this instance."""

from clerk_tools.views._trim import JsonObject, trim


def oauth_application(raw: JsonObject) -> JsonObject:
    """Return what an app is called, may ask for and comes back to; a new secret is for the server to mask.

    The endpoints are the same for all apps of an instance, and the discovery document lists them.
    """
    return trim(
        raw,
        ("id", "name", "client_id", "client_secret", "public", "scopes", "callback_url", "discovery_url"),
        lists=("redirect_uris",),
    )
