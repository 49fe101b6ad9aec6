"""With `--secrets link` on stdio a credential reaches a person in their browser, and never the model."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner
from mcp import Client

from clerk_mcp.auditing import load as load_trail
from clerk_mcp.calling import Calls
from clerk_mcp.cli import cli
from clerk_mcp.confirming import Questions
from clerk_mcp.hosting.person import Loopback
from clerk_mcp.serve import make_server
from clerk_mcp.settings import load
from clerk_sandbox.examples import example_calls
from tests.calling import text_of
from tests.processes import RedisServer
from tests.server.people import Browser

pytestmark = pytest.mark.anyio

MINT = "OAuthApplications_createNewApplication"
MINTING = example_calls()[MINT]
DELETE = "Users_deleteUserById"
DELETION = example_calls()[DELETE]


@dataclass
class World:
    """An agent on stdio, and what this machine's browser was sent to."""

    trail: Path
    client: Client
    pages: list[Loopback] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    has_browser: bool = True

    async def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(text_of(await self.client.call_tool(tool, arguments)))
        return value


@asynccontextmanager
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **flags: Any) -> AsyncIterator[World]:
    pages: list[Loopback] = []

    def make(calls: Calls, questions: Questions | None) -> Loopback:
        if desk := calls.confirmer.desk:
            desk.wait_s = 0
        pages.append(Loopback(calls, questions))
        return pages[-1]

    trail = tmp_path / "trail.jsonl"
    settings = load({"sandbox": True, "secrets": "link", "audit_log": trail, **flags})
    async with Client(make_server(settings, make_pages=make)) as client:
        here = World(trail, client, pages)

        def open_in_browser(address: str) -> bool:
            if here.has_browser:
                here.opened.append(address)
            return here.has_browser

        monkeypatch.setattr("clerk_mcp.hosting.person.loopback.open_in_browser", open_in_browser)
        try:
            yield here
        finally:
            for one in pages:
                await one.close()


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with world(tmp_path, monkeypatch) as here:
        yield here


def credential_on(page: str) -> str:
    shown = json.loads(unescape(re.search(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)[1]))  # type: ignore[index]
    return str(shown["client_secret"])


async def test_it_is_shown_once_in_the_users_browser_and_the_trail_says_that_and_when(here: World) -> None:
    made = await here.call(MINT, MINTING)
    (link,) = here.opened
    async with Browser() as user:
        page = await user.open(link)
        assert "client_secret" not in page.text, "looking shows nothing yet"
        shown = await user.send(page, {})
        secret = credential_on(shown.text)
        assert (await user.open(str(page.url))).status_code == 404
        assert (await user.send(page, {})).status_code == 404
    assert "opened in the user's browser" in made["secrets"]
    assert "10 minutes" in made["secrets"]
    assert secret not in here.trail.read_text()
    (taken,) = (call for call in load_trail(here.trail).calls if call["outcome"] == "taken")
    assert (taken["operation"], taken["confirmation"]) == (MINT, "fetched by the user in a browser")
    assert taken["target"] == {"id": made["id"]}
    assert taken["time"]


async def test_nothing_of_the_way_to_it_goes_through_the_model(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    for here.has_browser in (True, False):
        answer = json.dumps(await here.call(MINT, MINTING))
        assert "127.0.0.1" not in answer
        assert "/credentials/" not in answer
    logged = re.findall(r"a credential waits for a person; open (\S+)", caplog.text)
    assert len(logged) == 1, "the log has it only where no browser was opened"
    assert "server has written to its log" in answer
    async with Browser() as user:
        assert "client_secret" in (await user.send(await user.open(logged[0]), {})).text


async def test_a_link_opens_once_and_not_for_who_has_it_in_part_or_looks_ahead(here: World) -> None:
    await here.call(MINT, MINTING)
    await here.call(MINT, MINTING)
    link, other = here.opened
    bare, _, secret = link.partition("?")
    async with Browser() as user, Browser() as stranger:
        for attempt in (bare, f"{bare}?open=guessed", f"{other.partition('?')[0]}?{secret}"):
            assert (await stranger.open(attempt)).status_code == 403
        ahead = await stranger.http.get(link, headers={"sec-purpose": "prefetch;prerender"})
        assert ahead.status_code == 503
        page = await user.open(link)
        assert page.status_code == 200
        refused = await stranger.open(link)
        assert refused.status_code == 403
        assert "have it rotated" in refused.text
        form = {"mark": "0" * 43}
        assert (await stranger.http.post(bare, data=form, headers={"origin": bare[:22]})).status_code == 403
        assert "client_secret" in (await user.send(page, {})).text


async def test_it_lives_for_minutes(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await here.call(MINT, MINTING)
    kept = here.pages[0]._credentials
    assert kept
    async with Browser() as user:
        page = await user.open(here.opened[0])
        monkeypatch.setattr(kept, "_clock", lambda: 4_000_000_000.0)
        assert (await user.send(page, {})).status_code == 404


async def test_the_page_is_there_still_when_the_store_of_replicas_fails_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis: RedisServer
) -> None:
    monkeypatch.setattr("clerk_mcp.hosting.person.loopback._LOOK_S", 0.01)
    async with world(tmp_path, monkeypatch, redis_url=redis.url, state_key="k" * 43) as here:
        await here.call(MINT, MINTING)
        redis.stop()
        # Meanwhile it looks many times whether anything waits.
        await anyio.sleep(0.5)
        async with Browser() as user:
            assert (await user.open(here.opened[0])).status_code == 503


async def test_what_is_asked_and_what_is_fetched_stand_on_one_server_and_open_only_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch, confirm="person") as here:
        await here.call(MINT, MINTING)
        await here.call(DELETE, DELETION)
        credential, question = here.opened
        assert len(here.pages) == 1
        async with Browser() as user:
            assert "client_secret" in (await user.send(await user.open(credential), {})).text
            assert (await user.open(question.partition("?")[0])).status_code == 403
            assert (await user.answer(question, "agree")).status_code == 200
        assert (await here.call(DELETE, DELETION))["deleted"] is True


async def test_a_file_stays_the_default_and_the_page_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, monkeypatch, secrets=None, secrets_dir=tmp_path / "secrets") as here:
        made = await here.call(MINT, MINTING)
        assert str(tmp_path / "secrets") in made["secrets"]
        assert here.pages == []
        assert here.opened == []


def test_at_a_terminal_where_no_page_is_served_nothing_is_made_that_nobody_could_fetch() -> None:
    arguments = [f"{name}={json.dumps(value)}" for name, value in MINTING.items()]
    result = CliRunner().invoke(cli, ["call", "--sandbox", "--secrets", "link", MINT, *arguments])
    assert result.exit_code == 1
    assert "secret_undeliverable" in result.output
    assert "Nothing was sent" in result.output
