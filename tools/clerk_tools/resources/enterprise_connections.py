"""Enterprise connections: single sign-on through a company's identity provider, by SAML or OIDC."""

from __future__ import annotations

from typing import Final, Literal

from clerk_tools.argument import Body, Id, Nested, Path, Query, arg, cuts_off, moves, replaces
from clerk_tools.hits import Hit, Look, inside, listed, records, thing
from clerk_tools.ids import EnterpriseConnectionId, OrganizationId
from clerk_tools.operation import Operation, Paged
from clerk_tools.resources.saml_connections import LoginHint
from clerk_tools.spec import Demo, Example
from clerk_tools.view import View

VIEWS = {
    "enterprise_connection": View(
        ("id", "name", "provider", "active", "organization_id"),
        flags=(
            "sync_user_attributes",
            "disable_additional_identifications",
            "allow_organization_account_linking",
        ),
        lists=("domains",),
        times=("created_at",),
        inside={
            "custom_attributes": View(("name", "key", "sso_path", "directory_path"), flags=("multi_valued",)),
            "saml_connection": View(
                ("idp_entity_id", "idp_sso_url", "idp_metadata_url", "acs_url", "sp_entity_id"),
                flags=("allow_idp_initiated", "allow_subdomains", "force_authn"),
                objects=("login_hint",),
            ),
            "oauth_config": View(
                ("client_id", "discovery_url", "auth_url", "token_url", "user_info_url"),
                flags=("requires_pkce",),
            ),
        },
    ),
    "enterprise_connection_test_run": View(
        ("id", "status", "connection_type"),
        objects=("parsed_user_info",),
        times=("created_at",),
        inside={"logs": View(("level", "code", "message"))},
    ),
    "test_run_url": View(("url",)),
}

SYNONYMS: Final = {
    "enterprise": "SSO, single sign on, OIDC, SAML, okta, entra, identity provider, idp, adfs, onelogin, "
    "jumpcloud, federation, google workspace",
    "certificate": "cert",
}
"""What people say instead of a term; for the search."""


class Mapping(Nested):
    """The IdP attribute that each field of a user is read from."""

    user_id: Id = arg(optional=True, nullable=True)
    email_address: str = arg(optional=True, nullable=True)
    first_name: str = arg(optional=True, nullable=True)
    last_name: str = arg(optional=True, nullable=True)


class Saml(Nested):
    """What a SAML connection needs."""

    idp_entity_id: Id = arg(optional=True, nullable=True)
    idp_sso_url: str = arg(optional=True, nullable=True)
    idp_certificate: str = arg(optional=True, nullable=True)
    idp_certificates: list[str] = arg(optional=True, undocumented=True)
    idp_metadata_url: str = arg(optional=True, nullable=True)
    idp_metadata: str = arg(optional=True, nullable=True)
    attribute_mapping: Mapping = arg(optional=True, nullable=True)
    allow_subdomains: bool = arg(optional=True, nullable=True)
    allow_idp_initiated: bool = arg(optional=True, nullable=True)
    force_authn: bool = arg(optional=True, nullable=True)
    login_hint: LoginHint = arg(optional=True, nullable=True)


class SamlChanges(Saml):
    """What of a SAML connection can be changed."""

    name: str = arg(optional=True, nullable=True)


class Oidc(Nested):
    """What an OIDC connection needs."""

    client_id: Id = arg(optional=True, nullable=True)
    client_secret: str = arg(optional=True, nullable=True)
    discovery_url: str = arg(optional=True, nullable=True)
    auth_url: str = arg(optional=True, nullable=True)
    token_url: str = arg(optional=True, nullable=True)
    user_info_url: str = arg(optional=True, nullable=True)
    requires_pkce: bool = arg(optional=True, nullable=True)


class CustomAttribute(Nested):
    """An attribute of the IdP that is kept in a user's metadata."""

    name: str = arg(min_length=1)
    key: str = arg(min_length=1)
    sso_path: str = arg(optional=True)
    scim_path: str = arg(optional=True)
    directory_path: str = arg(optional=True)
    multi_valued: bool = arg(optional=True)


class ListEnterpriseConnections(
    Paged,
    id="ListEnterpriseConnections",
    version="2021-02-05",
    get="/enterprise_connections",
    pages="enterprise_connection",
    compared_by="name",
    words="all SSO connections, OIDC connections, list SSO connections, which customers have SSO, who "
    "signs in by single sign-on, list single sign-on, show SSO connections",
    example=Example({"active": True}),
):
    """Enterprise single sign-on connections, SAML and OIDC."""

    organization_id: Query[OrganizationId] = arg(optional=True)
    active: Query[bool] = arg(optional=True)


class CreateEnterpriseConnection(
    Operation,
    id="CreateEnterpriseConnection",
    version="2021-02-05",
    post="/enterprise_connections",
    returns="enterprise_connection",
    words="set up enterprise SSO, connect an OIDC identity provider, new enterprise connection, set up "
    "SSO, set up single sign-on, SSO for a customer, connect okta, connect entra, enterprise "
    "login, log in with a company account, add SSO for a domain",
    example=Example(
        {
            "name": "Fern & Sons",
            "provider": "saml_okta",
            "domains": ["fernsons.example"],
            "saml": {"idp_metadata_url": "https://fernsons.okta.example/metadata"},
        }
    ),
):
    """Create an enterprise single sign-on connection, by SAML (give `saml`) or OIDC (give `oidc`)."""

    name: Body[str] = arg()
    provider: Body[
        Literal[
            "saml_custom",
            "saml_okta",
            "saml_google",
            "saml_microsoft",
            "oidc_custom",
            "oidc_github_enterprise",
            "oidc_gitlab",
        ]
    ] = arg()
    domains: Body[list[str]] = arg("Email domains of its users", min_length=1)
    organization_id: Body[OrganizationId] = arg(optional=True, nullable=True)
    allow_organization_account_linking: Body[bool] = arg(optional=True, nullable=True)
    active: Body[bool] = arg(optional=True, nullable=True)
    saml: Body[Saml] = arg(optional=True, nullable=True)
    oidc: Body[Oidc] = arg(optional=True, nullable=True)
    custom_attributes: Body[list[CustomAttribute]] = arg(optional=True)


class GetEnterpriseConnection(
    Operation,
    id="GetEnterpriseConnection",
    version="2021-02-05",
    get="/enterprise_connections/{enterprise_connection_id}",
    returns="enterprise_connection",
    words="details of an SSO connection, show an SSO connection, what must the identity provider be "
    "told, ACS URL, entity id, configuration of a connection, metadata of the identity provider",
    example=Example({"enterprise_connection_id": Demo("an active enterprise connection")}),
):
    """One enterprise connection, with what its identity provider must be told."""

    enterprise_connection_id: Path[EnterpriseConnectionId] = arg()


class UpdateEnterpriseConnection(
    Operation,
    id="UpdateEnterpriseConnection",
    version="2021-02-05",
    patch="/enterprise_connections/{enterprise_connection_id}",
    returns="enterprise_connection",
    words="activate enterprise SSO, turn an enterprise connection off, change the identity provider, "
    "link a connection to an organization, switch SSO on, switch SSO off, activate SSO, "
    "deactivate SSO, turn single sign-on off, change an SSO connection, replace the IdP "
    "certificate, renew the certificate of the identity provider, domains of an SSO connection, "
    "disable single sign-on for a while, x509 certificate of the identity provider",
    example=Example(
        {"enterprise_connection_id": Demo("an active enterprise connection"), "name": "Rowan & Reed"}
    ),
):
    """Change an enterprise connection. Activating it DELETES organizations' verified domains of the same
    names; an organization, once linked, cannot be unlinked."""

    enterprise_connection_id: Path[EnterpriseConnectionId] = arg()
    name: Body[str] = arg(optional=True, nullable=True)
    domains: Body[list[str]] = arg(
        "Replaces all",
        optional=True,
        nullable=True,
        risk=replaces("whoever signs in from a domain that is not given no longer can"),
    )
    active: Body[bool] = arg(
        optional=True,
        nullable=True,
        risk=moves(
            "on, it deletes organizations' verified domains of its names; off, nobody signs in through it"
        ),
    )
    sync_user_attributes: Body[bool] = arg(optional=True, nullable=True)
    disable_additional_identifications: Body[bool] = arg(
        optional=True, nullable=True, risk=cuts_off(True, "its users can add no other way to sign in")
    )
    allow_organization_account_linking: Body[bool] = arg(optional=True, nullable=True)
    organization_id: Body[OrganizationId] = arg(
        optional=True, nullable=True, risk=replaces("its present organization loses it")
    )
    saml: Body[SamlChanges] = arg(
        optional=True,
        nullable=True,
        risk=replaces("changes how its identity provider is known"),
        shown_as="saml_connection",
    )
    oidc: Body[Oidc] = arg(
        optional=True,
        nullable=True,
        risk=replaces("changes how its OIDC provider is known"),
        shown_as="oauth_config",
    )
    custom_attributes: Body[list[CustomAttribute]] = arg(
        "Replaces all",
        optional=True,
        nullable=True,
        risk=replaces("loses the custom attributes that are not given"),
    )


class DeleteEnterpriseConnection(
    Operation,
    id="DeleteEnterpriseConnection",
    version="2021-02-05",
    delete="/enterprise_connections/{enterprise_connection_id}",
    grave=True,
    returns="deleted",
    words="remove SSO, delete an OIDC connection, remove single sign-on, delete SSO, delete single "
    "sign-on for a customer, no more SSO",
    example=Example({"enterprise_connection_id": Demo("an enterprise connection in preparation")}, late=True),
):
    """Delete an enterprise connection, for good: its users can no longer sign in through it."""

    enterprise_connection_id: Path[EnterpriseConnectionId] = arg()

    async def hit(self, look: Look) -> Hit:
        found = await look.at(
            GetEnterpriseConnection(enterprise_connection_id=self.enterprise_connection_id), is_target=True
        )
        domains = listed([str(one) for one in records(inside(found, "domains"))])
        return Hit.of(
            thing("enterprise connection", inside(found, "name"), domains),
            "its users can no longer sign in through it",
        )


class ListEnterpriseConnectionTestRuns(
    Paged,
    id="ListEnterpriseConnectionTestRuns",
    version="2021-02-05",
    get="/enterprise_connections/{enterprise_connection_id}/test_runs",
    pages="enterprise_connection_test_run",
    secret=("id_token", "access_token", "saml_response"),
    words="why does single sign-on fail, debug SSO, results of a test sign-in, list SSO tests, why did "
    "a test sign-in fail, logs of SSO tests, did the SSO test work, did the last SSO test "
    "succeed, outcome of a test sign-in, past tests of a connection",
    example=Example({"enterprise_connection_id": Demo("an active enterprise connection")}),
):
    """What test sign-ins through an enterprise connection gave, with their logs."""

    enterprise_connection_id: Path[EnterpriseConnectionId] = arg()
    status: Query[list[Literal["pending", "success", "failed"]]] = arg(optional=True)


class CreateEnterpriseConnectionTestRun(
    Operation,
    id="CreateEnterpriseConnectionTestRun",
    version="2021-02-05",
    post="/enterprise_connections/{enterprise_connection_id}/test_runs",
    returns="test_run_url",
    secret=("url",),
    mints=True,
    words="try out single sign-on, test an SSO connection, start a test sign-in, test SSO, try an SSO "
    "connection out, try out an enterprise connection, test single sign-on before activating it",
    example=Example({"enterprise_connection_id": Demo("an active enterprise connection")}),
):
    """Make a short-lived URL at which somebody tries to sign in through an enterprise connection;
    ListEnterpriseConnectionTestRuns tells how it went."""

    enterprise_connection_id: Path[EnterpriseConnectionId] = arg()
