"""Settings of the instance as a whole."""

from clerk_tools.views._trim import JsonObject, trim


def instance_restrictions(raw: JsonObject) -> JsonObject:
    """Tell which sign-ups are refused."""
    return trim(
        raw,
        (
            "allowlist",
            "blocklist",
            "allowlist_blocklist_disabled_on_sign_in",
            "block_email_subaddresses",
            "block_disposable_email_domains",
        ),
    )


def organization_settings(raw: JsonObject) -> JsonObject:
    """Tell whether there are organizations, and what they may do."""
    return trim(
        raw,
        (
            "enabled",
            "max_allowed_memberships",
            "max_allowed_roles",
            "max_allowed_domains",
            "creator_role",
            "admin_delete_enabled",
            "domains_enabled",
            "domains_default_role",
        ),
        lists=("domains_enrollment_modes",),
    )
