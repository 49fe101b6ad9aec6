"""The keys that session tokens are checked with."""

from clerk_tools.views._trim import JsonObject, trim, views_in


def jwks(raw: JsonObject) -> JsonObject:
    """Return the public part of each key: what checking a signature takes, whatever else came along."""
    return views_in(raw, "keys", _public_key)


def _public_key(raw: JsonObject) -> JsonObject:
    return trim(raw, ("kid", "use", "kty", "alg", "n", "e", "crv", "x", "y"))
