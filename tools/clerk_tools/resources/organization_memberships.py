"""Memberships: who belongs to an organization, in which role."""

from __future__ import annotations

from typing import Final

from clerk_tools.argument import Body, Id, JsonObject, Path, Query, arg
from clerk_tools.operation import Operation, Paged

SYNONYMS: Final = {
    "member": "membership, seat",
}
"""What people say instead of a term; for the search."""


class AddMember(
    Operation,
    id="OrganizationMemberships_addUserToOrganization",
    post="/organizations/{organization_id}/memberships",
    returns="organization_membership",
    words="add a user to an organization, add to an organization, make a member, put into an "
    "organization, join an organization without mail",
):
    """Make an existing user a member of an organization, without mail."""

    organization_id: Path[Id] = arg()
    user_id: Body[Id] = arg()
    role: Body[str] = arg("Such as org:member")


class ListMembers(
    Paged,
    id="OrganizationMemberships_getAllMembers",
    get="/organizations/{organization_id}/memberships",
    pages="organization_membership",
    words="who is an admin, admin access, list admins, who is in an organization, who works here, "
    "roles, who has access to an organization",
):
    """The members of an organization with their roles, newest first."""

    organization_id: Path[Id] = arg()
    order_by: Query[str] = arg(
        "phone_number, email_address, created_at, first_name, last_name or username; - first for descending",
        optional=True,
    )


class UpdateMember(
    Operation,
    id="OrganizationMemberships_updateMembershipProperties",
    patch="/organizations/{organization_id}/memberships/{user_id}",
    returns="organization_membership",
    words="make an admin, turn a member into an admin, change a role, promote, demote, give admin rights",
):
    """Change a member's role."""

    organization_id: Path[Id] = arg()
    user_id: Path[Id] = arg()
    role: Body[str] = arg("Such as org:member")


class RemoveMember(
    Operation,
    id="OrganizationMemberships_removeUserFromOrganization",
    delete="/organizations/{organization_id}/memberships/{user_id}",
    returns="organization_membership",
    words="kick out of an organization, kick a member out, take a user off an organization, left "
    "the organization",
):
    """Remove a user from an organization. The user's account stays."""

    organization_id: Path[Id] = arg()
    user_id: Path[Id] = arg()


class MergeMemberMetadata(
    Operation,
    id="OrganizationMemberships_updateMembershipMetadata",
    patch="/organizations/{organization_id}/memberships/{user_id}/metadata",
    returns="organization_membership",
):
    """Merge keys into a membership's metadata, deeply; null removes a key, at any depth."""

    organization_id: Path[Id] = arg()
    user_id: Path[Id] = arg()
    public_metadata: Body[JsonObject] = arg(optional=True)
    private_metadata: Body[JsonObject] = arg(optional=True)
