"""Allow- and blocklist: who may sign up, and who may not. Kinds are inferred from the text itself."""

from __future__ import annotations

from clerk_sandbox import errors, formats
from clerk_sandbox.answers import deleted, found, whole_list
from clerk_sandbox.plan import require_in_plan
from clerk_sandbox.resources.invitations import has_pending_invitation, make_invitation
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json, Table


def identifier_type(identifier: str) -> str:
    """Return what kind of identifier a lower-cased text is; `*@example.com` stands for a whole email domain.

    Raises:
        ClerkError: 422 `form_param_format_invalid`: it is none that Clerk knows.
    """
    local_part, at, domain = identifier.partition("@")
    if formats.is_email(identifier) or (at and local_part == "*" and formats.is_host(domain)):
        return "email_address"
    if formats.is_phone_number(identifier):
        return "phone_number"
    if formats.is_web3_wallet(identifier):
        return "web3_wallet"
    raise errors.form_param_format_invalid(
        "identifier", "an email address, *@domain, a phone number in E.164 form or a web3 wallet"
    )


def add_identifier(instance: Instance, table: Table, identifier: str) -> Json:
    """Store an identifier in the allowlist or the blocklist."""
    allowed = table is instance.allowlist_identifiers
    now = instance.clock()
    return table.add(
        {
            "object": "allowlist_identifier" if allowed else "blocklist_identifier",
            "id": instance.new_id("alid" if allowed else "blid"),
            "identifier": identifier,
            "identifier_type": identifier_type(identifier),
            "instance_id": instance.id,
            "created_at": now,
            "updated_at": now,
        }
    )


@operation("AllowlistBlocklist_listAllowedIdentifiers")
def list_allowed(instance: Instance, call: Call) -> list[Json] | Json:
    require_in_plan(instance, "allowlist")
    return whole_list(call, instance.allowlist_identifiers)


@operation("AllowlistBlocklist_addIdentifierToAllowList")
def allow(instance: Instance, call: Call) -> Json:
    require_in_plan(instance, "allowlist")
    record = _add_given(instance, instance.allowlist_identifiers, call)
    if call.given("notify"):
        _invite(instance, record)
    return record


@operation("AllowlistBlocklist_deleteIdentifier")
def disallow(instance: Instance, call: Call) -> Json:
    require_in_plan(instance, "allowlist")
    return _delete(instance.allowlist_identifiers, "allowlist identifier", call)


@operation("AllowlistBlocklist_listBlockedIdentifiers")
def list_blocked(instance: Instance, call: Call) -> Json:
    require_in_plan(instance, "blocklist")
    blocked = list(instance.blocklist_identifiers)
    return {"data": blocked, "total_count": len(blocked)}


@operation("AllowlistBlocklist_addIdentifier")
def block(instance: Instance, call: Call) -> Json:
    require_in_plan(instance, "blocklist")
    return _add_given(instance, instance.blocklist_identifiers, call)


@operation("AllowlistBlocklist_deleteIdentifierFromBlocklist")
def unblock(instance: Instance, call: Call) -> Json:
    require_in_plan(instance, "blocklist")
    return _delete(instance.blocklist_identifiers, "blocklist identifier", call)


def _add_given(instance: Instance, table: Table, call: Call) -> Json:
    identifier = call.required("identifier").strip().lower()
    identifier_type(identifier)
    if any(known["identifier"] == identifier for known in table):
        raise errors.duplicate_record("identifier")
    return add_identifier(instance, table, identifier)


def _invite(instance: Instance, record: Json) -> None:
    """Invite one email address; a pattern has none, and who is here or invited already needs none."""
    address = record["identifier"]
    invited = instance.user_by("email_address", address) or has_pending_invitation(instance, address)
    if formats.is_email(address) and not invited:
        invitation = instance.invitations.add(make_invitation(instance, address, {}, instance.clock()))
        record["invitation_id"] = invitation["id"]


def _delete(table: Table, kind: str, call: Call) -> Json:
    return deleted(table.remove(found(table, kind, call.path["identifier_id"])["id"]))
