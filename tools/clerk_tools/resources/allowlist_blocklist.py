"""Allowlist and blocklist: which identifiers may sign up."""

from __future__ import annotations

from typing import Any, Final

from clerk_tools.argument import Body, Path, arg, moves
from clerk_tools.hits import Hit, Look, count, first_with, inside, records, thing
from clerk_tools.ids import AllowlistEntryId, BlocklistEntryId
from clerk_tools.operation import Operation, PagedOnRequest
from clerk_tools.resources import users
from clerk_tools.spec import Demo, Example

SYNONYMS: Final = {
    "allowlist": "whitelist, allow list, safelist, safe list",
    "blocklist": "blacklist, block list, denylist, ban list, banlist, deny list",
}
"""What people say instead of a term; for the search."""


class ListAllowedIdentifiers(
    PagedOnRequest,
    id="AllowlistBlocklist_listAllowedIdentifiers",
    get="/allowlist_identifiers",
    lists="allowlist_identifier",
    words="list the allowlist, who may sign up, show the allowlist, which addresses are allowed, who is "
    "on the allowlist, entries of the allowlist, allowed domains",
    example=Example(),
):
    """The allowlist: who may sign up, where InstanceSettings_updateRestrictions has switched it on."""


async def closing(look: Look) -> str:
    """Return what switching the allowlist on does, as a clause."""
    entries = await look.at(ListAllowedIdentifiers())
    if entries is None:
        return "lets only the allowlist sign up"
    number = len(records(entries))
    entry = "entry" if number == 1 else "entries"
    return (
        f"lets only the {number} {entry} of the allowlist sign up"
        if number
        else ("lets nobody sign up: the allowlist is empty")
    )


class AllowIdentifier(
    Operation,
    id="AllowlistBlocklist_addIdentifierToAllowList",
    post="/allowlist_identifiers",
    returns="allowlist_identifier",
    sends_mail="notify",
    words="add to the allowlist, let an address sign up, allow a domain, let only our company sign up, "
    "permit an address, allow an email, put a domain on the allowlist, whitelist",
    example=Example({"identifier": "partner+clerk_test@example.com", "notify": True}),
    only_while="The entry counts only while the allowlist is on. Clerk does not tell whether it is;"
    " InstanceSettings_updateRestrictions with allowlist true switches it on.",
):
    """Put an email, *@domain, phone or web3 wallet on the allowlist. SENDS MAIL with `notify`."""

    identifier: Body[str] = arg("Email, *@domain, E.164 phone or wallet")
    notify: Body[bool] = arg("Also send an invitation; emails only", default=False)


class DeleteAllowedIdentifier(
    Operation,
    id="AllowlistBlocklist_deleteIdentifier",
    delete="/allowlist_identifiers/{identifier_id}",
    returns="deleted",
    words="take off the allowlist, remove from the allowlist, delete an allowlist entry, no longer "
    "allow an address, remove from the whitelist, remove a domain from the allowlist",
    example=Example({"identifier_id": Demo("an allowlist entry")}),
):
    """Take an entry off the allowlist. An empty list that is switched on lets nobody sign up."""

    identifier_id: Path[AllowlistEntryId] = arg()

    async def hit(self, look: Look) -> Hit:
        entries = records(await look.at(ListAllowedIdentifiers()))
        found = first_with(entries, "id", self.identifier_id)
        return Hit.of(
            thing("allowlist entry", inside(found, "identifier")),
            "it is the last entry: an empty allowlist that is on lets nobody sign up"
            if found and len(entries) == 1
            else "",
        )


class ListBlockedIdentifiers(
    Operation,
    id="AllowlistBlocklist_listBlockedIdentifiers",
    get="/blocklist_identifiers",
    pages="blocklist_identifier",
    words="list the blocklist, who is blocked, blocked emails, show the blocklist, which addresses are "
    "blocked, blocked domains, who is on the blocklist, entries of the blocklist",
    example=Example(),
):
    """The blocklist: who may neither sign up nor sign in."""


class BlockIdentifier(
    Operation,
    id="AllowlistBlocklist_addIdentifier",
    post="/blocklist_identifiers",
    returns="blocklist_identifier",
    words="block an email, block a domain, add to the blocklist, block from signing up, stop sign- ups "
    "from a domain, ban an email, ban a domain, blocklist an email, blocklist a domain, refuse an "
    "address, blacklist an address, keep addresses of a provider from signing up, block a mail "
    "provider, forbid an address to sign up",
    example=Example({"identifier": "*@spam.example"}),
    only_while="The entry keeps nobody out while the blocklist is off. Clerk does not tell whether it is;"
    " InstanceSettings_updateRestrictions with blocklist true switches it on.",
):
    """Put an email, *@domain, phone or web3 wallet on the blocklist. *@domain keeps out everybody there.
    It counts while InstanceSettings_updateRestrictions has the blocklist switched on."""

    identifier: Body[str] = arg("Email, *@domain, E.164 phone or wallet", risk=moves(""))

    async def hit(self, look: Look) -> Hit:
        kept_out = users.CountUsers(**self._those_kept_out())
        number = inside(await look.at(kept_out), "total_count")
        everybody = self.identifier.strip().startswith("*@")
        who = f"{count(number, 'user')} of today" if isinstance(number, int) else "whoever has it"
        found = Hit.of(
            thing("everybody at" if everybody else "identifier", self.identifier.strip().removeprefix("*@")),
            f"keeps {who} from signing in" if number != 0 else "",
            "lets nobody of that domain sign up any more" if everybody else "",
        )
        return found.after_reading(number == 0)

    def _those_kept_out(self) -> dict[str, Any]:
        identifier = self.identifier.strip()
        if identifier.startswith("*@"):
            return {"query": identifier[1:]}
        if identifier.startswith("+"):
            return {"phone_number": [identifier]}
        return {"email_address" if "@" in identifier else "web3_wallet": [identifier]}


class DeleteBlockedIdentifier(
    Operation,
    id="AllowlistBlocklist_deleteIdentifierFromBlocklist",
    delete="/blocklist_identifiers/{identifier_id}",
    returns="deleted",
    words="unblock an email, unblock a domain, remove from the blocklist, delete a blocklist entry, let "
    "a blocked address sign up again, take off the blocklist, remove from the blacklist, unblock "
    "somebody on the blacklist, lift a block of an address",
    example=Example({"identifier_id": Demo("a blocklist entry")}),
):
    """Take an entry off the blocklist."""

    identifier_id: Path[BlocklistEntryId] = arg()

    async def hit(self, look: Look) -> Hit:
        found = first_with(records(await look.at(ListBlockedIdentifiers())), "id", self.identifier_id)
        return Hit.of(thing("blocklist entry", inside(found, "identifier")), "whom it kept out can come back")
