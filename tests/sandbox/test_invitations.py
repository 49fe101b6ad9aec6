"""Invitations to the application, and the tokens that sign people in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.clerk import Clerk

pytestmark = pytest.mark.anyio

INVITE = "Invitations_createNewInvitation"
LIST = "Invitations_listAllNonRevoked"
REVOKE = "Invitations_revokeInvitation"
NEW = "gardener@new.example"


async def test_an_invitation_is_pending_until_it_is_revoked(clerk: Clerk) -> None:
    invitation = await clerk.call(
        INVITE,
        email_address="Gardener@New.example",
        public_metadata={"a": 1},
        redirect_url="https://x.example/y",
    )
    assert (invitation["email_address"], invitation["status"], invitation["revoked"]) == (
        NEW,
        "pending",
        False,
    )
    assert invitation["url"].startswith("https://x.example/y?")
    assert (await clerk.call(LIST))[0] == invitation
    revoked = await clerk.call(REVOKE, invitation_id=invitation["id"])
    assert (revoked["status"], revoked["revoked"]) == ("revoked", True)
    assert await clerk.error(REVOKE, invitation_id=invitation["id"]) == (
        400,
        "invitation_already_revoked",
        None,
    )


async def test_an_accepted_invitation_cannot_be_revoked(clerk: Clerk) -> None:
    (accepted,) = await clerk.call(LIST, status="accepted")
    refused = await clerk.error(REVOKE, invitation_id=accepted["id"])
    assert refused == (400, "invitation_already_accepted", None)
    assert (await clerk.error(REVOKE, invitation_id="inv_nothing"))[:2] == (404, "resource_not_found")


async def test_revoked_invitations_are_listed_only_when_asked_for(clerk: Clerk) -> None:
    by_status = {
        status: await clerk.call(LIST, status=status) for status in ("pending", "accepted", "revoked")
    }
    assert all(by_status.values())
    listed = await clerk.call(LIST)
    assert {one["status"] for one in listed} == {"pending", "accepted"}
    assert len(listed) == len(by_status["pending"]) + len(by_status["accepted"])
    assert await clerk.error(LIST, status="lost") == (422, "form_param_value_invalid", "status")


async def test_nobody_is_invited_twice_or_who_is_there_already_unless_told_so(clerk: Clerk) -> None:
    first = await clerk.call(INVITE, email_address=NEW)
    assert await clerk.error(INVITE, email_address=NEW.upper()) == (400, "duplicate_record", "email_address")
    user = "nadia.brandt@fernhill.example"
    assert await clerk.error(INVITE, email_address=user) == (422, "form_identifier_exists", "email_address")
    for address in (NEW, user):
        await clerk.call(INVITE, email_address=address, ignore_existing=True)
    await clerk.call(REVOKE, invitation_id=first["id"])


async def test_a_revoked_address_can_be_invited_again(clerk: Clerk) -> None:
    first = await clerk.call(INVITE, email_address=NEW)
    await clerk.call(REVOKE, invitation_id=first["id"])
    assert (await clerk.call(INVITE, email_address=NEW))["status"] == "pending"


@pytest.mark.parametrize(
    ("arguments", "code", "param"),
    [
        ({"email_address": "nobody"}, "form_param_format_invalid", "email_address"),
        ({"email_address": NEW, "redirect_url": "here"}, "form_param_format_invalid", "redirect_url"),
        (
            {"email_address": NEW, "public_metadata": {"k": "x" * 9000}},
            "form_param_exceeds_allowed_size",
            "public_metadata",
        ),
    ],
)
async def test_a_malformed_invitation_is_refused(
    clerk: Clerk, arguments: dict[str, Any], code: str, param: str
) -> None:
    assert await clerk.error(INVITE, **arguments) == (422, code, param)


@pytest.mark.parametrize(
    ("create", "revoke", "id_name", "more", "code"),
    [
        (
            "SigninTokens_createToken",
            "SigninTokens_revokeToken",
            "sign_in_token_id",
            {},
            "sign_in_token_cannot_be_revoked_code",
        ),
        (
            "ActorTokens_createToken",
            "ActorTokens_revokeToken",
            "actor_token_id",
            {"actor": {"sub": "user_support", "reason": "call"}},
            "actor_token_cannot_be_revoked_code",
        ),
    ],
)
async def test_a_token_can_be_revoked_while_it_is_pending_and_shows_its_secret_once(
    clerk: Clerk, create: str, revoke: str, id_name: str, more: dict[str, Any], code: str
) -> None:
    (nadia,) = await clerk.call("Users_listSortedByCreationDate", username=["nadia"])
    token = await clerk.call(create, user_id=nadia["id"], **more)
    assert token["status"] == "pending"
    assert token["token"] in token["url"]
    response = await clerk.send(revoke, **{id_name: token["id"]})
    assert response.json()["status"] == "revoked"
    assert token["token"] not in response.text
    assert await clerk.error(revoke, **{id_name: token["id"]}) == (400, code, None)
    assert (await clerk.error(revoke, **{id_name: "nothing"}))[:2] == (404, "resource_not_found")
    refused = await clerk.error(create, user_id=nadia["id"], **more, expires_in_seconds=0)
    assert refused == (422, "form_param_value_invalid", "expires_in_seconds")


async def test_a_token_needs_a_user_and_an_actor_token_an_actor(clerk: Clerk) -> None:
    (nadia,) = await clerk.call("Users_listSortedByCreationDate", username=["nadia"])
    sign_in, act = "SigninTokens_createToken", "ActorTokens_createToken"
    assert await clerk.error(sign_in) == (422, "form_param_missing", "user_id")
    assert await clerk.error(sign_in, user_id="user_nobody") == (404, "resource_not_found", None)
    assert await clerk.error(act, user_id=nadia["id"]) == (422, "form_param_missing", "actor")
    assert await clerk.error(act, user_id=nadia["id"], actor={}) == (422, "form_param_missing", "actor.sub")
    unknown = await clerk.error(act, user_id="user_nobody", actor={"sub": nadia["id"]})
    assert unknown == (422, "form_resource_not_found", "user_id")


async def test_impersonation_may_not_be_in_the_plan(clerk: Clerk) -> None:
    clerk.sandbox.instance.settings["unsupported_features"] = ["impersonation"]
    refused = await clerk.error("ActorTokens_createToken", user_id="user_x", actor={"sub": "user_y"})
    assert refused[:2] == (402, "unsupported_subscription_plan_features")


async def test_a_sign_up_can_be_marked_until_it_is_over(clerk: Clerk) -> None:
    (sign_up,) = clerk.sandbox.instance.sign_ups
    update = "Signups_updateSignUpById"
    changed = await clerk.call(update, id=sign_up["id"], custom_action=True, external_id="guest-1")
    assert (changed["custom_action"], changed["external_id"]) == (True, "guest-1")
    assert (await clerk.call(update, id=sign_up["id"], external_id=None))["external_id"] is None
    taken = await clerk.error(update, id=sign_up["id"], external_id="emp-001")
    assert taken == (422, "form_identifier_exists", "external_id")
    sign_up["status"] = "abandoned"
    refused = await clerk.error(update, id=sign_up["id"], custom_action=False)
    assert refused == (403, "authorization_invalid", None)
    assert (await clerk.error(update, id="sua_nothing"))[:2] == (404, "resource_not_found")
