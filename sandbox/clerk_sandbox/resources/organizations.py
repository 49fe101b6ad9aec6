"""Organizations. None of it works while organizations are switched off in the instance."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from clerk_sandbox import errors, formats, metadata
from clerk_sandbox.answers import deleted, signed
from clerk_sandbox.images import check_image, image_address
from clerk_sandbox.plan import require_organizations
from clerk_sandbox.resources.organization_domains import remove_domains
from clerk_sandbox.resources.organization_memberships import (
    METADATA,
    add_membership,
    find_organization,
    members,
)
from clerk_sandbox.resources.users import moment
from clerk_sandbox.roles import initial_role_set, may_manage, role_set_of, role_within
from clerk_sandbox.routing import Call, Query, operation
from clerk_sandbox.state import Instance, Json

_ORDERS: dict[str, Callable[[Instance, Json], Any]] = {
    "created_at": lambda instance, organization: organization["created_at"],
    "name": lambda instance, organization: organization["name"].lower(),
    "members_count": lambda instance, organization: len(members(instance, organization["id"])),
}


def add_organization(instance: Instance, name: str, created_by: str | None, **given: Any) -> Json:
    """Store an organization; its creator becomes its first member, in its role set's creator role.

    `given` replaces what follows from the name and the settings: slug, metadata, max_allowed_memberships,
    role_set_key.
    """
    now = instance.clock()
    organization_id = instance.new_id("org")
    organization = instance.organizations.add(
        {
            "object": "organization",
            "id": organization_id,
            "name": name,
            "slug": given.get("slug") or _free_slug(instance, name),
            "image_url": _default_image_url(organization_id),
            "has_image": False,
            "max_allowed_memberships": instance.settings["max_allowed_memberships"],
            "admin_delete_enabled": instance.settings["admin_delete_enabled"],
            "public_metadata": {},
            "private_metadata": {},
            "role_set_key": initial_role_set(instance)["key"],
            "created_by": created_by or "",
            "created_at": now,
            "updated_at": now,
            **given,
        }
    )
    role = instance.table("roles")[role_set_of(instance, organization)["creator_role"]]
    if created_by:
        add_membership(instance, organization, created_by, role["key"])
    return organization


@operation("Organizations_listSortedByCreationDate")
def list_organizations(instance: Instance, call: Call) -> Json:
    require_organizations(instance)
    matching = list(instance.organizations)
    if query := call.query.one("query"):
        matching = [organization for organization in matching if _matches(organization, query)]
    matching = _by_ids(instance, matching, call.query)
    matching = _ordered(instance, matching, call.query.one("order_by") or "-created_at")
    page = call.one_page(matching)
    page = [_with_more(instance, organization, call.query) for organization in page]
    return {"data": page, "total_count": len(matching)}


def _with_more(instance: Instance, organization: Json, query: Query) -> Json:
    """Return an organization with what the query wants to know besides."""
    more = organization
    if query.flag("include_members_count"):
        more = with_members_count(instance, organization)
    if query.flag("include_missing_member_with_elevated_permissions"):
        members = instance.memberships_by_organization.get(organization["id"], {}).values()
        missing = not any(may_manage(instance, member) for member in members)
        more = more | {"missing_member_with_elevated_permissions": missing}
    return more


def _by_ids(instance: Instance, organizations: list[Json], query: Query) -> list[Json]:
    """Keep the organizations that the filters for their ids and their members' let through."""
    included, excluded = signed(query, "organization_id")
    with_members, without_members = signed(query, "user_id")

    def has(organization: Json, users: set[str]) -> bool:
        return not users.isdisjoint(instance.memberships_by_organization.get(organization["id"], ()))

    return [
        one
        for one in organizations
        if (not included or one["id"] in included)
        and one["id"] not in excluded
        and (not with_members or has(one, with_members))
        and not has(one, without_members)
    ]


@operation("Organizations_createNewOrganization")
def create_organization(instance: Instance, call: Call) -> Json:
    require_organizations(instance)
    name, created_by = call.required("name"), call.given("created_by") or None
    if created_by and created_by not in instance.users:
        raise errors.organization_creator_not_found(created_by)
    if created_by:
        _check_creator(instance, created_by)
    given: dict[str, Any] = {key: metadata.checked(key, call.given(key)) for key in METADATA}
    if slug := call.given("slug"):
        given["slug"] = _checked_slug(instance, slug)
    if call.given("max_allowed_memberships") is not None:
        given["max_allowed_memberships"] = _checked_limit(call.given("max_allowed_memberships"))
    created_at = moment("created_at", call.given("created_at"))
    if key := call.given("role_set_key"):
        given["role_set_key"] = _checked_role_set(instance, key)
    organization = add_organization(instance, name, created_by, **given)
    if created_at is not None:
        instance.organizations.redate(organization["id"], created_at)
    return organization


def _check_creator(instance: Instance, user_id: str) -> None:
    """Refuse one more organization of somebody who has made as many as they may; 0 and None are no limit."""
    limit = instance.users[user_id]["create_organizations_limit"]
    made = sum(one["created_by"] == user_id for one in instance.organizations)
    if limit and made >= limit:
        raise errors.form_param_value_invalid("created_by", f"a user with fewer than {limit} organizations")


def _checked_role_set(instance: Instance, key: str) -> str:
    if not any(one["key"] == key for one in instance.table("role_sets")):
        raise errors.form_resource_not_found("role_set_key", key)
    return key


@operation("Organizations_getByIdOrSlug")
def get_organization(instance: Instance, call: Call) -> Json:
    require_organizations(instance)
    wanted = call.path["organization_id"]
    organization = instance.organizations.get(wanted) or next(
        (known for known in instance.organizations if known["slug"] == wanted), None
    )
    if organization is None:
        raise errors.not_found("organization", wanted)
    return _with_more(instance, organization, call.query)


@operation("Organizations_updateOrganization")
def update_organization(instance: Instance, call: Call) -> Json:
    """Metadata given here replaces what there was; `merge_metadata` is the one that merges."""
    organization = find_organization(instance, call)
    changes = {key: value for key, value in call.body.items() if value is not None}
    for key in METADATA:
        if key in changes:
            metadata.checked(key, changes[key])
    if changes.get("name") == "":
        raise errors.form_param_missing("name")
    if "slug" in changes:
        _checked_slug(instance, changes["slug"], renamed=organization)
    if "max_allowed_memberships" in changes:
        _checked_limit(changes["max_allowed_memberships"])
    created_at = moment("created_at", changes.pop("created_at", None))
    if "role_set_key" in changes:
        _check_role_set_fits(instance, organization, changes["role_set_key"])
    organization |= changes | {"updated_at": instance.clock()}
    if created_at is not None:
        instance.organizations.redate(organization["id"], created_at)
    return organization


def _check_role_set_fits(instance: Instance, organization: Json, key: str) -> None:
    """Refuse a role set that lacks a role which some member has."""
    _checked_role_set(instance, key)
    for membership in members(instance, organization["id"]).values():
        role_within(instance, organization | {"role_set_key": key}, membership["role"], "role_set_key")


@operation("Organizations_mergeOrganizationMetadata")
def merge_metadata(instance: Instance, call: Call) -> Json:
    organization = find_organization(instance, call)
    metadata.merge_into(organization, call.body, METADATA)
    organization["updated_at"] = instance.clock()
    return organization


@operation("ReplaceOrganizationMetadata")
def replace_metadata(instance: Instance, call: Call) -> Json:
    organization = find_organization(instance, call)
    given = {key: metadata.checked(key, call.given(key)) for key in METADATA if call.given(key) is not None}
    organization |= {**given, "updated_at": instance.clock()}
    return organization


@operation("Organizations_deleteOrganization")
def delete_organization(instance: Instance, call: Call) -> Json:
    """Memberships, invitations and domains go with it, and no session stays in it."""
    organization = find_organization(instance, call)
    for membership in list(members(instance, organization["id"]).values()):
        instance.remove_membership(membership)
    for invitation in list(instance.organization_invitations):
        if invitation["organization_id"] == organization["id"]:
            instance.organization_invitations.remove(invitation["id"])
    remove_domains(instance, organization["id"])
    for session in instance.sessions:
        if session["last_active_organization_id"] == organization["id"]:
            session["last_active_organization_id"] = None
    return deleted(instance.organizations.remove(organization["id"]))


@operation("Organizations_updateOrganizationLogo")
def set_logo(instance: Instance, call: Call) -> Json:
    organization = find_organization(instance, call)
    uploader = call.given("uploader_user_id")
    if uploader and uploader not in instance.users:
        raise errors.not_found("user", uploader)
    check_image(call.upload().content)
    url = f"https://img.clerk.com/{instance.new_secret()}"
    organization |= {"image_url": url, "has_image": True, "updated_at": instance.clock()}
    return organization | {"logo_url": url}


@operation("Organizations_removeLogo")
def remove_logo(instance: Instance, call: Call) -> Json:
    organization = find_organization(instance, call)
    organization |= {
        "image_url": _default_image_url(organization["id"]),
        "has_image": False,
        "updated_at": instance.clock(),
    }
    return organization


def with_members_count(instance: Instance, organization: Json) -> Json:
    return organization | {"members_count": len(members(instance, organization["id"]))}


def _matches(organization: Json, query: str) -> bool:
    """Compare: an id has to be the whole query; of a name or a slug a part is enough."""
    part = query.lower()
    return organization["id"] == query or part in organization["name"].lower() or part in organization["slug"]


def _ordered(instance: Instance, organizations: list[Json], order_by: str) -> list[Json]:
    key = _ORDERS.get(order_by.lstrip("+-"))
    if key is None:
        raise errors.form_param_value_invalid("order_by", _ORDERS)
    if order_by.lstrip("+-") == "created_at":
        # The table's own order, which also tells apart what was made in the same millisecond.
        return organizations if order_by.startswith("-") else organizations[::-1]
    return sorted(organizations, key=lambda one: key(instance, one), reverse=order_by.startswith("-"))


def _checked_slug(instance: Instance, slug: str, renamed: Json | None = None) -> str:
    if instance.settings["slug_disabled"]:
        raise errors.form_param_unknown("slug")
    if not formats.is_slug(slug):
        raise errors.form_param_format_invalid("slug", "lower-case letters, digits and dashes")
    if any(known["slug"] == slug and known is not renamed for known in instance.organizations):
        raise errors.identifier_exists("slug")
    return slug


def _checked_limit(limit: int) -> int:
    if limit < 0:
        raise errors.form_param_value_invalid("max_allowed_memberships", "0 (no limit) or more")
    return limit


def _free_slug(instance: Instance, name: str) -> str:
    """Return a slug made from the name, with a number where another organization has it already.

    Where slugs are switched off it is empty.
    """
    if instance.settings["slug_disabled"]:
        return ""
    taken = {organization["slug"] for organization in instance.organizations}
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "org"
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def _default_image_url(organization_id: str) -> str:
    return image_address(f'{{"type":"default","rid":"{organization_id}"}}')
