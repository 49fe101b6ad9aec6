"""Settings of the whole instance."""

from __future__ import annotations

from clerk_tools.argument import Body, arg
from clerk_tools.ids import RoleId
from clerk_tools.operation import Operation
from clerk_tools.spec import Example


class UpdateInstanceSettings(
    Operation,
    id="InstanceSettings_updateInstanceSettings",
    patch="/instance",
    words="test mode, breached passwords, leaked passwords, allowed origins, instance settings",
    example=Example({"support_email": "help@fernhill.example", "hibp": False}),
):
    """Change general settings of the instance; only what is given changes."""

    test_mode: Body[bool | None] = arg("Test emails and phones, with a known code", optional=True)
    hibp: Body[bool | None] = arg("Refuse passwords known from breaches", optional=True)
    enhanced_email_deliverability: Body[bool | None] = arg(
        "Send codes from Clerk's own domain", optional=True
    )
    support_email: Body[str | None] = arg(optional=True)
    clerk_js_version: Body[str | None] = arg(optional=True)
    development_origin: Body[str | None] = arg(optional=True)
    allowed_origins: Body[list[str]] = arg("For extensions, Electron, Capacitor", optional=True)
    cookieless_dev: Body[bool] = arg(optional=True, deprecated=True)
    url_based_session_syncing: Body[bool] = arg("Development without third-party cookies", optional=True)


class UpdateRestrictions(
    Operation,
    id="InstanceSettings_updateRestrictions",
    patch="/instance/restrictions",
    returns="instance_restrictions",
    words="enable the allowlist, only the allowlist may sign up, disposable emails, sign-up "
    "restrictions, close sign-ups, plus addresses, forbid addresses",
    example=Example({"blocklist": True}),
):
    """Switch the sign-up restrictions. `allowlist` with an empty list locks every new user out."""

    allowlist: Body[bool | None] = arg("Only listed identifiers may sign up", optional=True)
    blocklist: Body[bool | None] = arg("Listed identifiers may not sign up", optional=True)
    block_email_subaddresses: Body[bool | None] = arg("Refuse addresses with + = #", optional=True)
    block_disposable_email_domains: Body[bool | None] = arg(optional=True)


class UpdateOrganizationSettings(
    Operation,
    id="InstanceSettings_updateOrganizationSettings",
    patch="/instance/organization_settings",
    returns="organization_settings",
    words="enable organizations, turn off organizations, organization settings, default member "
    "limit, let admins delete organizations",
    example=Example({"enabled": True, "max_allowed_memberships": 25}),
):
    """Change how organizations work in this instance, or switch them on or off."""

    enabled: Body[bool | None] = arg("Organizations on or off", optional=True)
    max_allowed_memberships: Body[int | None] = arg("With pending invitations; 0: no limit", optional=True)
    admin_delete_enabled: Body[bool | None] = arg("Admins may delete an organization", optional=True)
    domains_enabled: Body[bool | None] = arg("Organizations may claim email domains", optional=True)
    domains_enrollment_modes: Body[list[str]] = arg(
        "manual_invitation, automatic_invitation, automatic_suggestion", optional=True
    )
    creator_role_id: Body[RoleId] = arg("Role of whoever creates an organization", optional=True)
    domains_default_role_id: Body[RoleId] = arg("Role of who joins through a domain", optional=True)
