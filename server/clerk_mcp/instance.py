"""Which Clerk this process talks to: the live or the test instance of a key, or the sandbox."""

from __future__ import annotations

import hashlib
from enum import StrEnum


class Kind(StrEnum):
    LIVE = "live"
    TEST = "test"
    SANDBOX = "sandbox"

    @property
    def words(self) -> str:
        return {
            Kind.LIVE: "a LIVE (production) Clerk instance",
            Kind.TEST: "a test (development) Clerk instance",
            Kind.SANDBOX: "a sandbox: an imitation of Clerk with made-up data",
        }[self]


def kind_of_key(key: str) -> Kind:
    """By the prefix alone, as Clerk's own tools judge; what is not a test key counts as live."""
    return Kind.TEST if key.startswith(("sk_test_", "test_")) else Kind.LIVE


def fingerprint(key: str) -> str:
    """Return a short text that tells a Clerk key from others without giving it away."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
