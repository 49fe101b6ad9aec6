"""What operations do to the world where the verb does not tell it, from what Clerk documents of each.

Stated here, and not read off the catalogue, so that a wrong `effect` shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from clerk_sandbox.examples import example_calls, id_of, user_id
from clerk_sandbox.sandbox import Sandbox
from clerk_tools.argument import Place
from clerk_tools.catalog import operations

READS_THOUGH_POST = {
    "Clients_verifyClientToken",
    "Sessions_verifySession",
    "EmailSmsTemplates_previewTemplate",
    "verifyApiKey",
    "verifyM2MToken",
    "verifyOAuthAccessToken",
}
DESTROYS_THOUGH_NOT_DELETE = {
    "Users_markBanned",
    "Sessions_revokeSession",
    "Invitations_revokeInvitation",
    "OrganizationInvitations_revokeInvitation",
    "ActorTokens_revokeToken",
    "SigninTokens_revokeToken",
    "OAuthApplications_rotateSecret",
    "EmailSmsTemplates_revertTemplate",
    "BetaFeatures_updateInstanceDomain",
    "BetaFeatures_updateProductionInstanceDomain",
    "ReplaceDirectoryGroupRoleMappings",
    "ReplaceRoleInRoleSet",
    "ReplaceSCIMGroupRoleMappings",
    "RotateDirectoryAPIKey",
    "RotateSCIMDirectoryAPIKey",
    "ReplaceRoleSet",
    "CreateBillingPriceTransition",
    "RemoveUserPassword",
    "ReplaceUserEmailAddress",
    "ReplaceUserPhoneNumber",
    "RevokeOAuthApplicationToken",
    "SetUserPasswordCompromised",
    "UsersBan",
    "RejectWaitlistEntry",
    "revokeApiKey",
    "RotateMachineSecretKey",
    "revokeM2MToken",
    "RevokeAgentTask",
    "revokeAdminPortalLinkToken",
}
MINT_A_CREDENTIAL = {
    "Users_getOAuthAccessToken",
    "SigninTokens_createToken",
    "ActorTokens_createToken",
    "Sessions_createSessionTokenFromTemplate",
    "OAuthApplications_createNewApplication",
    "OAuthApplications_rotateSecret",
    "Webhooks_createSvixApp",
    "Webhooks_generateSvixDashboardUrl",
    "CreateSessionToken",
    "RefreshSession",
    "createApiKey",
    "getApiKeySecret",
    "CreateMachine",
    "GetMachineSecretKey",
    "RotateMachineSecretKey",
    "createM2MToken",
    "CreateTestingToken",
    "CreateAgentTask",
    "createAdminPortalLinkToken",
    "CreateDirectory",
    "CreateEnterpriseConnectionTestRun",
    "CreateSCIMDirectory",
    "RotateDirectoryAPIKey",
    "RotateSCIMDirectoryAPIKey",
}
"""Called for the secret in their answer, rather than that one comes along with something else."""


@dataclass(frozen=True)
class Destroying:
    """An update with arguments that destroy on the demo company, and what its question must say."""

    id: str
    given: dict[str, Any]
    says: str
    about: dict[str, str] = field(default_factory=dict)
    """Path arguments other than the example's."""
    live_only: bool = False

    def __str__(self) -> str:
        return f"{self.id} {self.given}"

    @property
    def arguments(self) -> dict[str, Any]:
        """The whole call."""
        example = example_calls()[self.id]
        path = [a.name for a in operations()[self.id].spec.arguments if a.place is Place.PATH]
        return {name: example[name] for name in path} | self.about | self.given


DEMO = Sandbox().instance
USER, TEMPLATE, SAML = (
    "Users_updateUserAttributes",
    "EmailSmsTemplates_updateTemplateByTypeAndSlug",
    "SamlConnectionsBeta_updateConnectionById",
)
JWT, INSTANCE = "JwtTemplates_updateTemplateById", "InstanceSettings_updateInstanceSettings"
BETA, ORGANIZATIONS = (
    "BetaFeatures_updateInstanceSettings",
    "InstanceSettings_updateOrganizationSettings",
)
OAUTH = "UpdateInstanceOAuthApplicationSettings"
KWAME = {"user_id": user_id(DEMO, "kwame.asante@fernhill.example")}
TOMAS = {"user_id": user_id(DEMO, "tomas.rivera@fernhill.example")}
INGRID = {"user_id": user_id(DEMO, "ingrid.solberg@fernhill.example")}
FERNHILL = {"organization_id": id_of(DEMO.organizations, name="Fernhill")}
MOSSBROOK = {"saml_connection_id": id_of(DEMO.saml_connections, active=True)}
INVITED = {
    "organization_id": id_of(DEMO.organizations, name="Mossbrook Gardens"),
    "domain_id": id_of(DEMO.table("organization_domains"), enrollment_mode="automatic_invitation"),
}
PRIMARY = {"domain_id": id_of(DEMO.domains, is_satellite=False)}
PHONE = {"phone_number_id": str(DEMO.users[KWAME["user_id"]]["phone_numbers"][0]["id"])}
EMAIL = {"email_address_id": str(DEMO.users[INGRID["user_id"]]["email_addresses"][0]["id"])}
HASURA = {"template_id": id_of(DEMO.jwt_templates, name="hasura")}
IMAGE = example_calls()["Users_setProfileImage"]["file"]


def make_losable(sandbox: Sandbox) -> None:
    """Give the demo company what the calls below take away, where it lacks that."""
    demo = sandbox.instance
    for user in (demo.users[KWAME["user_id"]], demo.users[INGRID["user_id"]]):
        user["has_image"] = True
    demo.organizations[FERNHILL["organization_id"]]["has_image"] = True
    for sign_up in demo.sign_ups:
        sign_up["external_id"] = "lead-1"
    for application in demo.oauth_applications:
        application["client_image_url"] = "https://img.clerk.com/logo"
    demo.settings |= {"dynamic_oauth_client_registration": True, "default_scopes": ["profile"]}
    demo.users[KWAME["user_id"]]["phone_numbers"][0]["reserved_for_second_factor"] = True
    for template in demo.templates:
        template["markup"] = "<re-body/>"
    saml = demo.saml_connections[MOSSBROOK["saml_connection_id"]]
    saml.update(allow_subdomains=True, allow_idp_initiated=True, organization_id="org_present")
    for connection in demo.table("enterprise_connections"):
        connection["organization_id"] = "org_present"
        connection["custom_attributes"] = [{"name": "Desk", "key": "desk"}]


DESTROYING_ARGUMENTS = [
    Destroying(USER, {"clear": ["username"]}, "deletes the username “ingrid” for good", INGRID),
    Destroying(USER, {"username": " "}, "deletes the username “zofia” for good",
               {"user_id": id_of(DEMO.users, username="zofia")}),
    Destroying(USER, {"clear": ["last_name", "external_id"]},
               "empties external_id “emp-004”; empties last_name “Asante”", KWAME),
    Destroying(USER, {"first_name": ""}, "empties first_name “Mei”",
               {"user_id": id_of(DEMO.users, username="mei_t")}),
    Destroying(USER, {"clear": ["profile_image_id"]}, "deletes the profile image", KWAME),
    Destroying(USER, {"profile_image_id": "img_other"}, "loses the present profile image", INGRID),
    Destroying(USER, {"password": "a-long-sandbox-password", "sign_out_of_other_sessions": True},
               "the present password stops working; ends 1 session", INGRID),
    Destroying(USER, {"password_digest": "5f4dcc3b5aa765d61d8327deb882cf99", "password_hasher": "md5"},
               "the present password stops working", KWAME),
    Destroying(USER, {"sign_out_of_other_sessions": True}, "ends 1 session", KWAME),
    Destroying(USER, {"totp_secret": "JBSWY3DPEHPK3PXP"}, "present authenticator app stops working", TOMAS),
    Destroying(USER, {"backup_codes": ["one-more-code"]}, "the present backup codes stop working", TOMAS),
    Destroying(USER, {"public_metadata": {"team": "support"}}, "1 key of public_metadata: title", KWAME),
    Destroying(USER, {"private_metadata": {}}, "deletes 1 key of private_metadata: on_call", KWAME),
    Destroying(USER, {"unsafe_metadata": {"onboarding": {"skipped": True}}},
               "deletes 1 key of unsafe_metadata: onboarding.step",
               {"user_id": user_id(DEMO, "ravi.patel@example.com")}),
    Destroying("Organizations_updateOrganization", {"private_metadata": {"plan": 1}},
               "deletes 1 key of private_metadata: cost_center", FERNHILL),
    Destroying("Organizations_updateOrganization", {"role_set_key": "role_set:other"},
               "only have the roles of the other role set", FERNHILL),
    Destroying("Users_setProfileImage", {"file": IMAGE}, "loses the present image", INGRID),
    Destroying("Organizations_updateOrganizationLogo",
               {"file": IMAGE, "uploader_user_id": TOMAS["user_id"]}, "loses the present logo", FERNHILL),
    Destroying("EmailAddresses_updateAddress", {"verified": False}, "no longer counts as verified", EMAIL),
    Destroying("PhoneNumbers_updateDetails", {"reserved_for_second_factor": False},
               "no longer a second factor", PHONE),
    Destroying("PhoneNumbers_updateDetails", {"verified": False}, "no longer counts as verified", PHONE),
    Destroying("AllowlistBlocklist_addIdentifier", {"identifier": "*@fernhill.example"},
               "from signing in; lets nobody of that domain sign up"),
    Destroying("AllowlistBlocklist_addIdentifier", {"identifier": "helen@mossbrook.example"},
               "keeps 1 user of today from signing in"),
    Destroying(SAML, {"idp_sso_url": "https://other.example/sso"}, "changes the identity", MOSSBROOK),
    Destroying(SAML, {"clear": ["idp_metadata_url", "idp_certificate"]}, "idp_certificate", MOSSBROOK),
    Destroying(SAML, {"domain": "other.example"}, "whoever signs in from its present domain", MOSSBROOK),
    Destroying(SAML, {"active": False}, "its users can no longer sign in through it", MOSSBROOK),
    Destroying(SAML, {"attribute_mapping": {"user_id": "mail"}}, "whose account a sign-in is taken for",
               MOSSBROOK),
    Destroying(SAML, {"organization_id": FERNHILL["organization_id"]}, "its present organization loses it",
               MOSSBROOK),
    Destroying(SAML, {"allow_subdomains": False}, "users of its subdomains", MOSSBROOK),
    Destroying(SAML, {"allow_idp_initiated": False}, "at the identity provider", MOSSBROOK),
    Destroying("OAuthApplications_updateApplication", {"callback_url": "https://elsewhere.example/cb"},
               "sign-ins that return to its present callback URL fail"),
    Destroying("OAuthApplications_updateApplication", {"redirect_uris": ["https://another.example/cb"]},
               "a URL that is left out"),
    Destroying("OAuthApplications_updateApplication", {"scopes": "openid"}, "refused the scopes"),
    Destroying("OAuthApplications_updateApplication", {"pkce_required": True}, "send no proof key"),
    Destroying("OAuthApplications_updateApplication", {"public": True}, "secret no longer counts"),
    Destroying(SAML, {"idp_certificates": ["MIIDother"]}, "changes the identity", MOSSBROOK),
    Destroying(SAML, {"consent_verified_domains_deletion": True}, "deletes organizations' verified domains",
               MOSSBROOK),
    Destroying(SAML, {"domains": ["third.example"]}, "from a domain that is left out", MOSSBROOK),
    Destroying(SAML, {"disable_additional_identifications": True}, "no other way to sign in", MOSSBROOK),
    Destroying("InstanceSettings_updateRestrictions", {"allowlist_blocklist_disabled_on_sign_in": False},
               "also count for signing in"),
    Destroying(JWT, {"claims": {"a": 1}}, "deletes 1 key of claims: https://hasura.io/jwt/claims", HASURA),
    Destroying(JWT, {"name": "hasura-2"}, "whoever asks for its tokens by the present name fails", HASURA),
    Destroying(JWT, {"custom_signing_key": True, "signing_algorithm": "HS256", "signing_key": "k" * 40},
               "the present signing key is lost", HASURA),
    Destroying(TEMPLATE, {"name": "Code", "body": "{{otp_code}}!"}, "loses the present text"),
    Destroying(TEMPLATE, {"name": "Code", "subject": "Another"}, "loses the present subject",
               {"template_type": "email"}),
    Destroying(TEMPLATE, {"name": "Code", "markup": "<re-title/>"}, "loses the present markup",
               {"template_type": "email"}),
    Destroying(TEMPLATE, {"delivered_by_clerk": False}, "Clerk stops sending it"),
    Destroying("EmailSmsTemplates_toggleDeliveryByTypeAndSlug", {}, "Clerk stops sending it"),
    Destroying("EmailSmsTemplates_toggleDeliveryByTypeAndSlug", {"delivered_by_clerk": False},
               "Clerk stops sending it", {"slug": "invitation"}),
    Destroying("Domains_updateDomain", {"name": "elsewhere.example"},
               "domain “fernhill.example”", PRIMARY),
    Destroying("Domains_updateDomain", {"proxy_url": "https://elsewhere.example/__clerk"},
               "a wrong proxy stops every sign-in", PRIMARY, live_only=True),
    Destroying(INSTANCE, {"clear": ["support_email"]}, "empties support_email"),
    Destroying(INSTANCE, {"allowed_origins": []}, "replaces all allowed origins"),
    Destroying("Signups_updateSignUpById", {"clear": ["external_id"]}, "empties external_id"),
    Destroying("InstanceSettings_updateRestrictions", {"blocklist": True}, "blocklist from signing in"),
    Destroying("InstanceSettings_updateRestrictions", {"allowlist": True}, "of the allowlist sign up"),
    Destroying(BETA, {"session_token_template": "hasura"}, "session tokens lose their present claims"),
    Destroying(BETA, {"clear": ["from_email_address"]}, "empties from_email_address"),
    Destroying(BETA, {"restricted_to_allowlist": True}, "of the allowlist sign up"),
    Destroying("ReplaceUserMetadata", {"public_metadata": {"team": "support"}},
               "1 key of public_metadata: title", KWAME),
    Destroying("UploadOAuthApplicationLogo", {"file": IMAGE}, "loses the present logo"),
    Destroying("UpdateInstanceProtect", {"rules_enabled": True}, "begin to keep people out"),
    Destroying("UpdateInstanceCommunication", {"blocked_country_codes": ["DE"]}, "replaces the whole list"),
    Destroying(OAUTH, {"dynamic_oauth_client_registration": False}, "no longer register themselves"),
    Destroying(OAUTH, {"clear": ["default_scopes"]}, "Clerk's default scopes"),
    Destroying(OAUTH, {"default_scopes": []}, "Clerk's default scopes"),
    Destroying(OAUTH, {"oauth_jwt_access_tokens": True}, "in another form"),
    Destroying(OAUTH, {"client_id_metadata_documents_only_allow_pre_registered_clients": True},
               "unknown clients are refused"),
    Destroying(OAUTH, {"client_id_metadata_documents_block_implicitly_allowed_clients": True},
               "clients that connected by themselves are refused"),
    Destroying("updateApiKey", {"claims": {"plan": "pro"}}, "claims: tier"),
    Destroying("updateApiKey", {"scopes": []}, "loses the scopes that are not given"),
    Destroying("updateApiKey", {"subject": ""}, "no longer acts for its present subject"),
    Destroying("updateApiKey", {"seconds_until_expiration": 60}, "refused once that time is over"),
    Destroying(ORGANIZATIONS, {"domains_enabled": False}, "email domains no longer let anybody"),
    Destroying(ORGANIZATIONS, {"domains_enrollment_modes": ["manual_invitation"]},
               "email domains lose the ways to enrol that are not given"),
    Destroying(ORGANIZATIONS, {"enabled": False}, "switches 4 organizations off"),
    Destroying("UpdateOrganizationRole", {"key": "org:bookkeeper"}, "checks for its present key fail"),
    Destroying("UpdateOrganizationRole", {"permissions": []},
               "whoever has it loses the permissions that are not given"),
    Destroying("UpdateRoleSet", {"key": "role_set:resellers"}, "names it by its present key fails"),
    Destroying("UpdateOrganizationPermission", {"key": "org:invoices:see"},
               "checks for its present key fail"),
    Destroying("UpdateOrganizationDomain", {"verified": False},
               "its email domain no longer lets anybody enrol"),
    Destroying("UpdateOrganizationDomain", {"enrollment_mode": "manual_invitation"},
               "no longer get in by themselves", INVITED),
    Destroying("ReplaceOrganizationMetadata", {"private_metadata": {"plan": 1}},
               "deletes 1 key of private_metadata: cost_center", FERNHILL),
    Destroying("UpdateEnterpriseConnection", {"domains": ["other.example"]},
               "whoever signs in from a domain that is not given no longer can"),
    Destroying("UpdateEnterpriseConnection", {"active": False}, "off, nobody signs in through it"),
    Destroying("UpdateEnterpriseConnection", {"disable_additional_identifications": True},
               "add no other way to sign in"),
    Destroying("UpdateEnterpriseConnection", {"organization_id": FERNHILL["organization_id"]},
               "its present organization loses it"),
    Destroying("UpdateEnterpriseConnection", {"saml": {"idp_sso_url": "https://other.example/sso"}},
               "changes how its identity provider is known"),
    Destroying("UpdateEnterpriseConnection", {"oidc": {"client_id": "other"}},
               "changes how its OIDC provider is known",
               {"enterprise_connection_id": id_of(DEMO.table("enterprise_connections"), active=False)}),
    Destroying("UpdateEnterpriseConnection", {"custom_attributes": []},
               "loses the custom attributes that are not given"),
    Destroying("UpdateDirectory", {"enabled": False}, "can no longer provision users"),
    Destroying("UpdateDirectory", {"provider": "okta"}, "may no longer provision users"),
    Destroying("UpdateDirectory", {"group_role_mapping_enabled": False}, "groups no longer give roles"),
    Destroying("UpdateSCIMDirectory", {"enabled": False}, "can no longer provision users"),
    Destroying("UpdateSCIMDirectory", {"provider": "okta"}, "may no longer provision users"),
    Destroying("UpdateSCIMDirectory", {"group_role_mapping_enabled": False}, "groups no longer give roles"),
]  # fmt: skip
"""Every argument that can destroy, at least once."""

KEEPS_ALL: list[tuple[str, dict[str, Any]]] = [
    (USER, {**KWAME, "public_metadata": {"title": "Support lead", "team": "support", "desk": "B2"}}),
    (USER, {**KWAME, "public_metadata": {"title": "Head of support", "team": "support"}}),
    (USER, {"user_id": user_id(DEMO, "aisha.karim@example.com"), "password": "a-long-sandbox-password"}),
    (USER, {"user_id": user_id(DEMO, "aisha.karim@example.com"), "clear": ["external_id"]}),
    (USER, {"user_id": user_id(DEMO, "ravi.patel@example.com"), "public_metadata": {}}),
    ("Users_mergeUserMetadataAttributes", {**KWAME, "public_metadata": {"title": None}}),
    (SAML, {"saml_connection_id": id_of(DEMO.saml_connections, active=False), "active": False}),
    (JWT, {**HASURA, "name": "hasura", "lifetime": 90}),
    ("AllowlistBlocklist_addIdentifier", {"identifier": "nobody-here@example.com"}),
    ("EmailSmsTemplates_toggleDeliveryByTypeAndSlug",
     {"template_type": "email", "slug": "verification_code", "delivered_by_clerk": True}),
    ("Users_setProfileImage", {"user_id": user_id(DEMO, "aisha.karim@example.com"), "file": IMAGE}),
]  # fmt: skip
"""Twins of the calls above that lose nothing there."""

DESTROY_BY_EXAMPLE = {
    "UploadOAuthApplicationLogo",
    "AllowlistBlocklist_addIdentifier",
    "Domains_updateDomain",
    "EmailSmsTemplates_toggleDeliveryByTypeAndSlug",
    "EmailSmsTemplates_updateTemplateByTypeAndSlug",
    "InstanceSettings_updateRestrictions",
    "Organizations_updateOrganizationLogo",
    "UpdateInstanceCommunication",
}
"""Updates whose example calls destroy."""
