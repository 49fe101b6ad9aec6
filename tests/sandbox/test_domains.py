"""Domains, the move of the instance to another one, and proxies."""

from __future__ import annotations

from typing import Any

import pytest

from clerk_sandbox.examples import id_of
from clerk_sandbox.sandbox import Sandbox
from tests.sandbox.clerk import Clerk

pytestmark = pytest.mark.anyio

LIST = "Domains_getAllDomains"
ADD = "Domains_addSatelliteDomain"
UPDATE = "Domains_updateDomain"
PROXY = "https://shop.example/__clerk"


@pytest.fixture
def production() -> Clerk:
    return Clerk(Sandbox(live=True))


def primary_id(clerk: Clerk) -> str:
    return id_of(clerk.sandbox.instance.domains, is_satellite=False)


def satellite_id(clerk: Clerk) -> str:
    return id_of(clerk.sandbox.instance.domains, is_satellite=True)


async def test_a_satellite_can_be_added_renamed_and_deleted(clerk: Clerk) -> None:
    added = await clerk.call(ADD, name="shop.example", is_satellite=True)
    renamed = await clerk.call(UPDATE, domain_id=added["id"], name="market.example")
    assert renamed["name"] == "market.example"
    assert renamed in (await clerk.call(LIST))["data"]
    deleted = await clerk.call("Domains_deleteSatelliteDomain", domain_id=added["id"])
    assert deleted == {"object": "domain", "id": added["id"], "deleted": True}
    assert (await clerk.call(LIST))["total_count"] == 2


async def test_the_primary_domain_cannot_be_deleted(clerk: Clerk) -> None:
    error = await clerk.error("Domains_deleteSatelliteDomain", domain_id=primary_id(clerk))
    assert error == (403, "operation_not_allowed_on_primary_domain", None)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"is_satellite": False}, (422, "form_param_value_invalid", "is_satellite")),
        ({"is_satellite": None}, (422, "form_param_missing", "is_satellite")),
        ({"name": "https://shop.example"}, (422, "form_param_format_invalid", "name")),
        ({"name": "fernhill.example"}, (422, "form_identifier_exists", "name")),
        ({"proxy_url": PROXY}, (400, "domain_update_forbidden", None)),
    ],
)
async def test_a_satellite_is_refused(
    clerk: Clerk, given: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    assert await clerk.error(ADD, **{"name": "shop.example", "is_satellite": True} | given) == expected


async def test_only_development_instances_take_a_port(clerk: Clerk, production: Clerk) -> None:
    await clerk.call(ADD, name="localhost:3000", is_satellite=True)
    error = await production.error(ADD, name="shop.example:3000", is_satellite=True)
    assert error == (422, "form_param_format_invalid", "name")


async def test_a_production_domain_needs_dns_records_until_it_has_a_proxy(production: Clerk) -> None:
    added = await production.call(ADD, name="shop.example", is_satellite=True)
    assert added["frontend_api_url"] == "https://clerk.shop.example"
    assert [target["host"] for target in added["cname_targets"]] == ["clerk.shop.example"]
    proxied = await production.call(UPDATE, domain_id=added["id"], proxy_url=PROXY)
    assert (proxied["frontend_api_url"], proxied["cname_targets"]) == (PROXY, [])
    assert await production.call(UPDATE, domain_id=added["id"], proxy_url=None) == added
    error = await production.error(UPDATE, domain_id=added["id"], proxy_url="shop.example")
    assert error == (422, "form_param_format_invalid", "proxy_url")


@pytest.mark.parametrize(
    "operation_id", ["BetaFeatures_updateInstanceDomain", "BetaFeatures_updateProductionInstanceDomain"]
)
async def test_moving_the_instance_signs_everybody_out(clerk: Clerk, operation_id: str) -> None:
    assert await clerk.call("Sessions_listSortedByCreationDate", status="active")
    response = await clerk.send(operation_id, home_url="https://www.garden.example/start")
    assert (response.status_code, response.content) == (202, b"")
    assert await clerk.call("Sessions_listSortedByCreationDate", status="active") == []
    names = [domain["name"] for domain in (await clerk.call(LIST))["data"] if not domain["is_satellite"]]
    assert names == ["garden.example"]


@pytest.mark.parametrize(
    ("home_url", "code"),
    [
        (None, "form_param_missing"),
        ("garden.example", "form_param_format_invalid"),
        ("https://fernhill-docs.example", "form_identifier_exists"),
    ],
)
async def test_a_move_is_refused_and_nobody_signed_out(clerk: Clerk, home_url: str | None, code: str) -> None:
    before = await clerk.call("Sessions_listSortedByCreationDate", status="active")
    error = await clerk.error("BetaFeatures_updateInstanceDomain", home_url=home_url)
    assert error == (422, code, "home_url")
    assert await clerk.call("Sessions_listSortedByCreationDate", status="active") == before


@pytest.mark.parametrize(
    ("proxy_url", "successful"),
    [("https://app.fernhill.example/__clerk", True), ("https://elsewhere.example/__clerk", False)],
)
async def test_a_proxy_check_is_recorded(clerk: Clerk, proxy_url: str, successful: bool) -> None:
    check = await clerk.call(
        "ProxyChecks_verifyProxyConfiguration", domain_id=primary_id(clerk), proxy_url=proxy_url
    )
    assert (check["proxy_url"], check["successful"]) == (proxy_url, successful)
    assert check["id"] in clerk.sandbox.instance.proxy_checks


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"domain_id": None}, (422, "form_param_missing", "domain_id")),
        ({"domain_id": "dmn_none"}, (422, "form_resource_not_found", "domain_id")),
        ({"proxy_url": None}, (422, "form_param_missing", "proxy_url")),
        ({"proxy_url": "app.fernhill.example"}, (422, "form_param_format_invalid", "proxy_url")),
    ],
)
async def test_a_proxy_check_is_refused(
    clerk: Clerk, given: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    arguments = {"domain_id": satellite_id(clerk), "proxy_url": "https://a.fernhill-docs.example"} | given
    assert await clerk.error("ProxyChecks_verifyProxyConfiguration", **arguments) == expected
