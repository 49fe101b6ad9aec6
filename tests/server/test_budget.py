"""Requests wait rather than exceed Clerk's rate limits, in one process and in several."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from asyncio.subprocess import PIPE
from functools import partial
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from clerk_mcp.upstream.budget import DEVELOPMENT, PRESENT_S, PRODUCTION, Budget, Limit, parse_rate_budget
from clerk_mcp.upstream.client import ClerkClient
from clerk_mcp.upstream.turns import Turns
from clerk_mcp.upstream.waits import Clock, Waits
from clerk_tools.operation import Request
from tests.processes import RedisServer
from tests.server.loopback import Received, answer, loopback
from tests.server.test_client import call, get_user, update_user

pytestmark = pytest.mark.anyio


class VirtualClock(Clock):
    """Time passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        await anyio.lowlevel.checkpoint()
        self.time += seconds


async def take(
    budget: Budget, clock: Clock, *requests: Request, owner: str = "ada", turns: Turns | None = None
) -> list[float]:
    """The time at which each of the requests, all made at once, may be sent."""
    times = [0.0] * len(requests)
    turns = turns or Turns(1000, 1000)

    async def one(index: int, request: Request) -> None:
        turn = turns.enter(owner)
        try:
            await budget.admit(request, turn, Waits(clock))
            times[index] = clock.now()
        finally:
            turn.leave()

    async with anyio.create_task_group() as tasks:
        for index, request in enumerate(requests):
            tasks.start_soon(one, index, request)
    return times


@pytest.mark.parametrize(
    ("text", "key", "limit"),
    [
        ("auto", "sk_test_x", DEVELOPMENT),
        ("auto", "test_x", DEVELOPMENT),
        ("auto", "sk_live_x", PRODUCTION),
        ("auto", "live_x", PRODUCTION),
        (" AUTO ", "sk_live_x", PRODUCTION),
        ("off", "sk_live_x", None),
        ("250/60", "sk_test_x", Limit(250, 60)),
    ],
)
async def test_the_setting_is_read(text: str, key: str, limit: Limit | None) -> None:
    assert parse_rate_budget(text, key) == limit


@pytest.mark.parametrize(
    "text", ["", "on", "100", "100/", "0/10", "100/0", "-1/10", "1.5/10", "100/10/1", "٣/10"]
)
async def test_a_setting_that_cannot_be_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 100/10"):
        parse_rate_budget(text)


async def test_a_burst_queues_in_order_and_no_window_holds_more_than_the_limit() -> None:
    clock = VirtualClock()
    times = await take(Budget(DEVELOPMENT, clock=clock), clock, *[get_user()] * 350)
    assert times == sorted(times)
    assert times[99] == 0.0
    assert all(later - earlier >= 10 for earlier, later in zip(times, times[100:], strict=False))
    assert times[-1] <= 3 * 10 * 1.15


async def test_the_window_of_a_slow_call_begins_with_its_answer() -> None:
    """Clerk may have counted it at any time up to then."""
    clock = VirtualClock()
    arrivals: list[float] = []

    async def slow(_: Received) -> bytes:
        arrivals.append(clock.time)
        clock.time += 5
        return answer(200, {"object": "user"})

    async with loopback(slow) as server:
        budget = Budget(Limit(1, 10), clock=clock)
        async with ClerkClient("sk_test_x", base_url=server.url, budget=budget, clock=clock) as client:
            await client.send(get_user())
            await client.send(get_user())
    assert arrivals == [0.0, 15.0]


async def test_the_keys_of_tokens_are_not_counted() -> None:
    clock = VirtualClock()
    times = await take(Budget(Limit(1, 10), clock=clock), clock, *[call("Jwks_getJsonWebKeySet")] * 5)
    assert times == [0.0] * 5


async def test_changes_of_one_object_are_held_to_ten_in_ten_seconds_its_metadata_included() -> None:
    metadata = call("Users_mergeUserMetadataAttributes", user_id="user_1", public_metadata={})
    clock = VirtualClock()
    times = await take(Budget(PRODUCTION, clock=clock), clock, *[update_user(), metadata] * 10)
    assert times[9] == 0.0
    assert times[10] >= 10


@pytest.mark.parametrize(
    ("limited", "request_"),
    [
        (True, call("Organizations_updateOrganization", organization_id="org_1", name="Acme")),
        (True, call("Organizations_mergeOrganizationMetadata", organization_id="org_1", public_metadata={})),
        (
            True,
            call(
                "OrganizationMemberships_updateMembershipProperties",
                organization_id="org_1",
                user_id="user_1",
                role="org:admin",
            ),
        ),
        (
            True,
            call(
                "OrganizationMemberships_updateMembershipMetadata",
                organization_id="org_1",
                user_id="user_1",
                public_metadata={},
            ),
        ),
        (False, get_user()),
        (False, call("EmailAddresses_updateAddress", email_address_id="idn_1", verified=True)),
        (False, call("Users_markBanned", user_id="user_1")),
    ],
    ids=lambda value: value.spec.id if isinstance(value, Request) else "",
)
async def test_only_patches_of_users_organizations_and_memberships_are_limited_by_object(
    limited: bool, request_: Request
) -> None:
    clock = VirtualClock()
    times = await take(Budget(PRODUCTION, clock=clock), clock, *[request_] * 11)
    assert (times[-1] > 0) is limited


async def test_one_busy_object_holds_up_no_other() -> None:
    other = call("Users_updateUserAttributes", user_id="user_2", first_name="Grace")
    clock = VirtualClock()
    budget = Budget(PRODUCTION, clock=clock)
    await take(budget, clock, *[update_user()] * 10)
    assert await take(budget, clock, other, update_user()) == [0.0, 10.0]


async def test_waiting_sleeps_and_does_not_spin() -> None:
    naps: list[float] = []

    class Counting(VirtualClock):
        async def sleep(self, seconds: float) -> None:
            naps.append(seconds)
            await super().sleep(seconds)

    clock = Counting()
    await take(Budget(DEVELOPMENT, clock=clock), clock, *[get_user()] * 500)
    assert len(naps) == 4


async def test_whoever_waits_for_the_budget_holds_no_turn() -> None:
    clock = Clock()
    turns = Turns(1, 1000)
    budget = Budget(Limit(1, 60), clock=clock)
    await take(budget, clock, get_user(), turns=turns)
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(partial(take, budget, clock, get_user(), turns=turns))
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(5):
            await take(budget, clock, call("Jwks_getJsonWebKeySet"), owner="bob", turns=turns)
        tasks.cancel_scope.cancel()


async def test_while_others_call_one_caller_leaves_them_a_quarter_of_the_budget() -> None:
    clock = VirtualClock()
    budget = Budget(DEVELOPMENT, clock=clock)
    assert await take(budget, clock, get_user(), owner="bob") == [0.0]
    assert (await take(budget, clock, *[get_user()] * 76))[75] == 10.0
    clock.time = 5.0
    assert await take(budget, clock, *[get_user()] * 20, owner="bob") == [5.0] * 20


async def test_alone_one_caller_has_the_whole_budget() -> None:
    clock = VirtualClock()
    budget = Budget(DEVELOPMENT, clock=clock)
    await take(budget, clock, get_user(), owner="bob")
    clock.time = PRESENT_S + 1
    assert (await take(budget, clock, *[get_user()] * 100))[99] == clock.time


async def test_those_who_wait_for_the_budget_take_turns() -> None:
    clock = Clock()
    budget = Budget(Limit(4, 1), clock=clock)
    order: list[str] = []

    async def one(owner: str) -> None:
        await take(budget, clock, get_user(), owner=owner)
        order.append(owner)

    await take(budget, clock, *[get_user()] * 4)
    async with anyio.create_task_group() as tasks:
        for owner in ["ada"] * 6 + ["bob"]:
            tasks.start_soon(one, owner)
            await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(10):
            while "bob" not in order:
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    assert order.index("bob") <= 2


async def test_whoever_gives_up_waiting_takes_no_place() -> None:
    clock = Clock()
    budget = Budget(Limit(1, 1), clock=clock)
    await take(budget, clock, get_user())
    with anyio.move_on_after(0.05):
        await take(budget, clock, get_user(), get_user())
    with anyio.fail_after(1.5):
        await take(budget, clock, get_user())


async def test_budgets_on_one_redis_are_one_budget_for_each_key(redis: RedisServer) -> None:
    clock = Clock()
    ours, theirs = (Budget(Limit(5, 60), key="sk_test_a", redis_url=redis.url) for _ in range(2))
    another = Budget(Limit(5, 60), key="sk_test_b", redis_url=redis.url)
    try:
        await take(ours, clock, *[get_user()] * 3)
        await take(theirs, clock, *[get_user()] * 2)
        await take(another, clock, *[get_user()] * 5)
        for budget in (ours, theirs):
            with anyio.move_on_after(0.1) as scope:
                await take(budget, clock, get_user())
            assert scope.cancelled_caught
    finally:
        for budget in (ours, theirs, another):
            await budget.close()


@pytest.mark.parametrize("ahead_s", [-3600.0, 3600.0])
async def test_a_replica_whose_clock_is_off_makes_nobody_wait_longer_than_the_window(
    redis: RedisServer, ahead_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time
    limit = Limit(5, 10)
    off, right = (Budget(limit, key="sk_test_a", redis_url=redis.url, clock=VirtualClock()) for _ in "ab")
    try:
        monkeypatch.setattr(time, "time", lambda: now() + ahead_s)
        await take(off, off._clock, *[get_user()] * 5)
        monkeypatch.setattr(time, "time", now)
        times = await take(right, right._clock, *[get_user()] * 5)
        monkeypatch.setattr(time, "time", lambda: now() + ahead_s)
        times += await take(off, off._clock, *[get_user()] * 5)
    finally:
        for budget in (off, right):
            await budget.close()
    # Each wait of up to a window and a second is that of the first in line; five are in it. One more is
    # for what Redis itself takes; a clock that is believed would be an hour.
    assert max(times) <= 6 * 11


async def test_the_key_itself_never_reaches_redis(redis: RedisServer) -> None:
    budget = Budget(DEVELOPMENT, key="sk_test_secret", redis_url=redis.url)
    await take(budget, Clock(), get_user())
    await budget.close()
    keys = redis.ask("KEYS", "*")
    assert keys.startswith("clerk-mcp:")
    assert "sk_test" not in keys


async def test_without_redis_each_counts_alone_with_one_warning_until_it_is_back(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = VirtualClock()
    budget = Budget(Limit(5, 10), key="sk_test_a", redis_url=redis.url, clock=clock)
    await take(budget, clock, get_user())
    redis.stop()
    times = await take(budget, clock, *[get_user()] * 5)
    assert sorted(times) == [0.0] * 4 + [10.0], "what was counted in Redis counts here too"
    redis.start()
    clock.time += 10
    await take(budget, clock, get_user())
    await budget.close()
    levels = [
        (r.levelname, "Redis" in r.message) for r in caplog.records if r.name == "clerk_mcp.upstream.budget"
    ]
    assert levels == [("WARNING", True), ("INFO", True)]


async def test_a_redis_that_was_never_there_is_no_outage(tmp_path: Path) -> None:
    clock = VirtualClock()
    budget = Budget(DEVELOPMENT, redis_url=f"unix://{tmp_path}/none.sock", clock=clock)
    assert await take(budget, clock, *[get_user()] * 3) == [0.0] * 3
    await budget.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1", "127.0.0.1:6379", "redis://user:pa#ss@127.0.0.1:x"])
async def test_a_redis_url_that_cannot_be_one_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ValueError, match="a Redis URL is like") as refusal:
        Budget(DEVELOPMENT, redis_url=url)
    assert url not in str(refusal.value)


SEND_TWENTY = """
import sys, anyio
from clerk_mcp.upstream.budget import Budget, Limit
from clerk_mcp.upstream import ClerkClient
from clerk_tools.catalog import operations

async def main(url, redis_url):
    request = operations()["Users_getTotalCount"]().to_request()
    budget = Budget(Limit(20, 1), key="sk_test_a", redis_url=redis_url)
    async with ClerkClient("sk_test_a", base_url=url, budget=budget) as client:
        print("ready", flush=True)
        sys.stdin.readline()
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(client.send, request)

anyio.run(main, *sys.argv[1:])
"""


async def test_two_processes_on_one_redis_stay_within_one_budget(redis: RedisServer) -> None:
    arrivals: list[float] = []

    async def script(_: Received) -> bytes:
        arrivals.append(time.monotonic())
        return answer(200, {"total_count": 1})

    async with loopback(script) as server:
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", SEND_TWENTY, server.url, redis.url, stdin=PIPE, stdout=PIPE
            )
            for _ in range(2)
        ]
        for process in processes:
            assert process.stdout
            assert await process.stdout.readline() == b"ready\n"
        await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [process.returncode for process in processes] == [0, 0]
    assert len(arrivals) == 40
    assert all(later - earlier >= 1 for earlier, later in zip(arrivals, arrivals[20:], strict=False))
