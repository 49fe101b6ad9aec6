"""Questions that a person answers in a browser: kept until they are answered, used or too old.

A question belongs to one call: the same call made again finds it, and with it the answer. Each answer counts
once, and the first one counts. Arguments may hold what is private: in Redis everything is sealed.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Final, Protocol

from clerk_mcp.confirming.seals import LIFETIME_S
from clerk_mcp.upstream import SealedStore, redis_errors, redis_text
from clerk_tools.argument import JsonObject

MOST_OF_ONE: Final = 20
"""Open questions of one caller."""
MOST: Final = 500
"""Open questions of all callers."""
LARGEST: Final = 200_000
"""Bytes of JSON of what a call is made with, so that open questions fill no memory."""

_ID: Final = re.compile(r"[0-9a-f]{32}-[\w-]{22}", re.ASCII)


class TooManyQuestions(Exception):
    """A caller has as many open questions as one may have, or all have together."""


class TooLarge(Exception):
    """A call whose arguments are more than a page shows."""


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

    def __init__(self, store: SealedStore, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._redis = store.redis
        self._index = store.key("questions")
        self._clock = clock

    async def put(self, question: Question) -> Question:
        now = self._clock()
        with redis_errors():
            await self._redis.zremrangebyscore(self._index, 0, now)
            known = await self.about(question.ref)
            if known:
                return known
            open_now = await self.pending()
            of_caller = sum(one.caller == question.caller for one in open_now)
            if of_caller >= MOST_OF_ONE or await self._redis.zcard(self._index) >= MOST:
                raise TooManyQuestions
            left = question.expires_at - now
            if not await self._store.keep(_name(question.ref), asdict(question), left, once=True):
                return await self.about(question.ref) or question
            await self._redis.zadd(self._index, {question.ref: question.expires_at})
        return question

    async def about(self, ref: str) -> Question | None:
        return _question(await self._store.read(_name(ref)))

    async def find(self, id: str) -> Question | None:
        return _with_id(await self.about(id[:32]), id) if _ID.fullmatch(id) else None

    async def decide(self, question: Question, verdict: Verdict) -> bool:
        left = question.expires_at - self._clock()
        if await self.about(question.ref) != question:
            return False
        return await self._store.keep(_answer_name(question), asdict(verdict), left, once=True)

    async def verdict(self, question: Question) -> Verdict | None:
        value = await self._store.read(_answer_name(question))
        return Verdict(**value) if value else None

    async def use(self, question: Question) -> bool:
        first = await self._store.delete(_answer_name(question))
        if first:
            await self._store.delete(_name(question.ref))
            with redis_errors():
                await self._redis.zrem(self._index, question.ref)
        return first

    async def pending(self) -> list[Question]:
        with redis_errors():
            refs = await self._redis.zrangebyscore(self._index, self._clock(), "+inf")
        read = await self._store.read_all(_name(redis_text(ref)) for ref in refs)
        found = [question for value in read if (question := _question(value))]
        answers = await self._store.read_all(map(_answer_name, found))
        return [one for one, answer in zip(found, answers, strict=True) if answer is None]


def _name(ref: str) -> str:
    return f"question:{ref}"


def _answer_name(question: Question) -> str:
    return f"question:{question.id}:answer"


def _question(value: JsonObject | None) -> Question | None:
    return Question(**{**value, "items": tuple(value["items"])}) if value else None


def _with_id(question: Question | None, id: str) -> Question | None:
    same = question is not None and hmac.compare_digest(question.id.encode(), id.encode("utf-8", "replace"))
    return question if same else None
