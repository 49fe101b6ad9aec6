"""JWT templates: what a token made for another service says."""

from __future__ import annotations

from typing import Any

from clerk_sandbox import errors
from clerk_sandbox.answers import deleted, found, whole_list
from clerk_sandbox.plan import require_in_plan
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

# Clerk fills these in itself.
RESERVED_CLAIMS = ("azp", "exp", "iat", "iss", "jti", "nbf", "sid", "sub")
SIGNING_ALGORITHMS = (
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
DEFAULT_LIFETIME_S = 60
DEFAULT_CLOCK_SKEW_S = 5
LIFETIME_S = (30, 315_360_000)
CLOCK_SKEW_S = (0, 300)


def add_jwt_template(instance: Instance, name: str, claims: Json, **given: Any) -> Json:
    now = instance.clock()
    return instance.jwt_templates.add(
        {
            "object": "jwt_template",
            "id": instance.new_id("jtmp"),
            "name": name,
            "claims": claims,
            "lifetime": DEFAULT_LIFETIME_S,
            "allowed_clock_skew": DEFAULT_CLOCK_SKEW_S,
            "custom_signing_key": False,
            "signing_algorithm": "RS256",
            "created_at": now,
            "updated_at": now,
            **given,
        }
    )


@operation("JwtTemplates_listAllTemplates")
def list_jwt_templates(instance: Instance, call: Call) -> list[Json] | Json:
    return whole_list(call, instance.jwt_templates)


@operation("JwtTemplates_createTemplate")
def create_jwt_template(instance: Instance, call: Call) -> Json:
    require_in_plan(instance, "custom_jwt_template")
    call.required("name")
    if call.given("claims") is None:
        raise errors.form_param_missing("claims")
    template = add_jwt_template(instance, **_checked(instance, call.body))
    _keep_signing_key(instance, template, call)
    return template


@operation("JwtTemplates_getTemplateDetails")
def get_jwt_template(instance: Instance, call: Call) -> Json:
    return found(instance.jwt_templates, "JWT template", call.path["template_id"])


@operation("JwtTemplates_updateTemplateById")
def update_jwt_template(instance: Instance, call: Call) -> Json:
    require_in_plan(instance, "custom_jwt_template")
    template = get_jwt_template(instance, call)
    template |= _checked(instance, call.body, template) | {"updated_at": instance.clock()}
    _keep_signing_key(instance, template, call)
    return template


@operation("JwtTemplates_deleteTemplateById")
def delete_jwt_template(instance: Instance, call: Call) -> Json:
    template = get_jwt_template(instance, call)
    if template["name"] == instance.settings["session_token_template"]:
        raise errors.session_token_jwt_template()
    instance.credentials.pop(template["id"], None)
    return deleted(instance.jwt_templates.remove(template["id"]))


def _keep_signing_key(instance: Instance, template: Json, call: Call) -> None:
    # Apart from the template, because it is never answered.
    if call.given("signing_key"):
        instance.credentials[template["id"]] = {"signing_key": call.given("signing_key")}


def _checked(instance: Instance, body: Json, template: Json | None = None) -> Json:
    """Return what the body changes about a template."""
    changes = {key: value for key, value in body.items() if value is not None and key != "signing_key"}
    if "name" in changes:
        if not changes["name"].strip():
            raise errors.form_param_missing("name")
        if any(
            known["name"] == changes["name"] and known is not template for known in instance.jwt_templates
        ):
            raise errors.identifier_exists("name")
    for claim in RESERVED_CLAIMS:
        if claim in changes.get("claims", {}):
            raise errors.jwt_template_reserved_claim(claim)
    _check_bounds(changes, "lifetime", LIFETIME_S)
    _check_bounds(changes, "allowed_clock_skew", CLOCK_SKEW_S)
    if changes.get("signing_algorithm") not in (None, *SIGNING_ALGORITHMS):
        raise errors.form_param_value_invalid("signing_algorithm", SIGNING_ALGORITHMS)
    if changes.get("custom_signing_key"):
        for name in ("signing_algorithm", "signing_key"):
            if not body.get(name):
                raise errors.form_param_missing(name)
    return changes


def _check_bounds(changes: Json, name: str, bounds: tuple[int, int]) -> None:
    if name in changes:
        lowest, highest = bounds
        if not lowest <= changes[name] <= highest:
            raise errors.form_param_value_invalid(name, f"{lowest} to {highest} seconds")
        changes[name] = int(changes[name])
