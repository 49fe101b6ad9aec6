"""Organizations."""

from clerk_tools.views._trim import JsonObject, trim


def organization(raw: JsonObject) -> JsonObject:
    """Return an organization, how full it is, who made it, and its public metadata."""
    view = trim(
        raw,
        (
            "id",
            "name",
            "slug",
            "members_count",
            "pending_invitations_count",
            "max_allowed_memberships",
            "created_by",
        ),
        objects=("public_metadata",),
        times=("created_at",),
    )
    if raw.get("admin_delete_enabled") is False:
        view["admin_delete_enabled"] = False
    return view
