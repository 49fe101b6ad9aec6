"""Roles: what members of organizations are, and the permissions that go with it."""

from __future__ import annotations

from clerk_tools.argument import Body, Path, Query, arg, replaces
from clerk_tools.hits import Hit, Look, first_with, inside, records, thing
from clerk_tools.ids import PermissionId, RoleId
from clerk_tools.operation import Operation, Paged
from clerk_tools.spec import Demo, Example
from clerk_tools.view import View

VIEWS = {
    "role": View(
        ("id", "name", "key", "description"),
        flags=("is_creator_eligible",),
        times=("created_at",),
        inside={"permissions": View(("id", "name", "key"))},
    ),
}


class ListOrganizationRoles(
    Paged,
    id="ListOrganizationRoles",
    version="2024-10-01",
    get="/organization_roles",
    pages="role",
    compared_by="key",
    words="which roles exist, all roles, custom roles, what may a role do, list roles, what roles are "
    "there, roles and what they may do, roles people can be given, roles of the app",
    example=Example({"query": "org:", "order_by": "+name"}),
):
    """The instance's roles with their permissions, newest first. Who has one:
    OrganizationMemberships_getAllMembers."""

    query: Query[str] = arg("Exact id, or part of name or key", optional=True)
    order_by: Query[str] = arg("created_at, name or key; - descends", default="-created_at")


class CreateOrganizationRole(
    Operation,
    id="CreateOrganizationRole",
    version="2024-10-01",
    post="/organization_roles",
    returns="role",
    words="define a role, new custom role, new role, add a role, role for a job",
    example=Example(
        {
            "name": "Buyer",
            "key": "org:buyer",
            "permissions": [Demo("the permission to read invoices")],
            "include_in_initial_role_set": True,
        }
    ),
):
    """Define a role. Members can have it once it is in their organization's role set."""

    name: Body[str] = arg()
    key: Body[str] = arg("org:name; lowercase, digits, _")
    description: Body[str] = arg(optional=True, nullable=True)
    permissions: Body[list[str]] = arg("Permission ids", optional=True, nullable=True)
    include_in_initial_role_set: Body[bool] = arg(optional=True, nullable=True)


class GetOrganizationRole(
    Operation,
    id="GetOrganizationRole",
    version="2024-10-01",
    get="/organization_roles/{organization_role_id}",
    returns="role",
    words="permissions of a role, what a role allows, show a role, what may a role do, rights of a role",
    example=Example({"organization_role_id": Demo("the auditor role")}),
):
    """One role with its permissions."""

    organization_role_id: Path[RoleId] = arg()


class UpdateOrganizationRole(
    Operation,
    id="UpdateOrganizationRole",
    version="2024-10-01",
    patch="/organization_roles/{organization_role_id}",
    returns="role",
    words="rename a role, replace the permissions of a role, key of a role, change a role for "
    "everybody, edit a role, describe a role",
    example=Example({"organization_role_id": Demo("the auditor role"), "name": "Bookkeeper"}),
):
    """Change a role for everybody who has it. `permissions` REPLACES all: AssignPermissionToOrganizationRole
    gives one more. One member's role: OrganizationMemberships_updateMembershipProperties."""

    organization_role_id: Path[RoleId] = arg()
    name: Body[str] = arg(optional=True, nullable=True)
    key: Body[str] = arg(
        "org:name; lowercase, digits, _",
        optional=True,
        nullable=True,
        risk=replaces("checks for its present key fail"),
    )
    description: Body[str] = arg(optional=True, nullable=True)
    permissions: Body[list[str]] = arg(
        "Permission ids",
        optional=True,
        nullable=True,
        risk=replaces("whoever has it loses the permissions that are not given"),
    )


class DeleteOrganizationRole(
    Operation,
    id="DeleteOrganizationRole",
    version="2024-10-01",
    delete="/organization_roles/{organization_role_id}",
    returns="deleted",
    words="drop a role for good, get rid of a custom role, delete a role, remove a role, drop a role "
    "nobody has",
    example=Example({"organization_role_id": Demo("the contractor role")}),
):
    """Delete a role, for good. Refused while members or invitations have it or it is a default: move members
    with ReplaceRoleInRoleSet first."""

    organization_role_id: Path[RoleId] = arg()

    async def hit(self, look: Look) -> Hit:
        return Hit.of(_named(await _role(self.organization_role_id, look)))


class AssignPermissionToOrganizationRole(
    Operation,
    id="AssignPermissionToOrganizationRole",
    version="2024-10-01",
    post="/organization_roles/{organization_role_id}/permissions/{permission_id}",
    returns="role",
    words="add a permission to a role, let a role do something, allow a role, give a role a permission, "
    "assign a permission, grant a right to a role, a role may do more, members with a role should "
    "be able to",
    example=Example(
        {
            "organization_role_id": Demo("the auditor role"),
            "permission_id": Demo("the permission to publish plans"),
        }
    ),
):
    """Give a permission to a role, and so to everybody who has it."""

    organization_role_id: Path[RoleId] = arg()
    permission_id: Path[PermissionId] = arg()


class RemovePermissionFromOrganizationRole(
    Operation,
    id="RemovePermissionFromOrganizationRole",
    version="2024-10-01",
    delete="/organization_roles/{organization_role_id}/permissions/{permission_id}",
    returns="role",
    words="take a permission from a role, forbid a role, a role should no longer be able, revoke a "
    "role's permission, withdraw a permission from a role, a role may do less, members with a "
    "role must not any more, take a right away from a role",
    example=Example(
        {
            "organization_role_id": Demo("the auditor role"),
            "permission_id": Demo("the permission to read invoices"),
        }
    ),
):
    """Take a permission from a role, and so from everybody who has it."""

    organization_role_id: Path[RoleId] = arg()
    permission_id: Path[PermissionId] = arg()

    async def hit(self, look: Look) -> Hit:
        role = await _role(self.organization_role_id, look)
        permission = first_with(records(inside(role, "permissions")), "id", self.permission_id)
        named = thing("permission", inside(permission, "name"), inside(permission, "key"))
        where = _named(role)
        return Hit.of(
            f"{named} of {where}" if named and where else named or where, "whoever has the role loses it"
        )


async def _role(role_id: str, look: Look) -> object:
    return await look.at(GetOrganizationRole(organization_role_id=role_id), is_target=True)


def _named(role: object) -> str:
    return thing("role", inside(role, "name"), inside(role, "key"))
