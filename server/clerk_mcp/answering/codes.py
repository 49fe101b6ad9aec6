"""The next step by Clerk's error code alone, for the codes that mean the same to every operation."""

from __future__ import annotations

from typing import Final

from clerk_tools.resources.domains import ListDomains
from clerk_tools.resources.email_addresses import CreateEmailAddress
from clerk_tools.resources.instance_settings import UpdateOrganizationSettings
from clerk_tools.resources.organization_invitations import (
    GetOrganizationInvitation,
    ListOrganizationInvitations,
    RevokeOrganizationInvitation,
)
from clerk_tools.resources.organization_memberships import UpdateMember
from clerk_tools.resources.organizations import UpdateOrganization
from clerk_tools.resources.phone_numbers import CreatePhoneNumber
from clerk_tools.resources.users import ListUsers
from clerk_tools.resources.webhooks import CreateSvixApp, CreateSvixDashboardUrl

_BAD_KEY: Final = (
    "Nothing you can change: the operator must give this server a valid secret key,"
    " or the caller a valid one of their own."
)
_NOT_PENDING: Final = (
    "Nothing to do: only a pending token can be revoked; this one is used, expired or revoked."
)

HINTS: Final[dict[str, str]] = {
    "actor_token_cannot_be_revoked_code": _NOT_PENDING,
    "already_a_member_in_organization": (
        f"Nothing to do: the user is a member. To change the role use {UpdateMember.spec.id}."
    ),
    "api_version_invalid": "Nothing you can change: the operator must update this server.",
    "authentication_invalid": _BAD_KEY,
    "authorization_header_format_invalid": _BAD_KEY,
    "authorization_invalid": (
        "The key, or the user named in the call, lacks the right to do this; the message may say which right."
    ),
    "bulk_size_exceeded": "Send at most 10 entries in one call.",
    "clerk_key_invalid": _BAD_KEY,
    "conflict": "Something changed at the same time: read the object again, then decide.",
    "feature_not_enabled": "The feature is off for this instance; it is switched on in Clerk's dashboard.",
    "form_data_missing": "Give at least one of the optional arguments.",
    "form_param_exceeds_allowed_size": "Shorten the value; each metadata object holds at most 8 KB.",
    "form_param_format_invalid": (
        "Correct the value's format: emails as a@b.c, phones as +15551234567, times as 2025-01-31T09:00:00Z."
    ),
    "form_param_missing": "Give the named argument as well.",
    "form_param_unknown": "Call again without the named argument.",
    "form_param_value_invalid": "Use a value that the message or the argument's description allows.",
    "form_password_length_too_short": "Use at least 8 characters.",
    "form_password_pwned": "The password is in a list of stolen ones: use another.",
    "identification_deletion_failed": (
        f"It is the user's last identification: first add another one with {CreateEmailAddress.spec.id} "
        f"or {CreatePhoneNumber.spec.id}."
    ),
    "image_too_large": "Use an image of at most 10 MB.",
    "incorrect_password": "This is not the user's password. Do not guess on: attempts may lock the user.",
    "invitation_already_accepted": "Nothing to do: the invitation was accepted and cannot be revoked.",
    "invitation_already_revoked": "Nothing to do: the invitation is revoked.",
    "jwt_template_reserved_claim": (
        "Remove the claims that Clerk sets itself, such as sub, iss, exp, iat, azp and sid, from `claims`."
    ),
    "no_password_set": "The user signs in without a password: there is none to compare with.",
    "operation_not_allowed_on_primary_domain": (
        f"Only satellite domains allow this: {ListDomains.spec.id} shows which those are."
    ),
    "organization_creator_not_found": (
        f"`created_by` must be the id of a user: find it with {ListUsers.spec.id}."
    ),
    "organization_invitation_not_pending": (
        f"It was accepted or revoked already: {GetOrganizationInvitation.spec.id} shows which."
    ),
    "organization_invitation_not_unique": (
        f"The address has a pending invitation: {ListOrganizationInvitations.spec.id} shows it."
    ),
    "organization_membership_quota_exceeded": (
        "The organization is full, pending invitations counted: revoke one with "
        f"{RevokeOrganizationInvitation.spec.id}, or raise max_allowed_memberships with "
        f"{UpdateOrganization.spec.id}."
    ),
    "organization_minimum_permissions_needed": (
        f"An admin must remain: make another member one with {UpdateMember.spec.id} first."
    ),
    "organization_not_enabled_in_instance": (
        f"Organizations are off: {UpdateOrganizationSettings.spec.id} with `enabled` true switches them on."
    ),
    "organization_role_assigned_to_members": (
        f"Members have the role: first give each another one with {UpdateMember.spec.id}, or all at once "
        "by replacing the role in its role set."
    ),
    "organization_role_exists_in_invitations": (
        "Invitations are pending for the role: wait until they are accepted, or revoke them with "
        f"{RevokeOrganizationInvitation.spec.id}."
    ),
    "request_body_invalid": "Check the arguments' types against the tool's schema.",
    "resource_locked": "Somebody else is changing it: wait a few seconds, then try again.",
    "saml_connection_cant_be_activated": (
        "Give idp_entity_id, idp_sso_url and idp_certificate, or the metadata of the identity provider, "
        "before or together with `active`."
    ),
    "sign_in_token_cannot_be_revoked_code": _NOT_PENDING,
    "svix_app_exists": (
        f"Nothing to do: webhooks are set up. {CreateSvixDashboardUrl.spec.id} gives the dashboard."
    ),
    "svix_app_missing": f"Set webhooks up first, with {CreateSvixApp.spec.id}.",
    "template_revert_error": "Nothing to do: the template is Clerk's default already.",
    "too_many_requests": (
        "Nothing was changed: wait for retry_after seconds (10 where it is missing), then try again."
    ),
    "totp_disabled": "The user has no authenticator app: there is no code to check.",
    "totp_incorrect_code": "The code is wrong or expired: ask the user for a new one.",
    "unsupported_content_type": "Use a jpeg, png, gif or webp image.",
    "unsupported_subscription_plan_features": (
        "The plan of this Clerk instance lacks the feature: somebody must upgrade it in Clerk's dashboard."
    ),
}
