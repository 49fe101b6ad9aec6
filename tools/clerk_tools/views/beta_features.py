"""The instance's settings that Clerk calls beta."""

from clerk_tools.views._trim import JsonObject, trim


def instance_settings(raw: JsonObject) -> JsonObject:
    """Tell who may sign up and how mail is sent."""
    return trim(
        raw,
        (
            "id",
            "restricted_to_allowlist",
            "from_email_address",
            "progressive_sign_up",
            "session_token_template",
            "enhanced_email_deliverability",
            "test_mode",
        ),
    )
