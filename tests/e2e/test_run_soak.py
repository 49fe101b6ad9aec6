"""A long run with everything going wrong: replicas killed in the midst of it, and no item executed twice.

Two real servers share a real Redis; whichever is at the run is killed without a word (SIGKILL), and the other
goes on with it. `make soak` runs it over 5 000 items (RUN_SOAK_ITEMS), and waits until what a killed server
held ends by itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2
import pytest

from clerk_sandbox.sandbox import Sandbox
from tests.processes import RedisServer, free_port
from tests.sandbox.server import serving
from tests.server.web import ACCEPT

pytestmark = pytest.mark.anyio

SHORT = 150
ITEMS = int(os.environ.get("RUN_SOAK_ITEMS", SHORT))
FAULTS = "429=0.01,503=0.02,reset-before=0.03,reset-after=0.03,slow=0.02:0.05s,truncated=0.01,garbage=0.01"
KILLS = 3
MERGE = "Users_mergeUserMetadataAttributes"


@dataclass
class Replica:
    """One server process."""

    port: int
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End it in the midst of whatever it does."""
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        self.process = _started(self.environment)

    async def until_ready(self) -> None:
        async with httpx2.AsyncClient() as http:
            while True:
                with suppress(httpx2.TransportError):
                    if (await http.get(f"http://127.0.0.1:{self.port}/readyz")).status_code == 200:
                        return
                assert self.process.poll() is None, "a replica ended instead of serving"
                await anyio.sleep(0.05)

    async def run_each(self, **arguments: Any) -> Any:
        """Call the tool; what it answers."""
        params = {"name": "run_each", "arguments": arguments}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        async with httpx2.AsyncClient(timeout=60) as http:
            url = f"http://127.0.0.1:{self.port}/mcp"
            response = await http.post(url, json=message, headers={"accept": ACCEPT})
        result = json.loads(response.text)["result"]
        assert not result["isError"], result
        return result["structuredContent"]


def _started(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "clerk_mcp"], env={**os.environ, **environment}, stderr=subprocess.DEVNULL
    )


@contextmanager
def two_replicas(clerk: str, key: str, redis: str) -> Iterator[list[Replica]]:
    """Servers on one Clerk and one Redis, with one state key."""
    replicas = []
    for port in (free_port(), free_port()):
        environment = {
            "CLERK_SECRET_KEY": key,
            "CLERK_API_URL": clerk,
            "CLERK_MCP_TRANSPORT": "http",
            "CLERK_MCP_PORT": str(port),
            "CLERK_MCP_CALLS_PER_SECOND": "100000",
            "CLERK_MCP_RATE_BUDGET": "off",
            "CLERK_MCP_REDIS_URL": redis,
            "CLERK_MCP_RUN_CAP": str(ITEMS + 100),
            "CLERK_MCP_STATE_KEY": "the same thirty-two bytes everywhere",
        }
        replicas.append(Replica(port, environment, _started(environment)))
    try:
        yield replicas
    finally:
        for replica in replicas:
            replica.kill()


def executed(sandbox: Sandbox) -> set[str]:
    """The users that a run has reached so far."""
    return {user["id"] for user in sandbox.instance.users if user["public_metadata"].get("soaked")}


async def killed_at(replica: Replica, asked: dict[str, Any], sandbox: Sandbox, items: int) -> None:
    """Have a replica go on with a run, and kill it as soon as so many items were executed."""

    async def go_on() -> None:
        with suppress(httpx2.TransportError):
            while True:
                await replica.run_each(**asked)
                await anyio.sleep(0.1)

    await replica.until_ready()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(go_on)
        while len(executed(sandbox)) < items:
            await anyio.sleep(0.005)
        replica.kill()


def end_hold(redis: RedisServer) -> None:
    """In the short form, let the half minute pass for which a killed server still holds its run."""
    if ITEMS == SHORT:
        for lock in redis.ask("KEYS", "*lock").split():
            redis.ask("PEXPIRE", lock, "1")


async def test_every_item_is_executed_once_or_told_as_unknown(
    redis: RedisServer, record_property: Callable[[str, object], None]
) -> None:
    sandbox = Sandbox(users=ITEMS, rate_limits=False, faults=FAULTS)
    with serving(sandbox) as clerk, two_replicas(clerk.base_url, sandbox.key, redis.url) as replicas:
        await replicas[0].until_ready()
        planned = await replicas[0].run_each(
            operation=MERGE,
            arguments={"public_metadata": {"soaked": True}},
            over={"operation": "Users_listSortedByCreationDate"},
        )
        items = planned["preview"]["items"]
        run = {"run": planned["confirm"].partition(".")[0], "stop_after": items}
        asked = {"confirm": planned["confirm"], "stop_after": items}
        for kill in range(KILLS):
            replica = replicas[kill % 2]
            await killed_at(replica, asked, sandbox, items * (kill + 1) // (KILLS + 1))
            asked = run
            replica.start_again()
            end_hold(redis)
        await replicas[KILLS % 2].until_ready()
        answer = await replicas[KILLS % 2].run_each(**run)
        while answer["left"]:
            await anyio.sleep(0.1)
            answer = await replicas[KILLS % 2].run_each(**run)
    record_property("note", {name: answer[name] for name in ("items", "ok", "failed", "unknown")})
    assert answer["ok"] + answer["failed"] + answer["unknown"] == answer["items"] == items
    times = Counter(
        request.path.split("/")[3]
        for request in sandbox.received
        if request.method == "PATCH" and request.status == 200
    )
    assert max(times.values()) == 1
    assert executed(sandbox) == set(times)
    # What succeeded was executed; whatever else was executed is told as unknown.
    assert answer["ok"] <= len(times) <= answer["ok"] + answer["unknown"]
