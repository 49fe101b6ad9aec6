"""Role sets: which roles the members of an organization can have."""

from __future__ import annotations

from typing import Final, Literal

from clerk_tools.argument import Body, JsonObject, Path, Query, arg, moves
from clerk_tools.hits import Hit, Look, count, first_with, inside, records, shown, thing
from clerk_tools.ids import RoleSetKeyOrId
from clerk_tools.operation import Operation, Paged
from clerk_tools.spec import Demo, Example
from clerk_tools.view import View

_ROLE: Final = View(("id", "name", "key", "members_count"))
VIEWS = {
    "role_set": View(
        ("id", "name", "key", "description", "type"),
        times=("created_at",),
        inside={
            "roles": _ROLE,
            "default_role": View(("key",)),
            "creator_role": View(("key",)),
            "role_set_migration": View(
                ("id", "dest_role_set_id", "trigger_type", "status", "migrated_members"),
                objects=("mappings",),
                times=("started_at",),
            ),
        },
    ),
}


class ListRoleSets(
    Paged,
    id="ListRoleSets",
    version="2021-02-05",
    get="/role_sets",
    pages="role_set",
    compared_by="key",
    words="groups of roles, which role sets, how many members have a role, list role sets, all role sets",
    example=Example({"order_by": "name"}),
):
    """Role sets, newest first: each says which roles its organizations' members can have."""

    query: Query[str] = arg("Exact id, or part of name or key", optional=True)
    order_by: Query[str] = arg("created_at, name or key; - descends", default="-created_at")


class CreateRoleSet(
    Operation,
    id="CreateRoleSet",
    version="2021-02-05",
    post="/role_sets",
    returns="role_set",
    words="bundle roles, group roles, new role set, add a role set, different roles for different "
    "organizations, roles for enterprise customers",
    example=Example(
        {
            "name": "Suppliers",
            "default_role_key": "org:member",
            "creator_role_key": "org:admin",
            "roles": ["org:admin", "org:member"],
        }
    ),
):
    """Create a role set from existing roles. Organizations_updateOrganization moves an organization to it."""

    name: Body[str] = arg()
    default_role_key: Body[str] = arg("Role of new members; one of `roles`")
    creator_role_key: Body[str] = arg("Role of whoever creates an organization; one of `roles`")
    roles: Body[list[str]] = arg("Role keys, 1 to 10")
    key: Body[str] = arg("role_set:name; made from the name if left out", optional=True)
    description: Body[str] = arg(optional=True, nullable=True)
    type: Body[Literal["initial", "custom"]] = arg("initial: for new organizations", optional=True)


class GetRoleSet(
    Operation,
    id="GetRoleSet",
    version="2021-02-05",
    get="/role_sets/{role_set_key_or_id}",
    returns="role_set",
    words="roles in a role set, show a role set, which roles are in a role set",
    example=Example({"role_set_key_or_id": "role_set:default"}),
):
    """One role set with its roles and how many members have each."""

    role_set_key_or_id: Path[RoleSetKeyOrId] = arg()


class UpdateRoleSet(
    Operation,
    id="UpdateRoleSet",
    version="2021-02-05",
    patch="/role_sets/{role_set_key_or_id}",
    returns="role_set",
    words="rename a role set, default role of new members, role of organization creators, role set of "
    "new organizations, change a role set, edit a role set, default role set",
    example=Example({"role_set_key_or_id": Demo("the partners' role set"), "description": "For resellers"}),
):
    """Change a role set, or make it the one of new organizations. Its roles: AddRolesToRoleSet,
    ReplaceRoleInRoleSet."""

    role_set_key_or_id: Path[RoleSetKeyOrId] = arg()
    name: Body[str] = arg(optional=True, nullable=True)
    key: Body[str] = arg(
        "role_set:name",
        optional=True,
        nullable=True,
        risk=moves("whoever names it by its present key fails"),
    )
    description: Body[str] = arg(optional=True, nullable=True)
    type: Body[Literal["initial"]] = arg("For new organizations", optional=True, nullable=True)
    default_role_key: Body[str] = arg("Role of new members", optional=True, nullable=True)
    creator_role_key: Body[str] = arg("Of organizations' creators", optional=True, nullable=True)


class ReplaceRoleSet(
    Operation,
    id="ReplaceRoleSet",
    version="2021-02-05",
    post="/role_sets/{role_set_key_or_id}/replace",
    returns="deleted",
    effect="destroy",
    words="delete a role set, remove a role set, merge role sets, move organizations to another role "
    "set, replace a role set, put all organizations on another role set",
    example=Example(
        {
            "role_set_key_or_id": Demo("the partners' role set"),
            "dest_role_set_key": "role_set:default",
            "reassignment_mappings": {"org:auditor": "org:member"},
        }
    ),
):
    """Delete a role set and move its organizations to another one, for good; members get the roles that
    `reassignment_mappings` names."""

    role_set_key_or_id: Path[RoleSetKeyOrId] = arg()
    dest_role_set_key: Body[str] = arg()
    reassignment_mappings: Body[JsonObject] = arg(
        "Old role key to new one, where the other set lacks it", optional=True
    )

    async def hit(self, look: Look) -> Hit:
        found = await _role_set(self.role_set_key_or_id, look)
        return Hit.of(_named(found), f"its organizations move to {shown(self.dest_role_set_key)}")


class AddRolesToRoleSet(
    Operation,
    id="AddRolesToRoleSet",
    version="2021-02-05",
    post="/role_sets/{role_set_key_or_id}/roles",
    returns="role_set",
    words="make a role available, put a role into a role set, add roles to a role set, allow more roles "
    "in organizations, offer a role to organizations",
    example=Example({"role_set_key_or_id": "role_set:default", "role_keys": ["org:contractor"]}),
):
    """Let the members of a role set's organizations have more roles."""

    role_set_key_or_id: Path[RoleSetKeyOrId] = arg()
    role_keys: Body[list[str]] = arg("1 to 10")
    default_role_key: Body[str] = arg("Role of new members", optional=True)
    creator_role_key: Body[str] = arg("Role of organizations' creators", optional=True)


class ReplaceRoleInRoleSet(
    Operation,
    id="ReplaceRoleInRoleSet",
    version="2021-02-05",
    post="/role_sets/{role_set_key_or_id}/roles/replace",
    returns="role_set",
    effect="destroy",
    words="take a role out of a role set, remove a role from a role set, move all members of a role to "
    "another role, replace a role in a role set, move everybody with a role to another role, "
    "retire a role",
    example=Example(
        {
            "role_set_key_or_id": "role_set:default",
            "role_key": "org:auditor",
            "to_role_key": "org:member",
        }
    ),
):
    """Take a role out of a role set; every member who has it gets `to_role_key` instead."""

    role_set_key_or_id: Path[RoleSetKeyOrId] = arg()
    role_key: Body[str] = arg()
    to_role_key: Body[str] = arg()

    async def hit(self, look: Look) -> Hit:
        found = await _role_set(self.role_set_key_or_id, look)
        members = inside(first_with(records(inside(found, "roles")), "key", self.role_key), "members_count")
        who = count(members, "member") if isinstance(members, int) else "its members"
        role = thing("role", self.role_key)
        where = _named(found)
        return Hit.of(f"{role} in {where}" if where else "", f"{who} get {shown(self.to_role_key)} instead")


async def _role_set(key_or_id: str, look: Look) -> object:
    return await look.at(GetRoleSet(role_set_key_or_id=key_or_id), is_target=True)


def _named(role_set: object) -> str:
    return thing("role set", inside(role_set, "name"), inside(role_set, "key"))
