"""Templates of the emails and text messages that Clerk sends."""

from clerk_tools.views._trim import JsonObject, trim

_SUMMARY = (
    "id",
    "slug",
    "name",
    "subject",
    "from_email_name",
    "reply_to_email_name",
    "delivered_by_clerk",
    "enabled",
)


def template(raw: JsonObject) -> JsonObject:
    """Return a template without its text, which is larger than everything else together; see
    `template_details`.

    Its type is left out: every operation that answers templates is given it.
    """
    return trim(raw, _SUMMARY, flags=("can_revert", "can_delete", "flagged_as_suspicious"))


def template_details(raw: JsonObject) -> JsonObject:
    """Return a template with its text, as the editor has it and as it is sent, and the variables for it."""
    return template(raw) | trim(raw, ("markup", "body"), lists=("available_variables", "required_variables"))


def template_preview(raw: JsonObject) -> JsonObject:
    """Return a message as it would arrive."""
    return trim(raw, ("subject", "from_email_name", "from_email_address", "reply_to_email_name", "body"))
