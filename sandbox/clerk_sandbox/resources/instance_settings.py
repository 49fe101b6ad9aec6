"""Settings of the instance: general ones, who may sign up, and organizations."""

from __future__ import annotations

from clerk_sandbox import errors, formats
from clerk_sandbox.plan import require_in_plan
from clerk_sandbox.resources.oauth_applications import SCOPES
from clerk_sandbox.roles import initial_role_set, may_create, role_of, role_with_id
from clerk_sandbox.routing import Answer, Call, operation
from clerk_sandbox.state import DEFAULT_SETTINGS, Instance, Json

RESTRICTIONS = (
    "allowlist",
    "blocklist",
    "block_email_subaddresses",
    "block_disposable_email_domains",
    "allowlist_blocklist_disabled_on_sign_in",
)
ENROLLMENT_MODES = ("manual_invitation", "automatic_invitation", "automatic_suggestion")
CLEARABLE = ("support_email", "clerk_js_version", "development_origin")
"""What a null empties; of anything else it changes nothing."""
PREFERRED = "preferred_sign_in_strategy_when_password_required"
MAX_ROLES = 10
MAX_PERMISSIONS = 50
MAX_DOMAINS = 10


@operation("InstanceSettings_updateInstanceSettings")
def update_instance_settings(instance: Instance, call: Call) -> Answer:
    changes = {key: value for key, value in call.body.items() if value is not None or key in CLEARABLE}
    if changes.get("support_email") and not formats.is_email(changes["support_email"]):
        raise errors.form_param_format_invalid("support_email", "an email address")
    if changes.get("development_origin") and not formats.is_web_url(changes["development_origin"]):
        raise errors.form_param_format_invalid("development_origin", "a URL such as http://localhost:3000")
    for origin in changes.get("allowed_origins", []):
        if not formats.is_url(origin) or formats.is_web_url(origin):
            raise errors.form_invalid_origin("allowed_origins")
    if changes.get(PREFERRED) == "":
        changes[PREFERRED] = DEFAULT_SETTINGS[PREFERRED]
    instance.settings |= changes
    return Answer(204)


@operation("InstanceSettings_updateRestrictions")
def update_restrictions(instance: Instance, call: Call) -> Json:
    """Return an allowlist that is switched on while it is empty lets nobody sign up; Clerk does not
    object."""
    changes = {key: value for key, value in call.body.items() if value is not None}
    for name, on in changes.items():
        if on:
            require_in_plan(instance, name)
    instance.settings |= changes
    return {
        "object": "instance_restrictions",
        **{name: instance.settings[name] for name in RESTRICTIONS},
    }


@operation("InstanceSettings_updateOrganizationSettings")
def update_organization_settings(instance: Instance, call: Call) -> Json:
    changes = {key: value for key, value in call.body.items() if value is not None}
    if changes.get("max_allowed_memberships", 0) < 0:
        raise errors.form_param_value_invalid("max_allowed_memberships", "0 (no limit) or more")
    if any(mode not in ENROLLMENT_MODES for mode in changes.get("domains_enrollment_modes", [])):
        raise errors.form_param_value_invalid("domains_enrollment_modes", ENROLLMENT_MODES)
    for name in ("creator_role", "domains_default_role"):
        if f"{name}_id" in changes:
            changes[name] = role_with_id(instance, changes.pop(f"{name}_id"), f"{name}_id")["key"]
    if "creator_role" in changes:
        _set_creator_role(instance, changes["creator_role"])
    if "enabled" in changes:
        changes["organizations_enabled"] = changes.pop("enabled")
    instance.settings |= changes
    return _organization_settings(instance.settings)


def _set_creator_role(instance: Instance, key: str) -> None:
    role, role_set = role_of(instance, key), initial_role_set(instance)
    if not may_create(instance, role):
        raise errors.organization_missing_creator_role_permissions(key)
    if role["id"] not in role_set["roles"]:
        raise errors.organization_role_not_found("creator_role_id")
    role_set["creator_role"] = role["id"]


def _organization_settings(settings: Json) -> Json:
    return {
        "object": "organization_settings",
        "enabled": settings["organizations_enabled"],
        "max_allowed_memberships": settings["max_allowed_memberships"],
        "max_allowed_roles": MAX_ROLES,
        "max_allowed_permissions": MAX_PERMISSIONS,
        "max_allowed_domains": MAX_DOMAINS,
        "creator_role": settings["creator_role"],
        "admin_delete_enabled": settings["admin_delete_enabled"],
        "domains_enabled": settings["domains_enabled"],
        "slug_disabled": settings["slug_disabled"],
        "domains_enrollment_modes": settings["domains_enrollment_modes"],
        "domains_default_role": settings["domains_default_role"],
    }


@operation("GetInstance")
def get_instance(instance: Instance, call: Call) -> Json:
    return {
        "object": "instance",
        "id": instance.id,
        "environment_type": "production" if instance.live else "development",
        "allowed_origins": instance.settings["allowed_origins"],
        "workspace_id": None,
    }


@operation("GetInstanceProtect")
def get_protect(instance: Instance, call: Call) -> Json:
    settings = {name: instance.settings[name] for name in ("rules_enabled", "specter_enabled")}
    return {"object": "instance_protect", **settings, "checks_bypassed": False}


@operation("UpdateInstanceProtect")
def update_protect(instance: Instance, call: Call) -> Json:
    instance.settings |= {name: value for name, value in call.body.items() if value is not None}
    return get_protect(instance, call)


@operation("GetInstanceCommunication")
def get_communication(instance: Instance, call: Call) -> Json:
    codes = instance.settings["blocked_country_codes"]
    return {"object": "instance_communication", "blocked_country_codes": codes}


@operation("UpdateInstanceCommunication")
def update_communication(instance: Instance, call: Call) -> Json:
    codes = call.given("blocked_country_codes")
    if codes is not None:
        well_formed = all(len(code) == 2 and code.isascii() and code.isupper() for code in codes)
        if not well_formed or len(set(codes)) < len(codes):
            raise errors.form_param_value_invalid(
                "blocked_country_codes", "different codes of two capital letters each"
            )
        instance.settings["blocked_country_codes"] = list(codes)
    return get_communication(instance, call)


OAUTH_SETTINGS = (
    "dynamic_oauth_client_registration",
    "default_scopes",
    "oauth_jwt_access_tokens",
    "client_id_metadata_documents_advertised",
    "client_id_metadata_documents_only_allow_pre_registered_clients",
    "client_id_metadata_documents_block_implicitly_allowed_clients",
)


@operation("GetInstanceOAuthApplicationSettings")
def get_oauth_settings(instance: Instance, call: Call) -> Json:
    settings = {name: instance.settings[name] for name in OAUTH_SETTINGS}
    return {"object": "oauth_application_settings", **settings}


@operation("UpdateInstanceOAuthApplicationSettings")
def update_oauth_settings(instance: Instance, call: Call) -> Json:
    """Return a null brings Clerk's default scopes back, and changes nothing of the rest."""
    changes = {
        name: value for name, value in call.body.items() if value is not None or name == "default_scopes"
    }
    if any(scope not in SCOPES for scope in changes.get("default_scopes") or ()):
        raise errors.form_param_value_invalid("default_scopes", SCOPES)
    instance.settings |= changes
    return get_oauth_settings(instance, call)


@operation("GetInstanceOrganizationSettings")
def get_organization_settings(instance: Instance, call: Call) -> Json:
    return _organization_settings(instance.settings)
