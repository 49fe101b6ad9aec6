"""What replicas share: connections to it end with the server that opened them; what is not shared is told."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from mcp import Client

from clerk_mcp.serve import make_server
from clerk_mcp.settings import load
from tests.processes import RedisServer
from tests.server.web import serving

pytestmark = pytest.mark.anyio


def shared(redis: RedisServer) -> dict[str, Any]:
    """Settings of replicas that keep in Redis all that can be kept there."""
    return {
        "redis_url": redis.url,
        "state_key": "k" * 43,
        "confirm": "always",
        "ask": "preview",
        "max_changes": "500/3600",
    }


async def use(client: Client) -> None:
    """Have all of it used: what was confirmed, counts of changes, and over HTTP the replicas."""
    preview = await client.call_tool("Webhooks_deleteSvixApp", {})
    assert preview.structured_content
    token = preview.structured_content["confirm"]
    done = await client.call_tool("Webhooks_deleteSvixApp", {"confirm": token})
    assert not done.is_error, done.structured_content


async def connections(redis: RedisServer) -> int:
    """How many Redis has, beside that of whoever asks."""
    told = await anyio.to_thread.run_sync(redis.ask, "CLIENT", "LIST")
    return told.count(" fd=") - 1


async def none_left(redis: RedisServer) -> None:
    """Wait until Redis has noticed that all are closed."""
    with anyio.fail_after(30):
        while await connections(redis):
            await anyio.sleep(0.05)


async def test_a_server_over_http_closes_its_own(redis: RedisServer) -> None:
    async with serving(**shared(redis)) as served:
        async with served.client() as client:
            await use(client)
        assert await connections(redis) > 0
    await none_left(redis)
    # It is still there: what closed them was its end, and no collection of garbage.
    assert served.web.settings.redis_url


async def test_a_server_in_process_closes_its_own(redis: RedisServer) -> None:
    server = make_server(load({"sandbox": True, **shared(redis)}))
    async with Client(server) as client:
        await use(client)
        assert await connections(redis) > 0
    await none_left(redis)
    # It is still there too.
    assert server.name


async def test_several_workers_are_told_what_each_keeps_to_itself(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(confirm="person"):
        # One process, as far as anybody knows.
        assert not caplog.messages
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    async with serving(confirm="person", redis_url=redis.url, state_key="k" * 43):
        assert not caplog.messages
    async with serving(confirm="person"):
        assert "questions that wait for a person are known to one worker or replica only" in caplog.text
