"""Large answers: worked on one after the other, fetched a few at a time, and each caller in rotation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.abc
import pytest
from anyio.lowlevel import checkpoint
from bench.attacks import LIST

from clerk_mcp.upstream import ClerkClient, in_turn
from clerk_mcp.upstream.large import HELD_BY_ONE
from clerk_mcp.upstream.parsing import parse_json
from clerk_tools.resources.users import ListUsers
from tests.server.loopback import Received, answer, loopback
from tests.server.web import serving

pytestmark = pytest.mark.anyio


def at_once(value: int) -> Callable[[], Awaitable[int]]:
    async def fetch() -> int:
        return value

    return fetch


async def test_everything_else_gets_on_between_one_large_answer_and_the_next() -> None:
    ticks, worked_at = 0, []

    async def everything_else() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await checkpoint()

    async def ask(tasks: anyio.abc.TaskGroup) -> None:
        await in_turn(at_once(1), lambda _: worked_at.append(ticks), "mallory")
        if len(worked_at) == 40:
            tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(everything_else)
        for _ in range(40):
            tasks.start_soon(ask, tasks)
    assert len(set(worked_at)) == 40


async def test_somebody_whose_answers_are_long_in_coming_leaves_room_for_others() -> None:
    fetching = 0

    async def never() -> int:
        nonlocal fetching
        fetching += 1
        await anyio.sleep_forever()
        return 0

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(in_turn, never, int, "mallory")
        await anyio.wait_all_tasks_blocked()
        assert fetching == HELD_BY_ONE
        assert [await in_turn(at_once(n), lambda value: value, "bob") for n in range(10)] == [*range(10)]
        assert fetching == HELD_BY_ONE
        tasks.cancel_scope.cancel()
    # Those who were called off took nothing with them.
    assert [await in_turn(at_once(n), lambda value: value, "mallory") for n in range(40)] == [*range(40)]


async def test_callers_come_in_rotation_however_long_the_line_of_one_is() -> None:
    order: list[str] = []
    go_on = anyio.Event()

    async def fetch() -> int:
        await go_on.wait()
        return 0

    async with anyio.create_task_group() as tasks:
        for name in ["mallory"] * 50 + ["bob"] * 2:
            tasks.start_soon(in_turn, fetch, lambda _, name=name: order.append(name), name)
        await anyio.wait_all_tasks_blocked()
        go_on.set()
    assert len(order) == 52
    assert max(place for place, name in enumerate(order) if name == "bob") < 5


async def test_large_answers_asked_for_at_once_all_come() -> None:
    statuses: list[int] = []
    async with serving() as served:

        async def ask(tool: str, **arguments: object) -> None:
            answer = await served.call(tool, arguments)
            statuses.append(answer.status_code)
            assert not answer.json()["result"].get("isError")

        async with anyio.create_task_group() as tasks:
            for _ in range(30):
                tasks.start_soon(lambda: ask(LIST, limit=500, fields=["*"]))
                tasks.start_soon(lambda: ask("list_all", operation=LIST))
    assert statuses == [200] * 60


async def test_a_page_is_done_with_before_the_next_one_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that its reader asks for one more while the others are worked on."""
    events: list[str] = []
    all_asked = anyio.Event()
    page = answer(value=[{"id": f"user_{n}", "image_url": "x" * 400} for n in range(500)])

    async def script(_: Received) -> bytes:
        if len(server.requests) == 8:
            all_asked.set()
        await all_asked.wait()
        return page

    def noted(*given: Any) -> Any:
        events.append("parsed")
        return parse_json(*given)

    monkeypatch.setattr("clerk_mcp.upstream.exchange.parse_json", noted)
    request = ListUsers().to_request()
    async with (
        loopback(script) as server,
        ClerkClient("sk_test_sandbox", base_url=server.url) as client,
        anyio.create_task_group() as tasks,
    ):
        for _ in range(8):
            tasks.start_soon(
                in_turn, lambda: client.send(request), lambda _: events.append("done with"), "ada"
            )
    assert events == ["parsed", "done with"] * 8
