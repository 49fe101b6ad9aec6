"""Access tokens that this instance issued as an OAuth provider."""

from __future__ import annotations

from clerk_tools.argument import Body, arg
from clerk_tools.operation import Operation
from clerk_tools.spec import Demo, Example
from clerk_tools.view import View

VIEWS = {
    "clerk_idp_oauth_access_token": View(
        ("id", "client_id", "subject", "active", "revoked", "expired", "revocation_reason"),
        lists=("scopes",),
        times=("expiration", "created_at"),
    ),
}


class VerifyOAuthAccessToken(
    Operation,
    id="verifyOAuthAccessToken",
    version="2021-02-05",
    post="/oauth_applications/access_tokens/verify",
    returns="clerk_idp_oauth_access_token",
    effect="read",
    private=("access_token", "secret"),
    words="check an OAuth access token, introspect a token, whose access token is this, validate an "
    "access token of an OAuth client, is an OAuth token still valid, whose OAuth token is this, "
    "access token of a third-party app",
    example=Example({"access_token": Demo("an OAuth access token")}),
):
    """Whether an OAuth access token that this instance issued is good, whose it is and what it allows."""

    access_token: Body[str] = arg(optional=True)
    secret: Body[str] = arg(optional=True, deprecated=True)
