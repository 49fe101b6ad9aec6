"""SAML connections: enterprise single sign-on."""

from __future__ import annotations

from typing import Any, Final, Literal

from clerk_tools.argument import Body, Id, Nested, Path, Query, arg, cuts_off, moves, replaces
from clerk_tools.hits import Hit, Look, count, inside, thing
from clerk_tools.ids import OrganizationId, SamlConnectionId
from clerk_tools.operation import Clearing, Operation, Paged
from clerk_tools.spec import Demo, Example

SYNONYMS: Final = {
    "SAML": "SSO, single sign on, okta, entra, azure, microsoft, idp, adfs, onelogin, jumpcloud, federation",
}
"""What people say instead of a term; for the search."""


class LoginHint(Nested):
    """What the IdP is told of who signs in."""

    mode: Literal["email_address", "custom_attribute", "off"] = arg()
    source: str = arg(optional=True)


class AttributeMapping(Nested):
    """The IdP attribute that each field of a user is read from."""

    user_id: Id = arg(optional=True)
    email_address: str = arg(optional=True)
    first_name: str = arg(optional=True)
    last_name: str = arg(optional=True)


class ListSamlConnections(
    Paged,
    id="SamlConnectionsBeta_getList",
    get="/saml_connections",
    pages="saml_connection",
    words="who has SAML, SAML connections, list SAML",
    example=Example(),
    deprecated=True,
    instead="ListEnterpriseConnections",
):
    """SAML connections, newest first. Superseded by ListEnterpriseConnections."""

    query: Query[str] = arg(optional=True)
    organization_id: Query[list[OrganizationId]] = arg("- excludes", optional=True)
    order_by: Query[str] = arg("created_at or name", optional=True)


class CreateSamlConnection(
    Operation,
    id="SamlConnectionsBeta_createNewConnection",
    post="/saml_connections",
    returns="saml_connection",
    words="set up SAML, connect an identity provider, SAML for an organization, new SAML connection, "
    "add SAML",
    example=Example({"name": "Rowan & Reed", "domain": "rowan.example", "provider": "saml_google"}),
    deprecated=True,
    instead="CreateEnterpriseConnection",
):
    """Create a SAML connection, not yet active. Give the IdP's metadata by URL or XML, or its three
    values. Superseded by CreateEnterpriseConnection."""

    name: Body[str] = arg()
    domain: Body[str] = arg("Or domains", optional=True, deprecated=True)
    provider: Body[Literal["saml_custom", "saml_okta", "saml_google", "saml_microsoft"]] = arg()
    idp_entity_id: Body[Id] = arg(optional=True, nullable=True)
    idp_sso_url: Body[str] = arg(optional=True, nullable=True)
    idp_certificate: Body[str] = arg("X.509", optional=True, nullable=True)
    idp_certificates: Body[list[str]] = arg(optional=True, undocumented=True)
    idp_metadata_url: Body[str] = arg(optional=True, nullable=True)
    idp_metadata: Body[str] = arg("XML", optional=True, nullable=True)
    attribute_mapping: Body[AttributeMapping] = arg(optional=True, nullable=True)
    domains: Body[list[str]] = arg(optional=True)
    organization_id: Body[OrganizationId] = arg(optional=True, nullable=True)
    force_authn: Body[bool] = arg(optional=True)
    login_hint: Body[LoginHint] = arg(optional=True, nullable=True)


class GetSamlConnection(
    Operation,
    id="SamlConnectionsBeta_getById",
    get="/saml_connections/{saml_connection_id}",
    returns="saml_connection",
    words="one SAML connection, show SAML",
    example=Example({"saml_connection_id": Demo("a SAML connection")}),
    deprecated=True,
    instead="GetEnterpriseConnection",
):
    """One SAML connection. Superseded by GetEnterpriseConnection."""

    saml_connection_id: Path[SamlConnectionId] = arg()


class UpdateSamlConnection(
    Clearing,
    id="SamlConnectionsBeta_updateConnectionById",
    patch="/saml_connections/{saml_connection_id}",
    returns="saml_connection",
    words="activate SAML, IdP certificate, turn off SAML, turn on SAML, change SAML, deactivate SAML, "
    "SAML certificate, renew a SAML certificate",
    example=Example(
        {
            "saml_connection_id": Demo("a SAML connection in preparation"),
            "idp_entity_id": "https://sts.windows.net/aldervale/",
            "idp_sso_url": "https://login.microsoftonline.com/aldervale/saml2",
            "idp_certificate": "MIIDaldervaleCertificate",
            "active": True,
        }
    ),
    deprecated=True,
    instead="UpdateEnterpriseConnection",
):
    """Change or activate a SAML connection; active needs all IdP fields. Superseded by
    UpdateEnterpriseConnection."""

    saml_connection_id: Path[SamlConnectionId] = arg()
    name: Body[str] = arg(optional=True, nullable=True)
    domain: Body[str] = arg(
        optional=True,
        nullable=True,
        deprecated=True,
        risk=moves("whoever signs in from its present domain no longer can", only_while="active"),
    )
    idp_entity_id: Body[Id] = arg(
        optional=True,
        clearable=True,
        risk=moves("changes the identity provider that its users sign in with", only_while="active"),
    )
    idp_sso_url: Body[str] = arg(
        optional=True,
        clearable=True,
        risk=moves("changes the identity provider that its users sign in with", only_while="active"),
    )
    idp_certificate: Body[str] = arg(
        "X.509",
        optional=True,
        clearable=True,
        risk=moves("changes the identity provider that its users sign in with", only_while="active"),
    )
    idp_certificates: Body[list[str]] = arg(
        "Replaces all",
        optional=True,
        undocumented=True,
        risk=moves("changes the identity provider that its users sign in with", only_while="active"),
    )
    idp_metadata_url: Body[str] = arg(
        optional=True,
        clearable=True,
        risk=moves("changes the identity provider that its users sign in with", only_while="active"),
    )
    idp_metadata: Body[str] = arg(
        optional=True,
        clearable=True,
        risk=moves("changes the identity provider that its users sign in with", only_while="active"),
    )
    attribute_mapping: Body[AttributeMapping] = arg(
        optional=True,
        nullable=True,
        risk=replaces("changes whose account a sign-in is taken for, and what it is called"),
    )
    active: Body[bool] = arg(
        optional=True, nullable=True, risk=cuts_off(False, "its users can no longer sign in through it")
    )
    sync_user_attributes: Body[bool] = arg(optional=True, nullable=True)
    allow_subdomains: Body[bool] = arg(
        optional=True,
        nullable=True,
        risk=cuts_off(False, "users of its subdomains can no longer sign in through it"),
    )
    allow_idp_initiated: Body[bool] = arg(
        optional=True,
        nullable=True,
        risk=cuts_off(False, "nobody can start signing in at the identity provider"),
    )
    domains: Body[list[str]] = arg(
        optional=True,
        nullable=True,
        risk=moves("whoever signs in from a domain that is left out no longer can", only_while="active"),
    )
    organization_id: Body[OrganizationId] = arg(
        optional=True, nullable=True, risk=replaces("its present organization loses it")
    )
    force_authn: Body[bool] = arg(optional=True)
    disable_additional_identifications: Body[bool] = arg(
        optional=True, nullable=True, risk=cuts_off(True, "its users can add no other way to sign in")
    )
    allow_organization_account_linking: Body[bool] = arg(optional=True, nullable=True)
    login_hint: Body[LoginHint] = arg(optional=True, nullable=True)
    consent_verified_domains_deletion: Body[bool] = arg(
        optional=True,
        nullable=True,
        risk=cuts_off(True, "deletes organizations' verified domains of its names, which let people in"),
    )


def _connection(found: Any) -> str:
    return thing("SAML connection", inside(found, "name"), inside(found, "domain"))


def _its_users(found: Any) -> str:
    number = inside(found, "user_count")
    return count(number, "user") if isinstance(number, int) else "its users"


class DeleteSamlConnection(
    Operation,
    id="SamlConnectionsBeta_deleteConnectionById",
    grave=True,
    delete="/saml_connections/{saml_connection_id}",
    returns="deleted",
    words="delete SAML, remove SAML",
    example=Example({"saml_connection_id": Demo("a SAML connection")}),
    deprecated=True,
    instead="DeleteEnterpriseConnection",
):
    """Delete a SAML connection: its users can no longer sign in through it. Superseded by
    DeleteEnterpriseConnection."""

    saml_connection_id: Path[SamlConnectionId] = arg()

    async def hit(self, look: Look) -> Hit:
        found = await look.at(GetSamlConnection(saml_connection_id=self.saml_connection_id), is_target=True)
        return Hit.of(_connection(found), f"{_its_users(found)} can no longer sign in through it")
