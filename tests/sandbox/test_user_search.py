"""The filters, the search and the orders of the list of users."""

from __future__ import annotations

from typing import Any

import pytest

from clerk_sandbox.user_filters import ORDERS
from tests.sandbox.clerk import Clerk

pytestmark = pytest.mark.anyio

LIST = "Users_listSortedByCreationDate"
COUNT = "Users_getTotalCount"


async def names(clerk: Clerk, **filters: Any) -> list[str]:
    users = await clerk.call(LIST, limit=500, **filters)
    count_filters = {
        k: v for k, v in filters.items() if k not in ("organization_id", "last_active_at_since", "order_by")
    }
    if count_filters == filters:
        assert (await clerk.call(COUNT, **filters))["total_count"] == len(users)
    return [user["first_name"] for user in users]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"email_address": ["NADIA.brandt@fernhill.example"]}, ["Nadia"]),
        ({"email_address": ["chloe+clerk_test@example.com"]}, ["Chloe"]),
        ({"email_address": ["helen@mossbrook.example", "nobody@example.com"]}, ["Helen"]),
        ({"phone_number": ["+12015550101", "+12015550102"]}, ["Tomás", "Nadia"]),
        ({"username": ["Thistle", "greta"]}, ["Fiona", "Greta"]),
        ({"web3_wallet": ["0x52908400098527886E0F7030069857D2E4169EE7"]}, ["Carlos"]),
        ({"external_id": ["emp-003", "+emp-004", "emp-999"]}, ["Kwame", "Ingrid"]),
        ({"external_id": ["emp-003", "emp-004", "-emp-004"]}, ["Ingrid"]),
        ({"username": ["nadia", "tomas"], "external_id": ["emp-001"]}, ["Nadia"]),
        ({"username": ["nadia"], "external_id": ["emp-002"]}, []),
        ({"query": "mossBROOK"}, ["Jonas", "Priya", "Lucas", "Amara", "Piotr", "Helen"]),
        ({"query": "helen moss"}, ["Helen"]),
        ({"query": "+1201555012"}, ["Bridget"]),
        ({"query": "ohart"}, ["Oliver"]),
        ({"query": "no such thing"}, []),
    ],
)
async def test_filters_find_exactly_whom_they_describe(
    clerk: Clerk, filters: dict[str, Any], found: list[str]
) -> None:
    assert await names(clerk, **filters) == found


async def test_users_can_be_chosen_and_left_out_by_id_and_by_organization(clerk: Clerk) -> None:
    everybody = await clerk.call(LIST, limit=500)
    some = [user["id"] for user in everybody[:3]]
    assert [user["id"] for user in await clerk.call(LIST, user_id=some)] == some
    assert len(await names(clerk, user_id=[f"-{one}" for one in some])) == len(everybody) - 3
    organizations = (await clerk.call("Organizations_listSortedByCreationDate", limit=100))["data"]
    ids = {organization["name"]: organization["id"] for organization in organizations}
    assert await names(clerk, organization_id=[ids["Alder & Vale Nursery"]]) == ["Yuki", "Marcus", "Bridget"]
    free = await names(clerk, organization_id=[f"-{one}" for one in ids.values()])
    assert free == ["Ravi", "Chloe", "Hassan", "Greta", "Dmitri", "Aisha", "Carlos"]


async def test_a_part_of_an_id_is_found(clerk: Clerk) -> None:
    (nadia,) = await clerk.call(LIST, username=["nadia"])
    assert await names(clerk, query=nadia["id"][:12]) == ["Nadia"]


async def test_a_filter_takes_at_most_100_values(clerk: Clerk) -> None:
    await clerk.call(LIST, email_address=["a@b.example"] * 100)
    refused = await clerk.error(LIST, email_address=["a@b.example"] * 101)
    assert refused == (422, "form_param_value_invalid", "email_address")


async def test_people_can_be_found_by_when_they_were_last_active(clerk: Clerk) -> None:
    day_ms = 24 * 3600 * 1000
    midnight = clerk.sandbox.instance.clock() // day_ms * day_ms
    users = await clerk.call(LIST, limit=500, last_active_at_since=midnight - 7 * day_ms)
    assert 0 < len(users) < 25
    assert all(user["last_active_at"] >= midnight - 7 * day_ms for user in users)
    refused = await clerk.error(LIST, last_active_at_since=midnight + 1)
    assert refused == (422, "form_param_value_invalid", "last_active_at_since")


@pytest.mark.parametrize("name", sorted(ORDERS))
async def test_every_order_sorts_both_ways(clerk: Clerk, name: str) -> None:
    up = await clerk.call(LIST, limit=500, order_by=f"+{name}")
    down = await clerk.call(LIST, limit=500, order_by=f"-{name}")
    assert up == await clerk.call(LIST, limit=500, order_by=name)
    keys = [ORDERS[name](user) for user in up]
    present = [key for key in keys if key is not None]
    assert present == sorted(present)
    assert keys == present + [None] * (len(keys) - len(present)), "no value comes last"
    assert [ORDERS[name](user) for user in down] == keys[::-1]


@pytest.mark.parametrize("order_by", ["shoe_size", "-", " created_at", "created_at desc"])
async def test_an_order_that_clerk_does_not_have_is_refused(clerk: Clerk, order_by: str) -> None:
    assert await clerk.error(LIST, order_by=order_by) == (422, "form_param_value_invalid", "order_by")


@pytest.mark.parametrize("filters", [{}, {"query": "e"}, {"order_by": "first_name"}])
async def test_pages_hold_each_user_once(clerk: Clerk, filters: dict[str, Any]) -> None:
    whole = [user["id"] for user in await clerk.call(LIST, limit=500, **filters)]
    pages = [
        user["id"]
        for offset in range(0, len(whole) + 4, 4)
        for user in await clerk.call(LIST, limit=4, offset=offset, **filters)
    ]
    assert pages == whole


@pytest.mark.parametrize(
    ("filters", "emails"),
    [
        ({"banned": True}, None),
        ({"email_address_query": "FERNHILL"}, None),
        ({"name_query": "nadia"}, ["nadia.brandt@fernhill.example"]),
        ({"created_at_after": 4_000_000_000_000}, []),
        ({"created_at_before": 1}, []),
        ({"last_sign_in_at_before": 1}, []),
        ({"provider": "oauth_google", "provider_user_id": ["nobody"]}, []),
    ],
)
async def test_todays_filters_choose_users(
    clerk: Clerk, filters: dict[str, Any], emails: list[str] | None
) -> None:
    found = await clerk.call("Users_listSortedByCreationDate", **filters, limit=500)
    everybody = clerk.sandbox.instance.users
    if emails is not None:
        assert [user["email_addresses"][0]["email_address"] for user in found] == emails
    else:
        assert 0 < len(found) < len(everybody)
    counted = await clerk.call("Users_getTotalCount", **filters)
    assert counted["total_count"] == len(found)


async def test_a_provider_user_id_needs_its_provider(clerk: Clerk) -> None:
    _, code, named = await clerk.error("Users_getTotalCount", provider_user_id=["1"])
    assert (code, named) == ("form_param_missing", "provider")


async def test_a_cursor_goes_on_after_a_user_in_orders_by_creation_alone(clerk: Clerk) -> None:
    first = await clerk.call("Users_listSortedByCreationDate", limit=2)
    rest = await clerk.call("Users_listSortedByCreationDate", limit=2, starting_after=first[-1]["id"])
    both = await clerk.call("Users_listSortedByCreationDate", limit=4)
    assert [user["id"] for user in first + rest] == [user["id"] for user in both]
    _, code, _ = await clerk.error(
        "Users_listSortedByCreationDate", starting_after=first[0]["id"], order_by="first_name"
    )
    assert code == "form_param_value_invalid"


async def test_members_are_filtered_by_role_and_by_who_they_are(clerk: Clerk) -> None:
    organizations = clerk.sandbox.instance.organizations
    organization = next(one["id"] for one in organizations if one["name"] == "Fernhill")
    listed = "OrganizationMemberships_getAllMembers"
    everybody = await clerk.call(listed, organization_id=organization, limit=100)
    admins = await clerk.call(listed, organization_id=organization, role=["org:admin"], limit=100)
    assert {one["role"] for one in admins["data"]} == {"org:admin"}
    assert 0 < admins["total_count"] < everybody["total_count"]
    somebody = everybody["data"][0]["public_user_data"]["identifier"]
    found = await clerk.call(listed, organization_id=organization, email_address=[somebody])
    assert [one["public_user_data"]["identifier"] for one in found["data"]] == [somebody]
