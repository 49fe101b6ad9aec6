"""Links with which a customer's own administrators set up their single sign-on."""

from __future__ import annotations

from typing import Annotated

from clerk_tools.argument import Body, Id, Kind, Path, arg
from clerk_tools.hits import Hit, Look
from clerk_tools.ids import OrganizationId
from clerk_tools.operation import Operation
from clerk_tools.spec import ANOTHER_DOES_NO_HARM, Advice, Demo, Example
from clerk_tools.view import View

AdminPortalLinkTokenId = Annotated[Id, Kind("admin portal link token")]
"""Nothing lists these: the id is in the answer that made one."""

VIEWS = {
    "admin_portal_link_token": View(
        ("id", "organization_id", "it_contact_id", "revocation_reason"),
        flags=("revoked", "expired"),
        lists=("scopes",),
        times=("expiration", "created_at"),
    ),
}


class CreateAdminPortalLinkToken(
    Operation,
    id="createAdminPortalLinkToken",
    version="2021-02-05",
    post="/admin_portal_link_tokens",
    returns="admin_portal_link_token",
    secret=("token",),
    advice=Advice(if_executed=ANOTHER_DOES_NO_HARM),
    mints=True,
    words="admin portal link, let a customer configure their own SSO, self-service SSO, link for an IT "
    "admin, customer sets SSO up by themselves, let a customer's admin configure SSO, invite a "
    "customer's IT to configure single sign-on, customer configures the IdP themselves",
    example=Example({"organization_id": Demo("Fernhill")}),
):
    """Make a link token with which a customer's IT admin sets up their own single
    sign-on. The answer alone has it."""

    organization_id: Body[OrganizationId] = arg(optional=True)
    it_contact_id: Body[str] = arg(optional=True, min_length=1)
    scopes: Body[list[str]] = arg(optional=True)
    seconds_until_expiration: Body[int] = arg(default=3600, ge=0, le=86400)


class RevokeAdminPortalLinkToken(
    Operation,
    id="revokeAdminPortalLinkToken",
    version="2021-02-05",
    post="/admin_portal_link_tokens/{admin_portal_link_token_id}/revoke",
    returns="admin_portal_link_token",
    advice=Advice(
        not_found="No tool lists admin portal links: the id is in the answer of createAdminPortalLinkToken."
    ),
    effect="destroy",
    words="stop an admin portal link, stop a self-service SSO link, revoke an admin portal link, "
    "customer's admin must not configure SSO any more",
    example=Example({"admin_portal_link_token_id": Demo("an admin portal link token")}, late=True),
):
    """Revoke a link to the admin portal: it stops working."""

    admin_portal_link_token_id: Path[AdminPortalLinkTokenId] = arg()
    revocation_reason: Body[str] = arg(optional=True, nullable=True)

    async def hit(self, look: Look) -> Hit:
        return Hit.of("admin portal link", "the link stops working")
