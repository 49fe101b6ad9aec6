"""Every error code of Clerk's comes with the next step that works."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from clerk_mcp.answering.hints import hint, if_executed, reader_of
from clerk_sandbox.examples import example_calls, id_of, user_id
from clerk_sandbox.sandbox import TEST_KEY, Sandbox
from clerk_tools.argument import Place
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Spec
from tests.calling import call, error_of
from tests.sandbox.demo import Demo
from tests.server.scripted import of_sandbox, refusal, server_on

pytestmark = pytest.mark.anyio

# The codes that Clerk is known to answer with, by status.
CODES = {
    400: """request_body_invalid duplicate_record bulk_size_exceeded already_a_member_in_organization
        organization_invitation_not_unique invitation_already_revoked invitation_already_accepted
        organization_creator_not_found organization_minimum_permissions_needed no_password_set totp_disabled
        svix_app_exists svix_app_missing jwt_template_reserved_claim sign_in_token_cannot_be_revoked_code
        actor_token_cannot_be_revoked_code template_revert_error identification_deletion_failed
        api_version_invalid""",
    401: "clerk_key_invalid authorization_header_format_invalid authentication_invalid",
    402: "unsupported_subscription_plan_features",
    403: """authorization_invalid feature_not_enabled organization_not_enabled_in_instance
        organization_membership_quota_exceeded operation_not_allowed_on_primary_domain""",
    404: "resource_not_found organization_invitation_not_pending",
    409: "conflict resource_locked",
    410: "operation_deprecated",
    413: "image_too_large",
    415: "unsupported_content_type",
    422: """form_identifier_exists form_param_missing form_param_format_invalid form_param_unknown
        form_param_value_invalid form_param_exceeds_allowed_size form_password_pwned
        form_password_length_too_short form_data_missing form_resource_not_found incorrect_password
        totp_incorrect_code saml_connection_cant_be_activated organization_role_assigned_to_members
        organization_role_exists_in_invitations""",
    429: "too_many_requests",
    500: "internal_clerk_error",
    503: "service_unavailable",
    504: "gateway_timeout",
}
STATUS = {code: status for status, codes in CODES.items() for code in codes.split()}
SPECS = [operation.spec for operation in operations().values()]
TAKE_AN_ID = [s for s in SPECS if any(a.place is Place.PATH and not a.enum for a in s.arguments)]
WRITES = [spec for spec in SPECS if spec.effect is not Effect.READ]
VALID = example_calls()

DEMO = Sandbox().instance
WHO = Demo(Sandbox())
AISHA, TOMAS, NADIA = WHO.outsider, user_id(DEMO, "tomas.rivera@fernhill.example"), WHO.admin
ORG = {"organization_id": WHO.fernhill}
INVITE = "OrganizationInvitations_createAndSend"
MEMBER = {"inviter_user_id": NADIA, "role": "org:member"}
REVOKE_TOKEN = {"sign_in_token_id": VALID["SigninTokens_revokeToken"]["sign_in_token_id"]}
REVOKE_ACTOR = {"actor_token_id": VALID["ActorTokens_revokeToken"]["actor_token_id"]}
PENDING = VALID["Invitations_revokeInvitation"]
DRAFT = {"saml_connection_id": id_of(DEMO.saml_connections, active=False)}
PRIMARY = {"domain_id": id_of(DEMO.domains, is_satellite=False)}
AISHAS_EMAIL = {"email_address_id": DEMO.users[AISHA]["email_addresses"][0]["id"]}
AISHAS_PHONE = {"phone_number_id": DEMO.users[AISHA]["phone_numbers"][0]["id"]}
AUDITOR = {"organization_role_id": id_of(DEMO.table("roles"), key="org:auditor")}
LOGIN = {"clear": ["username"], "user_id": AISHA}

Calls = list[tuple[str, dict[str, Any]]]

# Made one after another on the demo company, the last call is refused with the code; then what its hint says.
IN_THE_SANDBOX: list[tuple[str, Calls, str]] = [
    ("duplicate_record",
     [("AllowlistBlocklist_addIdentifierToAllowList", {"identifier": "consultant@rowan.example"})],
     "AllowlistBlocklist_listAllowedIdentifiers shows it"),
    ("duplicate_record",
     [("Invitations_createNewInvitation", {"email_address": "press+clerk_test@gardenweekly.example"})],
     "`ignore_existing` true"),
    ("already_a_member_in_organization",
     [("OrganizationMemberships_addUserToOrganization", ORG | {"user_id": WHO.member, "role": "org:member"})],
     "OrganizationMemberships_updateMembershipProperties"),
    ("organization_invitation_not_unique",
     [(INVITE, ORG | MEMBER | {"email_address": "agency+clerk_test@fernhill.example"})],
     "OrganizationInvitations_list shows it"),
    ("invitation_already_revoked",
     [("Invitations_revokeInvitation", PENDING), ("Invitations_revokeInvitation", PENDING)],
     "Nothing to do"),
    ("invitation_already_accepted",
     [("Invitations_revokeInvitation", {"invitation_id": id_of(DEMO.invitations, status="accepted")})],
     "Nothing to do"),
    ("organization_creator_not_found",
     [("Organizations_createNewOrganization", {"name": "X", "created_by": "user_nobody"})],
     "Users_listSortedByCreationDate"),
    ("organization_minimum_permissions_needed",
     [("OrganizationMemberships_removeUserFromOrganization",
       {"organization_id": WHO.thistle, "user_id": WHO.thistle_admin})],
     "OrganizationMemberships_updateMembershipProperties first"),
    ("organization_role_assigned_to_members",
     [("OrganizationMemberships_updateMembershipProperties",
       ORG | {"user_id": WHO.member, "role": "org:auditor"}), ("DeleteOrganizationRole", AUDITOR)],
     "replacing the role in its role set"),
    ("organization_role_exists_in_invitations",
     [(INVITE, ORG | MEMBER | {"role": "org:auditor", "email_address": "one@example.com"}),
      ("DeleteOrganizationRole", AUDITOR)],
     "OrganizationInvitations_revokeInvitation"),
    ("no_password_set", [("Users_verifyPassword", {"user_id": AISHA, "password": "whatever-it-is"})],
     "without a password"),
    ("totp_disabled", [("Users_verifyTotp", {"user_id": AISHA, "code": "123456"})], "no authenticator app"),
    ("totp_incorrect_code", [("Users_verifyTotp", {"user_id": TOMAS, "code": "000000"})], "ask the user"),
    ("incorrect_password", [("Users_verifyPassword", {"user_id": NADIA, "password": "not-this-one"})],
     "Do not guess"),
    ("svix_app_exists", [("Webhooks_createSvixApp", {})], "Webhooks_generateSvixDashboardUrl"),
    ("svix_app_missing", [("Webhooks_deleteSvixApp", {}), ("Webhooks_generateSvixDashboardUrl", {})],
     "Webhooks_createSvixApp"),
    ("jwt_template_reserved_claim",
     [("JwtTemplates_createTemplate", {"name": "x", "claims": {"sub": "me"}})], "`claims`"),
    ("sign_in_token_cannot_be_revoked_code",
     [("SigninTokens_revokeToken", REVOKE_TOKEN), ("SigninTokens_revokeToken", REVOKE_TOKEN)],
     "only a pending token"),
    ("actor_token_cannot_be_revoked_code",
     [("ActorTokens_revokeToken", REVOKE_ACTOR), ("ActorTokens_revokeToken", REVOKE_ACTOR)],
     "only a pending token"),
    ("template_revert_error",
     [("EmailSmsTemplates_revertTemplate", {"template_type": "email", "slug": "verification_code"})],
     "default already"),
    ("identification_deletion_failed",
     [("PhoneNumbers_deletePhoneNumberById", AISHAS_PHONE), ("Users_updateUserAttributes", LOGIN),
      ("EmailAddresses_deleteById", AISHAS_EMAIL)],
     "EmailAddresses_createNewAddress"),
    ("authorization_invalid",
     [(INVITE, ORG | MEMBER | {"inviter_user_id": WHO.member, "email_address": "new@example.com"})],
     "lacks the right"),
    ("organization_not_enabled_in_instance",
     [("InstanceSettings_updateOrganizationSettings", {"enabled": False}),
      ("Organizations_listSortedByCreationDate", {})],
     "InstanceSettings_updateOrganizationSettings with `enabled` true"),
    ("organization_membership_quota_exceeded",
     [("Organizations_updateOrganization", ORG | {"max_allowed_memberships": 1}),
      ("OrganizationMemberships_addUserToOrganization", ORG | {"user_id": AISHA, "role": "org:member"})],
     "max_allowed_memberships"),
    ("operation_not_allowed_on_primary_domain", [("Domains_deleteSatelliteDomain", PRIMARY)],
     "Domains_getAllDomains"),
    ("resource_not_found", [("Users_getUserDetails", {"user_id": "user_nobody"})],
     "Users_listSortedByCreationDate"),
    ("resource_not_found",
     [("OrganizationMemberships_addUserToOrganization", ORG | {"user_id": AISHA, "role": "admin"})],
     "A role is given by its key, such as org:admin"),
    ("resource_not_found",
     [("OrganizationInvitations_bulkCreateAndSend",
       ORG | {"invitations": [{"email_address": "one@example.com", "role": "owner"}]})],
     "ListOrganizationRoles shows those there are"),
    ("organization_invitation_not_pending",
     [("OrganizationInvitations_revokeInvitation",
       ORG | {"invitation_id": WHO.revoked_invitation, "requesting_user_id": NADIA})],
     "OrganizationInvitations_getById"),
    ("form_identifier_exists", [("Users_createNewUser", {"email_address": ["aisha.karim@example.com"]})],
     "Users_listSortedByCreationDate and `email_address`"),
    ("form_identifier_exists",
     [("Organizations_createNewOrganization", {"name": "X", "slug": "fernhill", "created_by": NADIA})],
     "Organizations_listSortedByCreationDate shows by what"),
    ("form_identifier_exists",
     [("Invitations_createNewInvitation", {"email_address": "aisha.karim@example.com"})],
     "`ignore_existing` true"),
    ("form_param_missing", [("EmailAddresses_createNewAddress", {"user_id": AISHA})], "named argument"),
    ("form_param_format_invalid", [("Users_createNewUser", {"email_address": ["no address"]})], "a@b.c"),
    ("form_param_value_invalid",
     [("Users_listSortedByCreationDate", {"order_by": "shoe_size"})], "a value that"),
    ("form_param_exceeds_allowed_size",
     [("Users_mergeUserMetadataAttributes", {"user_id": AISHA, "public_metadata": {"x": "y" * 9_000}})],
     "8 KB"),
    ("form_password_pwned", [("Users_updateUserAttributes", {"user_id": AISHA, "password": "password"})],
     "use another"),
    ("form_password_length_too_short",
     [("Users_updateUserAttributes", {"user_id": AISHA, "password": "short"})], "8 characters"),
    ("form_data_missing", [("Users_createNewUser", {})], "at least one"),
    ("form_resource_not_found",
     [("ActorTokens_createToken", {"user_id": "user_nobody", "actor": {"sub": NADIA}})],
     "`user_id` does not exist: find the right one with Users_listSortedByCreationDate"),
    ("saml_connection_cant_be_activated",
     [("SamlConnectionsBeta_updateConnectionById", DRAFT | {"active": True})], "idp_certificate"),
]  # fmt: skip

# What the demo company cannot bring about: an operation that may be refused so, and what the hint says.
ELSEWHERE: dict[str, tuple[str, str]] = {
    "api_version_invalid": ("Users_getUserDetails", "update this server"),
    "request_body_invalid": ("Users_createNewUser", "schema"),
    "authorization_header_format_invalid": ("Users_getUserDetails", "valid secret key"),
    "authentication_invalid": ("Users_getUserDetails", "valid secret key"),
    "unsupported_subscription_plan_features": ("SamlConnectionsBeta_getList", "plan"),
    "feature_not_enabled": ("OAuthApplications_getById", "dashboard"),
    "conflict": ("Users_updateUserAttributes", "read the object again"),
    "resource_locked": ("Users_updateUserAttributes", "wait a few seconds"),
    "image_too_large": ("Users_setProfileImage", "10 MB"),
    "unsupported_content_type": ("Users_setProfileImage", "png"),
    "form_param_unknown": ("Users_createNewUser", "without the named argument"),
    "too_many_requests": ("Users_createNewUser", "retry_after"),
    "internal_clerk_error": ("Users_createNewUser", "See with Users_listSortedByCreationDate"),
    "service_unavailable": ("Users_getUserDetails", "try again"),
    # More than that is refused before it is sent.
    "bulk_size_exceeded": ("OrganizationInvitations_bulkCreateAndSend", "at most 10"),
    "gateway_timeout": ("Users_deleteUserById", "If Users_getUserDetails answers resource_not_found, it was"),
}

# These two need a server of their own.
OWN_TEST = {"clerk_key_invalid", "operation_deprecated"}


def test_every_code_is_tested() -> None:
    assert {code for code, *_ in IN_THE_SANDBOX} | set(ELSEWHERE) | OWN_TEST == set(STATUS)


def assert_fits(error: dict[str, Any], code: str, said: str, spec: Spec) -> None:
    assert (error["code"], error["status"]) == (code, STATUS[code])
    assert said in error["hint"]
    assert_names_only_what_exists(error["hint"], spec)
    assert error["trace_id"]


@pytest.mark.parametrize(("code", "calls", "said"), IN_THE_SANDBOX, ids=[code for code, *_ in IN_THE_SANDBOX])
async def test_the_sandboxs_refusal_comes_with_a_hint_that_fits(code: str, calls: Calls, said: str) -> None:
    *before, (operation_id, arguments) = calls
    async with server_on(of_sandbox(Sandbox()), secrets="inline") as client:
        for earlier, given in before:
            await call(client, earlier, **given)
        error = await error_of(client, operation_id, **arguments)
    assert_fits(error, code, said, operations()[operation_id].spec)


@pytest.mark.parametrize("code", ELSEWHERE)
async def test_a_refusal_that_only_clerk_gives_comes_with_a_hint_that_fits(code: str) -> None:
    operation_id, said = ELSEWHERE[code]
    async with server_on(refusal(STATUS[code], code)) as client:
        error = await error_of(client, operation_id, **VALID[operation_id])
    assert_fits(error, code, said, operations()[operation_id].spec)


async def test_a_wrong_key_is_for_the_operator_to_mend() -> None:
    async with server_on(of_sandbox(Sandbox()), clerk_secret_key="sk_test_another") as client:
        error = await error_of(client, "Users_getUserDetails", user_id=NADIA)
    assert_fits(error, "clerk_key_invalid", "the operator must", operations()["Users_getUserDetails"].spec)
    assert TEST_KEY not in str(error)
    assert "sk_test_another" not in str(error)


OUTDATED: Final = [
    operation.spec for operation in operations().values() if operation.spec.deprecated or operation.spec.until
]


def replacement(spec: Spec) -> str:
    """What is named in place of an outdated operation: another one, or Clerk's dashboard."""
    named = [word.strip("`") for word in spec.instead.split() if word.strip("`") in operations()]
    assert not any(operations()[one].spec.deprecated for one in named)
    return named[0] if named else "Clerk's dashboard"


async def test_a_retired_operation_names_what_to_use_in_its_description_and_its_hint() -> None:
    sandbox = Sandbox()
    sandbox.instance.settings["retired_operations"] = [spec.id for spec in OUTDATED]
    async with server_on(of_sandbox(sandbox), toolsets="all") as client:
        for spec in OUTDATED:
            assert replacement(spec) in spec.instead
            assert replacement(spec) in spec.description
            error = await error_of(client, spec.id, **VALID[spec.id])
            assert_fits(error, "operation_deprecated", replacement(spec), spec)
    assert len(OUTDATED) >= 24


# ── What holds of all hints, for all operations ──


def assert_names_only_what_exists(text: str, *specs: Spec) -> None:
    """Operations, and arguments of theirs or of `specs`."""
    named = set(re.findall(r"\b[A-Z]\w+_\w+", text))
    assert named <= set(operations())
    known = {a.name for s in (*specs, *(operations()[n].spec for n in named)) for a in s.arguments}
    assert set(re.findall(r"`(\w+)`", text)) <= known


@pytest.mark.parametrize("code", STATUS)
def test_a_hint_names_only_operations_and_arguments_that_exist(code: str) -> None:
    for spec in SPECS:
        for param in (None, "named_by_clerk_alone", *(a.name for a in spec.arguments)):
            if text := hint(code, spec, param):
                assert_names_only_what_exists(text, *SPECS)


def test_a_code_that_is_new_to_us_has_no_hint() -> None:
    assert all(hint("of_tomorrow", spec) is None for spec in SPECS)


@pytest.mark.parametrize("spec", TAKE_AN_ID, ids=lambda spec: spec.id)
def test_whoever_takes_an_id_is_told_where_to_find_it(spec: Spec) -> None:
    text = hint("resource_not_found", spec)
    assert text is not None
    finders = [operations()[name].spec for name in re.findall(r"\w+", text) if name in operations()]
    # A finder that needs the very id that was not found would be of no use; nor is one that Clerk retires.
    assert all(finder.id != spec.id for finder in finders)
    assert spec.deprecated or not any(finder.deprecated for finder in finders)


@pytest.mark.parametrize(
    ("operation_id", "finder"),
    [
        ("Sessions_createSessionTokenFromTemplate", "JwtTemplates_listAllTemplates"),
        ("Users_getOAuthAccessToken", "Users_getUserDetails"),
        ("PhoneNumbers_getDetails", "Users_listSortedByCreationDate"),
        ("Clients_getDetails", "Sessions_listSortedByCreationDate"),
        ("OrganizationMemberships_addUserToOrganization", "Users_listSortedByCreationDate"),
        ("OrganizationMemberships_removeUserFromOrganization", "OrganizationMemberships_getAllMembers"),
        ("SigninTokens_revokeToken", "SigninTokens_createToken"),
        ("ProxyChecks_verifyProxyConfiguration", "Domains_getAllDomains"),
        ("EmailAddresses_createNewAddress", "Users_listSortedByCreationDate"),
    ],
)
def test_ids_without_a_listing_above_them_are_found_elsewhere(operation_id: str, finder: str) -> None:
    assert finder in (hint("resource_not_found", operations()[operation_id].spec) or "")


@pytest.mark.parametrize("spec", WRITES, ids=lambda spec: spec.id)
def test_after_a_write_of_unknown_outcome_there_is_a_way_to_find_out(spec: Spec) -> None:
    text = if_executed(spec)
    assert text.startswith("It may have been executed. ")
    assert_names_only_what_exists(text, spec)
    reader = reader_of(spec)
    if reader:
        assert operations()[reader].spec.effect is Effect.READ
        assert spec.deprecated or not operations()[reader].spec.deprecated
        # It can be called with what the caller knows already.
        needed = {a.name for a in operations()[reader].spec.arguments if a.required}
        assert needed <= {a.name for a in spec.arguments}


@pytest.mark.parametrize(
    ("operation_id", "advice"),
    [
        ("Users_createNewUser", "See with Users_listSortedByCreationDate"),
        ("Users_updateUserAttributes", "See with Users_getUserDetails and fields private_metadata"),
        ("EmailAddresses_createNewAddress", "See with Users_getUserDetails"),
        ("Domains_updateDomain", "See with Domains_getAllDomains"),
        ("Users_deleteUserById", "If Users_getUserDetails answers resource_not_found, it was"),
        ("Users_disableMfa", "See with Users_getUserDetails"),
        ("OAuthApplications_rotateSecret", "call again to have one"),
        ("SigninTokens_createToken", "does no harm"),
        ("SigninTokens_revokeToken", "cannot be revoked"),
        ("Users_verifyTotp", "backup code"),
        ("Webhooks_createSvixApp", "svix_app_exists"),
        ("InstanceSettings_updateRestrictions", "does no harm"),
        ("BetaFeatures_updateInstanceDomain", "See with Domains_getAllDomains"),
    ],
)
def test_the_way_to_find_out_is_one_that_shows_it(operation_id: str, advice: str) -> None:
    assert advice in if_executed(operations()[operation_id].spec)


def test_what_has_nothing_to_be_read_can_be_repeated_without_harm() -> None:
    """Where no tool shows a change, the advice is to repeat it: that must leave the same state."""
    unseen = {spec.id for spec in WRITES if "No tool shows it" in if_executed(spec)}
    assert unseen == {
        "BetaFeatures_updateInstanceSettings",
        "Webhooks_generateSvixDashboardUrl",
        "ProxyChecks_verifyProxyConfiguration",
        "RevokeAgentTask",
        "revokeM2MToken",
        "revokeAdminPortalLinkToken",
    }
