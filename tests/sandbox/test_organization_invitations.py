"""Invitations to organizations: who may send them, to whom, how many, and how they end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.clerk import Clerk
from tests.sandbox.demo import Demo

pytestmark = pytest.mark.anyio

NEW = "florist+clerk_test@example.com"
INVITE = "OrganizationInvitations_createAndSend"
BULK = "OrganizationInvitations_bulkCreateAndSend"
LIST = "OrganizationInvitations_list"
REVOKE = "OrganizationInvitations_revokeInvitation"


def entry(demo: Demo, **given: Any) -> dict[str, Any]:
    return {"email_address": NEW, "inviter_user_id": demo.admin, "role": "org:member"} | given


async def test_an_invitation_is_pending_until_an_admin_revokes_it(clerk: Clerk, demo: Demo) -> None:
    sent = await clerk.call(INVITE, organization_id=demo.fernhill, **entry(demo, email_address=NEW.upper()))
    assert (sent["status"], sent["email_address"], sent["role_name"]) == ("pending", NEW, "Member")
    assert sent["public_inviter_data"]["user_id"] == demo.admin
    target = {"organization_id": demo.fernhill, "invitation_id": sent["id"]}
    assert await clerk.call("OrganizationInvitations_getById", **target) == sent
    revoked = await clerk.call(REVOKE, **target, requesting_user_id=demo.admin)
    assert revoked["status"] == "revoked"
    again = await clerk.error(REVOKE, **target, requesting_user_id=demo.admin)
    assert again == (404, "organization_invitation_not_pending", None)


async def test_who_was_revoked_can_be_invited_again(clerk: Clerk, demo: Demo) -> None:
    former = entry(demo, email_address="former.intern@fernhill.example")
    await clerk.call(INVITE, organization_id=demo.fernhill, **former)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"email_address": "not an address"}, (422, "form_param_format_invalid", "email_address")),
        ({"redirect_url": "nowhere"}, (422, "form_param_format_invalid", "redirect_url")),
        ({"role": "org:owner"}, (404, "resource_not_found", "role")),
        ({"inviter_user_id": "user_nobody"}, (404, "resource_not_found", None)),
        (
            {"email_address": "mei.tanaka@fernhill.example"},
            (400, "already_a_member_in_organization", None),
        ),
        (
            {"email_address": "New.Hire+clerk_test@fernhill.example"},
            (400, "organization_invitation_not_unique", "email_address"),
        ),
        (
            {"private_metadata": {"a": "x" * 8192}},
            (422, "form_param_exceeds_allowed_size", "private_metadata"),
        ),
    ],
)
async def test_an_invitation_is_refused_alone_and_in_bulk(
    clerk: Clerk, demo: Demo, given: dict[str, Any], expected: tuple[int, str, str | None]
) -> None:
    before = await clerk.call(LIST, organization_id=demo.fernhill)
    wrong = entry(demo, **given)
    assert await clerk.error(INVITE, organization_id=demo.fernhill, **wrong) == expected
    assert (
        await clerk.error(BULK, organization_id=demo.fernhill, invitations=[entry(demo), wrong]) == expected
    )
    assert await clerk.call(LIST, organization_id=demo.fernhill) == before


async def test_only_admins_invite_and_revoke(clerk: Clerk, demo: Demo) -> None:
    not_allowed = (403, "authorization_invalid", None)
    for nobody in (demo.member, demo.outsider):
        invitation = entry(demo, inviter_user_id=nobody)
        assert await clerk.error(INVITE, organization_id=demo.fernhill, **invitation) == not_allowed
        refused = await clerk.error(
            REVOKE,
            organization_id=demo.fernhill,
            invitation_id=demo.pending_invitation,
            requesting_user_id=nobody,
        )
        assert refused == not_allowed


async def test_a_bulk_answers_the_list_envelope(clerk: Clerk, demo: Demo) -> None:
    entries = [entry(demo, email_address=f"helper{number}@example.com") for number in range(10)]
    sent = await clerk.call(BULK, organization_id=demo.fernhill, invitations=entries)
    assert sent["total_count"] == len(sent["data"]) == 10
    pending = await clerk.call(
        "OrganizationInvitations_listPending", organization_id=demo.fernhill, limit=100
    )
    assert pending["total_count"] == 13


async def test_a_bulk_has_at_most_ten_entries(clerk: Clerk, demo: Demo) -> None:
    entries = [entry(demo, email_address=f"helper{number}@example.com") for number in range(11)]
    error = await clerk.error(BULK, organization_id=demo.fernhill, invitations=entries)
    assert error == (400, "bulk_size_exceeded", None)


async def test_a_bulk_does_not_invite_the_same_address_twice(clerk: Clerk, demo: Demo) -> None:
    error = await clerk.error(BULK, organization_id=demo.fernhill, invitations=[entry(demo), entry(demo)])
    assert error == (400, "organization_invitation_not_unique", "email_address")


async def test_the_quota_holds_for_a_bulk_as_a_whole(clerk: Clerk, demo: Demo) -> None:
    """Of the nursery's five places one is free."""
    full = (403, "organization_membership_quota_exceeded", None)
    two = [
        entry(demo, inviter_user_id=demo.nursery_admin, email_address=f"{name}@example.com") for name in "ab"
    ]
    assert await clerk.error(BULK, organization_id=demo.nursery, invitations=two) == full
    await clerk.call(BULK, organization_id=demo.nursery, invitations=two[:1])
    assert await clerk.error(INVITE, organization_id=demo.nursery, **two[1]) == full


async def test_the_list_can_be_narrowed_to_some_statuses(clerk: Clerk, demo: Demo) -> None:
    everything = await clerk.call(LIST, organization_id=demo.fernhill)
    revoked = await clerk.call(LIST, organization_id=demo.fernhill, status="revoked")
    assert {one["status"] for one in everything["data"]} == {"pending", "revoked"}
    assert [one["id"] for one in revoked["data"]] == [demo.revoked_invitation]
    error = await clerk.error(LIST, organization_id=demo.fernhill, status="lost")
    assert error == (422, "form_param_value_invalid", "status")


async def test_an_invitation_belongs_to_its_own_organization_only(clerk: Clerk, demo: Demo) -> None:
    error = await clerk.error(
        "OrganizationInvitations_getById",
        organization_id=demo.nursery,
        invitation_id=demo.pending_invitation,
    )
    assert error == (404, "resource_not_found", None)
