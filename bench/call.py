"""One call in process: validated, decided, sent, trimmed and written; beside it a request of aiohttp's."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, Final, Self

from bench.contestants import AIOHTTP as PLACE
from bench.upstream import USER_ID

from clerk_mcp.calling import Caller
from clerk_mcp.serve import make_calls
from clerk_mcp.settings import load

AIOHTTP: Final = "aiohttp's request"
_KEY: Final = "sk_test_bench"


class Alone:
    """All that a call of ours is, but for MCP."""

    def __init__(self, upstream: str) -> None:
        settings = {"clerk_secret_key": _KEY, "clerk_api_url": upstream, "rate_budget": "off"}
        self._calls, _ = make_calls(load(settings))

    async def __aenter__(self) -> Self:
        await self._calls.client.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._calls.client.__aexit__()

    async def run(self) -> Any:
        return await self._calls.run("Users_getUserDetails", {"user_id": USER_ID}, Caller())


class Aiohttp:
    """aiohttp's client, where it could be installed."""

    def __init__(self, upstream: str) -> None:
        self._url = f"{upstream}/users/{USER_ID}"
        self._headers = {"Authorization": f"Bearer {_KEY}", "Accept": "application/json"}
        self._session: Any = None

    @property
    def is_here(self) -> bool:
        return (PLACE / "ready").exists()

    async def __aenter__(self) -> Self:
        if self.is_here:
            sys.path.append(str(PLACE))
            self._session = import_module("aiohttp").ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def run(self) -> Any:
        async with self._session.get(self._url, headers=self._headers) as answer:
            return await answer.read()
