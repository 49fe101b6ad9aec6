"""One valid call of every operation, as an agent would make it on the demo company.

Made one after another, in this order, on a fresh sandbox, all of them succeed: what takes away takes from
somebody whom nothing later needs, or comes last.
"""

from __future__ import annotations

from typing import Any

from clerk_sandbox.demo_data import BACKUP_CODES, PASSWORD
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.state import Instance, Table

Calls = dict[str, dict[str, Any]]

ISSUED_TOKEN = "the jwt that Sessions_createSessionTokenFromTemplate answered"
"""Stands for a value that only an earlier answer can tell: `filled_in` puts it in."""

# A whole PNG of one pixel, in base64.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def valid_calls() -> Calls:
    """Flat arguments by operationId. The ids are those of every sandbox with the default seed."""
    demo = Sandbox().instance
    return (
        users(demo)
        | identifications(demo)
        | sessions(demo)
        | organizations(demo)
        | access(demo)
        | sign_in_for_others(demo)
        | templates(demo)
        | instance_configuration(demo)
    )


def filled_in(arguments: dict[str, Any], issued_token: str) -> dict[str, Any]:
    """The arguments with the token that was issued meanwhile."""
    return {name: issued_token if value == ISSUED_TOKEN else value for name, value in arguments.items()}


def id_of(table: Table, **fields: Any) -> str:
    """The id of the newest record with these values."""
    return next(
        str(record["id"]) for record in table if all(record[key] == value for key, value in fields.items())
    )


def user_id(demo: Instance, email_address: str) -> str:
    user = demo.user_by("email_address", email_address)
    assert user is not None
    return str(user["id"])


def users(demo: Instance) -> Calls:
    nadia = user_id(demo, "nadia.brandt@fernhill.example")
    tomas = user_id(demo, "tomas.rivera@fernhill.example")
    ingrid = user_id(demo, "ingrid.solberg@fernhill.example")
    dmitri = user_id(demo, "dmitri.volkov@example.net")
    greta = user_id(demo, "greta.lindqvist@example.org")
    hassan = user_id(demo, "hassan.elamin@example.com")
    carlos = user_id(demo, "carlos.mendoza@example.com")
    ravi = user_id(demo, "ravi.patel@example.com")
    return {
        "Users_listSortedByCreationDate": {"query": "fernhill", "order_by": "-last_active_at", "limit": 5},
        "Users_getTotalCount": {"query": "mossbrook"},
        "Users_createNewUser": {
            "first_name": "Elif",
            "last_name": "Demir",
            "email_address": ["elif+clerk_test@example.com"],
            "password": "a-long-sandbox-password",
            "public_metadata": {"plan": "trial"},
        },
        "Users_getUserDetails": {"user_id": nadia},
        "Users_updateUserAttributes": {"user_id": carlos, "first_name": "Carlos Andrés"},
        "Users_mergeUserMetadataAttributes": {
            "user_id": ravi,
            "unsafe_metadata": {"onboarding": {"step": 3, "skipped": None}},
        },
        "Users_setProfileImage": {"user_id": carlos, "file": PNG},
        "Users_deleteProfileImage": {"user_id": carlos},
        "Users_getOAuthAccessToken": {"user_id": ingrid, "provider": "oauth_google"},
        "Users_getOrganizationMemberships": {"user_id": nadia},
        "Users_verifyPassword": {"user_id": nadia, "password": PASSWORD},
        "Users_verifyTotp": {"user_id": tomas, "code": BACKUP_CODES[0]},
        "Users_disableMfa": {"user_id": tomas},
        "Users_removeBanFromUser": {"user_id": dmitri},
        "Users_markBanned": {"user_id": dmitri},
        "Users_removeLock": {"user_id": greta},
        "Users_lockUser": {"user_id": greta},
        "Users_deleteUserById": {"user_id": hassan},
    }


def identifications(demo: Instance) -> Calls:
    chloe = demo.users[user_id(demo, "chloe+clerk_test@example.com")]
    aisha = demo.users[user_id(demo, "aisha.karim@example.com")]
    unverified = next(email["id"] for email in chloe["email_addresses"] if not email["verification"])
    chloes_phone, aishas_phone = chloe["phone_numbers"][0]["id"], aisha["phone_numbers"][0]["id"]
    return {
        "EmailAddresses_createNewAddress": {
            "user_id": aisha["id"],
            "email_address": "aisha+clerk_test@example.org",
            "verified": True,
        },
        "EmailAddresses_getDetails": {"email_address_id": unverified},
        "EmailAddresses_updateAddress": {"email_address_id": unverified, "verified": True},
        "EmailAddresses_deleteById": {"email_address_id": unverified},
        "PhoneNumbers_createNewPhoneNumber": {
            "user_id": chloe["id"],
            "phone_number": "+12015550177",
            "verified": True,
        },
        "PhoneNumbers_getDetails": {"phone_number_id": chloes_phone},
        "PhoneNumbers_updateDetails": {"phone_number_id": chloes_phone, "reserved_for_second_factor": True},
        "PhoneNumbers_deletePhoneNumberById": {"phone_number_id": aishas_phone},
    }


def sessions(demo: Instance) -> Calls:
    nadia = user_id(demo, "nadia.brandt@fernhill.example")
    session = demo.sessions[id_of(demo.sessions, user_id=nadia, status="active")]
    return {
        "Sessions_listSortedByCreationDate": {"user_id": nadia, "status": "active"},
        "Sessions_getDetails": {"session_id": session["id"]},
        "Sessions_createSessionTokenFromTemplate": {
            "session_id": session["id"],
            "template_name": "greenhouse-api",
        },
        "Sessions_verifySession": {"session_id": session["id"], "token": ISSUED_TOKEN},
        "Clients_listSortedByCreationDate": {"limit": 5},
        "Clients_verifyClientToken": {"token": ISSUED_TOKEN},
        "Clients_getDetails": {"client_id": session["client_id"]},
        "Sessions_revokeSession": {"session_id": session["id"]},
    }


def organizations(demo: Instance) -> Calls:
    nadia = user_id(demo, "nadia.brandt@fernhill.example")
    mei = user_id(demo, "mei.tanaka@fernhill.example")
    oliver = user_id(demo, "oliver.hartley@fernhill.example")
    aisha = user_id(demo, "aisha.karim@example.com")
    fernhill = id_of(demo.organizations, name="Fernhill")
    thistle = id_of(demo.organizations, name="Thistle Studio")
    invitation = id_of(demo.organization_invitations, organization_id=fernhill, status="pending")
    return {
        "Organizations_listSortedByCreationDate": {
            "include_members_count": True,
            "order_by": "-members_count",
        },
        "Organizations_createNewOrganization": {"name": "Lavender Lane", "created_by": aisha},
        "Organizations_getByIdOrSlug": {"organization_id": "alder-vale"},
        "Organizations_updateOrganization": {"organization_id": fernhill, "name": "Fernhill Ltd"},
        "Organizations_mergeOrganizationMetadata": {
            "organization_id": fernhill,
            "public_metadata": {"founded": 2019, "plan": None},
        },
        "Organizations_updateOrganizationLogo": {
            "organization_id": fernhill,
            "uploader_user_id": nadia,
            "file": PNG,
        },
        "Organizations_removeLogo": {"organization_id": fernhill},
        "OrganizationMemberships_getAllMembers": {"organization_id": fernhill, "order_by": "+first_name"},
        "OrganizationMemberships_addUserToOrganization": {
            "organization_id": fernhill,
            "user_id": aisha,
            "role": "org:member",
        },
        "OrganizationMemberships_updateMembershipProperties": {
            "organization_id": fernhill,
            "user_id": mei,
            "role": "org:admin",
        },
        "OrganizationMemberships_updateMembershipMetadata": {
            "organization_id": fernhill,
            "user_id": mei,
            "public_metadata": {"desk": "B2"},
        },
        "OrganizationMemberships_removeUserFromOrganization": {
            "organization_id": fernhill,
            "user_id": oliver,
        },
        "OrganizationInvitations_createAndSend": {
            "organization_id": fernhill,
            "email_address": "designer+clerk_test@fernhill.example",
            "inviter_user_id": nadia,
            "role": "org:member",
        },
        "OrganizationInvitations_bulkCreateAndSend": {
            "organization_id": fernhill,
            "invitations": [
                {
                    "email_address": f"seasonal{number}+clerk_test@fernhill.example",
                    "inviter_user_id": nadia,
                    "role": "org:member",
                }
                for number in (1, 2)
            ],
        },
        "OrganizationInvitations_list": {"organization_id": fernhill, "status": "revoked"},
        "OrganizationInvitations_listPending": {"organization_id": fernhill, "limit": 2},
        "OrganizationInvitations_getById": {"organization_id": fernhill, "invitation_id": invitation},
        "OrganizationInvitations_revokeInvitation": {
            "organization_id": fernhill,
            "invitation_id": invitation,
            "requesting_user_id": nadia,
        },
        "Organizations_deleteOrganization": {"organization_id": thistle},
    }


def access(demo: Instance) -> Calls:
    """Who may come in: invitations, the two lists, connections of customers."""
    saml = id_of(demo.saml_connections, active=True)
    saml_in_preparation = id_of(demo.saml_connections, active=False)
    return {
        "Invitations_createNewInvitation": {"email_address": "florist+clerk_test@example.com"},
        "Invitations_listAllNonRevoked": {"status": "pending"},
        "Invitations_revokeInvitation": {"invitation_id": id_of(demo.invitations, status="pending")},
        "AllowlistBlocklist_listAllowedIdentifiers": {},
        "AllowlistBlocklist_addIdentifierToAllowList": {
            "identifier": "partner+clerk_test@example.com",
            "notify": True,
        },
        "AllowlistBlocklist_deleteIdentifier": {
            "identifier_id": id_of(demo.allowlist_identifiers, identifier="consultant@rowan.example")
        },
        "AllowlistBlocklist_listBlockedIdentifiers": {},
        "AllowlistBlocklist_addIdentifier": {"identifier": "*@spam.example"},
        "AllowlistBlocklist_deleteIdentifierFromBlocklist": {
            "identifier_id": id_of(demo.blocklist_identifiers, identifier="spammer@example.org")
        },
        "SamlConnectionsBeta_getList": {},
        "SamlConnectionsBeta_createNewConnection": {
            "name": "Rowan & Reed",
            "domain": "rowan.example",
            "provider": "saml_google",
        },
        "SamlConnectionsBeta_getById": {"saml_connection_id": saml},
        "SamlConnectionsBeta_updateConnectionById": {
            "saml_connection_id": saml_in_preparation,
            "idp_entity_id": "https://sts.windows.net/aldervale/",
            "idp_sso_url": "https://login.microsoftonline.com/aldervale/saml2",
            "idp_certificate": "MIIDaldervaleCertificate",
            "active": True,
        },
        "SamlConnectionsBeta_deleteConnectionById": {"saml_connection_id": saml},
    }


def sign_in_for_others(demo: Instance) -> Calls:
    helen = user_id(demo, "helen@mossbrook.example")
    kwame = user_id(demo, "kwame.asante@fernhill.example")
    return {
        "SigninTokens_createToken": {"user_id": helen, "expires_in_seconds": 600},
        "SigninTokens_revokeToken": {"sign_in_token_id": id_of(demo.sign_in_tokens, status="pending")},
        "ActorTokens_createToken": {"user_id": helen, "actor": {"sub": kwame}},
        "ActorTokens_revokeToken": {"actor_token_id": id_of(demo.actor_tokens, status="pending")},
        "Signups_updateSignUpById": {"id": id_of(demo.sign_ups), "external_id": "lead-77"},
    }


def templates(demo: Instance) -> Calls:
    hasura = id_of(demo.jwt_templates, name="hasura")
    return {
        "JwtTemplates_listAllTemplates": {},
        "JwtTemplates_createTemplate": {"name": "weather", "claims": {"aud": "weather", "region": "eu"}},
        "JwtTemplates_getTemplateDetails": {"template_id": hasura},
        "JwtTemplates_updateTemplateById": {"template_id": hasura, "lifetime": 120},
        "JwtTemplates_deleteTemplateById": {"template_id": hasura},
        "EmailSmsTemplates_listSortedByPosition": {"template_type": "sms"},
        "EmailSmsTemplates_getTemplateDetails": {"template_type": "email", "slug": "verification_code"},
        "EmailSmsTemplates_previewTemplate": {
            "template_type": "email",
            "slug": "verification_code",
            "subject": "{{otp_code}} opens {{app.name}}",
        },
        "EmailSmsTemplates_updateTemplateByTypeAndSlug": {
            "template_type": "sms",
            "slug": "verification_code",
            "name": "Verification code",
            "body": "Fernhill: {{otp_code}}",
        },
        "EmailSmsTemplates_revertTemplate": {"template_type": "email", "slug": "invitation"},
        "EmailSmsTemplates_toggleDeliveryByTypeAndSlug": {
            "template_type": "email",
            "slug": "password_changed",
            "delivered_by_clerk": False,
        },
    }


def instance_configuration(demo: Instance) -> Calls:
    application = id_of(demo.oauth_applications, public=False)
    redirect_url = id_of(demo.redirect_urls)
    satellite = id_of(demo.domains, is_satellite=True)
    primary = id_of(demo.domains, is_satellite=False)
    return {
        "OAuthApplications_listSortedByDescendingCreationDate": {},
        "OAuthApplications_createNewApplication": {
            "name": "Fernhill Labels",
            "callback_url": "https://labels.fernhill.example/callback",
        },
        "OAuthApplications_getById": {"oauth_application_id": application},
        "OAuthApplications_updateApplication": {"oauth_application_id": application, "name": "Reports"},
        "OAuthApplications_rotateSecret": {"oauth_application_id": application},
        "OAuthApplications_deleteById": {"oauth_application_id": application},
        "RedirectUrLs_listAll": {},
        "RedirectUrLs_createNewUrl": {"url": "fernhill-labels://oauth-callback"},
        "RedirectUrLs_getById": {"id": redirect_url},
        "RedirectUrLs_removeById": {"id": redirect_url},
        "Domains_getAllDomains": {},
        "Domains_addSatelliteDomain": {"name": "fernhill-shop.example", "is_satellite": True},
        "Domains_updateDomain": {"domain_id": satellite, "name": "fernhill-help.example"},
        "Domains_deleteSatelliteDomain": {"domain_id": satellite},
        "ProxyChecks_verifyProxyConfiguration": {
            "domain_id": primary,
            "proxy_url": "https://app.fernhill.example/__clerk",
        },
        "InstanceSettings_updateInstanceSettings": {"support_email": "help@fernhill.example", "hibp": False},
        "InstanceSettings_updateRestrictions": {"blocklist": True},
        "InstanceSettings_updateOrganizationSettings": {"enabled": True, "max_allowed_memberships": 25},
        "BetaFeatures_updateInstanceSettings": {"from_email_address": "hello", "progressive_sign_up": True},
        "Webhooks_generateSvixDashboardUrl": {},
        "Webhooks_deleteSvixApp": {},
        "Webhooks_createSvixApp": {},
        "Jwks_getJsonWebKeySet": {},
        "Miscellaneous_getInterstitialMarkup": {"frontendApi": "clerk.fernhill.example"},
        # Signs everybody out, so nothing may come after these two.
        "BetaFeatures_updateInstanceDomain": {"home_url": "https://www.fernhill-garden.example"},
        "BetaFeatures_updateProductionInstanceDomain": {"home_url": "https://www.fernhill-plan.example"},
    }
