"""The next step that works, for each of Clerk's error codes.

An agent acts on what it reads: a hint names the tool that finds the id, the argument to change, how long
to wait, or that a plan or a setting is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from clerk_tools.argument import Place
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Spec

_USERS: Final = "Users_listSortedByCreationDate"

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
        "Nothing to do: the user is a member. To change the role use "
        "OrganizationMemberships_updateMembershipProperties."
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
        "It is the user's last identification: first add another one with EmailAddresses_createNewAddress "
        "or PhoneNumbers_createNewPhoneNumber."
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
        "Only satellite domains allow this: Domains_getAllDomains shows which those are."
    ),
    "organization_creator_not_found": f"`created_by` must be the id of a user: find it with {_USERS}.",
    "organization_invitation_not_pending": (
        "It was accepted or revoked already: OrganizationInvitations_getById shows which."
    ),
    "organization_invitation_not_unique": (
        "The address has a pending invitation: OrganizationInvitations_list shows it."
    ),
    "organization_membership_quota_exceeded": (
        "The organization is full, pending invitations counted: revoke one with "
        "OrganizationInvitations_revokeInvitation, or raise max_allowed_memberships with "
        "Organizations_updateOrganization."
    ),
    "organization_minimum_permissions_needed": (
        "An admin must remain: make another member one with "
        "OrganizationMemberships_updateMembershipProperties first."
    ),
    "organization_not_enabled_in_instance": (
        "Organizations are off: InstanceSettings_updateOrganizationSettings with `enabled` true switches "
        "them on."
    ),
    "request_body_invalid": "Check the arguments' types against the tool's schema.",
    "resource_locked": "Somebody else is changing it: wait a few seconds, then try again.",
    "saml_connection_cant_be_activated": (
        "Give idp_entity_id, idp_sso_url and idp_certificate, or the metadata of the identity provider, "
        "before or together with `active`."
    ),
    "sign_in_token_cannot_be_revoked_code": _NOT_PENDING,
    "svix_app_exists": (
        "Nothing to do: webhooks are set up. Webhooks_generateSvixDashboardUrl gives the dashboard."
    ),
    "svix_app_missing": "Set webhooks up first, with Webhooks_createSvixApp.",
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
"""By Clerk's error code, for the codes that mean the same to every operation."""


def hint(code: str, spec: Spec, param: str | None = None) -> str | None:
    """What to do next about an error of `spec`'s operation; None where nothing is known to help.

    Args:
        param: the argument that Clerk names, if it names one.
    """
    by_call = _BY_CALL.get(code)
    return by_call(spec, param) if by_call else HINTS.get(code)


def if_executed(spec: Spec) -> str:
    """How to go on after a write whose outcome is unknown."""
    return f"It may have been executed. {_CHECKS.get(spec.id) or _see(spec)}"


def _see(spec: Spec) -> str:
    reader = reader_of(spec)
    if reader is None:
        return "No tool shows it, but calling again with the same arguments does no harm."
    if spec.method == "DELETE" and operations()[reader].spec.path == spec.path:
        return f"If {reader} answers resource_not_found, it was; see that before calling again."
    aside = " and fields private_metadata" if _takes(spec, "private_metadata") else ""
    return f"See with {reader}{aside} before calling again."


_ANOTHER_DOES_NO_HARM: Final = (
    "Calling again does no harm: it makes another one, and an unused one expires by itself."
)
_REVOKED_BY_NOW: Final = "Call again: if it was, the answer is that the token cannot be revoked."

_CHECKS: Final = {
    "ActorTokens_createToken": _ANOTHER_DOES_NO_HARM,
    "ActorTokens_revokeToken": _REVOKED_BY_NOW,
    "OAuthApplications_rotateSecret": "If it was, nobody knows the new secret: call again to have one.",
    "Sessions_createSessionTokenFromTemplate": _ANOTHER_DOES_NO_HARM,
    "SigninTokens_createToken": _ANOTHER_DOES_NO_HARM,
    "SigninTokens_revokeToken": _REVOKED_BY_NOW,
    "Users_verifyTotp": "A backup code would be used up by it: ask the user for a new code.",
    "Webhooks_createSvixApp": "Call again: if it was, the answer is svix_app_exists.",
    "Webhooks_deleteSvixApp": "Call again: if it was, the answer is svix_app_missing.",
}
"""How to find out about the writes that leave nothing to read."""


@cache
def reader_of(spec: Spec) -> str | None:
    """The operation that shows what a change by `spec` did: the nearest GET above its path, or None."""
    if spec.id in _READERS:
        return _READERS[spec.id]
    above = [s for s in _reading() if _leads_to(s.path, spec.path)]
    return max(above, key=lambda s: s.path.count("/")).id if above else None


_READERS: Final = {
    "BetaFeatures_updateInstanceDomain": "Domains_getAllDomains",
    "BetaFeatures_updateProductionInstanceDomain": "Domains_getAllDomains",
    "EmailAddresses_createNewAddress": "Users_getUserDetails",
    "PhoneNumbers_createNewPhoneNumber": "Users_getUserDetails",
}
"""Where what is changed is read at another path than it is written to."""


def _not_found(spec: Spec, _: str | None) -> str | None:
    if spec.id in _NOT_LISTED:
        return _NOT_LISTED[spec.id]
    finders = _finders(spec)
    return f"Find the right id with {' or '.join(finders)}." if finders else None


_NOT_LISTED: Final = {
    "ActorTokens_revokeToken": (
        "No tool lists actor tokens: the id is in the answer of ActorTokens_createToken."
    ),
    "SigninTokens_revokeToken": (
        "No tool lists sign-in tokens: the id is in the answer of SigninTokens_createToken."
    ),
    "Signups_updateSignUpById": (
        "No tool lists sign-ups: the id comes from the sign-up itself, in the frontend."
    ),
    "Clients_verifyClientToken": "The client of this token is gone: ask for a new token.",
}


@cache
def _finders(spec: Spec) -> tuple[str, ...]:
    """The operations that show the ids which an operation takes, the innermost of its path first."""
    found: list[str] = []
    segments = spec.path.split("/")
    for end in range(len(segments), 0, -1):
        if segments[end - 1].startswith("{"):
            collection = "/".join(segments[: end - 1])
            found += [s.id for s in _reading() if s.is_list and s.path == collection and not s.deprecated]
    # After those of the path: an organization's members come before all users.
    found += [_FINDERS[a.name] for a in spec.arguments if a.required and a.name in _FINDERS]
    if not found:
        found += [_FINDERS[a.name] for a in spec.arguments if a.place is Place.BODY and a.name in _FINDERS]
    return tuple(dict.fromkeys(found))


_FINDERS: Final = {
    "client_id": "Sessions_listSortedByCreationDate",
    "created_by": _USERS,
    "domain_id": "Domains_getAllDomains",
    "email_address_id": _USERS,
    "inviter_user_id": _USERS,
    "organization_id": "Organizations_listSortedByCreationDate",
    "phone_number_id": _USERS,
    "primary_email_address_id": "Users_getUserDetails",
    "primary_phone_number_id": "Users_getUserDetails",
    "primary_web3_wallet_id": "Users_getUserDetails",
    "provider": "Users_getUserDetails",
    "requesting_user_id": _USERS,
    "session_token_template": "JwtTemplates_listAllTemplates",
    "template_name": "JwtTemplates_listAllTemplates",
    "uploader_user_id": _USERS,
    "user_id": _USERS,
}
"""By argument: the operation that shows the ids it takes, where the path does not tell."""


def _named_resource_not_found(_: Spec, param: str | None) -> str:
    finder = _FINDERS.get(param or "")
    if finder is None:
        return "The id in the named argument does not exist: look the right one up."
    return f"The id in `{param}` does not exist: find the right one with {finder}."


def _identifier_exists(spec: Spec, param: str | None) -> str:
    again = " `ignore_existing` true invites nevertheless." if _takes(spec, "ignore_existing") else ""
    filters = {a.name for a in operations()[_USERS].spec.arguments}
    if param in filters:
        return f"Somebody has it: find them with {_USERS} and `{param}`.{again}"
    listing = _listing_of(spec)
    return f"It is taken: {listing} shows by what. Use another." if listing else "It is taken: use another."


def _duplicate(spec: Spec, _: str | None) -> str:
    if _takes(spec, "ignore_existing"):
        return f"It was invited before: {_listing_of(spec)} shows it; `ignore_existing` true invites again."
    listing = _listing_of(spec)
    return f"Nothing to do: it exists already, and {listing} shows it." if listing else "It exists already."


def _deprecated(spec: Spec, _: str | None) -> str:
    instead = _INSTEAD.get(spec.id)
    return "Clerk no longer serves this operation" + (f": use {instead}." if instead else ".")


_INSTEAD: Final = {
    "BetaFeatures_updateProductionInstanceDomain": "BetaFeatures_updateInstanceDomain",
    "Clients_listSortedByCreationDate": "Sessions_listSortedByCreationDate with `user_id`",
    "OrganizationInvitations_listPending": "OrganizationInvitations_list with `status` pending",
    "Sessions_verifySession": "Sessions_getDetails, or check the token with Jwks_getJsonWebKeySet",
}


def _failed(spec: Spec, _: str | None) -> str:
    if spec.effect is Effect.READ:
        return "The fault is Clerk's: wait some seconds, then try again."
    return if_executed(spec)


_BY_CALL: Final[dict[str, Callable[[Spec, str | None], str | None]]] = {
    "duplicate_record": _duplicate,
    "form_identifier_exists": _identifier_exists,
    "form_resource_not_found": _named_resource_not_found,
    "gateway_timeout": _failed,
    "internal_clerk_error": _failed,
    "operation_deprecated": _deprecated,
    "resource_not_found": _not_found,
    "service_unavailable": _failed,
}
"""By Clerk's error code, where the next step depends on the operation or on the argument that Clerk names."""


def _takes(spec: Spec, argument: str) -> bool:
    return any(a.name == argument for a in spec.arguments)


def _listing_of(spec: Spec) -> str | None:
    return next((s.id for s in _reading() if s.is_list and _leads_to(s.path, spec.path)), None)


def _leads_to(path: str, other: str) -> bool:
    return f"{other}/".startswith(f"{path}/")


@cache
def _reading() -> tuple[Spec, ...]:
    return tuple(
        o.spec for o in operations().values() if o.spec.effect is Effect.READ and o.spec.method == "GET"
    )
