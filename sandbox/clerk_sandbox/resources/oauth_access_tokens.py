"""Access tokens that the instance issued as an OAuth provider; an unknown one is not active."""

from __future__ import annotations

from clerk_sandbox.collection import Collection
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

TOKENS = Collection(
    "clerk_idp_oauth_access_token",
    prefix="oat",
    called="OAuth access token",
    table="oauth_access_tokens",
    fields={
        "client_id": "",
        "subject": "",
        "scopes": [],
        "token": "",
        "revoked": False,
        "revocation_reason": None,
        "expired": False,
        "expiration": None,
    },
    hidden=("token",),
)


@operation("verifyOAuthAccessToken")
def verify(instance: Instance, call: Call) -> Json:
    wanted = call.given("access_token") or call.given("secret")
    for token in TOKENS.records(instance):
        if token["token"] == wanted and not token["revoked"]:
            return TOKENS.answer(token)
    return {"active": False}


DEMO_TOKEN = "oat_sandbox_demo"  # noqa: S105 a made-up one

NAMED = {"an OAuth access token": lambda _: DEMO_TOKEN}


def seed_demo(instance: Instance) -> None:
    """Return a token of a user's for the first OAuth application."""
    application = next(iter(instance.oauth_applications), None)
    user = next(iter(instance.users), None)
    if application and user:
        TOKENS.new(
            instance,
            client_id=application["client_id"],
            subject=user["id"],
            scopes=["profile", "email"],
            token=DEMO_TOKEN,
        )
