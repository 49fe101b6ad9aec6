"""Questions that a person answers in a browser: kept until they are answered, used or too old.

A question belongs to one call: the same call made again finds it, and with it the answer. Each answer counts
once, and the first one counts. Arguments may hold what is private: in Redis everything is sealed.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from clerk_mcp.confirming.seals import LIFETIME_S
from clerk_tools.argument import JsonObject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis.asyncio import Redis

MOST_OF_ONE: Final = 20
"""Open questions of one caller."""
MOST: Final = 500
"""Open questions of all callers."""
LARGEST: Final = 200_000
"""Bytes of JSON of what a call is made with, so that open questions fill no memory."""

_ID: Final = re.compile(r"[0-9a-f]{32}-[\w-]{22}", re.ASCII)


class TooManyQuestions(Exception):
    """A caller has as many open questions as one may have, or all have together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person is asked about one call, or about one run of many."""

    id: str
    """Names the call that it is about and cannot be guessed, not even by whoever made that call."""
    tool: str
    """What is called: an operation, or `run_each`."""
    operation: str
    """What runs then."""
    arguments: JsonObject
    """As they were given; of a run, those of its first call."""
    items: tuple[str, ...] = ()
    """The names of what a run is about; empty for a single call."""
    target: str = ""
    text: str
    """The question as it was put at first."""
    instance: str
    """What it would happen to, in words."""
    caller: str
    seen: str = ""
    """A digest of what a person would have been shown when it was asked."""
    to_type: str = ""
    """What has to be typed to agree; empty where a click will do."""
    asked_at: float = field(default_factory=time.time)
    expires_at: float = field(default_factory=lambda: time.time() + LIFETIME_S)

    @property
    def ref(self) -> str:
        """The call that it is about, in a digest."""
        return self.id[:32]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person made of a question."""

    yes: bool
    by: str
    """Who, for the audit trail."""
    seen: str = ""
    """A digest of what they were shown when they agreed."""


def new_question_id(ref: str) -> str:
    """Make the id of a question about the call that `ref`, 32 hexadecimal digits, stands for."""
    return f"{ref}-{secrets.token_urlsafe(16)}"


class Questions(Protocol):
    """Keeps questions. Every method may raise `OSError` where the store is out of reach."""

    async def put(self, question: Question) -> Question:
        """Keep a question; where the call has one already, return that.

        Raises:
            TooManyQuestions: its caller, or all together, have too many.
        """

    async def about(self, ref: str) -> Question | None:
        """Return the question about a call."""

    async def find(self, id: str) -> Question | None:
        """Return the question of this id, answered or not."""

    async def decide(self, question: Question, verdict: Verdict) -> bool:
        """Note an answer; False where there was one before."""

    async def verdict(self, question: Question) -> Verdict | None:
        """Return the answer, where there is one."""

    async def use(self, question: Question) -> bool:
        """Forget a question whose answer is acted on now; False where somebody else did so first."""

    async def pending(self) -> list[Question]:
        """List what nobody has answered yet, the oldest first."""


class QuestionsInProcess:
    """For a server that is one process."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._open: dict[str, Question] = {}
        self._verdicts: dict[str, Verdict] = {}

    async def put(self, question: Question) -> Question:
        self._sweep()
        if known := self._open.get(question.ref):
            return known
        undecided = [one for one in self._open.values() if one.id not in self._verdicts]
        of_caller = sum(one.caller == question.caller for one in undecided)
        if of_caller >= MOST_OF_ONE or len(self._open) >= MOST:
            raise TooManyQuestions
        self._open[question.ref] = question
        return question

    async def about(self, ref: str) -> Question | None:
        self._sweep()
        return self._open.get(ref)

    async def find(self, id: str) -> Question | None:
        return _with_id(await self.about(id[:32]), id)

    async def decide(self, question: Question, verdict: Verdict) -> bool:
        self._sweep()
        if self._open.get(question.ref) != question or question.id in self._verdicts:
            return False
        self._verdicts[question.id] = verdict
        return True

    async def verdict(self, question: Question) -> Verdict | None:
        self._sweep()
        return self._verdicts.get(question.id)

    async def use(self, question: Question) -> bool:
        self._sweep()
        if self._open.get(question.ref) != question:
            return False
        del self._open[question.ref]
        self._verdicts.pop(question.id, None)
        return True

    async def pending(self) -> list[Question]:
        self._sweep()
        return [question for question in self._open.values() if question.id not in self._verdicts]

    def _sweep(self) -> None:
        now = self._clock()
        for question in [one for one in self._open.values() if one.expires_at <= now]:
            del self._open[question.ref]
            self._verdicts.pop(question.id, None)


class QuestionsInRedis:
    """For replicas, which share one Redis and one state key."""

    def __init__(
        self,
        redis: Redis,
        seal: Callable[[bytes], str],
        unseal: Callable[[str], bytes],
        clock: Callable[[], float] = time.time,
        instance: str | None = None,
    ) -> None:
        """
        Args:
            seal, unseal: with the state key; `unseal` raises ValueError for what another key sealed.
            instance: the name of the instance, whose are kept apart from those of others.
        """
        self._prefix = f"clerk-mcp:{instance}:" if instance else "clerk-mcp:"
        self._index = f"{self._prefix}questions"
        self._redis = redis
        self._seal = seal
        self._unseal = unseal
        self._clock = clock

    async def put(self, question: Question) -> Question:
        now = self._clock()
        left = _milliseconds(question, now)
        index = self._index
        with _as_os_errors():
            await self._redis.zremrangebyscore(index, 0, now)
            known = await self.about(question.ref)
            if known:
                return known
            open_now = await self.pending()
            of_caller = sum(one.caller == question.caller for one in open_now)
            if of_caller >= MOST_OF_ONE or await self._redis.zcard(index) >= MOST:
                raise TooManyQuestions
            sealed = self._seal(json.dumps(asdict(question)).encode())
            first = await self._redis.set(self._key(question.ref), sealed, nx=True, px=left)
            if not first:
                return await self.about(question.ref) or question
            await self._redis.zadd(index, {question.ref: question.expires_at})
        return question

    async def about(self, ref: str) -> Question | None:
        with _as_os_errors():
            return self._opened(await self._redis.get(self._key(ref)))

    async def find(self, id: str) -> Question | None:
        return _with_id(await self.about(id[:32]), id) if _ID.fullmatch(id) else None

    async def decide(self, question: Question, verdict: Verdict) -> bool:
        left = _milliseconds(question, self._clock())
        if await self.about(question.ref) != question:
            return False
        sealed = self._seal(json.dumps(asdict(verdict)).encode())
        with _as_os_errors():
            return bool(await self._redis.set(self._answer_key(question), sealed, nx=True, px=left))

    async def verdict(self, question: Question) -> Verdict | None:
        with _as_os_errors():
            sealed = await self._redis.get(self._answer_key(question))
        return None if sealed is None else Verdict(**self._read(sealed))

    async def use(self, question: Question) -> bool:
        with _as_os_errors():
            # Of several replicas Redis tells one alone that there was something to delete.
            first = bool(await self._redis.delete(self._answer_key(question)))
            if first:
                await self._redis.delete(self._key(question.ref))
                await self._redis.zrem(self._index, question.ref)
        return first

    async def pending(self) -> list[Question]:
        with _as_os_errors():
            refs = await self._redis.zrangebyscore(self._index, self._clock(), "+inf")
            if not refs:
                return []
            sealed = await self._redis.mget([self._key(_text(ref)) for ref in refs])
            found = [question for one in sealed if (question := self._opened(one))]
            answers = await self._redis.mget([self._answer_key(one) for one in found]) if found else []
        return [one for one, answer in zip(found, answers, strict=True) if answer is None]

    def _key(self, ref: str) -> str:
        return f"{self._prefix}question:{ref}"

    def _answer_key(self, question: Question) -> str:
        return f"{self._prefix}question:{question.id}:answer"

    def _opened(self, sealed: Any) -> Question | None:
        if sealed is None:
            return None
        value = self._read(sealed)
        return Question(**{**value, "items": tuple(value["items"])})

    def _read(self, sealed: Any) -> JsonObject:
        try:
            value: JsonObject = json.loads(self._unseal(_text(sealed)))
        except ValueError:
            raise OSError(0, "it was sealed with another state key; give every replica the same") from None
        return value


def _milliseconds(question: Question, now: float) -> int:
    return max(int((question.expires_at - now) * 1000), 1)


def _with_id(question: Question | None, id: str) -> Question | None:
    same = question is not None and hmac.compare_digest(question.id.encode(), id.encode("utf-8", "replace"))
    return question if same else None


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@contextmanager
def _as_os_errors() -> Iterator[None]:
    from redis.exceptions import RedisError

    try:
        yield
    except RedisError as error:
        raise OSError(0, f"Redis: {type(error).__name__}") from None
