"""Domains of an instance."""

from clerk_tools.views._trim import JsonObject, trim, views_in


def domain(raw: JsonObject) -> JsonObject:
    """Return a domain, where its Frontend API answers, and the CNAME records that it needs."""
    view = trim(
        raw,
        (
            "id",
            "name",
            "is_satellite",
            "frontend_api_url",
            "proxy_url",
            "development_origin",
        ),
    )
    return view | views_in(raw, "cname_targets", _cname_target)


def _cname_target(raw: JsonObject) -> JsonObject:
    return trim(raw, ("host", "value", "required"))
