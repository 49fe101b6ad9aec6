"""The whole server on an upstream that answers what a test says, over real HTTP on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
from mcp import Client

from clerk_mcp.serve import make_server
from clerk_mcp.settings import load
from clerk_sandbox.sandbox import TEST_KEY, Sandbox
from tests.server.loopback import Received, Script, answer, loopback


@asynccontextmanager
async def server_on(script: Script, era: str = "2026-07-28", **flags: Any) -> AsyncIterator[Client]:
    """The SDK's client, connected to a new server whose Clerk is `script`; nothing is tried twice."""
    async with loopback(script) as upstream:
        settings = {
            "clerk_secret_key": TEST_KEY,
            "clerk_api_url": upstream.url,
            "rate_budget": "off",
            "retry_budget": 0,
        }
        async with Client(make_server(load(settings | flags)), mode=era) as client:
            yield client
        while upstream.open_connections:
            await anyio.lowlevel.checkpoint()


def always(status: int = 200, value: object = None, **parts: Any) -> Script:
    """Answer every request alike; the arguments are those of `loopback.answer`."""

    async def script(_: Received) -> bytes:
        return answer(status, value, **parts)

    return script


def pages_of(
    records: list[Any], envelope: Callable[[list[Any], int], object] = lambda page, _: page
) -> Script:
    """Answer lists as Clerk does: `limit` records from `offset` on; all of them where no limit is sent.

    Args:
        envelope: wraps a page, given the number of all records.
    """

    async def script(received: Received) -> bytes:
        _, _, query = received.target.partition("?")
        sent = dict(part.split("=") for part in query.split("&") if part)
        offset = int(sent.get("offset", 0))
        limit = int(sent.get("limit", 10 if "offset" in sent else len(records)))
        return answer(value=envelope(records[offset : offset + limit], len(records)))

    return script


def in_data(page: list[Any], total: int) -> object:
    """The envelope `{data, total_count}`."""
    return {"data": page, "total_count": total}


def of_sandbox(sandbox: Sandbox) -> Script:
    """Answer as a sandbox whose state the test can reach does."""

    async def script(received: Received) -> bytes:
        path, _, query = received.target.partition("?")
        said = sandbox.handle(received.method, path, query, received.headers, received.body)
        return answer(said.status, body=said.body, headers=dict(said.headers))

    return script


def refusal(status: int, code: str, *, param: str | None = None, **headers: str) -> Script:
    """Answer every request with one error of Clerk's."""
    error = {
        "message": "is refused",
        "long_message": f"Refused with {code}.",
        "code": code,
        "meta": {"param_name": param} if param else {},
    }
    body = json.dumps({"errors": [error], "clerk_trace_id": "trace-1"}).encode()
    return always(status, body=body, headers=headers)
