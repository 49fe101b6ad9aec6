"""Who runs, who waits, and who is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest

from clerk_mcp.upstream.turns import QueueFull, Turns
from clerk_mcp.upstream.waits import Clock, Waits

pytestmark = pytest.mark.anyio


class Office:
    """Runs calls one step at a time, and notes the order in which they start."""

    def __init__(self, in_flight: int, queue: int) -> None:
        self.turns = Turns(in_flight, queue)
        self.started: list[str] = []
        self.refused: list[str] = []
        self.finish: dict[str, anyio.Event] = {}

    async def call(self, name: str) -> None:
        """A call named after its session and number: `a1`. It runs until `finish[name]` is set."""
        self.finish[name] = anyio.Event()
        turn = self.turns.enter(name[0])
        try:
            await turn.start(Waits(Clock()))
            self.started.append(name)
            await self.finish[name].wait()
        except QueueFull:
            self.refused.append(name)
        finally:
            turn.leave()

    async def finish_all(self, count: int) -> None:
        """Let calls finish in the order of their start until `count` have started and ended."""
        for index in range(count):
            while len(self.started) <= index:
                await anyio.lowlevel.checkpoint()
            self.finish[self.started[index]].set()


@asynccontextmanager
async def calls(office: Office, *names: str) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        for name in names:
            tasks.start_soon(office.call, name)
            await anyio.wait_all_tasks_blocked()
        yield


async def test_no_more_calls_run_at_once_than_allowed() -> None:
    office = Office(2, 10)
    async with calls(office, "a1", "a2", "a3", "a4"):
        assert office.started == ["a1", "a2"]
        await office.finish_all(4)
    assert office.started == ["a1", "a2", "a3", "a4"]


async def test_a_session_with_a_long_line_does_not_hold_up_another() -> None:
    office = Office(1, 100)
    async with calls(office, *(f"a{n}" for n in range(20)), "b1", "b2", "c1"):
        await office.finish_all(23)
    assert office.started[:7] == ["a0", "a1", "b1", "c1", "a2", "b2", "a3"]
    assert [name for name in office.started if name[0] == "a"] == [f"a{n}" for n in range(20)]


async def test_a_queue_that_is_full_refuses_at_once() -> None:
    office = Office(1, 2)
    async with calls(office, "a1", "a2", "a3"):
        with pytest.raises(QueueFull):
            office.turns.enter("a")
        await office.finish_all(3)
    assert office.started == ["a1", "a2", "a3"]


async def test_a_session_that_filled_the_queue_makes_room_for_another() -> None:
    office = Office(1, 3)
    async with calls(office, "a1", "a2", "a3", "a4", "b1"):
        assert office.refused == ["a4"]
        await office.finish_all(4)
    assert office.started == ["a1", "a2", "b1", "a3"]


async def test_a_session_cannot_keep_others_out_by_waiting_elsewhere_either() -> None:
    office = Office(1, 2)
    refused: list[str] = []

    async def wait_for_something_else(name: str) -> None:
        turn = office.turns.enter("a")
        try:
            with turn.elsewhere():
                await anyio.sleep_forever()
        except QueueFull:
            refused.append(name)
        finally:
            turn.leave()

    async with anyio.create_task_group() as tasks:
        for name in ("first", "second", "third"):
            tasks.start_soon(wait_for_something_else, name)
            await anyio.wait_all_tasks_blocked()
        async with calls(office, "b1"):
            assert (refused, office.started) == (["third"], ["b1"])
            with pytest.raises(QueueFull):
                office.turns.enter("a")
            office.finish["b1"].set()
        tasks.cancel_scope.cancel()


async def test_sessions_with_lines_as_long_as_each_other_do_not_push_each_other_out() -> None:
    office = Office(1, 2)
    async with calls(office, "a1", "a2", "b1"):
        with pytest.raises(QueueFull):
            office.turns.enter("b")
        with pytest.raises(QueueFull):
            office.turns.enter("c")
        await office.finish_all(3)


async def test_room_comes_back_when_calls_end() -> None:
    office = Office(1, 1)
    for _ in range(3):
        office.started.clear()
        async with calls(office, "a1", "a2"):
            await office.finish_all(2)
        assert office.started == ["a1", "a2"]


async def test_a_call_that_gives_up_in_line_is_passed_over() -> None:
    office = Office(1, 10)
    async with calls(office, "a1"), calls(office, "a2"), anyio.create_task_group() as tasks:
        tasks.start_soon(office.call, "a3")
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
        office.finish["a1"].set()
        office.finish["a2"].set()
    assert office.started == ["a1", "a2"]


async def test_a_turn_given_to_a_call_that_is_just_giving_up_is_not_lost() -> None:
    turns = Turns(1, 10)
    office = Office(1, 10)
    office.turns = turns
    first = turns.enter("a")
    await first.start(Waits(Clock()))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(office.call, "a2")
        await anyio.wait_all_tasks_blocked()
        first.leave()
        tasks.cancel_scope.cancel()
    async with calls(office, "a3"):
        assert office.started[-1:] == ["a3"]
        office.finish["a3"].set()


async def test_a_call_that_paused_goes_on_before_its_sessions_others() -> None:
    turns = Turns(1, 10)
    order: list[str] = []

    async def other(name: str) -> None:
        turn = turns.enter("a")
        await turn.start(Waits(Clock()))
        order.append(name)
        await anyio.wait_all_tasks_blocked()
        turn.leave()

    paused = turns.enter("a")
    await paused.start(Waits(Clock()))
    async with anyio.create_task_group() as tasks:
        for name in ("first", "second", "third"):
            tasks.start_soon(other, name)
            await anyio.wait_all_tasks_blocked()
        paused.stop()
        await paused.start(Waits(Clock()))
        order.append("paused")
        paused.leave()
    assert order == ["first", "paused", "second", "third"]


async def test_a_long_wait_is_told_and_says_how_many_wait() -> None:
    told: list[str] = []

    async def on_wait(seconds: float, reason: str) -> None:
        told.append(reason)
        running.leave()

    turns = Turns(1, 10)
    running, waiting = turns.enter("a"), turns.enter("b")
    waits = Waits(Clock(), on_wait)
    await running.start(Waits(Clock()))
    await waiting.start(waits)
    assert told == ["a free place: 1 in line"]
    assert waits.total > 0
