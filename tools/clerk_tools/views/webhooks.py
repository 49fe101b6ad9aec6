"""Webhooks."""

from clerk_tools.views._trim import JsonObject, trim


def svix_url(raw: JsonObject) -> JsonObject:
    """Return the link that signs in to the Svix dashboard, for the server to mask."""
    return trim(raw, ("svix_url",))
