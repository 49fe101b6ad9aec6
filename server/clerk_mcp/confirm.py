"""Before something is destroyed: whether to ask, whom, and what counts as a yes.

A client that can ask its user is asked through MCP elicitation: inside the result on 2026-07-28, where the
client calls again with the answer and a sealed state, or as a live request on a handshake-era session that
has a way back. Any other client gets a preview with a token; calling again with the token runs the call.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.request_state import AESGCMRequestStateCodec, InvalidRequestState
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from clerk_mcp import answers
from clerk_mcp.answers import Answer
from clerk_mcp.hints import hint
from clerk_mcp.instance import Kind
from clerk_mcp.questions import Hit, Read, TargetMissing, find_hit
from clerk_tools.operation import Effect, Operation

if TYPE_CHECKING:
    from redis.asyncio import Redis

Mode = Literal["live", "always", "never"]

_BY_USER: Final = "user via elicitation"

LIFETIME_S: Final = 300
"""How long a token, a sealed question and the wait for a live answer last."""

FORM: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"confirm": {"type": "boolean", "title": "Yes, do it", "default": False}},
    "required": ["confirm"],
}
"""What the user fills in: one box to tick. Sending the form with the box left empty is a no."""

_INPUT: Final = "confirm"
"""The key of our question in an `InputRequiredResult`."""


class Answered(StrEnum):
    """What the user made of the question."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class Asking(StrEnum):
    """How the user behind a client can be asked."""

    NONE = "none"
    LIVE = "live"
    IN_RESULT = "in_result"


class CannotAsk(Exception):
    """The client said that it can ask its user, and then could not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The way to the user behind one call, and what they have said so far."""

    way: Asking = Asking.NONE
    elicit: Callable[[str], Awaitable[Answered]] | None = None
    """Puts a question to the user; may raise `CannotAsk`. Given where `way` is LIVE."""
    state: str | None = None
    """The sealed question that the client sends back, where `way` is IN_RESULT."""
    answered: Answered | None = None
    """The answer that came with `state`."""


@dataclass(frozen=True, slots=True)
class Go:
    """The call may be made."""

    agreed: str
    """Who or what agreed, for the audit trail."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The call is not made; nothing was sent to Clerk."""

    answer: Answer
    outcome: Literal["previewed", "declined", "cancelled", "refused"]
    reason: str
    """Who or what stopped it, for the audit trail."""


@dataclass(frozen=True, slots=True)
class AskInResult:
    """The client has to ask its user and call again."""

    question: str
    state: str


Decision = Go | Stop | AskInResult


def needs_confirmation(operation: Operation, mode: Mode, kind: Kind) -> bool:
    """Whether this very call, its arguments considered, must be agreed to first."""
    if operation.actual_effect() is not Effect.DESTROY:
        return False
    return mode == "always" or (mode == "live" and kind is Kind.LIVE)


def fingerprint(key: str) -> str:
    """A short text that tells a Clerk key from others without giving it away."""
    return _digest(key, 8).hex()


class Confirmer:
    """Decides about destructive calls on one instance."""

    def __init__(self, mode: Mode, kind: Kind, key_fingerprint: str, seals: Seals) -> None:
        """`key_fingerprint` is `fingerprint` of the instance's key."""
        self._mode = mode
        self._kind = kind
        self._fingerprint = key_fingerprint
        self._seals = seals

    async def decide(
        self, operation: Operation, caller: str, token: str | None, asker: Asker, read: Read
    ) -> Decision:
        """Whether the call may be made now.

        Args:
            caller: the name that the call is made under; a token or an answer holds for no other.
            token: the call's `confirm` argument.
            read: sends the reads that the question needs, at most two.
        """
        if not needs_confirmation(operation, self._mode, self._kind):
            return Go(self._why_not_needed(operation))
        binding = Binding.of(operation, self._fingerprint, caller)
        try:
            if token is not None:
                await self._seals.redeem(token, Purpose.TOKEN, binding)
                return Go("token")
            if asker.state is not None and asker.answered is not None:
                await self._seals.redeem(asker.state, Purpose.STATE, binding)
                return _decided(operation, asker.answered)
        except SealRefused as refused:
            return Stop(_refusal(operation, refused), "refused", refused.code)
        return await self._ask(operation, binding, asker, read)

    def _why_not_needed(self, operation: Operation) -> str:
        if operation.actual_effect() is not Effect.DESTROY:
            return "not required"
        return "operator: confirm=never" if self._mode == "never" else "operator: confirm=live, no live key"

    async def _ask(self, operation: Operation, binding: Binding, asker: Asker, read: Read) -> Decision:
        try:
            hit = await find_hit(operation, read)
        except TargetMissing as missing:
            return Stop(_missing(operation, missing), "refused", "target missing")
        question = question_text(operation, hit, self._kind)
        if asker.way is Asking.IN_RESULT:
            return AskInResult(question, self._seals.mint(Purpose.STATE, binding))
        if asker.way is Asking.LIVE and asker.elicit is not None:
            try:
                return _decided(operation, await asker.elicit(question))
            except CannotAsk:
                pass
        token = self._seals.mint(Purpose.TOKEN, binding)
        return Stop(_preview(operation, hit, self._kind, token), "previewed", "no token")


def question_text(operation: Operation, hit: Hit, kind: Kind) -> str:
    """The question as a person reads it."""
    lines = [f"{_deed(operation)} on {kind.words}?", "", f"Target: {hit.target}"]
    if hit.also:
        lines.append(f"Also: {'; '.join(hit.also)}")
    if not hit.complete:
        lines.append(_UNREAD)
    return "\n".join([*lines, "", f"This cannot be taken back. Tool: {operation.spec.id}"])


_UNREAD: Final = "Some details could not be read from Clerk."


def _deed(operation: Operation) -> str:
    return operation.spec.title if operation.spec.effect is Effect.DESTROY else "Delete the username"


def _preview(operation: Operation, hit: Hit, kind: Kind, token: str) -> Answer:
    preview = {
        "instance": kind.value,
        "operation": operation.spec.id,
        "does": _deed(operation),
        "target": hit.target,
        **({"also": list(hit.also)} if hit.also else {}),
        **({} if hit.complete else {"note": _UNREAD}),
    }
    return answers.answer(
        {
            "preview": preview,
            "confirm": token,
            "expires_in_seconds": LIFETIME_S,
            "message": "Nothing was done yet, and this cannot be taken back. Show the preview to the user."
            f" Only if they agree, call {operation.spec.id} again, with the same arguments and `confirm`.",
        }
    )


def _decided(operation: Operation, answered: Answered) -> Go | Stop:
    if answered is Answered.ACCEPTED:
        return Go(_BY_USER)
    declined = answered is Answered.DECLINED
    message = "The user declined." if declined else "The question was closed without an answer."
    stopped = answers.error(
        answered.value,
        f"{message} {operation.spec.id} was not called; nothing was sent to Clerk.",
        hint="Do not try again by other means; ask the user what they want instead.",
    )
    return Stop(stopped, "declined" if declined else "cancelled", _BY_USER)


def _missing(operation: Operation, missing: TargetMissing) -> Answer:
    return answers.error(
        "resource_not_found",
        "The target does not exist, so the call was not made.",
        hint=hint("resource_not_found", operation.spec),
        status=missing.reply.status,
        trace_id=missing.reply.trace_id,
    )


def _refusal(operation: Operation, refused: SealRefused) -> Answer:
    return answers.error(
        refused.code,
        f"The confirmation {refused.reason}; nothing was sent to Clerk.",
        hint=f"Call {operation.spec.id} without `confirm` to be asked anew.",
    )


# ── Sealed confirmations ──


class Purpose(IntEnum):
    """What a sealed text is for: the state of a question must not pass for a token, which needs no answer."""

    TOKEN = 1
    STATE = 2


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
        await self._use(id.hex(), left)

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


# ── The MCP side ──


def how_to_ask(context: ServerRequestContext[Any, Any]) -> Asking:
    """By what the client declared and the channel it opened.

    A bare `elicitation: {}`, the only shape before 2025-11-25, means forms. On 2026-07-28 the protocol
    forbids requests by the server; before, a stateless or JSON-only HTTP request has no way back.
    """
    capabilities = context.session.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return Asking.NONE
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        return Asking.IN_RESULT
    return Asking.LIVE if context.session.can_send_request else Asking.NONE


def asker_of(context: ServerRequestContext[Any, Any], params: types.CallToolRequestParams) -> Asker:
    """The way to the user behind one `tools/call`."""
    way = how_to_ask(context)
    if way is Asking.IN_RESULT:
        response = (params.input_responses or {}).get(_INPUT)
        answered = _answered(response) if isinstance(response, types.ElicitResult) else None
        return Asker(way=way, state=params.request_state, answered=answered)
    return Asker(way=way, elicit=lambda question: _elicit(context, question))


def in_result(ask: AskInResult) -> types.InputRequiredResult:
    """The question as the answer to `tools/call` on 2026-07-28."""
    request = types.ElicitRequest(
        params=types.ElicitRequestFormParams(message=ask.question, requested_schema=FORM)
    )
    return types.InputRequiredResult(input_requests={_INPUT: request}, request_state=ask.state)


async def _elicit(context: ServerRequestContext[Any, Any], question: str) -> Answered:
    # Nobody at the screen must not hold a call for ever.
    with anyio.move_on_after(LIFETIME_S):
        try:
            return _answered(await context.session.elicit_form(question, FORM, context.request_id))
        except (MCPError, ValidationError) as error:
            raise CannotAsk(str(error)) from None
    return Answered.CANCELLED


def _answered(result: types.ElicitResult) -> Answered:
    if result.action == "cancel":
        return Answered.CANCELLED
    ticked = result.action == "accept" and (result.content or {}).get("confirm") is True
    return Answered.ACCEPTED if ticked else Answered.DECLINED
