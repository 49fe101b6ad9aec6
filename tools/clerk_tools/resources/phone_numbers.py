"""Phone numbers of users."""

from __future__ import annotations

from typing import Final

from clerk_tools.argument import Body, Path, arg, cuts_off
from clerk_tools.hits import Hit, Look, identification, if_fits, inside
from clerk_tools.ids import PhoneNumberId, UserId
from clerk_tools.operation import Operation
from clerk_tools.resources import users
from clerk_tools.spec import Demo, Example

SYNONYMS: Final = {
    "phone": "mobile, telephone, cell",
}
"""What people say instead of a term; for the search."""


class CreatePhoneNumber(
    Operation,
    id="PhoneNumbers_createNewPhoneNumber",
    post="/phone_numbers",
    returns="phone_number",
    secret=("backup_codes",),
    reader=users.GetUser,
    words="add a phone to a user, second phone",
    example=Example({"user_id": Demo("chloe"), "phone_number": "+12015550177", "verified": True}),
):
    """Add a phone number to a user. Unverified unless `verified` is true."""

    user_id: Body[UserId] = arg(optional=True)
    phone_number: Body[str] = arg("E.164", optional=True)
    verified: Body[bool] = arg(optional=True, nullable=True)
    primary: Body[bool] = arg(optional=True, nullable=True)
    reserved_for_second_factor: Body[bool] = arg(
        "Use it as a second factor; must be verified", optional=True, nullable=True
    )


class GetPhoneNumber(
    Operation,
    id="PhoneNumbers_getDetails",
    get="/phone_numbers/{phone_number_id}",
    returns="phone_number",
    secret=("backup_codes",),
    example=Example({"phone_number_id": Demo("a phone number")}),
):
    """One phone number by its id. To find a user by a number, list users."""

    phone_number_id: Path[PhoneNumberId] = arg()


class DeletePhoneNumber(
    Operation,
    id="PhoneNumbers_deletePhoneNumberById",
    delete="/phone_numbers/{phone_number_id}",
    returns="deleted",
    example=Example({"phone_number_id": Demo("another phone number")}),
):
    """Remove a phone number from its user, for good. The user's last identification cannot be removed."""

    phone_number_id: Path[PhoneNumberId] = arg()

    async def hit(self, look: Look) -> Hit:
        mine = GetPhoneNumber(phone_number_id=self.phone_number_id)
        number = inside(await look.at(mine, is_target=True), "phone_number")
        owner = if_fits(lambda: users.ListUsers(phone_number=[number]))
        found = await look.at(owner) if number else None
        return identification("phone number", number, self.phone_number_id, found, "primary_phone_number_id")


class UpdatePhoneNumber(
    Operation,
    id="PhoneNumbers_updateDetails",
    patch="/phone_numbers/{phone_number_id}",
    returns="phone_number",
    secret=("backup_codes",),
    words="verify a phone by hand, make a phone primary, SMS second factor, mark a phone as verified",
    example=Example({"phone_number_id": Demo("a phone number"), "reserved_for_second_factor": True}),
):
    """Mark a phone number as verified, as primary, or as a second factor."""

    phone_number_id: Path[PhoneNumberId] = arg()
    verified: Body[bool] = arg(
        optional=True,
        nullable=True,
        risk=cuts_off(False, "it no longer counts as verified, nor for signing in"),
    )
    primary: Body[bool] = arg(optional=True, nullable=True)
    reserved_for_second_factor: Body[bool] = arg(
        "Use it as a second factor; must be verified",
        optional=True,
        nullable=True,
        risk=cuts_off(False, "it is no longer a second factor"),
    )
