"""Sealed confirmations: given out by this server, good for one call, one use and some minutes.

A seal holds what it is for in digests: the call, the caller, the key, and what the person was shown. It is
good once, which a store of used seals remembers, and only while that very store lives: one that was emptied
has forgotten what was used.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Final

from mcp.server.request_state import AESGCMRequestStateCodec, InvalidRequestState

from clerk_mcp.confirming.used import UsedInDirectory, UsedInProcess, UsedSeals, owner_only_file
from clerk_tools.operation import Operation

logger = logging.getLogger(__name__)

LIFETIME_S: Final = 300
"""How long a token, a sealed question and the wait for a live answer last."""

SKEW_S: Final = 120
"""How far apart the clocks of replicas may be: a seal from further in the future is refused."""


# ── Sealed confirmations ──


class Purpose(IntEnum):
    """What a sealed text is for: the state of a question must not pass for a token, which needs no answer."""

    TOKEN = 1
    STATE = 2
    PLAN = 3
    OPENED = 4


@dataclass(frozen=True, slots=True)
class Binding:
    """What a confirmation holds for, in digests: exactly this call, and no other."""

    operation: bytes
    arguments: bytes
    key: bytes
    caller: bytes

    @property
    def digests(self) -> tuple[bytes, bytes, bytes, bytes]:
        """All four, in the order of their fields."""
        return self.operation, self.arguments, self.key, self.caller

    @property
    def ref(self) -> str:
        """The call in one digest of 32 hexadecimal digits, under which its question is found."""
        return hashlib.blake2b(b"".join(self.digests), digest_size=16).hexdigest()

    @classmethod
    def of(cls, operation: Operation, key_fingerprint: str, caller: str) -> Binding:
        """Bind to the request that would be sent: two ways to write the same call are the same call."""
        request = operation.to_request()
        arguments = [request.spec.method, request.path, request.json, request.form, request.files]
        return cls(
            _digest(operation.spec.id, 8),
            _digest(json.dumps(arguments, sort_keys=True), 16),
            _digest(key_fingerprint, 8),
            _digest(caller, 8),
        )

    @classmethod
    def of_plan(cls, plan: str, key_fingerprint: str, caller: str) -> Binding:
        """Bind to a run of many calls, by the digest of all of them."""
        return cls(_digest("run_each", 8), _digest(plan, 16), _digest(key_fingerprint, 8), _digest(caller, 8))


def _digest(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()


def digest_of(shown: str) -> str:
    """Return what a person was shown in a digest, to tell whether it has changed."""
    return _digest(shown, 16).hex()


class SealRefused(Exception):
    """A confirmation that does not hold."""

    def __init__(self, code: str, reason: str) -> None:
        """`reason` goes on from "The confirmation"."""
        super().__init__(reason)
        self.code = code
        self.reason = reason


_OTHER: Final = {
    "operation": "is for another operation",
    "arguments": "is for other arguments",
    "key": "is for another instance, or another Clerk key",
    "caller": "was given to another caller",
}
"""What a confirmation is refused for that holds elsewhere, in the order of a `Binding`."""


@dataclass(frozen=True)
class _Sealer:
    """A key, the store of what was used of it, and the clock of both."""

    codec: AESGCMRequestStateCodec
    mark: str
    """Tells seals of another key from altered ones, so that a refusal can name the cause."""
    used: UsedSeals
    clock: Callable[[], float]

    @classmethod
    def of(cls, key: str, used: UsedSeals, clock: Callable[[], float]) -> _Sealer:
        mark = hashlib.blake2b(key.encode(), digest_size=3, person=b"seal mark").hexdigest()
        return cls(AESGCMRequestStateCodec([key]), mark, used, clock)


class Seals:
    """Gives out confirmations that only servers with the same state key can read, and takes each one once."""

    # purpose, id, when given out (Unix ms), the store's life, the four digests of a `Binding`, what was shown
    _LAYOUT = struct.Struct(">B12sQ8s8s16s8s8s16s")

    def __init__(
        self,
        state_key: str | None,
        used: UsedSeals | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """
        Args:
            state_key: without one, a key is made up that dies with this process.
            used: remembers which were used; this process alone where it is left out.
            clock: seconds. Where seals stay in this process, a clock that nobody can set; or else the time of
                day, which other processes have as well.

        Raises:
            ValueError: the state key is shorter than 32 bytes.
        """
        self._make: Callable[[], _Sealer] = lambda: _Sealer.of(
            state_key or secrets.token_urlsafe(32),
            used or UsedInProcess(),
            clock or (time.time if state_key else time.monotonic),
        )
        if state_key:
            # A key that is too short is refused at the start; one that is made up waits for its first use.
            _ = self._sealer

    @classmethod
    def of_user(cls, directory: Path, state_key: str | None = None) -> Seals:
        """Seals that all processes of one user on this machine share, though each make one call only.

        Nothing is read or made before the first is needed. Where the directory cannot be used, they hold
        within this process, and a warning says so.

        Args:
            directory: keeps the key, which is made there, and what was used; for its owner alone.
            state_key: in place of the one in the directory.
        """
        seals = cls(None)

        def make() -> _Sealer:
            try:
                own = directory.expanduser()
                key = state_key or owner_only_file(own / "state-key", lambda: secrets.token_hex(32))
                used = UsedInDirectory(own / "confirmations")
                used.check()
            except (OSError, RuntimeError) as problem:
                logger.warning("a confirmation holds within this process only: %s", problem)
                return _Sealer.of(secrets.token_urlsafe(32), UsedInProcess(), time.monotonic)
            return _Sealer.of(key, used, time.time)

        seals._make = make
        return seals

    @cached_property
    def _sealer(self) -> _Sealer:
        return self._make()

    async def mint(self, purpose: Purpose, binding: Binding, shown: str = "") -> str:
        """Return a confirmation of `binding`, good for `LIFETIME_S` seconds and one use.

        Args:
            shown: what the person reads before they agree.

        Raises:
            SealRefused: the store of used ones cannot be reached.
        """
        packed = self._LAYOUT.pack(
            purpose,
            secrets.token_bytes(12),
            int(self._sealer.clock() * 1000),
            _digest(await self._life(), 8),
            *binding.digests,
            _digest(shown, 16),
        )
        return f"{self._sealer.mark}.{self._sealer.codec.seal(packed)}"

    async def redeem(
        self,
        sealed: str,
        purpose: Purpose,
        binding: Binding,
        shown: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        """Use a confirmation up.

        Args:
            shown: finds out what a person would be shown now; asked only when all else holds. Left out where
                the answer was no, which needs no second look.

        Raises:
            SealRefused: it does not hold. What is for another call, or for another server, stays unused.
        """
        id, life, seen = self.check(sealed, purpose, binding)
        try:
            first = await self._sealer.used.use(id)
        except OSError:
            raise _unavailable() from None
        if not first:
            raise SealRefused("confirm_used", "was used already")
        # After the mark was made, so that a store which is emptied in between does not go unnoticed.
        if _digest(await self._life(), 8) != life:
            raise SealRefused(
                "confirm_forgotten", "was given out before the record of used ones was lost or begun anew"
            )
        if shown is not None and _digest(await shown(), 16) != seen:
            raise SealRefused("confirm_changed", "is for what has changed since it was shown")

    def check(self, sealed: str, purpose: Purpose, binding: Binding) -> tuple[str, bytes, bytes]:
        """Look at a confirmation without using it up: its id, its store's life, and what was shown.

        Raises:
            SealRefused: it is altered, for something else, or not good at this time.
        """
        mark, _, text = sealed.strip().partition(".")
        ours = self._sealer.mark
        if text and mark != ours and re.fullmatch(f"[0-9a-f]{{{len(ours)}}}", mark):
            raise SealRefused(
                "confirm_other_server", "was given out by another server process, or before a restart"
            )
        try:
            if mark != ours:
                raise ValueError
            minted_for, id, at, life, *digests, seen = self._LAYOUT.unpack(self._sealer.codec.unseal(text))
        except (InvalidRequestState, struct.error, ValueError):
            minted_for = None
        if minted_for != purpose:
            raise SealRefused("confirm_altered", "was altered, or is not one that this server issued")
        for (part, reason), expected, sealed_for in zip(
            _OTHER.items(), binding.digests, digests, strict=True
        ):
            if expected != sealed_for:
                raise SealRefused(f"confirm_other_{part}", reason)
        age = self._sealer.clock() - at / 1000
        if age >= LIFETIME_S:
            raise SealRefused("confirm_expired", f"has expired: it was good for {LIFETIME_S // 60} minutes")
        if age < -SKEW_S:
            raise SealRefused("confirm_clock", "comes from the future: a clock was set back, or two differ")
        return id.hex(), life, seen

    async def _life(self) -> str:
        try:
            return await self._sealer.used.life()
        except OSError:
            raise _unavailable() from None


def _unavailable() -> SealRefused:
    # Without the store nobody can tell whether it was used: what cannot be taken back must wait.
    return SealRefused("confirm_unavailable", "could not be checked against those already used")
