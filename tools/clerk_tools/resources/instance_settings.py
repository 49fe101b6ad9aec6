"""Settings of the whole instance."""

from __future__ import annotations

from typing import Literal

from clerk_tools.argument import Body, arg, cuts_off, moves, replaces
from clerk_tools.hits import Hit, Look, count, inside
from clerk_tools.ids import RoleId
from clerk_tools.operation import Clearing, Operation
from clerk_tools.resources import allowlist_blocklist, organizations
from clerk_tools.spec import Advice, Example
from clerk_tools.view import View

VIEWS = {
    "instance": View(("id", "environment_type", "workspace_id"), lists=("allowed_origins",)),
    "instance_protect": View(("rules_enabled", "specter_enabled", "checks_bypassed")),
    "instance_communication": View((), lists=("blocked_country_codes",)),
    "oauth_application_settings": View(
        (
            "dynamic_oauth_client_registration",
            "oauth_jwt_access_tokens",
            "client_id_metadata_documents_advertised",
            "client_id_metadata_documents_only_allow_pre_registered_clients",
            "client_id_metadata_documents_block_implicitly_allowed_clients",
        ),
        lists=("default_scopes",),
    ),
}


class UpdateInstanceSettings(
    Clearing,
    id="InstanceSettings_updateInstanceSettings",
    patch="/instance",
    advice=Advice(if_executed="GetInstance shows the allowed origins only; calling again does no harm."),
    words="test mode, breached passwords, leaked passwords, allowed origins, instance settings, change "
    "settings of the app, support email of the app, browser extension origin, check passwords for "
    "breaches, test emails and phones, refuse leaked passwords",
    example=Example({"support_email": "help@fernhill.example", "hibp": False}),
):
    """Change general settings of the instance; only what is given changes."""

    test_mode: Body[bool] = arg("Test emails and phones, with a known code", optional=True, nullable=True)
    hibp: Body[bool] = arg("Refuse passwords known from breaches", optional=True, nullable=True)
    enhanced_email_deliverability: Body[bool] = arg(
        "Send codes from Clerk's own domain", optional=True, nullable=True
    )
    support_email: Body[str] = arg(optional=True, clearable=True)
    clerk_js_version: Body[str] = arg(optional=True, clearable=True)
    development_origin: Body[str] = arg(optional=True, clearable=True)
    allowed_origins: Body[list[str]] = arg(
        "For extensions, Electron, Capacitor",
        optional=True,
        risk=replaces("replaces all allowed origins: apps at those left out can no longer sign in"),
    )
    cookieless_dev: Body[bool] = arg(optional=True, deprecated=True)
    url_based_session_syncing: Body[bool] = arg("Development without third-party cookies", optional=True)
    preferred_sign_in_strategy_when_password_required: Body[Literal["password", "otp", ""]] = arg(
        "What Clerk's components offer first", optional=True, nullable=True
    )


class UpdateRestrictions(
    Operation,
    id="InstanceSettings_updateRestrictions",
    patch="/instance/restrictions",
    returns="instance_restrictions",
    advice=Advice(if_executed="Nothing shows the restrictions; calling again does no harm."),
    words="enable the allowlist, only the allowlist may sign up, disposable emails, sign-up "
    "restrictions, close sign-ups, plus addresses, forbid addresses, who may sign up, refuse "
    "disposable mails, refuse throwaway addresses, invite-only, turn the allowlist on, turn the "
    "blocklist on, restrict sign-ups",
    example=Example({"blocklist": True}),
):
    """Switch the sign-up restrictions. `allowlist` with an empty list locks every new user out."""

    allowlist: Body[bool] = arg(
        "Only listed identifiers may sign up", optional=True, nullable=True, risk=cuts_off(True, "")
    )
    blocklist: Body[bool] = arg(
        "Listed identifiers may not sign up", optional=True, nullable=True, risk=cuts_off(True, "")
    )
    block_email_subaddresses: Body[bool] = arg("Refuse addresses with + = #", optional=True, nullable=True)
    block_disposable_email_domains: Body[bool] = arg(optional=True, nullable=True)
    allowlist_blocklist_disabled_on_sign_in: Body[bool] = arg(
        optional=True, nullable=True, risk=cuts_off(False, "the lists also count for signing in")
    )

    async def hit(self, look: Look) -> Hit:
        found = await super().hit(look)
        if self.allowlist:
            found = found.and_also(await allowlist_blocklist.closing(look))
        if self.blocklist:
            listed = inside(await look.at(allowlist_blocklist.ListBlockedIdentifiers()), "total_count")
            who = f"the {count(listed, 'entry')}" if listed == 1 else f"all {listed} entries"
            found = found.and_also(
                f"keeps {who if isinstance(listed, int) else 'everybody'} on the blocklist from signing in"
            )
        return found


class UpdateOrganizationSettings(
    Operation,
    id="InstanceSettings_updateOrganizationSettings",
    patch="/instance/organization_settings",
    returns="organization_settings",
    words="enable organizations, turn off organizations, organization settings, default member limit, "
    "let admins delete organizations, turn organizations on, allow organizations, maximum number "
    "of members by default, default role of creators, let organizations have email domains, "
    "switch organizations off",
    example=Example({"enabled": True, "max_allowed_memberships": 25}),
):
    """Change how organizations work in this instance, or switch them on or off."""

    enabled: Body[bool] = arg(
        "Organizations on or off", optional=True, nullable=True, risk=cuts_off(False, "")
    )
    max_allowed_memberships: Body[int] = arg(
        "With pending invitations; 0: no limit", optional=True, nullable=True
    )
    admin_delete_enabled: Body[bool] = arg("Admins may delete an organization", optional=True, nullable=True)
    domains_enabled: Body[bool] = arg(
        "Organizations may claim email domains",
        optional=True,
        nullable=True,
        risk=cuts_off(False, "email domains no longer let anybody into an organization"),
    )
    domains_enrollment_modes: Body[list[str]] = arg(
        "manual_invitation, automatic_invitation, automatic_suggestion",
        optional=True,
        risk=replaces("email domains lose the ways to enrol that are not given"),
    )
    creator_role_id: Body[RoleId] = arg("Role of whoever creates an organization", optional=True)
    domains_default_role_id: Body[RoleId] = arg("Role of who joins through a domain", optional=True)
    slug_disabled: Body[bool] = arg(optional=True, nullable=True)

    async def hit(self, look: Look) -> Hit:
        found = await super().hit(look)
        if self.enabled is not False:
            return found
        number = inside(await look.at(organizations.ListOrganizations(limit=1)), "total_count")
        which = count(number, "organization") if isinstance(number, int) else "every organization"
        return found.and_also(f"switches {which} off: members lose what they reach through them")


class GetInstance(
    Operation,
    id="GetInstance",
    version="2021-02-05",
    get="/instance",
    returns="instance",
    compared_by="",
    words="is this production, which instance is this, development or production, instance id, "
    "environment type, show the instance, live or test, what does this key belong to, "
    "environment, allowed origins now",
    example=Example(),
):
    """The instance that the key belongs to: its id, development or production, allowed origins."""


class GetProtect(
    Operation,
    id="GetInstanceProtect",
    version="2021-02-05",
    get="/instance/protect",
    returns="instance_protect",
    compared_by="",
    words="bot protection settings, is protect on, fraud protection, are protect rules enabled, is bot "
    "detection on, state of bot protection, show protect",
    example=Example(),
):
    """Whether Clerk Protect's rules and its bot detection (Specter) are on."""


class UpdateProtect(
    Operation,
    id="UpdateInstanceProtect",
    version="2021-02-05",
    patch="/instance/protect",
    returns="instance_protect",
    words="turn bot protection on, switch protect off, enable protect rules, enable specter, switch bot "
    "detection on, stop bots, turn bot detection off",
    example=Example({"specter_enabled": True}),
):
    """Switch Clerk Protect's rules, or its bot detection (Specter), on or off."""

    rules_enabled: Body[bool] = arg(
        optional=True, nullable=True, risk=cuts_off(True, "its rules begin to keep people out")
    )
    specter_enabled: Body[bool] = arg(optional=True, nullable=True)


class GetCommunication(
    Operation,
    id="GetInstanceCommunication",
    version="2021-02-05",
    get="/instance/communication",
    returns="instance_communication",
    compared_by="",
    words="which countries get no SMS, blocked countries, SMS country blocklist, countries without SMS, "
    "show blocked countries, to which countries is no SMS sent",
    example=Example(),
):
    """The countries to whose numbers no SMS is sent."""


class UpdateCommunication(
    Operation,
    id="UpdateInstanceCommunication",
    version="2021-02-05",
    patch="/instance/communication",
    returns="instance_communication",
    words="block SMS to a country, SMS fraud, SMS pumping, allow SMS to a country, no SMS to a country, "
    "stop SMS to expensive countries, block countries for SMS, toll fraud",
    example=Example({"blocked_country_codes": ["KP", "SY"]}),
):
    """REPLACE the list of countries to whose numbers no SMS is sent; read it first."""

    blocked_country_codes: Body[list[str]] = arg(
        "Such as DE, FR",
        optional=True,
        max_length=250,
        nullable=True,
        risk=moves("replaces the whole list: numbers of the countries in it get no SMS codes"),
    )


class GetOAuthSettings(
    Operation,
    id="GetInstanceOAuthApplicationSettings",
    version="2021-02-05",
    get="/instance/oauth_application_settings",
    returns="oauth_application_settings",
    compared_by="",
    words="dynamic client registration, OAuth provider settings, default OAuth scopes, settings of "
    "OAuth applications, may clients register themselves, show OAuth settings, are access tokens "
    "JWTs",
    example=Example(),
):
    """How OAuth applications work here: dynamic registration, JWT or opaque tokens, default scopes."""


class UpdateOAuthSettings(
    Clearing,
    id="UpdateInstanceOAuthApplicationSettings",
    version="2021-02-05",
    patch="/instance/oauth_application_settings",
    returns="oauth_application_settings",
    words="enable dynamic client registration, JWT access tokens for OAuth, let MCP clients register, "
    "change default scopes, client id metadata documents, let clients register themselves, switch "
    "dynamic registration on, MCP clients, opaque access tokens, change OAuth settings",
    example=Example({"dynamic_oauth_client_registration": True}),
):
    """Change how OAuth applications of this instance work; only what is given changes."""

    dynamic_oauth_client_registration: Body[bool] = arg(
        "Clients register themselves",
        optional=True,
        nullable=True,
        risk=cuts_off(False, "clients can no longer register themselves"),
    )
    default_scopes: Body[list[str]] = arg(optional=True, clearable="goes back to Clerk's default scopes")
    oauth_jwt_access_tokens: Body[bool] = arg(
        "JWTs, not opaque tokens; JWTs cannot be revoked",
        optional=True,
        nullable=True,
        risk=moves("whoever checks access tokens gets them in another form"),
    )
    client_id_metadata_documents_advertised: Body[bool] = arg(optional=True, nullable=True)
    client_id_metadata_documents_only_allow_pre_registered_clients: Body[bool] = arg(
        optional=True, nullable=True, risk=cuts_off(True, "unknown clients are refused")
    )
    client_id_metadata_documents_block_implicitly_allowed_clients: Body[bool] = arg(
        optional=True, nullable=True, risk=cuts_off(True, "clients that connected by themselves are refused")
    )


class GetOrganizationSettings(
    Operation,
    id="GetInstanceOrganizationSettings",
    version="2021-02-05",
    get="/instance/organization_settings",
    returns="organization_settings",
    compared_by="",
    words="are organizations enabled, how many members may an organization have, default role of "
    "organizations, read organization settings, show organization settings, are teams on, default "
    "role, member limit, may organizations have email domains, may users create organizations",
    example=Example(),
):
    """How organizations work in this instance: on or off, limits, default roles, domains."""
