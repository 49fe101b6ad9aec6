"""What an instance may use: its plan, its dashboard and its settings decide.

The settings `unsupported_features` (by the plan) and `disabled_features` (in the dashboard) are empty unless
a snapshot or a test fills them, because no operation does.
"""

from __future__ import annotations

from clerk_sandbox import errors
from clerk_sandbox.state import Instance


def require_in_plan(instance: Instance, feature: str) -> None:
    """Refuse what the subscription plan leaves out.

    Raises:
        ClerkError: 402 `unsupported_subscription_plan_features`.
    """
    if feature in instance.settings["unsupported_features"]:
        raise errors.unsupported_subscription_plan_features(feature)


def require_enabled(instance: Instance, feature: str) -> None:
    """Refuse what is switched off in the dashboard.

    Raises:
        ClerkError: 403 `feature_not_enabled`.
    """
    if feature in instance.settings["disabled_features"]:
        raise errors.feature_not_enabled(feature)


OF_ORGANIZATIONS = ("organization_domains", "organization_permissions", "organization_roles", "role_sets")
"""Resources that nothing can be done with while organizations are off; others decide by themselves."""


def require_organizations(instance: Instance) -> None:
    """Refuse while organizations are switched off.

    Raises:
        ClerkError: 403 `organization_not_enabled_in_instance`.
    """
    if not instance.settings["organizations_enabled"]:
        raise errors.organization_not_enabled_in_instance()
