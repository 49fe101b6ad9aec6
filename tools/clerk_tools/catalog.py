"""All operations, and how to select among them."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final

from clerk_tools import resources
from clerk_tools.bounds import LONGEST_NAME
from clerk_tools.later import LATER
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


class Catalogue(Mapping[str, type[Operation]]):
    """Every operation by its id, resource by resource, in the order of declaration.

    Modules without an operation that is listed by default are imported when one of theirs is asked for: what
    a server does not show must cost it neither time at its start nor memory. `LATER` knows their ids.
    """

    def __init__(self, later: Mapping[str, tuple[str, ...]]) -> None:
        """`later` has the ids of such modules."""
        self._by_id: dict[str, type[Operation] | None] = {}
        self._module_of: dict[str, str] = {}
        for resource in RESOURCES:
            if resource in later:
                self._by_id |= dict.fromkeys(later[resource])
                self._module_of |= dict.fromkeys(later[resource], resource)
            else:
                self._by_id |= _declared_in(resource)

    def __getitem__(self, id: str) -> type[Operation]:
        found = self._by_id[id]
        if found is None:
            self._by_id |= _declared_in(self._module_of[id])
            found = self._by_id[id]
            if found is None:
                raise KeyError(id)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, id: object) -> bool:
        return id in self._by_id

    def core(self) -> list[str]:
        """Return the ids of what is listed by default; no module is imported for that."""
        return [id for id, operation in self._by_id.items() if operation and operation.spec.is_core]


@cache
def operations() -> Catalogue:
    """Return every operation by its id."""
    return Catalogue(LATER)


def later() -> dict[str, tuple[str, ...]]:
    """Return what `LATER` should say, by what is declared."""
    declared = {resource: _declared_in(resource) for resource in RESOURCES}
    return {
        resource: tuple(found)
        for resource, found in declared.items()
        if found and not any(operation.spec.is_core for operation in found.values())
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
    by_folded = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=likeness)
    return by_folded[close[0]] if close else None
