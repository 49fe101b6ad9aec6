"""Sign-ups that are under way."""

from __future__ import annotations

from clerk_tools.argument import Body, Id, Path, arg
from clerk_tools.operation import Operation


class UpdateSignUp(
    Operation,
    id="Signups_updateSignUpById",
    patch="/sign_ups/{id}",
    returns="sign_up_attempt",
    words="sign-up in progress, unfinished sign-up",
):
    """Update a sign-up that is under way."""

    id: Path[Id] = arg()
    custom_action: Body[bool] = arg("Your custom action has run", optional=True)
    external_id: Body[str | None] = arg("Id in your own system", optional=True)
