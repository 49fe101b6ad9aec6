"""Signing in to the server's own pages, and what that opens."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx2
import pytest
from starlette.requests import HTTPConnection

from clerk_mcp.hosting.auth import BearerTokens
from clerk_mcp.hosting.signin import COOKIE, LASTS_S, SignIn
from clerk_mcp.hosting.tokens import TokenFile, issue, parse_scopes, revoke
from tests.server.web import serving

pytestmark = pytest.mark.anyio

STATE_KEY = "k" * 32


@dataclass(frozen=True, slots=True)
class Browser:
    """Keeps cookies, follows no redirect, and names its origin with every POST as browsers do."""

    http: httpx2.AsyncClient
    url: str

    async def get(self, path: str) -> httpx2.Response:
        return await self.http.get(self.url + path)

    async def post(self, path: str, data: dict[str, str], **headers: str) -> httpx2.Response:
        given = {"origin": self.url, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return await self.http.post(self.url + path, data=data, headers=given)

    async def sign_in(self, token: str, after: str = "/") -> httpx2.Response:
        return await self.post("/signin", {"token": token, "next": after})


@asynccontextmanager
async def browsing(token_file: Path, **flags: object) -> AsyncIterator[Browser]:
    async with (
        serving(auth="bearer", token_file=token_file, **flags) as served,
        httpx2.AsyncClient() as http,
    ):
        yield Browser(http, served.url)


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    return tmp_path / "tokens"


async def test_whoever_is_not_signed_in_is_asked_and_comes_back_to_where_they_were(token_file: Path) -> None:
    token = issue(token_file, "grace", ["console"])
    async with browsing(token_file) as browser:
        asked = await browser.get("/tools?x=1")
        assert asked.status_code == 303
        assert asked.headers["location"] == "/signin?next=%2Ftools%3Fx%3D1"
        form = (await browser.get(asked.headers["location"])).text
        assert 'value="/tools?x=1"' in form
        done = await browser.sign_in(token, "/tools?x=1")
        assert (done.status_code, done.headers["location"]) == (303, "/tools?x=1")
        page = await browser.get("/tools?x=1")
        assert page.status_code == 200
        assert "grace" in page.text
        assert token not in page.text


async def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites_and_does_not_show_the_token(
    token_file: Path,
) -> None:
    token = issue(token_file, "grace", ["console"])
    async with browsing(token_file) as browser:
        cookie = (await browser.sign_in(token)).headers["set-cookie"]
        away = await browser.post("/signout", {})
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/", f"max-age={LASTS_S}"} <= attributes
    assert token not in cookie
    assert "secure" not in attributes, "loopback is plain http"
    assert f"{COOKIE}=" in away.headers["set-cookie"]
    assert "max-age=0" in away.headers["set-cookie"].lower()


async def test_behind_tls_the_cookie_is_secure_and_kept_below_the_prefix(token_file: Path) -> None:
    token = issue(token_file, "grace", ["console"])
    async with browsing(token_file, public_url="https://example.com/clerk") as browser:
        done = await browser.post(
            "/signin",
            {"token": token, "next": "/connect"},
            origin="https://example.com",
            host="example.com",
        )
    assert done.headers["location"] == "/clerk/connect"
    attributes = {part.strip().lower() for part in done.headers["set-cookie"].split(";")[1:]}
    assert {"secure", "path=/clerk"} <= attributes


@pytest.mark.parametrize(
    ("scopes", "said"),
    [("read", "neither the scope console or approve"), ("all", "neither the scope console or approve")],
)
async def test_a_token_for_hosts_signs_nobody_in(token_file: Path, scopes: str, said: str) -> None:
    token = issue(token_file, "agent", [scopes])
    async with browsing(token_file) as browser:
        refused = await browser.sign_in(token)
        assert refused.status_code == 401
        assert said in refused.text
        assert "set-cookie" not in refused.headers


@pytest.mark.parametrize("typed", ["", "cmcp_" + "x" * 43, "<script>alert(1)</script>", "x" * 5000])
async def test_what_is_no_token_is_refused_and_not_repeated(token_file: Path, typed: str) -> None:
    issue(token_file, "grace", ["console"])
    async with browsing(token_file) as browser:
        refused = await browser.sign_in(typed)
    assert refused.status_code == 401
    assert not typed or typed not in refused.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
async def test_no_other_page_can_sign_a_browser_in_or_out(token_file: Path, headers: dict[str, str]) -> None:
    token = issue(token_file, "grace", ["console"])
    async with browsing(token_file) as browser:
        for path in ("/signin", "/signout"):
            refused = await browser.post(path, {"token": token}, **headers)
            assert refused.status_code == 403
            assert "set-cookie" not in refused.headers


async def test_a_post_that_names_no_origin_is_refused(token_file: Path) -> None:
    token = issue(token_file, "grace", ["console"])
    async with browsing(token_file) as browser:
        refused = await browser.http.post(f"{browser.url}/signin", data={"token": token})
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "after", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/\t/evil.example"]
)
async def test_signing_in_leads_nowhere_else(token_file: Path, after: str) -> None:
    token = issue(token_file, "grace", ["console"])
    async with browsing(token_file) as browser:
        assert (await browser.sign_in(token, after)).headers["location"] == "/"


async def test_a_token_that_is_revoked_ends_the_sign_in(token_file: Path) -> None:
    token = issue(token_file, "grace", ["console"])
    issue(token_file, "other", ["read"])
    async with browsing(token_file) as browser:
        await browser.sign_in(token)
        assert (await browser.get("/connect")).status_code == 200
        revoke(token_file, "grace")
        assert (await browser.get("/connect")).status_code == 303


async def test_a_cookie_is_good_at_every_replica_with_the_state_key_and_at_no_other(token_file: Path) -> None:
    token = issue(token_file, "grace", ["console"])
    async with (
        browsing(token_file, state_key=STATE_KEY) as here,
        browsing(token_file, state_key=STATE_KEY) as there,
        browsing(token_file, state_key="o" * 32) as elsewhere,
    ):
        await here.sign_in(token)
        sealed = here.http.cookies[COOKIE]
        for other, cookie, status in (
            (there, sealed, 200),
            (elsewhere, sealed, 303),
            (there, sealed[:-4] + "AAAA", 303),
        ):
            headers = {"cookie": f"{COOKIE}={cookie}"}
            assert (await other.http.get(f"{other.url}/connect", headers=headers)).status_code == status


async def test_a_cookie_opens_pages_only_and_not_the_tools(token_file: Path) -> None:
    token = issue(token_file, "grace", ["console", "read"])
    async with browsing(token_file) as browser:
        await browser.sign_in(token)
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        headers = {"accept": "application/json, text/event-stream", "origin": browser.url}
        assert (await browser.http.post(f"{browser.url}/mcp", json=call, headers=headers)).status_code == 401


async def test_after_its_time_a_cookie_is_nothing(token_file: Path) -> None:

    token = issue(token_file, "grace", ["console"])
    async with browsing(token_file, state_key=STATE_KEY) as browser:
        await browser.sign_in(token)
        sealed = browser.http.cookies[COOKIE]
    scope = {"type": "http", "headers": [(b"cookie", f"{COOKIE}={sealed}".encode())]}
    for later, known in ((LASTS_S - 60, True), (LASTS_S + 60, False)):
        sign_in = SignIn(
            BearerTokens(TokenFile(token_file)), state_key=STATE_KEY, clock=partial(_clock, later)
        )
        assert (await sign_in.who(HTTPConnection(scope)) is not None) is known


def _clock(later: float) -> float:
    return time.time() + later


def test_the_scopes_for_people_are_named_and_are_no_part_of_all() -> None:
    assert parse_scopes("console+approve") == {"clerk:console", "clerk:approve"}
    assert not parse_scopes("all") & {"clerk:console", "clerk:approve"}
