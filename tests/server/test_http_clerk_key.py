"""`--auth clerk-key`: many tenants on one server, each with a Clerk key and an instance of their own."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import pytest

from clerk_mcp.calling.calls import Caller
from clerk_mcp.hosting.tenants import Tenants, make_tenants
from clerk_mcp.settings import load
from clerk_sandbox.asgi import make_app
from clerk_sandbox.sandbox import Sandbox
from tests.server.web import COUNT, hosting, serving

pytestmark = pytest.mark.anyio

ADA, BOB = "sk_test_adas-instance", "sk_live_bobs-instance"
USERS = "Users_listSortedByCreationDate"


@dataclass
class Clerk:
    """Clerk with two instances, which keeps the headers that it was sent."""

    url: str = ""
    received: list[dict[str, str]] = field(default_factory=list)
    instances: dict[str, Sandbox] = field(
        default_factory=lambda: {ADA: Sandbox(key=ADA), BOB: Sandbox(key=BOB, live=True, seed=7)}
    )

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.received.append(headers)
        key = headers.get("authorization", "").removeprefix("Bearer ")
        await make_app(self.instances.get(key, self.instances[ADA]))(scope, receive, send)


@pytest.fixture
async def clerk() -> AsyncIterator[Clerk]:
    made = Clerk()
    async with hosting(made.app) as url:
        made.url = f"{url}/v1"
        yield made


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


@pytest.mark.parametrize("transport", ["2026-07-28", "legacy", "sse"])
async def test_each_caller_reaches_the_instance_of_their_own_key(clerk: Clerk, transport: str) -> None:
    created = {"email_address": ["new@example.com"], "skip_password_requirement": True}
    async with (
        serving(auth="clerk-key", clerk_api_url=clerk.url) as served,
        served.client(transport, ADA) as ada,
        served.client(transport, BOB) as bob,
    ):
        before = (await bob.call_tool(COUNT, {})).structured_content
        assert not (await ada.call_tool("Users_createNewUser", created)).is_error
        after = (await bob.call_tool(COUNT, {})).structured_content
        found = await ada.call_tool(USERS, {"query": "new@example.com"})
    assert before == after
    assert found.structured_content is not None
    assert len(found.structured_content["items"]) == 1


async def test_no_header_of_the_caller_is_passed_on(clerk: Clerk) -> None:
    async with serving(auth="clerk-key", clerk_api_url=clerk.url) as served:
        await served.call(COUNT, cookie="a=b", x_tenant="ada", x_forwarded_for="203.0.113.9", **bearer(ADA))
    [sent] = clerk.received
    assert sent["authorization"] == f"Bearer {ADA}"
    assert not {"cookie", "x-tenant", "x-forwarded-for", "mcp-protocol-version"} & sent.keys()


async def test_a_key_that_clerk_does_not_know_is_clerks_401_said_plainly(clerk: Clerk) -> None:
    async with serving(auth="clerk-key", clerk_api_url=clerk.url) as served:
        response = await served.call(COUNT, **bearer("sk_test_made-up"))
    result = response.json()["result"]
    assert result["isError"]
    error = result["structuredContent"]["error"]
    assert (error["code"], error["status"]) == ("clerk_key_invalid", 401)
    assert "made-up" not in response.text


@pytest.mark.parametrize("credential", ["", "Bearer", "Bearer pk_test_public", "Bearer sk_test_with blank"])
async def test_what_is_no_secret_key_never_reaches_clerk(clerk: Clerk, credential: str) -> None:
    async with serving(auth="clerk-key", clerk_api_url=clerk.url) as served:
        response = await served.call(COUNT, **({"authorization": credential} if credential else {}))
    assert response.status_code == 401
    assert not clerk.received


async def test_a_confirmation_holds_for_the_key_it_was_given_to_only(clerk: Clerk) -> None:
    async with serving(auth="clerk-key", clerk_api_url=clerk.url, confirm="always") as served:
        listed = (await served.call(USERS, {"limit": 1}, **bearer(BOB))).json()["result"]["structuredContent"]
        arguments = {"user_id": listed["items"][0]["id"]}
        asked = await served.call("Users_deleteUserById", arguments, **bearer(BOB))
        token = asked.json()["result"]["structuredContent"]["confirm"]
        stolen = await served.call("Users_deleteUserById", {**arguments, "confirm": token}, **bearer(ADA))
        own = await served.call("Users_deleteUserById", {**arguments, "confirm": token}, **bearer(BOB))
    assert stolen.json()["result"]["isError"]
    assert not own.json()["result"]["isError"]


async def test_a_key_is_in_no_log_and_in_no_metric(clerk: Clerk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(auth="clerk-key", clerk_api_url=clerk.url, public_metrics=True) as served:
        await served.call(COUNT, **bearer(ADA))
        await served.call(COUNT, **bearer("sk_test_made-up"))
        metrics = (await served.get("/metrics")).text
    for text in (caplog.text, metrics):
        assert "adas-instance" not in text
        assert "made-up" not in text


async def test_holding_some_key_does_not_open_everybodys_metrics(clerk: Clerk) -> None:
    async with serving(auth="clerk-key", clerk_api_url=clerk.url) as served:
        assert (await served.get("/metrics", **bearer(ADA))).status_code == 403


async def test_ready_means_that_clerk_answers_at_all(clerk: Clerk) -> None:
    async with serving(auth="clerk-key", clerk_api_url=clerk.url) as served:
        assert (await served.get("/readyz")).status_code == 200
    async with serving(auth="clerk-key", clerk_api_url="http://127.0.0.1:9/v1") as served:
        assert (await served.get("/readyz")).text == "ready, but Clerk does not answer\n"


class TestTenants:
    """How many clients are kept."""

    @staticmethod
    def tenants(closed: list[str], **bounds: Any) -> Tenants:
        """Of real calls whose clients note that they were closed."""
        real = make_tenants(load(), "http")

        def make(key: str) -> Any:
            calls = real._make(key)

            class Noting(type(calls.client)):  # type: ignore[misc]  # the class is only known here
                async def __aexit__(self, *details: object) -> None:
                    closed.append(key)
                    await super().__aexit__(*details)

            return replace(calls, client=Noting(key, base_url="http://127.0.0.1:9/v1"))

        return Tenants(real.policy, make, **bounds)

    async def test_the_least_recently_used_is_closed_first(self) -> None:
        closed: list[str] = []
        async with self.tenants(closed, most=2) as tenants:
            for key in ("a", "b", "a", "c"):
                async with tenants.calls_for(Caller(key=key)):
                    pass
            assert closed == ["b"]
        assert sorted(closed) == ["a", "b", "c"]

    async def test_one_with_a_call_under_way_is_never_closed(self) -> None:
        closed: list[str] = []
        async with self.tenants(closed, most=1) as tenants, tenants.calls_for(Caller(key="a")):
            for key in ("b", "c"):
                async with tenants.calls_for(Caller(key=key)):
                    pass
            assert closed == ["b", "c"]

    async def test_an_unused_one_is_closed_after_a_while(self) -> None:
        closed: list[str] = []
        async with self.tenants(closed, idle=0.02) as tenants:
            async with tenants.calls_for(Caller(key="a")):
                pass
            with anyio.fail_after(10):
                while len(tenants):
                    await anyio.sleep(0.01)
            assert closed == ["a"]
