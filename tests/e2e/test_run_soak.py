"""A long run with everything going wrong: killed and gone on with, on two replicas, and no item twice.

`make soak` runs it over 5 000 items (RUN_SOAK_ITEMS).
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from redis.asyncio import Redis

from clerk_mcp.bulk import Runs, RunsInRedis
from clerk_mcp.upstream import Files, SealedStore
from clerk_sandbox.sandbox import Sandbox
from tests.calling import call
from tests.processes import RedisServer
from tests.server.worlds import world

pytestmark = pytest.mark.anyio

ITEMS = int(os.environ.get("RUN_SOAK_ITEMS", "150"))
FAULTS = "429=0.01,503=0.02,reset-before=0.03,reset-after=0.03,slow=0.02:0.05s,truncated=0.01,garbage=0.01"
KILLS = 3


def _replica(redis: Redis) -> Runs:
    """One replica's runs; all share one Redis and one state key."""
    return Runs(RunsInRedis(SealedStore(redis, "k" * 32, "runs")), cap=10_000, within=0.3)


async def _kill(runs: Runs) -> None:
    """End what a replica is at in the midst of it, without a word to anybody."""
    for task in list(runs._tasks):
        task.cancel()
    while runs._tasks:
        await anyio.sleep(0.01)


async def test_every_item_is_executed_once_or_told_as_unknown(
    redis: RedisServer, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    sandbox = Sandbox(users=ITEMS, rate_limits=False, faults=FAULTS)
    shared = Redis.from_url(redis.url)
    ids = [user["id"] for user in sandbox.instance.users][:ITEMS]
    rows = [json.dumps({"user_id": id, "public_metadata": {"soaked": True}}) for id in ids]
    (tmp_path / "items.jsonl").write_text("\n".join(rows), "utf-8")
    files = Files(tmp_path)
    answer: Any = None
    replicas = [_replica(shared), _replica(shared)]
    async with (
        world(sandbox=sandbox, runs=replicas[0], retry_budget=0, files=files) as one,
        world(sandbox=sandbox, runs=replicas[1], retry_budget=0, files=files) as other,
    ):
        clients = [one.client, other.client]
        planned = await call(
            clients[0], "run_each", operation="Users_mergeUserMetadataAttributes", file="items.jsonl"
        )
        answer = await call(clients[0], "run_each", confirm=planned["confirm"], stop_after=ITEMS)
        for turn in range(1, 40 * ITEMS):
            if turn <= KILLS:
                await _kill(replicas[(turn - 1) % 2])
            if not answer["left"]:
                break
            answer = await call(clients[turn % 2], "run_each", run=answer["run"], stop_after=ITEMS)
            await anyio.sleep(0.05)
    await shared.aclose()
    record_property("note", {name: answer[name] for name in ("items", "ok", "failed", "unknown")})
    assert answer["left"] == 0
    assert answer["ok"] + answer["failed"] + answer["unknown"] == ITEMS
    executed = Counter(
        request.path.split("/")[3]
        for request in sandbox.received
        if request.method == "PATCH" and request.status == 200
    )
    assert max(executed.values()) == 1
    tagged = {user["id"] for user in sandbox.instance.users if user["public_metadata"].get("soaked")}
    assert tagged == set(executed)
    # What succeeded was executed; whatever else was executed is told as unknown.
    assert answer["ok"] <= len(executed) <= answer["ok"] + answer["unknown"]
