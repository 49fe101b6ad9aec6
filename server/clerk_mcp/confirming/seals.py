"""Sealed confirmations: minted by this server, good for one call, one use and some minutes."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final, Protocol

from mcp.server.request_state import AESGCMRequestStateCodec, InvalidRequestState

from clerk_tools.operation import Operation

if TYPE_CHECKING:
    from redis.asyncio import Redis

LIFETIME_S: Final = 300
"""How long a token, a sealed question and the wait for a live answer last."""


# ── Sealed confirmations ──


class Purpose(IntEnum):
    """What a sealed text is for: the state of a question must not pass for a token, which needs no answer."""

    TOKEN = 1
    STATE = 2
    PLAN = 3


@dataclass(frozen=True, slots=True)
class Binding:
    """What a confirmation holds for, in digests: exactly this call, and no other."""

    operation: bytes
    arguments: bytes
    key: bytes
    caller: bytes

    @classmethod
    def of(cls, operation: Operation, key_fingerprint: str, caller: str) -> Binding:
        """Of the request that would be sent: two ways to write the same call are the same call."""
        request = operation.to_request()
        arguments = [request.path, request.json, request.form, request.files]
        return cls(
            _digest(operation.spec.id, 8),
            _digest(json.dumps(arguments, sort_keys=True), 16),
            _digest(key_fingerprint, 8),
            _digest(caller, 8),
        )

    @classmethod
    def of_plan(cls, plan: str, key_fingerprint: str, caller: str) -> Binding:
        """Of a run of many calls, by the digest of all of them."""
        return cls(_digest("run_each", 8), _digest(plan, 16), _digest(key_fingerprint, 8), _digest(caller, 8))


def _digest(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()


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
    "key": "is for another Clerk key",
    "caller": "was given to another caller",
}
"""What a confirmation is refused for that holds elsewhere, in the order of a `Binding`."""


class UsedSeals(Protocol):
    """Remembers which confirmations were used, as long as they could be used again."""

    async def use(self, id: str, ttl: float) -> bool:
        """Whether this is the first use of `id`; remembered for `ttl` seconds.

        Raises:
            OSError: the store cannot be reached, so nothing is known.
        """


class UsedInProcess:
    """For a server that is one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    async def use(self, id: str, ttl: float) -> bool:
        now = self._clock()
        self._until = {known: until for known, until in self._until.items() if until > now}
        if id in self._until:
            return False
        self._until[id] = now + ttl
        return True


class UsedInRedis:
    """For replicas, which share one Redis."""

    def __init__(self, redis: Redis, prefix: str = "clerk-mcp:used:") -> None:
        self._redis = redis
        self._prefix = prefix

    async def use(self, id: str, ttl: float) -> bool:
        from redis.exceptions import RedisError

        try:
            return bool(await self._redis.set(self._prefix + id, b"", nx=True, px=int(ttl * 1000) + 1000))
        except RedisError as error:
            raise OSError(str(error)) from None


class Seals:
    """Mints confirmations that only a server with the same state key can read, and takes each one once."""

    # purpose, id, good until (Unix ms), then the four digests of a `Binding`
    _LAYOUT = struct.Struct(">B12sQ8s16s8s8s")

    def __init__(
        self, state_key: str | None, used: UsedSeals, clock: Callable[[], float] = time.time
    ) -> None:
        """Without a state key one is made up that dies with this process.

        Raises:
            ValueError: the state key is shorter than 32 bytes.
        """
        self._codec = AESGCMRequestStateCodec([state_key or secrets.token_bytes(32)])
        self._used = used
        self._clock = clock

    def mint(self, purpose: Purpose, binding: Binding) -> str:
        """A confirmation of `binding`, good for `LIFETIME_S` seconds and one use."""
        until = int((self._clock() + LIFETIME_S) * 1000)
        id = secrets.token_bytes(12)
        return self._codec.seal(
            self._LAYOUT.pack(
                purpose, id, until, binding.operation, binding.arguments, binding.key, binding.caller
            )
        )

    async def redeem(self, sealed: str, purpose: Purpose, binding: Binding) -> None:
        """Use a confirmation up.

        Raises:
            SealRefused: it is altered, for something else, expired or used; only then is it not used up.
        """
        await self._use(*self.check(sealed, purpose, binding))

    def check(self, sealed: str, purpose: Purpose, binding: Binding) -> tuple[str, float]:
        """Look at a confirmation without using it up; its id, and the seconds that it is still good for.

        Raises:
            SealRefused: it is altered, for something else, or expired.
        """
        try:
            minted_for, id, until, *digests = self._LAYOUT.unpack(self._codec.unseal(sealed.strip()))
        except (InvalidRequestState, struct.error, ValueError):
            minted_for = None
        if minted_for != purpose:
            raise SealRefused("confirm_altered", "was altered, or is not one that this server issued")
        ours = (binding.operation, binding.arguments, binding.key, binding.caller)
        for (part, reason), expected, sealed_for in zip(_OTHER.items(), ours, digests, strict=True):
            if expected != sealed_for:
                raise SealRefused(f"confirm_other_{part}", reason)
        left = until / 1000 - self._clock()
        if left <= 0:
            raise SealRefused("confirm_expired", f"has expired: it was good for {LIFETIME_S // 60} minutes")
        return id.hex(), left

    async def _use(self, id: str, left: float) -> None:
        try:
            first = await self._used.use(id, left)
        except OSError:
            # Without the store nobody can tell whether it was used: what cannot be taken back must wait.
            raise SealRefused(
                "confirm_unavailable", "could not be checked against those already used"
            ) from None
        if not first:
            raise SealRefused("confirm_used", "was used already")
