"""Raw objects as Clerk's live service answers them: its document's fields, and those it has grown since."""

import random
import string
from collections.abc import Mapping
from typing import Any, Final

from clerk_tools.catalog import operations
from clerk_tools.contract.facts import Shape
from clerk_tools.views import kinds
from tests.contract.make import facts_for, reference_facts

Raw = dict[str, Any]

MARCH_4 = 1_772_600_767_000
"""2026-03-04T05:06:07Z"""

PEM = "MIIDqjCCApKgAwIBAgIGAY" + "2yvCKeMA0GCSqGSIb3DQEBCwUAMIGVMQswCQYDVQQGEwJVUzETMBEGA1UECAwK" * 20


def clerk_id(prefix: str, seed: object = 0) -> str:
    """An id of Clerk's form: the prefix and 27 base-62 characters, the same for the same seed."""
    characters = random.Random(f"{prefix}{seed}").choices(string.ascii_letters + string.digits, k=27)
    return f"{prefix}_{''.join(characters)}"


def _times(created: int = MARCH_4) -> Raw:
    return {"created_at": created, "updated_at": created + 86_400_123}


def _image(seed: object) -> str:
    return (
        f"https://img.clerk.com/{clerk_id('eyJ0eXBlIjoiZGVmYXVsdCIsImlpZCI6Imluc18', seed)}{'yYmFzZTY0' * 8}"
    )


def _verification(strategy: str, status: str = "verified") -> Raw:
    return {
        "object": "verification_otp",
        "status": status,
        "strategy": strategy,
        "attempts": 1,
        "expire_at": MARCH_4 + 600_000,
        "channel": None,
        "verified_at_client": clerk_id("client"),
    }


def email_address(
    address: str = "ada.park@ferrytide.example", status: str = "verified", seed: object = 0
) -> Raw:
    return {
        "id": clerk_id("idn", f"{address}{seed}"),
        "object": "email_address",
        "email_address": address,
        "reserved": False,
        "verification": _verification("email_code", status),
        "linked_to": [{"type": "oauth_google", "id": clerk_id("idn", f"google{address}")}],
        "matches_sso_connection": False,
        **_times(),
    }


def phone_number(number: str = "+12025550142", second_factor: bool = False) -> Raw:
    return {
        "id": clerk_id("idn", number),
        "object": "phone_number",
        "phone_number": number,
        "reserved_for_second_factor": second_factor,
        "default_second_factor": second_factor,
        "reserved": False,
        "verification": _verification("phone_code"),
        "linked_to": [],
        "backup_codes": ["4t9c1m7kq2", "8w3n6b5zx0"] if second_factor else None,
        **_times(),
    }


def external_account(address: str = "ada.park@ferrytide.example") -> Raw:
    return {
        "object": "external_account",
        "id": clerk_id("eac", address),
        "provider": "oauth_google",
        "identification_id": clerk_id("idn", f"google{address}"),
        "provider_user_id": "104729163850274619385",
        "approved_scopes": "email https://www.googleapis.com/auth/userinfo.email openid profile",
        "email_address": address,
        "email_address_verified": True,
        "first_name": "Ada",
        "last_name": "Park",
        "avatar_url": "https://lh3.googleusercontent.com/a/ACg8ocJx",
        "image_url": _image(f"account{address}"),
        "username": None,
        "phone_number": None,
        "public_metadata": {},
        "label": None,
        **_times(),
        "verification": {
            "object": "verification_oauth",
            "status": "verified",
            "strategy": "oauth_google",
            "external_verification_redirect_url": "https://accounts.google.com/o/oauth2/auth?client_id=787459",
            "error": None,
            "attempts": None,
            "expire_at": MARCH_4 + 600_000,
            "verified_at_client": None,
        },
    }


def user(seed: int = 0) -> Raw:
    """One of a page of users: all have an email, some a username, a phone, a Google account, metadata."""
    first = ("Ada", "Bruno", "Chidi", "Dana", "Elif", "Farid", "Greta")[seed % 7]
    last = ("Park", "Castel", "Okafor", "Weiss", "Yilmaz", "Haddad", "Lindqvist", "Moreau")[seed % 8]
    address = f"{first}.{last}{seed or ''}@ferrytide.example".lower()
    email, phone = email_address(address), phone_number(f"+1202555{100 + seed % 100:04}", seed % 9 == 0)
    if seed % 3:
        email["linked_to"] = []
    return {
        "id": clerk_id("user", seed),
        "object": "user",
        "username": f"{first}{seed}".lower() if seed % 4 == 0 else None,
        "first_name": first,
        "last_name": last,
        "locale": "en-US",
        "image_url": _image(seed),
        "has_image": seed % 3 == 0,
        "primary_email_address_id": email["id"],
        "primary_phone_number_id": phone["id"] if seed % 3 == 0 else None,
        "primary_web3_wallet_id": None,
        "password_enabled": True,
        "two_factor_enabled": seed % 9 == 0,
        "totp_enabled": False,
        "backup_code_enabled": seed % 9 == 0,
        "email_addresses": [email],
        "phone_numbers": [phone] if seed % 3 == 0 else [],
        "web3_wallets": [],
        "passkeys": [],
        "external_accounts": [external_account(address)] if seed % 3 == 0 else [],
        "saml_accounts": [],
        "enterprise_accounts": [],
        "password_last_updated_at": MARCH_4,
        "public_metadata": {"plan": "pro", "seats": 5} if seed % 2 == 0 else {},
        "private_metadata": {"crm": {"account": f"A-{1000 + seed}", "owner": "sales-emea"}},
        "unsafe_metadata": {},
        "external_id": f"crm-{1000 + seed}" if seed % 5 == 0 else None,
        "last_sign_in_at": MARCH_4 + 90_000_000,
        "banned": False,
        "locked": False,
        "deprovisioned": False,
        "lockout_expires_in_seconds": None,
        "verification_attempts_remaining": 100,
        **_times(MARCH_4 - seed * 3_600_000),
        "delete_self_enabled": True,
        "create_organization_enabled": True,
        "create_organizations_limit": None,
        "last_active_at": MARCH_4 + 90_000_000,
        "mfa_enabled_at": None,
        "mfa_disabled_at": None,
        "legal_accepted_at": None,
        "bypass_client_trust": False,
        "profile_image_url": _image(seed),
    }


def session(seed: object = 0) -> Raw:
    return {
        "object": "session",
        "id": clerk_id("sess", seed),
        "user_id": clerk_id("user", seed),
        "client_id": clerk_id("client", seed),
        "actor": None,
        "status": "active",
        "last_active_organization_id": clerk_id("org"),
        "last_active_at": MARCH_4,
        "latest_activity": {
            "object": "session_activity",
            "id": clerk_id("sess_activity", seed),
            "device_type": "Macintosh",
            "is_mobile": False,
            "browser_name": "Firefox",
            "browser_version": "148.0",
            "ip_address": "203.0.113.24",
            "city": "Lisbon",
            "country": "PT",
        },
        "expire_at": MARCH_4 + 604_800_000,
        "abandon_at": MARCH_4 + 2_592_000_000,
        **_times(),
    }


def organization() -> Raw:
    return {
        "object": "organization",
        "id": clerk_id("org"),
        "name": "Ferrytide",
        "slug": "ferrytide",
        "image_url": _image("org"),
        "has_image": True,
        "members_count": 12,
        "missing_member_with_elevated_permissions": False,
        "pending_invitations_count": 2,
        "max_allowed_memberships": 50,
        "admin_delete_enabled": True,
        "public_metadata": {"tier": "gold"},
        "private_metadata": {"billing": {"customer": "cus_Ferrytide", "terms": "net30"}},
        "created_by": clerk_id("user"),
        "last_active_at": MARCH_4,
        "role_set_key": "role_set:default",
        "logo_url": _image("org"),
        **_times(),
    }


_ROLES = (
    "profile:manage",
    "profile:delete",
    "memberships:read",
    "memberships:manage",
    "domains:read",
    "domains:manage",
)

ORGANIZATION_MEMBERSHIP: Raw = {
    "object": "organization_membership",
    "id": clerk_id("orgmem"),
    "role": "org:admin",
    "role_name": "Admin",
    "permissions": [f"org:sys_{role}" for role in _ROLES],
    "public_metadata": {},
    "private_metadata": {},
    "organization": organization(),
    "public_user_data": {
        "user_id": clerk_id("user"),
        "first_name": "Ada",
        "last_name": "Park",
        "profile_image_url": _image(0),
        "image_url": _image(0),
        "has_image": True,
        "identifier": "ada.park@ferrytide.example",
        "username": None,
        "banned": False,
        "deprovisioned": False,
    },
    **_times(),
}

_MARKUP = "<re-html><re-body><re-text>Your code is {{otp_code}}</re-text></re-body></re-html>" * 20

TEMPLATE: Raw = {
    "object": "template",
    "id": clerk_id("tmpl"),
    "instance_id": clerk_id("ins"),
    "resource_type": "user",
    "template_type": "email",
    "name": "Verification code",
    "slug": "verification_code",
    "position": 1,
    "can_revert": True,
    "can_delete": False,
    "can_edit_body": True,
    "can_toggle": False,
    "subject": "{{otp_code}} is your verification code",
    "markup": _MARKUP,
    "body": f"<html><table>{_MARKUP}</table></html>",
    "available_variables": ["app.name", "otp_code", "requested_at"],
    "required_variables": ["otp_code"],
    "from_email_name": "noreply",
    "reply_to_email_name": "support",
    "delivered_by_clerk": True,
    "enabled": True,
    "flagged_as_suspicious": False,
    **_times(),
}

RAW: dict[str, Raw] = {
    "actor_token": {
        "object": "actor_token",
        "id": clerk_id("act"),
        "status": "pending",
        "user_id": clerk_id("user"),
        "actor": {"sub": clerk_id("user", 1)},
        "token": "ticket-of-the-actor",
        "url": "https://accounts.ferrytide.example/v1/tickets/accept?ticket=ticket-of-the-actor",
        **_times(),
    },
    "allowlist_identifier": {
        "object": "allowlist_identifier",
        "id": clerk_id("alid"),
        "invitation_id": clerk_id("inv"),
        "identifier": "*@ferrytide.example",
        "identifier_type": "email_address",
        "instance_id": clerk_id("ins"),
        **_times(),
    },
    "clerk_idp_oauth_access_token": {
        "object": "clerk_idp_oauth_access_token",
        "id": clerk_id("oat"),
        "client_id": "client-of-the-harbour-desk",
        "subject": clerk_id("user"),
        "scopes": ["profile", "email"],
        "revoked": False,
        "revocation_reason": None,
        "expired": False,
        "expiration": None,
        **_times(),
    },
    "refreshed_session": {
        "object": "cookies",
        "jwt": "a-short-lived-token",
        "cookies": ["__session=a-short-lived-token"],
    },
    "blocklist_identifier": {
        "object": "blocklist_identifier",
        "id": clerk_id("blid"),
        "identifier": "+12025550199",
        "identifier_type": "phone_number",
        "instance_id": clerk_id("ins"),
        **_times(),
    },
    "client": {
        "object": "client",
        "id": clerk_id("client"),
        "session_ids": [clerk_id("sess"), clerk_id("sess", "ended")],
        "sessions": [session()],
        "sign_in_id": None,
        "sign_up_id": clerk_id("sua"),
        "last_active_session_id": clerk_id("sess"),
        "last_authentication_strategy": "password",
        **_times(),
    },
    "deleted": {"object": "user", "id": clerk_id("user"), "deleted": True},
    "user_reference": {"user_id": clerk_id("user")},
    "domain": {
        "object": "domain",
        "id": clerk_id("dmn"),
        "name": "ferrytide.example",
        "is_satellite": False,
        "frontend_api_url": "https://clerk.ferrytide.example",
        "accounts_portal_url": "https://accounts.ferrytide.example",
        "proxy_url": None,
        "development_origin": "",
        "cname_targets": [
            {"host": "clerk.ferrytide.example", "value": "frontend-api.clerk.services", "required": True},
            {"host": "accounts.ferrytide.example", "value": "accounts.clerk.services", "required": True},
        ],
    },
    "email_address": email_address(),
    "instance_restrictions": {
        "object": "instance_restrictions",
        "allowlist": True,
        "blocklist": False,
        "allowlist_blocklist_disabled_on_sign_in": False,
        "block_email_subaddresses": False,
        "block_disposable_email_domains": True,
    },
    "instance_settings": {
        "object": "instance_settings",
        "id": clerk_id("ins"),
        "restricted_to_allowlist": False,
        "from_email_address": "noreply",
        "progressive_sign_up": True,
        "enhanced_email_deliverability": False,
    },
    "invitation": {
        "object": "invitation",
        "id": clerk_id("inv"),
        "email_address": "noor@ferrytide.example",
        "public_metadata": {"team": "harbour"},
        "revoked": False,
        "status": "pending",
        "url": "https://accounts.ferrytide.example/v1/tickets/accept?ticket=ticket-of-the-invitation",
        "expires_at": MARCH_4 + 2_592_000_000,
        **_times(),
    },
    "jwks": {
        "keys": [
            {
                "use": "sig",
                "kty": "RSA",
                "kid": clerk_id("ins"),
                "alg": "RS256",
                "n": "u1SU1LfVLPHCozMxH2Mo" * 17,
                "e": "AQAB",
                "d": "the-private-exponent",
                "x5c": [PEM],
            }
        ]
    },
    "jwt_template": {
        "object": "jwt_template",
        "id": clerk_id("jtmp"),
        "name": "hasura",
        "claims": {
            "aud": "https://api.ferrytide.example",
            "roles": ["{{org.role}}"],
            "email": "{{user.primary_email_address}}",
        },
        "lifetime": 60,
        "allowed_clock_skew": 5,
        "custom_signing_key": False,
        "signing_algorithm": "RS256",
        **_times(),
    },
    "oauth_access_token": {
        "object": "oauth_access_token",
        "external_account_id": clerk_id("eac"),
        "provider_user_id": "104729163850274619385",
        "token": "token-of-the-provider",
        "token_secret": "secret-of-the-provider",
        "id_token": "the-provider's-own-id-token",
        "expires_at": MARCH_4,
        "provider": "oauth_google",
        "public_metadata": {},
        "label": None,
        "scopes": ["email", "openid"],
    },
    "oauth_application": {
        "object": "oauth_application",
        "id": clerk_id("oa"),
        "instance_id": clerk_id("ins"),
        "name": "Harbour console",
        "client_id": "d9g5k3Q7wYx1ZbTn",
        "client_uri": None,
        "client_image_url": None,
        "client_secret": "secret-of-the-application",
        "dynamically_registered": False,
        "consent_screen_enabled": True,
        "pkce_required": False,
        "public": False,
        "scopes": "profile email",
        "redirect_uris": ["https://console.ferrytide.example/oauth/callback"],
        "callback_url": "https://console.ferrytide.example/oauth/callback",
        "authorize_url": "https://clerk.ferrytide.example/oauth/authorize",
        "token_fetch_url": "https://clerk.ferrytide.example/oauth/token",
        "user_info_url": "https://clerk.ferrytide.example/oauth/userinfo",
        "discovery_url": "https://clerk.ferrytide.example/.well-known/openid-configuration",
        "token_introspection_url": "https://clerk.ferrytide.example/oauth/token_info",
        **_times(),
    },
    "organization": organization(),
    "organization_invitation": {
        "object": "organization_invitation",
        "id": clerk_id("orginv"),
        "email_address": "noor@ferrytide.example",
        "role": "org:member",
        "role_name": "Member",
        "organization_id": clerk_id("org"),
        "inviter_id": clerk_id("user"),
        "public_inviter_data": ORGANIZATION_MEMBERSHIP["public_user_data"],
        "status": "pending",
        "public_metadata": {},
        "private_metadata": {"approved_by": "finance"},
        "url": "https://accounts.ferrytide.example/v1/tickets/accept?ticket=ticket-of-the-invitation",
        "expires_at": MARCH_4 + 2_592_000_000,
        **_times(),
    },
    "organization_membership": ORGANIZATION_MEMBERSHIP,
    "organization_settings": {
        "object": "organization_settings",
        "enabled": True,
        "max_allowed_memberships": 5,
        "max_allowed_roles": 10,
        "max_role_sets_allowed": 1,
        "max_allowed_domains": 10,
        "max_allowed_permissions": 50,
        "creator_role": "org:admin",
        "admin_delete_enabled": True,
        "domains_enabled": True,
        "slug_disabled": False,
        "domains_enrollment_modes": ["manual_invitation"],
        "domains_default_role": "org:member",
        "initial_role_set_key": "role_set:default",
    },
    "phone_number": phone_number(second_factor=True),
    "proxy_check": {
        "object": "proxy_check",
        "id": clerk_id("proxychk"),
        "domain_id": clerk_id("dmn"),
        "last_run_at": MARCH_4,
        "proxy_url": "https://ferrytide.example/__clerk",
        "successful": True,
        **_times(),
    },
    "redirect_url": {
        "object": "redirect_url",
        "id": clerk_id("ru"),
        "url": "ferrytide://callback",
        **_times(),
    },
    "saml_connection": {
        "object": "saml_connection",
        "id": clerk_id("samlc"),
        "name": "Ferrytide Okta",
        "domain": "ferrytide.example",
        "domains": ["ferrytide.example"],
        "idp_entity_id": "http://www.okta.com/exk1fcia6d6EMsf331d8",
        "idp_sso_url": "https://ferrytide.okta.example/app/exk1fcia6d6EMsf331d8/sso/saml",
        "idp_certificate": PEM,
        "idp_certificate_issued_at": MARCH_4 - 86_400_000,
        "idp_certificate_expires_at": MARCH_4,
        "idp_metadata_url": "https://ferrytide.okta.example/app/exk1fcia6d6EMsf331d8/sso/saml/metadata",
        "idp_metadata": f"<md:EntityDescriptor>{PEM}</md:EntityDescriptor>",
        "acs_url": "https://clerk.ferrytide.example/v1/saml/acs/samlc",
        "sp_entity_id": "https://clerk.ferrytide.example/saml/samlc",
        "sp_metadata_url": "https://clerk.ferrytide.example/v1/saml/metadata/samlc.xml",
        "organization_id": None,
        "attribute_mapping": {
            "user_id": "id",
            "email_address": "mail",
            "first_name": "firstName",
            "last_name": "lastName",
        },
        "active": True,
        "provider": "saml_okta",
        "user_count": 9,
        "sync_user_attributes": True,
        "allow_subdomains": False,
        "allow_idp_initiated": False,
        "disable_additional_identifications": False,
        "login_hint": {"mode": "email_address", "source": ""},
        "enterprise_connection_id": None,
        **_times(),
    },
    "session": session(),
    "session_token": {"object": "token", "jwt": "header.claims.signature"},
    "sign_in_token": {
        "object": "sign_in_token",
        "id": clerk_id("sit"),
        "status": "pending",
        "user_id": clerk_id("user"),
        "token": "ticket-of-the-token",
        "url": "https://accounts.ferrytide.example/v1/tickets/accept?ticket=ticket-of-the-token",
        **_times(),
    },
    "sign_up_attempt": {
        "object": "sign_up_attempt",
        "id": clerk_id("sua"),
        "status": "missing_requirements",
        "required_fields": ["email_address", "password"],
        "optional_fields": ["first_name", "last_name", "username"],
        "missing_fields": ["password"],
        "unverified_fields": ["email_address"],
        "verifications": {
            "email_address": {"next_action": "needs_attempt", "supported_strategies": ["email_code"]},
            "phone_number": {"next_action": "", "supported_strategies": []},
            "web3_wallet": {"next_action": "", "supported_strategies": []},
            "external_account": None,
        },
        "username": None,
        "email_address": "noor@ferrytide.example",
        "phone_number": None,
        "web3_wallet": None,
        "password_enabled": False,
        "first_name": "Noor",
        "last_name": None,
        "unsafe_metadata": {"referrer": "newsletter"},
        "public_metadata": {},
        "custom_action": False,
        "external_id": None,
        "created_session_id": None,
        "created_user_id": None,
        "abandon_at": MARCH_4,
        "legal_accepted_at": None,
        "locale": "en-US",
        "external_account": None,
    },
    "svix_url": {"svix_url": "https://app.svix.example/login#key=ticket-of-the-dashboard"},
    "template": TEMPLATE,
    "template_details": TEMPLATE,
    "template_preview": {
        "subject": "424242 is your verification code",
        "from_email_name": "noreply",
        "body": "<html>Your code is 424242</html>",
    },
    "total_count": {"object": "total_count", "total_count": 25},
    "user": user(),
    "verification": {"verified": True, "code_type": "totp"},
}
"""One object of each kind that has a view: those above, and for the others what the document describes."""


def _described(kind: str) -> Raw:
    """An object with every field that the document of the operations that answer it has."""
    spec = next(one.spec for one in operations().values() if one.spec.returns == kind)
    facts = facts_for(spec.id)
    assert facts, f"{kind} is in no document: give it an example above"
    shapes = reference_facts(spec.document).shapes
    success = next(shape for status, shape in facts.responses.items() if status.startswith("2") and shape)
    while success.ref or success.items or "data" in success.properties:
        success = success.items or success.properties.get("data") or shapes[success.ref or ""]
    return {name: _value(name, shape, shapes, 0) for name, shape in success.properties.items()}


def _value(name: str, shape: Shape, shapes: Mapping[str, Shape], depth: int) -> Any:
    while shape.ref:
        shape = shapes[shape.ref]
    if shape.enum:
        return shape.enum[0]
    match shape.type:
        case "array":
            entry = shape.items or Shape(type="string")
            return [_value(name, entry, shapes, depth + 1)] if depth < _DEEPEST else []
        case "object" | "any":
            inner = shape.properties.items() if depth < _DEEPEST else ()
            return {one: _value(one, of, shapes, depth + 1) for one, of in inner}
        case "boolean":
            return True
        case "integer" | "number":
            return MARCH_4 if name.endswith("_at") else 7
    return clerk_id(name) if name.endswith("id") else f"{name} of Ferrytide"


_DEEPEST: Final = 4

RAW |= {kind: _described(kind) for kind in kinds() - RAW.keys()}
