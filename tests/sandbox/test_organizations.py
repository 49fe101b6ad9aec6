"""Organizations: creating, finding, changing, and what goes with them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from clerk_sandbox.examples import PNG
from tests.sandbox.clerk import Clerk
from tests.sandbox.demo import Demo

pytestmark = pytest.mark.anyio

ADMIN_PERMISSION = "org:sys_memberships:manage"


async def create(clerk: Clerk, **arguments: Any) -> Any:
    return await clerk.call("Organizations_createNewOrganization", **{"name": "Rowan & Reed"} | arguments)


async def test_the_creator_becomes_the_first_member_and_admin(clerk: Clerk, demo: Demo) -> None:
    organization = await create(clerk, created_by=demo.outsider)
    members = await clerk.call("OrganizationMemberships_getAllMembers", organization_id=organization["id"])
    (membership,) = members["data"]
    assert organization["created_by"] == membership["public_user_data"]["user_id"] == demo.outsider
    assert membership["role"] == "org:admin"
    assert ADMIN_PERMISSION in membership["permissions"]


async def test_a_new_organization_has_the_settings_of_the_instance(clerk: Clerk, demo: Demo) -> None:
    assert (await create(clerk, created_by=demo.outsider))["max_allowed_memberships"] == 5
    await clerk.call("InstanceSettings_updateOrganizationSettings", max_allowed_memberships=7)
    organization = await create(clerk, created_by=demo.outsider)
    assert organization["max_allowed_memberships"] == 7


async def test_a_slug_is_made_from_the_name_and_stays_unique(clerk: Clerk, demo: Demo) -> None:
    slugs = [(await create(clerk, created_by=demo.outsider))["slug"] for _ in range(3)]
    assert slugs == ["rowan-reed", "rowan-reed-2", "rowan-reed-3"]


async def test_an_organization_is_found_by_id_and_by_slug(clerk: Clerk, demo: Demo) -> None:
    for name in (demo.nursery, "alder-vale"):
        found = await clerk.call("Organizations_getByIdOrSlug", organization_id=name)
        assert found["id"] == demo.nursery
        assert "members_count" not in found
    response = await clerk.http.get("organizations/alder-vale?include_members_count=true")
    assert response.json() == found | {"members_count": 3}


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"created_by": "user_nobody"}, (400, "organization_creator_not_found", "created_by")),
        ({"name": ""}, (422, "form_param_missing", "name")),
        ({"name": None}, (422, "form_param_missing", "name")),
        ({"slug": "Not A Slug"}, (422, "form_param_format_invalid", "slug")),
        ({"slug": "alder-vale"}, (422, "form_identifier_exists", "slug")),
        ({"max_allowed_memberships": -1}, (422, "form_param_value_invalid", "max_allowed_memberships")),
        ({"public_metadata": {"a": "x" * 8200}}, (422, "form_param_exceeds_allowed_size", "public_metadata")),
    ],
)
async def test_creation_is_refused(
    clerk: Clerk, demo: Demo, wrong: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    arguments = {"name": "Rowan", "created_by": demo.outsider} | wrong
    assert await clerk.error("Organizations_createNewOrganization", **arguments) == expected
    listed = await clerk.call("Organizations_listSortedByCreationDate")
    assert listed["total_count"] == 4


async def test_the_list_is_newest_first_and_in_pages(clerk: Clerk) -> None:
    everything = await clerk.call("Organizations_listSortedByCreationDate")
    dates = [organization["created_at"] for organization in everything["data"]]
    assert dates == sorted(dates, reverse=True)
    second = await clerk.call("Organizations_listSortedByCreationDate", limit=1, offset=1)
    assert second == {"data": everything["data"][1:2], "total_count": 4}


@pytest.mark.parametrize(
    ("order_by", "first", "last"),
    [
        ("name", "Alder & Vale Nursery", "Thistle Studio"),
        ("-name", "Thistle Studio", "Alder & Vale Nursery"),
        ("+created_at", "Fernhill", "Thistle Studio"),
        ("-members_count", "Fernhill", "Thistle Studio"),
    ],
)
async def test_the_list_can_be_ordered(clerk: Clerk, order_by: str, first: str, last: str) -> None:
    listed = await clerk.call(
        "Organizations_listSortedByCreationDate", order_by=order_by, include_members_count=True
    )
    assert [listed["data"][0]["name"], listed["data"][-1]["name"]] == [first, last]
    assert all(organization["members_count"] >= 1 for organization in listed["data"])


async def test_an_unknown_order_is_refused(clerk: Clerk) -> None:
    error = await clerk.error("Organizations_listSortedByCreationDate", order_by="size")
    assert error == (422, "form_param_value_invalid", "order_by")


@pytest.mark.parametrize(("query", "names"), [("VALE", ["Alder & Vale Nursery"]), ("nothing like it", [])])
async def test_a_part_of_the_name_or_slug_is_enough_to_search(
    clerk: Clerk, query: str, names: list[str]
) -> None:
    listed = await clerk.call("Organizations_listSortedByCreationDate", query=query)
    assert [organization["name"] for organization in listed["data"]] == names
    assert listed["total_count"] == len(names)


async def test_an_id_is_searched_for_as_a_whole(clerk: Clerk, demo: Demo) -> None:
    for query, found in ((demo.thistle, 1), (demo.thistle[:-1], 0)):
        listed = await clerk.call("Organizations_listSortedByCreationDate", query=query)
        assert listed["total_count"] == found


async def test_updating_replaces_metadata_and_merging_merges_it(clerk: Clerk, demo: Demo) -> None:
    target = {"organization_id": demo.thistle}
    await clerk.call("Organizations_updateOrganization", **target, public_metadata={"a": {"b": 1, "c": 2}})
    merged = await clerk.call(
        "Organizations_mergeOrganizationMetadata",
        **target,
        public_metadata={"a": {"b": None, "d": 3}, "e": 4},
    )
    assert merged["public_metadata"] == {"a": {"c": 2, "d": 3}, "e": 4}
    replaced = await clerk.call("Organizations_updateOrganization", **target, public_metadata={"only": True})
    assert replaced["public_metadata"] == {"only": True}


async def test_metadata_that_grows_too_large_is_refused_as_a_whole(clerk: Clerk, demo: Demo) -> None:
    target = {"organization_id": demo.thistle}
    half = "x" * 5000
    await clerk.call("Organizations_mergeOrganizationMetadata", **target, private_metadata={"a": half})
    error = await clerk.error(
        "Organizations_mergeOrganizationMetadata",
        **target,
        public_metadata={"small": True},
        private_metadata={"b": half},
    )
    assert error == (422, "form_param_exceeds_allowed_size", "private_metadata")
    unchanged = await clerk.call("Organizations_getByIdOrSlug", **target)
    assert unchanged["public_metadata"] == {}
    assert unchanged["private_metadata"] == {"a": half}


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"name": ""}, (422, "form_param_missing", "name")),
        ({"slug": "a_b"}, (422, "form_param_format_invalid", "slug")),
        ({"slug": "fernhill"}, (422, "form_identifier_exists", "slug")),
        ({"max_allowed_memberships": -5}, (422, "form_param_value_invalid", "max_allowed_memberships")),
    ],
)
async def test_an_update_is_refused(
    clerk: Clerk, demo: Demo, wrong: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    assert (
        await clerk.error("Organizations_updateOrganization", organization_id=demo.thistle, **wrong)
        == expected
    )


async def test_an_organization_may_keep_its_own_slug(clerk: Clerk, demo: Demo) -> None:
    kept = await clerk.call(
        "Organizations_updateOrganization", organization_id=demo.nursery, slug="alder-vale"
    )
    assert kept["slug"] == "alder-vale"


async def test_deleting_takes_memberships_and_invitations_along(clerk: Clerk, demo: Demo) -> None:
    deleted = await clerk.call("Organizations_deleteOrganization", organization_id=demo.fernhill)
    assert deleted == {"object": "organization", "id": demo.fernhill, "deleted": True}
    memberships = await clerk.call("Users_getOrganizationMemberships", user_id=demo.admin)
    assert memberships == {"data": [], "total_count": 0}
    for operation_id in ("OrganizationInvitations_list", "OrganizationMemberships_getAllMembers"):
        assert (await clerk.error(operation_id, organization_id=demo.fernhill))[0] == 404
    instance = clerk.sandbox.instance
    assert all(one["organization_id"] != demo.fernhill for one in instance.organization_invitations)
    assert all(one["last_active_organization_id"] != demo.fernhill for one in instance.sessions)


async def test_a_logo_is_known_by_its_bytes_and_can_be_removed(clerk: Clerk, demo: Demo) -> None:
    target = {"organization_id": demo.thistle}
    before = await clerk.call("Organizations_getByIdOrSlug", **target)
    with_logo = await clerk.call(
        "Organizations_updateOrganizationLogo", **target, uploader_user_id=demo.thistle_admin, file=PNG
    )
    assert with_logo["has_image"]
    assert with_logo["logo_url"] == with_logo["image_url"] != before["image_url"]
    without = await clerk.call("Organizations_removeLogo", **target)
    assert (without["has_image"], without["image_url"]) == (False, before["image_url"])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"%PDF-1.7 not a picture", (400, "request_body_invalid", None)),
        (base64.b64decode(PNG) + bytes(10 * 1024 * 1024), (413, "image_too_large", None)),
    ],
)
async def test_a_logo_is_refused(
    clerk: Clerk, demo: Demo, data: bytes, expected: tuple[int, str, str | None]
) -> None:
    error = await clerk.error(
        "Organizations_updateOrganizationLogo",
        organization_id=demo.thistle,
        uploader_user_id=demo.thistle_admin,
        file=base64.b64encode(data).decode(),
    )
    assert error == expected


async def test_the_uploader_of_a_logo_has_to_exist(clerk: Clerk, demo: Demo) -> None:
    error = await clerk.error(
        "Organizations_updateOrganizationLogo",
        organization_id=demo.thistle,
        uploader_user_id="user_nobody",
        file=PNG,
    )
    assert error == (404, "resource_not_found", None)


async def test_nothing_about_organizations_works_while_they_are_switched_off(
    clerk: Clerk, demo: Demo
) -> None:
    await clerk.call("InstanceSettings_updateOrganizationSettings", enabled=False)
    off = (403, "organization_not_enabled_in_instance", None)
    assert await clerk.error("Organizations_listSortedByCreationDate") == off
    assert await clerk.error("Organizations_getByIdOrSlug", organization_id="alder-vale") == off
    assert await clerk.error("OrganizationMemberships_getAllMembers", organization_id=demo.nursery) == off
    assert await clerk.error("OrganizationInvitations_list", organization_id=demo.nursery) == off
    await clerk.call("InstanceSettings_updateOrganizationSettings", enabled=True)
    await clerk.call("Organizations_listSortedByCreationDate")


async def test_a_logo_needs_a_file(clerk: Clerk, demo: Demo) -> None:
    response = await clerk.http.put(
        f"organizations/{demo.thistle}/logo", files={"uploader_user_id": (None, demo.thistle_admin)}
    )
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert (error["code"], error["meta"]["param_name"]) == ("form_param_missing", "file")


async def test_somebody_makes_no_more_organizations_than_they_may(clerk: Clerk) -> None:
    user = await clerk.call("Users_createNewUser", username="founder", create_organizations_limit=1)
    given = {"created_by": user["id"]}
    await clerk.call("Organizations_createNewOrganization", name="First", **given)
    refused = await clerk.error("Organizations_createNewOrganization", name="Second", **given)
    assert refused == (422, "form_param_value_invalid", "created_by")
    await clerk.call("Users_updateUserAttributes", user_id=user["id"], create_organizations_limit=0)
    await clerk.call("Organizations_createNewOrganization", name="Second", **given)


async def test_without_slugs_an_organization_has_none_and_takes_none(clerk: Clerk) -> None:
    await clerk.call("InstanceSettings_updateOrganizationSettings", slug_disabled=True)
    made = await clerk.call("Organizations_createNewOrganization", name="Nameless")
    assert made["slug"] == ""
    for id, given in (
        ("Organizations_createNewOrganization", {"name": "X"}),
        ("Organizations_updateOrganization", {"organization_id": made["id"]}),
    ):
        assert await clerk.error(id, **given, slug="x-y") == (422, "form_param_unknown", "slug")


async def test_while_organizations_are_off_nothing_of_theirs_can_be_called(clerk: Clerk) -> None:
    await clerk.call("InstanceSettings_updateOrganizationSettings", enabled=False)
    for id in (
        *("ListOrganizationRoles", "ListOrganizationPermissions", "ListRoleSets"),
        *("ListAllOrganizationDomains", "InstanceGetOrganizationMemberships"),
        *("Organizations_listSortedByCreationDate", "ListInstanceOrganizationInvitations"),
    ):
        assert (await clerk.error(id))[1] == "organization_not_enabled_in_instance", id
