"""Questions that wait for a person: one for each call, one answer, used once, not for ever, not too many."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest
from redis.asyncio import Redis

from clerk_mcp.answering import CredentialsInRedis, Kept
from clerk_mcp.confirming import Desk, Question, Questions, QuestionsInProcess, QuestionsInRedis, Verdict
from clerk_mcp.confirming.questions import MOST_OF_ONE, TooManyQuestions, new_question_id
from clerk_mcp.upstream import SealedStore
from tests.processes import RedisServer

pytestmark = pytest.mark.anyio

PRIVATE = "a password that only the call knows"
STATE_KEY = "a key of thirty-two bytes or more!"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def question(number: int, clock: Clock, caller: str = "agent") -> Question:
    return Question(
        id=new_question_id(f"{number:032x}"),
        tool="Users_deleteUserById",
        operation="Users_deleteUserById",
        arguments={"user_id": "user_1", "password": PRIVATE},
        text="Delete user?",
        instance="a sandbox",
        caller=caller,
        asked_at=clock.now,
        expires_at=clock.now + 300,
    )


def _questions(redis: Redis, clock: Clock, key: str = STATE_KEY, use: str = "questions") -> QuestionsInRedis:
    return QuestionsInRedis(SealedStore(redis, key, use), clock)


@asynccontextmanager
async def two_replicas(
    where: str, clock: Clock, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Questions, Questions]]:
    if where == "in process":
        one = QuestionsInProcess(clock)
        yield one, one
        return
    server: RedisServer = request.getfixturevalue("redis")
    async with Redis.from_url(server.url) as here, Redis.from_url(server.url) as there:
        yield _questions(here, clock), _questions(there, clock)


@pytest.mark.parametrize("where", ["in process", "redis"])
async def test_a_question_is_found_answered_and_used_once_on_any_replica(
    where: str, request: pytest.FixtureRequest
) -> None:
    clock = Clock()
    async with two_replicas(where, clock, request) as (here, there):
        asked = await here.put(question(1, clock))
        assert await there.put(question(1, clock)) == asked, "one call has one question"
        assert await there.find(asked.id) == asked
        assert await there.pending() == [asked]
        guessed = f"{asked.ref}-{'A' * 22}"
        assert await there.find(guessed) is None
        assert await there.find("") is None
        assert await there.find("x" * 100_000) is None
        assert await there.verdict(asked) is None
        assert await there.decide(asked, Verdict(True, "ada", "seen"))
        assert not await here.decide(asked, Verdict(False, "mallory"))
        assert await here.verdict(asked) == Verdict(True, "ada", "seen")
        assert await here.pending() == []
        assert await here.use(asked)
        assert not await there.use(asked)
        assert await there.about(asked.ref) is None
        assert not await there.decide(asked, Verdict(True, "ada")), "a question that is over takes no answer"


@pytest.mark.parametrize("where", ["in process", "redis"])
async def test_a_caller_has_so_many_open_questions_and_leaves_room_for_others(
    where: str, request: pytest.FixtureRequest
) -> None:
    clock = Clock()
    async with two_replicas(where, clock, request) as (here, there):
        asked = [await here.put(question(number, clock)) for number in range(MOST_OF_ONE)]
        with pytest.raises(TooManyQuestions):
            await there.put(question(MOST_OF_ONE, clock))
        await there.put(question(100, clock, "somebody else"))
        await here.decide(asked[0], Verdict(False, "ada"))
        await there.put(question(MOST_OF_ONE, clock))


async def test_a_question_expires_with_its_answer() -> None:
    clock = Clock()
    here = QuestionsInProcess(clock)
    asked = await here.put(question(1, clock))
    await here.decide(asked, Verdict(True, "ada"))
    clock.now += 300
    assert await here.about(asked.ref) is None
    assert not await here.use(asked)
    await here.put(replace(question(1, clock)))


async def test_what_is_in_redis_is_sealed_and_goes_by_itself(redis: RedisServer) -> None:
    async with Redis.from_url(redis.url) as store:
        here = _questions(store, Clock())
        asked = await here.put(replace(question(1, Clock()), expires_at=Clock().now * 2))
        await here.decide(asked, Verdict(True, "ada"))
        for key in await store.keys("clerk-mcp:question:*"):
            value = str(await store.get(key))
            assert PRIVATE not in value
            assert "ada" not in value
            assert await store.pttl(key) > 0


async def test_named_instances_keep_their_questions_and_credentials_apart_in_one_redis(
    redis: RedisServer,
) -> None:
    async with Redis.from_url(redis.url) as store:
        stores = [SealedStore(store, STATE_KEY, "any", instance=name) for name in ("dev", "prod")]
        dev, prod = map(QuestionsInRedis, stores)
        asked = await dev.put(replace(question(1, Clock()), expires_at=Clock().now * 2))
        assert await prod.find(asked.id) is None
        assert await prod.pending() == []
        assert not await prod.decide(asked, Verdict(True, "ada"))
        assert await dev.find(asked.id) == asked
        here, there = map(CredentialsInRedis, stores)
        kept = Kept(operation="createApiKey", caller="agent", values={"secret": "a real secret"})
        await here.keep(kept)
        assert await there.look(kept.id) is None
        assert await there.take(kept.id) is None
        assert await here.take(kept.id) == kept


async def test_what_another_state_key_sealed_or_another_use_is_an_error(redis: RedisServer) -> None:
    async with Redis.from_url(redis.url) as store:
        clock = Clock()
        asked = await _questions(store, clock).put(question(1, clock))
        for key, use in ((STATE_KEY[::-1], "questions"), (STATE_KEY, "runs")):
            with pytest.raises(OSError, match="another state key"):
                await _questions(store, clock, key, use).about(asked.ref)


async def test_a_redis_that_is_away_is_an_error_and_no_yes() -> None:
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    async with Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0)) as store:
        here = _questions(store, Clock())
        for ask in (here.put(question(1, Clock())), here.about("0" * 32), here.pending()):
            with pytest.raises(OSError, match="Redis"):
                await ask


async def test_a_call_that_waits_for_a_person_is_let_go_when_the_server_ends() -> None:
    clock = Clock()
    desk = Desk(QuestionsInProcess(clock), wait_s=600)
    asked = await desk.questions.put(question(1, clock))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.wait, asked)
        desk.is_ending = True
    assert await desk.questions.verdict(asked) is None
