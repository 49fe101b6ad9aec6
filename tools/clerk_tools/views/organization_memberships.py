"""Memberships: who is in which organization, as what."""

from clerk_tools.views._trim import JsonObject, full_name, trim


def organization_membership(raw: JsonObject) -> JsonObject:
    """Return the role, the member and the organization, these two by what identifies them.

    The permissions follow from the role.
    """
    view = trim(raw, ("id", "role"))
    user = raw.get("public_user_data")
    if isinstance(user, dict):
        member = trim(user, ("user_id",)) | full_name(user) | trim(user, ("identifier",), flags=("banned",))
        if member:
            view["user"] = member
    organization = raw.get("organization")
    if isinstance(organization, dict) and (found := trim(organization, ("id", "name"))):
        view["organization"] = found
    return view | trim(raw, (), objects=("public_metadata",), times=("created_at",))
