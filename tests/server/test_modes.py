"""What each mode lists, and that every way to an operation is the same way."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from clerk_mcp.offering.policy import Policy, Selection
from clerk_mcp.protocol.own_tools import OWN_TOOLS, SEARCH_TOOLS
from clerk_mcp.protocol.surface import CLIENTS, Surface
from clerk_tools.catalog import operations
from tests.calling import call, error_of, listed_by_default, text_of
from tests.server.worlds import World, world

FOUR = ["search_operations", "describe_operation", "read", "change"]
USERS = "Users_listSortedByCreationDate"

pytestmark = pytest.mark.anyio


async def _names(here: World) -> list[str]:
    return [tool.name for tool in (await here.client.list_tools()).tools]


async def test_what_is_listed_by_default_is_the_first_operations_and_what_finds_the_rest() -> None:
    async with world("all") as here:
        # Runs over many need a place to keep them, which this server has not.
        assert await _names(here) == [name for name in listed_by_default() if name != "run_each"]


async def test_all_lists_every_operation_and_list_all() -> None:
    async with world("all", policy=Policy(Selection.of(["all"]))) as here:
        assert await _names(here) == [*operations(), "list_all", "preview_change"]


async def test_the_search_tools_stand_beside_a_listing_that_leaves_something_out() -> None:
    policy = Policy(Selection(Selection.of().ids, frozenset([USERS])))
    async with world("all", policy=policy) as here:
        assert await _names(here) == [USERS, "list_all", *FOUR]
        found = await call(here.client, "search_operations", query="how many users are there")
        assert found["operations"][0]["id"] == "Users_getTotalCount"
        assert (await call(here.client, "read", operation="Users_getTotalCount"))["total_count"]
        assert (await call(here.client, "Users_getTotalCount"))["total_count"]


async def test_a_host_that_loads_schemas_when_needed_is_shown_all_that_may_run() -> None:
    policy = Policy(Selection(Selection.of().ids, frozenset([USERS])))
    async with world("auto", client_name="claude-code", policy=policy) as here:
        assert await _names(here) == [*operations(), "list_all", "preview_change"]


async def test_search_lists_four_tools_within_6000_bytes() -> None:
    async with world("search") as here:
        assert await _names(here) == FOUR
    listed = Surface("search", Policy(Selection.of()), 1).tools(None, None)
    assert len(json.dumps({"tools": listed}, ensure_ascii=False, separators=(",", ":")).encode()) <= 6000


@pytest.mark.parametrize(
    ("client", "first"),
    [
        ("claude-code", "Users_listSortedByCreationDate"),
        ("Claude-AI", "Users_listSortedByCreationDate"),
        ("Visual Studio Code - Insiders", "Users_listSortedByCreationDate"),
        ("Visual-Studio-Code", "Users_listSortedByCreationDate"),
        ("cursor-vscode", "search_operations"),
        ("some host", "search_operations"),
        (None, "search_operations"),
    ],
)
async def test_auto_chooses_by_the_clients_name(client: str | None, first: str, era: str) -> None:
    async with world("auto", client_name=client, era=era) as here:
        assert (await _names(here))[0] == first


def test_the_table_of_clients_has_an_answer_for_everybody() -> None:
    assert CLIENTS[-1][0] == "*"


def test_no_tool_of_the_servers_own_has_an_operations_name() -> None:
    assert not OWN_TOOLS.keys() & operations().keys()
    assert [tool.spec.id for tool in SEARCH_TOOLS] == FOUR


@pytest.mark.parametrize("mode", ["all", "search"])
async def test_a_direct_call_works_in_every_mode(mode: Any) -> None:
    async with world(mode) as here:
        assert (await call(here.client, USERS, limit=1))["items"]
        assert (await call(here.client, "list_all", operation=USERS, group="count"))["matched"]
        assert (await call(here.client, "read", operation=USERS))["items"]


async def test_a_search_answers_ids_with_effect_and_one_line_and_the_arguments_of_the_first_ones() -> None:
    async with world("search") as here:
        found = await call(here.client, "search_operations", query="kick someone out")
        assert found["operations"][0]["id"] == "Users_markBanned"
        first, *others = found["operations"]
        assert first["arguments"] == "user_id"
        described = await call(here.client, "describe_operation", ids=[first["id"], "Sessions_revokeSession"])
        users, sessions = (entry["ids_from"] for entry in described["operations"])
        assert users == {"user_id": USERS}
        ended = await call(here.client, "search_operations", query="end a session")
        assert ended["operations"][0]["ids_from"] == sessions
        said = {"id", "effect", "does"}
        assert all(set(entry) - {"arguments", "ids_from"} == said for entry in (first, *others))
        assert len(found["operations"]) <= 5
        assert (await call(here.client, "search_operations", query="zzxqv"))["operations"] == []
        assert here.received == []


async def test_a_search_tells_the_arguments_of_as_many_as_fit_into_a_small_answer() -> None:
    async with world("search") as here:
        questions = ("list users", "change a user", "waitlist", "ban", "invite people", "settings", "roles")
        for question in questions:
            found = (await call(here.client, "search_operations", query=question, limit=20))["operations"]
            beside = [entry["arguments"] for entry in found[1:] if "arguments" in entry]
            assert sum(map(len, beside)) <= 500, question
        assert "arguments" in found[1]


async def test_what_a_search_tells_of_arguments_names_each_of_them_with_what_may_be_left_out() -> None:
    async with world("search", policy=Policy(Selection.of(["all"]))) as here:
        for id, operation in operations().items():
            found = (await call(here.client, "search_operations", query=id))["operations"]
            told = next(entry for entry in found if entry["id"] == id).get("arguments", "")
            for argument in operation.spec.arguments:
                mark = "" if argument.required else "?"
                assert re.search(rf"\b{argument.name}{re.escape(mark)}(?!\?)", told), (id, argument.name)


async def test_a_question_in_two_parts_is_answered_for_both_of_them() -> None:
    pairs = {
        "add an email address to a user and revoke an invitation to sign up": (
            "EmailAddresses_createNewAddress",
            "Invitations_revokeInvitation",
        ),
        "ban a user, then delete an organization": ("Users_markBanned", "Organizations_deleteOrganization"),
        "create an organization and list who is on the waitlist": (
            "Organizations_createNewOrganization",
            "ListWaitlistEntries",
        ),
    }
    async with world("search") as here:
        for question, both in pairs.items():
            found = (await call(here.client, "search_operations", query=question))["operations"]
            assert {entry["id"] for entry in found[:2]} == set(both), question
            assert all(entry["arguments"] for entry in found[:2])


async def test_a_description_has_the_schema_that_mode_all_lists_but_for_what_change_takes_itself() -> None:
    async with world("all", policy=Policy(Selection.of(["all"]))) as here:
        listed = {tool.name: tool.input_schema for tool in (await here.client.list_tools()).tools}
    async with world("search") as here:
        for id in listed:
            (described,) = (await call(here.client, "describe_operation", ids=id, json_schema=True))[
                "operations"
            ]
            expected = dict(listed[id])
            expected["properties"] = {n: p for n, p in expected["properties"].items() if n != "confirm"}
            assert described["inputSchema"] == expected


async def test_questions_with_semicolons_between_them_are_each_answered_with_their_best() -> None:
    questions = {
        "a user's memberships": "Users_getOrganizationMemberships",
        "merge metadata of a user": "Users_mergeUserMetadataAttributes",
        "invite several people to sign up": "CreateBulkInvitations",
        "revoke an invitation to sign up": "Invitations_revokeInvitation",
        "change a member's role": "OrganizationMemberships_updateMembershipProperties",
    }
    async with world("search") as here:
        found = await call(here.client, "search_operations", query="; ".join(questions))
        assert {entry["id"] for entry in found["operations"]} == set(questions.values())
        assert all(entry["arguments"] for entry in found["operations"])
        many = [f"thing {n}" for n in range(10)] + ["ban a user", "list domains", *questions, "lock a user"]
        note = (await call(here.client, "search_operations", query="; ".join(many)))["note"]
        assert note.startswith("The last 3 questions were not answered")


async def test_several_are_described_at_once_up_to_ten() -> None:
    async with world("search") as here:
        ids = list(operations())[:10]
        described = (await call(here.client, "describe_operation", ids=ids))["operations"]
        assert [entry["id"] for entry in described] == ids
        for wrong in ([], list(operations())[:11], ["Users_lst"]):
            assert (await error_of(here.client, "describe_operation", ids=wrong))[
                "code"
            ] == "invalid_arguments"


async def test_read_refuses_changes_and_change_refuses_reads_for_every_operation() -> None:
    async with world("search") as here:
        for id, operation in operations().items():
            reads = operation.spec.effect == "read"
            wrong, right = ("change", "read") if reads else ("read", "change")
            error = await error_of(here.client, wrong, operation=id)
            assert error["code"] == "wrong_tool"
            assert right in error["hint"]
        assert here.received == []


async def test_what_runs_through_read_answers_as_the_direct_call() -> None:
    async with world("search") as here:
        direct = await here.client.call_tool(USERS, {"query": "priya", "fields": ["id"]})
        through = await here.client.call_tool(
            "read", {"operation": USERS, "arguments": '{"query": "priya", "fields": ["id"]}'}
        )
        assert text_of(through) == text_of(direct)
        wrong_directly = await error_of(here.client, USERS, limit=501)
        assert (
            await error_of(here.client, "read", operation=USERS, arguments={"limit": 501}) == wrong_directly
        )


async def test_half_a_character_in_arguments_as_text_is_refused() -> None:
    async with world("search") as here:
        error = await error_of(here.client, "read", operation=USERS, arguments='{"query": "\\ud83d"}')
        assert (error["code"], error["param"]) == ("invalid_arguments", "arguments")
        assert (await call(here.client, "read", operation=f" {USERS} ", arguments='{"query": "priya"}'))[
            "items"
        ]


async def test_an_unknown_operation_is_answered_with_the_nearest() -> None:
    async with world("search") as here:
        error = await error_of(here.client, "read", operation="Users_listSortedByCreatonDate")
        assert USERS in error["message"]
        with pytest.raises(MCPError, match="Unknown tool"):
            await here.client.call_tool("Users_noSuchThing", {})


async def test_a_destructive_change_is_previewed_and_runs_with_its_token_once() -> None:
    async with world("search", confirm=True) as here:
        user = (await call(here.client, USERS, query="priya"))["items"][0]["id"]
        change = {"operation": "Users_markBanned", "arguments": {"user_id": user}}
        preview = json.loads(text_of(await here.client.call_tool("change", change)))
        assert "Users_markBanned" not in here.received
        token = preview["confirm"]
        assert (await call(here.client, "change", **change, confirm=token))["banned"] is True
        assert "error" in json.loads(
            text_of(await here.client.call_tool("change", {**change, "confirm": token}))
        )
        assert here.received.count("Users_markBanned") == 1


async def test_what_the_policy_forbids_is_not_shown_found_described_or_run() -> None:
    policy = Policy(Selection.of(exclude=["Users_deleteUserById"]), read_only=True)
    async with world("search", policy=policy) as here:
        assert await _names(here) == ["search_operations", "describe_operation", "read"]
        found = await call(here.client, "search_operations", query="delete a user", limit=20)
        assert all(entry["effect"] == "read" for entry in found["operations"])
        described = await call(here.client, "describe_operation", ids=["Users_deleteUserById", USERS])
        assert [entry["id"] for entry in described["operations"]] == [USERS]
        assert described["note"] == "You may not run Users_deleteUserById."
        error = await error_of(
            here.client, "change", operation="Users_markBanned", arguments={"user_id": "user_1"}
        )
        assert error["code"] == "read_only"


@pytest.mark.parametrize(
    "question", ["count users by month", "list all", "sign-ups per week", "how many per domain"]
)
async def test_reading_across_pages_is_found_by_what_it_does(question: str) -> None:
    async with world("search") as here:
        found = await call(here.client, "search_operations", query=question)
        assert found["operations"][0]["id"] == "list_all"
        described = await call(here.client, "describe_operation", ids=["list_all"])
        assert "group?" in described["operations"][0]["arguments"]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("require MFA", "dashboard"),
        ("undo a wrong update", "audit"),
        ("give me the weather", "Nothing fits well; the nearest is among"),
        ("zzxqv", "Nothing is alike"),
    ],
)
async def test_a_search_says_where_nothing_fits(question: str, said: str) -> None:
    async with world("search") as here:
        assert said in (await call(here.client, "search_operations", query=question))["note"]
        assert "note" not in await call(here.client, "search_operations", query="ban a user")
