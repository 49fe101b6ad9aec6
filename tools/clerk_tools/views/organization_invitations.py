"""Invitations to join an organization."""

from clerk_tools.views._trim import JsonObject, trim


def organization_invitation(raw: JsonObject) -> JsonObject:
    """Tell who is invited where, as what, by whom, and how far it got; its link is for the server to mask."""
    return trim(
        raw,
        ("id", "email_address", "role", "organization_id", "inviter_id", "status", "url"),
        objects=("public_metadata",),
        times=("created_at", "expires_at") if raw.get("status") == "pending" else ("created_at",),
    )
