"""Webhooks, which Clerk delivers through Svix: an instance has one Svix app or none."""

from __future__ import annotations

from clerk_sandbox import errors
from clerk_sandbox.routing import Answer, Call, operation
from clerk_sandbox.state import Instance, Json


@operation("Webhooks_createSvixApp")
def create_svix_app(instance: Instance, call: Call) -> Json:
    if instance.settings["svix_app"]:
        raise errors.svix_app_exists()
    instance.settings["svix_app"] = True
    return _dashboard(instance)


@operation("Webhooks_deleteSvixApp")
def delete_svix_app(instance: Instance, call: Call) -> Answer:
    _require_app(instance)
    instance.settings["svix_app"] = False
    return Answer(204)


@operation("Webhooks_generateSvixDashboardUrl")
def generate_dashboard_url(instance: Instance, call: Call) -> Json:
    _require_app(instance)
    return _dashboard(instance)


def _require_app(instance: Instance) -> None:
    if not instance.settings["svix_app"]:
        raise errors.svix_app_missing()


def _dashboard(instance: Instance) -> Json:
    # Whoever has this URL is signed in to the dashboard, so each one is made anew.
    return {"svix_url": f"https://app.svix.com/login#key={instance.new_secret()}"}
