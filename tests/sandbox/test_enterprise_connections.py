"""Enterprise connections, and what becomes of organizations' domains beside them."""

from __future__ import annotations

from typing import Any

import pytest

from clerk_sandbox.examples import id_of
from tests.sandbox.clerk import Clerk
from tests.sandbox.demo import Demo

pytestmark = pytest.mark.anyio

CREATE, UPDATE = "CreateEnterpriseConnection", "UpdateEnterpriseConnection"
NEW = {"name": "Fern & Sons", "provider": "saml_okta", "domains": ["FernSons.example"]}
METADATA = {"idp_metadata_url": "https://idp.example/metadata"}


async def test_a_saml_connection_is_active_with_all_that_its_provider_tells(clerk: Clerk) -> None:
    incomplete = (422, "saml_connection_cant_be_activated", "active")
    assert await clerk.error(CREATE, **NEW, active=True) == incomplete
    made = await clerk.call(CREATE, **NEW)
    assert (made["domains"], made["active"], made["oauth_config"]) == (["fernsons.example"], False, None)
    target = {"enterprise_connection_id": made["id"]}
    assert await clerk.error(UPDATE, **target, active=True) == incomplete
    active = await clerk.call(UPDATE, **target, active=True, saml=METADATA)
    assert active["saml_connection"]["idp_sso_url"].startswith("https://idp.example/")
    found = await clerk.call("ListEnterpriseConnections", active=True)
    assert found["data"][0] == active
    assert (await clerk.call("DeleteEnterpriseConnection", **target))["deleted"]
    gone = await clerk.error("GetEnterpriseConnection", **target)
    assert gone == (404, "resource_not_found", None)


async def test_the_secret_of_an_oidc_client_is_in_no_answer(clerk: Clerk) -> None:
    oidc = {"client_id": "fern", "client_secret": "hidden-away", "discovery_url": "https://idp.example/oidc"}
    made = await clerk.call(CREATE, **NEW | {"provider": "oidc_custom"}, oidc=oidc, active=True)
    assert made["oauth_config"]["client_id"] == "fern"
    assert "hidden-away" not in str(await clerk.call("ListEnterpriseConnections"))


async def test_an_active_connection_takes_verified_domains_from_organizations(
    clerk: Clerk, demo: Demo
) -> None:
    await clerk.call("CreateOrganizationDomain", organization_id=demo.thistle, name="fernsons.example")
    made = await clerk.call(CREATE, **NEW, saml=METADATA)
    domains = {"organization_id": demo.thistle}
    assert (await clerk.call("ListOrganizationDomains", **domains))["total_count"] == 1
    await clerk.call(UPDATE, enterprise_connection_id=made["id"], active=True)
    assert (await clerk.call("ListOrganizationDomains", **domains))["total_count"] == 0


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"domains": ["no domain"]}, (422, "form_param_format_invalid", "domains")),
        ({"domains": ["rowan.example"]}, (422, "form_identifier_exists", "domains")),
        ({"organization_id": "org_none"}, (404, "resource_not_found", None)),
        (
            {"custom_attributes": [{"name": "a", "key": "a", "scim_path": "x", "directory_path": "y"}]},
            (422, "form_param_value_invalid", "directory_path"),
        ),
    ],
)
async def test_a_connection_is_refused(
    clerk: Clerk, given: dict[str, Any], expected: tuple[int, str, str | None]
) -> None:
    assert await clerk.error(CREATE, **NEW | given) == expected


async def test_a_test_run_is_pending_until_somebody_signs_in(clerk: Clerk) -> None:
    connections = clerk.sandbox.instance.table("enterprise_connections")
    target = {"enterprise_connection_id": id_of(connections, active=True)}
    made = await clerk.call("CreateEnterpriseConnectionTestRun", **target)
    assert made["url"].startswith("https://")
    pending = await clerk.call("ListEnterpriseConnectionTestRuns", **target, status=["pending"])
    assert (pending["total_count"], pending["data"][0]["connection_type"]) == (1, "saml")
    assert (await clerk.call("ListEnterpriseConnectionTestRuns", **target))["total_count"] == 2
