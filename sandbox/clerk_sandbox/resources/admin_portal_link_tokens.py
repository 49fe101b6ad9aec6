"""Links to the portal in which a customer's administrators set up their single sign-on."""

from __future__ import annotations

from typing import Any

from clerk_sandbox import errors
from clerk_sandbox.collection import Collection
from clerk_sandbox.routing import Answer, Call, operation
from clerk_sandbox.state import Instance, Json

LINKS = Collection(
    "admin_portal_link_token",
    prefix="aplt",
    called="admin portal link token",
    fields={
        "admin_portal_link_id": "",
        "instance_id": "",
        "organization_id": None,
        "it_contact_id": None,
        "scopes": None,
        "token": "",
        "revoked": False,
        "revocation_reason": None,
        "expired": False,
        "expiration": None,
    },
    hidden=("token",),
)
DEFAULT_S = 3600


def _new(instance: Instance, seconds: int = DEFAULT_S, **given: Any) -> Json:
    return LINKS.new(
        instance,
        admin_portal_link_id=instance.new_id("apl"),
        instance_id=instance.id,
        token=f"aplt_sandbox_{instance.new_secret(32)}",
        expiration=instance.clock() + seconds * 1000,
        **given,
    )


@operation("createAdminPortalLinkToken")
def create_link(instance: Instance, call: Call) -> Answer:
    organization = call.given("organization_id")
    if organization is not None and organization not in instance.organizations:
        raise errors.not_found("organization", organization)
    given = {name: call.given(name) for name in ("organization_id", "it_contact_id", "scopes")}
    seconds = call.given("seconds_until_expiration")
    # The one time that the token is shown.
    return Answer(201, _new(instance, DEFAULT_S if seconds is None else seconds, **given))


@operation("revokeAdminPortalLinkToken")
def revoke_link(instance: Instance, call: Call) -> Json:
    link = LINKS.found(instance, call)
    link |= {
        "revoked": True,
        "revocation_reason": call.given("revocation_reason"),
        "updated_at": instance.clock(),
    }
    return LINKS.answer(link)


def seed_demo(instance: Instance) -> None:
    """Return a link for the first organization."""
    _new(instance, organization_id=next(iter(instance.organizations))["id"])
