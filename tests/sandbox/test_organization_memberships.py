"""Memberships: joining, roles, quotas, and the last admin."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.clerk import Clerk
from tests.sandbox.demo import Demo

pytestmark = pytest.mark.anyio


async def members(clerk: Clerk, organization_id: str, **arguments: Any) -> list[Any]:
    answer = await clerk.call(
        "OrganizationMemberships_getAllMembers", organization_id=organization_id, limit=100, **arguments
    )
    assert answer["total_count"] == len(answer["data"])
    return list(answer["data"])


async def test_adding_a_member_answers_the_membership_and_it_is_listed_on_both_sides(
    clerk: Clerk, demo: Demo
) -> None:
    added = await clerk.call(
        "OrganizationMemberships_addUserToOrganization",
        organization_id=demo.thistle,
        user_id=demo.outsider,
        role="org:member",
    )
    assert added["object"] == "organization_membership"
    assert added["organization"]["id"] == demo.thistle
    assert added["public_user_data"]["identifier"] == "aisha.karim@example.com"
    assert (await members(clerk, demo.thistle))[0] == added
    of_user = await clerk.call("Users_getOrganizationMemberships", user_id=demo.outsider)
    assert of_user == {"data": [added], "total_count": 1}


async def test_removing_a_member_answers_the_membership(clerk: Clerk, demo: Demo) -> None:
    target = {"organization_id": demo.fernhill, "user_id": demo.member}
    before = await members(clerk, demo.fernhill)
    removed = await clerk.call("OrganizationMemberships_removeUserFromOrganization", **target)
    assert removed in before
    assert removed not in await members(clerk, demo.fernhill)
    again = await clerk.error("OrganizationMemberships_removeUserFromOrganization", **target)
    assert again == (404, "resource_not_found", None)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"user_id": "user_nobody"}, (404, "resource_not_found", None)),
        ({"role": "org:gardener"}, (404, "resource_not_found", "role")),
        ({"role": ""}, (422, "form_param_missing", "role")),
    ],
)
async def test_a_member_is_refused(
    clerk: Clerk, demo: Demo, given: dict[str, Any], expected: tuple[int, str, str | None]
) -> None:
    arguments = {"organization_id": demo.thistle, "user_id": demo.outsider, "role": "org:member"} | given
    assert await clerk.error("OrganizationMemberships_addUserToOrganization", **arguments) == expected


async def test_nobody_joins_twice(clerk: Clerk, demo: Demo) -> None:
    error = await clerk.error(
        "OrganizationMemberships_addUserToOrganization",
        organization_id=demo.fernhill,
        user_id=demo.member,
        role="org:admin",
    )
    assert error == (400, "already_a_member_in_organization", None)


async def test_members_and_pending_invitations_together_fill_the_quota(clerk: Clerk, demo: Demo) -> None:
    """The nursery has three members and a pending invitation, of five places."""
    join = {"organization_id": demo.nursery, "user_id": demo.outsider, "role": "org:member"}
    await clerk.call(
        "OrganizationInvitations_createAndSend",
        organization_id=demo.nursery,
        email_address="last+clerk_test@aldervale.example",
        inviter_user_id=demo.nursery_admin,
        role="org:member",
    )
    full = (403, "organization_membership_quota_exceeded", None)
    assert await clerk.error("OrganizationMemberships_addUserToOrganization", **join) == full
    await clerk.call(
        "Organizations_updateOrganization", organization_id=demo.nursery, max_allowed_memberships=0
    )
    await clerk.call("OrganizationMemberships_addUserToOrganization", **join)


async def test_the_last_admin_can_neither_be_demoted_nor_removed(clerk: Clerk, demo: Demo) -> None:
    target = {"organization_id": demo.nursery, "user_id": demo.nursery_admin}
    needed = (400, "organization_minimum_permissions_needed", None)
    update = "OrganizationMemberships_updateMembershipProperties"
    remove = "OrganizationMemberships_removeUserFromOrganization"
    assert await clerk.error(update, **target, role="org:member") == needed
    assert await clerk.error(remove, **target) == needed
    other = next(
        one["public_user_data"]["user_id"]
        for one in await members(clerk, demo.nursery)
        if one["role"] == "org:member"
    )
    await clerk.call(update, organization_id=demo.nursery, user_id=other, role="org:admin")
    assert (await clerk.call(update, **target, role="org:member"))["role_name"] == "Member"
    await clerk.call(remove, **target)


async def test_a_role_nobody_knows_changes_nothing(clerk: Clerk, demo: Demo) -> None:
    target = {"organization_id": demo.fernhill, "user_id": demo.member}
    error = await clerk.error("OrganizationMemberships_updateMembershipProperties", **target, role="owner")
    assert error == (404, "resource_not_found", "role")


async def test_metadata_of_a_membership_is_merged(clerk: Clerk, demo: Demo) -> None:
    merge = "OrganizationMemberships_updateMembershipMetadata"
    target = {"organization_id": demo.fernhill, "user_id": demo.member}
    await clerk.call(merge, **target, public_metadata={"desk": "B2", "days": {"mon": True}})
    merged = await clerk.call(merge, **target, public_metadata={"desk": None, "days": {"tue": True}})
    assert merged["public_metadata"] == {"days": {"mon": True, "tue": True}}
    error = await clerk.error(merge, **target, private_metadata={"a": "é" * 4200})
    assert error == (422, "form_param_exceeds_allowed_size", "private_metadata")


@pytest.mark.parametrize("name", ["first_name", "last_name", "username"])
async def test_members_can_be_ordered_by_what_their_users_are_called(
    clerk: Clerk, demo: Demo, name: str
) -> None:
    names = [one["public_user_data"][name] for one in await members(clerk, demo.fernhill, order_by=name)]
    assert names == sorted(names)
    backwards = [
        one["public_user_data"][name] for one in await members(clerk, demo.fernhill, order_by=f"-{name}")
    ]
    assert backwards == names[::-1]


async def test_members_are_newest_first_unless_asked_otherwise(clerk: Clerk, demo: Demo) -> None:
    newest_first = await members(clerk, demo.fernhill)
    dates = [one["created_at"] for one in newest_first]
    assert dates == sorted(dates, reverse=True)
    assert await members(clerk, demo.fernhill, order_by="+created_at") == newest_first[::-1]
    by_address = await members(clerk, demo.fernhill, order_by="email_address")
    addresses = [one["public_user_data"]["identifier"] for one in by_address]
    assert addresses == sorted(addresses)
    with_phones_last = await members(clerk, demo.fernhill, order_by="phone_number")
    assert with_phones_last[-1]["public_user_data"]["first_name"] == "Kwame"
    error = await clerk.error(
        "OrganizationMemberships_getAllMembers", organization_id=demo.fernhill, order_by="role"
    )
    assert error == (422, "form_param_value_invalid", "order_by")


async def test_deleting_a_user_ends_their_memberships(clerk: Clerk, demo: Demo) -> None:
    await clerk.call("Users_deleteUserById", user_id=demo.member)
    remaining = await members(clerk, demo.fernhill)
    assert demo.member not in [one["public_user_data"]["user_id"] for one in remaining]
