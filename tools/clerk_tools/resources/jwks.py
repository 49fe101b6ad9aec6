"""The instance's public keys."""

from __future__ import annotations

from clerk_tools.operation import Operation


class GetJsonWebKeySet(
    Operation,
    id="Jwks_getJsonWebKeySet",
    get="/jwks",
    returns="jwks",
    limit=None,
    words="public keys, JWKS, verify a token, verify a JWT",
):
    """The instance's public keys (JWKS), with which anybody verifies its session tokens."""
