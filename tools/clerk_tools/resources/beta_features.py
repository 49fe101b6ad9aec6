"""Beta settings and the domain of the instance."""

from __future__ import annotations

from clerk_tools.argument import Body, arg, cuts_off, replaces
from clerk_tools.hits import Hit, Look, count, first_with, inside, quoted, records, thing
from clerk_tools.operation import Clearing, Operation
from clerk_tools.resources import allowlist_blocklist, domains, users
from clerk_tools.spec import Example


class UpdateBetaSettings(
    Clearing,
    id="BetaFeatures_updateInstanceSettings",
    patch="/beta_features/instance_settings",
    returns="instance_settings",
    words="session token template, customize the session token, progressive sign-up, sender address, "
    "sender of mails, from address, claims in every session token, beta settings",
    example=Example({"from_email_address": "hello", "progressive_sign_up": True}),
):
    """Change beta settings of the instance. `restricted_to_allowlist` can lock everybody out."""

    restricted_to_allowlist: Body[bool] = arg(
        "Only the allowlist may sign up", default=False, nullable=True, risk=cuts_off(True, "")
    )
    from_email_address: Body[str] = arg("Sender's part before the @", optional=True, clearable=True)
    progressive_sign_up: Body[bool] = arg(optional=True, nullable=True)
    session_token_template: Body[str] = arg(
        "JWT template for session tokens; empty for none",
        optional=True,
        clearable="takes the claims of their template out of every session token",
        risk=replaces("session tokens lose their present claims"),
    )
    enhanced_email_deliverability: Body[bool] = arg(
        "Send codes from Clerk's own domain", optional=True, nullable=True
    )
    test_mode: Body[bool] = arg("Test emails and phones, with a known code", optional=True, nullable=True)

    async def hit(self, look: Look) -> Hit:
        found = await super().hit(look)
        return found.and_also(await allowlist_blocklist.closing(look) if self.restricted_to_allowlist else "")


async def _moved(home_url: str | None, look: Look) -> Hit:
    """Return what moving the instance to another domain hits."""
    primary = first_with(records(await look.at(domains.ListDomains())), "is_satellite", False)
    total = inside(await look.at(users.CountUsers()), "total_count")
    who = f"all {count(total, 'user')}" if isinstance(total, int) else "everybody"
    return Hit.of(
        thing("primary domain", inside(primary, "name")),
        f"moves the instance to {quoted(home_url)}" if home_url else "moves the instance",
        f"signs out {who}",
        "the application is down until DNS, certificates and keys follow",
    )


class ChangeDomainDeprecated(
    Operation,
    id="BetaFeatures_updateProductionInstanceDomain",
    grave=True,
    put="/beta_features/domain",
    effect="destroy",
    deprecated=True,
    instead="BetaFeatures_updateInstanceDomain",
    no_undo="Everybody was signed out; moving back does so again.",
    reader=domains.ListDomains,
    example=Example({"home_url": "https://www.fernhill-plan.example"}, late=True),
):
    """Change a production instance's domain: downtime, and everybody is signed out. Deprecated: use
    BetaFeatures_updateInstanceDomain."""

    home_url: Body[str] = arg("Needed: https://…", optional=True)
    is_secondary: Body[bool] = arg("A subdomain in it is kept", optional=True)

    async def hit(self, look: Look) -> Hit:
        return await _moved(self.home_url, look)


class ChangeDomain(
    Operation,
    id="BetaFeatures_updateInstanceDomain",
    grave=True,
    post="/instance/change_domain",
    effect="destroy",
    no_undo="Everybody was signed out; moving back does so again.",
    reader=domains.ListDomains,
    words="change the domain, move production to a new domain, move the app to another domain, change "
    "the production domain, switch the instance to another domain, new home URL",
    example=Example({"home_url": "https://www.fernhill-garden.example"}, late=True),
):
    """Change a production instance's domain: downtime, and everybody is signed out. DNS, certificates and
    keys must follow."""

    home_url: Body[str] = arg("Needed: https://…", optional=True)
    is_secondary: Body[bool] = arg("A subdomain in it is kept", optional=True)

    async def hit(self, look: Look) -> Hit:
        return await _moved(self.home_url, look)
