"""Sign-in tokens: one-time links that sign a user in."""

from __future__ import annotations

from clerk_tools.argument import Body, Path, arg
from clerk_tools.hits import Hit, Look
from clerk_tools.ids import OrganizationId, SignInTokenId, UserId
from clerk_tools.operation import Operation
from clerk_tools.spec import ANOTHER_DOES_NO_HARM, REVOKED_BY_NOW, Advice, Demo, Example


class CreateSignInToken(
    Operation,
    id="SigninTokens_createToken",
    post="/sign_in_tokens",
    returns="sign_in_token",
    secret=("token", "url"),
    mints=True,
    advice=Advice(if_executed=ANOTHER_DOES_NO_HARM),
    words="magic link, sign-in link, sign in without password, passwordless, one-time link, link that "
    "signs somebody in, log somebody in without a password, one-time sign-in, email link for "
    "support, ticket for signing in",
    example=Example({"user_id": Demo("helen"), "expires_in_seconds": 600}),
):
    """Make a one-time token or link: whoever holds it signs in as the user."""

    user_id: Body[UserId] = arg("Needed", optional=True)
    expires_in_seconds: Body[int] = arg(default=2592000)
    org_id: Body[OrganizationId] = arg("Active then; the user is a member", optional=True, nullable=True)


class RevokeSignInToken(
    Operation,
    id="SigninTokens_revokeToken",
    post="/sign_in_tokens/{sign_in_token_id}/revoke",
    returns="sign_in_token",
    effect="destroy",
    secret=("token", "url"),
    advice=Advice(
        not_found="No tool lists sign-in tokens: the id is in the answer of SigninTokens_createToken.",
        if_executed=REVOKED_BY_NOW,
    ),
    words="cancel a magic link, cancel a sign-in link, revoke a sign-in token, make a magic link "
    "useless, invalidate a one-time link",
    example=Example({"sign_in_token_id": Demo("a sign-in token")}),
):
    """Make a pending sign-in token useless."""

    sign_in_token_id: Path[SignInTokenId] = arg()

    async def hit(self, look: Look) -> Hit:
        # Clerk has no way to look a token up.
        return Hit.of("sign-in token", "whoever holds it can no longer use it")
