"""Checks of a proxy in front of Clerk."""

from __future__ import annotations

from clerk_tools.argument import Body, arg
from clerk_tools.ids import DomainId
from clerk_tools.operation import Operation
from clerk_tools.spec import Demo, Example


class CheckProxy(
    Operation,
    id="ProxyChecks_verifyProxyConfiguration",
    post="/proxy_checks",
    returns="proxy_check",
    words="test a proxy, does the proxy work, check a proxy, is the proxy set up right, reverse proxy",
    example=Example(
        {"domain_id": Demo("the primary domain"), "proxy_url": "https://app.fernhill.example/__clerk"}
    ),
):
    """Test whether a proxy reaches Clerk rightly for a domain, before it is set. The check is recorded."""

    domain_id: Body[DomainId] = arg("Needed", optional=True)
    proxy_url: Body[str] = arg("Needed: where the proxy answers", optional=True)
