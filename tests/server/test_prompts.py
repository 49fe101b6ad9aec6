"""Every prompt names tools that exist, and each can be walked on the sandbox, tool by tool, in its order."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent

from clerk_mcp.offering.policy import Policy, Selection
from clerk_mcp.protocol.own_tools import OWN_TOOLS
from clerk_mcp.protocol.prompts import PROMPTS, Prompt, tools_in
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect
from tests.calling import text_of
from tests.server.worlds import World, world

BY_NAME = {prompt.name: prompt for prompt in PROMPTS}

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("prompt", PROMPTS, ids=BY_NAME)
def test_a_prompt_names_only_tools_that_exist(prompt: Prompt) -> None:
    named = tools_in(prompt.steps) + tools_in(prompt.remedy)
    assert set(named) <= {*operations(), *OWN_TOOLS}
    assert len(prompt.tools) >= 4


@pytest.mark.parametrize("prompt", PROMPTS, ids=BY_NAME)
def test_whatever_destroys_is_asked_about_before(prompt: Prompt) -> None:
    text = prompt.steps + prompt.remedy
    for tool in tools_in(text):
        if tool in operations() and operations()[tool].spec.effect is Effect.DESTROY:
            assert "ASK THE USER" in text[: text.index(tool)], tool


async def _text(here: World, name: str, /, **arguments: str) -> str:
    (message,) = (await here.client.get_prompt(name, arguments)).messages
    assert isinstance(message.content, TextContent)
    return message.content.text


async def test_prompts_are_listed_with_their_arguments_and_told_with_their_values(era: str) -> None:
    async with world(era=era) as here:
        listed = (await here.client.list_prompts()).prompts
        assert [prompt.name for prompt in listed] == list(BY_NAME)
        for prompt in listed:
            given = {argument.name: f"<{argument.name}>" for argument in prompt.arguments or []}
            text = await _text(here, prompt.name, **given)
            assert all(value in text for value in given.values())
            named = tools_in(text)
            assert named[: len(BY_NAME[prompt.name].tools)] == BY_NAME[prompt.name].tools


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("offboard-person", {}, "needs person"),
        ("offboard-person", {"person": "  "}, "needs person"),
        ("audit-admins", {"persn": "x"}, "takes no persn"),
        ("audit-admins", {"organization": "x" * 10_001}, "at most 10000 characters for organization"),
        ("none", {}, "no prompt"),
    ],
)
async def test_a_prompt_asked_for_wrongly_says_what_is_wrong(
    name: str, arguments: dict[str, str], says: str
) -> None:
    async with world() as here:
        with pytest.raises(MCPError, match=says):
            await here.client.get_prompt(name, arguments)


async def test_only_what_the_policy_allows_is_offered() -> None:
    async with world(policy=Policy(Selection.of(), read_only=True)) as here:
        names = [prompt.name for prompt in (await here.client.list_prompts()).prompts]
        assert names == ["audit-admins", "cannot-sign-in"]
        assert "Users_disableMfa" not in await _text(here, "cannot-sign-in", person="x")
        with pytest.raises(MCPError, match="no prompt"):
            await here.client.get_prompt("offboard-person", {"person": "x"})
    async with world() as here:
        assert "Users_disableMfa" in await _text(here, "cannot-sign-in", person="x")


@dataclass
class Walk:
    """Somebody who does what a prompt says, and remembers which tools it took."""

    here: World
    tools: list[str] = field(default_factory=list)

    async def __call__(self, tool: str, /, **arguments: Any) -> Any:
        self.tools.append(tool)
        result = await self.here.client.call_tool(tool, arguments)
        assert not result.is_error, f"{tool}: {text_of(result)}"
        return json.loads(text_of(result))


async def _user(walk: Walk, query: str) -> dict[str, Any]:
    (user,) = (await walk("Users_listSortedByCreationDate", query=query))["items"]
    return dict(user)


async def offboard(walk: Walk) -> None:
    user_id = (await _user(walk, "helen"))["id"]
    memberships = (await walk("Users_getOrganizationMemberships", user_id=user_id))["items"]
    for organization in [m["organization"]["id"] for m in memberships]:
        members = (await walk("OrganizationMemberships_getAllMembers", organization_id=organization))["items"]
        heir = next(m["user"]["user_id"] for m in members if m["user"]["user_id"] != user_id)
        await walk(
            "OrganizationMemberships_updateMembershipProperties",
            organization_id=organization,
            user_id=heir,
            role="org:admin",
        )
    sessions = (await walk("Sessions_listSortedByCreationDate", user_id=user_id, status="active"))["items"]
    assert memberships
    assert sessions
    for organization in [m["organization"]["id"] for m in memberships]:
        await walk(
            "OrganizationMemberships_removeUserFromOrganization",
            organization_id=organization,
            user_id=user_id,
        )
    await walk("Users_markBanned", user_id=user_id)
    await walk("Sessions_revokeSession", session_id=sessions[0]["id"])
    active = await walk("Sessions_listSortedByCreationDate", user_id=user_id, status="active")
    left = await walk("Users_getOrganizationMemberships", user_id=user_id)
    assert active["items"] == left["items"] == []


async def audit(walk: Walk) -> None:
    members = "OrganizationMemberships_getAllMembers"
    admins: set[str] = set()
    organizations = (await walk("Organizations_listSortedByCreationDate"))["items"]
    for organization in organizations:
        given = {"operation": members, "arguments": {"organization_id": organization["id"]}}
        counted = await walk("list_all", **given, group="count by role")
        listed = (await walk("list_all", **given, where='role contains "admin"'))["items"]
        assert len(listed) == sum(g["count"] for g in counted["groups"] if "admin" in g["role"])
        admins |= {member["user"]["user_id"] for member in listed}
    walk.tools.append(members)
    for admin in sorted(admins):
        await walk("Users_getUserDetails", user_id=admin)
    for organization in organizations:
        await walk("OrganizationInvitations_list", organization_id=organization["id"], status="pending")


async def cannot_sign_in(walk: Walk) -> None:
    user = await _user(walk, "helen")
    await walk("Invitations_listAllNonRevoked")
    seen = await walk("Users_getUserDetails", user_id=user["id"], fields=["password_enabled", "banned"])
    assert {"password_enabled", "banned"} <= set(seen)
    await walk("Sessions_listSortedByCreationDate", user_id=user["id"])
    await walk("AllowlistBlocklist_listBlockedIdentifiers")
    await walk("AllowlistBlocklist_listAllowedIdentifiers")
    template = {"template_type": "email", "slug": "verification_code"}
    assert await walk("EmailSmsTemplates_getTemplateDetails", **template)
    for remedy in ("Users_removeLock", "Users_removeBanFromUser", "Users_disableMfa"):
        await walk(remedy, user_id=user["id"])


async def set_up(walk: Walk) -> None:
    assert (await walk("Organizations_listSortedByCreationDate", query="Willow"))["items"] == []
    people = ["helen@mossbrook.example", "ravi.patel@example.com"]
    found = (await walk("Users_listSortedByCreationDate", email_address=people))["items"]
    admin, other = found[0]["id"], found[1]["id"]
    made = await walk("Organizations_createNewOrganization", name="Willow & Co", created_by=admin)
    id = made["id"]
    await walk("Organizations_updateOrganization", organization_id=id, max_allowed_memberships=10)
    await walk(
        "OrganizationMemberships_addUserToOrganization", organization_id=id, user_id=other, role="org:member"
    )
    invited = [
        {"email_address": f"new{n}+clerk_test@example.com", "inviter_user_id": admin, "role": "org:member"}
        for n in range(3)
    ]
    await walk("OrganizationInvitations_bulkCreateAndSend", organization_id=id, invitations=invited)
    members = await walk("OrganizationMemberships_getAllMembers", organization_id=id)
    pending = await walk("OrganizationInvitations_list", organization_id=id, status="pending")
    assert (members["total"], pending["total"]) == (2, 3)


async def clean_up(walk: Walk) -> None:
    stale = {"operation": "Invitations_listAllNonRevoked", "arguments": {"status": "pending"}}
    found = (await walk("list_all", **stale, where='created_at < "1 days ago"'))["items"]
    walk.tools.append("Invitations_listAllNonRevoked")
    organizations = (await walk("Organizations_listSortedByCreationDate"))["items"]
    pending: list[tuple[str, str]] = []
    for organization in organizations:
        given = {"organization_id": organization["id"], "status": "pending"}
        listed = (await walk("OrganizationInvitations_list", **given))["items"]
        pending += [(organization["id"], invitation["id"]) for invitation in listed]
    await walk("Users_listSortedByCreationDate", email_address=[i["email_address"] for i in found])
    for invitation in found:
        await walk("Invitations_revokeInvitation", invitation_id=invitation["id"])
    assert found
    assert pending
    for organization, invitation in pending:
        members = await walk("OrganizationMemberships_getAllMembers", organization_id=organization)
        admin = next(m["user"]["user_id"] for m in members["items"] if m["role"] == "org:admin")
        await walk(
            "OrganizationInvitations_revokeInvitation",
            organization_id=organization,
            invitation_id=invitation,
            requesting_user_id=admin,
        )
    left = await walk("Invitations_listAllNonRevoked", status="pending")
    assert not {i["id"] for i in found} & {i["id"] for i in left["items"]}
    await walk("OrganizationInvitations_list", organization_id=pending[0][0], status="pending")


async def migrate(walk: Walk) -> None:
    listing = "Users_listSortedByCreationDate"
    total = (await walk("Users_getTotalCount"))["total_count"]
    for how in (
        {"group": "count by password_enabled"},
        {"group": "count by month(created_at)"},
        {"where": "external_id == null", "group": "count"},
    ):
        assert (await walk("list_all", operation=listing, **how))["read"] == total
    walk.tools.append(listing)
    await walk("AllowlistBlocklist_listAllowedIdentifiers")
    await walk("AllowlistBlocklist_listBlockedIdentifiers")
    assert (await walk(listing, email_address=["trial+clerk_test@example.com"]))["items"] == []
    assert (await walk(listing, external_id=["old-1"]))["items"] == []
    made = await walk(
        "Users_createNewUser",
        email_address=["trial+clerk_test@example.com"],
        external_id="old-1",
        skip_password_requirement=True,
        created_at="2020-01-01T00:00:00Z",
    )
    read = await walk("Users_getUserDetails", user_id=made["id"])
    assert (read["external_id"], read["created_at"]) == ("old-1", "2020-01-01T00:00:00Z")
    await walk("Users_deleteUserById", user_id=made["id"])


WALKS: dict[str, Callable[[Walk], Awaitable[None]]] = {
    "offboard-person": offboard,
    "audit-admins": audit,
    "cannot-sign-in": cannot_sign_in,
    "set-up-organization": set_up,
    "clean-up-invitations": clean_up,
    "prepare-migration": migrate,
}


@pytest.mark.parametrize("prompt", PROMPTS, ids=BY_NAME)
async def test_a_prompt_can_be_walked_with_exactly_its_tools_in_their_order(prompt: Prompt) -> None:
    async with world() as here:
        walk = Walk(here)
        await WALKS[prompt.name](walk)
        assert tuple(dict.fromkeys(walk.tools)) == prompt.tools + tools_in(prompt.remedy)
