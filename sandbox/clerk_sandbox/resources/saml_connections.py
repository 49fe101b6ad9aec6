"""SAML connections: sign-in through a company's identity provider (IdP), for one email domain."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from clerk_sandbox import errors, formats
from clerk_sandbox.answers import data_page, deleted, found, ordered, signed
from clerk_sandbox.plan import require_in_plan
from clerk_sandbox.resources.domains import frontend_api_url
from clerk_sandbox.resources.organization_domains import make_way
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

NEEDED_TO_ACTIVATE = ("idp_entity_id", "idp_sso_url", "idp_certificate")
DEFAULT_ATTRIBUTE_MAPPING = {
    "user_id": "nameID",
    "email_address": "mail",
    "first_name": "givenName",
    "last_name": "surname",
}
_METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"


def add_saml_connection(instance: Instance, name: str, domain: str, provider: str, **given: Any) -> Json:
    connection_id = instance.new_id("samlc")
    saml_url = f"{frontend_api_url(instance)}/v1/saml"
    now = instance.clock()
    return instance.saml_connections.add(
        {
            "object": "saml_connection",
            "id": connection_id,
            "name": name,
            "domain": domain,
            "domains": [domain],
            "provider": provider,
            "idp_entity_id": None,
            "idp_sso_url": None,
            "idp_certificate": None,
            "idp_certificates": [],
            "idp_certificate_issued_at": None,
            "idp_certificate_expires_at": None,
            "idp_metadata_url": None,
            "idp_metadata": None,
            "acs_url": f"{saml_url}/acs/{connection_id}",
            "sp_entity_id": f"{saml_url}/{connection_id}",
            "sp_metadata_url": f"{saml_url}/metadata/{connection_id}.xml",
            "organization_id": None,
            "attribute_mapping": dict(DEFAULT_ATTRIBUTE_MAPPING),
            "active": False,
            "user_count": 0,
            "sync_user_attributes": True,
            "allow_subdomains": False,
            "allow_idp_initiated": False,
            "disable_additional_identifications": False,
            "allow_organization_account_linking": False,
            "force_authn": False,
            "login_hint": {"mode": "off"},
            "created_at": now,
            "updated_at": now,
            **given,
        }
    )


@operation("SamlConnectionsBeta_getList")
def list_saml_connections(instance: Instance, call: Call) -> Json:
    require_in_plan(instance, "saml")
    wanted = (call.query.one("query") or "").lower()
    included, excluded = signed(call.query, "organization_id")
    matching = [
        one
        for one in instance.saml_connections
        if wanted in one["name"].lower()
        and (not included or one.get("organization_id") in included)
        and one.get("organization_id") not in excluded
    ]
    return data_page(call, ordered(call, matching, {"name": lambda one: one["name"].lower()}, "-created_at"))


@operation("SamlConnectionsBeta_createNewConnection")
def create_saml_connection(instance: Instance, call: Call) -> Json:
    require_in_plan(instance, "saml")
    for name in ("name", "provider"):
        call.required(name)
    if not call.given("domains"):
        call.required("domain")
    return add_saml_connection(instance, **_checked(instance, call.body, DEFAULT_ATTRIBUTE_MAPPING))


@operation("SamlConnectionsBeta_getById")
def get_saml_connection(instance: Instance, call: Call) -> Json:
    require_in_plan(instance, "saml")
    return found(instance.saml_connections, "SAML connection", call.path["saml_connection_id"])


@operation("SamlConnectionsBeta_updateConnectionById")
def update_saml_connection(instance: Instance, call: Call) -> Json:
    """Update it; a connection is active only with everything that its identity provider has to tell."""
    connection = get_saml_connection(instance, call)
    consent = bool(call.body.pop("consent_verified_domains_deletion", None))
    changed = connection | _checked(instance, call.body, connection["attribute_mapping"], connection)
    missing = [name for name in NEEDED_TO_ACTIVATE if not changed[name]]
    if changed["active"] and missing:
        raise errors.saml_connection_cant_be_activated(missing)
    if changed["active"] and not connection["active"]:
        make_way(instance, changed["domains"], consent=consent)
    connection |= changed | {"updated_at": instance.clock()}
    return connection


@operation("SamlConnectionsBeta_deleteConnectionById")
def delete_saml_connection(instance: Instance, call: Call) -> Json:
    return deleted(instance.saml_connections.remove(get_saml_connection(instance, call)["id"]))


def _checked(instance: Instance, body: Json, mapping: Json, connection: Json | None = None) -> Json:
    """Return what the body changes. A null empties an IdP field; of anything else it changes nothing."""
    changes = {key: value for key, value in body.items() if value is not None or key.startswith("idp_")}
    if changes.get("domains") == []:
        del changes["domains"]
    if changes.get("name") == "":
        raise errors.form_param_missing("name")
    changes |= _checked_domains(instance, changes, connection)
    organization_id = changes.get("organization_id")
    if organization_id and organization_id not in instance.organizations:
        raise errors.form_resource_not_found("organization_id", organization_id)
    for name in ("idp_sso_url", "idp_metadata_url"):
        if changes.get(name) and not formats.is_web_url(changes[name]):
            raise errors.form_param_format_invalid(name, "an http or https URL")
    if "attribute_mapping" in changes:
        changes["attribute_mapping"] = mapping | changes["attribute_mapping"]
    # The provider's own metadata wins over the single fields.
    if changes.get("idp_metadata"):
        changes |= idp_fields(changes["idp_metadata"])
    elif changes.get("idp_metadata_url"):
        changes |= fields_behind(changes["idp_metadata_url"])
    return changes | certificates(changes)


def certificates(changes: Json) -> Json:
    """Return the certificates that changes leave a connection with: the first of several is the main one, and
    one that metadata tells stands for all."""
    by_metadata = changes.get("idp_metadata") or changes.get("idp_metadata_url")
    several = [] if by_metadata else changes.pop("idp_certificates", [])
    if not several and "idp_certificate" not in changes:
        return {}
    several = several or [one for one in (changes["idp_certificate"],) if one]
    return {
        "idp_certificate": next(iter(several), None),
        "idp_certificates": [{"certificate": one, "issued_at": None, "expires_at": None} for one in several],
    }


def _checked_domains(instance: Instance, changes: Json, connection: Json | None) -> Json:
    """Return the domains that a body gives, by either of their names; `domain` is the first of them."""
    name = "domains" if changes.get("domains") else "domain"
    domains = [one.lower() for one in changes.get("domains") or [changes.get("domain")] if one is not None]
    for domain in domains:
        if not formats.is_host(domain):
            raise errors.form_param_format_invalid(name, "a domain name such as example.com")
        if any(domain in one["domains"] and one is not connection for one in instance.saml_connections):
            raise errors.identifier_exists(name)
    return {"domain": domains[0], "domains": domains} if domains else {}


def idp_fields(metadata: str) -> Json:
    """Return the IdP fields that a SAML metadata file holds.

    Raises:
        ClerkError: 422, it is not such a file or lacks one of the fields.
    """
    # Imported here, because hardly any run needs it and every start would pay for it.
    from xml.etree import ElementTree

    # A document type declaration is of no use here, and the way in for XML bombs.
    if "<!DOCTYPE" in metadata:
        raise errors.saml_failed_to_parse_idp_metadata()
    try:
        entity = ElementTree.fromstring(metadata)  # noqa: S314  # without a document type there are no entities
    except ElementTree.ParseError:
        raise errors.saml_failed_to_parse_idp_metadata() from None
    sign_on = entity.find(f".//{_METADATA}SingleSignOnService")
    fields = {
        "idp_entity_id": entity.get("entityID"),
        "idp_sso_url": None if sign_on is None else sign_on.get("Location"),
        "idp_certificate": "".join(entity.findtext(f".//{_SIGNATURE}X509Certificate", "").split()),
    }
    if missing := [name for name, value in fields.items() if not value]:
        raise errors.saml_metadata_missing_fields(missing)
    return fields


def fields_behind(metadata_url: str) -> Json:
    """Fetch nothing, unlike Clerk: it takes the identity provider's fields from the URL's host."""
    host = urlsplit(metadata_url).hostname
    return {
        "idp_entity_id": f"https://{host}/saml",
        "idp_sso_url": f"https://{host}/saml/sso",
        "idp_certificate": "MIICsandbox",
    }
