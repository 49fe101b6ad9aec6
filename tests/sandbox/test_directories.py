"""Directories: whom they provision, and which roles their groups give."""

from __future__ import annotations

from typing import Any

import pytest

from clerk_sandbox.examples import resolved
from clerk_sandbox.sandbox import Sandbox
from clerk_tools.spec import Demo
from tests.sandbox.clerk import Clerk

pytestmark = pytest.mark.anyio

DEMO = Sandbox().instance
ROWAN = {"directory_id": resolved(DEMO, Demo("a directory"))}
AUDITOR = resolved(DEMO, Demo("the auditor role"))


@pytest.fixture
def clerk() -> Clerk:
    return Clerk(Sandbox())


async def mapped(clerk: Clerk, **directory: Any) -> list[tuple[str, int]]:
    """The groups of a directory with their precedence, in order."""
    listed = await clerk.call("ListDirectoryGroupRoleMappings", **(directory or ROWAN))
    return [(one["directory_group_id"], one["precedence"]) for one in listed["data"]]


async def gives(clerk: Clerk, group: str, **more: Any) -> Any:
    given = {"directory_group_id": group, "role_id": AUDITOR, **more}
    return await clerk.call("CreateDirectoryGroupRoleMapping", **ROWAN, **given)


async def test_the_key_is_shown_when_it_is_made_and_when_it_is_rotated(clerk: Clerk) -> None:
    connection = resolved(DEMO, Demo("an enterprise connection in preparation"))
    made = await clerk.call("CreateDirectory", enterprise_connection_id=connection, provider="okta")
    target = {"directory_id": made["id"]}
    rotated = await clerk.call("RotateDirectoryAPIKey", **target)
    assert made["api_key"] != rotated["api_key"] is not None
    for read in (await clerk.call("GetDirectory", **target), *(await clerk.call("ListDirectories"))["data"]):
        assert read["api_key"] is None


async def test_groups_stand_in_the_order_that_they_are_given(clerk: Clerk) -> None:
    assert await mapped(clerk) == [("growers", 1), ("office", 2)]
    await gives(clerk, "pickers", precedence=1)
    await gives(clerk, "drivers")
    assert await mapped(clerk) == [("pickers", 1), ("growers", 2), ("office", 3), ("drivers", 4)]
    again = {**ROWAN, "directory_group_id": "pickers", "role_id": AUDITOR}
    refused = await clerk.error("CreateDirectoryGroupRoleMapping", **again)
    assert refused[1:] == ("form_identifier_exists", "directory_group_id")


async def test_replacing_is_all_or_nothing(clerk: Clerk) -> None:
    twice = [{"directory_group_id": "a", "role_id": AUDITOR}] * 2
    refused = await clerk.error("ReplaceDirectoryGroupRoleMappings", **ROWAN, mappings=twice)
    assert refused[2] == "mappings"
    assert await mapped(clerk) == [("growers", 1), ("office", 2)]
    await clerk.call("ReplaceDirectoryGroupRoleMappings", **ROWAN, mappings=twice[:1])
    assert await mapped(clerk) == [("a", 1)]


async def test_a_group_that_gives_no_role_any_more_leaves_no_gap(clerk: Clerk) -> None:
    first = resolved(DEMO, Demo("a group mapping"))
    await clerk.call("DeleteDirectoryGroupRoleMapping", **ROWAN, mapping_id=first)
    assert await mapped(clerk) == [("office", 1)]


async def test_a_role_that_goes_is_given_by_no_group(clerk: Clerk) -> None:
    contractor = resolved(DEMO, Demo("the contractor role"))
    await gives(clerk, "seasonal", role_id=contractor, precedence=1)
    await clerk.call("DeleteOrganizationRole", organization_role_id=contractor)
    assert await mapped(clerk) == [("growers", 1), ("office", 2)]


@pytest.mark.parametrize("gone", ["the directory", "its connection"])
async def test_nothing_is_left_of_a_directory_that_goes(clerk: Clerk, gone: str) -> None:
    instance = clerk.sandbox.instance
    await clerk.call("RotateDirectoryAPIKey", **ROWAN)
    if gone == "the directory":
        await clerk.call("DeleteDirectory", **ROWAN)
    else:
        connection = instance.table("directories")[ROWAN["directory_id"]]["enterprise_connection_id"]
        await clerk.call("DeleteEnterpriseConnection", enterprise_connection_id=connection)
    assert (await clerk.error("GetDirectory", **ROWAN))[0] == 404
    left = [one["directory_id"] for one in instance.table("directory_group_role_mappings")]
    assert ROWAN["directory_id"] not in left
    assert ROWAN["directory_id"] not in instance.credentials


async def test_groups_map_to_nothing_while_that_is_switched_off(clerk: Clerk) -> None:
    await clerk.call("UpdateDirectory", **ROWAN, group_role_mapping_enabled=False)
    given = {**ROWAN, "directory_group_id": "x", "role_id": AUDITOR}
    assert (await clerk.error("CreateDirectoryGroupRoleMapping", **given))[1] == "feature_not_enabled"


async def test_attributes_are_merged_and_a_null_takes_one_away(clerk: Clerk) -> None:
    await clerk.call("UpdateDirectory", **ROWAN, attribute_mapping={"first_name": "name.givenName"})
    changed = await clerk.call("UpdateDirectory", **ROWAN, attribute_mapping={"email_address": None})
    assert changed["attribute_mapping"] == {"first_name": "name.givenName"}


async def test_the_older_path_has_the_same_records_under_older_names(clerk: Clerk) -> None:
    older = await clerk.call("GetSCIMDirectory", scim_directory_id=ROWAN["directory_id"])
    assert (older["object"], older["id"]) == ("scim_directory", ROWAN["directory_id"])
    listed = await clerk.call("ListSCIMGroupRoleMappings", scim_directory_id=ROWAN["directory_id"])
    assert [one["scim_group_id"] for one in listed["data"]] == ["growers", "office"]
