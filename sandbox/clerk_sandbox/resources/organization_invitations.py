"""Invitations to an organization: pending until accepted or revoked. Only its admins deal in them."""

from __future__ import annotations

from typing import Any

from clerk_sandbox import errors, formats, metadata
from clerk_sandbox.answers import data_page, ordered
from clerk_sandbox.plan import require_organizations
from clerk_sandbox.resources.organization_memberships import (
    METADATA,
    check_quota,
    find_organization,
    identifier,
    is_admin,
)
from clerk_sandbox.roles import role_of, role_within
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

STATUSES = ("pending", "accepted", "revoked", "expired")
MAX_IN_BULK = 10
DAY_MS = 24 * 3600 * 1000
DEFAULT_DAYS, MAX_DAYS = 30, 365
THIRTY_DAYS_MS = DEFAULT_DAYS * DAY_MS


def add_organization_invitation(
    instance: Instance,
    organization: Json,
    email_address: str,
    inviter_id: str | None,
    role: str,
    **given: Any,
) -> Json:
    """Store an invitation; `given` replaces what a new one has: status, metadata, times."""
    now = instance.clock()
    inviter = instance.users[inviter_id] if inviter_id else None
    invitation_id = instance.new_id("orginv")
    return instance.organization_invitations.add(
        {
            "object": "organization_invitation",
            "id": invitation_id,
            "email_address": email_address,
            "role": role,
            "role_name": role_of(instance, role)["name"],
            "organization_id": organization["id"],
            "inviter_id": inviter_id,
            "public_inviter_data": inviter
            and {
                "user_id": inviter_id,
                "first_name": inviter["first_name"],
                "last_name": inviter["last_name"],
                "image_url": inviter["image_url"],
                "has_image": inviter["has_image"],
                "identifier": identifier(inviter) or "",
            },
            "status": "pending",
            "public_metadata": {},
            "private_metadata": {},
            "url": f"https://accounts.clerk.com/v1/tickets/accept?ticket={instance.new_secret()}",
            "expires_at": now + THIRTY_DAYS_MS,
            "created_at": now,
            "updated_at": now,
            **given,
        }
    )


@operation("OrganizationInvitations_createAndSend")
def invite(instance: Instance, call: Call) -> Json:
    organization = find_organization(instance, call)
    _check(instance, organization, call.body)
    check_quota(instance, organization)
    return _add(instance, organization, call.body)


@operation("OrganizationInvitations_bulkCreateAndSend")
def invite_in_bulk(instance: Instance, call: Call) -> Json:
    """Return all or nothing: where one entry is refused, nobody is invited."""
    organization = find_organization(instance, call)
    entries: list[Json] = call.body
    if len(entries) > MAX_IN_BULK:
        raise errors.bulk_size_exceeded(MAX_IN_BULK)
    invited: set[str] = set()
    for entry in entries:
        email_address = _check(instance, organization, entry)
        if email_address in invited:
            raise errors.organization_invitation_not_unique(email_address)
        invited.add(email_address)
    check_quota(instance, organization, len(entries))
    invitations = [_add(instance, organization, entry) for entry in entries]
    return {"data": invitations, "total_count": len(invitations)}


@operation("OrganizationInvitations_list")
def list_invitations(instance: Instance, call: Call) -> Json:
    organization = find_organization(instance, call)
    for status in call.query.all("status"):
        if status not in STATUSES:
            raise errors.form_param_value_invalid("status", STATUSES)
    matching = _of(instance, organization, call.query.all("status") or STATUSES)
    if address := (call.query.one("email_address") or "").lower():
        matching = [one for one in matching if one["email_address"].lower() == address]
    by_address = {"email_address": lambda one: one["email_address"].lower()}
    return data_page(call, ordered(call, matching, by_address, "-created_at"))


@operation("ListInstanceOrganizationInvitations")
def list_all_invitations(instance: Instance, call: Call) -> Json:
    require_organizations(instance)
    status = call.query.choice("status", STATUSES)
    part = (call.query.one("query") or "").lower()
    matching = [
        one
        for one in instance.organization_invitations
        if status in (None, one["status"]) and part in one["email_address"].lower()
    ]
    by_address = {"email_address": lambda one: one["email_address"].lower()}
    page = data_page(call, ordered(call, matching, by_address, "-created_at"))
    return page | {"data": [_with_organization(instance, one) for one in page["data"]]}


def _with_organization(instance: Instance, invitation: Json) -> Json:
    organization = instance.organizations[invitation["organization_id"]]
    return invitation | {"public_organization_data": public_organization_data(organization)}


def public_organization_data(organization: Json) -> Json:
    return {name: organization[name] for name in ("id", "name", "slug", "image_url", "has_image")}


@operation("OrganizationInvitations_listPending")
def list_pending(instance: Instance, call: Call) -> Json:
    return data_page(call, _of(instance, find_organization(instance, call), ("pending",)))


@operation("OrganizationInvitations_getById")
def get_invitation(instance: Instance, call: Call) -> Json:
    organization = find_organization(instance, call)
    invitation = instance.organization_invitations.get(call.path["invitation_id"])
    if invitation is None or invitation["organization_id"] != organization["id"]:
        raise errors.not_found("organization invitation", call.path["invitation_id"])
    return up_to_date(instance, invitation)


@operation("OrganizationInvitations_revokeInvitation")
def revoke_invitation(instance: Instance, call: Call) -> Json:
    invitation = get_invitation(instance, call)
    if requesting := call.given("requesting_user_id"):
        _check_admin(instance, invitation["organization_id"], requesting)
    if invitation["status"] != "pending":
        raise errors.organization_invitation_not_pending(invitation["status"])
    invitation |= {"status": "revoked", "updated_at": instance.clock(), "url": None}
    return invitation


def up_to_date(instance: Instance, invitation: Json) -> Json:
    """Return the invitation, expired by now if its time is over."""
    if invitation["status"] == "pending" and invitation["expires_at"] <= instance.clock():
        invitation["status"] = "expired"
    return invitation


def _of(instance: Instance, organization: Json, statuses: list[str] | tuple[str, ...]) -> list[Json]:
    return [
        invitation
        for invitation in instance.organization_invitations
        if invitation["organization_id"] == organization["id"]
        and up_to_date(instance, invitation)["status"] in statuses
    ]


def _check(instance: Instance, organization: Json, entry: Json) -> str:
    """Return everything about one invitation but the quota; returns the address as it is compared."""
    email_address: str = entry["email_address"].strip().lower()
    if not formats.is_email(email_address):
        raise errors.form_param_format_invalid("email_address", "an email address")
    if entry.get("redirect_url") and not formats.is_url(entry["redirect_url"]):
        raise errors.form_param_format_invalid("redirect_url", "an absolute URL")
    for key in METADATA:
        metadata.checked(key, entry.get(key))
    role_within(instance, organization, entry["role"])
    if inviter := entry.get("inviter_user_id"):
        _check_admin(instance, organization["id"], inviter)
    days = entry.get("expires_in_days")
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise errors.form_param_value_invalid("expires_in_days", f"1 to {MAX_DAYS}")
    user = instance.user_by("email_address", email_address)
    if user and instance.membership(organization["id"], user["id"]):
        raise errors.already_a_member_in_organization(email_address)
    if any(one["email_address"] == email_address for one in _of(instance, organization, ("pending",))):
        raise errors.organization_invitation_not_unique(email_address)
    return email_address


def _check_admin(instance: Instance, organization_id: str, user_id: str) -> None:
    if user_id not in instance.users:
        raise errors.not_found("user", user_id)
    if not is_admin(instance, organization_id, user_id):
        raise errors.authorization_invalid(f"{user_id} is not an admin of this organization.")


def _add(instance: Instance, organization: Json, entry: Json) -> Json:
    return add_organization_invitation(
        instance,
        organization,
        entry["email_address"].strip().lower(),
        entry.get("inviter_user_id"),
        entry["role"],
        expires_at=instance.clock() + (entry.get("expires_in_days") or DEFAULT_DAYS) * DAY_MS,
        **{key: entry.get(key) or {} for key in METADATA},
    )
