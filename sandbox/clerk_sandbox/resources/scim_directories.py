"""Directories and their group mappings, under both of their paths; the older one answers with older names."""

from __future__ import annotations

from typing import Any

from clerk_sandbox import errors
from clerk_sandbox.answers import data_page, found
from clerk_sandbox.collection import Collection
from clerk_sandbox.group_mappings import mappings_of, put_in_order, remove_mappings
from clerk_sandbox.resources.domains import frontend_api_url
from clerk_sandbox.resources.enterprise_connections import CONNECTIONS
from clerk_sandbox.resources.organization_roles import ROLES
from clerk_sandbox.roles import role_with_id
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

DIRECTORIES = Collection(
    "directory",
    table="directories",
    prefix="dir",
    called="directory",
    fields={
        "name": "",
        "enterprise_connection_id": "",
        "endpoint_url": "",
        "provider": "",
        "enabled": True,
        "group_role_mapping_enabled": True,
        "attribute_mapping": {"email_address": "emails.0.value"},
        "custom_attributes": [],
    },
)
MAPPINGS = Collection(
    "directory_group_role_mapping",
    prefix="dirmap",
    called="group mapping",
    fields={"directory_id": "", "group": "", "group_name": "", "role_id": "", "precedence": 1},
)


def _answer(call: Call, directory: Json, api_key: str | None = None) -> Json:
    kind = "scim_directory" if "/scim_" in call.spec.path else "directory"
    return directory | {"object": kind, "api_key": api_key}


def _mapping_answer(instance: Instance, call: Call, mapping: Json) -> Json:
    older = "/scim_" in call.spec.path
    role = role_with_id(instance, mapping["role_id"], "role_id")
    return {
        "object": "scim_group_role_mapping" if older else "directory_group_role_mapping",
        **{name: mapping[name] for name in ("id", "precedence", "created_at", "updated_at")},
        **{f"{prefix}directory_id": mapping["directory_id"] for prefix in ("", "scim_")},
        **{f"{prefix}_group_id": mapping["group"] for prefix in ("directory", "scim")},
        **{f"{prefix}_group_display_name": mapping["group_name"] for prefix in ("directory", "scim")},
        "role": ROLES.answer(role, instance),
    }


def _found(instance: Instance, call: Call) -> Json:
    return found(DIRECTORIES.records(instance), "directory", next(iter(call.path.values())))


def _either(given: Json, name: str) -> str:
    """Return the value under the present or the older name; both must be the same."""
    values = {given[f"{prefix}_{name}"] for prefix in ("directory", "scim") if given.get(f"{prefix}_{name}")}
    if len(values) > 1:
        raise errors.form_param_value_invalid(f"directory_{name}", f"the same as scim_{name}, or left out")
    return str(values.pop()) if values else ""


def _map(instance: Instance, directory: Json, given: Json) -> Json:
    """Add a mapping at its place, or at the end."""
    group = _either(given, "group_id")
    if not group:
        raise errors.form_param_missing("directory_group_id")
    role = role_with_id(instance, given["role_id"], "role_id")
    others = mappings_of(instance, directory["id"])
    if any(one["group"] == group for one in others):
        raise errors.identifier_exists("directory_group_id")
    name = _either(given, "group_display_name") or group
    mapping = MAPPINGS.new(
        instance, directory_id=directory["id"], group=group, group_name=name, role_id=role["id"]
    )
    others.insert((given.get("precedence") or len(others) + 1) - 1, mapping)
    put_in_order(others)
    return mapping


def _require_mapping(directory: Json) -> None:
    if not directory["group_role_mapping_enabled"]:
        raise errors.feature_not_enabled("group role mapping")


def _clear(instance: Instance, directory: Json) -> None:
    remove_mappings(instance, lambda one: one["directory_id"] == directory["id"])


def _new_key(instance: Instance, directory: Json) -> str:
    key = f"dir_{instance.new_secret()}"
    instance.credentials[directory["id"]] = {"api_key": key}
    return key


def list_directories(instance: Instance, call: Call) -> Json:
    page = data_page(call, DIRECTORIES.records(instance))
    return page | {"data": [_answer(call, one) for one in page["data"]]}


def create_directory(instance: Instance, call: Call) -> Json:
    connection_id, provider = call.required("enterprise_connection_id"), call.required("provider")
    connection = found(CONNECTIONS.records(instance), "enterprise connection", connection_id)
    mappings = call.given("group_role_mappings") or []
    groups = [_either(one, "group_id") for one in mappings]
    if len(set(groups)) < len(groups) or not all(groups):
        raise errors.form_param_value_invalid("group_role_mappings", "each about another group")
    for one in mappings:
        role_with_id(instance, one["role_id"], "role_id")
    directory = add_directory(instance, call.given("name") or connection["name"], connection_id, provider)
    for one in mappings:
        _map(instance, directory, one)
    return _answer(call, directory, _new_key(instance, directory))


def add_directory(instance: Instance, name: str, connection_id: str, provider: str) -> Json:
    directory = DIRECTORIES.new(
        instance, name=name, enterprise_connection_id=connection_id, provider=provider
    )
    directory["endpoint_url"] = f"{frontend_api_url(instance)}/v1/directories/{directory['id']}"
    return directory


def get_directory(instance: Instance, call: Call) -> Json:
    return _answer(call, _found(instance, call))


def update_directory(instance: Instance, call: Call) -> Json:
    directory = _found(instance, call)
    changes = {name: value for name, value in call.body.items() if value is not None}
    if changes.get("name") == "":
        raise errors.form_param_missing("name")
    merged = directory["attribute_mapping"] | changes.get("attribute_mapping", {})
    changes["attribute_mapping"] = {name: path for name, path in merged.items() if path is not None}
    directory |= changes | {"updated_at": instance.clock()}
    return _answer(call, directory)


def delete_directory(instance: Instance, call: Call) -> Json:
    directory = _found(instance, call)
    _clear(instance, directory)
    instance.credentials.pop(directory["id"], None)
    DIRECTORIES.records(instance).remove(directory["id"])
    return {"object": _answer(call, directory)["object"], "id": directory["id"], "deleted": True}


def rotate_api_key(instance: Instance, call: Call) -> Json:
    directory = _found(instance, call)
    directory["updated_at"] = instance.clock()
    return _answer(call, directory, _new_key(instance, directory))


def list_mappings(instance: Instance, call: Call) -> Json:
    mappings = mappings_of(instance, _found(instance, call)["id"])
    return {
        "data": [_mapping_answer(instance, call, one) for one in mappings],
        "total_count": len(mappings),
    }


def create_mapping(instance: Instance, call: Call) -> Json:
    directory = _found(instance, call)
    _require_mapping(directory)
    return _mapping_answer(instance, call, _map(instance, directory, call.body))


def replace_mappings(instance: Instance, call: Call) -> Json:
    """Return all or nothing: where one entry is refused, the mappings stay."""
    directory = _found(instance, call)
    _require_mapping(directory)
    entries: list[Json] = call.given("mappings") or []
    groups = [_either(one, "group_id") for one in entries]
    if len(set(groups)) < len(groups) or not all(groups):
        raise errors.form_param_value_invalid("mappings", "each about another group")
    for one in entries:
        role_with_id(instance, one["role_id"], "role_id")
    _clear(instance, directory)
    for one in entries:
        _map(instance, directory, one)
    return list_mappings(instance, call)


def delete_mapping(instance: Instance, call: Call) -> Json:
    directory = _found(instance, call)
    _require_mapping(directory)
    mapping = found(MAPPINGS.records(instance), "group mapping", call.path["mapping_id"])
    if mapping["directory_id"] != directory["id"]:
        raise errors.not_found("group mapping", mapping["id"])
    kind = _mapping_answer(instance, call, mapping)["object"]
    remove_mappings(instance, lambda one: one["id"] == mapping["id"])
    return {"object": kind, "id": mapping["id"], "deleted": True}


for _ids, _handler in (
    (("ListDirectories", "ListSCIMDirectories"), list_directories),
    (("CreateDirectory", "CreateSCIMDirectory"), create_directory),
    (("GetDirectory", "GetSCIMDirectory"), get_directory),
    (("UpdateDirectory", "UpdateSCIMDirectory"), update_directory),
    (("DeleteDirectory", "DeleteSCIMDirectory"), delete_directory),
    (("RotateDirectoryAPIKey", "RotateSCIMDirectoryAPIKey"), rotate_api_key),
    (("ListDirectoryGroupRoleMappings", "ListSCIMGroupRoleMappings"), list_mappings),
    (("CreateDirectoryGroupRoleMapping", "CreateSCIMGroupRoleMapping"), create_mapping),
    (("ReplaceDirectoryGroupRoleMappings", "ReplaceSCIMGroupRoleMappings"), replace_mappings),
    (("DeleteDirectoryGroupRoleMapping", "DeleteSCIMGroupRoleMapping"), delete_mapping),
):
    for _one in _ids:
        operation(_one)(_handler)


def _seed_mappings(instance: Instance, directory: Json, *groups: str) -> None:
    role = ROLES.one(instance, key="org:member")["id"]
    for group in groups:
        _map(instance, directory, {"directory_group_id": group, "role_id": role})


def seed_demo(instance: Instance) -> None:
    rowan = CONNECTIONS.one(instance, active=True)["id"]
    add_directory(instance, "Rowan & Reed, before", rowan, "okta")
    _seed_mappings(instance, add_directory(instance, "Rowan & Reed", rowan, "google"), "growers", "office")


def _id(demo: Instance, collection: Collection, **fields: Any) -> str:
    return str(collection.one(demo, **fields)["id"])


NAMED = {
    "a directory": lambda demo: _id(demo, DIRECTORIES, name="Rowan & Reed"),
    "the older directory": lambda demo: _id(demo, DIRECTORIES, name="Rowan & Reed, before"),
    "a group mapping": lambda demo: _id(demo, MAPPINGS, group="growers"),
    "a later group mapping": lambda demo: _id(demo, MAPPINGS, group="office"),
}
"""What examples call a record."""
