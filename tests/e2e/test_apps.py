"""MCP Apps: a user, a table and the question before destruction as views, for hosts that show them.

The host is a page of Chromium that does what the extension's document (2026-01-26) asks of one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mcp.client.extension import advertise
from mcp_types import CallToolResult, TextResourceContents

from clerk_mcp.protocol import apps
from tests.server.worlds import World, world

if TYPE_CHECKING:
    from playwright import async_api as playwright

pytestmark = pytest.mark.anyio

SHOWS_VIEWS = [advertise(apps.EXTENSION, {"mimeTypes": ["text/html;profile=mcp-app"]})]
HOSTILE = "<img src=x onerror=\"document.title='broken'\"><b>Mallory</b>"


async def test_only_a_host_that_shows_views_is_told_of_them(era: str) -> None:
    async with world(era=era) as here:
        tools = (await here.client.list_tools()).tools
        assert not [tool.name for tool in tools if tool.meta]
        other = [advertise(apps.EXTENSION, {"mimeTypes": ["text/uri-list"]})]
    async with world(era=era, extensions=other) as here:
        assert not [tool.name for tool in (await here.client.list_tools()).tools if tool.meta]
    async with world(era=era, extensions=SHOWS_VIEWS) as here:
        found = {tool.name: tool.meta for tool in (await here.client.list_tools()).tools}
        assert (
            found["Users_getUserDetails"] == found["list_all"] == found["Users_deleteUserById"] == apps.META
        )
        assert found["Users_getTotalCount"] is None
        read = await here.client.read_resource(apps.VIEW)
        [held] = read.contents
        assert isinstance(held, TextResourceContents)
        assert held.mime_type == "text/html;profile=mcp-app"
        assert len(held.text.encode()) < 9_000


async def test_the_view_loads_nothing_and_writes_no_markup() -> None:
    page = apps.page()
    assert "innerHTML" not in page
    assert "default-src 'none'; script-src 'sha256-" in page
    assert "http://" not in page
    assert "https://" not in page


# ── In a browser ──

HOST = """
<iframe sandbox="allow-scripts" style="width: 700px; height: 500px"></iframe>
<script>
  const frame = document.querySelector("iframe"), said = [];
  let ready, done = new Promise((yes) => ready = yes);
  const send = (message) => frame.contentWindow.postMessage({ jsonrpc: "2.0", ...message }, "*");
  addEventListener("message", async ({ source, data }) => {
    if (source !== frame.contentWindow) return;
    said.push(data);
    if (data.method === "ui/initialize") send({ id: data.id, result: { protocolVersion: "2026-01-26",
      hostCapabilities: { serverTools: {} }, hostInfo: { name: "test", version: "1" }, hostContext: {} } });
    else if (data.method === "ui/notifications/initialized") ready();
    else if (data.method === "tools/call") send({ id: data.id, result: await callTool(data.params) });
    else if (data.id !== undefined) send({ id: data.id, result: {} });
  });
  const show = async (page, input, result) => {
    done = new Promise((yes) => ready = yes);
    frame.srcdoc = page;
    await done;
    send({ method: "ui/notifications/tool-input", params: { arguments: input } });
    send({ method: "ui/notifications/tool-result", params: result });
  };
</script>
"""


@asynccontextmanager
async def browser_page() -> AsyncIterator[playwright.Page]:
    driver = pytest.importorskip("playwright.async_api", reason="Playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    async with driver.async_playwright() as started:
        browser = await started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page()
        await page.set_content("<title>host</title>")
        yield page
        await browser.close()


async def show(
    here: World, page: playwright.Page, tool: str, arguments: dict[str, Any]
) -> playwright.FrameLocator:
    """Call a tool as the model would, and have the host draw the answer."""
    result = await here.client.call_tool(tool, arguments)
    await page.evaluate(
        "([page, input, result]) => show(page, input, result)", [apps.page(), arguments, on_the_wire(result)]
    )
    return page.frame_locator("iframe")


def on_the_wire(result: CallToolResult) -> dict[str, Any]:
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)


async def test_a_person_sees_a_user_and_a_table_and_decides_about_a_deletion() -> None:
    async with world(confirm=True, extensions=SHOWS_VIEWS) as here, browser_page() as page:

        async def call_tool(params: dict[str, Any]) -> dict[str, Any]:
            return on_the_wire(await here.client.call_tool(params["name"], params["arguments"]))

        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        await page.expose_function("callTool", call_tool)
        await page.set_content(HOST)
        users = "Users_listSortedByCreationDate"
        listed = await here.client.call_tool(users, {"limit": 1, "query": "helen"})
        [helen] = (listed.structured_content or {})["items"]
        await here.client.call_tool(
            "Users_updateUserAttributes", {"user_id": helen["id"], "first_name": HOSTILE}
        )

        view = await show(here, page, "Users_getUserDetails", {"user_id": helen["id"]})
        assert HOSTILE in await view.locator("h1").inner_text()
        assert "helen@mossbrook.example" in await view.locator("dl").inner_text()
        assert await view.locator("img").count() == 0

        view = await show(here, page, "list_all", {"operation": users, "group": "count by banned"})
        assert await view.locator("tbody tr").count() >= 1
        view = await show(here, page, "list_all", {"operation": users, "where": "banned = false"})
        assert await view.locator("tbody tr").count() > 5
        assert "matched" in await view.locator("caption").inner_text()

        before = here.received.count("Users_deleteUserById")
        view = await show(here, page, "Users_deleteUserById", {"user_id": helen["id"]})
        await view.get_by_role("button", name="No").click()
        assert "Not done" in await view.locator("main").inner_text()
        view = await show(here, page, "Users_deleteUserById", {"user_id": helen["id"]})
        assert "helen@mossbrook.example" in await view.locator("main").inner_text()
        assert here.received.count("Users_deleteUserById") == before
        if images := os.environ.get("PAGE_SCREENSHOTS"):
            await page.locator("iframe").screenshot(path=Path(images, "question.png"))
        await view.get_by_role("button", name="Yes, do it").click()
        await view.get_by_text("deleted").first.wait_for()
        assert here.received.count("Users_deleteUserById") == before + 1
        said = json.dumps(
            await page.evaluate("said.filter((one) => one.method === 'ui/update-model-context')")
        )
        assert "said no to Users_deleteUserById" in said
        assert "agreed to Users_deleteUserById" in said
        assert "ui/notifications/size-changed" in await page.evaluate("said.map((one) => one.method)")
        assert complaints == []
