"""SAML connections: an active one knows everything about its identity provider."""

from __future__ import annotations

from typing import Any

import pytest

from clerk_sandbox.examples import id_of
from tests.sandbox.clerk import Clerk

pytestmark = pytest.mark.anyio

CREATE = "SamlConnectionsBeta_createNewConnection"
UPDATE = "SamlConnectionsBeta_updateConnectionById"
NEW: dict[str, Any] = {"name": "Rowan", "domain": "rowan.example", "provider": "saml_okta"}
IDP: dict[str, Any] = {
    "idp_entity_id": "https://idp.rowan.example",
    "idp_sso_url": "https://idp.rowan.example/sso",
    "idp_certificate": "MIIDrowan",
}
IDP_METADATA = """<?xml version="1.0"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.rowan.example">
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <KeyDescriptor use="signing">
      <KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">
        <X509Data><X509Certificate>
          MIID
          rowan
        </X509Certificate></X509Data>
      </KeyInfo>
    </KeyDescriptor>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
      Location="https://idp.rowan.example/sso"/>
  </IDPSSODescriptor>
</EntityDescriptor>"""


async def test_a_new_connection_is_inactive_and_tells_the_provider_where_to_turn(clerk: Clerk) -> None:
    made = await clerk.call(CREATE, **NEW)
    assert not made["active"]
    assert all(made["id"] in made[name] for name in ("acs_url", "sp_entity_id", "sp_metadata_url"))
    assert (await clerk.call("SamlConnectionsBeta_getList"))["data"][0] == made


@pytest.mark.parametrize("missing", sorted(IDP))
async def test_a_connection_with_a_field_of_the_provider_missing_cannot_be_activated(
    clerk: Clerk, missing: str
) -> None:
    made = await clerk.call(CREATE, **NEW | {name: IDP[name] for name in IDP if name != missing})
    target = {"saml_connection_id": made["id"]}
    refused = (422, "saml_connection_cant_be_activated", "active")
    assert await clerk.error(UPDATE, **target, active=True) == refused
    active = await clerk.call(UPDATE, **target, active=True, **{missing: IDP[missing]})
    assert active["active"]
    assert await clerk.error(UPDATE, **target, **{missing: None}) == refused
    emptied = await clerk.call(UPDATE, **target, active=False, **{missing: None})
    assert emptied[missing] is None


async def test_the_metadata_of_the_provider_wins_over_single_fields(clerk: Clerk) -> None:
    made = await clerk.call(CREATE, **NEW, idp_metadata=IDP_METADATA, idp_entity_id="https://other.example")
    assert {name: made[name] for name in IDP} == IDP


async def test_a_metadata_url_is_as_good_as_the_fields(clerk: Clerk) -> None:
    made = await clerk.call(CREATE, **NEW, idp_metadata_url="https://idp.rowan.example/metadata")
    active = await clerk.call(UPDATE, saml_connection_id=made["id"], active=True)
    assert active["active"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": ""}, (422, "form_param_missing", "name")),
        ({"provider": "saml_homemade"}, (422, "form_param_value_invalid", "provider")),
        ({"domain": "https://rowan.example"}, (422, "form_param_format_invalid", "domain")),
        ({"domain": "Mossbrook.example"}, (422, "form_identifier_exists", "domain")),
        ({"idp_sso_url": "sso"}, (422, "form_param_format_invalid", "idp_sso_url")),
        ({"idp_metadata_url": "ftp://idp"}, (422, "form_param_format_invalid", "idp_metadata_url")),
        ({"idp_metadata": "<broken"}, (422, "saml_failed_to_parse_idp_metadata", "idp_metadata")),
        ({"idp_metadata": "<other/>"}, (422, "saml_metadata_missing_fields", "idp_metadata")),
        (
            {"idp_metadata": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'},
            (422, "saml_failed_to_parse_idp_metadata", "idp_metadata"),
        ),
        (
            {"attribute_mapping": {"nickname": "nick"}},
            (422, "form_param_unknown", "attribute_mapping.nickname"),
        ),
    ],
)
async def test_a_connection_is_refused(
    clerk: Clerk, given: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    assert await clerk.error(CREATE, **NEW | given) == expected


async def test_a_mapping_replaces_the_attributes_it_names(clerk: Clerk) -> None:
    made = await clerk.call(CREATE, **NEW, attribute_mapping={"first_name": "given"})
    assert made["attribute_mapping"]["first_name"] == "given"
    assert made["attribute_mapping"]["email_address"] == "mail"
    changed = await clerk.call(
        UPDATE, saml_connection_id=made["id"], attribute_mapping={"email_address": "upn"}
    )
    assert changed["attribute_mapping"] == made["attribute_mapping"] | {"email_address": "upn"}


async def test_a_connection_keeps_a_name(clerk: Clerk) -> None:
    existing = id_of(clerk.sandbox.instance.saml_connections, domain="mossbrook.example")
    nameless = await clerk.error(UPDATE, saml_connection_id=existing, name="")
    assert nameless == (422, "form_param_missing", "name")


async def test_a_deleted_connection_frees_its_domain(clerk: Clerk) -> None:
    existing = id_of(clerk.sandbox.instance.saml_connections, domain="mossbrook.example")
    deleted = await clerk.call("SamlConnectionsBeta_deleteConnectionById", saml_connection_id=existing)
    assert deleted == {"object": "saml_connection", "id": existing, "deleted": True}
    await clerk.call(CREATE, **NEW | {"domain": "mossbrook.example"})


async def test_a_plan_without_saml_refuses_it(clerk: Clerk) -> None:
    clerk.sandbox.instance.settings["unsupported_features"] = ["saml"]
    refused = (402, "unsupported_subscription_plan_features", None)
    assert await clerk.error("SamlConnectionsBeta_getList") == refused
    assert await clerk.error(CREATE, **NEW) == refused
