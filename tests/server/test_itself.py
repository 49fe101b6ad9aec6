"""What the server says of itself, before and after a client connects."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from mcp_types import (
    LOG_LEVEL_META_KEY,
    SERVER_INFO_META_KEY,
    EmptyResult,
    LoggingLevel,
    SetLevelRequest,
    SetLevelRequestParams,
)

from tests.server.web import COUNT, serving
from tests.server.worlds import world

pytestmark = pytest.mark.anyio

HOME = "https://github.com/clerk-mcp/clerk-mcp"
MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


async def test_hosts_are_given_a_picture_and_an_address(era: str) -> None:
    async with world(era="auto" if era != "legacy" else era) as here:
        info = here.client.server_info
        assert info is not None
        assert info.website_url == HOME
        kinds = {icon.mime_type: icon for icon in info.icons or []}
        assert set(kinds) == {"image/svg+xml", "image/png"}
        for kind, begins in (("image/png", b"\x89PNG"), ("image/svg+xml", b"<svg")):
            head, _, content = kinds[kind].src.partition(",")
            assert head == f"data:{kind};base64"
            assert base64.b64decode(content).startswith(begins)


async def test_the_picture_is_sent_once_and_not_with_every_answer() -> None:
    async with serving() as served:
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
        params = {"name": COUNT, "arguments": {}, "_meta": MODERN}
        answer = await served.post(
            message | {"params": params},
            mcp_protocol_version="2026-07-28",
            mcp_method="tools/call",
            mcp_name=COUNT,
        )
        stamp = answer.json()["result"]["_meta"][SERVER_INFO_META_KEY]
        assert stamp.keys() == {"name", "title", "version"}


@pytest.mark.parametrize("flags", [{}, {"auth": "clerk-key", "clerk_api_url": "http://127.0.0.1:9/v1"}])
async def test_a_card_tells_who_is_here_before_a_client_connects(flags: dict[str, Any]) -> None:
    async with serving(**flags) as served:
        catalogue = (await served.get("/.well-known/ai-catalog.json")).json()
        [entry] = catalogue["entries"]
        assert entry["url"] == f"{served.url}/mcp/server-card"
        answer = await served.get("/mcp/server-card")
        assert answer.headers["content-type"] == entry["type"] == "application/mcp-server-card+json"
        card = answer.json()
        assert card["name"] == "io.github.clerk-mcp/clerk-mcp"
        assert len(card["description"]) <= 100
        [remote] = card["remotes"]
        assert remote["url"] == f"{served.url}/mcp"
        assert [header["name"] for header in remote.get("headers", [])] == (
            ["Authorization"] if flags else []
        )
        assert (await served.get("/.well-known/mcp/server-card.json")).json() == card
        again = await served.get("/mcp/server-card", if_none_match=answer.headers["etag"])
        assert (again.status_code, again.content) == (304, b"")


async def test_a_client_that_asks_for_log_lines_gets_those_of_its_calls(
    era: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "clerk_mcp")
    lines: list[Any] = []

    async def keep(line: Any) -> None:
        lines.append((line.level, line.data))

    async with world(era=era, logging_callback=keep) as here:
        await here.client.call_tool(COUNT, {})
        assert lines == []
        await _ask_for("info", here.client, era)
        assert [(level, data["operation"], data["status"]) for level, data in lines] == [("info", COUNT, 200)]
        lines.clear()
        await _ask_for("warning", here.client, era)
        assert lines == []


async def _ask_for(level: LoggingLevel, client: Any, era: str) -> None:
    meta = {LOG_LEVEL_META_KEY: level} if era != "legacy" else None
    if era == "legacy":
        params = SetLevelRequestParams(level=level)
        await client.session.send_request(SetLevelRequest(params=params), EmptyResult)
    await client.call_tool(COUNT, {}, meta=meta)
