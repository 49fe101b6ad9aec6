"""Resources and completions: the same reading as by tools."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference, ResourceTemplateReference, TextResourceContents

from clerk_mcp.offering.policy import Policy, Selection
from clerk_tools.catalog import operations
from tests.calling import call, text_of
from tests.server.loopback import Received, Script, answer
from tests.server.scripted import always, refusal, server_on
from tests.server.worlds import World, world

Reference = PromptReference | ResourceTemplateReference

pytestmark = pytest.mark.anyio


async def _read(here: World, uri: str) -> Any:
    (content,) = (await here.client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    assert (content.uri, content.mime_type) == (uri, "application/json")
    return json.loads(content.text)


async def test_the_instance_says_what_it_is_and_how_the_server_is_set(era: str) -> None:
    async with world("search", era=era) as here:
        about = await _read(here, "clerk://instance")
        assert "sandbox" in about["instance"]
        assert about["api_version"] == "2021-02-05"
        assert about["operations"] == len(operations())
        assert about["mode"] == "search"
        assert "sk_test" not in json.dumps(about)


async def test_the_catalogue_has_every_operation_and_each_of_them_its_schema(era: str) -> None:
    async with world(era=era) as here:
        listed = await _read(here, "clerk://operations")
        assert [entry["id"] for entry in listed["operations"]] == list(operations())
        one = await _read(here, "clerk://operations/Users_markBanned")
        assert one["inputSchema"]["required"] == ["user_id"]


async def test_what_is_listed_can_be_read(era: str) -> None:
    async with world(era=era) as here:
        for resource in (await here.client.list_resources()).resources:
            assert await _read(here, resource.uri)
        templates = (await here.client.list_resource_templates()).resource_templates
        assert [template.uri_template for template in templates] == [
            "clerk://operations/{id}",
            "clerk://users/{user_id}",
            "clerk://organizations/{id_or_slug}",
            "clerk://organizations/{id}/members",
        ]


async def test_a_template_reads_as_its_tool_does() -> None:
    async with world() as here:
        user = (await call(here.client, "Users_listSortedByCreationDate", limit=1))["items"][0]
        organization = (await call(here.client, "Organizations_listSortedByCreationDate"))["items"][0]
        assert await _read(here, f"clerk://users/{user['id']}") == await call(
            here.client, "Users_getUserDetails", user_id=user["id"]
        )
        by_slug = await _read(here, f"clerk://organizations/{organization['slug']}")
        assert by_slug["id"] == organization["id"]
        members = await _read(here, f"clerk://organizations/{organization['id']}/members")
        assert members == await call(
            here.client,
            "OrganizationMemberships_getAllMembers",
            organization_id=organization["id"],
            limit=500,
        )


@pytest.mark.parametrize(
    "uri",
    [
        "clerk://users/user_none",
        "clerk://users/",
        "clerk://users/a/b",
        "clerk://operations/Users_none",
        "clerk://nothing",
        "file:///etc/passwd",
        "clerk://users/..%2fusers",
    ],
)
async def test_what_is_not_there_is_the_eras_own_error(uri: str, era: str) -> None:
    async with world(era=era) as here:
        with pytest.raises(MCPError) as failed:
            await here.client.read_resource(uri)
        assert failed.value.error.code == (-32002 if era == "legacy" else -32602)


async def test_an_id_that_cannot_be_one_is_refused_before_anything_is_sent(era: str) -> None:
    async with world(era=era) as here:
        with pytest.raises(MCPError, match="not dots") as failed:
            await here.client.read_resource("clerk://users/%2e%2e")
        assert failed.value.error.code == -32602
        assert here.received == []


async def test_an_error_carries_what_the_tool_answers() -> None:
    async with world() as here:
        with pytest.raises(MCPError) as failed:
            await here.client.read_resource("clerk://users/user_none")
        answer = await here.client.call_tool("Users_getUserDetails", {"user_id": "user_none"})
        by_tool = json.loads(text_of(answer))["error"]
        by_resource = failed.value.error.data["error"]
        assert {**by_resource, "trace_id": ""} == {**by_tool, "trace_id": ""}


async def test_the_policy_holds_for_resources() -> None:
    async with world(policy=Policy(Selection.of(toolsets=["organizations"]))) as here:
        templates = (await here.client.list_resource_templates()).resource_templates
        assert [t.uri_template for t in templates] == [
            "clerk://operations/{id}",
            "clerk://organizations/{id_or_slug}",
        ]
        with pytest.raises(MCPError, match="switched off"):
            await here.client.read_resource("clerk://users/user_1")
        with pytest.raises(MCPError, match="no resource"):
            await here.client.read_resource("clerk://operations/Users_markBanned")
        assert here.received == []


async def _complete(here: World, ref: Reference, name: str, typed: str) -> list[str]:
    result = await here.client.complete(ref, {"name": name, "value": typed})
    return result.completion.values


async def test_organizations_complete_by_name_and_users_by_email(era: str) -> None:
    async with world(era=era) as here:
        organizations = ResourceTemplateReference(uri="clerk://organizations/{id_or_slug}")
        assert await _complete(here, organizations, "id_or_slug", "Fernh") == ["fernhill"]
        by_id = ResourceTemplateReference(uri="clerk://organizations/{id}/members")
        (id,) = await _complete(here, by_id, "id", "Fernh")
        assert id.startswith("org_")
        users = ResourceTemplateReference(uri="clerk://users/{user_id}")
        (user,) = await _complete(here, users, "user_id", "ravi.patel@")
        assert (await _read(here, f"clerk://users/{user}"))["name"] == "Ravi Patel"
        offboard = PromptReference(name="offboard-person")
        assert await _complete(here, offboard, "person", "ravi.p") == ["ravi.patel@example.com"]
        assert await _complete(here, offboard, "organization", "thist") == ["Thistle Studio"]


async def test_operations_complete_by_their_ids_and_by_what_they_do() -> None:
    async with world() as here:
        ref = ResourceTemplateReference(uri="clerk://operations/{id}")
        assert (await _complete(here, ref, "id", "users_mark"))[0] == "Users_markBanned"
        assert (await _complete(here, ref, "id", "impersonate"))[0] == "ActorTokens_createToken"
        assert here.received == []


@pytest.mark.parametrize(
    ("ref", "name", "typed"),
    [
        (ResourceTemplateReference(uri="clerk://users/{user_id}"), "user_id", "r"),
        (ResourceTemplateReference(uri="clerk://users/{user_id}"), "other", "ravi"),
        (ResourceTemplateReference(uri="clerk://none/{x}"), "x", "ravi"),
        (PromptReference(name="none"), "person", "ravi"),
        (PromptReference(name="cannot-sign-in"), "symptom", "ravi"),
    ],
)
async def test_where_there_is_nothing_to_propose_nothing_is_asked(
    ref: Reference, name: str, typed: str
) -> None:
    async with world() as here:
        assert await _complete(here, ref, name, typed) == []
        assert here.received == []


USERS_BY_ID = ResourceTemplateReference(uri="clerk://users/{user_id}")


@pytest.mark.parametrize(
    "script", [refusal(500, "internal_clerk_error"), always(429), always(body=b"<html>")]
)
async def test_where_clerk_fails_there_is_nothing_to_propose(script: Script, era: str) -> None:
    async with server_on(script, era) as client:
        result = await client.complete(USERS_BY_ID, {"name": "user_id", "value": "ravi"})
        assert result.completion.values == []


async def test_who_types_is_not_kept_waiting_for_clerk() -> None:
    over = anyio.Event()

    async def silent(_: Received) -> bytes:
        await over.wait()
        return answer(value=[{"id": "user_1"}])

    async with server_on(silent) as client:
        with anyio.fail_after(15):
            result = await client.complete(USERS_BY_ID, {"name": "user_id", "value": "ravi"})
        assert result.completion.values == []
        over.set()


async def test_completions_show_only_what_the_policy_allows() -> None:
    async with world(policy=Policy(Selection.of(toolsets=["organizations"]))) as here:
        ref = ResourceTemplateReference(uri="clerk://users/{user_id}")
        assert await _complete(here, ref, "user_id", "ravi") == []
        assert here.received == []
