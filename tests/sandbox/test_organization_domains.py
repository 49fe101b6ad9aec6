"""Email domains of organizations, and whom they enrol."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.clerk import Clerk
from tests.sandbox.demo import Demo

pytestmark = pytest.mark.anyio

CREATE, UPDATE = "CreateOrganizationDomain", "UpdateOrganizationDomain"


async def pending(clerk: Clerk, organization_id: str) -> list[str]:
    found = await clerk.call(
        "OrganizationInvitations_list", organization_id=organization_id, status="pending", limit=100
    )
    return [one["email_address"] for one in found["data"]]


async def test_a_verified_domain_invites_who_is_there_and_who_comes(clerk: Clerk, demo: Demo) -> None:
    await clerk.call(
        "Organizations_updateOrganization", organization_id=demo.thistle, max_allowed_memberships=0
    )
    await clerk.call("Users_createNewUser", email_address=["first@thistle.example"])
    domain = await clerk.call(
        CREATE,
        organization_id=demo.thistle,
        name="Thistle.Example",
        enrollment_mode="automatic_invitation",
        verified=False,
    )
    assert domain["name"] == "thistle.example"
    assert await pending(clerk, demo.thistle) == []
    target = {"organization_id": demo.thistle, "domain_id": domain["id"]}
    await clerk.call(UPDATE, **target, verified=True)
    assert await pending(clerk, demo.thistle) == ["first@thistle.example"]
    await clerk.call("Users_createNewUser", email_address=["second@thistle.example"])
    await clerk.call(
        "EmailAddresses_createNewAddress",
        user_id=demo.outsider,
        email_address="aisha@thistle.example",
        verified=False,
    )
    assert await pending(clerk, demo.thistle) == ["second@thistle.example", "first@thistle.example"]
    (listed,) = (await clerk.call("ListOrganizationDomains", organization_id=demo.thistle))["data"]
    assert (listed["total_pending_invitations"], listed["total_pending_suggestions"]) == (2, 0)
    await clerk.call("DeleteOrganizationDomain", **target)
    await clerk.call("Users_createNewUser", email_address=["third@thistle.example"])
    assert len(await pending(clerk, demo.thistle)) == 2


async def test_a_suggestion_waits_for_whoever_is_no_member(clerk: Clerk, demo: Demo) -> None:
    given = {"organization_id": demo.thistle, "name": "example.com"}
    domain = await clerk.call(CREATE, **given, enrollment_mode="automatic_suggestion")
    assert domain["total_pending_suggestions"] > 0
    await clerk.call(
        "OrganizationMemberships_addUserToOrganization",
        organization_id=demo.thistle,
        user_id=demo.outsider,
        role="org:member",
    )
    (listed,) = (await clerk.call("ListOrganizationDomains", organization_id=demo.thistle))["data"]
    assert listed["total_pending_suggestions"] == domain["total_pending_suggestions"] - 1
    assert await pending(clerk, demo.thistle) == []


async def test_ownership_is_verified_once(clerk: Clerk, demo: Demo) -> None:
    domain = await clerk.call(CREATE, organization_id=demo.thistle, name="thistle.example")
    assert domain["ownership_verification"] is None
    target = {"organization_id": demo.thistle, "domain_id": domain["id"]}
    owned = await clerk.call("VerifyOrganizationDomainOwnership", **target)
    assert owned["ownership_verification"]["strategy"] == "manual_override"
    assert await clerk.call("VerifyOrganizationDomainOwnership", **target) == owned


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": "no domain"}, (422, "form_param_format_invalid", "name")),
        ({"name": "MOSSBROOK.example"}, (422, "form_identifier_exists", "name")),
        (
            {"name": "a.example", "enrollment_mode": "by_post"},
            (422, "form_param_value_invalid", "enrollment_mode"),
        ),
    ],
)
async def test_a_domain_is_refused(
    clerk: Clerk, demo: Demo, given: dict[str, Any], expected: tuple[int, str, str | None]
) -> None:
    assert await clerk.error(CREATE, organization_id=demo.thistle, **given) == expected


async def test_no_domain_is_added_while_domains_or_its_mode_are_off(clerk: Clerk, demo: Demo) -> None:
    settings = "InstanceSettings_updateOrganizationSettings"
    await clerk.call(settings, domains_enrollment_modes=["manual_invitation"])
    given = {"organization_id": demo.thistle, "name": "thistle.example"}
    refused = await clerk.error(CREATE, **given, enrollment_mode="automatic_invitation")
    assert refused == (422, "form_param_value_invalid", "enrollment_mode")
    await clerk.call(settings, domains_enabled=False)
    assert await clerk.error(CREATE, **given) == (403, "feature_not_enabled", None)


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["mossbrook.example", "fernhill.example"]),
        ({"enrollment_mode": ["-automatic_invitation"]}, ["fernhill.example"]),
        ({"enrollment_mode": ["automatic_invitation"]}, ["mossbrook.example"]),
        ({"domains": ["fernhill.example", "x.example"]}, ["fernhill.example"]),
        ({"verified": "false"}, []),
        ({"query": "FERN"}, ["fernhill.example"]),
        ({"order_by": "name"}, ["fernhill.example", "mossbrook.example"]),
    ],
)
async def test_the_domains_of_all_organizations_are_filtered(
    clerk: Clerk, filters: dict[str, Any], names: list[str]
) -> None:
    found = await clerk.call("ListAllOrganizationDomains", **filters)
    assert [one["name"] for one in found["data"]] == names


async def test_an_organizations_domains_go_with_it(clerk: Clerk, demo: Demo) -> None:
    by_id = await clerk.call("ListAllOrganizationDomains", query=demo.fernhill)
    assert by_id["total_count"] == 1
    await clerk.call("Organizations_deleteOrganization", organization_id=demo.fernhill)
    assert (await clerk.call("ListAllOrganizationDomains"))["total_count"] == 1


async def test_members_and_invitations_of_all_organizations_are_listed(clerk: Clerk, demo: Demo) -> None:
    members = await clerk.call("InstanceGetOrganizationMemberships", limit=500, order_by="+last_name")
    names = [(one["public_user_data"]["last_name"] or "").lower() for one in members["data"]]
    assert names == sorted(names)
    assert members["total_count"] == len(clerk.sandbox.instance.memberships)
    invitations = await clerk.call(
        "ListInstanceOrganizationInvitations", query="HEAD.GARDENER", status="pending"
    )
    assert [one["public_organization_data"]["slug"] for one in invitations["data"]] == ["mossbrook-gardens"]


async def test_replaced_metadata_keeps_nothing_but_the_other_object(clerk: Clerk, demo: Demo) -> None:
    replaced = await clerk.call(
        "ReplaceOrganizationMetadata", organization_id=demo.fernhill, public_metadata={"a": 1}
    )
    assert replaced["public_metadata"] == {"a": 1}
    assert replaced["private_metadata"] == {"cost_center": "CC-100"}
