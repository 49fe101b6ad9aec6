"""One real story, told through every mode: the same answers, and the same calls to Clerk."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from clerk_mcp.protocol.own_tools import OWN_TOOLS
from clerk_mcp.protocol.surface import ListingMode
from clerk_sandbox.sandbox import Sandbox
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect
from tests.calling import text_of
from tests.server.worlds import World, world

Run = Callable[..., Awaitable[Any]]
Way = Callable[[World, list[str]], Run]
NOW = 1_780_000_000_000
"""A clock that stands still, so that two sandboxes live through the same moment."""

pytestmark = pytest.mark.anyio


async def off_boarding(run: Run) -> None:
    """Somebody leaves: found, taken out, kept out; a slip and a refusal on the way."""
    await run("list_all", operation="Users_listSortedByCreationDate", group="count by year(created_at)")
    found = await run("Users_listSortedByCreationDate", query="piotr")
    user_id = found["items"][0]["id"]
    await run("Users_getUserDetails", user_id=user_id, fields=["first_name", "banned"])
    await run("Users_getUserDetails", user="user_1")
    memberships = await run("Users_getOrganizationMemberships", user_id=user_id)
    organization_id = memberships["items"][0]["organization"]["id"]
    await run("OrganizationMemberships_getAllMembers", organization_id=organization_id, limit="3")
    await run(
        "OrganizationInvitations_createAndSend",
        organization_id=organization_id,
        email_address="sam+clerk_test@example.com",
        inviter_user_id="user_none",
        role="org:member",
    )
    sessions = await run("Sessions_listSortedByCreationDate", user_id=user_id, status="active")
    await run("Sessions_revokeSession", session_id=sessions["items"][0]["id"])
    await run("Users_mergeUserMetadataAttributes", user_id=user_id, public_metadata={"left": True})
    await run(
        "OrganizationMemberships_removeUserFromOrganization", organization_id=organization_id, user_id=user_id
    )
    await run("Users_markBanned", user_id=user_id)
    after = await run("Users_getUserDetails", user_id=user_id)
    assert after["banned"] is True


def _directly(here: World, told: list[str]) -> Run:
    async def run(operation: str, /, **arguments: Any) -> Any:
        text = text_of(await here.client.call_tool(operation, arguments))
        told.append(text)
        return json.loads(text)

    return run


def _through_search(here: World, told: list[str]) -> Run:
    """Finds, describes, and runs each operation with the tool for its effect."""

    async def run(operation: str, /, **arguments: Any) -> Any:
        await here.client.call_tool("describe_operation", {"ids": [operation]})
        spec = (OWN_TOOLS.get(operation) or operations()[operation]).spec
        tool = "read" if spec.effect is Effect.READ else "change"
        result = await here.client.call_tool(tool, {"operation": operation, "arguments": arguments})
        told.append(text_of(result))
        return json.loads(told[-1])

    return run


async def _tell(mode: ListingMode, way: Way, era: str) -> tuple[list[str], list[str]]:
    told: list[str] = []
    sandbox = Sandbox(clock=lambda: NOW)
    async with world(mode, sandbox=sandbox, era=era) as here:
        await off_boarding(way(here, told))
        return [_without_trace(text) for text in told], here.received


def _without_trace(text: str) -> str:
    """An answer without what names one request and no other."""
    value = json.loads(text)
    if "error" in value:
        value["error"].pop("trace_id", None)
    return json.dumps(value)


async def test_every_mode_gets_the_same_answers_by_the_same_calls(era: str) -> None:
    told, received = await _tell("all", _directly, era)
    assert len(told) == 13
    assert any('"error"' in text for text in told)
    others: list[tuple[ListingMode, Way]] = [
        ("search", _through_search),
        ("search", _directly),
        ("auto", _through_search),
    ]
    for mode, way in others:
        assert await _tell(mode, way, era) == (told, received)
