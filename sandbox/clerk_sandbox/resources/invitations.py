"""Invitations to the application: pending, then accepted or revoked."""

from clerk_sandbox import errors, formats, metadata
from clerk_sandbox.answers import bare_page, deleted, found, ordered
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

STATUSES = ("pending", "accepted", "revoked", "expired")
DAY_MS = 24 * 3600 * 1000
LIFETIME_MS = 30 * DAY_MS
MAX_DAYS = 365
MAX_IN_BULK = 10


def make_invitation(
    instance: Instance,
    email_address: str,
    public_metadata: Json,
    created_at: int,
    redirect_url: str | None = None,
) -> Json:
    """Return a pending invitation, not stored yet."""
    ticket = instance.new_secret(48)
    return {
        "object": "invitation",
        "id": instance.new_id("inv"),
        "email_address": email_address.lower(),
        "public_metadata": public_metadata,
        "revoked": False,
        "status": "pending",
        "url": (redirect_url or "https://accounts.sandbox.example/sign-up") + f"?__clerk_ticket={ticket}",
        "expires_at": created_at + LIFETIME_MS,
        "created_at": created_at,
        "updated_at": created_at,
    }


@operation("Invitations_createNewInvitation")
def create_invitation(instance: Instance, call: Call) -> Json:
    return instance.invitations.add(checked_invitation(instance, call.body))


def checked_invitation(instance: Instance, body: Json, *, in_bulk: bool = False) -> Json:
    """Return the invitation that a body asks for, not stored yet.

    Args:
        in_bulk: then a user of today cannot be invited, whatever the body says.
    """
    email_address, redirect_url = body["email_address"], body.get("redirect_url")
    if not formats.is_email(email_address):
        raise errors.form_param_format_invalid("email_address", "an email address")
    if redirect_url is not None and not formats.is_url(redirect_url):
        raise errors.form_param_format_invalid("redirect_url", "an absolute URL")
    days = body.get("expires_in_days")
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise errors.form_param_value_invalid("expires_in_days", f"1 to {MAX_DAYS}")
    public_metadata = metadata.checked("public_metadata", body.get("public_metadata"))
    ignoring = bool(body.get("ignore_existing"))
    if instance.user_by("email_address", email_address) and (in_bulk or not ignoring):
        raise errors.identifier_exists("email_address")
    if not ignoring and has_pending_invitation(instance, email_address):
        raise errors.duplicate_record("email_address")
    now = instance.clock()
    made = make_invitation(instance, email_address, public_metadata, now, redirect_url)
    return made | ({"expires_at": now + days * DAY_MS} if days else {})


def up_to_date(instance: Instance, invitation: Json) -> Json:
    """Return the invitation, expired by now if its time is over."""
    over = (invitation["expires_at"] or 0) <= instance.clock()
    if invitation["status"] == "pending" and over:
        invitation["status"] = "expired"
    return invitation


def has_pending_invitation(instance: Instance, email_address: str) -> bool:
    return any(
        invitation["email_address"] == email_address.lower()
        and up_to_date(instance, invitation)["status"] == "pending"
        for invitation in instance.invitations
    )


@operation("Invitations_listAllNonRevoked")
def list_invitations(instance: Instance, call: Call) -> list[Json] | Json:
    """Revoked invitations appear only where `status` asks for them."""
    status = call.query.choice("status", STATUSES)
    wanted = (status,) if status else ("pending", "accepted")
    text = (call.query.one("query") or "").lower()
    matching = [
        one
        for one in instance.invitations
        if up_to_date(instance, one)["status"] in wanted
        and (text in one["email_address"].lower() or text == one["id"])
    ]
    return bare_page(call, ordered(call, matching, _ORDERS, "-created_at"))


_ORDERS = {
    "email_address": lambda one: one["email_address"].lower(),
    "expires_at": lambda one: one.get("expires_at") or 0,
}


@operation("Invitations_revokeInvitation")
def revoke_invitation(instance: Instance, call: Call) -> Json:
    invitation = up_to_date(instance, found(instance.invitations, "invitation", call.path["invitation_id"]))
    if invitation["status"] == "accepted":
        raise errors.invitation_already_accepted()
    if invitation["status"] == "revoked":
        raise errors.invitation_already_revoked()
    invitation |= {"status": "revoked", "revoked": True, "updated_at": instance.clock()}
    return invitation


@operation("DeleteInvitation")
def delete_invitation(instance: Instance, call: Call) -> Json:
    """Erase the record, whatever its status; a user who came by it stays."""
    invitation = found(instance.invitations, "invitation", call.path["invitation_id"])
    return deleted(instance.invitations.remove(invitation["id"]))


@operation("CreateBulkInvitations")
def create_invitations(instance: Instance, call: Call) -> list[Json]:
    """Return all or nothing: where one entry is refused, nobody is invited."""
    entries: list[Json] = call.body
    if not 1 <= len(entries) <= MAX_IN_BULK:
        raise errors.bulk_size_exceeded(MAX_IN_BULK)
    invited: set[str] = set()
    made = []
    for entry in entries:
        made.append(checked_invitation(instance, entry, in_bulk=True))
        if made[-1]["email_address"] in invited and not entry.get("ignore_existing"):
            raise errors.duplicate_record("email_address")
        invited.add(made[-1]["email_address"])
    return [instance.invitations.add(one) for one in made]
