"""The console, in a real Chromium; what needs no browser is in tests/server/test_console.py."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from clerk_mcp.hosting.tokens import issue
from clerk_tools.catalog import operations
from clerk_tools.operation import Spec
from tests.server.test_run_undo_screens import world
from tests.server.web import Served, serving

if TYPE_CHECKING:
    from playwright import async_api as playwright
else:
    playwright = pytest.importorskip("playwright.async_api", reason="Playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = "user_<b>bold</b><i>"
IMAGES = os.environ.get("PAGE_SCREENSHOTS")
"""A directory to leave screenshots in, for the docs."""

SCREENS = ("/", "/activity", "/trail", "/tools", "/try?tool=Users_listSortedByCreationDate", "/connect")

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
]


@pytest.fixture
async def browser() -> AsyncIterator[playwright.Browser]:
    async with playwright.async_playwright() as started:
        # Containers have no user namespaces for its sandbox; the only page it opens is ours.
        chromium = await started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        await chromium.close()


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(audit_log=tmp_path / "trail", audit_before=True) as running:
        yield running


class Complaints(list[str]):
    """What the browser has to say against a page: errors, and whatever its policy kept out."""

    def __init__(self, page: playwright.Page) -> None:
        super().__init__()
        page.on("console", lambda message: self.append(message.text) if message.type != "log" else None)
        page.on("pageerror", lambda error: self.append(str(error)))


async def visible_tools(page: playwright.Page) -> list[str]:
    found: list[str] = await page.locator(".tool:visible summary code").all_inner_texts()
    return found


async def shoot(page: playwright.Page, name: str) -> None:
    if IMAGES:
        await page.screenshot(path=Path(IMAGES) / f"{name}.png")


async def test_it_says_what_the_server_is_and_how_to_connect(
    browser: playwright.Browser, served: Served
) -> None:
    page = await browser.new_page(viewport={"width": 1200, "height": 900})
    complaints = Complaints(page)
    await page.goto(served.url)
    assert "Sandbox" in await page.inner_text("header")
    await page.click("nav >> text=Connect")
    await page.click("text=Claude Code")
    assert f"claude mcp add --transport http clerk {served.url}/mcp" in await page.inner_text("main")
    assert complaints == []


async def test_search_narrows_the_tools_by_name_purpose_and_effect(
    browser: playwright.Browser, served: Served
) -> None:
    page = await browser.new_page(viewport={"width": 1200, "height": 900})
    complaints = Complaints(page)
    await page.goto(f"{served.url}/tools")
    everything = await visible_tools(page)
    assert set(everything) > set(operations())
    await page.keyboard.press("/")
    await page.keyboard.type("destroy user")
    texts = {id: operation.spec for id, operation in operations().items()}
    fitting = {id for id, spec in texts.items() if {"destroy", "user"} <= _words_in(spec)}
    shown = await visible_tools(page)
    assert "Users_deleteUserById" in shown
    assert set(shown) & set(operations()) == fitting
    assert await page.inner_text("#found") == f"{len(shown)} tools"
    await page.keyboard.press("Escape")
    assert await visible_tools(page) == everything
    await page.keyboard.type("nothing is called this")
    assert await visible_tools(page) == []
    assert await page.locator(".resource h2:visible").count() == 0
    assert complaints == []


def _words_in(spec: Spec) -> set[str]:
    """Which of the two words that are looked for stand anywhere in what is known of an operation."""
    text = f"{spec.id} {spec.title} {spec.description} {spec.effect} {spec.words}".lower()
    return {word for word in ("destroy", "user") if word in text}


async def test_copy_puts_the_text_on_the_clipboard(browser: playwright.Browser, served: Served) -> None:
    context = await browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    await page.goto(f"{served.url}/connect")
    await page.get_by_label("Copy the address").click()
    assert await page.evaluate("navigator.clipboard.readText()") == f"{served.url}/mcp"
    assert await page.inner_text("#said") == "Copied"


async def test_a_tool_is_opened_with_the_keyboard_and_shows_its_arguments(
    browser: playwright.Browser, served: Served
) -> None:
    page = await browser.new_page()
    await page.goto(f"{served.url}/tools")
    await page.focus("#Users_createNewUser summary")
    await page.keyboard.press("Enter")
    shown = await page.inner_text("#Users_createNewUser")
    assert "email_address" in shown
    assert "POST /users" in shown
    await page.goto(f"{served.url}/tools#Users_markBanned")
    assert await page.get_attribute("#Users_markBanned", "open") is not None


async def test_everything_is_reached_by_tab_in_order(browser: playwright.Browser, served: Served) -> None:
    page = await browser.new_page()
    await page.goto(f"{served.url}/connect")
    screens = await page.locator("nav a").count()
    hosts = await page.locator(".recipe").count()
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Skip to the content"
    order = []
    for _ in range(screens + 2 + hosts):
        await page.keyboard.press("Tab")
        order.append(await page.evaluate("document.activeElement.tagName"))
    assert order == ["A"] * screens + ["PRE", "BUTTON"] + ["SUMMARY"] * hosts


async def test_calls_appear_as_they_happen_and_a_screen_reader_is_told(
    browser: playwright.Browser, served: Served
) -> None:
    page = await browser.new_page(viewport={"width": 1200, "height": 900})
    complaints = Complaints(page)
    await page.goto(f"{served.url}/activity")
    assert await page.locator("#live tbody tr").count() == 0
    await served.call("Users_getUserDetails", {"user_id": HOSTILE})
    await page.wait_for_selector("#live tbody tr")
    row = await page.inner_text("#live tbody tr")
    assert HOSTILE in row
    assert await page.locator("#live b, #live i").count() == 0
    assert "1 new call; the last that fits: Users_getUserDetails, error" in await page.inner_text("#said")
    await page.get_by_role("button", name="Pause").click()
    assert await page.get_attribute("#pause", "aria-pressed") == "true"
    assert await page.inner_text("#pause") == "Go on"
    await shoot(page, "activity")
    assert complaints == []


async def test_the_trail_is_searched_and_a_call_is_opened_with_the_keyboard(
    browser: playwright.Browser, served: Served
) -> None:
    await served.call("Users_getUserDetails", {"user_id": HOSTILE})
    await served.call("Users_getTotalCount")
    page = await browser.new_page(viewport={"width": 1200, "height": 900})
    complaints = Complaints(page)
    await page.goto(f"{served.url}/trail")
    await page.get_by_label("Anywhere").focus()
    await page.keyboard.type("<b>")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/trail?text=*")
    assert await page.locator("tbody tr").count() == 1
    await page.locator("tbody tr a").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/trail/entry?id=*")
    assert HOSTILE in await page.inner_text("main")
    assert await page.locator("main b").count() == 0
    assert complaints == []


async def test_somebody_signs_in_and_a_form_of_another_origin_does_nothing(
    browser: playwright.Browser, tmp_path: Path
) -> None:
    token = issue(tmp_path / "tokens", "grace", ["console", "read"])
    async with serving(auth="bearer", token_file=tmp_path / "tokens") as served:
        context = await browser.new_context()
        page = await context.new_page()
        complaints = Complaints(page)
        await page.goto(f"{served.url}/activity")
        await page.get_by_label("Access token").fill(token)
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{served.url}/activity")
        assert "grace" in await page.inner_text("header")
        await page.goto(f"{served.url}/try?tool=Users_getTotalCount")
        await page.get_by_role("button", name="Run").click()
        assert "total_count" in await page.inner_text("main")
        assert complaints == []
        # The same machine by another name is another origin, whose page can send a form here.
        form = f'<form method="post" action="{served.url}/signout"><button>Go</button></form>'
        other = served.url.replace("127.0.0.1", "localhost")
        await page.route(f"{other}/evil", lambda route: route.fulfill(body=form, content_type="text/html"))
        await page.goto(f"{other}/evil")
        await page.click("button")
        assert "nothing was done" in await page.inner_text("main")
        await page.goto(f"{served.url}/activity")
        assert "grace" in await page.inner_text("header")


async def test_dark_follows_the_system(browser: playwright.Browser, served: Served) -> None:
    backs = {}
    for scheme in ("light", "dark"):
        page = await browser.new_page(color_scheme=scheme, viewport={"width": 1200, "height": 900})
        await page.goto(served.url)
        backs[scheme] = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        if scheme == "dark":
            await shoot(page, "page-dark")
    assert backs == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 20, 26)"}


async def test_on_a_phone_nothing_is_cut_off(browser: playwright.Browser, served: Served) -> None:
    context = await browser.new_context(
        viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True
    )
    page = await context.new_page()
    await served.call("Users_getUserDetails", {"user_id": "user_" + "x" * 90})
    for screen in SCREENS:
        await page.goto(served.url + screen)
        await page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, screen
        await page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = false))")
        await shoot(page, f"phone-{screen.strip('/').partition('?')[0] or 'now'}")


async def test_it_is_all_there_without_script(browser: playwright.Browser, served: Served) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{served.url}/tools")
    assert await page.locator(".tool:visible").count() > len(operations())
    assert await page.locator("button:visible").count() == 0


async def test_taking_a_run_back_is_followed_on_the_page_until_it_is_done(
    browser: playwright.Browser, tmp_path: Path
) -> None:
    async with world(tmp_path, max_in_flight=4) as here:
        before, run = here.pro(), await here.make_everybody_pro()
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        complaints = Complaints(page)
        await page.goto(here.page(run))
        await page.fill("#token", here.token("console+read+write"))
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/undo/run?run=*")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        here.gate = anyio.Event()
        await page.click("text=Put back 30 objects")
        await page.wait_for_selector("text=0 of 30 done")
        await shoot(page, "run-under-way")
        here.gate.set()
        # Nobody reloads: the script asks again.
        await page.wait_for_selector("text=30 of 30 done")
        assert "Done." in await page.inner_text("main")
        assert await page.locator("button:has-text('Stop')").count() == 0
        assert await page.inner_text("#said") == "30 of 30 done"
        assert complaints == []
        assert here.pro() == before
