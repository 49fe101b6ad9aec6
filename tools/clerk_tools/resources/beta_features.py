"""Beta settings and the domain of the instance."""

from __future__ import annotations

from clerk_tools.argument import Body, arg
from clerk_tools.hits import Hit, Look, count, first_with, inside, quoted, records, thing
from clerk_tools.operation import Operation
from clerk_tools.resources import domains, users
from clerk_tools.spec import Example


class UpdateBetaSettings(
    Operation,
    id="BetaFeatures_updateInstanceSettings",
    patch="/beta_features/instance_settings",
    returns="instance_settings",
    words="session token template, customize the session token, progressive sign-up, sender address",
    example=Example({"from_email_address": "hello", "progressive_sign_up": True}),
):
    """Change beta settings of the instance. `restricted_to_allowlist` can lock everybody out."""

    restricted_to_allowlist: Body[bool | None] = arg("Only the allowlist may sign up", default=False)
    from_email_address: Body[str | None] = arg("Sender's part before the @", optional=True)
    progressive_sign_up: Body[bool | None] = arg(optional=True)
    session_token_template: Body[str | None] = arg(
        "JWT template for session tokens; empty for none", optional=True
    )
    enhanced_email_deliverability: Body[bool | None] = arg(
        "Send codes from Clerk's own domain", optional=True
    )
    test_mode: Body[bool | None] = arg("Test emails and phones, with a known code", optional=True)


async def _moved(home_url: str | None, look: Look) -> Hit:
    """What moving the instance to another domain hits."""
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

    home_url: Body[str] = arg("New URL, https://…", optional=True)

    async def hit(self, look: Look) -> Hit:
        return await _moved(self.home_url, look)


class ChangeDomain(
    Operation,
    id="BetaFeatures_updateInstanceDomain",
    post="/instance/change_domain",
    effect="destroy",
    no_undo="Everybody was signed out; moving back does so again.",
    reader=domains.ListDomains,
    words="change the domain, move production to a new domain",
    example=Example({"home_url": "https://www.fernhill-garden.example"}, late=True),
):
    """Change a production instance's domain: downtime, and everybody is signed out. DNS, certificates and
    keys must follow."""

    home_url: Body[str] = arg("New URL, https://…", optional=True)

    async def hit(self, look: Look) -> Hit:
        return await _moved(self.home_url, look)
