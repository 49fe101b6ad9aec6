"""Sign-in tokens."""

from clerk_tools.views._trim import JsonObject, trim


def sign_in_token(raw: JsonObject) -> JsonObject:
    """Whom a token signs in and whether it still can; the token and its link are for the server to mask."""
    return trim(raw, ("id", "user_id", "status", "token", "url"), times=("created_at",))
