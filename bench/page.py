"""A page of 500 users, in process: fetched and parsed, and the whole way that a call of ours takes."""

from __future__ import annotations

import json
from typing import Any, Self

import httpx2

from clerk_mcp.calling.calls import Caller
from clerk_mcp.serve import make_calls
from clerk_mcp.settings import load


class Fetching:
    """What anybody must do to have the users at all."""

    def __init__(self, upstream: str) -> None:
        self._http = httpx2.AsyncClient(base_url=upstream)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def run(self) -> Any:
        return json.loads((await self._http.get("/users?limit=500")).content)


class Trimming:
    """Validated, sent, parsed, trimmed and written, as large as it comes."""

    def __init__(self, upstream: str) -> None:
        settings = {"clerk_secret_key": "sk_test_bench", "clerk_api_url": upstream, "rate_budget": "off"}
        self._calls, _ = make_calls(load({**settings, "max_result_bytes": 10_000_000}))

    async def __aenter__(self) -> Self:
        await self._calls.client.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._calls.client.__aexit__()

    async def run(self) -> Any:
        return await self._calls.run("Users_listSortedByCreationDate", {"limit": 500}, Caller())
