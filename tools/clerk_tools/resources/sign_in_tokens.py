"""Sign-in tokens: one-time links that sign a user in."""

from __future__ import annotations

from clerk_tools.argument import Body, Id, Path, arg
from clerk_tools.operation import Operation


class CreateSignInToken(
    Operation,
    id="SigninTokens_createToken",
    post="/sign_in_tokens",
    returns="sign_in_token",
    secret=("token", "url"),
    words="magic link, sign-in link, sign in without password, passwordless, one-time link",
):
    """Make a one-time token or link: whoever holds it signs in as the user."""

    user_id: Body[Id] = arg(optional=True)
    expires_in_seconds: Body[int] = arg(default=2592000)


class RevokeSignInToken(
    Operation,
    id="SigninTokens_revokeToken",
    post="/sign_in_tokens/{sign_in_token_id}/revoke",
    returns="sign_in_token",
    effect="destroy",
    secret=("token", "url"),
    words="cancel a magic link, cancel a sign-in link",
):
    """Make a pending sign-in token useless."""

    sign_in_token_id: Path[Id] = arg()
