"""Invitations to sign up."""

from __future__ import annotations

from typing import Final, Literal

from clerk_tools.argument import Body, JsonObject, Nested, Path, Query, arg
from clerk_tools.hits import Hit, Look, first_with, inside, records, thing
from clerk_tools.ids import InvitationId
from clerk_tools.operation import UNDOCUMENTED, Counted, Operation, Paged
from clerk_tools.spec import Demo, Example, per_hour

SYNONYMS: Final = {
    "invitation": "invite",
}
"""What people say instead of a term; for the search."""


class CreateInvitation(
    Operation,
    id="Invitations_createNewInvitation",
    post="/invitations",
    together="CreateBulkInvitations",
    returns="invitation",
    secret=("url",),
    sends_mail="notify",
    limit=per_hour(100),
    words="invite, invitation link, invite to sign up, send an invitation, invitation mail, invite "
    "somebody, invite a user, invite to the app, invite by mail, ask somebody to sign up, invite "
    "a friend",
    example=Example({"email_address": "florist+clerk_test@example.com"}),
):
    """Invite an address to sign up. SENDS MAIL unless `notify` is false. For an organization use
    OrganizationInvitations_createAndSend."""

    email_address: Body[str] = arg()
    public_metadata: Body[JsonObject] = arg("Becomes the user's", optional=True)
    redirect_url: Body[str] = arg("Once accepted", optional=True)
    notify: Body[bool] = arg(default=True, nullable=True)
    ignore_existing: Body[bool] = arg(
        "Invite even if invited before or already a user", default=False, nullable=True
    )
    expires_in_days: Body[int] = arg(optional=True, ge=1, le=365, nullable=True)
    template_slug: Body[Literal["invitation", "waitlist_invitation"]] = arg(optional=True)


class ListInvitations(
    Counted,
    Paged,
    id="Invitations_listAllNonRevoked",
    get="/invitations",
    lists="invitation",
    secret=("url",),
    words="pending invitations, who was invited, list invitations, open invitations, who was invited to "
    "the app, invitations that nobody accepted, who has not accepted",
    example=Example({"status": "pending"}),
):
    """Invitations to sign up, newest first; revoked ones only by `status`."""

    status: Query[Literal["pending", "accepted", "revoked", "expired"]] = arg(optional=True)
    query: Query[str] = arg("Part of an address, or an id", optional=True)
    order_by: Query[str] = arg("created_at, email_address or expires_at; - descends", default="-created_at")


class RevokeInvitation(
    Operation,
    id="Invitations_revokeInvitation",
    post="/invitations/{invitation_id}/revoke",
    returns="invitation",
    effect="destroy",
    secret=("url",),
    words="cancel an invitation, withdraw an invitation, take an invitation back, invalidate an "
    "invitation, invitation sent to the wrong address, uninvite somebody, invitation must not be "
    "used any more",
    example=Example({"invitation_id": Demo("an invitation")}),
):
    """Make a pending invitation's link invalid. The person can still sign up where sign-up is open."""

    invitation_id: Path[InvitationId] = arg()

    async def hit(self, look: Look) -> Hit:
        pending = await look.at(ListInvitations(status="pending", limit=500))
        found = first_with(records(pending), "id", self.invitation_id)
        gone = None
        if pending is not None and not found:
            revoked = await look.at(ListInvitations(status="revoked", limit=500))
            gone = first_with(records(revoked), "id", self.invitation_id)
        hit = Hit.of(thing("invitation of", inside(found or gone, "email_address")), "its link stops working")
        return hit.if_not_already("The invitation is revoked already." if gone else "")


class DeleteInvitation(
    Operation,
    id="DeleteInvitation",
    version="2026-05-12",
    document=UNDOCUMENTED,
    delete="/invitations/{invitation_id}",
    returns="deleted",
    words="erase an invitation, forget the address of somebody who was invited, remove all trace of an "
    "invitation",
    example=Example({"invitation_id": Demo("an invitation")}, late=True),
):
    """Delete an invitation of any status, address and all, for good. To keep a record use
    Invitations_revokeInvitation."""

    invitation_id: Path[InvitationId] = arg()

    async def hit(self, look: Look) -> Hit:
        listed = records(await look.at(ListInvitations(query=self.invitation_id)))
        found = first_with(listed, "id", self.invitation_id)
        return Hit.of(
            thing("invitation of", inside(found, "email_address")), "its record and its link are lost"
        )


class Invitation(Nested):
    """One entry of a bulk call."""

    email_address: str = arg()
    public_metadata: JsonObject = arg(optional=True, nullable=True)
    redirect_url: str = arg(optional=True, nullable=True)
    notify: bool = arg(default=True, nullable=True)
    ignore_existing: bool = arg("Invite even if invited before", default=False, nullable=True)
    expires_in_days: int = arg(optional=True, ge=1, le=365, nullable=True)
    template_slug: Literal["invitation", "waitlist_invitation"] = arg(default="invitation")


class CreateInvitations(
    Operation,
    id="CreateBulkInvitations",
    version="2021-02-05",
    post="/invitations/bulk",
    lists="invitation",
    array_body=True,
    secret=("url",),
    sends_mail=True,
    limit=per_hour(25),
    words="invite several people, bulk invite, invite a list of addresses, invite many to sign up, "
    "invite a group of people to the app, invite many people at once, invite everybody in a file, "
    "invite a batch of testers, invite hundreds of people",
    example=Example(
        {
            "invitations": [
                {"email_address": "rosa+clerk_test@example.com"},
                {"email_address": "ida+clerk_test@example.com", "notify": False, "expires_in_days": 7},
            ]
        }
    ),
):
    """Invite up to 10 addresses to sign up; all or none. SENDS MAIL to each unless its `notify` is false.
    For an organization use OrganizationInvitations_bulkCreateAndSend."""

    invitations: Body[list[Invitation]] = arg(min_length=1, max_length=10)
