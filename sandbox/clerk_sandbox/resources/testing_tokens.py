"""Testing tokens, which last for a short time."""

from __future__ import annotations

from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

LIFETIME_MS = 60_000


@operation("CreateTestingToken")
def create_testing_token(instance: Instance, call: Call) -> Json:
    return {
        "object": "testing_token",
        "token": f"testing_{instance.new_secret(32)}",
        "expires_at": instance.clock() + LIFETIME_MS,
    }
