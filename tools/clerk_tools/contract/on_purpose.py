"""Where our declarations say otherwise than Clerk's documents, and why; for `drift` and the tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from clerk_tools.contract.facts import Difference

_DROPPED: Final = "Clerk no longer requires it, as today's description of the same version says"
_LATER: Final = "a value that today's description of the same version has too"
_ONLY_WHEN_PAGINATED: Final = (
    "the default counts only where `paginated` asks for pages; without it the list is whole"
)
_ALWAYS_COUNTED: Final = "left out: with and without it the answer is pages with a count"
_ENTRY_LENGTH: Final = (
    "declarations have no words for the length of an array's entry; Clerk refuses an empty one"
)
_NEEDED_BY_NOW: Final = (
    "Clerk's first description lets it be left out; who leaves it out is told by Clerk what is missing"
)
_GONE_LATER: Final = "gone from later versions; ours is sent with 2021-02-05, which takes it"
_STILL_TAKEN: Final = f"{_GONE_LATER}, if not as a null"
_NULL_IS_LEFT_OUT: Final = "a null reads as left out here, and means the same to Clerk"
_OLDER_COMMERCE: Final = "the path that billing had in this version; ours has the present one"
_TOLD_BY_CLERK: Final = "a bound that Clerk's first description does not have; Clerk names it in its refusal"

_YOUNGER_BODY: Final = "its body is younger than the first document"

_ONLY: Final = {
    _DROPPED: {"required", "null"},
    _NEEDED_BY_NOW: {"required"},
    _LATER: {"values"},
    _GONE_LATER: {""},
    _STILL_TAKEN: {"", "null"},
    _YOUNGER_BODY: {"body"},
    _NULL_IS_LEFT_OUT: {"null"},
}
"""What a reason is good for, where it is not for everything about an argument."""

_PAGE_INSIDE: Final = "a page like any other, whose array has a name of its own in the document"
_OLDER_PATH: Final = "the older path of directories, which our declaration says of it"

ON_PURPOSE: Final[dict[tuple[str, str], str]] = (
    {
        ("ListDirectories", ""): _PAGE_INSIDE,
        ("ListDirectoryGroupRoleMappings", ""): _PAGE_INSIDE,
        ("ReplaceDirectoryGroupRoleMappings", ""): _PAGE_INSIDE,
        ("ListSCIMDirectories", ""): f"{_OLDER_PATH}; {_PAGE_INSIDE}",
        ("CreateSCIMDirectory", ""): _OLDER_PATH,
        ("GetSCIMDirectory", ""): _OLDER_PATH,
        ("UpdateSCIMDirectory", ""): _OLDER_PATH,
        ("DeleteSCIMDirectory", ""): _OLDER_PATH,
        ("RotateSCIMDirectoryAPIKey", ""): _OLDER_PATH,
        ("ListSCIMGroupRoleMappings", ""): f"{_OLDER_PATH}; {_PAGE_INSIDE}",
        ("CreateSCIMGroupRoleMapping", ""): _OLDER_PATH,
        ("ReplaceSCIMGroupRoleMappings", ""): f"{_OLDER_PATH}; {_PAGE_INSIDE}",
        ("DeleteSCIMGroupRoleMapping", ""): _OLDER_PATH,
        ("Users_listSortedByCreationDate", "last_active_at_since"): "today's description deprecates it",
        ("createAdminPortalLinkToken", "scopes[]"): _ENTRY_LENGTH,
        ("CreateOrganizationDomain", "name"): "there is no domain without a name",
        ("CreateBulkInvitations", "invitations"): "required here: without them there is nobody to invite",
        ("Organizations_createNewOrganization", "created_by"): _DROPPED,
        ("Organizations_updateOrganizationLogo", "uploader_user_id"): _DROPPED,
        ("SamlConnectionsBeta_createNewConnection", "domain"): _DROPPED,
        ("OrganizationInvitations_createAndSend", "inviter_user_id"): _DROPPED,
        ("OrganizationInvitations_revokeInvitation", "requesting_user_id"): _DROPPED,
        ("OrganizationInvitations_bulkCreateAndSend", "invitations[].inviter_user_id"): _DROPPED,
        ("Sessions_createSessionTokenFromTemplate", ""): _YOUNGER_BODY,
        ("Users_createNewUser", "password_hasher"): _LATER,
        ("Users_updateUserAttributes", "password_hasher"): _LATER,
        ("OrganizationInvitations_list", "status"): _LATER,
        ("Invitations_listAllNonRevoked", "status"): _LATER,
        ("EmailSmsTemplates_toggleDeliveryByTypeAndSlug", "delivered_by_clerk"): (
            "Clerk's first description lets it be null, and a null reads as left out"
        ),
        ("Sessions_verifySession", ""): _GONE_LATER,
        ("GetCommercePlanList", ""): _OLDER_COMMERCE,
        ("GetCommerceSubscriptionItemList", ""): _OLDER_COMMERCE,
        ("CancelCommerceSubscriptionItem", ""): _OLDER_COMMERCE,
        ("InstanceSettings_updateInstanceSettings", "enhanced_email_deliverability"): _STILL_TAKEN,
        ("BetaFeatures_updateInstanceSettings", "session_token_template"): _STILL_TAKEN,
        ("BetaFeatures_updateInstanceSettings", "enhanced_email_deliverability"): _STILL_TAKEN,
        ("Users_updateUserAttributes", "public_metadata"): _STILL_TAKEN,
        ("Users_updateUserAttributes", "private_metadata"): _STILL_TAKEN,
        ("Users_updateUserAttributes", "unsafe_metadata"): _STILL_TAKEN,
        ("Organizations_updateOrganization", "public_metadata"): _STILL_TAKEN,
        ("Organizations_updateOrganization", "private_metadata"): _STILL_TAKEN,
        ("Organizations_createNewOrganization", "max_allowed_memberships"): _TOLD_BY_CLERK,
        ("Organizations_updateOrganization", "max_allowed_memberships"): _TOLD_BY_CLERK,
        ("OrganizationInvitations_bulkCreateAndSend", "invitations"): _TOLD_BY_CLERK,
        ("SigninTokens_createToken", "expires_in_seconds"): _TOLD_BY_CLERK,
        ("OAuthApplications_createNewApplication", "callback_url"): f"{_DROPPED}; {_TOLD_BY_CLERK}",
        ("OAuthApplications_createNewApplication", "scopes"): _TOLD_BY_CLERK,
        ("OAuthApplications_updateApplication", "callback_url"): _TOLD_BY_CLERK,
        ("OAuthApplications_updateApplication", "scopes"): _TOLD_BY_CLERK,
    }
    | {
        (operation, argument): _ONLY_WHEN_PAGINATED
        for operation in (
            "Users_getOAuthAccessToken",
            "AllowlistBlocklist_listAllowedIdentifiers",
            "JwtTemplates_listAllTemplates",
            "EmailSmsTemplates_listSortedByPosition",
            "RedirectUrLs_listAll",
        )
        for argument in ("limit", "offset")
    }
    | {
        (operation, argument): _NEEDED_BY_NOW
        for operation, arguments in {
            "EmailAddresses_createNewAddress": ("user_id", "email_address"),
            "PhoneNumbers_createNewPhoneNumber": ("user_id", "phone_number"),
            "Clients_verifyClientToken": ("token",),
            "SigninTokens_createToken": ("user_id",),
            "JwtTemplates_createTemplate": ("name", "claims"),
            "JwtTemplates_updateTemplateById": ("name", "claims"),
            "RedirectUrLs_createNewUrl": ("url",),
        }.items()
        for argument in arguments
    }
    | {
        (operation, argument): _NULL_IS_LEFT_OUT
        for operation, arguments in {
            "Users_createNewUser": (
                *("password_digest", "skip_password_checks", "skip_password_requirement", "totp_secret"),
                "created_at",
            ),
            "Users_updateUserAttributes": (
                *("primary_email_address_id", "notify_primary_email_address_changed"),
                *("primary_phone_number_id", "primary_web3_wallet_id", "totp_secret", "created_at"),
            ),
            "Organizations_createNewOrganization": ("private_metadata", "public_metadata", "slug"),
            "OrganizationInvitations_createAndSend": ("private_metadata", "public_metadata", "redirect_url"),
            "OrganizationInvitations_bulkCreateAndSend": (
                *("invitations[].private_metadata", "invitations[].public_metadata"),
                "invitations[].redirect_url",
            ),
            "Signups_updateSignUpById": ("custom_action",),
            "OAuthApplications_createNewApplication": ("public",),
            "OAuthApplications_updateApplication": ("name",),
            "Domains_addSatelliteDomain": ("proxy_url",),
            "InstanceSettings_updateInstanceSettings": ("cookieless_dev", "url_based_session_syncing"),
            "InstanceSettings_updateOrganizationSettings": ("creator_role_id", "domains_default_role_id"),
        }.items()
        for argument in arguments
    }
    | {
        (operation, "paginated"): _ALWAYS_COUNTED
        for operation in (
            "GetCommercePlanList",
            "GetBillingPriceList",
            "GetCommerceSubscriptionItemList",
            "GetBillingStatementList",
            "GetBillingStatementPaymentAttempts",
        )
    }
)
"""The reason, by operation and argument."""


_DEPRECATED_SINCE: Final = "today's description of the same version deprecates it"
_YOUNGER: Final = "younger than the document"


def reason_for(one: Difference, version: str) -> str | None:
    """Return why a difference from a document of an API version is meant; None where nothing says so.

    The version is empty for the first document, beside which all that Clerk has added since is younger.
    """
    reason = ON_PURPOSE.get((one.operation, one.argument))
    if reason in _ONLY and one.aspect not in _ONLY[reason]:
        reason = None
    if not version and one.text.endswith("catalogue says deprecated"):
        reason = _DEPRECATED_SINCE
    if not version and one.argument and one.text.startswith("only in the catalogue ("):
        reason = _YOUNGER
    return reason


@dataclass(frozen=True, slots=True)
class Drift:
    """What a document says otherwise than the catalogue, by what is to be done about it."""

    wrong: list[Difference]
    """The catalogue offers what the document does not take."""
    lacking: list[Difference]
    """The document takes what the catalogue does not offer."""
    on_purpose: list[tuple[Difference, str]]
    """With the reason."""


def sorted_out(found: Iterable[Difference], version: str) -> Drift:
    """Sort differences from a document of an API version, which is empty for the first document."""
    drift = Drift([], [], [])
    for one in found:
        if reason := reason_for(one, version):
            drift.on_purpose.append((one, reason))
        else:
            (drift.lacking if one.lacking else drift.wrong).append(one)
    return drift
