"""The pages on which a person decides: a link alone agrees to nothing, and shows no credential."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from clerk_mcp.auditing.trail import load as load_trail
from clerk_mcp.confirming import Desk
from clerk_mcp.hosting.tokens import issue, revoke
from clerk_sandbox.asgi import make_app
from clerk_sandbox.examples import example_calls
from clerk_sandbox.sandbox import Sandbox
from tests.calling import text_of
from tests.processes import RedisServer
from tests.server.people import Browser, fields
from tests.server.web import Served, hosting, serving

pytestmark = pytest.mark.anyio

DELETE = "Users_deleteUserById"
DELETION = example_calls()[DELETE]
MINT = "OAuthApplications_createNewApplication"
MINTING = example_calls()[MINT]


@dataclass
class World:
    sandbox: Sandbox
    served: Served
    tokens: dict[str, str]
    trail: Path
    token_file: Path

    @property
    def desk(self) -> Desk:
        assert self.served.web.desk
        return self.served.web.desk

    async def call(self, tool: str, arguments: dict[str, Any], who: str = "agent") -> dict[str, Any]:
        async with self.served.client("2026-07-28", self.tokens[who]) as client:
            value: dict[str, Any] = json.loads(text_of(await client.call_tool(tool, arguments)))
        return value

    async def ask(self) -> str:
        """Have an agent ask for a deletion: the link that it gets."""
        return str((await self.call(DELETE, DELETION))["link"])

    def browser(self, who: str = "") -> Browser:
        return Browser(self.tokens[who] if who else "")

    async def is_open(self) -> bool:
        return len(await self.desk.questions.pending()) == 1

    def reached(self, operation: str) -> int:
        return [request.operation for request in self.sandbox.received].count(operation)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as here:
        yield here


@asynccontextmanager
async def world(tmp_path: Path, **flags: Any) -> AsyncIterator[World]:
    sandbox = Sandbox()
    names = {"agent": "all+approve", "ada": "approve+console", "other": "all", "looks": "console"}
    tokens = {name: issue(tmp_path / "tokens", name, scopes) for name, scopes in names.items()}
    async with (
        hosting(make_app(sandbox)) as clerk,
        serving(
            clerk_secret_key=sandbox.key,
            clerk_api_url=f"{clerk}/v1",
            rate_budget="off",
            confirm="person",
            auth="bearer",
            token_file=tmp_path / "tokens",
            audit_log=tmp_path / "trail.jsonl",
            **flags,
        ) as served,
    ):
        yield World(sandbox, served, tokens, tmp_path / "trail.jsonl", tmp_path / "tokens")


# ── What a person sees and does ──


async def test_the_page_shows_what_would_happen_at_this_moment_and_who_asks(here: World) -> None:
    link = await here.ask()
    user = next(user for user in here.sandbox.instance.users if user["id"] == DELETION["user_id"])
    user["first_name"] = "Renamed"
    async with here.browser("ada") as ada:
        page = await ada.open(link)
    for shown in (DELETE, "Renamed", "agent", "development", f"/users/{DELETION['user_id']}", "DELETE"):
        assert shown in page.text


async def test_the_yes_holds_for_what_was_shown_and_stands_in_the_trail(here: World) -> None:
    link = await here.ask()
    async with here.browser("ada") as ada:
        assert (await ada.answer(link, "agree")).status_code == 200
        assert (await ada.open(link)).status_code == 409
    assert here.reached(DELETE) == 0, "a yes alone deletes nothing: the agent makes the call"
    assert "link" not in await here.call(DELETE, DELETION)
    assert here.reached(DELETE) == 1
    (made,) = (
        call
        for call in load_trail(here.trail).calls
        if call["outcome"] == "ok" and call["effect"] == "destroy"
    )
    assert (made["caller"], made["confirmation"]) == ("agent", "ada in a browser")


async def test_what_has_changed_since_the_yes_is_asked_about_anew(here: World) -> None:
    link = await here.ask()
    async with here.browser("ada") as ada:
        await ada.answer(link, "agree")
    user = next(user for user in here.sandbox.instance.users if user["id"] == DELETION["user_id"])
    user["first_name"] = "Somebody else"
    asked = await here.call(DELETE, DELETION)
    assert asked["link"] != link
    assert here.reached(DELETE) == 0


async def test_the_yes_of_one_call_is_none_for_another_caller_or_other_arguments(here: World) -> None:
    async with here.browser("ada") as ada:
        await ada.answer(await here.ask(), "agree")
    assert "link" in await here.call(DELETE, DELETION, "other")
    others = next(user["id"] for user in here.sandbox.instance.users if user["id"] != DELETION["user_id"])
    assert "link" in await here.call(DELETE, {"user_id": others})
    assert here.reached(DELETE) == 0


async def test_a_no_is_told_and_the_agents_next_try_finds_it_too(here: World) -> None:
    link = await here.ask()
    async with here.browser("ada") as ada:
        await ada.answer(link, "decline")
    for _ in range(2):
        assert (await here.call(DELETE, DELETION))["error"]["code"] == "declined"
    assert here.reached(DELETE) == 0


async def test_the_gravest_want_the_name_typed(here: World) -> None:
    link = await here.ask()
    async with here.browser("ada") as ada:
        page = await ada.open(link)
        refused = await ada.send(page, {"answer": "agree", "typed": "Hassan"})
        assert (refused.status_code, await here.is_open()) == (422, True)
        assert (await ada.send(page, {"answer": "agree", "typed": " Hassan  El-Amin "})).status_code == 200


async def test_what_strangers_wrote_is_text_on_the_page(here: World) -> None:
    user = next(user for user in here.sandbox.instance.users if user["id"] == DELETION["user_id"])
    user["first_name"] = "<script>alert(1)</script>\u202e\x1b"
    link = await here.ask()
    async with here.browser("ada") as ada:
        page = await ada.open(link)
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert not set(page.text) & set("\u202e\x1b")


# ── Attacks on a question ──

Attack = Callable[[World, str], Any]


async def guess(here: World, link: str) -> httpx2.Response:
    async with here.browser("ada") as ada:
        return await ada.open(link[:-22] + "A" * 22)


async def open_unknown(here: World, link: str) -> httpx2.Response:
    async with here.browser() as nobody:
        page = await nobody.open(link)
    assert "Hassan" not in page.text
    assert page.url.path == "/signin"
    return page


async def look_ahead(here: World, link: str) -> httpx2.Response:
    async with here.browser("ada") as ada:
        await ada.open(link)
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
            page = await ada.http.request(method, f"{link}?answer=agree&typed=Hassan El-Amin")
            assert page.status_code in (200, 405)
        return page


async def post_without_cookie(here: World, link: str) -> httpx2.Response:
    async with here.browser("ada") as ada, here.browser() as nobody:
        page = await ada.open(link)
        return await nobody.send(page, {"answer": "agree", "typed": "Hassan El-Amin"})


async def post_from_elsewhere(here: World, link: str) -> httpx2.Response:
    async with here.browser("ada") as ada:
        page = await ada.open(link)
        data = fields(page) | {"answer": "agree", "typed": "Hassan El-Amin"}
        for headers in (
            {"origin": "http://evil.example"},
            {"origin": "null"},
            {"origin": "http://localhost:3000"},
            {"origin": here.served.url, "sec-fetch-site": "cross-site"},
            {"origin": here.served.url, "sec-fetch-site": "same-site"},
            {},
        ):
            sent = await ada.http.post(link, data=data, headers=headers)
            assert sent.status_code == 403, headers
        return sent


async def post_without_the_mark(here: World, link: str) -> httpx2.Response:
    async with here.browser("ada") as ada:
        page = await ada.open(link)
        for mark in ("", "0" * 64, "é"):
            sent = await ada.send(page, {"answer": "agree", "typed": "Hassan El-Amin", "mark": mark})
            assert sent.status_code == 403
        return sent


async def post_the_mark_of_another_question(here: World, link: str) -> httpx2.Response:
    other = (await here.call("Organizations_deleteOrganization", ORGANIZATION))["link"]
    async with here.browser("ada") as ada:
        mark = fields(await ada.open(other))["mark"]
        page = await ada.open(link)
        sent = await ada.send(page, {"answer": "agree", "typed": "Hassan El-Amin", "mark": mark})
        await ada.answer(other, "decline")
        return sent


async def post_the_mark_of_another_browser(here: World, link: str) -> httpx2.Response:
    async with here.browser("ada") as ada, here.browser("ada") as again:
        mark = fields(await ada.open(link))["mark"]
        page = await again.open(link)
        return await again.send(page, {"answer": "agree", "typed": "Hassan El-Amin", "mark": mark})


async def agree_to_its_own(here: World, link: str) -> httpx2.Response:
    async with here.browser("agent") as agent:
        return await agent.answer(link, "agree")


async def agree_without_the_scope(here: World, link: str) -> httpx2.Response:
    async with here.browser("looks") as looks:
        return await looks.answer(link, "agree")


async def agree_with_the_agents_header(here: World, link: str) -> httpx2.Response:
    headers = {"authorization": f"Bearer {here.tokens['ada']}", "origin": here.served.url}
    async with here.browser() as nobody:
        return await nobody.http.post(link, data={"answer": "agree"}, headers=headers)


async def agree_with_a_revoked_token(here: World, link: str) -> httpx2.Response:
    async with here.browser("ada") as ada:
        page = await ada.open(link)
        revoke(here.token_file, "ada")
        return await ada.send(page, {"answer": "agree", "typed": "Hassan El-Amin"})


async def send_a_form_without_end(here: World, link: str) -> httpx2.Response:
    async with here.browser("ada") as ada:
        page = await ada.open(link)
        return await ada.send(page, {"answer": "agree", "typed": "x" * 30_000})


ORGANIZATION = example_calls()["Organizations_deleteOrganization"]


@pytest.mark.parametrize(
    "attack",
    [
        guess,
        open_unknown,
        look_ahead,
        post_without_cookie,
        post_from_elsewhere,
        post_without_the_mark,
        post_the_mark_of_another_question,
        post_the_mark_of_another_browser,
        agree_to_its_own,
        agree_without_the_scope,
        agree_with_the_agents_header,
        agree_with_a_revoked_token,
        send_a_form_without_end,
    ],
    ids=lambda attack: attack.__name__,
)
async def test_a_link_alone_agrees_to_nothing(here: World, attack: Attack) -> None:
    link = await here.ask()
    await attack(here, link)
    assert await here.is_open()
    assert "link" in await here.call(DELETE, DELETION)
    assert here.reached(DELETE) == 0


async def test_the_pages_may_not_be_framed_or_kept(here: World) -> None:
    link = await here.ask()
    async with here.browser("ada") as ada:
        page = await ada.open(link)
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-store"


# ── On this machine, where nobody signs in ──


async def test_without_authentication_the_link_with_the_secret_goes_to_the_log_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving(confirm="person") as served, served.client() as client:
        users = json.loads(text_of(await client.call_tool("Users_listSortedByCreationDate", {"limit": 1})))
        deletion = {"user_id": users["items"][0]["id"]}
        asked = json.loads(text_of(await client.call_tool(DELETE, deletion)))
        (own,) = (line.split()[-1] for line in caplog.text.splitlines() if "a person has to agree" in line)
        assert own.startswith(f"{asked['link']}?open=")
        assert own.rpartition("=")[2] not in json.dumps(asked)
        async with Browser() as ahead, Browser() as thief, Browser() as person, Browser() as late:
            for purpose in ("prefetch", "prefetch;prerender"):
                page = await ahead.http.get(own, headers={"sec-purpose": purpose})
                assert page.status_code == 503
            assert (await ahead.http.head(own)).status_code == 503
            for link in (asked["link"], f"{asked['link']}?open=", f"{own}x"):
                assert (await thief.open(link)).status_code == 403
            page = await person.open(own)
            assert (await late.open(own)).status_code == 403
            assert (await late.send(page, {"answer": "agree"})).status_code == 403
            assert (await person.answer(asked["link"], "agree")).status_code == 200
        done = await client.call_tool(DELETE, deletion)
        assert not done.is_error
        assert "link" not in text_of(done)


# ── Credentials ──


async def test_a_credential_is_shown_once_to_whoever_had_it_made_and_to_nobody_else(here: World) -> None:
    made = await here.call(MINT, MINTING)
    assert "client_secret" not in made
    link = made["secrets"].rpartition(" ")[2]
    async with here.browser("other") as other, here.browser("looks") as looks, here.browser() as nobody:
        for browser in (other, looks, nobody):
            page = await browser.open(link)
            assert page.status_code == 404 or page.url.path == "/signin"
            assert "client_secret" not in page.text
    async with here.browser("agent") as owner:
        page = await owner.open(link)
        assert "client_secret" not in page.text, "looking ahead shows nothing and uses nothing up"
        sent = await owner.http.post(link, data=fields(page), headers={"origin": "http://evil.example"})
        assert sent.status_code == 403
        assert (await owner.send(page, {"mark": "0" * 64})).status_code == 403
        shown = await owner.send(page, {})
        assert "client_secret" in shown.text
        assert (await owner.open(link)).status_code == 404
        assert (await owner.send(page, {})).status_code == 404
    (taken,) = (call for call in load_trail(here.trail).calls if call["outcome"] == "taken")
    assert (taken["operation"], taken["caller"]) == (MINT, "agent")
    assert taken["confirmation"] == "fetched by agent in a browser"
    assert taken["time"]


async def test_an_approver_may_fetch_it_and_it_is_in_no_log(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    link = (await here.call(MINT, MINTING))["secrets"].rpartition(" ")[2]
    async with here.browser("ada") as ada:
        shown = await ada.send(await ada.open(link), {})
    secret = json.loads(
        shown.text.split("<pre")[1].split(">", 1)[1].split("</pre>")[0].replace("&quot;", '"')
    )["client_secret"]
    assert len(secret) > 10
    assert secret not in caplog.text
    assert secret not in here.trail.read_text()


async def test_a_credential_ends_by_itself_and_so_many_wait_for_one_caller(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clerk_mcp.answering.kept.MOST_OF_ONE", 1)
    link = (await here.call(MINT, MINTING))["secrets"].rpartition(" ")[2]
    before = here.reached(MINT)
    assert (await here.call(MINT, MINTING))["error"]["code"] == "too_many_credentials"
    assert here.reached(MINT) == before, "what nobody could fetch is not made"
    kept = here.served.web.credentials
    assert kept
    monkeypatch.setattr(kept, "_clock", lambda: 4_000_000_000.0)
    async with here.browser("ada") as ada:
        assert (await ada.open(link)).status_code == 404


async def test_in_redis_a_credential_is_sealed_and_one_replica_hands_it_out(redis: RedisServer) -> None:
    from redis.asyncio import Redis

    from clerk_mcp.answering import CredentialsInRedis, Kept
    from clerk_mcp.upstream import SealedStore

    async with Redis.from_url(redis.url) as one, Redis.from_url(redis.url) as other:
        here, there = (
            CredentialsInRedis(SealedStore(each, "k" * 32, "credentials")) for each in (one, other)
        )
        kept = Kept(operation=MINT, caller="agent", values={"client_secret": "a real secret"})
        await here.check("agent")
        await here.keep(kept)
        for key in await one.keys("clerk-mcp:credential:*"):
            assert "a real secret" not in str(await one.get(key))
            assert await one.pttl(key) > 0
        found = await there.look(kept.id)
        assert found is not None
        assert found.values == {}
        taken = await there.take(kept.id)
        assert taken is not None
        assert taken.values == kept.values
        assert await here.take(kept.id) is None
        assert await here.look("x" * 32) is None
