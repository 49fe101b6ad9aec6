"""Signing in to the server's own pages with an OAuth issuer, and what could go wrong on the way."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.server.people import Browser
from tests.server.test_auth_oauth import FakeIssuer
from tests.server.web import Served, hosting, serving

pytestmark = pytest.mark.anyio

CLIENT = "client_pages"


@dataclass
class SigningIn(FakeIssuer):
    """An issuer with somebody signed in already: it asks nothing, and gives a code."""

    scope: str = "clerk:approve"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    gives: dict[str, str] = field(default_factory=dict)
    """What it sends people back with in place of a code."""

    async def metadata(self, _: Request) -> JSONResponse:
        return JSONResponse(
            {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/keys",
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
            }
        )

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert (asked["client_id"], asked["code_challenge_method"]) == (CLIENT, "S256")
        self.codes["code_1"] = asked
        back = {"code": "code_1", "state": asked["state"], **self.gives}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 303)

    async def token_for(self, request: Request) -> JSONResponse:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge:
            return JSONResponse({"error": "invalid_grant"}, 400)
        assert form["redirect_uri"] == asked["redirect_uri"]
        return JSONResponse({"access_token": self.token(client_id=CLIENT, scope=self.scope)})


@asynccontextmanager
async def world(**flags: Any) -> AsyncIterator[tuple[SigningIn, Served]]:
    issuer = SigningIn()
    routes = [
        Route("/.well-known/oauth-authorization-server", issuer.metadata),
        Route("/keys", issuer.jwks),
        Route("/authorize", issuer.authorize),
        Route("/token", issuer.token_for, methods=["POST"]),
    ]
    async with hosting(Starlette(routes=routes)) as url:
        issuer.url = url
        given = {"oauth_client": "client_1", "oauth_page_client": CLIENT, "confirm": "person", **flags}
        # Where browsers come back to is known before the port is: a proxy of its own is not needed here.
        public = "http://127.0.0.1:1"
        async with serving(auth="oauth", oauth_issuer=url, public_url=public, **given) as served:
            yield issuer, served


async def go(browser: Browser, served: Served, path: str = "/questions") -> httpx2.Response:
    """Go to a page, choose the issuer, and come back, at the port that the server has here."""
    page = await browser.open(f"{served.url}{path}")
    link = re.search(r'href="([^"]*/signin/issuer[^"]*)"', page.text)
    assert link
    browser.http.follow_redirects = False
    begun = await browser.http.get(f"{served.url}{unescape(link[1])}")
    back = await browser.http.get(begun.headers["location"])
    return await browser.http.get(f"{served.url}/signin/callback?{urlsplit(back.headers['location']).query}")


async def test_somebody_who_may_approve_comes_back_to_the_page_they_wanted() -> None:
    async with world() as (_, served), Browser() as ada:
        page = await go(ada, served)
        assert "0; url=/questions" in page.text
        shown = await ada.http.get(f"{served.url}/questions")
        assert "Signed in as user_ada" in shown.text


@pytest.mark.parametrize(
    ("gives", "scope"),
    [
        ({"error": "access_denied", "code": ""}, "clerk:approve"),
        ({"code": "made up"}, "clerk:approve"),
        ({"state": "another"}, "clerk:approve"),
        ({"iss": "https://issuer.example"}, "clerk:approve"),
        ({}, "clerk:read"),
        ({}, ""),
    ],
    ids=["denied", "a wrong code", "a wrong state", "another issuer", "a token for calls", "no scope"],
)
async def test_what_is_wrong_lets_nobody_in(gives: dict[str, str], scope: str) -> None:
    async with world() as (issuer, served), Browser() as mallory:
        issuer.gives, issuer.scope = gives, scope
        page = await go(mallory, served)
        assert (page.status_code, "Not signed in" in page.text or "neither" in page.text) == (401, True)
        shown = await mallory.http.get(f"{served.url}/questions")
        assert shown.headers["location"].startswith("/signin")


@pytest.mark.parametrize(("scope", "path"), [("clerk:approve", "/activity"), ("clerk:console", "/questions")])
async def test_whose_scope_is_another_is_told_where_the_issuers_users_get_it(scope: str, path: str) -> None:
    async with world() as (issuer, served), Browser() as ada:
        issuer.scope = scope
        await go(ada, served)
        refused = await ada.http.get(f"{served.url}{path}")
        assert refused.status_code == 403
        assert "--oauth-user" in refused.text


async def test_the_end_of_somebody_elses_sign_in_is_none_here() -> None:
    async with world() as (issuer, served), Browser() as mallory, Browser() as victim:
        issuer.gives = {"code": "kept back"}
        await go(mallory, served)
        state = issuer.codes["code_1"]["state"]
        page = await victim.open(f"{served.url}/signin/callback?code=code_1&state={state}")
        assert page.status_code == 401
        assert "did not begin in this browser" in page.text


async def test_where_they_go_afterwards_is_on_this_server() -> None:
    for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example"):
        async with world() as (_, served), Browser() as ada:
            await ada.http.get(f"{served.url}/signin")
            ada.http.follow_redirects = False
            begun = await ada.http.get(f"{served.url}/signin/issuer?{urlencode({'next': elsewhere})}")
            back = await ada.http.get(begun.headers["location"])
            query = urlsplit(back.headers["location"]).query
            page = await ada.http.get(f"{served.url}/signin/callback?{query}")
            assert "evil" not in page.text
            assert 'url=/"' in page.text
