"""The ids that modules declare of which none is listed by default. Written by docs/generate.py."""

from __future__ import annotations

from typing import Final

LATER: Final[dict[str, tuple[str, ...]]] = {
    "billing": (
        "GetCommercePlanList",
        "GetBillingPriceList",
        "CreateBillingPrice",
        "GetCommerceSubscriptionItemList",
        "CancelCommerceSubscriptionItem",
        "ExtendBillingSubscriptionItemFreeTrial",
        "CreateBillingPriceTransition",
        "ApplyBillingSubscriptionItemDiscount",
        "RemoveBillingSubscriptionItemDiscount",
        "GetBillingStatementList",
        "GetBillingStatement",
        "GetBillingStatementPaymentAttempts",
        "GetUserBillingSubscription",
        "GetUserBillingCreditBalance",
        "AdjustUserBillingCreditBalance",
        "GetOrganizationBillingSubscription",
        "GetOrganizationBillingCreditBalance",
        "AdjustOrganizationBillingCreditBalance",
    ),
    "organization_domains": (
        "ListOrganizationDomains",
        "CreateOrganizationDomain",
        "UpdateOrganizationDomain",
        "DeleteOrganizationDomain",
        "VerifyOrganizationDomainOwnership",
        "ListAllOrganizationDomains",
    ),
    "organization_permissions": (
        "ListOrganizationPermissions",
        "CreateOrganizationPermission",
        "GetOrganizationPermission",
        "UpdateOrganizationPermission",
        "DeleteOrganizationPermission",
    ),
    "organization_roles": (
        "ListOrganizationRoles",
        "CreateOrganizationRole",
        "GetOrganizationRole",
        "UpdateOrganizationRole",
        "DeleteOrganizationRole",
        "AssignPermissionToOrganizationRole",
        "RemovePermissionFromOrganizationRole",
    ),
    "role_sets": (
        "ListRoleSets",
        "CreateRoleSet",
        "GetRoleSet",
        "UpdateRoleSet",
        "ReplaceRoleSet",
        "AddRolesToRoleSet",
        "ReplaceRoleInRoleSet",
    ),
}
