"""The instance's public keys."""

from __future__ import annotations

from clerk_tools.operation import Operation
from clerk_tools.spec import Example


class GetJsonWebKeySet(
    Operation,
    id="Jwks_getJsonWebKeySet",
    get="/jwks",
    returns="jwks",
    limit=None,
    words="public keys, JWKS, verify a token, verify a JWT, signing keys, keys for verifying tokens, "
    "public key of the instance, check tokens offline, verify session tokens ourselves",
    example=Example(),
):
    """The instance's public keys (JWKS), with which anybody verifies its session tokens."""
