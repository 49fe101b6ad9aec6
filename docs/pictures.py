"""The pictures of pages that the documents show, really taken, in Chromium.

    python docs/pictures.py              # writes docs/images
    python docs/pictures.py DIRECTORY    # every screen, on a phone and a desk, in light and dark

Serves a sandbox over HTTP, has an agent work on it, and opens the pages as the people would who run it. Needs
Playwright, and Chromium as the system has it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from playwright.async_api import Browser, Page, async_playwright

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from clerk_mcp.hosting.tokens import issue  # noqa: E402
from clerk_sandbox.examples import example_calls  # noqa: E402
from tests.server.web import Served, serving  # noqa: E402

IMAGES: Final = ROOT / "docs" / "images"
_TRAIL: Final = Path("trail.jsonl")
_TOKENS: Final = Path("tokens")
"""Where the settings that are shown say that these are."""
_LARGEST: Final = 80_000
"""Bytes of a picture in the documents."""
USERS: Final = "Users_listSortedByCreationDate"
UPDATE: Final = "Users_updateUserAttributes"
MERGE: Final = "Users_mergeUserMetadataAttributes"
DELETE: Final = "Users_deleteUserById"
MINT: Final = "OAuthApplications_createNewApplication"

Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Shot:
    """One page, and how it is reached."""

    name: str
    path: str
    who: str = "ada"
    press: str = ""
    """What is pressed before the picture is taken."""
    into: str = ""
    """The picture in the documents that it is, if any."""
    height: int = 620


@dataclass
class World:
    """A server with an agent's traces."""

    served: Served
    tokens: dict[str, str]
    run: str
    entry: str
    question: str
    credential: str

    def shots(self) -> Iterator[Shot]:
        """Every screen."""
        run = f"/undo/run?run={self.run}"
        yield Shot("now", "/", into="console-now.png", height=560)
        yield Shot("activity", "/activity", into="console-activity.png", height=700)
        yield Shot("trail", "/trail")
        yield Shot("entry", f"/trail/entry?id={self.entry}")
        yield Shot("undo", f"/undo?entry={self.entry}")
        yield Shot("run", f"/trail?run={self.run}")
        yield Shot("run-undo", run, into="console-run-undo.png")
        yield Shot("tools", "/tools")
        yield Shot("tool", f"/tools#{UPDATE}")
        yield Shot("prompts", "/tools#prompts")
        yield Shot("try", f"/try?tool={USERS}", press="main button")
        yield Shot("connect", "/connect", press="summary >> nth=0")
        yield Shot("signin", "/signin", who="")
        yield Shot("questions", "/questions")
        yield Shot("approval", self.question, into="approval.png", height=740)
        yield Shot("no-such-question", f"{self.question[:-3]}abc")
        yield Shot("credential", self.credential, into="credential.png", height=330)
        yield Shot("run-undone", run, press="main button")


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    """Serve a sandbox on which an agent has worked for a while."""
    with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
        tokens = {
            "agent": issue(_TOKENS, "support-agent", ["all"]),
            "reader": issue(_TOKENS, "reporting", ["read"]),
            "ada": issue(_TOKENS, "ada", ["console+read+write+approve"]),
        }
        async with serving(
            confirm="person",
            auth="bearer",
            token_file=_TOKENS,
            audit_log=_TRAIL,
            audit_before=True,
            runs_dir=Path("runs"),
        ) as served:
            yield await worked(served, tokens)


async def worked(served: Served, tokens: dict[str, str]) -> World:
    """Have two agents make calls of every kind."""

    async def call(tool: str, arguments: dict[str, Any], who: str = "agent") -> dict[str, Any]:
        headers = {"authorization": f"Bearer {tokens[who]}"}
        answer = (await served.call(tool, arguments, **headers)).json()
        found: dict[str, Any] = answer.get("result", {}).get("structuredContent") or {}
        return found

    users = (await call(USERS, {"limit": 6}))["items"]
    for user in users[:4]:
        await call("Users_getUserDetails", {"user_id": user["id"]}, "reader")
    await call(UPDATE, {"user_id": users[1]["id"], "first_name": "Robin", "last_name": "Hale"})
    await call("Users_getUserDetails", {"user_id": "user_1"}, "reader")
    await call(UPDATE, {"user_id": users[0]["id"], "first_name": "Kim"}, "reader")
    await call("Users_getUser", {"user_id": users[0]["id"]}, "reader")
    asked = {
        "operation": MERGE,
        "arguments": {"public_metadata": {"plan": "pro"}},
        "over": {"operation": USERS},
    }
    confirm = {"confirm": (await call("run_each", asked))["confirm"]}
    link = (await call("run_each", confirm))["link"]
    await answered(served, link, tokens["ada"])
    run = (await call("run_each", confirm))["run"]
    for name in ("Ledger", "Ledger for phones", "Ledger at night"):
        made = await call(MINT, {**example_calls()[MINT], "name": name})
        secret = made["secrets"].rpartition(" ")[2]
    question = (await call(DELETE, example_calls()[DELETE]))["link"]
    lines = map(json.loads, await asyncio.to_thread(lambda: _TRAIL.read_text().splitlines()))
    entry = next(line["entry"] for line in lines if line["operation"] == UPDATE and line["stage"] == "before")
    return World(served, tokens, run, entry, _path(question), _path(secret))


async def answered(served: Served, link: str, token: str) -> None:
    """Have somebody agree to a question."""
    from tests.server.people import Browser as Visitor

    async with Visitor(token) as visitor:
        page = await visitor.answer(link, "agree")
        if page.status_code != 200:
            raise RuntimeError(page.text)


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[3]


async def take(page: Page, here: World, shot: Shot, to: Path, *, whole: bool) -> None:
    """Open a page, and take its picture."""
    await page.goto(f"{here.served.url}{shot.path}")
    if shot.press:
        await page.locator(shot.press).first.click()
        await page.wait_for_load_state("networkidle")
    await page.screenshot(path=to, full_page=whole)


async def signed_in(browser: Browser, here: World, width: int, height: int, scheme: Scheme) -> Page:
    """Open a browser's window in which somebody has signed in."""
    context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
    page = await context.new_page()
    await page.goto(f"{here.served.url}/signin")
    await page.fill("#token", here.tokens["ada"])
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{here.served.url}/")
    return page


async def for_the_documents(browser: Browser, here: World) -> None:
    """Take the pictures that the documents show."""
    for shot in here.shots():
        if not shot.into:
            continue
        page = await signed_in(browser, here, 900, shot.height, "light")
        to = IMAGES / shot.into
        await take(page, here, shot, to, whole=False)
        print(f"{to.relative_to(ROOT)}: {to.stat().st_size} bytes")
        if to.stat().st_size > _LARGEST:
            raise SystemExit(f"{to} is larger than {_LARGEST} bytes")


async def everything(browser: Browser, here: World, directory: Path) -> None:
    """Take every screen, at both widths and in both schemes."""
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for width, scheme in ((width, scheme) for width in (390, 1440) for scheme in schemes):
        page = await signed_in(browser, here, width, 844, scheme)
        context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 844})
        stranger = await context.new_page()
        for shot in here.shots():
            whole = shot.name not in ("tools", "tool", "prompts")
            to = directory / f"{shot.name}-{width}-{scheme}.png"
            await take(page if shot.who else stranger, here, shot, to, whole=whole)


async def main(to: Path | None) -> None:
    """Take the pictures of the documents, or into a directory those of every screen."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    async with async_playwright() as started, world() as here:
        # Containers have no user namespaces for its sandbox; the only pages it opens are ours.
        browser = await started.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-lcd-text"]
        )
        if to:
            await everything(browser, here, to)
        else:
            await for_the_documents(browser, here)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None))
