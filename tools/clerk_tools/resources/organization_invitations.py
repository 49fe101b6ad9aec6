"""Invitations to join an organization."""

from __future__ import annotations

from typing import Literal

from clerk_tools.argument import Body, JsonObject, Nested, Path, Query, arg
from clerk_tools.hits import Hit, Look, inside, organization, thing
from clerk_tools.ids import OrganizationId, OrganizationInvitationId, UserId
from clerk_tools.operation import Operation, Paged
from clerk_tools.resources import organizations
from clerk_tools.spec import Demo, Example, per_hour


class NewInvitation(Nested):
    """One invitation of a bulk call."""

    email_address: str = arg()
    inviter_user_id: UserId = arg("One of its admins", optional=True, nullable=True)
    role: str = arg("Such as org:member")
    public_metadata: JsonObject = arg(optional=True)
    private_metadata: JsonObject = arg(optional=True)
    redirect_url: str = arg("Once accepted", optional=True)
    expires_in_days: int = arg(optional=True, ge=1, le=365, nullable=True)
    notify: bool = arg(default=True, nullable=True)


class CreateOrganizationInvitation(
    Operation,
    id="OrganizationInvitations_createAndSend",
    post="/organizations/{organization_id}/invitations",
    together="OrganizationInvitations_bulkCreateAndSend",
    returns="organization_invitation",
    secret=("url",),
    sends_mail="notify",
    limit=per_hour(250),
    words="invite to an organization, invite a colleague, invite to a team, invite to a company, invite "
    "somebody into a workspace, ask somebody to join an organization, invite to an organization "
    "by mail",
    example=Example(
        {
            "organization_id": Demo("Fernhill"),
            "email_address": "designer+clerk_test@fernhill.example",
            "inviter_user_id": Demo("nadia"),
            "role": "org:member",
        }
    ),
):
    """Invite an address to an organization. SENDS MAIL unless `notify` is false. Existing users:
    OrganizationMemberships_addUserToOrganization adds them without mail."""

    organization_id: Path[OrganizationId] = arg()
    email_address: Body[str] = arg()
    inviter_user_id: Body[UserId] = arg("One of its admins", optional=True)
    role: Body[str] = arg("Such as org:member")
    public_metadata: Body[JsonObject] = arg(optional=True)
    private_metadata: Body[JsonObject] = arg(optional=True)
    redirect_url: Body[str] = arg("Once accepted", optional=True)
    expires_in_days: Body[int] = arg(optional=True, ge=1, le=365, nullable=True)
    notify: Body[bool] = arg(default=True, nullable=True)


class ListInstanceInvitations(
    Paged,
    id="ListInstanceOrganizationInvitations",
    version="2021-02-05",
    get="/organization_invitations",
    pages="organization_invitation",
    secret=("url",),
    words="invitations of every organization, invitations across all organizations, to which "
    "organizations was an address invited, team invitations across the instance, open invitations "
    "of all organizations, pending team invitations anywhere",
    example=Example({"status": "pending", "query": "mossbrook"}),
):
    """Invitations to all organizations, newest first. To one: OrganizationInvitations_list."""

    order_by: Query[str] = arg("created_at or email_address; - descends", default="-created_at")
    status: Query[Literal["pending", "accepted", "revoked", "expired"]] = arg(optional=True)
    query: Query[str] = arg("Part of the address", optional=True)


class ListOrganizationInvitations(
    Paged,
    id="OrganizationInvitations_list",
    get="/organizations/{organization_id}/invitations",
    pages="organization_invitation",
    secret=("url",),
    words="pending invitations of an organization, who was invited to an organization, invitations of a "
    "team, open invitations of a company, who was asked to join a team, who has not joined an "
    "organization yet, which invitations of an organization were accepted, invitations sent by a "
    "team, team invitations still pending",
    example=Example({"organization_id": Demo("Fernhill"), "status": "revoked"}),
):
    """An organization's invitations, newest first."""

    organization_id: Path[OrganizationId] = arg()
    status: Query[Literal["pending", "accepted", "revoked", "expired"]] = arg(optional=True)
    email_address: Query[str] = arg("Exact", optional=True)
    order_by: Query[str] = arg("created_at or email_address; - descends", default="-created_at")


class BulkCreateOrganizationInvitations(
    Operation,
    id="OrganizationInvitations_bulkCreateAndSend",
    post="/organizations/{organization_id}/invitations/bulk",
    pages="organization_invitation",
    secret=("url",),
    sends_mail=True,
    limit=per_hour(50),
    array_body=True,
    words="invite many to an organization at once, invite several people to an organization, invite "
    "people to an organization in bulk, invite several people to a team, invite many colleagues, "
    "invite a list to an organization, bulk invitations to a company, invite a whole department "
    "to an organization",
    example=Example(
        {
            "organization_id": Demo("Fernhill"),
            "invitations": [
                {
                    "email_address": "seasonal1+clerk_test@fernhill.example",
                    "inviter_user_id": Demo("nadia"),
                    "role": "org:member",
                },
                {
                    "email_address": "seasonal2+clerk_test@fernhill.example",
                    "inviter_user_id": Demo("nadia"),
                    "role": "org:member",
                },
            ],
        }
    ),
):
    """Invite up to 10 addresses to an organization at once; all or none. SENDS MAIL to each unless its
    `notify` is false."""

    organization_id: Path[OrganizationId] = arg()
    invitations: Body[list[NewInvitation]] = arg()


class ListPendingOrganizationInvitations(
    Paged,
    id="OrganizationInvitations_listPending",
    get="/organizations/{organization_id}/invitations/pending",
    pages="organization_invitation",
    secret=("url",),
    deprecated=True,
    instead="OrganizationInvitations_list with `status` pending",
    example=Example({"organization_id": Demo("Fernhill"), "limit": 2}),
):
    """An organization's pending invitations. Deprecated: OrganizationInvitations_list with status pending."""

    organization_id: Path[OrganizationId] = arg()


class GetOrganizationInvitation(
    Operation,
    id="OrganizationInvitations_getById",
    get="/organizations/{organization_id}/invitations/{invitation_id}",
    returns="organization_invitation",
    secret=("url",),
    words="show one invitation to an organization, was an invitation to a team accepted, status of an "
    "organization invitation, did somebody accept the invitation to a team",
    example=Example(
        {"organization_id": Demo("Fernhill"), "invitation_id": Demo("an organization's invitation")}
    ),
):
    """One invitation of an organization."""

    organization_id: Path[OrganizationId] = arg()
    invitation_id: Path[OrganizationInvitationId] = arg()


class RevokeOrganizationInvitation(
    Operation,
    id="OrganizationInvitations_revokeInvitation",
    post="/organizations/{organization_id}/invitations/{invitation_id}/revoke",
    returns="organization_invitation",
    effect="destroy",
    secret=("url",),
    words="cancel an invitation to an organization, withdraw an invitation to a team, cancel a team "
    "invitation, take back an invitation to a company, invitation to a team went to the wrong "
    "person, uninvite from a workspace",
    example=Example(
        {
            "organization_id": Demo("Fernhill"),
            "invitation_id": Demo("an organization's invitation"),
            "requesting_user_id": Demo("nadia"),
        }
    ),
):
    """Make a pending organization invitation's link invalid."""

    organization_id: Path[OrganizationId] = arg()
    invitation_id: Path[OrganizationInvitationId] = arg()
    requesting_user_id: Body[UserId] = arg("One of its admins", optional=True)

    async def hit(self, look: Look) -> Hit:
        found = await look.at(
            GetOrganizationInvitation(organization_id=self.organization_id, invitation_id=self.invitation_id),
            is_target=True,
        )
        into = organization(
            await look.at(organizations.GetOrganization(organization_id=self.organization_id))
        )
        target = thing("invitation of", inside(found, "email_address"), inside(found, "role"))
        hit = Hit.of(f"{target} to {into}" if target and into else target or into, "its link stops working")
        gone = inside(found, "status") == "revoked"
        return hit.if_not_already("The invitation is revoked already." if gone else "")
