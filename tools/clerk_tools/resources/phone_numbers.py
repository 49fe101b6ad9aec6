"""Phone numbers of users."""

from __future__ import annotations

from typing import Final, Literal

from clerk_tools.argument import Body, Path, arg, cuts_off
from clerk_tools.hits import Hit, Look, count, identification, if_fits, inside, person, records
from clerk_tools.ids import PhoneNumberId, UserId
from clerk_tools.operation import Operation
from clerk_tools.resources import users
from clerk_tools.spec import Advice, Demo, Example

SYNONYMS: Final = {
    "phone": "mobile, telephone, cell, cellphone, handset",
}
"""What people say instead of a term; for the search."""


class CreatePhoneNumber(
    Operation,
    id="PhoneNumbers_createNewPhoneNumber",
    post="/phone_numbers",
    returns="phone_number",
    secret=("backup_codes",),
    reader=users.GetUser,
    words="add a phone to a user, second phone, give a user a phone number, add a mobile number, "
    "register a mobile, new number for a user",
    example=Example({"user_id": Demo("chloe"), "phone_number": "+12015550177", "verified": True}),
):
    """Add a phone number to a user. Unverified unless `verified` is true."""

    user_id: Body[UserId] = arg("Needed", optional=True)
    phone_number: Body[str] = arg("Needed, E.164", optional=True)
    verified: Body[bool] = arg(optional=True, nullable=True)
    primary: Body[bool] = arg("Needs verified", optional=True, nullable=True)
    reserved_for_second_factor: Body[bool] = arg(
        "Use it as a second factor; must be verified", optional=True, nullable=True
    )


class GetPhoneNumber(
    Operation,
    id="PhoneNumbers_getDetails",
    get="/phone_numbers/{phone_number_id}",
    returns="phone_number",
    secret=("backup_codes",),
    words="show a phone number, is a phone number verified, details of a phone number, look at a number",
    example=Example({"phone_number_id": Demo("a phone number")}),
):
    """One phone number by its id. To find a user by a number, list users."""

    phone_number_id: Path[PhoneNumberId] = arg()


class DeletePhoneNumber(
    Operation,
    id="PhoneNumbers_deletePhoneNumberById",
    delete="/phone_numbers/{phone_number_id}",
    returns="deleted",
    words="delete a phone number, remove a mobile number, take a number off an account, old number of a user",
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
    words="verify a phone by hand, make a phone primary, SMS second factor, mark a phone as verified, "
    "main phone number, set the primary number, use a phone for the second factor, confirm a "
    "phone without a code, default second factor",
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
        optional=True,
        nullable=True,
        risk=cuts_off(False, "it is no longer a second factor"),
    )


class PreparePhoneNumberVerification(
    Operation,
    id="PreparePhoneNumberVerification",
    version="2021-02-05",
    post="/phone_numbers/{phone_number_id}/prepare_verification",
    returns="code_verification",
    sends_mail=True,
    words="text a code, text a verification code, send a code to a phone number, verification code by "
    "SMS, one-time code by SMS, resend a code, send an SMS code, start verifying a phone, prove "
    "that a number is somebody's",
    example=Example({"phone_number_id": Demo("a phone number")}),
):
    """Send a one-time code to a phone number (SENDS an SMS); check it with
    AttemptPhoneNumberVerification. Without a code: update it."""

    phone_number_id: Path[PhoneNumberId] = arg()


class AttemptPhoneNumberVerification(
    Operation,
    id="AttemptPhoneNumberVerification",
    version="2021-02-05",
    post="/phone_numbers/{phone_number_id}/attempt_verification",
    returns="code_verification",
    private=("code",),
    no_undo="The code was checked; the attempts are counted.",
    advice=Advice(if_executed="The attempt may have been counted: ask the user before another one."),
    words="verify a phone number with a code, check a code sent to a phone number, is the SMS code "
    "right, enter a verification code, check the texted code, user typed the SMS code, finish "
    "verifying a phone, confirm a phone with a code, check the OTP from an SMS, is the texted "
    "one-time code right",
    example=Example(
        {
            "phone_number_id": Demo("a phone number"),
            "verification_id": Demo("a verification of a phone number"),
            "code": "424242",
        }
    ),
):
    """Check a code sent to a phone number; a right one verifies it. A wrong one is no error: `status`
    tells."""

    phone_number_id: Path[PhoneNumberId] = arg()
    verification_id: Body[str] = arg("From PreparePhoneNumberVerification")
    code: Body[str] = arg()


class ReplaceUserPhoneNumber(
    Operation,
    id="ReplaceUserPhoneNumber",
    version="2021-02-05",
    put="/users/{user_id}/phone_number",
    returns="phone_number",
    secret=("backup_codes",),
    effect="destroy",
    reader=users.GetUser,
    words="change a user's phone number, replace every phone number of a user, user has a new phone "
    "number, correct the phone number of a user, swap a phone number, exchange a number, new "
    "number in place of all old ones, substitute a mobile number",
    example=Example({"user_id": Demo("kwame"), "phone_number": "+12015550199"}),
):
    """Replace ALL phone numbers of a user by one, the new primary one. To keep the others, add
    one instead."""

    user_id: Path[UserId] = arg()
    phone_number: Body[str] = arg("E.164")
    identification_status: Body[Literal["verified", "reserved", "unverified"]] = arg(
        "unverified ones sign nobody in, reserved ones do", default="verified"
    )

    async def hit(self, look: Look) -> Hit:
        user = await look.at(users.GetUser(user_id=self.user_id), is_target=True)
        others = [
            one
            for one in records(inside(user, "phone_numbers"))
            if inside(one, "phone_number") != self.phone_number
        ]
        lost = count(len(others), "phone number") if user else "every phone number"
        cut = "they may no longer be able to sign in" if self.identification_status == "unverified" else ""
        return Hit.of(person(user), f"deletes {lost}", cut)
