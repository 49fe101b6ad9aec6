"""Permissions: Clerk's own ones stay as they are, and no custom one looks like them."""

from __future__ import annotations

import re

from clerk_sandbox import errors
from clerk_sandbox.collection import Collection, by_id_or_part
from clerk_sandbox.routing import Call
from clerk_sandbox.state import Instance, Json

PERMISSIONS = Collection(
    "permission",
    prefix="perm",
    called="permission",
    fields={"name": "", "key": "", "description": "", "type": "user"},
)
_SYSTEM = {
    "org:sys_profile:manage": "Manage organization",
    "org:sys_profile:delete": "Delete organization",
    "org:sys_memberships:read": "Read members",
    "org:sys_memberships:manage": "Manage members",
    "org:sys_domains:read": "Read domains",
    "org:sys_domains:manage": "Manage domains",
}
_KEY = re.compile(r"org:[a-z0-9_]+:[a-z0-9_]+")


def _check(instance: Instance, record: Json, call: Call) -> None:
    """Tell whether the record may be as it would become."""
    if record["type"] == "system":
        raise errors.authorization_invalid("Permissions of Clerk's own cannot be changed.")
    if not record["name"]:
        raise errors.form_param_missing("name")
    key = record["key"]
    if not _KEY.fullmatch(key) or key.startswith("org:sys_"):
        raise errors.form_param_format_invalid("key", "org:feature:action, and not begin with org:sys_")
    if any(one["key"] == key and one["id"] != record.get("id") for one in PERMISSIONS.records(instance)):
        raise errors.identifier_exists("key")


def _check_deleted(instance: Instance, record: Json, call: Call) -> None:
    if record["type"] == "system":
        raise errors.authorization_invalid("Permissions of Clerk's own cannot be deleted.")


def _take_from_roles(instance: Instance, record: Json, call: Call) -> None:
    for role in instance.table("roles"):
        role["permissions"] = [one for one in role["permissions"] if one != record["id"]]


PERMISSIONS.lists(
    "ListOrganizationPermissions",
    sorted_by=("created_at", "name", "key"),
    filters={"query": by_id_or_part("name", "key")},
)
PERMISSIONS.creates("CreateOrganizationPermission", check=_check)
PERMISSIONS.gets("GetOrganizationPermission")
PERMISSIONS.updates("UpdateOrganizationPermission", check=_check)
PERMISSIONS.deletes("DeleteOrganizationPermission", check=_check_deleted, then=_take_from_roles)


def set_up(instance: Instance) -> None:
    for key, name in _SYSTEM.items():
        PERMISSIONS.new(instance, key=key, name=name, type="system")


def seed_demo(instance: Instance) -> None:
    PERMISSIONS.new(instance, key="org:invoices:read", name="Read invoices")
    PERMISSIONS.new(instance, key="org:plans:publish", name="Publish plans", description="To the website")


NAMED = {
    "the permission to read invoices": lambda demo: PERMISSIONS.one(demo, key="org:invoices:read")["id"],
    "the permission to publish plans": lambda demo: PERMISSIONS.one(demo, key="org:plans:publish")["id"],
}
"""What examples call a record."""
