"""Email domains of organizations: a verified one enrols people with an address there, as its mode says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from clerk_sandbox import errors, formats
from clerk_sandbox.collection import Collection, Filter, Parent
from clerk_sandbox.resources.organization_invitations import (
    add_organization_invitation,
    public_organization_data,
)
from clerk_sandbox.resources.organization_memberships import check_quota
from clerk_sandbox.roles import role_within
from clerk_sandbox.routing import Call, Query, operation
from clerk_sandbox.state import Instance, Json
from clerk_sandbox.user_records import is_verified

INVITES, SUGGESTS, SSO = "automatic_invitation", "automatic_suggestion", "enterprise_sso"
MODES = ("manual_invitation", INVITES, SUGGESTS, SSO)


def _verification(strategy: str, verified: bool, verified_at: int | None = None) -> Json:
    return {
        "status": "verified" if verified else "unverified",
        "strategy": strategy,
        "attempts": None,
        "expire_at": None,
        "verified_at": verified_at,
    }


def _shown(instance: Instance, domain: Json) -> Json:
    organization = instance.organizations[domain["organization_id"]]
    waiting = sum(1 for _ in _outsiders(instance, domain)) if domain["enrollment_mode"] == SUGGESTS else 0
    pending = [
        one
        for one in instance.organization_invitations
        if one["organization_id"] == organization["id"]
        and one["status"] == "pending"
        and _host(one["email_address"]) == domain["name"]
    ]
    return {
        "verification": domain["affiliation_verification"],
        "total_pending_invitations": len(pending),
        "total_pending_suggestions": waiting,
        "public_organization_data": public_organization_data(organization),
    }


DOMAINS = Collection(
    "organization_domain",
    prefix="orgdmn",
    called="organization domain",
    fields={
        "organization_id": "",
        "name": "",
        "enrollment_mode": "manual_invitation",
        "affiliation_email_address": None,
        "affiliation_verification": _verification("admin", True),
        "ownership_verification": None,
    },
    parents={"organization_id": Parent("organizations", "organization")},
    shows=_shown,
)


def _host(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _is_verified(domain: Json) -> bool:
    return bool(domain["affiliation_verification"]["status"] == "verified")


def _hosts(user: Json) -> set[str]:
    """Return the domains at which a user has a verified address."""
    return {_host(one["email_address"]) for one in user["email_addresses"] if is_verified(one)}


def _outsiders(instance: Instance, domain: Json) -> Iterator[Json]:
    """Tell who has a verified address at a verified domain and is no member of its organization."""
    if _is_verified(domain):
        for user in instance.users:
            if domain["name"] in _hosts(user) and not instance.membership(
                domain["organization_id"], user["id"]
            ):
                yield user


def enrol(instance: Instance, user: Json) -> None:
    """Invite a user to the organizations whose domains say so; called when an address of theirs is new."""
    for domain in DOMAINS.records(instance):
        if domain["enrollment_mode"] == INVITES and _is_verified(domain) and domain["name"] in _hosts(user):
            _invite(instance, domain, user)


def _invite(instance: Instance, domain: Json, user: Json) -> None:
    organization = instance.organizations[domain["organization_id"]]
    address = next(
        one["email_address"]
        for one in user["email_addresses"]
        if _host(one["email_address"]) == domain["name"]
    )
    is_invited = any(
        one["organization_id"] == organization["id"]
        and one["status"] == "pending"
        and one["email_address"] == address
        for one in instance.organization_invitations
    )
    if is_invited or instance.membership(organization["id"], user["id"]):
        return
    # A full organization, or one that cannot give the role, invites nobody by itself.
    with suppress(errors.ClerkError):
        check_quota(instance, organization)
        role = role_within(instance, organization, instance.settings["domains_default_role"])
        add_organization_invitation(
            instance, organization, address, organization["created_by"] or None, role["key"]
        )


def _enrol_outsiders(instance: Instance, domain: Json, call: Call | None = None) -> None:
    if domain["enrollment_mode"] == INVITES:
        for user in list(_outsiders(instance, domain)):
            _invite(instance, domain, user)


def _check(instance: Instance, domain: Json, call: Call) -> None:
    """Tell whether the record may be as it would become; `verified` becomes a verification."""
    if not instance.settings["domains_enabled"]:
        raise errors.feature_not_enabled("organization domains")
    name = domain["name"] = domain["name"].strip().lower()
    if not formats.is_host(name):
        raise errors.form_param_format_invalid("name", "a domain name such as example.com")
    if any(one["name"] == name and one["id"] != domain.get("id") for one in DOMAINS.records(instance)):
        raise errors.identifier_exists("name")
    allowed = (*instance.settings["domains_enrollment_modes"], SSO)
    if domain["enrollment_mode"] not in allowed:
        raise errors.form_param_value_invalid("enrollment_mode", allowed)
    if call.given("verified") is not None:
        domain["affiliation_verification"] = _verification("admin", call.given("verified"))


def _by_verified(domain: Json, query: Query) -> bool:
    return _is_verified(domain) is query.flag("verified")


def _by_mode(domain: Json, query: Query) -> bool:
    wanted = query.all("enrollment_mode")
    if any(one.removeprefix("-") not in MODES for one in wanted):
        raise errors.form_param_value_invalid("enrollment_mode", MODES)
    included = [one for one in wanted if not one.startswith("-")]
    mode = domain["enrollment_mode"]
    return f"-{mode}" not in wanted and (not included or mode in included)


def _by_text(domain: Json, query: Query) -> bool:
    text = (query.one("query") or "").strip().lower()
    if not text:
        raise errors.form_param_value_invalid("query", "part of a domain name or an organization's id")
    is_id = text.startswith("org_")
    return domain["organization_id"].lower() == text if is_id else text in domain["name"]


_FILTERS: dict[str, Filter] = {"verified": _by_verified, "enrollment_mode": _by_mode}

DOMAINS.lists("ListOrganizationDomains", filters=_FILTERS)
DOMAINS.lists(
    "ListAllOrganizationDomains",
    sorted_by=("created_at", "name"),
    filters=_FILTERS
    | {"query": _by_text, "domains": lambda domain, query: domain["name"] in query.all("domains")},
)
DOMAINS.creates("CreateOrganizationDomain", check=_check, then=_enrol_outsiders, unused={"verified": ""})
DOMAINS.updates("UpdateOrganizationDomain", check=_check, then=_enrol_outsiders, unused={"verified": ""})
DOMAINS.deletes("DeleteOrganizationDomain")


@operation("VerifyOrganizationDomainOwnership")
def verify_ownership(instance: Instance, call: Call) -> Json:
    """Once more changes nothing."""
    domain = DOMAINS.found(instance, call)
    if not domain["ownership_verification"]:
        now = instance.clock()
        domain["ownership_verification"] = _verification("manual_override", True, now)
        domain["updated_at"] = now
    return DOMAINS.answer(domain, instance)


def remove_domains(instance: Instance, organization_id: str) -> None:
    """Take an organization's domains away, as it is deleted."""
    for domain in list(DOMAINS.records(instance)):
        if domain["organization_id"] == organization_id:
            DOMAINS.records(instance).remove(domain["id"])


def remove_domains_named(instance: Instance, names: list[str]) -> None:
    """Take verified domains away that an enterprise connection is to have from now on."""
    for domain in list(DOMAINS.records(instance)):
        if domain["name"] in names and _is_verified(domain):
            DOMAINS.records(instance).remove(domain["id"])


def make_way(instance: Instance, names: list[str], *, consent: bool) -> None:
    """Free names for a SAML connection that becomes active: no address may enrol in two ways.

    Raises:
        ClerkError: 422, a verified domain invites or suggests, and nobody consented to its removal.
    """
    inviting = [
        domain["name"]
        for domain in DOMAINS.records(instance)
        if domain["name"] in names
        and _is_verified(domain)
        and domain["enrollment_mode"] in (INVITES, SUGGESTS)
    ]
    if inviting and not consent:
        raise errors.form_param_value_invalid(
            "consent_verified_domains_deletion",
            f"true, for {inviting[0]} lets people into an organization, and would have to be deleted",
        )
    if inviting:
        remove_domains_named(instance, inviting)


def seed_demo(instance: Instance) -> None:
    instance.settings["domains_enrollment_modes"] = ["manual_invitation", INVITES, SUGGESTS]
    for name, host, mode in (
        ("Fernhill", "fernhill.example", "manual_invitation"),
        ("Mossbrook Gardens", "mossbrook.example", INVITES),
    ):
        organization = next(one for one in instance.organizations if one["name"] == name)
        domain = DOMAINS.new(instance, organization_id=organization["id"], name=host, enrollment_mode=mode)
        domain["affiliation_email_address"] = f"postmaster@{host}"


NAMED = {"Fernhill's domain": lambda demo: DOMAINS.one(demo, name="fernhill.example")["id"]}
"""What examples call a record."""
