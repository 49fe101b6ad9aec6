"""Email addresses of users."""

from __future__ import annotations

from typing import Final, Literal

from clerk_tools.argument import Body, Path, arg, cuts_off
from clerk_tools.hits import Hit, Look, count, identification, if_fits, inside, person, records
from clerk_tools.ids import EmailAddressId, UserId
from clerk_tools.operation import Operation
from clerk_tools.resources import users
from clerk_tools.spec import Advice, Demo, Example
from clerk_tools.view import View

VIEWS = {"code_verification": View(("id", "status", "strategy", "attempts", "channel"), times=("expire_at",))}

SYNONYMS: Final = {
    "email": "mail, e mail, inbox, mailbox",
}
"""What people say instead of a term; for the search."""


class CreateEmailAddress(
    Operation,
    id="EmailAddresses_createNewAddress",
    post="/email_addresses",
    returns="email_address",
    sends_mail="notify_primary_email_address_changed",
    reader=users.GetUser,
    words="add an email to a user, second email, give a user another mail address, add a mail address, "
    "additional address, new email for a user",
    example=Example(
        {"user_id": Demo("aisha"), "email_address": "aisha+clerk_test@example.org", "verified": True}
    ),
):
    """Add an email address to a user. Unverified unless `verified` is true."""

    user_id: Body[UserId] = arg("Needed", optional=True)
    email_address: Body[str] = arg("Needed", optional=True)
    verified: Body[bool] = arg(optional=True, nullable=True)
    primary: Body[bool] = arg("Needs verified", optional=True, nullable=True)
    notify_primary_email_address_changed: Body[bool] = arg("SENDS MAIL", default=False, nullable=True)


class GetEmailAddress(
    Operation,
    id="EmailAddresses_getDetails",
    get="/email_addresses/{email_address_id}",
    returns="email_address",
    words="is an email verified, show an email address, details of a mail address, has an address been "
    "verified, look at an email address",
    example=Example({"email_address_id": Demo("an unverified email address")}),
):
    """One email address by its id. To find a user by an address, list users."""

    email_address_id: Path[EmailAddressId] = arg()


class DeleteEmailAddress(
    Operation,
    id="EmailAddresses_deleteById",
    delete="/email_addresses/{email_address_id}",
    returns="deleted",
    words="delete an email address, remove a mail address, take an address off an account, old address "
    "of a user, detach an email from a user, take a work address off a user",
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
    sends_mail="notify_primary_email_address_changed",
    words="verify an email by hand, make an email primary, primary email, mark an email as verified, "
    "main email, main address, set the primary address, treat an address as verified, confirm an "
    "email without a code",
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
    notify_primary_email_address_changed: Body[bool] = arg("SENDS MAIL", default=False, nullable=True)


class PrepareEmailAddressVerification(
    Operation,
    id="PrepareEmailAddressVerification",
    version="2021-02-05",
    post="/email_addresses/{email_address_id}/prepare_verification",
    returns="code_verification",
    sends_mail=True,
    words="send a code to an email address, verification code by mail, one-time code, resend a code, "
    "mail a code, start verifying an email, send a verification mail, prove that an address is "
    "somebody's",
    example=Example({"email_address_id": Demo("an unverified email address")}),
):
    """Send a one-time code to an email address (SENDS MAIL); check it with
    AttemptEmailAddressVerification. Without a code: update it."""

    email_address_id: Path[EmailAddressId] = arg()


class AttemptEmailAddressVerification(
    Operation,
    id="AttemptEmailAddressVerification",
    version="2021-02-05",
    post="/email_addresses/{email_address_id}/attempt_verification",
    returns="code_verification",
    private=("code",),
    no_undo="The code was checked; the attempts are counted.",
    advice=Advice(if_executed="The attempt may have been counted: ask the user before another one."),
    words="verify an email with a code, check a code sent to an email address, is the mail code right, "
    "enter a verification code, check the mailed code, user typed the code from the mail, finish "
    "verifying an email, is the code from the mail right, confirm an email with a code, check the "
    "OTP from a mail",
    example=Example(
        {
            "email_address_id": Demo("an unverified email address"),
            "verification_id": Demo("a verification of an unverified email address"),
            "code": "424242",
        }
    ),
):
    """Check a code sent to an email address; a right one verifies it. A wrong one is no error: `status`
    tells."""

    email_address_id: Path[EmailAddressId] = arg()
    verification_id: Body[str] = arg("From PrepareEmailAddressVerification")
    code: Body[str] = arg()


class ReplaceUserEmailAddress(
    Operation,
    id="ReplaceUserEmailAddress",
    version="2021-02-05",
    put="/users/{user_id}/email_address",
    returns="email_address",
    effect="destroy",
    sends_mail="notify_primary_email_address_changed",
    reader=users.GetUser,
    words="change a user's email address, replace every email address of a user, user has a new email, "
    "drop the old email addresses, correct the email address of a user, swap an email address, "
    "exchange an address, new address in place of all old ones, substitute a mail address",
    example=Example({"user_id": Demo("marcus"), "email_address": "marcus.alder+clerk_test@example.com"}),
):
    """Replace ALL email addresses of a user by one, the new primary one. To keep the others, add
    one instead."""

    user_id: Path[UserId] = arg()
    email_address: Body[str] = arg()
    identification_status: Body[Literal["verified", "reserved", "unverified"]] = arg(
        "unverified ones sign nobody in, reserved ones do", default="verified"
    )
    notify_primary_email_address_changed: Body[bool] = arg(
        "SENDS MAIL to the old one", default=False, nullable=True
    )

    async def hit(self, look: Look) -> Hit:
        user = await look.at(users.GetUser(user_id=self.user_id), is_target=True)
        others = [
            one
            for one in records(inside(user, "email_addresses"))
            if inside(one, "email_address") != self.email_address
        ]
        lost = count(len(others), "email address") if user else "every email address"
        cut = "they may no longer be able to sign in" if self.identification_status == "unverified" else ""
        return Hit.of(person(user), f"deletes {lost}", cut)
