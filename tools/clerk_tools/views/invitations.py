"""Invitations to sign up."""

from clerk_tools.views._trim import JsonObject, trim


def invitation(raw: JsonObject) -> JsonObject:
    """Tell who is invited and how far it got; its link is for the server to mask."""
    return trim(
        raw,
        ("id", "email_address", "status", "url"),
        objects=("public_metadata",),
        times=("created_at", "expires_at") if raw.get("status") == "pending" else ("created_at",),
    )
