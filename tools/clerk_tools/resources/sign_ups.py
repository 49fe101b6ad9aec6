"""Sign-ups that are under way."""

from __future__ import annotations

from clerk_tools.argument import Body, Path, arg
from clerk_tools.ids import SignUpId
from clerk_tools.operation import Clearing, Operation
from clerk_tools.spec import Advice, Demo, Example


class UpdateSignUp(
    Clearing,
    id="Signups_updateSignUpById",
    patch="/sign_ups/{id}",
    returns="sign_up_attempt",
    advice=Advice(
        not_found="No tool lists sign-ups: the id comes from the sign-up itself, in the frontend.",
    ),
    words="sign-up in progress, unfinished sign-up, change a sign-up, external id of a sign-up, custom "
    "action of a sign-up, update a sign-up attempt",
    example=Example({"id": Demo("a sign-up"), "external_id": "lead-77"}),
):
    """Update a sign-up that is under way."""

    id: Path[SignUpId] = arg()
    custom_action: Body[bool] = arg("Your custom action has run", optional=True)
    external_id: Body[str] = arg("Id in your own system", optional=True, clearable=True)


class GetSignUp(
    Operation,
    id="GetSignUp",
    version="2021-02-05",
    get="/sign_ups/{id}",
    returns="sign_up_attempt",
    advice=Advice(
        not_found="No tool lists sign-ups: the id comes from the sign-up itself, in the frontend.",
    ),
    words="why is a sign-up stuck, what is missing in a sign-up, state of a sign-up, show a sign-up, "
    "unfinished registration, registration is stuck, what is missing in a registration, status of "
    "a registration",
    example=Example({"id": Demo("a sign-up")}),
):
    """One sign-up: its status, and what is missing or unverified."""

    id: Path[SignUpId] = arg()
