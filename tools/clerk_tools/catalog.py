"""All operations, and how to select among them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Final

from clerk_tools import resources
from clerk_tools.bounds import LONGEST_NAME
from clerk_tools.operation import Operation, Outline
from clerk_tools.outlines import OUTLINES

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


class Catalogue(Mapping[str, type[Operation]]):
    """Every operation by its id, resource by resource, in the order of declaration.

    A module is imported when an operation of its is asked for: what nobody calls costs a server neither time
    at its start nor memory. What is known of an operation before that is its outline.
    """

    def __init__(self, outlines: Mapping[str, Mapping[str, Outline]]) -> None:
        """`outlines` has those of each resource, by the operations' ids."""
        self._outlines = {id: one for found in outlines.values() for id, one in found.items()}
        self._resource_of = {id: resource for resource, found in outlines.items() for id in found}
        self._by_id: dict[str, type[Operation]] = {}

    def __getitem__(self, id: str) -> type[Operation]:
        if id not in self._by_id:
            self._by_id |= _declared_in(self._resource_of[id])
        return self._by_id[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._outlines)

    def __len__(self) -> int:
        return len(self._outlines)

    def __contains__(self, id: object) -> bool:
        return id in self._outlines

    def outline(self, id: str) -> Outline:
        """Return what is known of an operation without importing its module."""
        return self._outlines[id]

    def of_resources(self, resources: Collection[str]) -> list[str]:
        """Return the ids of the operations of these resources; no module is imported for that."""
        return [id for id, resource in self._resource_of.items() if resource in resources]

    def core(self) -> list[str]:
        """Return the ids of what is listed by default; no module is imported for that."""
        return [id for id, one in self._outlines.items() if one.core]


@cache
def operations() -> Catalogue:
    """Return every operation by its id."""
    return Catalogue(OUTLINES)


def declared_outlines() -> dict[str, dict[str, Outline]]:
    """Return what `OUTLINES` should say, by what is declared."""
    declared = {resource: _declared_in(resource) for resource in RESOURCES}
    return {
        resource: {id: operation.spec.outline for id, operation in found.items()}
        for resource, found in declared.items()
        if found
    }


def _declared_in(resource: str) -> dict[str, type[Operation]]:
    module = importlib.import_module(f"clerk_tools.resources.{resource}")
    return {
        value.spec.id: value
        for value in vars(module).values()
        # A base that operations share has no spec of its own.
        if isinstance(value, type) and issubclass(value, Operation) and "spec" in vars(value)
        if value.__module__ == module.__name__
    }


def nearest(name: str, known: Iterable[str], likeness: float = 0.5) -> str | None:
    """Return the known name that somebody who wrote `name` most likely meant, or None.

    Args:
        likeness: from 0 to 1 (the same letters in the same order); what is less like it is not meant.
    """
    if len(name) > LONGEST_NAME:
        return None
    # Nobody mistypes anything at most starts.
    import difflib

    by_folded = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=likeness)
    return by_folded[close[0]] if close else None
