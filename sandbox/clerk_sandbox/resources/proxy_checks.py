"""Proxy checks: whether a proxy would reach Clerk's Frontend API for a domain."""

from __future__ import annotations

from urllib.parse import urlsplit

from clerk_sandbox import errors, formats
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json


@operation("ProxyChecks_verifyProxyConfiguration")
def verify_proxy(instance: Instance, call: Call) -> Json:
    domain_id, proxy_url = call.required("domain_id"), call.required("proxy_url")
    domain = instance.domains.get(domain_id)
    if domain is None:
        raise errors.form_resource_not_found("domain_id", domain_id)
    if not formats.is_web_url(proxy_url):
        raise errors.form_param_format_invalid("proxy_url", "an http or https URL")
    return add_proxy_check(instance, domain, proxy_url)


def add_proxy_check(instance: Instance, domain: Json, proxy_url: str) -> Json:
    """Record a check. The sandbox calls nobody: a proxy on the domain's own hosts counts as working."""
    host = urlsplit(proxy_url).hostname or ""
    domain_host = domain["name"].partition(":")[0]
    now = instance.clock()
    return instance.proxy_checks.add(
        {
            "object": "proxy_check",
            "id": instance.new_id("proxychk"),
            "domain_id": domain["id"],
            "last_run_at": now,
            "proxy_url": proxy_url,
            "successful": host == domain_host or host.endswith(f".{domain_host}"),
            "created_at": now,
            "updated_at": now,
        }
    )
