"""What Clerk answers to a deletion, whatever was deleted."""

from clerk_tools.views._trim import JsonObject, trim


def deleted(raw: JsonObject) -> JsonObject:
    """Say that it is gone, by its id (whose prefix says what it was) or slug."""
    return trim(raw, ("id", "slug", "deleted"))
