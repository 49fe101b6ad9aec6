"""Phone numbers by themselves; a user's stand in the user's view."""

from clerk_tools.views._trim import JsonObject, trim, verification, views_in
from clerk_tools.views.email_addresses import linked_account


def phone_number(raw: JsonObject) -> JsonObject:
    """Return a number, whether it is verified and a second factor; never its backup codes."""
    return (
        trim(raw, ("id", "phone_number"))
        | verification(raw)
        | trim(
            raw,
            (),
            flags=("reserved_for_second_factor", "default_second_factor", "reserved"),
        )
        | views_in(raw, "linked_to", linked_account)
    )
