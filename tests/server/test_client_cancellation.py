"""A caller may go at any moment; a write that has left is not called back."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from clerk_mcp.upstream.client import ClerkClient, Unanswered
from clerk_tools.operation import Request
from tests.server.loopback import Received, answer
from tests.server.test_client import USER, get_user, update_user, upstream

pytestmark = pytest.mark.anyio

OK = answer(200, USER)


class Gate:
    """An upstream that answers when told to."""

    def __init__(self) -> None:
        self.reached = anyio.Event()
        self.open = anyio.Event()

    async def script(self, _: Received) -> bytes:
        self.reached.set()
        await self.open.wait()
        return OK


@asynccontextmanager
async def cancelled_when_sent(client: ClerkClient, gate: Gate, request: Request) -> AsyncIterator[None]:
    """Cancel `request` once it has reached the server."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.send, request)
        await gate.reached.wait()
        tasks.cancel_scope.cancel()
    yield


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(r.message) for r in caplog.records if r.name == "clerk_mcp.upstream"]


async def until(condition: Callable[[], object]) -> None:
    with anyio.fail_after(5):
        while not condition():  # a log line and a closed socket announce themselves to nobody
            await anyio.sleep(0.005)


async def test_a_cancelled_read_ends_at_once_and_frees_its_connection_and_turn(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    gate = Gate()
    async with upstream(gate.script, max_in_flight=1) as (server, client):
        async with cancelled_when_sent(client, gate, get_user()):
            gate.open.set()
        reply = await client.send(get_user())
        await until(lambda: server.open_connections == 1)
    assert reply.status == 200
    assert [line.get("error") for line in lines(caplog)] == ["cancelled", None]


async def test_a_cancelled_write_that_was_sent_is_let_finish_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    gate = Gate()
    async with upstream(gate.script, max_in_flight=1) as (server, client):
        async with cancelled_when_sent(client, gate, update_user()):
            assert lines(caplog) == []
        gate.open.set()
        await until(lambda: lines(caplog))
    (line,) = lines(caplog)
    assert (line["status"], line["caller_gone"]) == (200, True)
    assert len(server.requests) == 1


async def test_a_write_left_behind_keeps_its_turn_until_it_ends() -> None:
    gate = Gate()
    async with upstream(gate.script, max_in_flight=1, max_queue=1) as (server, client):
        async with cancelled_when_sent(client, gate, update_user()):
            pass
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.send, get_user())
            await anyio.sleep(0.05)
            assert len(server.requests) == 1
            with pytest.raises(Unanswered) as refusal:
                await client.send(get_user())
            gate.open.set()
    assert refusal.value.failure.code == "queue_full"
    assert len(server.requests) == 2


async def test_a_wait_before_a_retry_ends_at_once_and_the_write_is_not_sent_again() -> None:
    reached = anyio.Event()

    async def busy(_: Received) -> bytes:
        reached.set()
        return answer(429, headers={"retry-after": "20"})

    async with upstream(busy) as (server, client), anyio.create_task_group() as tasks:
        tasks.start_soon(client.send, update_user())
        await reached.wait()
        await anyio.sleep(0.05)
        tasks.cancel_scope.cancel()
    assert len(server.requests) == 1


async def test_closing_waits_a_moment_for_a_write_that_is_under_way(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    gate = Gate()
    async with upstream(gate.script) as (_, client), cancelled_when_sent(client, gate, update_user()):
        asyncio.get_running_loop().call_later(0.1, gate.open.set)
    assert [line["status"] for line in lines(caplog)] == [200]


async def test_closing_does_not_wait_for_ever_and_says_what_was_cut_off(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    gate = Gate()
    async with upstream(gate.script) as (_, client), cancelled_when_sent(client, gate, update_user()):
        pass
    assert [line["error"] for line in lines(caplog)] == ["cut_off"]
