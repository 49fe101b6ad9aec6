"""Roles, permissions and role sets: what a member may do follows from them, and what is in use stays."""

from __future__ import annotations

from typing import Any

import pytest

from clerk_sandbox.examples import id_of
from tests.sandbox.clerk import Clerk
from tests.sandbox.demo import Demo

pytestmark = pytest.mark.anyio

CHANGE = "OrganizationMemberships_updateMembershipProperties"


def role_id(clerk: Clerk, key: str) -> str:
    return id_of(clerk.sandbox.instance.table("roles"), key=key)


def permission_id(clerk: Clerk, key: str) -> str:
    return id_of(clerk.sandbox.instance.table("permissions"), key=key)


async def member(clerk: Clerk, demo: Demo) -> Any:
    found = await clerk.call(
        "OrganizationMemberships_getAllMembers", organization_id=demo.fernhill, user_id=[demo.member]
    )
    return found["data"][0]


async def test_a_members_permissions_are_those_of_the_role_as_it_is_now(clerk: Clerk, demo: Demo) -> None:
    target = {"organization_id": demo.fernhill, "user_id": demo.member}
    changed = await clerk.call(CHANGE, **target, role="org:auditor")
    assert changed["role_name"] == "Auditor"
    assert changed["permissions"] == ["org:sys_memberships:read", "org:invoices:read"]
    both = {
        "organization_role_id": role_id(clerk, "org:auditor"),
        "permission_id": permission_id(clerk, "org:plans:publish"),
    }
    assigned = await clerk.call("AssignPermissionToOrganizationRole", **both)
    assert [one["key"] for one in assigned["permissions"]][-1] == "org:plans:publish"
    assert (await member(clerk, demo))["permissions"][-1] == "org:plans:publish"
    assert await clerk.error("AssignPermissionToOrganizationRole", **both) == (409, "conflict", None)
    await clerk.call("RemovePermissionFromOrganizationRole", **both)
    assert "org:plans:publish" not in (await member(clerk, demo))["permissions"]
    again = await clerk.error("RemovePermissionFromOrganizationRole", **both)
    assert again == (404, "resource_not_found", None)
    invoices = permission_id(clerk, "org:invoices:read")
    await clerk.call("DeleteOrganizationPermission", permission_id=invoices)
    assert (await member(clerk, demo))["permissions"] == ["org:sys_memberships:read"]


async def test_a_role_that_manages_members_counts_like_an_admin(clerk: Clerk, demo: Demo) -> None:
    manage = [
        permission_id(clerk, f"org:sys_{one}")
        for one in ("memberships:read", "memberships:manage", "profile:delete")
    ]
    created = await clerk.call(
        "CreateOrganizationRole",
        name="Owner",
        key="org:owner",
        permissions=manage,
        include_in_initial_role_set=True,
    )
    assert created["is_creator_eligible"]
    target = {"organization_id": demo.thistle, "user_id": demo.thistle_admin}
    await clerk.call(CHANGE, **target, role="org:owner")
    last = (400, "organization_minimum_permissions_needed", None)
    assert await clerk.error(CHANGE, **target, role="org:member") == last
    await clerk.call("UpdateRoleSet", role_set_key_or_id="role_set:default", creator_role_key="org:owner")
    made = await clerk.call("Organizations_createNewOrganization", name="X", created_by=demo.outsider)
    of_user = await clerk.call("Users_getOrganizationMemberships", user_id=demo.outsider)
    assert (made["role_set_key"], of_user["data"][0]["role"]) == ("role_set:default", "org:owner")
    weaker = await clerk.error(
        "UpdateOrganizationRole", organization_role_id=created["id"], permissions=manage[:1]
    )
    assert weaker == (422, "organization_missing_creator_role_permissions", "creator_role_id")
    in_use = await clerk.error("DeleteOrganizationRole", organization_role_id=created["id"])
    assert in_use == (422, "organization_role_default_creator_role", None)


async def test_another_key_goes_with_everybody_who_has_the_role(clerk: Clerk, demo: Demo) -> None:
    await clerk.call(CHANGE, organization_id=demo.fernhill, user_id=demo.member, role="org:auditor")
    await clerk.call(
        "UpdateOrganizationRole",
        organization_role_id=role_id(clerk, "org:auditor"),
        key="org:bookkeeper",
        name="Bookkeeper",
    )
    now = await member(clerk, demo)
    assert (now["role"], now["role_name"]) == ("org:bookkeeper", "Bookkeeper")


async def test_a_role_in_use_is_not_deleted(clerk: Clerk, demo: Demo) -> None:
    auditor = role_id(clerk, "org:auditor")
    await clerk.call(CHANGE, organization_id=demo.fernhill, user_id=demo.member, role="org:auditor")
    in_use = await clerk.error("DeleteOrganizationRole", organization_role_id=auditor)
    assert in_use == (422, "organization_role_assigned_to_members", None)
    moved = await clerk.call(
        "ReplaceRoleInRoleSet",
        role_set_key_or_id="role_set:default",
        role_key="org:auditor",
        to_role_key="org:member",
    )
    assert "org:auditor" not in [one["key"] for one in moved["roles"]]
    assert (await member(clerk, demo))["role"] == "org:member"
    assert (await clerk.call("DeleteOrganizationRole", organization_role_id=auditor))["deleted"]


@pytest.mark.parametrize("key", ["org:admin", "org:member"])
async def test_the_built_in_roles_stay(clerk: Clerk, key: str) -> None:
    role = {"organization_role_id": role_id(clerk, key)}
    assert await clerk.error("DeleteOrganizationRole", **role) == (403, "authorization_invalid", None)
    renamed = await clerk.error("UpdateOrganizationRole", **role, key="org:other")
    assert renamed == (403, "authorization_invalid", None)
    await clerk.call("UpdateOrganizationRole", **role, name="Other")


@pytest.mark.parametrize(
    ("operation", "given", "expected"),
    [
        ("CreateOrganizationRole", {"name": "A", "key": "admin"}, (422, "form_param_format_invalid", "key")),
        ("CreateOrganizationRole", {"name": "A", "key": "org:admin"}, (422, "form_identifier_exists", "key")),
        (
            "CreateOrganizationRole",
            {"name": "A", "key": "org:a", "permissions": ["perm_none"]},
            (404, "resource_not_found", None),
        ),
        (
            "CreateOrganizationPermission",
            {"name": "A", "key": "org:sys_a:read"},
            (422, "form_param_format_invalid", "key"),
        ),
        (
            "CreateOrganizationPermission",
            {"name": "A", "key": "org:invoices:read"},
            (422, "form_identifier_exists", "key"),
        ),
        (
            "CreateRoleSet",
            {"name": "A", "roles": ["org:admin"], "default_role_key": "org:member"}
            | {"creator_role_key": "org:admin"},
            (422, "form_param_value_invalid", "default_role_key"),
        ),
        (
            "ReplaceRoleSet",
            {"role_set_key_or_id": "role_set:default", "dest_role_set_key": "role_set:default"},
            (422, "form_param_value_invalid", "dest_role_set_key"),
        ),
    ],
)
async def test_what_cannot_be_is_refused(
    clerk: Clerk, operation: str, given: dict[str, Any], expected: tuple[int, str, str | None]
) -> None:
    assert await clerk.error(operation, **given) == expected


async def test_permissions_of_clerks_own_stay_as_they_are(clerk: Clerk) -> None:
    system = {"permission_id": permission_id(clerk, "org:sys_memberships:read")}
    refused = (403, "authorization_invalid", None)
    assert await clerk.error("UpdateOrganizationPermission", **system, name="X") == refused
    assert await clerk.error("DeleteOrganizationPermission", **system) == refused


async def test_members_have_roles_of_their_organizations_role_set_alone(clerk: Clerk, demo: Demo) -> None:
    target = {"organization_id": demo.fernhill, "user_id": demo.member}
    outside = (404, "resource_not_found", "role")
    assert await clerk.error(CHANGE, **target, role="org:contractor") == outside
    await clerk.call("AddRolesToRoleSet", role_set_key_or_id="role_set:default", role_keys=["org:contractor"])
    await clerk.call(CHANGE, **target, role="org:contractor")
    role_set = await clerk.call("GetRoleSet", role_set_key_or_id="role_set:default")
    counts = {one["key"]: one["members_count"] for one in role_set["roles"]}
    assert counts["org:contractor"] == 1
    assert sum(counts.values()) == len(clerk.sandbox.instance.memberships)


async def test_a_role_set_is_replaced_with_a_role_for_everybody(clerk: Clerk, demo: Demo) -> None:
    default = {"role_set_key_or_id": "role_set:default", "dest_role_set_key": "role_set:partners"}
    await clerk.call("AddRolesToRoleSet", role_set_key_or_id="role_set:default", role_keys=["org:contractor"])
    await clerk.call(CHANGE, organization_id=demo.fernhill, user_id=demo.member, role="org:contractor")
    unmapped = await clerk.error("ReplaceRoleSet", **default)
    assert unmapped == (422, "form_param_missing", "reassignment_mappings")
    wrong = await clerk.error("ReplaceRoleSet", **default, reassignment_mappings={"org:contractor": "org:x"})
    assert wrong == (422, "form_param_value_invalid", "reassignment_mappings")
    await clerk.call("ReplaceRoleSet", **default, reassignment_mappings={"org:contractor": "org:auditor"})
    assert (await member(clerk, demo))["role"] == "org:auditor"
    (left,) = (await clerk.call("ListRoleSets"))["data"]
    assert (left["key"], left["type"]) == ("role_set:partners", "initial")
    company = await clerk.call("Organizations_getByIdOrSlug", organization_id=demo.fernhill)
    assert company["role_set_key"] == "role_set:partners"


async def test_lists_are_searched_by_whole_ids_and_parts_of_names(clerk: Clerk) -> None:
    auditor = role_id(clerk, "org:auditor")
    for query, keys in ((auditor, ["org:auditor"]), ("AUDIT", ["org:auditor"]), (auditor[:-1], [])):
        found = await clerk.call("ListOrganizationRoles", query=query)
        assert [one["key"] for one in found["data"]] == keys
    by_key = await clerk.call("ListOrganizationPermissions", order_by="key", limit=2)
    assert [one["key"] for one in by_key["data"]] == ["org:invoices:read", "org:plans:publish"]
