"""Allow- and blocklist: what their entries are taken for, and what adding one sets off."""

from __future__ import annotations

import pytest

from tests.sandbox.clerk import Clerk

pytestmark = pytest.mark.anyio

ALLOW = "AllowlistBlocklist_addIdentifierToAllowList"
BLOCK = "AllowlistBlocklist_addIdentifier"
WALLET = "0xDE709F2102306220921060314715629080E2FB77"


@pytest.mark.parametrize("operation_id", [ALLOW, BLOCK])
@pytest.mark.parametrize(
    ("given", "stored", "kind"),
    [
        ("Ada@Example.com", "ada@example.com", "email_address"),
        ("*@Example.com", "*@example.com", "email_address"),
        ("+12015550199", "+12015550199", "phone_number"),
        (WALLET, WALLET.lower(), "web3_wallet"),
    ],
)
async def test_the_kind_is_inferred_and_the_text_lower_cased(
    clerk: Clerk, operation_id: str, given: str, stored: str, kind: str
) -> None:
    record = await clerk.call(operation_id, identifier=given)
    assert (record["identifier"], record["identifier_type"]) == (stored, kind)
    error = await clerk.error(operation_id, identifier=given.lower())
    assert error == (400, "duplicate_record", "identifier")


@pytest.mark.parametrize("operation_id", [ALLOW, BLOCK])
@pytest.mark.parametrize("text", ["example.com", "@example.com", "*@", "2015550199", "0x123", "just text"])
async def test_what_is_no_identifier_is_refused(clerk: Clerk, operation_id: str, text: str) -> None:
    error = await clerk.error(operation_id, identifier=text)
    assert error == (422, "form_param_format_invalid", "identifier")


async def test_one_list_is_bare_and_the_other_counts(clerk: Clerk) -> None:
    allowed = await clerk.call("AllowlistBlocklist_listAllowedIdentifiers")
    blocked = await clerk.call("AllowlistBlocklist_listBlockedIdentifiers")
    assert [one["identifier"] for one in allowed][-1] == "*@fernhill.example"
    assert blocked["total_count"] == len(blocked["data"]) == 2


async def test_notify_invites_an_email_address(clerk: Clerk) -> None:
    record = await clerk.call(ALLOW, identifier="new@example.com", notify=True)
    (invitation,) = [
        one
        for one in await clerk.call("Invitations_listAllNonRevoked")
        if one["email_address"] == "new@example.com"
    ]
    assert record["invitation_id"] == invitation["id"]


@pytest.mark.parametrize(
    ("identifier", "notify"),
    [
        ("new@example.com", False),
        ("*@example.com", True),
        ("+12015550198", True),
        ("aisha.karim@example.com", True),
        ("owner+clerk_test@lavender-lane.example", True),
    ],
)
async def test_nobody_else_is_invited(clerk: Clerk, identifier: str, notify: bool) -> None:
    before = await clerk.call("Invitations_listAllNonRevoked")
    record = await clerk.call(ALLOW, identifier=identifier, notify=notify)
    assert "invitation_id" not in record
    assert await clerk.call("Invitations_listAllNonRevoked") == before


async def test_a_deleted_identifier_is_off_the_list(clerk: Clerk) -> None:
    for add, delete, list_them in (
        (ALLOW, "AllowlistBlocklist_deleteIdentifier", "AllowlistBlocklist_listAllowedIdentifiers"),
        (
            BLOCK,
            "AllowlistBlocklist_deleteIdentifierFromBlocklist",
            "AllowlistBlocklist_listBlockedIdentifiers",
        ),
    ):
        before = await clerk.call(list_them)
        record = await clerk.call(add, identifier="once@example.com")
        deleted = await clerk.call(delete, identifier_id=record["id"])
        assert deleted == {"object": record["object"], "id": record["id"], "deleted": True}
        assert await clerk.call(list_them) == before


async def test_a_plan_without_the_lists_refuses_them(clerk: Clerk) -> None:
    clerk.sandbox.instance.settings["unsupported_features"] = ["allowlist", "blocklist"]
    refused = (402, "unsupported_subscription_plan_features", None)
    assert await clerk.error("AllowlistBlocklist_listAllowedIdentifiers") == refused
    assert await clerk.error(BLOCK, identifier="ada@example.com") == refused
