"""Names in place of ids: taken where they mean exactly one object, told, and never for what nobody sees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clerk_mcp.answering import SecretValues
from clerk_mcp.bulk import RunFiles, Runs
from clerk_mcp.offering.policy import Policy, Selection
from clerk_mcp.upstream import Files
from clerk_tools.catalog import operations
from tests.calling import call, error_of
from tests.server.worlds import World, world

pytestmark = pytest.mark.anyio

USERS = "Users_listSortedByCreationDate"
MERGE = "Users_mergeUserMetadataAttributes"
PRIYA = "priya+clerk_test@mossbrook.example"
MADE: dict[str, tuple[str, dict[str, Any]]] = {
    "Invitations_revokeInvitation": ("Invitations_createNewInvitation", {"email_address": "new@x.example"}),
    "AllowlistBlocklist_deleteIdentifierFromBlocklist": (
        "AllowlistBlocklist_addIdentifier",
        {"identifier": "*@spam.example"},
    ),
    "JwtTemplates_getTemplateDetails": (
        "JwtTemplates_createTemplate",
        {"name": "mobile", "claims": {"a": "b"}},
    ),
    "RedirectUrLs_getById": ("RedirectUrLs_createNewUrl", {"url": "https://app.x.example/back"}),
    "GetOrganizationRole": ("CreateOrganizationRole", {"name": "Scribe", "key": "org:scribe"}),
    "DeleteWaitlistEntry": ("CreateWaitlistEntry", {"email_address": "soon@x.example"}),
}
"""Operations that take an id, and what makes an object with a name."""


@pytest.mark.parametrize(
    ("operation", "given", "id"),
    [
        ("Users_getUserDetails", {"user_id": PRIYA}, "user_id"),
        ("Users_getUserDetails", {"user_id": "priya raman"}, "user_id"),
        ("Organizations_getByIdOrSlug", {"organization_id": "Fernhill"}, "organization_id"),
        ("EmailAddresses_getDetails", {"email_address_id": PRIYA}, "email_address_id"),
    ],
)
async def test_a_name_is_taken_for_the_id_of_what_it_means_and_this_is_told(
    operation: str, given: dict[str, str], id: str
) -> None:
    async with world() as here:
        answer = await call(here.client, operation, **given)
        assert answer["meant"][id].startswith(f"{answer['id']}, ")


async def test_whose_an_api_key_is_may_be_named_where_it_is_a_person() -> None:
    async with world(secrets=SecretValues("inline", Path())) as here:
        made = await call(here.client, "createApiKey", name="nightly", subject=PRIYA)
        assert made["meant"]["subject"].startswith(made["subject"])
        assert (await call(here.client, "getApiKeys", subject=PRIYA))["items"] == [
            {name: value for name, value in made.items() if name not in ("meant", "secret")}
        ]


@pytest.mark.parametrize("operation", MADE)
async def test_every_kind_that_has_names_is_found_by_them(operation: str) -> None:
    maker, fields = MADE[operation]
    spec = operations()[operation].spec
    (argument,) = spec.by_name
    assert argument.kind
    async with world(confirm=True) as here:
        made = await call(here.client, maker, **fields)
        for name in fields.values():
            if isinstance(name, str) and name in [made.get(way) for way in argument.kind.names]:
                answer = await call(here.client, operation, **{argument.name: name})
                told = answer.get("meant", {}).get(argument.name) or answer["preview"]["target"]
                assert made["id"] in told


async def test_an_id_costs_no_read_and_a_name_two_at_most() -> None:
    async with world() as here:
        user = (await call(here.client, USERS, query="priya"))["items"][0]["id"]
        before = len(here.received)
        await call(here.client, "Users_getUserDetails", user_id=user)
        assert len(here.received) == before + 1
        await call(
            here.client,
            "Users_updateUserAttributes",
            user_id=PRIYA,
            primary_email_address_id=PRIYA,
        )
        assert here.received[before + 1 :] == [USERS, "Users_getUserDetails", "Users_updateUserAttributes"]


async def test_a_name_of_nothing_is_left_to_clerk_and_one_of_several_is_refused_with_them() -> None:
    async with world() as here:
        assert (await error_of(here.client, "Users_getUserDetails", user_id="no@x.example"))["status"] == 404
        for address in ("one@x.example", "two@x.example"):
            await call(
                here.client,
                "Users_createNewUser",
                email_address=[address],
                first_name="Sam",
                last_name="Twin",
                skip_password_requirement=True,
            )
        error = await error_of(here.client, "Users_getUserDetails", user_id="Sam Twin")
        assert (error["code"], error["param"]) == ("invalid_arguments", "user_id")
        assert "one@x.example" in error["message"]
        assert "two@x.example" in error["message"]


async def test_a_part_of_a_name_means_nobody() -> None:
    async with world() as here:
        assert (await error_of(here.client, "Users_getUserDetails", user_id="Priya"))["status"] == 404


async def test_what_destroys_shows_whom_before_a_name_is_enough() -> None:
    async with world(confirm=False) as here:
        error = await error_of(here.client, "Users_deleteUserById", user_id=PRIYA)
        assert error["code"] == "id_needed"
        assert "Priya Raman" in error["message"]
        assert "user_" in error["message"]
        assert "Users_deleteUserById" not in here.received
    async with world(confirm=True) as here:
        shown = await call(here.client, "Users_deleteUserById", user_id=PRIYA)
        assert "Priya Raman" in shown["preview"]["target"]
        assert "Users_deleteUserById" not in here.received
        await call(here.client, "Users_deleteUserById", user_id=PRIYA, confirm=shown["confirm"])
        assert here.received.count("Users_deleteUserById") == 1


async def test_a_confirmation_is_for_whom_a_name_meant_then() -> None:
    async with world(confirm=True) as here:
        shown = await call(here.client, "Users_deleteUserById", user_id="Priya Raman")
        user = (await call(here.client, USERS, query="priya"))["items"][0]["id"]
        other = (await call(here.client, USERS, query="piotr"))["items"][0]["id"]
        await call(here.client, "Users_updateUserAttributes", user_id=user, first_name="Prya")
        await call(
            here.client, "Users_updateUserAttributes", user_id=other, first_name="Priya", last_name="Raman"
        )
        error = await error_of(
            here.client, "Users_deleteUserById", user_id="Priya Raman", confirm=shown["confirm"]
        )
        assert error["code"].startswith("confirm_")
        assert "Users_deleteUserById" not in here.received


async def test_who_may_not_find_such_objects_gives_ids() -> None:
    only = Policy(Selection.of(tools=["Users_getUserDetails"]))
    async with world(policy=only) as here:
        assert (await error_of(here.client, "Users_getUserDetails", user_id=PRIYA))["status"] == 404
        assert here.received == ["Users_getUserDetails"]


async def test_a_list_over_all_pages_looks_a_name_up_once() -> None:
    async with world() as here:
        counted = await call(
            here.client,
            "list_all",
            operation="OrganizationMemberships_getAllMembers",
            arguments={"organization_id": "Fernhill"},
            group="count by role",
        )
        assert counted["meant"]["organization_id"].startswith("org_")
        assert here.received.count("Organizations_listSortedByCreationDate") == 1


# ── Runs ──


def _runs(directory: Path) -> dict[str, Any]:
    (directory / "files").mkdir()
    return {"runs": Runs(RunFiles(directory / "runs")), "files": Files(directory / "files")}


async def _addresses(here: World, count: int) -> list[str]:
    users = (await call(here.client, USERS, limit=count, fields=["email_addresses.email_address"]))["items"]
    return [user["email_addresses"][0]["email_address"] for user in users]


async def test_a_run_takes_addresses_many_in_one_read_and_its_plan_shows_whom(tmp_path: Path) -> None:
    async with world(**_runs(tmp_path)) as here:
        addresses = await _addresses(here, 12)
        items = [{"user_id": one, "public_metadata": {"n": 1}} for one in addresses]
        before = len(here.received)
        planned = await call(here.client, "run_each", operation=MERGE, items=items)
        assert here.received[before:] == [USERS]
        assert all("user_" in name and "@" in name for name in planned["preview"]["first"])
        assert (await call(here.client, "run_each", confirm=planned["confirm"]))["ok"] == 12


async def test_a_plan_over_a_list_tells_whose_list_a_name_was_taken_to_mean(tmp_path: Path) -> None:
    async with world(**_runs(tmp_path)) as here:
        theirs = {"user_id": "Tomás Rivera", "status": "active"}
        sessions = {"operation": "Sessions_listSortedByCreationDate", "arguments": theirs}
        asked = {"operation": "Sessions_revokeSession", "over": sessions, "map": {"session_id": "id"}}
        planned = await call(here.client, "run_each", **asked)
        assert "Tomás Rivera" in planned["preview"]["meant"]["user_id"]


async def test_a_plan_over_members_calls_each_by_whose_membership_it_is(tmp_path: Path) -> None:
    async with world(**_runs(tmp_path)) as here:
        members = {
            "operation": "OrganizationMemberships_getAllMembers",
            "arguments": {"organization_id": "Mossbrook Gardens"},
        }
        asked = {"operation": MERGE, "over": members, "arguments": {"public_metadata": {"n": 1}}}
        planned = await call(here.client, "run_each", **asked, map={"user_id": "public_user_data.user_id"})
        assert any(name.startswith("Priya Raman (") for name in planned["preview"]["first"])


async def test_rows_whose_name_means_nobody_go_to_the_file_of_those_that_are_wrong(tmp_path: Path) -> None:
    async with world(**_runs(tmp_path)) as here:
        rows = ["Email", *(await _addresses(here, 2)), "gone@x.example"]
        (tmp_path / "files" / "people.csv").write_text("\n".join(rows), "utf-8")
        planned = await call(
            here.client,
            "run_each",
            operation=MERGE,
            file="people.csv",
            map={"user_id": "Email"},
            arguments={"public_metadata": {"n": 1}},
        )
        assert (planned["preview"]["items"], planned["preview"]["wrong"]) == (2, 1)
        assert "no user is called gone@x.example" in planned["preview"]["because"][0]


async def test_each_of_a_list_of_ids_may_be_a_name_and_addresses_take_one_read_together() -> None:
    async with world() as here:
        fields = ["id", "email_addresses.email_address"]
        users = (await call(here.client, USERS, limit=3, fields=fields))["items"]
        addresses = [user["email_addresses"][0]["email_address"] for user in users[:2]]
        here.sandbox.received.clear()
        listed = await call(here.client, USERS, user_id=[*addresses, users[2]["id"]])
        assert {item["id"] for item in listed["items"]} == {user["id"] for user in users}
        for user in users[:2]:
            assert f"{user['id']}, " in listed["meant"]["user_id"]
        assert here.received == [USERS, USERS]


async def test_names_in_filters_of_a_whole_list_and_what_they_leave_out() -> None:
    async with world() as here:
        every = await call(here.client, "list_all", operation=USERS, group="count")
        one = await call(
            here.client, "list_all", operation=USERS, arguments={"user_id": [f"-{PRIYA}"]}, group="count"
        )
        assert one["matched"] == every["matched"] - 1
        assert "Priya Raman" in one["meant"]["user_id"]
        inside = {"organization_id": ["Fernhill"]}
        members = await call(here.client, "list_all", operation=USERS, arguments=inside, fields=["id"])
        assert 0 < members["matched"] < every["matched"]
        assert "Fernhill" in members["meant"]["organization_id"]


async def test_a_name_in_a_list_that_means_nobody_is_refused_and_so_are_more_names_than_reads() -> None:
    async with world() as here:
        error = await error_of(here.client, USERS, user_id=[PRIYA, "nobody@x.example"])
        assert (error["code"], error["param"]) == ("invalid_arguments", "user_id")
        assert "nobody@x.example" in error["message"]
        before = len(here.received)
        error = await error_of(here.client, USERS, user_id=[f"Some Body {n}" for n in range(21)])
        assert "more than 20 names" in error["message"]
        assert len(here.received) == before


async def test_a_ban_of_many_shows_whom_before_their_names_are_enough() -> None:
    async with world(confirm=False) as here:
        error = await error_of(here.client, "UsersBan", user_ids=[PRIYA])
        assert error["code"] == "id_needed"
        assert "Priya Raman" in error["message"]
        assert "UsersBan" not in here.received
    async with world(confirm=True) as here:
        shown = await call(here.client, "UsersBan", user_ids=[PRIYA])
        assert "UsersBan" not in here.received
        assert "Priya Raman" in json.dumps(shown)
        await call(here.client, "UsersBan", user_ids=[PRIYA], confirm=shown["confirm"])
        assert here.received.count("UsersBan") == 1
