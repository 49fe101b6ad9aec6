"""Sign-ups under way."""

from clerk_tools.views._trim import JsonObject, full_name, trim


def sign_up_attempt(raw: JsonObject) -> JsonObject:
    """Tell who is signing up, what is still missing or unverified, and what came of it."""
    view = trim(raw, ("id", "status")) | full_name(raw)
    return view | trim(
        raw,
        (
            "email_address",
            "phone_number",
            "web3_wallet",
            "username",
            "external_id",
            "created_user_id",
            "created_session_id",
        ),
        flags=("custom_action",),
        objects=("public_metadata", "unsafe_metadata"),
        lists=("missing_fields", "unverified_fields"),
        times=("abandon_at",),
    )
