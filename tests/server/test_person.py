"""With `--confirm person` only a person's own yes reaches Clerk, however the client and the server are made.

The table: what the client can do, what the person does, one call or a run over many, and where the server is.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Literal

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.memory import create_client_server_memory_streams
from mcp.shared.message import SessionMessage
from mcp_types import ElicitRequestParams, ElicitRequestURLParams, ElicitResult, jsonrpc_message_adapter

from clerk_mcp.calling import Calls
from clerk_mcp.confirming import Questions
from clerk_mcp.hosting.person import Loopback
from clerk_mcp.hosting.tokens import issue
from clerk_mcp.serve import make_server
from clerk_mcp.settings import load
from clerk_mcp.upstream.redis_pool import redis_pool
from clerk_sandbox.asgi import make_app
from clerk_sandbox.sandbox import Sandbox
from tests.calling import text_of
from tests.processes import RedisServer
from tests.server.people import Browser
from tests.server.web import Served, hosting, serving

pytestmark = pytest.mark.anyio

Where = Literal["stdio", "http", "two replicas"]
Asks = Literal["forms", "links", "nobody"]
Does = Literal["agrees", "declines", "nothing", "agent agrees by itself"]

DELETE = "Users_deleteUserById"
STATE_KEY = "a state key of this test alone, of 32 bytes"
WAIT_S = 0.05
"""How long calls wait here for somebody who has the page before them."""


@dataclass
class World:
    """A server, or two, on one sandbox, and the ways of an agent and of a person to it."""

    where: Where
    sandbox: Sandbox
    settings: dict[str, Any]
    tokens: dict[str, str] = field(default_factory=dict)
    replicas: list[Served] = field(default_factory=list)

    def users(self, count: int) -> list[dict[str, str]]:
        """The arguments of deletions that no other case is about."""
        used = " ".join(str(request.path) for request in self.sandbox.received)
        ids = [user["id"] for user in self.sandbox.instance.users if user["id"] not in used]
        return [{"user_id": id} for id in ids[:count]]

    def deleted(self) -> int:
        return [request.operation for request in self.sandbox.received].count(DELETE)

    @asynccontextmanager
    async def client(self, era: str, callback: Any, replica: int = 0) -> AsyncIterator[Client]:
        if self.where == "stdio":
            async with self._in_memory(era, callback) as client:
                yield client
            return
        headers = {"authorization": f"Bearer {self.tokens['agent']}"}
        url = f"{self.replicas[replica % len(self.replicas)].url}/mcp"
        async with httpx2.AsyncClient(headers=headers, timeout=30, verify=False) as http:
            connection = streamable_http_client(url, http_client=http)
            async with Client(connection, mode=era, elicitation_callback=callback) as client:
                yield client

    @asynccontextmanager
    async def _in_memory(self, era: str, callback: Any) -> AsyncIterator[Client]:
        doors: list[Loopback] = []

        def pages(calls: Calls, questions: Questions | None) -> Loopback:
            desk = calls.confirmer.desk
            assert desk
            desk.wait_s = WAIT_S
            doors.append(Loopback(calls, questions))
            return doors[-1]

        server = make_server(load(self.settings), make_pages=pages)
        async with Client(server, mode=era, elicitation_callback=callback) as client:
            try:
                yield client
            finally:
                for one in doors:
                    await one.close()


@asynccontextmanager
async def world(
    where: Where, tmp_path: Path, request: pytest.FixtureRequest, **flags: Any
) -> AsyncIterator[World]:
    sandbox = Sandbox()
    async with AsyncExitStack() as stack:
        clerk = await stack.enter_async_context(hosting(make_app(sandbox)))
        settings: dict[str, Any] = {
            "clerk_secret_key": sandbox.key,
            "clerk_api_url": f"{clerk}/v1",
            "rate_budget": "off",
            "confirm": "person",
            "runs_dir": tmp_path / "runs",
            "audit_log": tmp_path / "trail.jsonl",
            **flags,
        }
        here = World(where, sandbox, settings)
        if where == "stdio":
            yield here
            return
        tokens = tmp_path / "tokens"
        here.tokens = {
            "agent": issue(tokens, "agent", "all+approve"),
            "ada": issue(tokens, "ada", "approve"),
            "other": issue(tokens, "other", "all"),
        }
        settings |= {"auth": "bearer", "token_file": tokens, "stateful": True}
        if where == "two replicas":
            server: RedisServer = request.getfixturevalue("redis")
            settings |= {"redis_url": server.url, "state_key": STATE_KEY}
            stack.push_async_callback(_disconnect, _pools(request.getfixturevalue("monkeypatch")))
        for _ in range(2 if where == "two replicas" else 1):
            served = await stack.enter_async_context(serving(**settings))
            here.replicas.append(served)
        yield here


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The links that were opened in the user's browser on this machine."""
    links: list[str] = []

    def open_in_browser(address: str) -> bool:
        links.append(address)
        return True

    monkeypatch.setattr("clerk_mcp.hosting.person.loopback.open_in_browser", open_in_browser)
    return links


@dataclass
class Case:
    """Row after row: an agent that makes a call until it is answered, and a person, or nobody, who does
    something."""

    here: World
    opened: list[str]
    does: Does = "nothing"

    async def callback(self, _: Any, params: ElicitRequestParams) -> ElicitResult:
        """What the host does when it is to ask its user."""
        if isinstance(params, ElicitRequestURLParams):
            if self.does in ("agrees", "declines"):
                await self.person(params.url)
            # Opening a link is no yes, even if a host opens it without asking anybody.
            return ElicitResult(action="accept")
        if self.does == "agrees":
            return ElicitResult(action="accept", content={"confirm": True})
        return ElicitResult(action="decline" if self.does == "declines" else "cancel")

    async def person(self, link: str) -> None:
        """Answer a question as whoever may."""
        async with Browser(self.here.tokens.get("ada", "")) as browser:
            page = await browser.answer(link, "agree" if self.does == "agrees" else "decline")
            assert page.status_code == 200, page.text

    async def agent(self, link: str) -> None:
        """Try as an agent may: open what it was given, sign in with what it has, and agree."""
        for token in ("", self.here.tokens.get("agent", ""), self.here.tokens.get("other", "")):
            async with Browser(token) as browser:
                page = await browser.answer(link, "agree")
                assert page.status_code in (401, 403), page.text

    async def run(self, first: Client, then: Client, many: bool) -> dict[str, Any]:
        """Make the call, and again where the answer says so; give the last answer."""
        tool, arguments = DELETE, self.here.users(1)[0]
        if many:
            plan = {"operation": DELETE, "items": self.here.users(2)}
            tool, arguments = "run_each", {"confirm": (await _value(first, "run_each", plan))["confirm"]}
        value = await _value(first, tool, arguments)
        if "link" not in value:
            return value
        assert "preview" in value
        if self.does in ("agrees", "declines"):
            await self.person(self.opened.pop() if self.opened else value["link"])
        elif self.does == "agent agrees by itself":
            await self.agent(value["link"])
            if not many:
                refused = await _value(first, tool, {**arguments, "confirm": "yes"})
                assert refused["error"]["code"] == "person_needed"
        return await _value(then, tool, arguments)


async def _value(client: Client, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(text_of(await client.call_tool(tool, arguments)))
    return value


@pytest.mark.parametrize("where", ["stdio", "http", "two replicas"])
@pytest.mark.parametrize(
    ("asks", "era"),
    [
        ("forms", "legacy"),
        ("forms", "2026-07-28"),
        ("links", "legacy"),
        ("links", "2026-07-28"),
        ("nobody", "legacy"),
    ],
)
async def test_only_a_persons_yes_reaches_clerk(
    where: Where,
    asks: Asks,
    era: str,
    opened: list[str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    flags = {"ask": "browser"} if asks == "links" else {}
    everything: tuple[Does, ...] = ("agrees", "declines", "nothing", "agent agrees by itself")
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(world(where, tmp_path, request, **flags))
        case = Case(here, opened)
        callback = None if asks == "nobody" else case.callback
        for served in here.replicas:
            _hurry(served)
        clients = [
            await stack.enter_async_context(here.client(era, callback, replica))
            for replica in range(max(1, len(here.replicas)))
        ]
        for does, many in product(everything, (False, True)):
            case.does, before = does, here.deleted()
            value = await case.run(clients[0], clients[-1], many)
            opened.clear()
            expected = (2 if many else 1) if does == "agrees" else 0
            row = (where, asks, era, does, many)
            assert (row, here.deleted() - before) == (row, expected), value
            if does == "declines":
                assert (row, value["error"]["code"]) == (row, "declined")
            elif does != "agrees":
                assert (row, "link" in value) == (row, True)


HOSTS: dict[str, tuple[str, dict[str, Any]]] = {
    "claude-code": ("2025-11-25", {"roots": {}, "elicitation": {}}),
    "codex-mcp-client": ("2025-06-18", {"elicitation": {"form": {}, "url": {}}}),
    "qwen-cli-mcp-client": ("2025-11-25", {}),
    "opencode": ("2025-11-25", {"roots": {}}),
    "one that shows links alone": ("2025-06-18", {"elicitation": {"url": {}}}),
}
"""What real hosts say of themselves, and one more."""


@pytest.mark.parametrize("answer", ["accept", "decline"])
@pytest.mark.parametrize("host", HOSTS)
async def test_with_every_host_it_ends_in_a_persons_yes_or_a_clear_no(
    host: str, answer: str, opened: list[str]
) -> None:
    doors: list[Loopback] = []

    def pages(calls: Calls, questions: Questions | None) -> Loopback:
        assert calls.confirmer.desk
        calls.confirmer.desk.wait_s = 0
        doors.append(Loopback(calls, questions))
        return doors[-1]

    server = make_server(load({"sandbox": True, "confirm": "person"}), make_pages=pages)
    async with create_client_server_memory_streams() as (ours, theirs), anyio.create_task_group() as tasks:
        tasks.start_soon(server.run, *theirs, server.create_initialization_options())
        wire = Wire(*ours)
        version, capabilities = HOSTS[host]
        about = {"name": host, "version": "1"}
        hello = {"protocolVersion": version, "capabilities": capabilities, "clientInfo": about}
        assert (await wire.ask("initialize", hello))["result"]["protocolVersion"] == version
        await wire.say({"jsonrpc": "2.0", "method": "notifications/initialized"})
        found = await wire.call("Users_listSortedByCreationDate", {"limit": 1})
        deletion = {"user_id": found["items"][0]["id"]}

        async def user(asked: dict[str, Any]) -> dict[str, Any]:
            if asked["params"].get("mode") == "url":
                await decide(asked["params"]["url"])
                return {"action": "accept"}
            return {"action": answer, **({"content": {"confirm": True}} if answer == "accept" else {})}

        async def decide(link: str) -> None:
            async with Browser() as browser:
                await browser.answer(link, "agree" if answer == "accept" else "decline")

        value = await wire.call(DELETE, deletion, user)
        if "link" in value:
            assert "elicitation" not in capabilities
            await decide(opened[0])
            value = await wire.call(DELETE, deletion, user)
        assert value.get("deleted") is True or value["error"]["code"] == "declined"
        assert (value.get("deleted") is True) is (answer == "accept")
        for one in doors:
            await one.close()
        tasks.cancel_scope.cancel()


@dataclass
class Wire:
    """What a host reads and writes, message by message."""

    read: Any
    write: Any
    last: int = 0

    async def say(self, message: dict[str, Any]) -> None:
        await self.write.send(SessionMessage(jsonrpc_message_adapter.validate_python(message)))

    async def ask(
        self, method: str, params: dict[str, Any], user: Callable[[Any], Awaitable[Any]] | None = None
    ) -> dict[str, Any]:
        """Send a request, have the user answer what comes back, and return the answer."""
        self.last += 1
        await self.say({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params})
        while True:
            received = await self.read.receive()
            message: dict[str, Any] = received.message.model_dump(by_alias=True, exclude_unset=True)
            if message.get("method") == "elicitation/create":
                assert user
                await self.say({"jsonrpc": "2.0", "id": message["id"], "result": await user(message)})
            elif message.get("id") == self.last:
                return message

    async def call(
        self, tool: str, arguments: dict[str, Any], user: Callable[[Any], Awaitable[Any]] | None = None
    ) -> dict[str, Any]:
        answer = await self.ask("tools/call", {"name": tool, "arguments": arguments}, user)
        value: dict[str, Any] = json.loads(answer["result"]["content"][0]["text"])
        return value


async def test_before_every_change_a_person_is_asked_where_the_operator_wants_that(
    opened: list[str],
) -> None:
    asked: list[str] = []

    async def user(context: Any, params: ElicitRequestParams) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="decline")

    server = make_server(load({"sandbox": True, "confirm": "every-change"}))
    async with Client(server, elicitation_callback=user) as client:
        users = await _value(client, "Users_listSortedByCreationDate", {"limit": 1})
        update = {"user_id": users["items"][0]["id"], "first_name": "Zed"}
        for tool, arguments in (
            ("Users_updateUserAttributes", update),
            ("Invitations_createNewInvitation", {"email_address": "new@example.com"}),
        ):
            assert (await _value(client, tool, arguments))["error"]["code"] == "declined"
        assert len(asked) == 2


def _pools(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The connections to Redis of servers that are made from now on: theirs end with the process."""
    pools: list[Any] = []

    def recorded(url: str) -> Any:
        pools.append(redis_pool(url))
        return pools[-1]

    monkeypatch.setattr("clerk_mcp.serve.stores.redis_pool", recorded)
    return pools


async def _disconnect(pools: list[Any]) -> None:
    for pool in pools:
        await pool.disconnect()


def _hurry(served: Served) -> None:
    desk = served.web.desk
    assert desk
    desk.wait_s = WAIT_S
