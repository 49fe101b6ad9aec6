"""What a call that destroys would hit: the target as a person knows it, and what goes with it.

Found by at most two reads. A read that fails costs the question its details, never the question itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from clerk_mcp.upstream import Reply, Unanswered
from clerk_tools.argument import Place
from clerk_tools.catalog import operations
from clerk_tools.operation import Operation, Request

SendRead = Callable[[Request], Awaitable[Reply]]
"""Sends one reading request; may raise `Unanswered`."""

MOST_READS: Final = 2
_PAGE: Final = 100
"""How many sessions are counted; beyond, the question says "100 or more"."""
_LONGEST: Final = 80


class TargetMissing(Exception):
    """Clerk answered 404 for the very thing that was to be destroyed."""

    def __init__(self, reply: Reply) -> None:
        super().__init__("the target does not exist")
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Hit:
    """What a call would hit, in words for a person."""

    target: str
    also: tuple[str, ...] = ()
    """What goes with it, each a clause such as `ends 3 sessions`."""
    complete: bool = True
    """False where details could not be read."""


class _Look:
    """The reads that one question may make."""

    def __init__(self, read: SendRead) -> None:
        self._read = read
        self._left = MOST_READS
        self.complete = True

    async def at(self, operation_id: str, *, is_target: bool = False, **arguments: object) -> Any:
        """Clerk's answer to one reading operation, or None.

        Raises:
            TargetMissing: `is_target`, and Clerk does not know it.
        """
        if not self._left:
            return None
        self._left -= 1
        try:
            request = operations()[operation_id].model_validate(arguments).to_request()
            reply = await self._read(request)
        except (ValidationError, Unanswered):
            # What Clerk answered to the first read may not even fit as an argument of the second.
            self.complete = False
            return None
        if is_target and reply.status == 404:
            raise TargetMissing(reply)
        if reply.status >= 400 or reply.value is None:
            self.complete = False
            return None
        return reply.value


async def find_hit(operation: Operation, read: SendRead) -> Hit:
    """What `operation`, which destroys, would hit.

    Raises:
        TargetMissing: there is no such thing.
    """
    look = _Look(read)
    target, *also = await _FINDERS[operation.spec.id](operation, look)
    ids = shown_ids(operation)
    named = f"{target}, {ids}" if target and ids else target or ids or "the instance"
    return Hit(named, tuple(also), look.complete and bool(target))


def shown_ids(operation: Operation) -> str:
    """The path arguments as they were given."""
    values = [getattr(operation, a.name) for a in operation.spec.arguments if a.place is Place.PATH]
    return " / ".join(_shown(value) for value in values)


def _shown(value: object) -> str:
    """Somebody else's text on one line and of bounded length: a name must not be able to forge a question."""
    words = " ".join(str(value).split())
    line = "".join(c for c in words if c not in "“”" and unicodedata.category(c)[0] != "C")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _in(value: Any, *path: str | int) -> Any:
    """The value at a path inside an answer; None where there is none, whatever Clerk sent instead."""
    for step in path:
        if isinstance(step, int) and isinstance(value, list):
            value = value[step] if step < len(value) else None
        elif isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        else:
            return None
    return value


def _records(value: Any) -> list[Any]:
    """The entries of a list answer in either of Clerk's envelopes."""
    entries = _in(value, "data") if isinstance(value, dict) else value
    return entries if isinstance(entries, list) else []


def _with(records: list[Any], *path_and_value: Any) -> Any:
    """The first record that holds a value at a path."""
    *path, wanted = path_and_value
    return next((record for record in records if _in(record, *path) == wanted), None)


def _count(number: object, noun: str) -> str:
    plural = noun if number == 1 else f"{noun}s"
    return f"{number if number else 'no'} {plural}"


def _quoted(value: Any) -> str:
    return f"“{_shown(value)}”" if value else ""


def _thing(kind: str, name: Any, *details: Any) -> str:
    """Such as `user “Ada Lovelace” (ada@example.com)`; empty where nothing is known."""
    known = ", ".join(_shown(detail) for detail in details if detail)
    parts = [_quoted(name), f"({known})" if known else ""]
    words = " ".join(part for part in parts if part)
    return f"{kind} {words}" if words else ""


def _person(user: Any) -> str:
    """A user, or the public data of one inside a membership."""
    name = " ".join(str(part) for part in (_in(user, "first_name"), _in(user, "last_name")) if part)
    emails = _records(_in(user, "email_addresses"))
    primary = _with(emails, "id", _in(user, "primary_email_address_id")) or (emails[0] if emails else None)
    known_by = _in(primary, "email_address") or _in(user, "identifier") or _in(user, "username")
    phone = _in(user, "phone_numbers", 0, "phone_number")
    return _thing("user", name or known_by or phone, known_by if name else None)


async def _active_sessions(user_id: str, look: _Look) -> str:
    sessions = await look.at(
        "Sessions_listSortedByCreationDate", user_id=user_id, status="active", limit=_PAGE
    )
    if sessions is None:
        return "ends every session of theirs"
    number = len(_records(sessions))
    return f"ends {number} or more sessions" if number >= _PAGE else f"ends {_count(number, 'session')}"


async def _deleted_user(call: Any, look: _Look) -> list[str]:
    # A membership says who the user is and how many there are; so the second read is left for the sessions.
    memberships = await look.at(
        "Users_getOrganizationMemberships", is_target=True, user_id=call.user_id, limit=1
    )
    total = _in(memberships, "total_count")
    leaves = f"removes {_count(total, 'membership')}" if memberships else "removes every membership"
    person = _person(_in(memberships, "data", 0, "public_user_data"))
    if person:
        return [person, await _active_sessions(call.user_id, look), leaves]
    user = await look.at("Users_getUserDetails", is_target=True, user_id=call.user_id)
    return [_person(user), "ends every session of theirs", leaves]


async def _banned_user(call: Any, look: _Look) -> list[str]:
    user = await look.at("Users_getUserDetails", is_target=True, user_id=call.user_id)
    return [_person(user), await _active_sessions(call.user_id, look), "stops every sign-in until unbanned"]


async def _profile_image(call: Any, look: _Look) -> list[str]:
    user = await look.at("Users_getUserDetails", is_target=True, user_id=call.user_id)
    return [_person(user), "the image is lost"]


async def _second_factors(call: Any, look: _Look) -> list[str]:
    user = await look.at("Users_getUserDetails", is_target=True, user_id=call.user_id)
    phones = [p for p in _records(_in(user, "phone_numbers")) if _in(p, "reserved_for_second_factor")]
    factors = [
        "the authenticator app" if _in(user, "totp_enabled") else "",
        "the backup codes" if _in(user, "backup_code_enabled") else "",
        _count(len(phones), "phone number") + " as a second factor" if phones else "",
    ]
    return [_person(user), *(f"removes {factor}" for factor in factors if factor)]


async def _cleared_username(call: Any, look: _Look) -> list[str]:
    user = await look.at("Users_getUserDetails", is_target=True, user_id=call.user_id)
    username = _quoted(_in(user, "username"))
    others = sorted(call.model_fields_set - {"user_id", "username"})
    return [
        _person(user),
        f"deletes the username {username} for good, free for somebody else to take".replace("  ", " "),
        *([f"changes {', '.join(others)}"] if others else []),
    ]


async def _email_address(call: Any, look: _Look) -> list[str]:
    found = await look.at("EmailAddresses_getDetails", is_target=True, email_address_id=call.email_address_id)
    address = _in(found, "email_address")
    users = await look.at("Users_listSortedByCreationDate", email_address=[address]) if address else None
    return _identification("email address", address, call.email_address_id, users, "primary_email_address_id")


async def _phone_number(call: Any, look: _Look) -> list[str]:
    found = await look.at("PhoneNumbers_getDetails", is_target=True, phone_number_id=call.phone_number_id)
    number = _in(found, "phone_number")
    users = await look.at("Users_listSortedByCreationDate", phone_number=[number]) if number else None
    return _identification("phone number", number, call.phone_number_id, users, "primary_phone_number_id")


def _identification(kind: str, value: Any, id: str, users: Any, primary: str) -> list[str]:
    owner = _in(users, 0)
    target = _thing(kind, value)
    target += f" of {_person(owner)}" if target and _person(owner) else ""
    return [target, *(["is the user's primary one"] if _in(owner, primary) == id else [])]


async def _session(call: Any, look: _Look) -> list[str]:
    session = await look.at("Sessions_getDetails", is_target=True, session_id=call.session_id)
    user_id = _in(session, "user_id")
    user = await look.at("Users_getUserDetails", user_id=user_id) if isinstance(user_id, str) else None
    status = _in(session, "status")
    person = _person(user) or _shown(user_id or "")
    return [f"{_shown(status or '')} session of {person}".strip() if person else "", "signs that device out"]


async def _deleted_organization(call: Any, look: _Look) -> list[str]:
    # A membership carries its organization; so the second read is left for the invitations.
    members = await look.at(
        "OrganizationMemberships_getAllMembers",
        is_target=True,
        organization_id=call.organization_id,
        limit=1,
    )
    total = _in(members, "total_count")
    removes = f"removes {_count(total, 'membership')}" if members else "removes every membership"
    organization = _in(members, "data", 0, "organization")
    if organization:
        pending = await look.at(
            "OrganizationInvitations_list", organization_id=call.organization_id, status="pending", limit=1
        )
        open_invitations = _in(pending, "total_count")
        voids = (
            f"voids {_count(open_invitations, 'pending invitation')}" if pending else "voids its invitations"
        )
    else:
        organization = await look.at(
            "Organizations_getByIdOrSlug", is_target=True, organization_id=call.organization_id
        )
        voids = "voids its invitations"
    return [_organization(organization), removes, voids]


def _organization(organization: Any) -> str:
    members = _in(organization, "members_count")
    counted = _count(members, "member") if isinstance(members, int) else None
    return _thing("organization", _in(organization, "name"), _in(organization, "slug"), counted)


async def _logo(call: Any, look: _Look) -> list[str]:
    organization = await look.at(
        "Organizations_getByIdOrSlug", is_target=True, organization_id=call.organization_id
    )
    return [_organization(organization), "the logo is lost"]


async def _membership(call: Any, look: _Look) -> list[str]:
    memberships = await look.at("Users_getOrganizationMemberships", user_id=call.user_id, limit=500)
    found = _with(_records(memberships), "organization", "id", call.organization_id)
    person = _person(_in(found, "public_user_data"))
    organization = _organization(_in(found, "organization"))
    role = _in(found, "role")
    target = f"{person} in {organization}" if person and organization else person or organization
    return [target, *([f"takes the role {_shown(role)} away"] if role else [])]


async def _invitation(call: Any, look: _Look) -> list[str]:
    pending = await look.at("Invitations_listAllNonRevoked", status="pending", limit=500)
    found = _with(_records(pending), "id", call.invitation_id)
    return [_thing("invitation of", _in(found, "email_address")), "its link stops working"]


async def _organization_invitation(call: Any, look: _Look) -> list[str]:
    found = await look.at(
        "OrganizationInvitations_getById",
        is_target=True,
        organization_id=call.organization_id,
        invitation_id=call.invitation_id,
    )
    organization = await look.at("Organizations_getByIdOrSlug", organization_id=call.organization_id)
    target = _thing("invitation of", _in(found, "email_address"), _in(found, "role"))
    into = _organization(organization)
    return [f"{target} to {into}" if target and into else target or into, "its link stops working"]


async def _allowed(call: Any, look: _Look) -> list[str]:
    entries = _records(await look.at("AllowlistBlocklist_listAllowedIdentifiers"))
    found = _with(entries, "id", call.identifier_id)
    last = bool(found) and len(entries) == 1
    return [
        _thing("allowlist entry", _in(found, "identifier")),
        *(["it is the last entry: an empty allowlist that is on lets nobody sign up"] if last else []),
    ]


async def _blocked(call: Any, look: _Look) -> list[str]:
    entries = _records(await look.at("AllowlistBlocklist_listBlockedIdentifiers"))
    found = _with(entries, "id", call.identifier_id)
    return [_thing("blocklist entry", _in(found, "identifier")), "whom it kept out can come back"]


async def _saml_connection(call: Any, look: _Look) -> list[str]:
    found = await look.at(
        "SamlConnectionsBeta_getById", is_target=True, saml_connection_id=call.saml_connection_id
    )
    users = _in(found, "user_count")
    who = _count(users, "user") if isinstance(users, int) else "its users"
    return [
        _thing("SAML connection", _in(found, "name"), _in(found, "domain")),
        f"{who} can no longer sign in through it",
    ]


async def _oauth_application(call: Any, look: _Look) -> list[str]:
    return [await _oauth_name(call, look), "sign-ins through it stop"]


async def _oauth_secret(call: Any, look: _Look) -> list[str]:
    return [await _oauth_name(call, look), "its present client secret stops working at once"]


async def _oauth_name(call: Any, look: _Look) -> str:
    found = await look.at(
        "OAuthApplications_getById", is_target=True, oauth_application_id=call.oauth_application_id
    )
    return _thing("OAuth application", _in(found, "name"), _in(found, "callback_url"))


async def _jwt_template(call: Any, look: _Look) -> list[str]:
    found = await look.at("JwtTemplates_getTemplateDetails", is_target=True, template_id=call.template_id)
    return [_thing("JWT template", _in(found, "name")), "whoever asks for its tokens fails"]


async def _template(call: Any, look: _Look) -> list[str]:
    found = await look.at(
        "EmailSmsTemplates_getTemplateDetails",
        is_target=True,
        template_type=call.template_type,
        slug=call.slug,
    )
    return [_thing("template", _in(found, "name"), _in(found, "subject")), "the customized text is lost"]


async def _redirect_url(call: Any, look: _Look) -> list[str]:
    found = await look.at("RedirectUrLs_getById", is_target=True, id=call.id)
    return [_thing("redirect URL", _in(found, "url")), "apps that use it can no longer sign in"]


async def _domain(call: Any, look: _Look) -> list[str]:
    found = _with(_records(await look.at("Domains_getAllDomains")), "id", call.domain_id)
    kind = "satellite domain" if _in(found, "is_satellite") else "domain"
    return [_thing(kind, _in(found, "name")), "its sign-ins stop"]


async def _instance_domain(call: Any, look: _Look) -> list[str]:
    domains = _records(await look.at("Domains_getAllDomains"))
    users = _in(await look.at("Users_getTotalCount"), "total_count")
    who = f"all {_count(users, 'user')}" if isinstance(users, int) else "everybody"
    return [
        _thing("primary domain", _in(_with(domains, "is_satellite", False), "name")),
        f"moves the instance to {_quoted(call.home_url)}" if call.home_url else "moves the instance",
        f"signs out {who}",
        "the application is down until DNS, certificates and keys follow",
    ]


async def _webhooks(_: Any, __: _Look) -> list[str]:
    return ["the instance's webhooks", "all webhooks stop and their endpoints are lost"]


async def _actor_token(_: Any, __: _Look) -> list[str]:
    # Clerk has no way to look a token up.
    return ["impersonation token", "whoever holds it can no longer use it"]


async def _sign_in_token(_: Any, __: _Look) -> list[str]:
    return ["sign-in token", "whoever holds it can no longer use it"]


_FINDERS: Final[dict[str, Callable[[Any, _Look], Awaitable[list[str]]]]] = {
    "Users_deleteUserById": _deleted_user,
    "Users_markBanned": _banned_user,
    "Users_deleteProfileImage": _profile_image,
    "Users_disableMfa": _second_factors,
    "Users_updateUserAttributes": _cleared_username,
    "EmailAddresses_deleteById": _email_address,
    "PhoneNumbers_deletePhoneNumberById": _phone_number,
    "Sessions_revokeSession": _session,
    "Organizations_deleteOrganization": _deleted_organization,
    "Organizations_removeLogo": _logo,
    "OrganizationMemberships_removeUserFromOrganization": _membership,
    "OrganizationInvitations_revokeInvitation": _organization_invitation,
    "Invitations_revokeInvitation": _invitation,
    "AllowlistBlocklist_deleteIdentifier": _allowed,
    "AllowlistBlocklist_deleteIdentifierFromBlocklist": _blocked,
    "SigninTokens_revokeToken": _sign_in_token,
    "ActorTokens_revokeToken": _actor_token,
    "SamlConnectionsBeta_deleteConnectionById": _saml_connection,
    "OAuthApplications_deleteById": _oauth_application,
    "OAuthApplications_rotateSecret": _oauth_secret,
    "JwtTemplates_deleteTemplateById": _jwt_template,
    "EmailSmsTemplates_revertTemplate": _template,
    "RedirectUrLs_removeById": _redirect_url,
    "Domains_deleteSatelliteDomain": _domain,
    "BetaFeatures_updateInstanceDomain": _instance_domain,
    "BetaFeatures_updateProductionInstanceDomain": _instance_domain,
    "Webhooks_deleteSvixApp": _webhooks,
}
"""By operation: the target, then what goes with it."""
