"""Which Clerk calls go to: the live or the test instance of a key, or the sandbox; and what it is called."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

OWN_NAME: Final = "clerk"
"""What hosts call this server."""


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


@dataclass(frozen=True, slots=True)
class Instance:
    """The Clerk instance that calls go to."""

    kind: Kind
    name: str | None = None
    """What the operator's configuration file calls it; None where the key alone says which it is."""

    @property
    def label(self) -> str:
        """What answers, questions, the trail and log lines call it: its name, or else its kind."""
        return self.name or self.kind.value

    @property
    def words(self) -> str:
        """What people and models read of it."""
        return f'"{self.name}", {self.kind.words}' if self.name else self.kind.words

    def fingerprint(self, key: str) -> str:
        """Return what confirmations and runs are bound to: the key, and the name where there is one.

        Two instances may share a key, as two sandboxes do; what is agreed to on one holds for no other.
        """
        return fingerprint(f"{self.name}\n{key}" if self.name else key)


def name_in_hosts(instance: str | None) -> str:
    """Return what a host's entry is called: with the instance's name, so that several have room."""
    return f"{OWN_NAME}-{instance}" if instance else OWN_NAME


def kind_of_key(key: str) -> Kind:
    """Judge by the prefix alone, as Clerk's own tools judge; what is not a test key counts as live."""
    return Kind.TEST if key.startswith(("sk_test_", "test_")) else Kind.LIVE


def fingerprint(key: str) -> str:
    """Return a short text that tells a Clerk key from others without giving it away."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
