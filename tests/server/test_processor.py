"""The processor is shared: each caller takes a step at a time, and leaves time to others after a long one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.abc
import httpx2
import pytest
from anyio.lowlevel import checkpoint
from bench.attacks import ACCEPT

from clerk_mcp.hosting.tokens import issue
from clerk_mcp.hosting.web import Web
from clerk_mcp.settings import load
from clerk_mcp.upstream import Processor, in_turn, takes_turns
from clerk_mcp.upstream.processor import LATELY_S

pytestmark = pytest.mark.anyio

T = TypeVar("T")

SHORT = 0.0005
LONG = 1000.0
"""Seconds of the processor. After such a step its caller's next one does not come while a test runs."""


class Clock:
    """Processor time, which goes by only when somebody takes it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Work:
    """Requests that are worked on, and the order in which their steps were taken."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.clock = Clock()
        self.processor = Processor(self.clock)

    async def of(self, owner: str, steps: int = 1, each: float = SHORT) -> str:
        """Do one request's work, of so many steps that take so many seconds each."""

        async def steps_of() -> str:
            for step in range(steps):
                if step:
                    await checkpoint()
                self.clock.now += each
                self.order.append(owner)
            return f"done for {owner}"

        return await self.doing(owner, steps_of())

    async def doing(self, owner: str, work: Awaitable[T]) -> T:
        """Do any other work."""
        return await self.processor.in_turns(owner, work)


async def turns_of_the_loop(work: Callable[[], Awaitable[object]]) -> int:
    """How often the loop goes round while something is done."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(count)
        await checkpoint()
        await work()
        tasks.cancel_scope.cancel()
    return turns


async def test_between_two_steps_of_a_caller_another_takes_one_however_many_are_ready() -> None:
    work = Work()
    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(work.of, "mallory", 3)
        tasks.start_soon(work.of, "bob", 3)
    until_bob_was_done = work.order[: len(work.order) - work.order[::-1].index("bob")]
    assert len(work.order) == 303
    assert until_bob_was_done.count("mallory") < 10


async def test_callers_take_turns_among_each_other() -> None:
    work = Work()
    async with anyio.create_task_group() as tasks:
        for owner in ["mallory"] * 50 + ["bob"] * 10 + ["eve"] * 5:
            tasks.start_soon(work.of, owner)
    assert work.order[:20].count("eve") == 5
    assert work.order[:35].count("bob") == 10


async def test_a_request_alone_waits_for_no_turn() -> None:
    work = Work()

    async def ten_steps() -> None:
        for _ in range(10):
            await checkpoint()

    assert await turns_of_the_loop(lambda: work.doing("bob", ten_steps())) == (
        await turns_of_the_loop(ten_steps)
    )


async def test_after_a_long_step_a_caller_leaves_the_loop_to_others() -> None:
    work = Work()
    async with anyio.create_task_group() as tasks:
        await work.of("bob")
        for _ in range(3):
            tasks.start_soon(work.of, "mallory", 2, LONG)
        await anyio.wait_all_tasks_blocked()
        await work.of("bob", 100)
        assert work.order.count("mallory") == 1
        tasks.cancel_scope.cancel()
    # Whoever was called off took nothing with them.
    assert await work.of("eve") == "done for eve"


async def test_with_nobody_else_there_a_caller_has_all_of_the_loop() -> None:
    work = Work()
    assert await work.of("mallory", 5, LONG) == "done for mallory"
    await work.of("bob")
    # Others have been there, but not lately.
    work.clock.now += 2 * LATELY_S
    assert await work.of("mallory", 5, LONG) == "done for mallory"


async def test_a_large_answer_leaves_the_loop_to_others_too(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work()
    monkeypatch.setattr("clerk_mcp.upstream.large.processor", lambda: work.processor)

    async def fetch() -> str:
        return "page"

    def read(page: str) -> None:
        work.clock.now += LONG
        work.order.append(page)

    async def pages() -> None:
        # As `list_all` does, in tasks of its own.
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(in_turn, fetch, read, "mallory")

    async with anyio.create_task_group() as tasks:
        await work.of("bob")
        tasks.start_soon(work.doing, "mallory", pages())
        await anyio.wait_all_tasks_blocked()
        await in_turn(fetch, read, "bob")
        assert work.order == ["bob", "page", "page"]
        tasks.cancel_scope.cancel()


async def test_what_the_work_returns_raises_and_catches_is_its_own() -> None:
    work = Work()
    caught = []

    async def sleep() -> None:
        assert takes_turns()
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            caught.append("called off")
            raise

    async def fail() -> None:
        await checkpoint()
        raise ValueError("mistaken")

    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            for _ in range(2):
                tasks.start_soon(work.doing, "bob", sleep())
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
    assert caught == ["called off"] * 2
    with pytest.raises(ValueError, match="mistaken"):
        await work.doing("bob", fail())
    # What the same task does next takes turns by itself, if at all.
    assert not takes_turns()


async def test_a_call_passes_by_the_hundred_that_another_caller_made_before(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    tokens = {name: issue(file, name, ["all"]) for name in ("mallory", "bob")}
    settings = {"transport": "http", "sandbox": True, "auth": "bearer", "token_file": file}
    web = Web(load({**settings, "calls_per_second": 10_000}))
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {**ACCEPT, "mcp-protocol-version": "2025-06-18"}
    answered: list[str] = []
    async with (
        web.app.router.lifespan_context(web.app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(web.app), base_url="http://localhost") as http,
    ):

        async def ask(name: str, token: str) -> None:
            authorization = {"authorization": f"Bearer {token}"}
            response = await http.post("/mcp", json=message, headers={**headers, **authorization})
            assert response.status_code == 200, response.text
            answered.append(name)

        async with anyio.create_task_group() as tasks:
            for name in ["mallory"] * 100 + ["bob"]:
                tasks.start_soon(ask, name, tokens[name])
    assert answered.index("bob") < 10
