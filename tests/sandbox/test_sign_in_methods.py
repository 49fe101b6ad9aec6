"""What somebody signs in with, replaced, verified by a code, or taken away."""

from __future__ import annotations

from typing import Any

import pytest

from clerk_sandbox.examples import resolved
from clerk_sandbox.sandbox import Sandbox
from clerk_tools.spec import Demo
from tests.sandbox.clerk import Clerk
from tests.sandbox.clock import Clock

pytestmark = pytest.mark.anyio

DEMO = Sandbox().instance


def demo(name: str) -> Any:
    return resolved(DEMO, Demo(name))


@pytest.fixture
def clerk(clock: Clock) -> Clerk:
    return Clerk(Sandbox(clock=clock))


async def user(clerk: Clerk, name: str) -> Any:
    return await clerk.call("Users_getUserDetails", user_id=demo(name))


async def test_a_code_verifies_an_address_and_a_wrong_or_late_one_shows_in_the_status(
    clerk: Clerk, clock: Clock
) -> None:
    about = {"email_address_id": demo("an unverified email address")}
    attempt = "AttemptEmailAddressVerification"
    sent = await clerk.call("PrepareEmailAddressVerification", **about)
    given = {**about, "verification_id": sent["id"]}
    assert (await clerk.call(attempt, **given, code="000000"))["status"] == "unverified"
    assert (await clerk.call(attempt, **given, code="424242"))["status"] == "verified"
    assert (await clerk.error(attempt, **given, code="424242"))[1] == "verification_already_verified"
    address = await clerk.call("EmailAddresses_getDetails", **about)
    assert address["verification"]["status"] == "verified"
    late = await clerk.call("PrepareEmailAddressVerification", **about)
    clock.advance_s(3600)
    given["verification_id"] = late["id"]
    assert (await clerk.call(attempt, **given, code="424242"))["status"] == "expired"


async def test_one_address_takes_the_place_of_all(clerk: Clerk) -> None:
    replace = "ReplaceUserEmailAddress"
    new = await clerk.call(replace, user_id=demo("chloe"), email_address="chloe+clerk_test@example.org")
    chloe = await user(clerk, "chloe")
    assert [one["id"] for one in chloe["email_addresses"]] == [new["id"]]
    assert chloe["primary_email_address_id"] == new["id"]
    taken = await clerk.error(replace, user_id=demo("chloe"), email_address="ravi.patel@example.com")
    assert taken[1] == "form_identifier_exists"
    linked = await clerk.error(replace, user_id=demo("ingrid"), email_address="i@example.org")
    assert linked[0] == 422


async def test_a_reserved_number_belongs_to_the_user_and_is_not_verified(clerk: Clerk) -> None:
    given = {"phone_number": "+12015550199", "identification_status": "reserved"}
    number = await clerk.call("ReplaceUserPhoneNumber", user_id=demo("kwame"), **given)
    assert (number["reserved"], number["verification"]) == (True, None)


async def test_a_banned_list_of_users_is_signed_out_and_an_unknown_one_bans_nobody(clerk: Clerk) -> None:
    refused = await clerk.error("UsersBan", user_ids=[demo("nadia"), "user_nobody"])
    assert refused[0] == 404
    assert not (await user(clerk, "nadia"))["banned"]
    banned = await clerk.call("UsersBan", user_ids=[demo("nadia"), demo("kwame")])
    assert [one["banned"] for one in banned] == [True, True]
    active = await clerk.call("Sessions_listSortedByCreationDate", user_id=demo("nadia"), status="active")
    assert active == []
    (freed,) = await clerk.call("UsersUnban", user_ids=[demo("nadia")])
    assert not freed["banned"]


async def test_a_compromised_password_asks_for_a_reset_until_there_is_another(clerk: Clerk) -> None:
    about = {"user_id": demo("samuel")}
    marked = await clerk.call("SetUserPasswordCompromised", **about)
    assert marked["requires_password_reset"]
    changed = await clerk.call("Users_updateUserAttributes", **about, password="another-long-password")
    assert not changed["requires_password_reset"]
    gone = await clerk.call("RemoveUserPassword", **about)
    assert not gone["password_enabled"]
    assert (await clerk.error("SetUserPasswordCompromised", **about))[1] == "no_password_set"


async def test_backup_codes_go_with_the_last_other_factor(clerk: Clerk) -> None:
    await clerk.call("DeleteTOTP", user_id=demo("tomas"))
    tomas = await user(clerk, "tomas")
    assert (tomas["totp_enabled"], tomas["backup_code_enabled"]) == (False, False)
    assert tomas["two_factor_enabled"] is False


async def test_a_disconnected_account_takes_its_tokens_along(clerk: Clerk) -> None:
    about = {"user_id": demo("ingrid")}
    await clerk.call("DeleteExternalAccount", **about, external_account_id=demo("an external account"))
    tokens = await clerk.call("Users_getOAuthAccessToken", **about, provider="oauth_google")
    assert tokens == []
    await clerk.call("ReplaceUserEmailAddress", **about, email_address="i+clerk_test@example.org")


async def test_an_invitation_expires_after_the_days_that_it_was_given(clerk: Clerk, clock: Clock) -> None:
    entry = {"email_address": "short+clerk_test@example.com", "expires_in_days": 2}
    (invitation,) = await clerk.call("CreateBulkInvitations", invitations=[entry])
    clock.advance_s(3 * 24 * 3600)
    expired = await clerk.call("Invitations_listAllNonRevoked", status="expired")
    assert invitation["id"] in [one["id"] for one in expired]


async def test_a_grant_is_revoked_by_either_token_and_only_once(clerk: Clerk) -> None:
    given = {"oauth_application_id": demo("an OAuth application"), "token": demo("an OAuth token")}
    await clerk.call("RevokeOAuthApplicationToken", **given)
    assert (await clerk.error("RevokeOAuthApplicationToken", **given))[2] == "token"


async def test_a_session_is_renewed_with_its_own_cookies_only(clerk: Clerk) -> None:
    session = {"session_id": demo("a session")}
    token = (await clerk.call("CreateSessionToken", **session))["jwt"]
    given = {**session, "expired_token": token, "request_origin": "https://app.fernhill.example"}
    cookies = await clerk.call(
        "RefreshSession", **given, refresh_token=demo("a refresh token"), format="cookie"
    )
    assert cookies["cookies"][0].startswith("__session=")
    assert (await clerk.error("RefreshSession", **given, refresh_token="another"))[0] == 401
