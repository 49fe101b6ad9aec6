"""What users have granted to OAuth applications: its tokens are good until it or its application goes."""

from __future__ import annotations

from clerk_sandbox.collection import Collection
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

GRANTS = Collection(
    "oauth_grant",
    prefix="oat",
    called="OAuth token",
    fields={
        "application_id": "",
        "user_id": "",
        "scopes": [],
        "access_token": "",
        "refresh_token": "",
        "revoked": False,
    },
)


@operation("verifyOAuthAccessToken")
def verify(instance: Instance, call: Call) -> Json:
    """Tell whose a token is; one that is unknown or revoked is not active."""
    wanted = call.given("access_token") or call.given("secret")
    for grant in GRANTS.records(instance):
        if grant["access_token"] == wanted and not grant["revoked"]:
            return {
                "object": "clerk_idp_oauth_access_token",
                "id": grant["id"],
                "client_id": instance.oauth_applications[grant["application_id"]]["client_id"],
                "subject": grant["user_id"],
                "scopes": grant["scopes"],
                "revoked": False,
                "revocation_reason": None,
                "expired": False,
                "expiration": None,
                "created_at": grant["created_at"],
                "updated_at": grant["updated_at"],
            }
    return {"active": False}


def remove_grants(instance: Instance, field: str, gone: str) -> None:
    """Remove what was granted to an application, or by a user, that is gone."""
    for grant in list(GRANTS.records(instance)):
        if grant[field] == gone:
            GRANTS.records(instance).remove(grant["id"])


DEMO_TOKEN = "oat_sandbox_demo"  # noqa: S105 a made-up one


def seed_demo(instance: Instance) -> None:
    """Somebody who has let an application in, twice."""
    application = next(one for one in instance.oauth_applications if not one["public"])
    user = next(iter(instance.users))
    for access_token in ("oat_" + instance.new_secret(27), DEMO_TOKEN):
        GRANTS.new(
            instance,
            application_id=application["id"],
            user_id=user["id"],
            scopes=["profile", "email"],
            access_token=access_token,
            refresh_token="ort_" + instance.new_secret(27),
        )


def _other_token(demo: Instance) -> str:
    tokens = (str(one["access_token"]) for one in GRANTS.records(demo))
    return next(token for token in tokens if token != DEMO_TOKEN)


NAMED = {"an OAuth access token": lambda _: DEMO_TOKEN, "an OAuth token": _other_token}
"""What examples call things of the demo."""
