"""The keys that the instance's tokens are checked with."""

from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json
from clerk_sandbox.tokens import public_jwk


@operation("Jwks_getJsonWebKeySet")
def get_jwks(instance: Instance, call: Call) -> Json:
    return {"keys": [public_jwk(instance)]}
