"""The next step that works, for each of Clerk's error codes.

An agent acts on what it reads: a hint names the tool that finds the id, the argument to change, how long
to wait, or that a plan or a setting is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from clerk_tools.argument import Argument, Place
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Spec
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
"""By Clerk's error code, for the codes that mean the same to every operation."""


def hint(code: str, spec: Spec, param: str | None = None) -> str | None:
    """Return what to do next about an error of `spec`'s operation; None where nothing is known to help.

    Args:
        param: the argument that Clerk names, if it names one.
    """
    by_call = _BY_CALL.get(code)
    return by_call(spec, param) if by_call else HINTS.get(code)


def if_executed(spec: Spec) -> str:
    """Tell how to go on after a write whose outcome is unknown."""
    return f"It may have been executed. {spec.advice.if_executed or _see(spec)}"


def _see(spec: Spec) -> str:
    reader = reader_of(spec)
    if reader is None:
        return "No tool shows it, but calling again with the same arguments does no harm."
    if spec.method == "DELETE" and operations()[reader].spec.path == spec.path:
        return f"If {reader} answers resource_not_found, it was; see that before calling again."
    aside = " and fields private_metadata" if _takes(spec, "private_metadata") else ""
    return f"See with {reader}{aside} before calling again."


@cache
def reader_of(spec: Spec) -> str | None:
    """Return the operation that shows what a change by `spec` did: the nearest GET above its path, or
    None."""
    if spec.reader is not None:
        return spec.reader.spec.id
    known = {argument.name for argument in spec.arguments}
    above = [s for s in _reading() if _leads_to(s.path, spec.path) and _required(s) <= known]
    return max(above, key=lambda s: s.path.count("/")).id if above else None


def _required(spec: Spec) -> set[str]:
    return {argument.name for argument in spec.arguments if argument.required}


def _not_found(spec: Spec, param: str | None) -> str | None:
    if param in ("role", "role_key") and _named(spec.arguments, param):
        (roles,) = (s.id for s in _reading() if s.path == "/organization_roles" and s.is_list)
        return f"A role is given by its key, such as org:admin or org:member; {roles} shows those there are."
    if spec.advice.not_found:
        return spec.advice.not_found
    finders = _finders(spec)
    return f"Find the right id with {' or '.join(finders)}." if finders else None


@cache
def _finders(spec: Spec) -> tuple[str, ...]:
    """Return the operations that show the ids which an operation takes, the innermost of its path first."""
    found: list[str] = []
    segments = spec.path.split("/")
    for end in range(len(segments), 0, -1):
        if segments[end - 1].startswith("{"):
            collection = "/".join(segments[: end - 1])
            found += [
                s.id
                for s in _reading()
                if s.is_list and s.path == collection and (spec.deprecated or not s.deprecated)
            ]
    # After those of the path: an organization's members come before all users.
    found += [_finder(a) for a in spec.arguments if a.required]
    if not any(found):
        found += [_finder(a) for a in spec.arguments if a.place is Place.BODY]
    return tuple(dict.fromkeys(filter(None, found)))


def _finder(argument: Argument) -> str:
    """Return the operation that shows the ids which an argument takes; empty where none does."""
    return argument.kind.found_by if argument.kind else ""


def _named(arguments: tuple[Argument, ...], name: str) -> Argument | None:
    """Return the argument of this name, be it inside another one."""
    for argument in arguments:
        nested = argument.properties or (argument.items.properties if argument.items else ())
        found = argument if argument.name == name else _named(nested, name)
        if found:
            return found
    return None


def _named_resource_not_found(spec: Spec, param: str | None) -> str:
    argument = _named(spec.arguments, param or "")
    finder = _finder(argument) if argument else ""
    if not finder:
        return "The id in the named argument does not exist: look the right one up."
    return f"The id in `{param}` does not exist: find the right one with {finder}."


def _identifier_exists(spec: Spec, param: str | None) -> str:
    again = " `ignore_existing` true invites nevertheless." if _takes(spec, "ignore_existing") else ""
    filters = {a.name for a in ListUsers.spec.arguments}
    if param in filters:
        return f"Somebody has it: find them with {ListUsers.spec.id} and `{param}`.{again}"
    listing = _listing_of(spec)
    return f"It is taken: {listing} shows by what. Use another." if listing else "It is taken: use another."


def _duplicate(spec: Spec, _: str | None) -> str:
    if _takes(spec, "ignore_existing"):
        return f"It was invited before: {_listing_of(spec)} shows it; `ignore_existing` true invites again."
    listing = _listing_of(spec)
    return f"Nothing to do: it exists already, and {listing} shows it." if listing else "It exists already."


def _deprecated(spec: Spec, _: str | None) -> str:
    return "Clerk no longer serves this operation" + (f": use {spec.instead}." if spec.instead else ".")


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
