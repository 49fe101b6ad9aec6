"""What Clerk has come to take on operations that were there before."""

from __future__ import annotations

from typing import Any

import pytest

from clerk_sandbox.examples import resolved
from clerk_sandbox.sandbox import Sandbox
from clerk_tools.spec import Demo
from tests.sandbox.clerk import Clerk
from tests.sandbox.clock import Clock

pytestmark = pytest.mark.anyio

DEMO = Sandbox().instance
FERNHILL = {"organization_id": resolved(DEMO, Demo("Fernhill"))}
DAY_S = 24 * 3600


@pytest.fixture
def clerk(clock: Clock) -> Clerk:
    return Clerk(Sandbox(clock=clock))


async def create(clerk: Clerk, **given: Any) -> Any:
    return await clerk.call("Users_createNewUser", **given)


async def test_a_user_can_be_kept_out_from_the_start(clerk: Clerk, clock: Clock) -> None:
    banned = await create(clerk, username="keptout", banned=True, locked=True)
    assert (banned["banned"], banned["locked"]) == (True, True)
    clock.advance_s(3601)
    later = await clerk.call("Users_getUserDetails", user_id=banned["id"])
    assert (later["banned"], later["locked"]) == (True, False)


async def test_a_ban_at_creation_needs_the_plan_that_a_ban_needs(clerk: Clerk) -> None:
    clerk.sandbox.instance.settings["unsupported_features"] = ["ban"]
    refused = await clerk.error("Users_createNewUser", username="keptout", banned=True)
    assert refused[:2] == (402, "unsupported_subscription_plan_features")


async def test_an_address_can_be_reserved_without_being_verified(clerk: Clerk) -> None:
    addresses = ["a+clerk_test@example.com", "b+clerk_test@example.com"]
    statuses = {"email_address_identification_status": ["verified", "reserved"]}
    user = await create(clerk, email_address=addresses, **statuses)
    assert [one["reserved"] for one in user["email_addresses"]] == [False, True]
    assert user["email_addresses"][1]["verification"] is None
    short = await clerk.error("Users_createNewUser", email_address=["c@example.com"], **statuses)
    assert short[2] == "email_address_identification_status"


async def test_somebody_without_an_identifier_is_a_user_where_that_is_asked_for(clerk: Clerk) -> None:
    assert (await clerk.error("Users_createNewUser", first_name="Nobody"))[1] == "form_data_missing"
    user = await create(clerk, first_name="Nobody", skip_user_requirement=True, locale="de-DE")
    assert (user["email_addresses"], user["locale"]) == ([], "de-DE")


async def test_an_organization_without_a_creator_has_no_members(clerk: Clerk) -> None:
    made = await clerk.call(
        "Organizations_createNewOrganization", name="Orphan", created_at="2020-01-01T00:00:00Z"
    )
    assert made["created_at"] == 1_577_836_800_000
    members = await clerk.call("OrganizationMemberships_getAllMembers", organization_id=made["id"])
    assert members["total_count"] == 0
    wrong = await clerk.error("Organizations_createNewOrganization", name="X", role_set_key="role_set:none")
    assert wrong[2] == "role_set_key"


async def test_an_invitation_needs_no_inviter_and_expires_when_it_is_told_to(
    clerk: Clerk, clock: Clock
) -> None:
    given = {**FERNHILL, "email_address": "x+clerk_test@example.com", "role": "org:member"}
    made = await clerk.call("OrganizationInvitations_createAndSend", **given, expires_in_days=1)
    assert made["inviter_id"] is None
    clock.advance_s(2 * DAY_S)
    about = {**FERNHILL, "invitation_id": made["id"]}
    assert (await clerk.call("OrganizationInvitations_getById", **about))["status"] == "expired"
    revoked = await clerk.error("OrganizationInvitations_revokeInvitation", **about)
    assert revoked[1] == "organization_invitation_not_pending"
    # Its place is free again.
    await clerk.call("OrganizationInvitations_createAndSend", **given)


async def test_a_member_comes_with_metadata(clerk: Clerk) -> None:
    given = {"user_id": resolved(DEMO, Demo("carlos")), "role": "org:member"}
    member = await clerk.call(
        "OrganizationMemberships_addUserToOrganization", **FERNHILL, **given, public_metadata={"desk": "B2"}
    )
    assert member["public_metadata"] == {"desk": "B2"}


async def test_a_link_into_an_organization_is_for_its_members(clerk: Clerk) -> None:
    given = {"user_id": resolved(DEMO, Demo("carlos")), "org_id": FERNHILL["organization_id"]}
    assert (await clerk.error("SigninTokens_createToken", **given))[2] == "org_id"


async def test_a_client_may_return_to_several_places(clerk: Clerk) -> None:
    uris = ["https://a.example/cb", "https://b.example/cb"]
    made = await clerk.call("OAuthApplications_createNewApplication", name="Two", redirect_uris=uris)
    assert (made["redirect_uris"], made["callback_url"]) == (uris, uris[0])
    neither = await clerk.error("OAuthApplications_createNewApplication", name="None")
    assert neither[2] == "callback_url"


async def test_a_connection_may_have_several_domains_each_of_them_its_own(clerk: Clerk) -> None:
    given = {"name": "Two", "provider": "saml_okta"}
    made = await clerk.call(
        "SamlConnectionsBeta_createNewConnection", **given, domains=["A.example", "b.example"], **FERNHILL
    )
    assert (made["domain"], made["domains"]) == ("a.example", ["a.example", "b.example"])
    assert made["organization_id"] == FERNHILL["organization_id"]
    taken = await clerk.error("SamlConnectionsBeta_createNewConnection", **given, domain="b.example")
    assert taken[1:] == ("form_identifier_exists", "domain")


async def test_a_connection_in_whose_way_a_domain_is_needs_consent_to_become_active(clerk: Clerk) -> None:
    saml = {"name": "Moss", "provider": "saml_okta", "domain": "moss.example"}
    made = await clerk.call("SamlConnectionsBeta_createNewConnection", **saml, idp_certificates=["MIIDone"])
    domain = {"name": "moss.example", "enrollment_mode": "automatic_invitation"}
    theirs = await clerk.call("CreateOrganizationDomain", **FERNHILL, **domain)
    on = {"saml_connection_id": made["id"], "active": True, "idp_entity_id": "moss"}
    on["idp_sso_url"] = "https://idp.moss.example/sso"
    refused = await clerk.error("SamlConnectionsBeta_updateConnectionById", **on)
    assert refused[2] == "consent_verified_domains_deletion"
    await clerk.call("SamlConnectionsBeta_updateConnectionById", **on, consent_verified_domains_deletion=True)
    gone = {**FERNHILL, "domain_id": theirs["id"], "enrollment_mode": "manual_invitation"}
    assert (await clerk.error("UpdateOrganizationDomain", **gone))[0] == 404


async def test_the_first_of_several_certificates_is_the_main_one(clerk: Clerk) -> None:
    saml = {"name": "Two", "provider": "saml_okta", "domain": "two.example"}
    made = await clerk.call("SamlConnectionsBeta_createNewConnection", **saml, idp_certificates=["a", "b"])
    assert made["idp_certificate"] == "a"
    assert [one["certificate"] for one in made["idp_certificates"]] == ["a", "b"]
    changed = await clerk.call(
        "SamlConnectionsBeta_updateConnectionById", saml_connection_id=made["id"], idp_certificate="c"
    )
    assert [one["certificate"] for one in changed["idp_certificates"]] == ["c"]


async def test_a_second_application_keeps_its_subdomain(clerk: Clerk) -> None:
    for is_secondary, name in ((False, "fern.example"), (True, "shop.fern.example")):
        await clerk.call(
            "BetaFeatures_updateInstanceDomain",
            home_url="https://shop.fern.example",
            is_secondary=is_secondary,
        )
        domains = (await clerk.call("Domains_getAllDomains"))["data"]
        assert [one["name"] for one in domains if not one["is_satellite"]] == [name]


async def test_the_sign_in_strategy_goes_back_to_the_password(clerk: Clerk) -> None:
    name = "preferred_sign_in_strategy_when_password_required"
    for value, kept in (("otp", "otp"), ("", "password")):
        await clerk.call("InstanceSettings_updateInstanceSettings", **{name: value})
        assert clerk.sandbox.instance.settings[name] == kept


async def test_an_actor_may_bring_more_than_their_id(clerk: Clerk) -> None:
    actor = {"sub": resolved(DEMO, Demo("kwame")), "reason": {"ticket": 7}}
    made = await clerk.call("ActorTokens_createToken", user_id=resolved(DEMO, Demo("helen")), actor=actor)
    assert made["actor"] == actor


async def test_an_invitation_of_any_status_is_erased(clerk: Clerk) -> None:
    for invitation in await clerk.call("Invitations_listAllNonRevoked", status="accepted"):
        await clerk.call("DeleteInvitation", invitation_id=invitation["id"])
    assert await clerk.call("Invitations_listAllNonRevoked", status="accepted") == []
    assert (await clerk.error("DeleteInvitation", invitation_id="inv_gone"))[0] == 404
