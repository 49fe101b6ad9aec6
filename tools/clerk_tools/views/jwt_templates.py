"""JWT templates."""

from clerk_tools.views._trim import JsonObject, trim


def jwt_template(raw: JsonObject) -> JsonObject:
    """The claims that tokens made from a template carry, and how they are signed."""
    return trim(
        raw,
        ("id", "name", "lifetime", "allowed_clock_skew", "signing_algorithm"),
        flags=("custom_signing_key",),
        objects=("claims",),
        times=("created_at",),
    )
