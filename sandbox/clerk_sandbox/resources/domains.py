"""Domains: one primary domain, and satellites that share its sign-ins."""

from __future__ import annotations

from clerk_sandbox import errors, formats
from clerk_sandbox.answers import deleted, found
from clerk_sandbox.plan import require_in_plan
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

# Development instances share Clerk's own hosts.
DEVELOPMENT_HOST = "sandbox-otter-42"


def add_domain(instance: Instance, name: str, *, is_satellite: bool, proxy_url: str | None = None) -> Json:
    return instance.domains.add(
        {
            "object": "domain",
            "id": instance.new_id("dmn"),
            "name": name,
            "is_satellite": is_satellite,
            "proxy_url": proxy_url,
            "created_at": instance.clock(),
        }
    )


def domain_answer(instance: Instance, domain: Json) -> Json:
    """Return a domain as Clerk answers it: with the URLs it is served from and the DNS records it needs."""
    name, is_satellite, proxy_url = domain["name"], domain["is_satellite"], domain["proxy_url"]
    if instance.live:
        frontend_api_url, accounts_portal_url = f"https://clerk.{name}", f"https://accounts.{name}"
    else:
        frontend_api_url = f"https://{DEVELOPMENT_HOST}.clerk.accounts.dev"
        accounts_portal_url = f"https://{DEVELOPMENT_HOST}.accounts.dev"
    return {
        "object": "domain",
        "id": domain["id"],
        "name": name,
        "is_satellite": is_satellite,
        "frontend_api_url": proxy_url or frontend_api_url,
        "accounts_portal_url": None if is_satellite else accounts_portal_url,
        "proxy_url": proxy_url,
        "development_origin": "" if instance.live else instance.settings["development_origin"] or "",
        "cname_targets": _cname_targets(name, is_satellite) if instance.live and not proxy_url else [],
    }


def frontend_api_url(instance: Instance) -> str:
    """Tell where the instance's Frontend API answers."""
    return str(domain_answer(instance, primary_domain(instance))["frontend_api_url"])


def primary_domain(instance: Instance) -> Json:
    return next(domain for domain in instance.domains if not domain["is_satellite"])


def check_name(instance: Instance, name: str, *, param: str = "name", renamed: Json | None = None) -> None:
    """Refuse what is no host name (in development it may carry a port), or another domain's name."""
    if not (formats.is_host(name) or (not instance.live and formats.is_host_and_port(name))):
        raise errors.form_param_format_invalid(param, "a host name without a scheme, such as example.com")
    if any(domain["name"] == name and domain is not renamed for domain in instance.domains):
        raise errors.identifier_exists(param)


def kept_of(host: str, *, is_secondary: bool) -> str:
    """Return what Clerk keeps of a primary domain's name: all of it where a second application shares the
    root domain, and otherwise only that root, which the sandbox takes to be the last two labels."""
    return host if is_secondary else ".".join(host.split(".")[-2:])


@operation("Domains_getAllDomains")
def list_domains(instance: Instance, call: Call) -> Json:
    domains = [domain_answer(instance, domain) for domain in instance.domains]
    return {"data": domains, "total_count": len(domains)}


@operation("Domains_addSatelliteDomain")
def add_satellite_domain(instance: Instance, call: Call) -> Json:
    require_in_plan(instance, "satellite_domains")
    name = call.required("name").lower()
    check_name(instance, name)
    proxy_url = call.given("proxy_url")
    _check_proxy_url(instance, proxy_url)
    return domain_answer(instance, add_domain(instance, name, is_satellite=True, proxy_url=proxy_url))


@operation("Domains_updateDomain")
def update_domain(instance: Instance, call: Call) -> Json:
    domain = _found(instance, call)
    name = (call.given("name") or domain["name"]).lower()
    if call.given("name") and not domain["is_satellite"]:
        name = kept_of(name, is_secondary=bool(call.given("is_secondary")))
    proxy_url = call.body.get("proxy_url", domain["proxy_url"])
    check_name(instance, name, renamed=domain)
    _check_proxy_url(instance, proxy_url)
    domain |= {"name": name, "proxy_url": proxy_url}
    return domain_answer(instance, domain)


@operation("Domains_deleteSatelliteDomain")
def delete_satellite_domain(instance: Instance, call: Call) -> Json:
    domain = _found(instance, call)
    if not domain["is_satellite"]:
        raise errors.operation_not_allowed_on_primary_domain()
    return deleted(instance.domains.remove(domain["id"]))


def _found(instance: Instance, call: Call) -> Json:
    return found(instance.domains, "domain", call.path["domain_id"])


def _check_proxy_url(instance: Instance, proxy_url: str | None) -> None:
    if proxy_url is None:
        return
    if not instance.live:
        raise errors.domain_update_forbidden()
    if not formats.is_web_url(proxy_url):
        raise errors.form_param_format_invalid("proxy_url", "an http or https URL")


def _cname_targets(name: str, is_satellite: bool) -> list[Json]:
    targets = [("clerk", "frontend-api.clerk.services")]
    if not is_satellite:
        targets += [("accounts", "accounts.clerk.services"), ("clkmail", "mail.clerk.services")]
    return [{"host": f"{host}.{name}", "value": value, "required": True} for host, value in targets]
