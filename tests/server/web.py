"""Real HTTP servers for tests: on free loopback ports, in this process, gone at the end of the block."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2
import uvicorn
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from starlette.types import ASGIApp

from clerk_mcp.hosting.addresses import listen
from clerk_mcp.hosting.running import server_of
from clerk_mcp.hosting.switchboard import Switchboard
from clerk_mcp.hosting.web import Web
from clerk_mcp.settings import load

ACCEPT = "application/json, text/event-stream"
COUNT = "Users_getTotalCount"
"""A tool without arguments that only reads."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs."""

    url: str
    web: Web

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        async with httpx2.AsyncClient(timeout=30) as http:
            return await http.get(self.url + path, headers=_headers(headers))

    async def post(self, message: object = None, path: str = "/mcp", **headers: str) -> httpx2.Response:
        """POST a JSON-RPC message, by default one that lists the tools, as a handshake-era client would."""
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"} if message is None else message
        given = {"content-type": "application/json", "accept": ACCEPT, **_headers(headers)}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with httpx2.AsyncClient(timeout=30) as http:
            return await http.post(self.url + path, content=content, headers=given)

    async def call(
        self, tool: str, arguments: Mapping[str, Any] | None = None, /, **headers: str
    ) -> httpx2.Response:
        """POST a tool call."""
        params = {"name": tool, "arguments": arguments or {}}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        return await self.post(message, **headers)

    @asynccontextmanager
    async def client(
        self, transport: str = "2026-07-28", token: str | None = None, instance: str | None = None
    ) -> AsyncIterator[Client]:
        """The SDK's client over `/sse`, or over `/mcp` in the era that `transport` names."""
        of = f"/{instance}" if instance else ""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if transport == "sse":
            async with Client(sse_client(f"{self.url}/sse{of}", headers=headers), mode="legacy") as client:
                yield client
            return
        async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
            connection = streamable_http_client(f"{self.url}/mcp{of}", http_client=http)
            async with Client(connection, mode=transport) as client:
                yield client


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in given.items()}


@asynccontextmanager
async def serving(**flags: Any) -> AsyncIterator[Served]:
    """clerk-mcp over HTTP with these settings; on a sandbox unless they name a key or an API."""
    own = {"clerk_secret_key", "clerk_api_url"} & flags.keys()
    settings = load({"transport": "http", "port": 0, **({} if own else {"sandbox": True}), **flags})
    web = Web(settings)
    listener = listen(settings.host, settings.port)
    async with _running(server_of(web), listener):
        yield Served(_address(listener), web)


@asynccontextmanager
async def serving_instances(**flags: Any) -> AsyncIterator[Served]:
    """clerk-mcp over HTTP with the instances of a configuration file."""
    settings = load({"transport": "http", "port": 0, **flags})
    switchboard = Switchboard(settings)
    listener = listen(settings.host, settings.port)
    async with _running(server_of(switchboard), listener):
        yield Served(_address(listener), next(iter(switchboard.webs.values())))


@asynccontextmanager
async def hosting(app: ASGIApp) -> AsyncIterator[str]:
    """Any ASGI application; gives its address."""
    listener = listen("127.0.0.1", 0)
    # As Clerk's edge does, idle connections are kept for longer than the client keeps them.
    config = uvicorn.Config(
        app, interface="asgi3", log_config=None, lifespan="off", ws="none", timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
    )  # fmt: skip
    async with _running(uvicorn.Server(config), listener):
        yield _address(listener)


def _address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@asynccontextmanager
async def _running(server: uvicorn.Server, listener: socket.socket) -> AsyncIterator[None]:
    with closing(listener):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listener])
            while not server.started:
                await anyio.sleep(0.005)
            try:
                yield
            finally:
                server.should_exit = True
