"""Email addresses by themselves; a user's stand in the user's view."""

from clerk_tools.views._trim import JsonObject, trim, verification, views_in


def email_address(raw: JsonObject) -> JsonObject:
    """Return an address, whether it is verified, and the accounts that it is linked to."""
    return (
        trim(raw, ("id", "email_address"))
        | verification(raw)
        | trim(raw, (), flags=("reserved",))
        | views_in(raw, "linked_to", linked_account)
    )


def linked_account(raw: JsonObject) -> JsonObject:
    """Return the sign-in that brought an address or number along."""
    return trim(raw, ("type", "id"))
