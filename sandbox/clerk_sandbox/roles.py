"""What roles allow, and which of them an organization's members can have.

The records are made and changed in `resources`: organization_permissions, organization_roles, role_sets.
"""

from __future__ import annotations

from collections.abc import Iterable

from clerk_sandbox import errors
from clerk_sandbox.state import Instance, Json

ADMIN = "org:admin"
MEMBER = "org:member"
BUILT_IN = (ADMIN, MEMBER)
MANAGE_MEMBERS = "org:sys_memberships:manage"
CREATOR_NEEDS = {"org:sys_memberships:read", MANAGE_MEMBERS, "org:sys_profile:delete"}
"""What a role must allow, so that whoever creates an organization can have it."""


def role_of(instance: Instance, key: str, param: str = "role") -> Json:
    """Return the role with this key (`org:admin`), which the parameter `param` named.

    Raises:
        ClerkError: 404 `resource_not_found`.
    """
    return _first(instance, "key", key, param)


def role_with_id(instance: Instance, role_id: str, param: str) -> Json:
    """Return the role with this id (`role_…`), which the parameter `param` named.

    Raises:
        ClerkError: 404 `resource_not_found`.
    """
    return _first(instance, "id", role_id, param)


def _first(instance: Instance, field: str, value: str, param: str) -> Json:
    role = next((role for role in instance.table("roles") if role[field] == value), None)
    if role is None:
        raise errors.organization_role_not_found(param)
    return role


def permissions_of(instance: Instance, role: Json) -> list[Json]:
    """Return the permissions of a role, whose record has their ids."""
    permissions = instance.table("permissions")
    return [permissions[one] for one in role["permissions"]]


def permission_keys(instance: Instance, role: Json) -> list[str]:
    return [str(one["key"]) for one in permissions_of(instance, role)]


def may_manage(instance: Instance, membership: Json) -> bool:
    """Tell whether a member may manage the organization's members."""
    return MANAGE_MEMBERS in permission_keys(instance, role_of(instance, membership["role"]))


def may_create(instance: Instance, role: Json) -> bool:
    """Tell whether a role allows what whoever creates an organization needs."""
    return set(permission_keys(instance, role)) >= CREATOR_NEEDS


def initial_role_set(instance: Instance) -> Json:
    """Return the role set of new organizations."""
    return next(one for one in instance.table("role_sets") if one["type"] == "initial")


def role_set_of(instance: Instance, organization: Json) -> Json:
    key = organization["role_set_key"]
    return next(one for one in instance.table("role_sets") if one["key"] == key)


def role_within(instance: Instance, organization: Json, key: str, param: str = "role") -> Json:
    """Return the role with this key, if members of the organization can have it.

    Raises:
        ClerkError: 404 `resource_not_found`, there is none or it is in another role set.
    """
    role = role_of(instance, key, param)
    if role["id"] not in role_set_of(instance, organization)["roles"]:
        raise errors.organization_role_not_found(param)
    return role


def give_role(instance: Instance, organizations: Iterable[Json], old: str, new: str) -> None:
    """Give everybody in these organizations who has one role, or was invited to it, another role."""
    ids = {organization["id"] for organization in organizations}
    name = role_of(instance, new)["name"]
    for invitation in instance.organization_invitations:
        if invitation["organization_id"] in ids and invitation["role"] == old:
            invitation |= {"role": new, "role_name": name}
    for membership in instance.memberships:
        if membership["organization_id"] in ids and membership["role"] == old:
            membership["role"] = new
