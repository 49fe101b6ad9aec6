"""All operations, and how to select among them."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from clerk_tools import resources
from clerk_tools.bounds import LONGEST_NAME
from clerk_tools.operation import Operation

_MOST_USED: Final = (
    "users",
    "email_addresses",
    "phone_numbers",
    "sessions",
    "clients",
    "organizations",
    "organization_memberships",
    "organization_invitations",
    "invitations",
    "allowlist_blocklist",
    "sign_in_tokens",
    "actor_tokens",
    "sign_ups",
    "saml_connections",
    "oauth_applications",
    "jwt_templates",
    "email_sms_templates",
    "redirect_urls",
    "domains",
    "instance_settings",
    "beta_features",
    "webhooks",
    "proxy_checks",
    "jwks",
    "miscellaneous",
)

RESOURCES: Final = (
    *_MOST_USED,
    *sorted({module.name for module in pkgutil.iter_modules(resources.__path__)} - {*_MOST_USED}),
)
"""Clerk's resources, the modules of `clerk_tools.resources`: the order of every listing."""


@cache
def operations() -> Mapping[str, type[Operation]]:
    """Every operation by its id, resource by resource, in the order of declaration."""
    found: dict[str, type[Operation]] = {}
    for resource in RESOURCES:
        module = importlib.import_module(f"clerk_tools.resources.{resource}")
        for value in vars(module).values():
            # A base that operations share has no spec of its own.
            is_declared = isinstance(value, type) and issubclass(value, Operation) and "spec" in vars(value)
            if is_declared and value.__module__ == module.__name__:
                found[value.spec.id] = value
    return MappingProxyType(found)


def nearest(name: str, known: Iterable[str], likeness: float = 0.5) -> str | None:
    """The known name that somebody who wrote `name` most likely meant, or None.

    Args:
        likeness: from 0 to 1 (the same letters in the same order); what is less like it is not meant.
    """
    if len(name) > LONGEST_NAME:
        return None
    by_folded = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=likeness)
    return by_folded[close[0]] if close else None
