"""Memberships: who belongs to which organization, and in which role."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from clerk_sandbox import errors, metadata
from clerk_sandbox.answers import data_page, found
from clerk_sandbox.plan import require_organizations
from clerk_sandbox.roles import may_manage, permission_keys, role_of, role_within
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json
from clerk_sandbox.user_filters import filter_of
from clerk_sandbox.user_records import primary

METADATA = ("public_metadata", "private_metadata")


def find_organization(instance: Instance, call: Call) -> Json:
    """Return the organization whose id stands in the path.

    Raises:
        ClerkError: 403 organizations are off, 404 there is none.
    """
    require_organizations(instance)
    return found(instance.organizations, "organization", call.path["organization_id"])


def add_membership(instance: Instance, organization: Json, user_id: str, role: str) -> Json:
    """Store a membership; neither the quota nor an existing membership is looked at."""
    now = instance.clock()
    return instance.add_membership(
        {
            "object": "organization_membership",
            "id": instance.new_id("orgmem"),
            "organization_id": organization["id"],
            "user_id": user_id,
            "role": role,
            "public_metadata": {},
            "private_metadata": {},
            "created_at": now,
            "updated_at": now,
        }
    )


def members(instance: Instance, organization_id: str) -> dict[str, Json]:
    """Return an organization's memberships by user id."""
    return instance.memberships_by_organization.get(organization_id, {})


def membership_answer(instance: Instance, membership: Json) -> Json:
    """Return a membership as Clerk answers it, with its organization and the public part of its user."""
    role = role_of(instance, membership["role"])
    user = instance.users[membership["user_id"]]
    return {
        "object": "organization_membership",
        "id": membership["id"],
        "role": role["key"],
        "role_name": role["name"],
        "permissions": permission_keys(instance, role),
        "public_metadata": membership["public_metadata"],
        "private_metadata": membership["private_metadata"],
        "organization": instance.organizations[membership["organization_id"]],
        "public_user_data": {
            "user_id": user["id"],
            "first_name": user["first_name"],
            "last_name": user["last_name"],
            "profile_image_url": user["image_url"],
            "image_url": user["image_url"],
            "has_image": user["has_image"],
            "identifier": identifier(user),
            "username": user["username"],
            "banned": user["banned"],
        },
        "created_at": membership["created_at"],
        "updated_at": membership["updated_at"],
    }


def check_quota(instance: Instance, organization: Json, joining: int = 1) -> None:
    """Tell whether that many more fit in: pending invitations hold a place too; a limit of 0 means none.

    Raises:
        ClerkError: 403 `organization_membership_quota_exceeded`.
    """
    limit = organization["max_allowed_memberships"]
    pending = sum(
        invitation["organization_id"] == organization["id"] and invitation["status"] == "pending"
        for invitation in instance.organization_invitations
    )
    if limit and len(members(instance, organization["id"])) + pending + joining > limit:
        raise errors.organization_membership_quota_exceeded(limit)


def is_admin(instance: Instance, organization_id: str, user_id: str) -> bool:
    """Tell whether a user may manage the organization's members, in whichever role."""
    membership = instance.membership(organization_id, user_id)
    return membership is not None and may_manage(instance, membership)


def identifier(user: Json) -> str | None:
    """Return what the user is best known by."""
    return (
        primary(user, "email_address")
        or primary(user, "phone_number")
        or user["username"]
        or primary(user, "web3_wallet")
    )


_ORDERS: dict[str, Callable[[Json], Any]] = {
    "phone_number": lambda user: primary(user, "phone_number") or "",
    "email_address": lambda user: primary(user, "email_address") or "",
    "first_name": lambda user: (user["first_name"] or "").lower(),
    "last_name": lambda user: (user["last_name"] or "").lower(),
    "username": lambda user: user["username"] or "",
}


@operation("OrganizationMemberships_getAllMembers")
def list_members(instance: Instance, call: Call) -> Json:
    organization = find_organization(instance, call)
    passes, roles = filter_of(instance, call.query), call.query.all("role")
    ordered = [
        one
        for one in _ordered(instance, members(instance, organization["id"]).values(), call)
        if (not roles or one["role"] in roles) and passes(instance.users[one["user_id"]])
    ]
    page = [membership_answer(instance, membership) for membership in call.one_page(ordered)]
    return {"data": page, "total_count": len(ordered)}


@operation("InstanceGetOrganizationMemberships")
def list_all_members(instance: Instance, call: Call) -> Json:
    require_organizations(instance)
    page = data_page(call, _ordered(instance, instance.memberships, call))
    return page | {"data": [membership_answer(instance, membership) for membership in page["data"]]}


@operation("OrganizationMemberships_addUserToOrganization")
def add_member(instance: Instance, call: Call) -> Json:
    organization = find_organization(instance, call)
    user_id, role = call.required("user_id"), role_within(instance, organization, call.required("role"))
    found(instance.users, "user", user_id)
    if instance.membership(organization["id"], user_id):
        raise errors.already_a_member_in_organization(user_id)
    check_quota(instance, organization)
    given = {name: metadata.checked(name, call.given(name)) for name in METADATA}
    membership = add_membership(instance, organization, user_id, role["key"])
    membership |= given
    return membership_answer(instance, membership)


@operation("OrganizationMemberships_updateMembershipProperties")
def change_role(instance: Instance, call: Call) -> Json:
    membership = _found(instance, call)
    organization = instance.organizations[membership["organization_id"]]
    role = role_within(instance, organization, call.required("role"))
    if not may_manage(instance, membership | {"role": role["key"]}):
        _check_an_admin_remains(instance, membership)
    membership |= {"role": role["key"], "updated_at": instance.clock()}
    return membership_answer(instance, membership)


@operation("OrganizationMemberships_updateMembershipMetadata")
def merge_metadata(instance: Instance, call: Call) -> Json:
    membership = _found(instance, call)
    metadata.merge_into(membership, call.body, METADATA)
    membership["updated_at"] = instance.clock()
    return membership_answer(instance, membership)


@operation("OrganizationMemberships_removeUserFromOrganization")
def remove_member(instance: Instance, call: Call) -> Json:
    """Answers the membership as it was."""
    membership = _found(instance, call)
    _check_an_admin_remains(instance, membership)
    for session in instance.sessions:
        if session["user_id"] == membership["user_id"] and (
            session["last_active_organization_id"] == membership["organization_id"]
        ):
            session["last_active_organization_id"] = None
    return membership_answer(instance, instance.remove_membership(membership))


def _found(instance: Instance, call: Call) -> Json:
    organization = find_organization(instance, call)
    membership = instance.membership(organization["id"], call.path["user_id"])
    if membership is None:
        raise errors.not_found("organization membership of the user", call.path["user_id"])
    return membership


def _check_an_admin_remains(instance: Instance, membership: Json) -> None:
    """Return the last one who may manage the members can neither leave nor be made anything less."""
    others = (
        other
        for other in members(instance, membership["organization_id"]).values()
        if other is not membership
    )
    if may_manage(instance, membership) and not any(may_manage(instance, other) for other in others):
        raise errors.organization_minimum_permissions_needed()


def _ordered(instance: Instance, memberships: Iterable[Json], call: Call) -> list[Json]:
    order_by = call.query.one("order_by") or "-created_at"
    by, descending = order_by.lstrip("+-"), order_by.startswith("-")
    newest_first = instance.memberships.newest_first(membership["id"] for membership in memberships)
    if by == "created_at":
        return newest_first if descending else newest_first[::-1]
    if by not in _ORDERS:
        raise errors.form_param_value_invalid("order_by", ("created_at", *_ORDERS))
    key = _ORDERS[by]
    return sorted(newest_first, key=lambda one: key(instance.users[one["user_id"]]), reverse=descending)
