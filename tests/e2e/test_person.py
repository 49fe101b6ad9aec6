"""A person who decides in a real Chromium, and pages of elsewhere that try to decide for them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.calling import text_of
from tests.server.people import Browser
from tests.server.test_person_pages import DELETE, DELETION, MINT, MINTING, World, world
from tests.server.web import hosting

if TYPE_CHECKING:
    from playwright import async_api as playwright
else:
    playwright = pytest.importorskip("playwright.async_api", reason="Playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
IMAGES = os.environ.get("PAGE_SCREENSHOTS")
"""A directory to leave screenshots in, for the docs."""

pytestmark = pytest.mark.anyio
in_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"
)


@pytest.fixture
async def browser() -> AsyncIterator[playwright.Browser]:
    async with playwright.async_playwright() as started:
        # Containers have no user namespaces for its sandbox; the only pages it opens are ours.
        chromium = await started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        await chromium.close()


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as here:
        yield here


async def sign_in(page: playwright.Page, here: World, link: str) -> None:
    await page.goto(link)
    await page.fill("#token", here.tokens["ada"])
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=What is sent")


@in_chromium
async def test_a_person_signs_in_reads_types_the_name_and_agrees_with_the_keyboard_alone(
    browser: playwright.Browser, here: World
) -> None:
    link = await here.ask()
    complaints: list[str] = []
    schemes: tuple[tuple[Literal["dark", "light"], int], ...] = (("dark", 390), ("light", 1200))
    for scheme, width in schemes:
        context = await browser.new_context(
            color_scheme=scheme,
            viewport={"width": width, "height": 844},
            java_script_enabled=scheme == "light",
        )
        page = await context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        await sign_in(page, here, link)
        wide = await page.locator("main").bounding_box()
        assert wide is not None
        assert wide["width"] <= width
        if IMAGES:
            await page.screenshot(path=Path(IMAGES) / f"question-{scheme}.png", full_page=True)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    # What is sent can be scrolled, then comes the field; Enter in it is Agree, once the name is right.
    for _ in range(2):
        await page.keyboard.press("Tab")
    await page.keyboard.type("Hassan")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("[role=alert]")
    assert await here.is_open()
    await page.focus("#typed")
    await page.keyboard.type("Hassan El-Amin")
    reached = []
    for _ in range(2):
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate("document.activeElement.textContent"))
    assert reached == ["Agree", "Decline"]
    await page.focus("#typed")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("h1:has-text('Agreed')")
    assert [text for text in complaints if "status of 422" not in text] == []
    await here.call(DELETE, DELETION)
    assert here.reached(DELETE) == 1


@in_chromium
async def test_a_page_of_elsewhere_can_neither_frame_it_nor_fetch_it_ahead_nor_post_to_it(
    browser: playwright.Browser, here: World
) -> None:
    link = await here.ask()
    context = await browser.new_context()
    page = await context.new_page()
    await sign_in(page, here, link)
    mark = await page.get_attribute("input[name=mark]", "value")
    seen = await page.get_attribute("input[name=seen]", "value")
    values = {"mark": mark, "seen": seen, "typed": "Hassan El-Amin", "answer": "agree"}
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in values.items())
    evil = (
        f'<!doctype html><link rel="prefetch" href="{link}"><iframe id="framed" src="{link}"></iframe>'
        f'<form method="post" action="{link}">{inputs}<button>Win</button></form>'
    )
    app = Starlette(routes=[Route("/", lambda _: HTMLResponse(evil))])
    async with hosting(app) as elsewhere:
        for origin in (elsewhere, elsewhere.replace("127.0.0.1", "localhost")):
            await page.goto(origin)
            framed = page.frame_locator("#framed")
            assert await framed.locator("text=What is sent").count() == 0
            await page.click("text=Win")
            assert "Agreed" not in await page.content()
            assert await here.is_open()
    await page.goto(link)
    assert await page.locator("text=What is sent").count() == 1


@asynccontextmanager
async def on_stdio(tmp_path: Path, *flags: str) -> AsyncIterator[tuple[Client, Path]]:
    """A client of the whole program, and the file that has the address which was opened in the browser."""
    opened = tmp_path / "opened"
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" > "{opened}.part" && mv "{opened}.part" "{opened}"\n')
    program.chmod(0o700)
    host = StdioServerParameters(
        command=sys.executable,
        args=["-m", "clerk_mcp", "--sandbox", "--log-level", "error", *flags],
        env={**os.environ, "BROWSER": str(program), "HOME": str(tmp_path)},
    )
    async with Client(host, mode="legacy") as client:
        yield client, opened


async def address_in(opened: Path) -> str:
    while not opened.exists():
        await anyio.sleep(0.02)
    return opened.read_text().strip()


async def test_on_stdio_a_browser_is_opened_past_the_agent_and_the_call_waits_for_it(tmp_path: Path) -> None:
    async with (
        on_stdio(tmp_path, "--confirm", "person") as (client, opened),
        anyio.create_task_group() as tasks,
    ):
        listed = await client.call_tool("Users_listSortedByCreationDate", {"limit": 1})
        deletion = {"user_id": json.loads(text_of(listed))["items"][0]["id"]}

        async def answer() -> None:
            link = await address_in(opened)
            async with Browser() as user:
                assert (await user.answer(link, "agree")).status_code == 200

        tasks.start_soon(answer)
        done = await client.call_tool(DELETE, deletion)
        assert not done.is_error, text_of(done)
        assert json.loads(text_of(done))["deleted"] is True


@in_chromium
async def test_on_stdio_a_credential_is_fetched_in_the_browser_once_and_not_by_going_back_to_it(
    browser: playwright.Browser, tmp_path: Path
) -> None:
    async with on_stdio(tmp_path, "--secrets", "link") as (client, opened):
        made = text_of(await client.call_tool(MINT, MINTING))
        link = await address_in(opened)
        assert link.partition("?")[0] not in made
        page = await browser.new_page()
        await page.goto(link)
        assert "open=" not in page.url, "the secret does not stay in the address bar and the history"
        assert await page.locator("pre").count() == 0
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        secret = json.loads(await page.locator("pre").inner_text())["client_secret"]
        assert len(secret) > 10
        assert secret not in made
        await page.goto(page.url)
        assert secret not in await page.content()
        await page.go_back()
        assert secret not in await page.content()
        stranger = await browser.new_page()
        answered = await stranger.goto(link)
        assert answered is not None
        assert answered.status == 403
