"""Permissions: what roles allow within an organization."""

from __future__ import annotations

from typing import Final

from clerk_tools.argument import Body, Path, Query, arg, replaces
from clerk_tools.hits import Hit, Look, count, first_with, inside, records, thing
from clerk_tools.ids import PermissionId
from clerk_tools.operation import Operation, Paged
from clerk_tools.resources import organization_roles
from clerk_tools.spec import Demo, Example
from clerk_tools.view import View

VIEWS = {
    "permission": View(("id", "name", "key", "description", "type"), times=("created_at",)),
}

SYNONYMS: Final = {
    "permission": "right, privilege, capability, entitlement, access right",
}
"""What people say instead of a term; for the search."""

KEYED: Final = replaces("checks for its present key fail")


class ListOrganizationPermissions(
    Paged,
    id="ListOrganizationPermissions",
    version="2021-02-05",
    get="/organization_permissions",
    pages="permission",
    compared_by="key",
    words="which permissions exist, all permissions, custom permissions, list permissions, what "
    "permissions are defined, what can be allowed, which rights are there",
    example=Example({"query": "invoices", "order_by": "name"}),
):
    """Permissions that roles can have, Clerk's own (org:sys_…) included."""

    query: Query[str] = arg("Exact id, or part of name or key", optional=True)
    order_by: Query[str] = arg("created_at, name or key; - descends", optional=True)


class CreateOrganizationPermission(
    Operation,
    id="CreateOrganizationPermission",
    version="2021-02-05",
    post="/organization_permissions",
    returns="permission",
    words="define a permission, new custom permission, new permission, new right, add a permission, "
    "define a right",
    example=Example({"name": "Order plants", "key": "org:plants:order"}),
):
    """Define a permission. It allows nothing until AssignPermissionToOrganizationRole gives it to a role."""

    name: Body[str] = arg()
    key: Body[str] = arg("org:feature:action; lowercase, digits, _")
    description: Body[str] = arg(optional=True)


class GetOrganizationPermission(
    Operation,
    id="GetOrganizationPermission",
    version="2021-02-05",
    get="/organization_permissions/{permission_id}",
    returns="permission",
    words="details of a permission, show a permission, what does a permission mean, description of a "
    "permission",
    example=Example({"permission_id": Demo("the permission to read invoices")}),
):
    """One permission."""

    permission_id: Path[PermissionId] = arg()


class UpdateOrganizationPermission(
    Operation,
    id="UpdateOrganizationPermission",
    version="2021-02-05",
    patch="/organization_permissions/{permission_id}",
    returns="permission",
    words="rename a permission, describe a permission, key of a permission, change a permission, edit a "
    "permission",
    example=Example({"permission_id": Demo("the permission to read invoices"), "name": "See invoices"}),
):
    """Change a custom permission. Another key breaks code that checks for the present one."""

    permission_id: Path[PermissionId] = arg()
    name: Body[str] = arg(optional=True)
    key: Body[str] = arg("org:feature:action; lowercase, digits, _", optional=True, risk=KEYED)
    description: Body[str] = arg(optional=True)


class DeleteOrganizationPermission(
    Operation,
    id="DeleteOrganizationPermission",
    version="2021-02-05",
    delete="/organization_permissions/{permission_id}",
    returns="deleted",
    words="drop a permission for good, get rid of a custom permission, delete a permission, remove a "
    "permission everywhere, permission nobody needs",
    example=Example({"permission_id": Demo("the permission to publish plans")}),
):
    """Delete a custom permission for good; every role loses it. From one role only:
    RemovePermissionFromOrganizationRole."""

    permission_id: Path[PermissionId] = arg()

    async def hit(self, look: Look) -> Hit:
        permission = await look.at(
            GetOrganizationPermission(permission_id=self.permission_id), is_target=True
        )
        roles = await look.at(organization_roles.ListOrganizationRoles(limit=500))
        having = [
            role
            for role in records(roles)
            if first_with(records(inside(role, "permissions")), "id", self.permission_id)
        ]
        lost = f"{count(len(having), 'role')} lose{'s' if len(having) == 1 else ''} it"
        return Hit.of(
            thing("permission", inside(permission, "name"), inside(permission, "key")),
            lost if roles else "every role loses it",
        )
