"""Beta settings and the domain of the instance."""

from __future__ import annotations

from clerk_tools.argument import Body, arg
from clerk_tools.operation import Operation


class UpdateBetaSettings(
    Operation,
    id="BetaFeatures_updateInstanceSettings",
    patch="/beta_features/instance_settings",
    returns="instance_settings",
    words="session token template, customize the session token, progressive sign-up, sender address",
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


class ChangeDomainDeprecated(
    Operation,
    id="BetaFeatures_updateProductionInstanceDomain",
    put="/beta_features/domain",
    effect="destroy",
    deprecated=True,
):
    """Change a production instance's domain: downtime, and everybody is signed out. Deprecated: use
    BetaFeatures_updateInstanceDomain."""

    home_url: Body[str] = arg("New URL, https://…", optional=True)


class ChangeDomain(
    Operation,
    id="BetaFeatures_updateInstanceDomain",
    post="/instance/change_domain",
    effect="destroy",
    words="change the domain, move production to a new domain",
):
    """Change a production instance's domain: downtime, and everybody is signed out. DNS, certificates and
    keys must follow."""

    home_url: Body[str] = arg("New URL, https://…", optional=True)
