"""Three replicas behind the nginx configuration that we ship, with Redis; one is killed in the middle."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.sse import sse_client

from clerk_mcp.hosting.tokens import issue
from clerk_sandbox.asgi import make_app
from clerk_sandbox.sandbox import Sandbox
from tests.processes import free_port
from tests.server.web import ACCEPT, COUNT, hosting

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
REDIS = shutil.which("redis-server")
SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx.conf"

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed: apt-get install nginx"),
    pytest.mark.skipif(REDIS is None, reason="Redis is not installed: apt-get install redis-server"),
]

CLIENTS, USERS_EACH = 50, 8
CALLS = CLIENTS * USERS_EACH * 2
SSE_CLIENTS = 6
CREATE, READ = "Users_createNewUser", "Users_getUserDetails"


PATIENCE_S = 90
"""For a whole test: it takes 20 s, and one that hangs must end."""


@contextmanager
def process(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program that runs until the end of the block."""
    with subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL) as running:
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(15)
            except subprocess.TimeoutExpired:
                running.kill()


@dataclass
class Cluster:
    """The replicas, and what stands in front of them and behind."""

    directory: Path
    clerk: str
    tokens: list[str]
    stack: ExitStack
    front: str = ""
    ports: list[int] = field(default_factory=lambda: [free_port() for _ in range(3)])
    replicas: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        self.redis = free_port()
        options = ["--port", str(self.redis), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.stack.enter_context(process(str(REDIS), *options, "--dir", str(self.directory)))
        for port in self.ports:
            self.start_replica(port)
        self._start_nginx()

    def start_replica(self, port: int) -> None:
        settings = {
            "CLERK_SECRET_KEY": "sk_test_sandbox",
            "CLERK_API_URL": self.clerk,
            "CLERK_MCP_TRANSPORT": "http",
            "CLERK_MCP_PORT": str(port),
            "CLERK_MCP_AUTH": "bearer",
            "CLERK_MCP_TOKEN_FILE": str(self.directory / "tokens"),
            "CLERK_MCP_CALLS_PER_SECOND": "100000",
            "CLERK_MCP_RATE_BUDGET": "100000/10",
            "CLERK_MCP_REDIS_URL": f"redis://127.0.0.1:{self.redis}",
            "CLERK_MCP_CONFIRM": "always",
            "CLERK_MCP_STATE_KEY": "the same thirty-two bytes everywhere",
        }
        replica = process(sys.executable, "-m", "clerk_mcp", **settings)
        self.replicas[port] = self.stack.enter_context(replica)

    def _start_nginx(self) -> None:
        port = free_port()
        configuration = SHIPPED.read_text()
        for shipped, here in (("listen 8080", f"listen 127.0.0.1:{port}"), (" /tmp/", f" {self.directory}/")):
            assert shipped in configuration
            configuration = configuration.replace(shipped, here)
        (self.directory / "nginx.conf").write_text(configuration)
        servers = (f"server 127.0.0.1:{port} max_fails=1 fail_timeout=2s;\n" for port in self.ports)
        (self.directory / "replicas.conf").write_text("".join(servers))
        options = ["-c", str(self.directory / "nginx.conf"), "-p", str(self.directory)]
        self.stack.enter_context(process(str(NGINX), *options, "-g", "daemon off;"))
        self.front = f"http://127.0.0.1:{port}"

    async def until_ready(self, *ports: int) -> None:
        async with httpx2.AsyncClient() as http:
            with anyio.fail_after(60):
                for url in [*(f"http://127.0.0.1:{port}" for port in ports), self.front]:
                    while not await _answers(http, f"{url}/readyz"):
                        ended = [port for port in ports if self.replicas[port].poll() is not None]
                        assert ended == [], "replicas that ended instead of serving"
                        await anyio.sleep(0.05)

    async def port_with_a_stream(self) -> int:
        """A replica that holds at least one SSE client."""
        async with httpx2.AsyncClient(headers=bearer(self.tokens[0])) as http:
            for port in self.ports:
                metrics = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
                if "clerk_mcp_sessions 0.0" not in metrics:
                    return port
        raise AssertionError("no replica holds a stream")


async def _answers(http: httpx2.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).status_code == 200
    except httpx2.TransportError:
        return False


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
def clerk() -> Sandbox:
    return Sandbox(key="sk_test_sandbox")


@pytest.fixture
async def cluster(tmp_path: Path, clerk: Sandbox) -> AsyncIterator[Cluster]:
    tokens = [issue(tmp_path / "tokens", f"caller-{number}", ["all"]) for number in range(SSE_CLIENTS)]
    # nginx' workers give up being root where they are started as it.
    tmp_path.chmod(0o777)
    with ExitStack() as stack:
        async with hosting(make_app(clerk)) as url:
            made = Cluster(tmp_path, f"{url}/v1", tokens, stack)
            made.start()
            await made.until_ready(*made.ports)
            yield made


@dataclass
class Tally:
    """What came of the calls."""

    done: Counter[str] = field(default_factory=Counter)
    made: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    @property
    def calls(self) -> int:
        return self.done.total()


async def call(http: httpx2.AsyncClient, tool: str, arguments: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    params = {"name": tool, "arguments": arguments}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    response = await http.post("/mcp", json=message)
    return response.status_code, json.loads(response.text)


async def work(cluster: Cluster, number: int, tally: Tally) -> None:
    """One client: makes users, and reads each again."""
    headers = {**bearer(cluster.tokens[number % SSE_CLIENTS]), "accept": ACCEPT}
    async with httpx2.AsyncClient(base_url=cluster.front, headers=headers, timeout=60) as http:
        for count in range(USERS_EACH):
            name = f"user-{number}-{count}@example.com"
            new = {"email_address": [name], "skip_password_requirement": True}
            status, answer = await _attempt(http, CREATE, new)
            id = _value(tally, name, status, answer).get("id")
            if id is None:
                tally.done["not read"] += 1
                continue
            tally.made.add(name)
            status, answer = await _attempt(http, READ, {"user_id": id})
            read = _value(tally, name, status, answer)
            if read and name not in json.dumps(read):
                tally.wrong.append(f"{name} got {read}")


async def _attempt(
    http: httpx2.AsyncClient, tool: str, arguments: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    try:
        return await call(http, tool, arguments)
    except httpx2.RemoteProtocolError:
        # The proxy had passed on how the answer begins when the replica died.
        return 502, {"error": {"data": {"outcome": "unknown"}}}


def _value(tally: Tally, name: str, status: int, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer's value; empty where the call was lost with the replica, as the answer says."""
    if status == 502 and answer["error"]["data"] == {"outcome": "unknown"}:
        tally.unknown.add(name)
        tally.done["lost"] += 1
        return {}
    if status != 200 or answer["result"]["isError"]:
        tally.wrong.append(f"{name}: {status} {answer}")
        return {}
    tally.done["ok"] += 1
    value: dict[str, Any] = answer["result"]["structuredContent"]
    return value


async def listen(cluster: Cluster, number: int, streams: list[int]) -> None:
    """One client of legacy SSE: calls now and then, and connects again when its stream breaks."""
    url, headers = f"{cluster.front}/sse", bearer(cluster.tokens[number])
    while True:
        try:
            # The SDK's client does not notice that its session is gone: its call is never answered. Nor does
            # it soon give up a stream that never begins.
            stream = sse_client(url, headers=headers, sse_read_timeout=10)
            async with Client(stream, mode="legacy", read_timeout_seconds=5) as client:
                streams[number] += 1
                while True:
                    assert not (await client.call_tool(COUNT, {})).is_error
                    await anyio.sleep(0.05)
        except Exception:  # noqa: BLE001  # whichever way the client reports it, its stream is gone
            await anyio.sleep(0.1)


async def until(tally: Tally, calls: int) -> None:
    while tally.calls < calls:
        assert tally.wrong == []
        await anyio.sleep(0.01)


async def test_a_replica_may_die_in_the_middle(cluster: Cluster, clerk: Sandbox) -> None:
    tally, streams, finished = Tally(), [0] * SSE_CLIENTS, anyio.Event()

    async def work_all() -> None:
        async with anyio.create_task_group() as workers:
            for number in range(CLIENTS):
                workers.start_soon(work, cluster, number, tally)
        finished.set()

    with anyio.fail_after(PATIENCE_S):
        async with anyio.create_task_group() as tasks:
            for number in range(SSE_CLIENTS):
                tasks.start_soon(listen, cluster, number, streams)
            while not all(streams):
                await anyio.sleep(0.01)
            tasks.start_soon(work_all)
            await until(tally, CALLS // 3)
            before, victim = list(streams), await cluster.port_with_a_stream()
            cluster.replicas[victim].kill()
            await until(tally, CALLS // 2)
            cluster.start_replica(victim)
            await cluster.until_ready(victim)
            await finished.wait()
            while streams == before:
                await anyio.sleep(0.01)
            # Not asked to stop: a client may be waiting on a stream that broke.
            tasks.cancel_scope.cancel()

    assert tally.wrong == []
    # All that was in flight on one of three replicas, at most.
    assert tally.done["lost"] <= CLIENTS
    assert tally.done["ok"] >= CALLS - 2 * CLIENTS
    requests = [request for request in clerk.requests if request["method"] == "POST"]
    made = Counter(request["body"]["email_address"][0] for request in requests)
    assert [name for name, times in made.items() if times > 1] == []
    assert tally.made <= made.keys() <= tally.made | tally.unknown


async def test_a_confirmation_given_by_one_replica_holds_on_all_and_once(cluster: Cluster) -> None:
    headers = {**bearer(cluster.tokens[0]), "accept": ACCEPT}

    async def at(port: int, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as http:
            _, answer = await call(http, tool, arguments)
        value: dict[str, Any] = answer["result"]["structuredContent"]
        return value

    first, second, third = cluster.ports
    [user] = (await at(first, "Users_listSortedByCreationDate", {"limit": 1}))["items"]
    asked = await at(first, "Users_deleteUserById", {"user_id": user["id"]})
    confirmed = {"user_id": user["id"], "confirm": asked["confirm"]}
    assert (await at(second, "Users_deleteUserById", confirmed))["deleted"]
    assert (await at(third, "Users_deleteUserById", confirmed))["error"]["code"] == "confirm_used"
