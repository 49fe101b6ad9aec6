"""Roles: their permissions are those of every member who has them, and one that is in use stays."""

from __future__ import annotations

import re

from clerk_sandbox import errors
from clerk_sandbox.answers import found
from clerk_sandbox.collection import Collection, by_id_or_part
from clerk_sandbox.group_mappings import remove_mappings
from clerk_sandbox.resources.organization_permissions import PERMISSIONS
from clerk_sandbox.roles import (
    ADMIN,
    BUILT_IN,
    MEMBER,
    initial_role_set,
    may_create,
    permissions_of,
)
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json


def _shown(instance: Instance, role: Json) -> Json:
    return {
        "permissions": [PERMISSIONS.answer(one) for one in permissions_of(instance, role)],
        "is_creator_eligible": may_create(instance, role),
    }


ROLES = Collection(
    "role",
    prefix="role",
    called="role",
    fields={"name": "", "key": "", "description": None, "permissions": []},
    shows=_shown,
)
_KEY = re.compile(r"org:[a-z0-9_]+")


def _check(instance: Instance, record: Json, call: Call) -> None:
    """Tell whether the record may be as it would become."""
    if not record["name"]:
        raise errors.form_param_missing("name")
    if not _KEY.fullmatch(record["key"]):
        raise errors.form_param_format_invalid("key", "org: and lower-case letters, digits or underscores")
    if any(one["key"] == record["key"] and one["id"] != record.get("id") for one in ROLES.records(instance)):
        raise errors.identifier_exists("key")
    for permission in record["permissions"]:
        found(PERMISSIONS.records(instance), "permission", permission)
    record["permissions"] = list(dict.fromkeys(record["permissions"]))


def _check_changed(instance: Instance, record: Json, call: Call) -> None:
    _check(instance, record, call)
    before = ROLES.records(instance)[record["id"]]
    if before["key"] in BUILT_IN and record["key"] != before["key"]:
        raise errors.authorization_invalid(f"{before['key']} is built in and keeps its key.")
    _check_creators(instance, record)
    # The old key is not known any more once the record has the new one.
    _follow_key(instance, before["key"], record)


def _check_creators(instance: Instance, role: Json) -> None:
    """Return a role that creators of organizations get has to go on allowing what they need."""
    creators = {one["creator_role"] for one in instance.table("role_sets")}
    if role["id"] in creators and not may_create(instance, role):
        raise errors.organization_missing_creator_role_permissions(role["key"])


def _follow_key(instance: Instance, old: str, role: Json) -> None:
    """Change what refers to a role by its key or shows its name."""
    for record in (*instance.memberships, *instance.organization_invitations):
        if record["role"] == old:
            record["role"] = role["key"]
            if "role_name" in record:
                record["role_name"] = role["name"]
    for name in ("creator_role", "domains_default_role"):
        if instance.settings[name] == old:
            instance.settings[name] = role["key"]


def _include(instance: Instance, record: Json, call: Call) -> None:
    if call.given("include_in_initial_role_set"):
        initial_role_set(instance)["roles"].append(record["id"])


def _check_unused(instance: Instance, role: Json, call: Call) -> None:
    key, role_sets = role["key"], list(instance.table("role_sets"))
    if key in BUILT_IN:
        raise errors.authorization_invalid(f"{key} is built in.")
    if any(one["creator_role"] == role["id"] for one in role_sets):
        raise errors.organization_role_in_use("organization_role_default_creator_role", "creators get it")
    in_default = any(one["default_role"] == role["id"] for one in role_sets)
    if in_default or instance.settings["domains_default_role"] == key:
        raise errors.organization_role_in_use("organization_role_domain_default_role", "it is a default")
    if any(one["role"] == key for one in instance.memberships):
        raise errors.organization_role_in_use("organization_role_assigned_to_members", "members have it")
    pending = (one for one in instance.organization_invitations if one["status"] == "pending")
    if any(one["role"] == key for one in pending):
        raise errors.organization_role_in_use(
            "organization_role_exists_in_invitations", "invitations are for it"
        )


def _take_away(instance: Instance, role: Json, call: Call) -> None:
    """Take a role that is gone from the role sets, and from the groups that gave it."""
    remove_mappings(instance, lambda one: one["role_id"] == role["id"])
    for role_set in instance.table("role_sets"):
        role_set["roles"] = [one for one in role_set["roles"] if one != role["id"]]


ROLES.lists(
    "ListOrganizationRoles",
    sorted_by=("created_at", "name", "key"),
    filters={"query": by_id_or_part("name", "key")},
)
ROLES.creates(
    "CreateOrganizationRole", check=_check, then=_include, unused={"include_in_initial_role_set": ""}
)
ROLES.gets("GetOrganizationRole")
ROLES.updates("UpdateOrganizationRole", check=_check_changed)
ROLES.deletes("DeleteOrganizationRole", check=_check_unused, then=_take_away)


def _role_and_permission(instance: Instance, call: Call) -> tuple[Json, Json]:
    role = found(ROLES.records(instance), "role", call.path["organization_role_id"])
    return role, found(PERMISSIONS.records(instance), "permission", call.path["permission_id"])


def _changed(instance: Instance, role: Json, permissions: list[str]) -> Json:
    _check_creators(instance, role | {"permissions": permissions})
    role |= {"permissions": permissions, "updated_at": instance.clock()}
    return ROLES.answer(role, instance)


@operation("AssignPermissionToOrganizationRole")
def assign_permission(instance: Instance, call: Call) -> Json:
    role, permission = _role_and_permission(instance, call)
    if permission["id"] in role["permissions"]:
        raise errors.conflict(f"{role['key']} has the permission {permission['key']} already.")
    return _changed(instance, role, [*role["permissions"], permission["id"]])


@operation("RemovePermissionFromOrganizationRole")
def remove_permission(instance: Instance, call: Call) -> Json:
    role, permission = _role_and_permission(instance, call)
    if permission["id"] not in role["permissions"]:
        raise errors.not_found("permission of the role", permission["id"])
    return _changed(instance, role, [one for one in role["permissions"] if one != permission["id"]])


def set_up(instance: Instance) -> None:
    ids = [one["id"] for one in list(PERMISSIONS.records(instance))[::-1] if one["type"] == "system"]
    reads = PERMISSIONS.one(instance, key="org:sys_memberships:read")["id"]
    ROLES.new(instance, key=ADMIN, name="Admin", permissions=ids)
    ROLES.new(instance, key=MEMBER, name="Member", permissions=[reads])


def seed_demo(instance: Instance) -> None:
    member = ROLES.one(instance, key=MEMBER)["permissions"]
    invoices = PERMISSIONS.one(instance, key="org:invoices:read")["id"]
    auditor = ROLES.new(instance, key="org:auditor", name="Auditor", permissions=[*member, invoices])
    ROLES.new(instance, key="org:contractor", name="Contractor", description="Comes and goes")
    initial_role_set(instance)["roles"].append(auditor["id"])


NAMED = {
    "the auditor role": lambda demo: ROLES.one(demo, key="org:auditor")["id"],
    "the contractor role": lambda demo: ROLES.one(demo, key="org:contractor")["id"],
}
"""What examples call a record."""
