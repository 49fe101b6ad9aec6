"""A run is taken back on the console's pages: shown first, begun by a form of its own, done meanwhile."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from clerk_mcp.auditing import calls_of_run
from clerk_mcp.auditing import load as load_trail
from clerk_mcp.hosting.tokens import issue
from clerk_sandbox.asgi import make_app
from clerk_sandbox.sandbox import Sandbox
from tests.calling import text_of
from tests.server.people import Browser, fields
from tests.server.web import Served, hosting, serving

pytestmark = pytest.mark.anyio

MERGE = "Users_mergeUserMetadataAttributes"
UPDATE = "Users_updateUserAttributes"
USERS = "Users_listSortedByCreationDate"
_NUMBERS = count()
PRO = {"public_metadata": {"plan": "pro"}}


@dataclass
class World:
    served: Served
    sandbox: Sandbox
    trail: Path
    token_file: Path
    gate: anyio.Event
    """While it is not set, no PATCH comes through to Clerk."""
    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, scopes: str) -> str:
        name = scopes.replace("+", "-")
        if name not in self.tokens:
            # A second server of one test has the file of the first.
            self.tokens[name] = issue(self.token_file, f"{name}{next(_NUMBERS)}", [scopes])
        return self.tokens[name]

    def browser(self, scopes: str = "console+read+write") -> Browser:
        return Browser(self.token(scopes))

    async def run(self, **asked: Any) -> str:
        """Have an agent make a run; its id."""
        async with self.served.client(token=self.token("all")) as client:
            planned = json.loads(text_of(await client.call_tool("run_each", asked)))
            ran = json.loads(text_of(await client.call_tool("run_each", {"confirm": planned["confirm"]})))
            if "link" in ran:
                async with self.browser("approve") as approver:
                    await approver.answer(ran["link"], "agree")
                ran = json.loads(text_of(await client.call_tool("run_each", {"confirm": planned["confirm"]})))
        assert ran["left"] == 0, ran
        return str(ran["run"])

    async def make_everybody_pro(self) -> str:
        return await self.run(operation=MERGE, arguments=PRO, over={"operation": USERS})

    def pro(self) -> int:
        return sum(user["public_metadata"].get("plan") == "pro" for user in self.sandbox.instance.users)

    def page(self, run: str) -> str:
        return f"{self.served.url}/undo/run?run={run}"


@asynccontextmanager
async def world(tmp_path: Path, sandbox: Sandbox | None = None, **flags: Any) -> AsyncIterator[World]:
    sandbox, gate = sandbox or Sandbox(users=5), anyio.Event()
    gate.set()
    clerk = make_app(sandbox)

    async def gated(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") == "PATCH":
            await here.gate.wait()
        await clerk(scope, receive, send)

    app: ASGIApp = gated
    trail, token_file = tmp_path / "trail", tmp_path / "tokens"
    if not token_file.exists():
        issue(token_file, "somebody", ["read"])
    settings = {"audit_log": trail, "audit_before": True, "runs_dir": tmp_path / "runs", "rate_budget": "off"}
    async with (
        hosting(app) as upstream,
        serving(
            clerk_secret_key=sandbox.key,
            clerk_api_url=f"{upstream}/v1",
            auth="bearer",
            token_file=token_file,
            **{**settings, **flags},
        ) as served,
    ):
        here = World(served, sandbox, trail, token_file, gate)
        yield here


def text(page: httpx2.Response) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", " ", page.text)).split())


async def press(browser: Browser, page: httpx2.Response, **typed: str) -> httpx2.Response:
    """Send the form of a page; the one above it signs out."""
    form = fields(page) | typed
    address = str(page.url).partition("?")[0]
    return await browser.http.post(address, data=form, headers={"origin": address.removesuffix("/undo/run")})


async def looked_at_until(browser: Browser, page: httpx2.Response, words: str) -> httpx2.Response:
    with anyio.fail_after(60):
        while words not in text(page):
            assert page.status_code == 200, text(page)
            await anyio.sleep(0.02)
            page = await browser.open(str(page.url))
    return page


async def test_a_run_is_shown_before_it_is_taken_back_and_what_is_done_is_a_run_of_its_own(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here, here.browser() as browser:
        before = here.pro()
        run = await here.make_everybody_pro()
        listed = await browser.open(f"{here.served.url}/trail?run={run}")
        assert f"/undo/run?run={run}" in listed.text
        asked = await browser.open(here.page(run))
        assert "Nothing has been sent yet" in text(asked)
        assert "30 objects" in text(asked)
        assert "And 20 more" in text(asked)
        assert here.pro() == 30, "looking changes nothing"
        done = await looked_at_until(browser, await press(browser, asked), "30 of 30 done")
        assert "Done." in text(done)
        assert here.pro() == before
        by = re.search(r"by=(run_\w+)", str(done.url))
        assert by
        back = calls_of_run(here.trail, by[1])
        assert len(back) == 30
        assert len({call["caller"] for call in back}) == 1
        assert {call["session"] for call in back} == {f"{back[0]['caller']} undo of {run}"}
        # So that it can be taken back in turn.
        asked = await browser.open(here.page(by[1]))
        await looked_at_until(browser, await press(browser, asked), "30 of 30 done")
        assert here.pro() == 30


async def test_it_goes_on_without_anybody_can_be_stopped_and_gone_on_with(tmp_path: Path) -> None:
    async with world(tmp_path, max_in_flight=4) as here, here.browser() as browser:
        before, run = here.pro(), await here.make_everybody_pro()
        asked = await browser.open(here.page(run))
        here.gate = anyio.Event()
        under_way = await press(browser, asked)
        assert "0 of 30 done" in text(under_way)
        assert "goes on by itself" in text(under_way)
        again = await press(browser, asked)
        assert again.url == under_way.url, "a second press begins nothing"
        async with anyio.create_task_group() as tasks:
            stopped: list[httpx2.Response] = []

            async def stop() -> None:
                stopped.append(await press(browser, under_way))

            tasks.start_soon(stop)
            await anyio.sleep(0.2)
            here.gate.set()
        assert "It has stopped before its end" in text(stopped[0])
        assert 0 < here.pro() - before < 30
        done = await looked_at_until(browser, await press(browser, stopped[0]), "30 of 30 done")
        assert "Done." in text(done)
        assert here.pro() == before


async def test_two_presses_at_once_begin_one_run(tmp_path: Path) -> None:
    async with world(tmp_path) as here, here.browser() as browser:
        before, run = here.pro(), await here.make_everybody_pro()
        asked = await browser.open(here.page(run))
        here.gate, led = anyio.Event(), []

        async def press_once() -> None:
            led.append(await press(browser, asked))

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(press_once)
        assert len({str(page.url) for page in led}) == 1
        assert "/undo/run?run=" in str(led[0].url)
        here.gate.set()
        await looked_at_until(browser, led[0], "30 of 30 done")
        assert here.pro() == before


async def test_what_was_changed_twice_in_a_run_becomes_what_it_was_before_the_first_time(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, max_in_flight=1) as here, here.browser() as browser:
        user = next(iter(here.sandbox.instance.users))
        names, metadata = (user["first_name"], user["last_name"]), dict(user["public_metadata"])
        id = {"user_id": user["id"]}
        runs = [
            await here.run(operation=UPDATE, items=[
                {**id, "first_name": "A"}, {**id, "first_name": "B", "last_name": "C"},
                {**id, "clear": ["last_name"]},
            ]),
            await here.run(operation=MERGE, items=[
                {**id, "public_metadata": {"x": 1}}, {**id, "public_metadata": {"x": 2, "y": {"z": 3}}},
            ]),
        ]  # fmt: skip
        assert user["first_name"] == "B"
        for run in runs:
            asked = await browser.open(here.page(run))
            assert "1 object" in text(asked)
            await looked_at_until(browser, await press(browser, asked), "1 of 1 done")
        assert (user["first_name"], user["last_name"]) == names
        assert {name: value for name, value in user["public_metadata"].items() if value} == metadata


async def test_what_cannot_be_taken_back_is_counted_with_its_reason_and_nothing_is_offered(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here, here.browser() as browser:
        items = [{"email_address": f"new{n}@example.com", "notify": False} for n in range(3)]
        run = await here.run(operation="Invitations_createNewInvitation", items=items)
        asked = await browser.open(here.page(run))
        assert "1 call: The mail was sent" in text(asked), "three invitations are one call"
        assert 'action="/undo/run"' not in asked.text


async def test_what_somebody_has_changed_since_is_left_as_it_is_and_named(tmp_path: Path) -> None:
    async with world(tmp_path) as here, here.browser() as browser:
        run = await here.make_everybody_pro()
        changed, restored = list(here.sandbox.instance.users)[:2]
        changed["public_metadata"]["plan"] = "enterprise"
        done = await press(browser, await browser.open(here.page(run)))
        done = await looked_at_until(browser, done, "29 of 29 done")
        assert f"1 object changed since: {changed['id']}" in text(done)
        assert changed["public_metadata"]["plan"] == "enterprise"
        assert restored["public_metadata"].get("plan") != "pro"
        again = await press(browser, await browser.open(here.page(run)))
        assert "Nothing is left to put back" in text(again)
        assert "29 objects already" in text(again)


# ── Who may not ──


async def _altered(here: World, run: str) -> httpx2.Response:
    async with here.browser() as browser:
        return await press(browser, await browser.open(here.page(run)), seen="0" * 64)


async def _from_elsewhere(here: World, run: str) -> httpx2.Response:
    async with here.browser() as browser:
        form = fields(await browser.open(here.page(run)))
        return await browser.http.post(here.page(run), data=form, headers={"origin": "http://evil.example"})


async def _without_the_scope(here: World, run: str) -> httpx2.Response:
    async with here.browser() as allowed, here.browser("console+read") as browser:
        form = fields(await allowed.open(here.page(run)))
        asked = await browser.open(here.page(run))
        assert "lacks the scope write" in asked.text
        return await press(browser, asked, **form)


async def _without_looking(here: World, run: str) -> httpx2.Response:
    async with here.browser() as allowed:
        form = fields(await allowed.open(here.page(run)))
    headers = {"authorization": f"Bearer {here.token('all')}", "origin": here.served.url}
    async with httpx2.AsyncClient() as http:
        return await http.post(here.page(run), data=form, headers=headers)


async def _another_ones_progress(here: World, run: str) -> httpx2.Response:
    async with here.browser("console+write+read+secrets") as other:
        return await other.open(f"{here.page(run)}&by={run}")


@pytest.mark.parametrize(
    "attempt", [_altered, _from_elsewhere, _without_the_scope, _without_looking, _another_ones_progress]
)
async def test_nothing_is_taken_back_for_who_may_not_or_did_not_see_it(
    attempt: Callable[..., Any], tmp_path: Path
) -> None:
    async with world(tmp_path) as here:
        run = await here.make_everybody_pro()
        answer = await attempt(here, run)
        assert answer.status_code in (403, 404, 409)
        assert here.pro() == 30


async def test_where_only_a_person_may_agree_somebody_else_does(tmp_path: Path) -> None:
    async with (
        world(tmp_path, confirm="person") as here,
        here.browser("console+read+write+approve") as browser,
        here.browser("approve") as approver,
    ):
        before, run = here.pro(), await here.make_everybody_pro()
        waiting = await press(browser, await browser.open(here.page(run)))
        assert "nobody to their own" in text(waiting)
        link = re.search(r'href="([^"]*/questions/[^"]*)"', waiting.text)
        assert link
        assert "Not for you" in (await browser.open(link[1])).text
        still = await press(browser, waiting)
        assert "nobody to their own" in text(still)
        assert here.pro() == 30
        assert (await approver.answer(link[1], "agree")).status_code == 200
        await looked_at_until(browser, await press(browser, still), "30 of 30 done")
        assert here.pro() == before


async def test_without_sign_in_and_for_what_is_too_large_there_is_the_terminal(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        run = await here.make_everybody_pro()
    common = {"audit_log": tmp_path / "trail", "clerk_secret_key": here.sandbox.key, "rate_budget": "off"}
    async with serving(**common) as served, httpx2.AsyncClient() as http:
        shown = await served.get(f"/undo/run?run={run}")
        assert f"--undo {run} --yes" in unescape(shown.text)
        assert "<button" not in shown.text
        own = {"origin": served.url}
        assert (await http.post(f"{served.url}/undo/run", data={"run": run}, headers=own)).status_code == 403
        assert (await served.get("/undo/run?run=run_0")).status_code == 404
    async with (
        serving(**common, auth="bearer", token_file=tmp_path / "tokens", run_cap=10) as served,
        here.browser() as browser,
    ):
        page = await browser.open(f"{served.url}/undo/run?run={run}")
        assert "--run-cap 10" in text(page)
        assert f"--undo {run} --yes" in text(page)


async def test_a_server_that_only_reads_says_so_and_takes_nothing_back(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        run = await here.make_everybody_pro()
    async with world(tmp_path, here.sandbox, read_only=True) as here, here.browser() as browser:
        answer = await press(browser, await browser.open(here.page(run)))
        assert answer.status_code == 403
        assert "only reads" in text(answer)


def test_the_calls_of_a_run_are_found_with_their_ends_in_a_trail_of_others(tmp_path: Path) -> None:
    trail = tmp_path / "trail"

    def line(entry: str, stage: str, **more: Any) -> str:
        head = {"time": "2026-07-28T09:30:00.000Z", "entry": entry, "stage": stage, "operation": MERGE}
        return json.dumps({**head, **more}, separators=(",", ":"))

    lines = [
        line("a1", "before", run="run_1"),
        line("b1", "before", run="run_2"),
        line("a1", "after", outcome="ok"),
        line("b1", "after", outcome="ok"),
        line("a2", "before", run="run_1"),
        line("c1", "only", outcome="ok", arguments={"note": '"run":"run_1"'}),
        '{"entry":"a2","stage":"after","run":"run_1"',
    ]
    trail.write_text("\n".join(lines), encoding="utf-8")
    found = {call["entry"]: call["outcome"] for call in calls_of_run(trail, "run_1")}
    assert found == {"a1": "ok", "a2": "unfinished"}
    assert [c["entry"] for c in load_trail(trail).calls if c.get("run") == "run_1"] == list(found)
    assert calls_of_run(trail, "run_3") == calls_of_run(trail, '"') == []
