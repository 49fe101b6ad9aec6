"""Enterprise connections: single sign-on by SAML or OIDC; active only with all that their provider tells."""

from __future__ import annotations

from clerk_sandbox import errors, formats
from clerk_sandbox.answers import found
from clerk_sandbox.collection import Collection, Parent
from clerk_sandbox.group_mappings import remove_mappings
from clerk_sandbox.plan import require_in_plan
from clerk_sandbox.resources.domains import frontend_api_url
from clerk_sandbox.resources.organization_domains import remove_domains_named
from clerk_sandbox.resources.saml_connections import (
    NEEDED_TO_ACTIVATE,
    certificates,
    fields_behind,
    idp_fields,
)
from clerk_sandbox.routing import Answer, Call, operation
from clerk_sandbox.state import Instance, Json

_SAML: Json = {
    "idp_entity_id": None,
    "idp_sso_url": None,
    "idp_certificates": [],
    "idp_metadata_url": None,
    "allow_idp_initiated": False,
    "allow_subdomains": False,
    "force_authn": False,
    "login_hint": {"mode": "off"},
}
_OIDC = ("client_id", "discovery_url", "auth_url", "token_url", "user_info_url")


def _shown(instance: Instance, connection: Json) -> Json:
    more: Json = {"logo_public_url": None, "saml_connection": None, "oauth_config": None}
    saml, oidc = connection["saml"], connection["oidc"]
    if connection["provider"].startswith("saml_"):
        url = f"{frontend_api_url(instance)}/v1/saml"
        more["saml_connection"] = {
            "id": connection["id"],
            "name": saml.get("name") or connection["name"],
            "acs_url": f"{url}/acs/{connection['id']}",
            "sp_entity_id": f"{url}/{connection['id']}",
            "sp_metadata_url": f"{url}/metadata/{connection['id']}.xml",
            "active": connection["active"],
            **{name: saml.get(name, value) for name, value in _SAML.items()},
        }
    else:
        more["oauth_config"] = {
            "id": connection["id"],
            "name": connection["name"],
            "provider_key": connection["provider"],
            **{name: oidc.get(name) for name in _OIDC},
            "requires_pkce": bool(oidc.get("requires_pkce")),
            "logo_public_url": None,
            "created_at": connection["created_at"],
            "updated_at": connection["updated_at"],
        }
    return more


CONNECTIONS = Collection(
    "enterprise_connection",
    prefix="entconn",
    called="enterprise connection",
    fields={
        "name": "",
        "provider": "",
        "active": False,
        "domains": [],
        "organization_id": None,
        "sync_user_attributes": True,
        "disable_additional_identifications": False,
        "allow_organization_account_linking": False,
        "authenticatable": True,
        "disable_jit_provisioning": False,
        "custom_attributes": [],
        "saml": {},
        "oidc": {},
    },
    hidden=("saml", "oidc"),
    shows=_shown,
)
RUNS = Collection(
    "enterprise_connection_test_run",
    prefix="entrun",
    called="test run",
    fields={
        "enterprise_connection_id": "",
        "status": "pending",
        "connection_type": "saml",
        "parsed_user_info": None,
        "logs": [],
        "saml": None,
        "oauth": None,
    },
    hidden=("object", "updated_at", "enterprise_connection_id"),
    parents={"enterprise_connection_id": Parent("enterprise_connections", "enterprise connection")},
)


def _values(given: Json | None) -> Json:
    return {name: value for name, value in (given or {}).items() if value is not None}


def _changes(instance: Instance, call: Call, before: Json) -> Json:
    """Return what the body changes; of anything, a null changes nothing."""
    changes = _values(call.body)
    if changes.get("name") == "":
        raise errors.form_param_missing("name")
    if domains := [one.strip().lower() for one in changes.pop("domains", [])]:
        changes["domains"] = _checked_domains(instance, domains, before)
    if "organization_id" in changes:
        found(instance.organizations, "organization", changes["organization_id"])
    for one in changes.get("custom_attributes", []):
        if len({one[name] for name in ("scim_path", "directory_path") if one.get(name)}) > 1:
            raise errors.form_param_value_invalid("directory_path", "the same as scim_path, or left out")
    changes["saml"] = before["saml"] | _saml(_values(changes.pop("saml", None)), before["saml"])
    changes["oidc"] = before["oidc"] | _oidc(_values(changes.pop("oidc", None)))
    return changes


def _checked_domains(instance: Instance, domains: list[str], before: Json) -> list[str]:
    for domain in domains:
        if not formats.is_host(domain):
            raise errors.form_param_format_invalid("domains", "domain names such as example.com")
    for other in CONNECTIONS.records(instance):
        if other["id"] != before.get("id") and set(other["domains"]) & set(domains):
            raise errors.identifier_exists("domains")
    return list(dict.fromkeys(domains))


def _saml(given: Json, before: Json) -> Json:
    """Read it; the IdP's own metadata wins over the single values."""
    for name in ("idp_sso_url", "idp_metadata_url"):
        if given.get(name) and not formats.is_web_url(given[name]):
            raise errors.form_param_format_invalid(name, "an http or https URL")
    if "attribute_mapping" in given:
        given["attribute_mapping"] = before.get("attribute_mapping", {}) | _values(given["attribute_mapping"])
    if given.get("idp_metadata"):
        given |= idp_fields(given["idp_metadata"])
    elif given.get("idp_metadata_url"):
        given |= fields_behind(given["idp_metadata_url"])
    return given | certificates(given)


def _oidc(given: Json) -> Json:
    for name in _OIDC[1:]:
        if given.get(name) and not formats.is_web_url(given[name]):
            raise errors.form_param_format_invalid(name, "an http or https URL")
    return given


def _check_active(connection: Json) -> None:
    if not connection["active"]:
        return
    if connection["provider"].startswith("saml_"):
        missing = [name for name in NEEDED_TO_ACTIVATE if not connection["saml"].get(name)]
        if missing:
            raise errors.saml_connection_cant_be_activated(missing)
        return
    oidc = connection["oidc"]
    if not oidc.get("client_id"):
        raise errors.form_param_missing("client_id")
    if not (oidc.get("discovery_url") or all(oidc.get(name) for name in _OIDC[2:])):
        raise errors.form_param_missing("discovery_url")


def _keep_secret(instance: Instance, connection: Json) -> None:
    """Keep it back: no answer has the client's secret."""
    if secret := connection["oidc"].pop("client_secret", None):
        instance.credentials[connection["id"]] = {"client_secret": secret}


CONNECTIONS.lists("ListEnterpriseConnections")
CONNECTIONS.gets("GetEnterpriseConnection")


@operation("CreateEnterpriseConnection")
def create_connection(instance: Instance, call: Call) -> Answer:
    require_in_plan(instance, "saml")
    for name in ("name", "provider", "domains"):
        if not call.required(name):
            raise errors.form_param_missing(name)
    given = CONNECTIONS.fields | _changes(instance, call, CONNECTIONS.fields)
    _check_active(given)
    connection = CONNECTIONS.new(instance, **given)
    _keep_secret(instance, connection)
    if connection["active"]:
        remove_domains_named(instance, connection["domains"])
    return Answer(201, json=CONNECTIONS.answer(connection, instance))


@operation("UpdateEnterpriseConnection")
def update_connection(instance: Instance, call: Call) -> Json:
    require_in_plan(instance, "saml")
    connection = CONNECTIONS.found(instance, call)
    changed = connection | _changes(instance, call, connection) | {"updated_at": instance.clock()}
    _check_active(changed)
    was_active = connection["active"]
    connection |= changed
    _keep_secret(instance, connection)
    if connection["active"] and not was_active:
        remove_domains_named(instance, connection["domains"])
    return CONNECTIONS.answer(connection, instance)


def _remove_what_hangs_on_it(instance: Instance, connection: Json, call: Call) -> None:
    instance.credentials.pop(connection["id"], None)
    directories = {
        one["id"]
        for one in instance.table("directories")
        if one["enterprise_connection_id"] == connection["id"]
    }
    remove_mappings(instance, lambda one: one["directory_id"] in directories)
    for directory_id in directories:
        instance.credentials.pop(directory_id, None)
    for name in ("enterprise_connection_test_runs", "directories"):
        for one in list(instance.table(name)):
            if one["enterprise_connection_id"] == connection["id"]:
                instance.table(name).remove(one["id"])


CONNECTIONS.deletes("DeleteEnterpriseConnection", then=_remove_what_hangs_on_it)
RUNS.lists("ListEnterpriseConnectionTestRuns")


@operation("CreateEnterpriseConnectionTestRun")
def create_test_run(instance: Instance, call: Call) -> Json:
    """Create one, which is pending until somebody follows its URL, which nobody does in the sandbox."""
    above = RUNS.above(instance, call)
    connection = CONNECTIONS.records(instance)[call.path["enterprise_connection_id"]]
    kind = "saml" if connection["provider"].startswith("saml_") else "oauth"
    run = RUNS.new(instance, **above, connection_type=kind)
    token = instance.new_secret()
    return {"url": f"{frontend_api_url(instance)}/v1/enterprise_connections/test/{run['id']}?token={token}"}


def seed_demo(instance: Instance) -> None:
    rowan = CONNECTIONS.new(
        instance,
        name="Rowan & Reed",
        provider="saml_google",
        domains=["rowan.example"],
        active=True,
        saml={
            "idp_entity_id": "https://accounts.google.com/o/saml2?idpid=rowan",
            "idp_sso_url": "https://accounts.google.com/o/saml2/idp?idpid=rowan",
            "idp_certificate": "MIIDrowanGoogleCertificate",
        },
    )
    nursery = next(one for one in instance.organizations if one["slug"] == "alder-vale")
    CONNECTIONS.new(
        instance,
        name="Alder & Vale",
        provider="oidc_custom",
        domains=["aldervale.example"],
        organization_id=nursery["id"],
        oidc={"client_id": "fernhill", "discovery_url": "https://id.aldervale.example/.well-known/openid"},
    )
    RUNS.new(
        instance,
        enterprise_connection_id=rowan["id"],
        status="failed",
        logs=[{"level": "error", "code": "saml_email_missing", "message": "No email address in the answer."}],
    )


NAMED = {
    "an active enterprise connection": lambda demo: CONNECTIONS.one(demo, active=True)["id"],
    "an enterprise connection in preparation": lambda demo: CONNECTIONS.one(demo, active=False)["id"],
}
"""What examples call a record."""
