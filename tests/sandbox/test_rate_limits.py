"""Clerk's rate limits, on a clock that stands still."""

from __future__ import annotations

from typing import Any

import pytest

from clerk_sandbox.sandbox import Sandbox
from tests.sandbox.clerk import Clerk
from tests.sandbox.clock import Clock

pytestmark = pytest.mark.anyio


async def let_through(clerk: Clerk, limit: int, operation: str, **arguments: Any) -> int:
    """How many of limit + 1 calls get through; the one too many has to say when to come again."""
    for made in range(limit + 1):
        response = await clerk.send(operation, **arguments)
        if response.status_code == 429:
            assert response.json()["errors"][0]["code"] == "too_many_requests"
            assert int(response.headers["retry-after"]) > 0
            return made
    return limit + 1


@pytest.mark.parametrize(("live", "limit"), [(False, 100), (True, 1000)])
async def test_an_instance_has_its_limit_for_ten_seconds(clock: Clock, live: bool, limit: int) -> None:
    clerk = Clerk(Sandbox(clock=clock, live=live, rate_limits=True))
    assert await let_through(clerk, limit, "Users_getTotalCount") == limit
    refused = await clerk.send("Users_getTotalCount")
    assert refused.headers["retry-after"] == "10"
    clock.advance_s(9.5)
    assert (await clerk.send("Users_getTotalCount")).headers["retry-after"] == "1"
    clock.advance_s(0.5)
    assert await let_through(clerk, limit, "Users_getTotalCount") == limit


async def test_the_window_slides(clock: Clock) -> None:
    clerk = Clerk(Sandbox(clock=clock, rate_limits=True))
    for _ in range(2):
        assert await let_through(clerk, 49, "Users_getTotalCount") == 50
        clock.advance_s(5)
    assert await let_through(clerk, 50, "Users_getTotalCount") == 50


async def test_the_keys_can_be_fetched_without_limit(clock: Clock) -> None:
    clerk = Clerk(Sandbox(clock=clock, rate_limits=True))
    assert await let_through(clerk, 150, "Jwks_getJsonWebKeySet") == 151
    assert await let_through(clerk, 99, "Users_getTotalCount") == 100


async def test_invitations_are_limited_by_the_hour(clock: Clock) -> None:
    clerk = Clerk(Sandbox(clock=clock, live=True, rate_limits=True))
    invite: dict[str, Any] = {"email_address": "a@new.example", "ignore_existing": True}
    assert await let_through(clerk, 100, "Invitations_createNewInvitation", **invite) == 100
    clock.advance_s(3599)
    assert (await clerk.send("Invitations_createNewInvitation", **invite)).headers["retry-after"] == "1"
    clock.advance_s(1)
    await clerk.call("Invitations_createNewInvitation", **invite)


@pytest.mark.parametrize(
    ("operation", "limit", "body"),
    [
        ("OrganizationInvitations_createAndSend", 250, {}),
        ("OrganizationInvitations_bulkCreateAndSend", 50, {"invitations": []}),
    ],
)
async def test_organization_invitations_are_limited_by_the_hour_too(
    clock: Clock, operation: str, limit: int, body: dict[str, Any]
) -> None:
    clerk = Clerk(Sandbox(clock=clock, live=True, rate_limits=True))
    # A refused invitation is a request all the same.
    assert await let_through(clerk, limit, operation, organization_id="org_x", **body) == limit


async def test_each_user_can_be_changed_ten_times_in_ten_seconds(clock: Clock) -> None:
    clerk = Clerk(Sandbox(clock=clock, rate_limits=True))
    nadia, tomas = [
        user["id"] for user in await clerk.call("Users_listSortedByCreationDate", username=["nadia", "tomas"])
    ]
    update, merge = "Users_updateUserAttributes", "Users_mergeUserMetadataAttributes"
    for _ in range(5):
        await clerk.call(update, user_id=nadia, first_name="N")
        await clerk.call(merge, user_id=nadia, public_metadata={"n": 1})
    assert (await clerk.send(update, user_id=nadia, first_name="N")).status_code == 429
    assert (await clerk.send(merge, user_id=nadia, public_metadata={})).status_code == 429
    await clerk.call(update, user_id=tomas, first_name="T")
    await clerk.call("Users_getUserDetails", user_id=nadia)


async def test_a_refused_call_takes_no_effect(clock: Clock) -> None:
    clerk = Clerk(Sandbox(clock=clock, rate_limits=True))
    assert await let_through(clerk, 100, "Users_getTotalCount") == 100
    assert (await clerk.send("Users_createNewUser", username="too_many")).status_code == 429
    clock.advance_s(10)
    assert (await clerk.call("Users_getTotalCount", username=["too_many"]))["total_count"] == 0


async def test_in_process_there_are_no_limits_unless_asked_for(clock: Clock) -> None:
    assert await let_through(Clerk(Sandbox(clock=clock)), 150, "Users_getTotalCount") == 151
