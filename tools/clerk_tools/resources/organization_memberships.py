"""Memberships: who belongs to an organization, in which role."""

from __future__ import annotations

from typing import Final

from clerk_tools.argument import Body, JsonObject, Path, Query, arg
from clerk_tools.hits import Hit, Look, first_with, inside, organization, person, records, shown
from clerk_tools.ids import OrganizationId, UserId
from clerk_tools.operation import Operation, Paged
from clerk_tools.resources import users
from clerk_tools.resources.users import UserFilters
from clerk_tools.spec import EACH_OBJECT, Demo, Example

SYNONYMS: Final = {
    "member": "membership, seat, teammate, coworker, staff",
}
"""What people say instead of a term; for the search."""


class AddMember(
    Operation,
    id="OrganizationMemberships_addUserToOrganization",
    post="/organizations/{organization_id}/memberships",
    returns="organization_membership",
    words="add a user to an organization, add to an organization, make a member, put into an "
    "organization, join an organization without mail, add somebody to a team, put somebody into a "
    "company, add an existing user to an organization, join without an invitation, give somebody "
    "access to a workspace",
    example=Example({"organization_id": Demo("Fernhill"), "user_id": Demo("aisha"), "role": "org:member"}),
):
    """Make an existing user a member of an organization, without mail."""

    organization_id: Path[OrganizationId] = arg()
    user_id: Body[UserId] = arg()
    role: Body[str] = arg("Such as org:member")
    public_metadata: Body[JsonObject] = arg(optional=True, nullable=True)
    private_metadata: Body[JsonObject] = arg(optional=True, nullable=True)


class ListMembers(
    UserFilters,
    Paged,
    id="OrganizationMemberships_getAllMembers",
    get="/organizations/{organization_id}/memberships",
    pages="organization_membership",
    words="who is an admin, admin access, list admins, who is in an organization, who works here, "
    "roles, who has access to an organization, list members, members of a team, people in a "
    "company, who belongs to an organization, who works in a company, employees, people in an "
    "organization and their roles",
    example=Example({"organization_id": Demo("Fernhill"), "order_by": "+first_name"}),
):
    """The members of an organization with their roles, newest first. Filters combine. Times in Unix ms."""

    organization_id: Path[OrganizationId] = arg()
    role: Query[list[str]] = arg("Such as org:admin", optional=True)
    order_by: Query[str] = arg(
        "phone_number, email_address, created_at, first_name, last_name or username; - descends",
        optional=True,
    )


class ListAllMemberships(
    Paged,
    id="InstanceGetOrganizationMemberships",
    version="2021-02-05",
    get="/organization_memberships",
    pages="organization_membership",
    words="memberships of every organization, members across all organizations, everybody in any "
    "organization, all memberships, members of every organization, who is in which organization, "
    "memberships of the whole instance",
    example=Example({"order_by": "+last_name"}),
):
    """Memberships of all organizations. Of one, with filters: OrganizationMemberships_getAllMembers."""

    order_by: Query[str] = arg(
        "phone_number, email_address, created_at, first_name, last_name or username; - descends",
        optional=True,
    )


class UpdateMember(
    Operation,
    id="OrganizationMemberships_updateMembershipProperties",
    patch="/organizations/{organization_id}/memberships/{user_id}",
    returns="organization_membership",
    limit=EACH_OBJECT,
    words="make an admin, turn a member into an admin, change a role, promote, demote, give admin "
    "rights, change the role of a member, make somebody an admin, downgrade a member, upgrade a "
    "member, take admin rights away, assign a role to a member, another role in an organization",
    example=Example({"organization_id": Demo("Fernhill"), "user_id": Demo("mei"), "role": "org:admin"}),
):
    """Change a member's role."""

    organization_id: Path[OrganizationId] = arg()
    user_id: Path[UserId] = arg()
    role: Body[str] = arg("Such as org:member")

    def state(self) -> Operation:
        return users.ListUserMemberships(user_id=self.user_id, limit=500)


class RemoveMember(
    Operation,
    id="OrganizationMemberships_removeUserFromOrganization",
    delete="/organizations/{organization_id}/memberships/{user_id}",
    returns="organization_membership",
    words="kick out of an organization, kick a member out, take a user off an organization, left the "
    "organization, remove a member, remove somebody from a team, take somebody out of a company, "
    "throw a member out, somebody left the company, revoke access to a workspace",
    example=Example({"organization_id": Demo("Fernhill"), "user_id": Demo("oliver")}),
):
    """Remove a user from an organization. The user's account stays."""

    organization_id: Path[OrganizationId] = arg()
    user_id: Path[UserId] = arg()

    async def hit(self, look: Look) -> Hit:
        memberships = await look.at(users.ListUserMemberships(user_id=self.user_id, limit=500))
        found = first_with(records(memberships), "organization", "id", self.organization_id)
        who = person(inside(found, "public_user_data"))
        where = organization(inside(found, "organization"))
        role = inside(found, "role")
        return Hit.of(
            f"{who} in {where}" if who and where else who or where,
            f"takes the role {shown(role)} away" if role else "",
        )


class MergeMemberMetadata(
    Operation,
    id="OrganizationMemberships_updateMembershipMetadata",
    patch="/organizations/{organization_id}/memberships/{user_id}/metadata",
    returns="organization_membership",
    limit=EACH_OBJECT,
    words="metadata of a member, custom data of a membership, save something about a member, job title "
    "of a member, department of a member, tag a member",
    example=Example(
        {"organization_id": Demo("Fernhill"), "user_id": Demo("mei"), "public_metadata": {"desk": "B2"}}
    ),
):
    """Merge keys into a membership's metadata, deeply; null removes a key, at any depth."""

    organization_id: Path[OrganizationId] = arg()
    user_id: Path[UserId] = arg()
    public_metadata: Body[JsonObject] = arg(optional=True)
    private_metadata: Body[JsonObject] = arg(optional=True)

    def state(self) -> Operation:
        return users.ListUserMemberships(user_id=self.user_id, limit=500)
