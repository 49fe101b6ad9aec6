"""The instance's domains."""

from __future__ import annotations

from typing import Literal

from clerk_tools.argument import Body, Path, arg, moves
from clerk_tools.hits import Hit, Look, first_with, inside, records, thing
from clerk_tools.ids import DomainId
from clerk_tools.operation import Clearing, Operation
from clerk_tools.spec import Demo, Example


class ListDomains(
    Operation,
    id="Domains_getAllDomains",
    get="/domains",
    pages="domain",
    compared_by="name",
    words="DNS records, primary domain, which domains, list domains, domains of the instance, CNAME "
    "records, which domains does the app run on, which websites share sign-ins",
    example=Example(),
):
    """The instance's primary and satellite domains, with the DNS records each needs."""


class AddSatelliteDomain(
    Operation,
    id="Domains_addSatelliteDomain",
    post="/domains",
    returns="domain",
    words="second domain, another website, add a domain, share sign-ins with another site, satellite, "
    "another site with the same login",
    example=Example({"name": "fernhill-shop.example", "is_satellite": True}),
):
    """Add a satellite domain, which shares the primary domain's sign-ins."""

    name: Body[str] = arg("Host name; a port only in development")
    is_satellite: Body[Literal[True]] = arg("Always true")
    proxy_url: Body[str] = arg("Where the proxy for Clerk's Frontend API answers", optional=True)


class DeleteSatelliteDomain(
    Operation,
    id="Domains_deleteSatelliteDomain",
    delete="/domains/{domain_id}",
    returns="deleted",
    words="delete a domain, delete a satellite, remove a site, remove a website, drop a second domain",
    example=Example({"domain_id": Demo("the satellite domain")}),
):
    """Delete a satellite domain; the primary one cannot be deleted."""

    domain_id: Path[DomainId] = arg()

    async def hit(self, look: Look) -> Hit:
        found = first_with(records(await look.at(ListDomains())), "id", self.domain_id)
        kind = "satellite domain" if inside(found, "is_satellite") else "domain"
        return Hit.of(thing(kind, inside(found, "name")), "its sign-ins stop")


class UpdateDomain(
    Clearing,
    id="Domains_updateDomain",
    patch="/domains/{domain_id}",
    returns="domain",
    words="proxy URL of a domain, rename a domain, change a satellite domain, set a proxy, rename a "
    "satellite, route a domain through a proxy",
    example=Example({"domain_id": Demo("the satellite domain"), "name": "fernhill-help.example"}),
):
    """Rename a domain or set its proxy. A wrong value on the primary domain locks everybody out."""

    domain_id: Path[DomainId] = arg()
    name: Body[str] = arg(
        "Host name; a port only in development",
        optional=True,
        nullable=True,
        risk=moves("sign-ins on its present name stop"),
    )
    proxy_url: Body[str] = arg(
        "Production only",
        optional=True,
        clearable="takes the proxy {was} away: a wrong setting stops every sign-in",
        risk=moves("a wrong proxy stops every sign-in"),
    )
    is_secondary: Body[bool] = arg("A subdomain in it is kept", optional=True, nullable=True)

    def state(self) -> Operation:
        return ListDomains()
