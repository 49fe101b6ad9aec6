"""Actor tokens: signing in as somebody else."""

from __future__ import annotations

from clerk_tools.argument import Body, Id, OpenNested, Path, arg
from clerk_tools.hits import Hit, Look
from clerk_tools.ids import ActorTokenId, UserId
from clerk_tools.operation import Operation
from clerk_tools.spec import ANOTHER_DOES_NO_HARM, REVOKED_BY_NOW, Advice, Demo, Example


class Actor(OpenNested):
    """Who acts, with whatever else their session's tokens are to say of them."""

    sub: Id = arg("The user who acts")


class CreateActorToken(
    Operation,
    id="ActorTokens_createToken",
    post="/actor_tokens",
    returns="actor_token",
    secret=("token", "url"),
    mints=True,
    advice=Advice(if_executed=ANOTHER_DOES_NO_HARM),
    words="impersonate, impersonation, sign in as a user, act as another user, sign in on behalf of a "
    "user, impersonate a customer, see what a user sees, support signs in as a user, log in as "
    "somebody else, debug as a user, view the app as a customer",
    example=Example({"user_id": Demo("helen"), "actor": {"sub": Demo("kwame")}}),
):
    """Make a token with which one user signs in as another (impersonation)."""

    user_id: Body[UserId] = arg("Who is impersonated")
    actor: Body[Actor] = arg()
    expires_in_seconds: Body[int] = arg(default=3600)
    session_max_duration_in_seconds: Body[int] = arg(default=1800)


class RevokeActorToken(
    Operation,
    id="ActorTokens_revokeToken",
    post="/actor_tokens/{actor_token_id}/revoke",
    returns="actor_token",
    effect="destroy",
    secret=("token", "url"),
    advice=Advice(
        not_found="No tool lists actor tokens: the id is in the answer of ActorTokens_createToken.",
        if_executed=REVOKED_BY_NOW,
    ),
    words="stop impersonation, cancel an impersonation token, revoke an actor token, end an "
    "impersonation, impersonation link is no longer needed, nobody may impersonate any more",
    example=Example({"actor_token_id": Demo("an actor token")}),
):
    """Make a pending impersonation token useless. A session it opened already goes on."""

    actor_token_id: Path[ActorTokenId] = arg()

    async def hit(self, look: Look) -> Hit:
        # Clerk has no way to look a token up.
        return Hit.of("impersonation token", "whoever holds it can no longer use it")
