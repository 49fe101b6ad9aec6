"""Email domains of organizations: whoever has a verified address there may enrol."""

from __future__ import annotations

from typing import Final, Literal

from clerk_tools.argument import Body, Path, Query, arg, cuts_off
from clerk_tools.hits import Hit, Look, count, first_with, inside, records, thing
from clerk_tools.ids import OrganizationDomainId, OrganizationId
from clerk_tools.operation import Operation, Paged
from clerk_tools.spec import Demo, Example
from clerk_tools.view import View

VIEWS = {
    "organization_domain": View(
        (
            "id",
            "name",
            "organization_id",
            "enrollment_mode",
            "total_pending_invitations",
            "total_pending_suggestions",
        ),
        times=("created_at",),
        inside={
            "affiliation_verification": View(("status", "strategy")),
            "ownership_verification": View(("status", "strategy"), times=("verified_at",)),
            "public_organization_data": View(("name", "slug")),
        },
    ),
}

_MODES: Final = "manual_invitation, automatic_invitation, automatic_suggestion or enterprise_sso"
_Mode = Literal[
    "manual_invitation",
    "automatic_invitation",
    "automatic_suggestion",
    "enterprise_sso",
    "-manual_invitation",
    "-automatic_invitation",
    "-automatic_suggestion",
    "-enterprise_sso",
]


class ListOrganizationDomains(
    Paged,
    id="ListOrganizationDomains",
    version="2021-02-05",
    get="/organizations/{organization_id}/domains",
    pages="organization_domain",
    words="email domains of an organization, which domains belong to an organization, domains of one "
    "organization, verified domains of a company, mail domains of a company",
    example=Example({"organization_id": Demo("Fernhill"), "verified": "true"}),
):
    """The email domains of one organization. Of all: ListAllOrganizationDomains."""

    organization_id: Path[OrganizationId] = arg()
    verified: Query[str] = arg("true or false", optional=True)
    enrollment_mode: Query[str] = arg("Mode; - first to exclude", optional=True)


class CreateOrganizationDomain(
    Operation,
    id="CreateOrganizationDomain",
    version="2021-02-05",
    post="/organizations/{organization_id}/domains",
    returns="organization_domain",
    words="let everybody with an address there join, auto-join by email domain, enroll by domain, add "
    "an email domain to an organization, colleagues join automatically, people with a company "
    "address join, let an email domain join, add a company's domain",
    example=Example(
        {
            "organization_id": Demo("Fernhill"),
            "name": "fernhill-seeds.example",
            "enrollment_mode": "automatic_invitation",
        }
    ),
):
    """Give an organization an email domain, verified unless said otherwise: people with an address there
    enrol as the mode says. The instance's own domains: Domains_addSatelliteDomain."""

    organization_id: Path[OrganizationId] = arg()
    name: Body[str] = arg()
    enrollment_mode: Body[str] = arg(_MODES, optional=True)
    verified: Body[bool] = arg(optional=True, nullable=True)


class UpdateOrganizationDomain(
    Operation,
    id="UpdateOrganizationDomain",
    version="2021-02-05",
    patch="/organizations/{organization_id}/domains/{domain_id}",
    returns="organization_domain",
    words="auto-join, suggest the organization to people of its domain, enrollment mode, mark an "
    "organization's domain as verified, how people of a domain join, change the enrollment mode "
    "of a domain, invite people of a domain automatically",
    example=Example(
        {
            "organization_id": Demo("Fernhill"),
            "domain_id": Demo("Fernhill's domain"),
            "enrollment_mode": "automatic_suggestion",
        }
    ),
):
    """Change how people of an organization's email domain enrol, or whether it counts as verified."""

    organization_id: Path[OrganizationId] = arg()
    domain_id: Path[OrganizationDomainId] = arg()
    enrollment_mode: Body[str] = arg(
        "As in CreateOrganizationDomain",
        optional=True,
        nullable=True,
        risk=cuts_off("manual_invitation", "people of its email domain no longer get in by themselves"),
    )
    verified: Body[bool] = arg(
        optional=True, nullable=True, risk=cuts_off(False, "its email domain no longer lets anybody enrol")
    )

    def state(self) -> Operation:
        return ListOrganizationDomains(organization_id=self.organization_id, limit=500)


class DeleteOrganizationDomain(
    Operation,
    id="DeleteOrganizationDomain",
    version="2021-02-05",
    delete="/organizations/{organization_id}/domains/{domain_id}",
    returns="deleted",
    words="stop auto-join by email domain, take an email domain from an organization, remove a "
    "company's domain, people of a domain should not join any more, delete an email domain, no "
    "longer join by domain",
    example=Example({"organization_id": Demo("Fernhill"), "domain_id": Demo("Fernhill's domain")}),
):
    """Take an email domain from an organization: nobody enrols through it any more. Members stay."""

    organization_id: Path[OrganizationId] = arg()
    domain_id: Path[OrganizationDomainId] = arg()

    async def hit(self, look: Look) -> Hit:
        found = first_with(
            records(await look.at(ListOrganizationDomains(organization_id=self.organization_id, limit=500))),
            "id",
            self.domain_id,
        )
        pending = inside(found, "total_pending_invitations")
        where = inside(found, "public_organization_data", "name")
        return Hit.of(
            thing("email domain", inside(found, "name"), f"of {where}" if where else None),
            "nobody enrols through it any more",
            f"leaves {count(pending, 'pending invitation')}" if pending else "",
        )


class VerifyOrganizationDomainOwnership(
    Operation,
    id="VerifyOrganizationDomainOwnership",
    version="2021-02-05",
    post="/organizations/{organization_id}/domains/{domain_id}/verify_ownership",
    returns="organization_domain",
    words="an organization owns a domain, skip the DNS check of a domain, confirm who owns a domain, "
    "verify the owner of a domain, mark a domain as owned, ownership of an email domain, verify a "
    "company's domain",
    example=Example({"organization_id": Demo("Fernhill"), "domain_id": Demo("Fernhill's domain")}),
):
    """Declare, without a DNS check, that an organization owns its email domain. Only if you know it does."""

    organization_id: Path[OrganizationId] = arg()
    domain_id: Path[OrganizationDomainId] = arg()


class ListAllOrganizationDomains(
    Paged,
    id="ListAllOrganizationDomains",
    version="2021-02-05",
    get="/organization_domains",
    pages="organization_domain",
    words="which organization has an email domain, email domains of every organization, who has claimed "
    "a domain, whose domain is this, domains of every company",
    example=Example({"query": "fernhill", "order_by": "name"}),
):
    """Email domains of all organizations, newest first. The instance's own: Domains_getAllDomains."""

    organization_id: Query[OrganizationId] = arg(optional=True)
    verified: Query[Literal["true", "false"]] = arg(optional=True)
    enrollment_mode: Query[list[_Mode]] = arg(optional=True)
    query: Query[str] = arg("Exact organization id, or part of the domain", optional=True)
    domains: Query[list[str]] = arg("Exact names", optional=True)
    order_by: Query[str] = arg("created_at or name; - descends", default="-created_at")
