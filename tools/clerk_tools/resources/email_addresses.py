"""Email addresses of users."""

from __future__ import annotations

from typing import Final

from clerk_tools.argument import Body, Path, arg, cuts_off
from clerk_tools.hits import Hit, Look, identification, if_fits, inside
from clerk_tools.ids import EmailAddressId, UserId
from clerk_tools.operation import Operation
from clerk_tools.resources import users
from clerk_tools.spec import Demo, Example

SYNONYMS: Final = {
    "email": "mail, e mail",
}
"""What people say instead of a term; for the search."""


class CreateEmailAddress(
    Operation,
    id="EmailAddresses_createNewAddress",
    post="/email_addresses",
    returns="email_address",
    reader=users.GetUser,
    words="add an email to a user, second email",
    example=Example(
        {"user_id": Demo("aisha"), "email_address": "aisha+clerk_test@example.org", "verified": True}
    ),
):
    """Add an email address to a user. Unverified unless `verified` is true."""

    user_id: Body[UserId] = arg(optional=True)
    email_address: Body[str] = arg(optional=True)
    verified: Body[bool] = arg(optional=True, nullable=True)
    primary: Body[bool] = arg(optional=True, nullable=True)


class GetEmailAddress(
    Operation,
    id="EmailAddresses_getDetails",
    get="/email_addresses/{email_address_id}",
    returns="email_address",
    words="is an email verified",
    example=Example({"email_address_id": Demo("an unverified email address")}),
):
    """One email address by its id. To find a user by an address, list users."""

    email_address_id: Path[EmailAddressId] = arg()


class DeleteEmailAddress(
    Operation,
    id="EmailAddresses_deleteById",
    delete="/email_addresses/{email_address_id}",
    returns="deleted",
    example=Example({"email_address_id": Demo("an unverified email address")}),
):
    """Remove an email address from its user, for good. The user's last identification cannot be removed."""

    email_address_id: Path[EmailAddressId] = arg()

    async def hit(self, look: Look) -> Hit:
        mine = GetEmailAddress(email_address_id=self.email_address_id)
        address = inside(await look.at(mine, is_target=True), "email_address")
        owner = if_fits(lambda: users.ListUsers(email_address=[address]))
        found = await look.at(owner) if address else None
        return identification(
            "email address", address, self.email_address_id, found, "primary_email_address_id"
        )


class UpdateEmailAddress(
    Operation,
    id="EmailAddresses_updateAddress",
    patch="/email_addresses/{email_address_id}",
    returns="email_address",
    words="verify an email by hand, make an email primary, primary email, mark an email as verified",
    example=Example({"email_address_id": Demo("an unverified email address"), "verified": True}),
):
    """Mark an email address as verified, or as its user's primary one (it must be verified)."""

    email_address_id: Path[EmailAddressId] = arg()
    verified: Body[bool] = arg(
        optional=True,
        nullable=True,
        risk=cuts_off(False, "it no longer counts as verified, nor for signing in"),
    )
    primary: Body[bool] = arg(optional=True, nullable=True)
