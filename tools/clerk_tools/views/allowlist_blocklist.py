"""Entries of the allowlist and the blocklist."""

from clerk_tools.views._trim import JsonObject, trim


def identifier(raw: JsonObject) -> JsonObject:
    """Return an address, number, wallet or `*@domain`, whose type can be read off it."""
    return trim(raw, ("id", "identifier", "invitation_id"))
