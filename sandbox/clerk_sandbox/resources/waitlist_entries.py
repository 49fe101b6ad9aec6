"""The waitlist: pending entries are invited or rejected; signing up completes an entry that was invited."""

from __future__ import annotations

from typing import Any

from clerk_sandbox import errors, formats
from clerk_sandbox.collection import Collection
from clerk_sandbox.resources.invitations import has_pending_invitation, make_invitation
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

ENTRIES = Collection(
    "waitlist_entry",
    prefix="wle",
    called="waitlist entry",
    table="waitlist_entries",
    fields={
        "email_address": "",
        "status": "pending",
        "is_locked": False,
        "invited_at": None,
        "invitation": None,
    },
    hidden=("invited_at",),
)
ENTRIES.lists(
    "ListWaitlistEntries",
    searched=("email_address", "id"),
    sorted_by=("created_at", "invited_at", "email_address"),
)


def _add(instance: Instance, given: Any) -> Json:
    address = given["email_address"]
    if not formats.is_email(address):
        raise errors.form_param_format_invalid("email_address", "an email address")
    # Whoever waits already keeps the place: asking again answers the same entry.
    known = next((one for one in ENTRIES.records(instance) if one["email_address"] == address.lower()), None)
    return known or ENTRIES.new(instance, email_address=address.lower())


@operation("CreateWaitlistEntry")
def create_entry(instance: Instance, call: Call) -> Json:
    return ENTRIES.answer(_add(instance, call.body))


@operation("CreateBulkWaitlistEntries")
def create_entries(instance: Instance, call: Call) -> list[Json]:
    given = call.body["waitlist_entries"] if isinstance(call.body, dict) else call.body
    for one in given:
        if not formats.is_email(one["email_address"]):
            raise errors.form_param_format_invalid("email_address", "an email address")
    return [ENTRIES.answer(_add(instance, one)) for one in given]


@operation("InviteWaitlistEntry")
def invite(instance: Instance, call: Call) -> Json:
    entry = ENTRIES.found(instance, call)
    address = entry["email_address"]
    if entry["status"] in ("completed", "rejected"):
        raise errors.form_param_value_invalid("waitlist_entry_id", f"an entry that is not {entry['status']}")
    if not call.given("ignore_existing"):
        if instance.user_by("email_address", address):
            raise errors.identifier_exists("email_address")
        if has_pending_invitation(instance, address):
            raise errors.duplicate_record("email_address")
    now = instance.clock()
    invitation = instance.invitations.add(make_invitation(instance, address, {}, now))
    entry |= {"status": "invited", "invited_at": now, "invitation": invitation, "updated_at": now}
    return ENTRIES.answer(entry)


@operation("RejectWaitlistEntry")
def reject(instance: Instance, call: Call) -> Json:
    entry = ENTRIES.found(instance, call)
    if entry["status"] in ("completed", "rejected"):
        raise errors.form_param_value_invalid("waitlist_entry_id", f"an entry that is not {entry['status']}")
    if entry["invitation"]:
        entry["invitation"] |= {"status": "revoked", "revoked": True}
    entry |= {"status": "rejected", "updated_at": instance.clock()}
    return ENTRIES.answer(entry)


def _must_be_pending(_: Instance, entry: Json, __: Call) -> None:
    if entry["status"] != "pending":
        raise errors.form_param_value_invalid("waitlist_entry_id", "an entry that is pending")


ENTRIES.deletes("DeleteWaitlistEntry", check=_must_be_pending)


def complete(instance: Instance, email_address: str) -> None:
    """Note that somebody who was invited from the waitlist has signed up."""
    for entry in ENTRIES.records(instance):
        if entry["email_address"] == email_address.lower() and entry["status"] == "invited":
            entry["status"] = "completed"


def _of(instance: Instance, email_address: str) -> str:
    found = (one for one in ENTRIES.records(instance) if one["email_address"] == email_address)
    return str(next(found)["id"])


NAMED = {
    "mara's waitlist entry": lambda instance: _of(instance, "mara@example.net"),
    "carlos's waitlist entry": lambda instance: _of(instance, "carlos.mendoza@example.com"),
}


def seed_demo(instance: Instance) -> None:
    """Return one who was turned down, one who has signed up meanwhile, and three people who wait."""
    ENTRIES.new(instance, email_address="carlos.mendoza@example.com")
    ENTRIES.new(instance, email_address="pavel@example.net", status="rejected")
    for name in ("mara", "idris", "yuki"):
        ENTRIES.new(instance, email_address=f"{name}@example.net")
