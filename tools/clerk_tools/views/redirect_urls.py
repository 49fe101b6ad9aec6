"""Redirect URLs."""

from clerk_tools.views._trim import JsonObject, trim


def redirect_url(raw: JsonObject) -> JsonObject:
    """A URL that native apps may be sent back to."""
    return trim(raw, ("id", "url"))
