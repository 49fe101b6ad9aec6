"""Role sets: members have roles of their organization's set alone; new organizations have the initial one."""

from __future__ import annotations

import re
from typing import Any

from clerk_sandbox import errors
from clerk_sandbox.answers import deleted
from clerk_sandbox.collection import Collection, by_id_or_part
from clerk_sandbox.roles import ADMIN, MEMBER, give_role, initial_role_set, may_create, role_of
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

MAX_ROLES = 10
_KEY = re.compile(r"role_set:[a-z0-9_]+")


def _shown(instance: Instance, role_set: Json) -> Json:
    items = {one: _item(instance, role_set, one) for one in role_set["roles"]}
    return {
        "roles": list(items.values()),
        "default_role": items[role_set["default_role"]],
        "creator_role": items[role_set["creator_role"]],
    }


def _item(instance: Instance, role_set: Json, role_id: str) -> Json:
    """Return a role as its role set shows it."""
    role = instance.table("roles")[role_id]
    within = {one["id"] for one in _organizations(instance, role_set)}
    members = sum(
        one["organization_id"] in within and one["role"] == role["key"] for one in instance.memberships
    )
    return {
        "object": "role_set_item",
        **{name: role[name] for name in ("id", "name", "key", "description", "created_at", "updated_at")},
        "members_count": members,
        "has_members": members > 0,
    }


def _organizations(instance: Instance, role_set: Json) -> list[Json]:
    return [one for one in instance.organizations if one["role_set_key"] == role_set["key"]]


# A record holds the ids of its roles.
ROLE_SETS = Collection(
    "role_set",
    prefix="rset",
    called="role set",
    fields={
        "name": "",
        "key": "",
        "description": None,
        "roles": [],
        "default_role": "",
        "creator_role": "",
        "type": "custom",
        "role_set_migration": None,
    },
    shows=_shown,
)
ROLE_SETS.lists(
    "ListRoleSets", sorted_by=("created_at", "name", "key"), filters={"query": by_id_or_part("name", "key")}
)


def _found(instance: Instance, call: Call) -> Json:
    return _named(instance, call.path["role_set_key_or_id"])


def _named(instance: Instance, wanted: str) -> Json:
    for role_set in ROLE_SETS.records(instance):
        if wanted in (role_set["id"], role_set["key"]):
            return role_set
    raise errors.not_found("role set", wanted)


def _check_key(instance: Instance, key: str, role_set: Json | None = None) -> str:
    if not _KEY.fullmatch(key):
        raise errors.form_param_format_invalid("key", "role_set: and lower-case letters, digits, underscores")
    if any(one["key"] == key and one is not role_set for one in ROLE_SETS.records(instance)):
        raise errors.identifier_exists("key")
    return key


def _role_ids(instance: Instance, keys: list[str], param: str) -> list[str]:
    if not 1 <= len(keys) <= MAX_ROLES:
        raise errors.form_param_value_invalid(param, f"1 to {MAX_ROLES} keys of roles")
    return list(dict.fromkeys(role_of(instance, key, param)["id"] for key in keys))


def _defaults(instance: Instance, call: Call, roles: list[str]) -> Json:
    """Return the default and the creator role that the body names; each has to be one of the set's."""
    given: Json = {}
    for name in ("default_role", "creator_role"):
        if key := call.given(f"{name}_key"):
            role = role_of(instance, key, f"{name}_key")
            if role["id"] not in roles:
                raise errors.form_param_value_invalid(f"{name}_key", "the key of a role in the set")
            if name == "creator_role" and not may_create(instance, role):
                raise errors.organization_missing_creator_role_permissions(key)
            given[name] = role["id"]
    return given


def _make_initial(instance: Instance, role_set: Json) -> None:
    """Make it the set of new organizations, in place of the one that was."""
    for one in ROLE_SETS.records(instance):
        one["type"] = "custom"
    role_set["type"] = "initial"
    _tell_settings(instance)


def _tell_settings(instance: Instance) -> None:
    """Return the settings show the creator role of new organizations."""
    role_id = initial_role_set(instance)["creator_role"]
    instance.settings["creator_role"] = instance.table("roles")[role_id]["key"]


@operation("CreateRoleSet")
def create_role_set(instance: Instance, call: Call) -> Json:
    name = call.required("name")
    own = "role_set:" + (re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "custom")
    key = _check_key(instance, call.given("key") or own)
    roles = _role_ids(instance, call.required("roles"), "roles")
    for param in ("default_role_key", "creator_role_key"):
        call.required(param)
    given: dict[str, Any] = _defaults(instance, call, roles)
    role_set = ROLE_SETS.new(
        instance, name=name, key=key, description=call.given("description"), roles=roles, **given
    )
    if call.given("type") == "initial":
        _make_initial(instance, role_set)
    return ROLE_SETS.answer(role_set, instance)


@operation("GetRoleSet")
def get_role_set(instance: Instance, call: Call) -> Json:
    return ROLE_SETS.answer(_found(instance, call), instance)


@operation("UpdateRoleSet")
def update_role_set(instance: Instance, call: Call) -> Json:
    role_set = _found(instance, call)
    changes = {name: call.given(name) for name in ("name", "key", "description")}
    changes = {name: value for name, value in changes.items() if value is not None}
    changes |= _defaults(instance, call, role_set["roles"])
    if changes.get("name") == "":
        raise errors.form_param_missing("name")
    if "key" in changes:
        _check_key(instance, changes["key"], role_set)
        for organization in _organizations(instance, role_set):
            organization["role_set_key"] = changes["key"]
    role_set |= changes | {"updated_at": instance.clock()}
    if call.given("type") == "initial":
        _make_initial(instance, role_set)
    _tell_settings(instance)
    return ROLE_SETS.answer(role_set, instance)


@operation("ReplaceRoleSet")
def replace_role_set(instance: Instance, call: Call) -> Json:
    """Give its organizations the other set; whoever has a role that is not in that one needs another."""
    role_set = _found(instance, call)
    other = _named(instance, call.required("dest_role_set_key"))
    if other is role_set:
        raise errors.form_param_value_invalid("dest_role_set_key", "the key of another role set")
    organizations = _organizations(instance, role_set)
    for old, new in _moves(instance, role_set, other, call.given("reassignment_mappings") or {}).items():
        give_role(instance, organizations, old, new)
    for organization in organizations:
        organization["role_set_key"] = other["key"]
    if role_set["type"] == "initial":
        _make_initial(instance, other)
    return deleted(ROLE_SETS.records(instance).remove(role_set["id"]))


def _moves(instance: Instance, role_set: Json, other: Json, mappings: Json) -> dict[str, str]:
    """Return the new role for each old one that changes.

    Raises:
        ClerkError: a mapping names a role that the other set lacks, or members would be left without one.
    """
    roles = instance.table("roles")
    there = {roles[one]["key"] for one in other["roles"]}
    if any(new not in there for new in mappings.values()):
        raise errors.form_param_value_invalid("reassignment_mappings", "to roles of the other role set")
    for one in role_set["roles"]:
        key = roles[one]["key"]
        if key not in there and key not in mappings and _item(instance, role_set, one)["has_members"]:
            raise errors.form_param_missing("reassignment_mappings")
    return {old: str(new) for old, new in mappings.items()}


@operation("AddRolesToRoleSet")
def add_roles(instance: Instance, call: Call) -> Json:
    role_set = _found(instance, call)
    added = _role_ids(instance, call.required("role_keys"), "role_keys")
    roles = list(dict.fromkeys([*role_set["roles"], *added]))
    if len(roles) > MAX_ROLES:
        raise errors.form_param_value_invalid("role_keys", f"few enough for {MAX_ROLES} roles in the set")
    role_set |= {"roles": roles, **_defaults(instance, call, added), "updated_at": instance.clock()}
    _tell_settings(instance)
    return ROLE_SETS.answer(role_set, instance)


@operation("ReplaceRoleInRoleSet")
def replace_role(instance: Instance, call: Call) -> Json:
    role_set = _found(instance, call)
    old = role_of(instance, call.required("role_key"), "role_key")
    new = role_of(instance, call.required("to_role_key"), "to_role_key")
    if old["id"] not in role_set["roles"]:
        raise errors.organization_role_not_found("role_key")
    if new["id"] not in role_set["roles"] or new is old:
        raise errors.form_param_value_invalid("to_role_key", "the key of another role in the set")
    if role_set["creator_role"] == old["id"] and not may_create(instance, new):
        raise errors.organization_missing_creator_role_permissions(new["key"])
    give_role(instance, _organizations(instance, role_set), old["key"], new["key"])
    for name in ("default_role", "creator_role"):
        if role_set[name] == old["id"]:
            role_set[name] = new["id"]
    role_set["roles"] = [one for one in role_set["roles"] if one != old["id"]]
    role_set["updated_at"] = instance.clock()
    _tell_settings(instance)
    return ROLE_SETS.answer(role_set, instance)


def _add(instance: Instance, name: str, key: str, roles: list[str], **given: Any) -> None:
    ids = [role_of(instance, one)["id"] for one in roles]
    ROLE_SETS.new(
        instance,
        name=name,
        key=key,
        roles=ids,
        creator_role=role_of(instance, ADMIN)["id"],
        default_role=role_of(instance, MEMBER)["id"],
        **given,
    )


def set_up(instance: Instance) -> None:
    _add(instance, "Default roles", "role_set:default", [ADMIN, MEMBER], type="initial")


def seed_demo(instance: Instance) -> None:
    _add(instance, "Partners", "role_set:partners", [ADMIN, MEMBER, "org:auditor"])


NAMED = {"the partners' role set": lambda demo: ROLE_SETS.one(demo, key="role_set:partners")["id"]}
"""What examples call a record."""
