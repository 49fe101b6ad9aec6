"""Actor tokens."""

from clerk_tools.views._trim import JsonObject, trim


def actor_token(raw: JsonObject) -> JsonObject:
    """Tell who may act as whom; the token and its link are for the server to mask."""
    return trim(raw, ("id", "user_id", "status", "token", "url"), objects=("actor",), times=("created_at",))
