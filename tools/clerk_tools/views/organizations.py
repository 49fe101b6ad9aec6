"""Organizations."""

from clerk_tools.views._trim import JsonObject, trim


def organization(raw: JsonObject) -> JsonObject:
    """An organization, how full it is, who made it, and its public metadata."""
    return trim(
        raw,
        (
            "id",
            "name",
            "slug",
            "members_count",
            "pending_invitations_count",
            "max_allowed_memberships",
            "admin_delete_enabled",
            "created_by",
        ),
        objects=("public_metadata",),
        times=("created_at",),
    )
