"""Proxy checks."""

from clerk_tools.views._trim import JsonObject, trim


def proxy_check(raw: JsonObject) -> JsonObject:
    """Tell whether a domain's proxy passed the check, and when."""
    return trim(raw, ("id", "domain_id", "proxy_url", "successful"), times=("last_run_at",))
