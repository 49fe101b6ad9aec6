"""The demo company's instance apart from its users: organizations, lists, templates, connections, settings.

The company makes a planning tool for nurseries and gardens. Its own staff is the first organization; the
others are customers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from clerk_sandbox.resources.allowlist_blocklist import add_identifier
from clerk_sandbox.resources.domains import add_domain
from clerk_sandbox.resources.email_sms_templates import add_default_templates
from clerk_sandbox.resources.jwt_templates import add_jwt_template
from clerk_sandbox.resources.oauth_applications import add_oauth_application
from clerk_sandbox.resources.organization_invitations import add_organization_invitation
from clerk_sandbox.resources.organization_memberships import add_membership
from clerk_sandbox.resources.organizations import add_organization
from clerk_sandbox.resources.redirect_urls import add_redirect_url
from clerk_sandbox.resources.saml_connections import add_saml_connection, certificates
from clerk_sandbox.roles import ADMIN, MEMBER
from clerk_sandbox.routing import resource_modules
from clerk_sandbox.state import Instance, Json

COMPANY_DOMAIN = "fernhill.example"
DAY_MS = 24 * 3600 * 1000


def seed_configuration(instance: Instance) -> None:
    """Return what every instance needs, users or not: a primary domain and the message templates."""
    with days_ago(instance, 400):
        add_domain(instance, COMPANY_DOMAIN, is_satellite=False)
        add_default_templates(instance)
        seed_by_resource(instance, "set_up")


def seed_demo_instance(instance: Instance, users: Sequence[Json]) -> None:
    """Return everything of the demo data that is no user, session or token.

    `users` are the demo's users: who owns and joins what goes by their place in it.
    """
    _seed_set_up(instance)
    _seed_lists(instance)
    _seed_organizations(instance, [user["id"] for user in users])


def seed_by_resource(instance: Instance, function: str) -> None:
    """Call the function of this name of each resource's module that has one, in the order of their names."""
    for module in resource_modules():
        if seed := getattr(module, function, None):
            seed(instance)


@contextmanager
def days_ago(instance: Instance, days: float) -> Iterator[None]:
    """Turn the instance's clock back while records are made, so that the past looks like one."""
    clock = instance.clock
    then = clock() - round(days * DAY_MS)
    instance.clock = lambda: then
    try:
        yield
    finally:
        instance.clock = clock


def _seed_set_up(instance: Instance) -> None:
    instance.settings |= {
        "svix_app": True,
        "support_email": f"support@{COMPANY_DOMAIN}",
        "allowed_origins": ["chrome-extension://fernhillclipper"],
    }
    with days_ago(instance, 300):
        add_domain(instance, "fernhill-docs.example", is_satellite=True)
        add_redirect_url(instance, f"https://app.{COMPANY_DOMAIN}/sso-callback")
        add_redirect_url(instance, "fernhill://oauth-callback")
    with days_ago(instance, 250):
        add_jwt_template(
            instance,
            "hasura",
            {
                "https://hasura.io/jwt/claims": {
                    "x-hasura-default-role": "user",
                    "x-hasura-allowed-roles": ["user"],
                    "x-hasura-user-id": "{{user.id}}",
                }
            },
        )
        add_jwt_template(
            instance,
            "greenhouse-api",
            {"aud": f"https://api.{COMPANY_DOMAIN}", "email": "{{user.primary_email_address}}"},
            lifetime=300,
        )
    with days_ago(instance, 120):
        add_oauth_application(
            instance, "Fernhill Reports", f"https://reports.{COMPANY_DOMAIN}/oauth/callback"
        )
        add_oauth_application(
            instance, "Fernhill Field App", "fernhill://oauth", scopes="profile", public=True
        )
    with days_ago(instance, 60):
        add_saml_connection(
            instance,
            "Mossbrook Gardens",
            "mossbrook.example",
            "saml_okta",
            idp_entity_id="http://www.okta.com/exk1mossbrook",
            idp_sso_url="https://mossbrook.okta.com/app/fernhill/exk1mossbrook/sso/saml",
            **certificates({"idp_certificate": "MIIDmossbrookOktaCertificate"}),
            active=True,
            user_count=1,
        )
    with days_ago(instance, 5):
        add_saml_connection(instance, "Alder & Vale (in preparation)", "aldervale.example", "saml_microsoft")
    invitation = next(
        one for one in instance.templates if (one["template_type"], one["slug"]) == ("email", "invitation")
    )
    invitation |= {
        "resource_type": "user",
        "can_revert": True,
        "subject": "Come and plan your garden with {{app.name}}",
    }


def _seed_lists(instance: Instance) -> None:
    with days_ago(instance, 90):
        add_identifier(instance, instance.allowlist_identifiers, f"*@{COMPANY_DOMAIN}")
        add_identifier(instance, instance.allowlist_identifiers, "consultant@rowan.example")
        add_identifier(instance, instance.allowlist_identifiers, "+12015550123")
    with days_ago(instance, 30):
        add_identifier(instance, instance.blocklist_identifiers, "*@throwaway.example")
        add_identifier(instance, instance.blocklist_identifiers, "spammer@example.org")


def _seed_organizations(instance: Instance, users: Sequence[str]) -> None:
    with days_ago(instance, 380):
        company = add_organization(
            instance,
            "Fernhill",
            users[0],
            max_allowed_memberships=50,
            public_metadata={"plan": "internal"},
            private_metadata={"cost_center": "CC-100"},
        )
    for days, user in zip(range(370, 300, -10), users[1:8], strict=True):
        with days_ago(instance, days):
            add_membership(instance, company, user, ADMIN if user == users[1] else MEMBER)
    with days_ago(instance, 200):
        gardens = add_organization(
            instance,
            "Mossbrook Gardens",
            users[8],
            max_allowed_memberships=20,
            public_metadata={"plan": "growth", "region": "eu"},
            private_metadata={"billing": {"customer": "cus_mossbrook", "seats": 20}},
        )
        for user in users[9:14]:
            add_membership(instance, gardens, user, MEMBER)
    with days_ago(instance, 150):
        nursery = add_organization(
            instance,
            "Alder & Vale Nursery",
            users[14],
            slug="alder-vale",
            public_metadata={"plan": "starter"},
        )
        for user in users[15:17]:
            add_membership(instance, nursery, user, MEMBER)
    with days_ago(instance, 20):
        add_organization(instance, "Thistle Studio", users[17])
    _seed_invitations(instance, company, gardens, nursery)


def _seed_invitations(instance: Instance, company: Json, gardens: Json, nursery: Json) -> None:
    for days, organization, email_address, role, status in (
        (100, company, f"former.intern@{COMPANY_DOMAIN}", MEMBER, "revoked"),
        (6, company, f"new.hire+clerk_test@{COMPANY_DOMAIN}", MEMBER, "pending"),
        (5, company, f"agency+clerk_test@{COMPANY_DOMAIN}", MEMBER, "pending"),
        (4, gardens, "head.gardener+clerk_test@mossbrook.example", ADMIN, "pending"),
        (3, company, "priya+clerk_test@mossbrook.example", MEMBER, "pending"),
        (3, nursery, "apprentice+clerk_test@aldervale.example", MEMBER, "pending"),
    ):
        with days_ago(instance, days):
            add_organization_invitation(
                instance, organization, email_address, organization["created_by"], role, status=status
            )
