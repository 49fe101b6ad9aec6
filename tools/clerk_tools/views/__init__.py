"""What an agent sees of each kind of object that Clerk returns.

A view keeps what an agent acts on, under Clerk's own field names, and drops the rest: empty values, image
URLs, deprecated fields, bookkeeping, private metadata, certificates, backup codes. Few names are ours:
`name` is first and last in one, `verified` and `primary` stand for Clerk's verification objects and
`primary_…_id`, `second_factors` for its switches, and a membership's `user` for `public_user_data`.
Times are ISO 8601 in UTC. `_trim` has the rules for single values, among them what becomes of one whose
type is not the expected one.
"""

import importlib
from collections.abc import Callable
from functools import cache, partial
from typing import Any, Final

from clerk_tools.catalog import RESOURCES
from clerk_tools.view import View
from clerk_tools.views import (
    actor_tokens,
    allowlist_blocklist,
    beta_features,
    clients,
    deleted,
    domains,
    email_addresses,
    email_sms_templates,
    instance_settings,
    invitations,
    jwks,
    jwt_templates,
    oauth_applications,
    organization_invitations,
    organization_memberships,
    organizations,
    phone_numbers,
    proxy_checks,
    saml_connections,
    sessions,
    sign_in_tokens,
    sign_ups,
    users,
    webhooks,
)
from clerk_tools.views._trim import JsonObject, is_plain, iso, trim, views_in
from clerk_tools.views.pick import Wanted, pick, tree_of, unknown_fields, written_out

__all__ = [
    "Wanted",
    "iso",
    "kinds",
    "pick",
    "tree_of",
    "unknown_fields",
    "view",
    "view_as_data",
    "written_out",
]

_WITH_LOGIC: Final[dict[str, Callable[[JsonObject], JsonObject]]] = {
    "actor_token": actor_tokens.actor_token,
    "allowlist_identifier": allowlist_blocklist.identifier,
    "blocklist_identifier": allowlist_blocklist.identifier,
    "client": clients.client,
    "deleted": deleted.deleted,
    "domain": domains.domain,
    "email_address": email_addresses.email_address,
    "instance_restrictions": instance_settings.instance_restrictions,
    "instance_settings": beta_features.instance_settings,
    "invitation": invitations.invitation,
    "jwks": jwks.jwks,
    "jwt_template": jwt_templates.jwt_template,
    "oauth_access_token": users.oauth_access_token,
    "oauth_application": oauth_applications.oauth_application,
    "organization": organizations.organization,
    "organization_invitation": organization_invitations.organization_invitation,
    "organization_membership": organization_memberships.organization_membership,
    "organization_settings": instance_settings.organization_settings,
    "phone_number": phone_numbers.phone_number,
    "proxy_check": proxy_checks.proxy_check,
    "saml_connection": saml_connections.saml_connection,
    "session": sessions.session,
    "session_token": sessions.session_token,
    "sign_in_token": sign_in_tokens.sign_in_token,
    "sign_up_attempt": sign_ups.sign_up_attempt,
    "svix_url": webhooks.svix_url,
    "template": email_sms_templates.template,
    "template_details": email_sms_templates.template_details,
    "template_preview": email_sms_templates.template_preview,
    "total_count": users.total_count,
    "user": users.user,
    "user_reference": users.user_reference,
    "verification": users.verification_result,
}


@cache
def _data() -> dict[str, View]:
    """Return the views that stand as data beside operations, read when the first one is wanted."""
    modules = (importlib.import_module(f"clerk_tools.resources.{resource}") for resource in RESOURCES)
    return {kind: view for module in modules for kind, view in getattr(module, "VIEWS", {}).items()}


@cache
def _as_data() -> dict[str, Callable[[JsonObject], JsonObject]]:
    return {kind: partial(_shown, view) for kind, view in _data().items()}


def view_as_data(kind: str) -> View | None:
    """Return the view of a kind of object; None where it is a function."""
    return None if kind in _WITH_LOGIC else _data().get(kind)


def _shown(view: View, raw: JsonObject) -> JsonObject:
    seen = trim(raw, view.plain, flags=view.flags, objects=view.objects, lists=view.lists)
    for name, inner in view.inside.items():
        value = raw.get(name)
        if isinstance(value, dict) and (one := _shown(inner, value)):
            seen[name] = one
        else:
            seen |= views_in(raw, name, partial(_shown, inner))
    return seen | trim(raw, (), times=view.times)


def kinds() -> frozenset[str]:
    """Return the kinds of objects that have a view: Clerk's `object` value, or a name of ours.

    Ours, where Clerk has none of use, are `deleted`, `jwks`, `session_token`, `svix_url`, `template_details`,
    `template_preview`, `user_reference` (whose second factors were removed) and `verification` (of a password
    or code).
    """
    return frozenset({**_WITH_LOGIC, **_as_data()})


def view(kind: str, obj: object) -> Any:
    """Return what an agent sees of one object, or of each object in a list.

    The view shares metadata and other free-form parts with `obj`, so neither is to be changed in place.
    A list's entries that are not objects are dropped. Text, a number or a boolean in place of an object comes
    back as it is, when there is anything in it; the rest is None.

    Raises:
        KeyError: `kind` is none of `kinds`. Whatever `obj` is, nothing else is raised.
    """
    view_of = _WITH_LOGIC.get(kind) or _as_data()[kind]
    if isinstance(obj, dict):
        return view_of(obj)
    if isinstance(obj, list):
        return [view_of(entry) for entry in obj if isinstance(entry, dict)]
    return obj if is_plain(obj) else None
