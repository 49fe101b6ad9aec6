"""Clerk's errors, one constructor for each code, named for what happened.

Every function returns a `ClerkError` to be raised. Codes and statuses are Clerk's; the sentences are ours.
"""

from collections.abc import Iterable
from typing import Any


class ClerkError(Exception):
    """An error answer: HTTP status, Clerk's code, and what its envelope says about it."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        long_message: str,
        *,
        param: str | None = None,
        meta: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {long_message}")
        self.status = status
        self.code = code
        self.message = message
        self.long_message = long_message
        self.meta = ({"param_name": param} if param is not None else {}) | (meta or {})
        self.headers = headers or {}

    def envelope(self, trace_id: str) -> dict[str, Any]:
        """Return the JSON body; the trace id stands at the top level, as the live service has it."""
        error = {
            "message": self.message,
            "long_message": self.long_message,
            "code": self.code,
            "meta": self.meta,
        }
        return {"errors": [error], "clerk_trace_id": trace_id}


# The request as such


def authorization_header_format_invalid() -> ClerkError:
    return ClerkError(
        401,
        "authorization_header_format_invalid",
        "Authorization header missing or malformed",
        "Send the secret key as 'Authorization: Bearer sk_…'.",
    )


def clerk_key_invalid() -> ClerkError:
    return ClerkError(
        401, "clerk_key_invalid", "Unknown secret key", "The secret key does not belong to this instance."
    )


def authentication_invalid(why: str) -> ClerkError:
    return ClerkError(401, "authentication_invalid", "Not authenticated", why)


def authorization_invalid(why: str) -> ClerkError:
    return ClerkError(403, "authorization_invalid", "Not allowed", why)


def api_version_invalid(version: str) -> ClerkError:
    return ClerkError(
        400, "api_version_invalid", "Unknown API version", f"{version!r} is not a version of this API."
    )


def route_not_found(method: str, path: str) -> ClerkError:
    return ClerkError(404, "resource_not_found", "not found", f"There is nothing at {method} {path}.")


def unsupported_content_type(got: str, wanted: str) -> ClerkError:
    return ClerkError(
        415,
        "unsupported_content_type",
        "Content type not supported",
        f"The body came as {got or 'no content type'}; this operation takes {wanted}.",
    )


def request_body_invalid(why: str) -> ClerkError:
    return ClerkError(400, "request_body_invalid", "Request body invalid", why)


def operation_deprecated(why: str) -> ClerkError:
    return ClerkError(410, "operation_deprecated", "Operation deprecated", why)


# Parameters


def form_param_unknown(name: str) -> ClerkError:
    return ClerkError(
        422,
        "form_param_unknown",
        "is unknown",
        f"{name} is not a valid parameter for this request.",
        param=name,
    )


def form_param_missing(name: str) -> ClerkError:
    return ClerkError(422, "form_param_missing", "is missing", f"{name} must be given.", param=name)


def form_data_missing(names: Iterable[str]) -> ClerkError:
    listed = list(names)
    return ClerkError(
        422,
        "form_data_missing",
        "is missing data",
        f"At least one of these must be given: {', '.join(listed)}.",
        meta={"param_names": listed},
    )


def form_param_format_invalid(name: str, expected: str = "in the right format") -> ClerkError:
    """`expected` completes "must be …"."""
    return ClerkError(
        422, "form_param_format_invalid", "is invalid", f"{name} must be {expected}.", param=name
    )


def form_param_value_invalid(name: str, allowed: str | Iterable[str]) -> ClerkError:
    """`allowed` is the list of allowed values, or a sentence part that completes "must be …"."""
    wanted = allowed if isinstance(allowed, str) else "one of " + ", ".join(allowed)
    return ClerkError(
        422, "form_param_value_invalid", "has an invalid value", f"{name} must be {wanted}.", param=name
    )


def form_resource_not_found(name: str, value: str) -> ClerkError:
    return ClerkError(
        422,
        "form_resource_not_found",
        "not found",
        f"{name} names {value!r}, which does not exist.",
        param=name,
    )


def too_large(name: str, limit: str) -> ClerkError:
    return ClerkError(
        422,
        "form_param_exceeds_allowed_size",
        "is too large",
        f"{name} must not be larger than {limit}.",
        param=name,
    )


def identifier_exists(name: str) -> ClerkError:
    return ClerkError(
        422,
        "form_identifier_exists",
        "is taken",
        f"That {name} belongs to somebody else already.",
        param=name,
    )


def duplicate_record(name: str) -> ClerkError:
    return ClerkError(
        400, "duplicate_record", "already exists", f"There is already a record with this {name}.", param=name
    )


def bulk_size_exceeded(limit: int) -> ClerkError:
    return ClerkError(
        400, "bulk_size_exceeded", "Too many at once", f"At most {limit} entries fit into one request."
    )


def image_too_large(limit_mb: int) -> ClerkError:
    return ClerkError(413, "image_too_large", "Image too large", f"An image may have at most {limit_mb} MB.")


def image_type_not_supported() -> ClerkError:
    return ClerkError(
        400, "request_body_invalid", "Unsupported image type", "The file is no jpeg, png, gif or webp image."
    )


def image_missing() -> ClerkError:
    return ClerkError(400, "form_param_missing", "Image missing", "The body has no file.", param="file")


# Resources


def not_found(kind: str, identifier: str) -> ClerkError:
    """`kind` is Clerk's name of the resource in words ("user", "email address")."""
    return ClerkError(
        404, "resource_not_found", "not found", f"No {kind} was found with id {identifier}.", meta={}
    )


def conflict(why: str = "Another request changed the same resource meanwhile.") -> ClerkError:
    return ClerkError(409, "conflict", "Conflict", why)


def resource_locked() -> ClerkError:
    return ClerkError(409, "resource_locked", "Resource locked", "Another request is changing this resource.")


def unsupported_subscription_plan_features(feature: str) -> ClerkError:
    return ClerkError(
        402,
        "unsupported_subscription_plan_features",
        "Plan does not include this",
        f"The instance's subscription plan does not include {feature}.",
        meta={"unsupported_features": [feature]},
    )


def feature_not_enabled(feature: str) -> ClerkError:
    return ClerkError(
        403, "feature_not_enabled", "Feature not enabled", f"{feature} is switched off in this instance."
    )


# Users and their identifications


def form_password_length_too_short(minimum: int) -> ClerkError:
    return ClerkError(
        422,
        "form_password_length_too_short",
        "Password too short",
        f"A password has at least {minimum} characters.",
        param="password",
    )


def form_password_pwned() -> ClerkError:
    return ClerkError(
        422,
        "form_password_pwned",
        "Password found in a breach",
        "This password is on lists of leaked passwords; choose another one.",
        param="password",
    )


def no_password_set() -> ClerkError:
    return ClerkError(400, "no_password_set", "No password set", "This user has no password to compare with.")


def incorrect_password() -> ClerkError:
    return ClerkError(
        422, "incorrect_password", "Incorrect password", "The password does not match.", param="password"
    )


def totp_disabled() -> ClerkError:
    return ClerkError(400, "totp_disabled", "TOTP disabled", "This user has neither TOTP nor backup codes.")


def totp_incorrect_code() -> ClerkError:
    return ClerkError(
        422, "totp_incorrect_code", "Incorrect code", "The code is neither the current one nor a backup code."
    )


def identification_deletion_failed() -> ClerkError:
    return ClerkError(
        400,
        "identification_deletion_failed",
        "Identification not deleted",
        "It is the only identification this user has left.",
    )


def verification_already_verified() -> ClerkError:
    return ClerkError(
        400,
        "verification_already_verified",
        "Already verified",
        "The code of this verification has been accepted before.",
    )


# Invitations and tokens


def invitation_already_accepted() -> ClerkError:
    return ClerkError(
        400, "invitation_already_accepted", "Already accepted", "An accepted invitation cannot be revoked."
    )


def invitation_already_revoked() -> ClerkError:
    return ClerkError(
        400, "invitation_already_revoked", "Already revoked", "This invitation is revoked already."
    )


def sign_in_token_cannot_be_revoked(status: str) -> ClerkError:
    return ClerkError(
        400,
        "sign_in_token_cannot_be_revoked_code",
        "Cannot be revoked",
        f"Only a pending sign-in token can be revoked; this one is {status}.",
    )


def actor_token_cannot_be_revoked(status: str) -> ClerkError:
    return ClerkError(
        400,
        "actor_token_cannot_be_revoked_code",
        "Cannot be revoked",
        f"Only a pending actor token can be revoked; this one is {status}.",
    )


# Organizations


def organization_not_enabled_in_instance() -> ClerkError:
    return ClerkError(
        403,
        "organization_not_enabled_in_instance",
        "Organizations switched off",
        "Organizations are not enabled in this instance.",
    )


def organization_creator_not_found(user_id: str) -> ClerkError:
    return ClerkError(
        400,
        "organization_creator_not_found",
        "Creator not found",
        f"created_by names {user_id!r}, who is no user of this instance.",
        param="created_by",
    )


def organization_minimum_permissions_needed() -> ClerkError:
    return ClerkError(
        400,
        "organization_minimum_permissions_needed",
        "An admin has to remain",
        "An organization keeps at least one member who may manage it.",
    )


def organization_missing_creator_role_permissions(role: str) -> ClerkError:
    return ClerkError(
        422,
        "organization_missing_creator_role_permissions",
        "Role allows too little",
        f"Who creates an organization has to be able to manage it, and {role} does not allow that.",
        param="creator_role_id",
    )


def organization_role_not_found(name: str) -> ClerkError:
    """`name` is the parameter that should have named a role."""
    return ClerkError(404, "resource_not_found", "not found", "This instance has no such role.", param=name)


def organization_role_in_use(code: str, why: str) -> ClerkError:
    return ClerkError(422, code, "Role in use", f"The role cannot be deleted: {why}.")


def organization_membership_quota_exceeded(limit: int) -> ClerkError:
    return ClerkError(
        403,
        "organization_membership_quota_exceeded",
        "Organization full",
        f"Members and pending invitations together may not exceed {limit}.",
    )


def already_a_member_in_organization(who: str) -> ClerkError:
    return ClerkError(
        400,
        "already_a_member_in_organization",
        "Already a member",
        f"{who} is a member of this organization already.",
    )


def organization_invitation_not_unique(email_address: str) -> ClerkError:
    return ClerkError(
        400,
        "organization_invitation_not_unique",
        "Already invited",
        f"{email_address} has a pending invitation to this organization.",
        param="email_address",
    )


def organization_invitation_not_pending(status: str) -> ClerkError:
    return ClerkError(
        404,
        "organization_invitation_not_pending",
        "Not pending",
        f"Only a pending invitation can be revoked; this one is {status}.",
    )


# Configuration


def operation_not_allowed_on_primary_domain() -> ClerkError:
    return ClerkError(
        403,
        "operation_not_allowed_on_primary_domain",
        "Primary domain",
        "The primary domain of an instance cannot be deleted.",
    )


def domain_update_forbidden() -> ClerkError:
    return ClerkError(
        400,
        "domain_update_forbidden",
        "Production only",
        "Only domains of production instances have proxies.",
    )


def form_invalid_origin(name: str) -> ClerkError:
    return ClerkError(
        422,
        "form_invalid_origin",
        "is invalid",
        f"{name} takes origins that are no web pages, such as chrome-extension://… or capacitor://localhost.",
        param=name,
    )


def svix_app_exists() -> ClerkError:
    return ClerkError(400, "svix_app_exists", "Svix app exists", "This instance has a Svix app already.")


def svix_app_missing() -> ClerkError:
    return ClerkError(400, "svix_app_missing", "Svix app missing", "This instance has no Svix app.")


def jwt_template_reserved_claim(claim: str) -> ClerkError:
    return ClerkError(
        400,
        "jwt_template_reserved_claim",
        "Reserved claim",
        f"Clerk sets the claim {claim} itself; a template cannot.",
        param="claims",
    )


def session_token_jwt_template() -> ClerkError:
    return ClerkError(
        403,
        "session_token_jwt_template",
        "In use",
        "The instance's session tokens are made from this template.",
    )


def required_variable_missing(variable: str) -> ClerkError:
    return ClerkError(
        422,
        "required_variable_missing",
        "Variable missing",
        f"The body has to use {{{{{variable}}}}}.",
        param="body",
    )


def template_revert_error() -> ClerkError:
    return ClerkError(
        400, "template_revert_error", "Cannot be reverted", "This template has its default content already."
    )


def saml_connection_cant_be_activated(missing: Iterable[str]) -> ClerkError:
    return ClerkError(
        422,
        "saml_connection_cant_be_activated",
        "Cannot be activated",
        f"The identity provider's settings are incomplete: {', '.join(missing)}.",
        param="active",
    )


def saml_failed_to_parse_idp_metadata() -> ClerkError:
    return ClerkError(
        422,
        "saml_failed_to_parse_idp_metadata",
        "Metadata unreadable",
        "idp_metadata is not the XML of an identity provider's metadata.",
        param="idp_metadata",
    )


def saml_metadata_missing_fields(missing: Iterable[str]) -> ClerkError:
    return ClerkError(
        422,
        "saml_metadata_missing_fields",
        "Metadata incomplete",
        f"The identity provider's metadata lacks {', '.join(missing)}.",
        param="idp_metadata",
    )


# The service


def too_many_requests(retry_after_s: int) -> ClerkError:
    return ClerkError(
        429,
        "too_many_requests",
        "Too many requests",
        f"Try again in {retry_after_s} s.",
        headers={"Retry-After": str(retry_after_s)},
    )


def internal_clerk_error() -> ClerkError:
    return ClerkError(500, "internal_clerk_error", "Internal error", "Something failed on Clerk's side.")


def service_unavailable() -> ClerkError:
    return ClerkError(503, "service_unavailable", "Unavailable", "The service cannot answer at the moment.")


def gateway_timeout() -> ClerkError:
    return ClerkError(504, "gateway_timeout", "Gateway timeout", "The service did not answer in time.")
