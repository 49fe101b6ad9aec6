"""Users: making, changing, keeping out, deleting."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clerk_sandbox.examples import PNG
from clerk_sandbox.sandbox import Sandbox
from tests.sandbox.clerk import Clerk
from tests.sandbox.clock import Clock

pytestmark = pytest.mark.anyio

NADIA = "nadia.brandt@fernhill.example"
CREATE = "Users_createNewUser"
UPDATE = "Users_updateUserAttributes"
MERGE = "Users_mergeUserMetadataAttributes"


async def user_id(clerk: Clerk, email_address: str) -> str:
    (user,) = await clerk.call("Users_listSortedByCreationDate", email_address=[email_address])
    return str(user["id"])


async def test_a_new_user_has_verified_identifications_and_the_first_are_primary(clerk: Clerk) -> None:
    user = await clerk.call(
        CREATE,
        email_address=["First@New.example", "second@new.example"],
        phone_number=["+12015550150", "+12015550151"],
        web3_wallet=["0x" + "A" * 40],
        first_name="Nova",
    )
    assert [email["email_address"] for email in user["email_addresses"]] == [
        "first@new.example",
        "second@new.example",
    ]
    for kind in ("email_address", "phone_number", "web3_wallet"):
        identifications = user[kind + ("es" if kind == "email_address" else "s")]
        assert user[f"primary_{kind}_id"] == identifications[0]["id"]
        assert {one["verification"]["status"] for one in identifications} == {"verified"}
    assert await clerk.call("Users_getUserDetails", user_id=user["id"]) == user


async def test_the_newest_user_comes_first_and_an_imported_one_where_their_date_puts_them(
    clerk: Clerk,
) -> None:
    new = await clerk.call(CREATE, username="brand_new")
    old = await clerk.call(CREATE, username="imported", created_at="2012-10-20T07:15:20.902Z")
    assert old["created_at"] == 1350717320902
    users = await clerk.call("Users_listSortedByCreationDate", limit=500)
    assert users[0]["id"] == new["id"]
    assert users[-1]["id"] == old["id"]


@pytest.mark.parametrize(
    ("arguments", "param"),
    [
        ({"email_address": ["Nadia.Brandt@FERNHILL.example"]}, "email_address"),
        ({"username": "Nadia"}, "username"),
        ({"username": "somebody", "phone_number": ["+12015550101"]}, "phone_number"),
        ({"username": "somebody", "external_id": "emp-001"}, "external_id"),
        ({"web3_wallet": ["0x52908400098527886E0F7030069857D2E4169EE7"]}, "web3_wallet"),
    ],
)
async def test_an_identifier_belongs_to_one_user_only(
    clerk: Clerk, arguments: dict[str, Any], param: str
) -> None:
    assert await clerk.error(CREATE, **arguments) == (422, "form_identifier_exists", param)


@pytest.mark.parametrize(
    ("arguments", "param"),
    [
        ({"email_address": ["not an address"]}, "email_address"),
        ({"email_address": ["a@b.example", "@b.example"]}, "email_address"),
        ({"phone_number": ["555 0100"]}, "phone_number"),
        ({"web3_wallet": ["0x123"]}, "web3_wallet"),
        ({"username": "me"}, "username"),
        ({"username": "with spaces"}, "username"),
        ({"username": "fine_name", "created_at": "yesterday"}, "created_at"),
        ({"username": "fine_name", "created_at": "2024-01-01"}, "created_at"),
        ({"username": "fine_name", "created_at": "2024-W01-1T00:00:00Z"}, "created_at"),
        ({"username": "fine_name", "created_at": "2024-01-01T00:00:00"}, "created_at"),
        ({"username": "fine_name", "created_at": "2024-02-30T00:00:00Z"}, "created_at"),
        ({"username": "fine_name", "totp_secret": "not base32!"}, "totp_secret"),
    ],
)
async def test_what_is_malformed_is_refused_and_nobody_is_made(
    clerk: Clerk, arguments: dict[str, Any], param: str
) -> None:
    before = await clerk.call("Users_getTotalCount")
    assert await clerk.error(CREATE, **arguments) == (422, "form_param_format_invalid", param)
    assert await clerk.call("Users_getTotalCount") == before


async def test_somebody_without_any_identifier_cannot_be_made(clerk: Clerk) -> None:
    response = await clerk.send(CREATE, first_name="Nobody", external_id="no-1")
    (error,) = response.json()["errors"]
    assert (response.status_code, error["code"]) == (422, "form_data_missing")
    assert error["meta"]["param_names"] == ["email_address", "phone_number", "web3_wallet", "username"]


async def test_an_instance_may_insist_on_passwords(sandbox: Sandbox, clerk: Clerk) -> None:
    sandbox.instance.settings["password_required"] = True
    assert (await clerk.error(CREATE, username="passless"))[1] == "form_data_missing"
    await clerk.call(CREATE, username="passless", skip_password_requirement=True)


async def test_patch_replaces_metadata_and_merge_merges_it_deeply(clerk: Clerk) -> None:
    user = await clerk.call(
        CREATE, username="metadata", public_metadata={"a": 1, "deep": {"x": 1, "y": {"z": [1]}}}
    )
    merged = await clerk.call(
        MERGE,
        user_id=user["id"],
        public_metadata={"b": 2, "deep": {"x": None, "y": {"w": 0}}, "new": {"gone": None, "kept": 1}},
    )
    assert merged["public_metadata"] == {
        "a": 1,
        "b": 2,
        "deep": {"y": {"z": [1], "w": 0}},
        "new": {"kept": 1},
    }
    replaced = await clerk.call(UPDATE, user_id=user["id"], public_metadata={"only": True})
    assert replaced["public_metadata"] == {"only": True}


@pytest.mark.parametrize("name", ["public_metadata", "private_metadata", "unsafe_metadata"])
async def test_each_metadata_object_holds_at_most_8_kb(clerk: Clerk, name: str) -> None:
    empty = len(json.dumps({"k": ""}, separators=(",", ":")))
    fits, too_large = {"k": "x" * (8192 - empty)}, {"k": "x" * (8193 - empty)}
    user = await clerk.call(CREATE, username="metadata", **{name: fits})
    refusal = (422, "form_param_exceeds_allowed_size", name)
    assert await clerk.error(CREATE, username="another", **{name: too_large}) == refusal
    assert await clerk.error(UPDATE, user_id=user["id"], **{name: too_large}) == refusal
    assert await clerk.error(MERGE, user_id=user["id"], **{name: {"more": 1}}) == refusal
    assert (await clerk.call("Users_getUserDetails", user_id=user["id"]))[name] == fits


async def test_a_refused_update_changes_nothing(clerk: Clerk) -> None:
    nadia = await user_id(clerk, NADIA)
    before = await clerk.call("Users_getUserDetails", user_id=nadia)
    await clerk.error(UPDATE, user_id=nadia, first_name="Changed", username="tomas")
    await clerk.error(UPDATE, user_id=nadia, first_name="Changed", primary_email_address_id="idn_nobody")
    await clerk.error(UPDATE, user_id=nadia, external_id="changed", password="short")
    assert await clerk.call("Users_getUserDetails", user_id=nadia) == before


@pytest.mark.parametrize("nothing", [None, ""])
async def test_a_username_can_be_deleted_and_is_free_then(clerk: Clerk, nothing: str | None) -> None:
    nadia = await user_id(clerk, NADIA)
    assert (await clerk.call(UPDATE, user_id=nadia, username=nothing))["username"] is None
    assert (await clerk.call(CREATE, username="nadia"))["username"] == "nadia"


async def test_a_username_that_is_the_last_identification_stays(clerk: Clerk) -> None:
    user = await clerk.call(CREATE, username="only_this")
    refused = await clerk.error(UPDATE, user_id=user["id"], username=None)
    assert refused == (400, "identification_deletion_failed", None)


async def test_a_user_may_keep_their_own_identifiers_in_an_update(clerk: Clerk) -> None:
    nadia = await user_id(clerk, NADIA)
    user = await clerk.call(UPDATE, user_id=nadia, username="NADIA", external_id="emp-001", last_name=None)
    assert (user["username"], user["external_id"], user["last_name"]) == ("NADIA", "emp-001", None)


async def test_only_a_verified_address_of_the_user_s_own_can_be_primary(clerk: Clerk) -> None:
    chloe = await clerk.call(
        "Users_getUserDetails", user_id=await user_id(clerk, "chloe+clerk_test@example.com")
    )
    unverified = next(email for email in chloe["email_addresses"] if not email["verification"])
    nadia = await clerk.call("Users_getUserDetails", user_id=await user_id(clerk, NADIA))
    param = "primary_email_address_id"
    assert await clerk.error(UPDATE, user_id=chloe["id"], **{param: unverified["id"]}) == (
        422,
        "form_param_value_invalid",
        param,
    )
    assert await clerk.error(UPDATE, user_id=chloe["id"], **{param: nadia[param]}) == (
        422,
        "form_resource_not_found",
        param,
    )


async def test_banning_revokes_every_session_and_unbanning_brings_none_back(clerk: Clerk) -> None:
    tomas = await user_id(clerk, "tomas.rivera@fernhill.example")
    listing = {"user_id": tomas, "status": "active"}
    assert len(await clerk.call("Sessions_listSortedByCreationDate", **listing)) == 2
    assert (await clerk.call("Users_markBanned", user_id=tomas))["banned"] is True
    assert await clerk.call("Sessions_listSortedByCreationDate", **listing) == []
    assert (await clerk.call("Users_removeBanFromUser", user_id=tomas))["banned"] is False
    assert await clerk.call("Sessions_listSortedByCreationDate", **listing) == []


async def test_a_plan_may_leave_banning_out_and_an_instance_locking(sandbox: Sandbox, clerk: Clerk) -> None:
    nadia = await user_id(clerk, NADIA)
    sandbox.instance.settings["unsupported_features"] = ["ban"]
    sandbox.instance.settings["disabled_features"] = ["user_lockout"]
    for operation in ("Users_markBanned", "Users_removeBanFromUser"):
        refused = await clerk.error(operation, user_id=nadia)
        assert refused[:2] == (402, "unsupported_subscription_plan_features")
    for operation in ("Users_lockUser", "Users_removeLock"):
        assert (await clerk.error(operation, user_id=nadia))[:2] == (403, "feature_not_enabled")


async def test_a_lock_runs_out_by_itself_or_is_taken_off(clock: Clock) -> None:
    clerk = Clerk(Sandbox(clock=clock))
    nadia = await user_id(clerk, NADIA)
    locked = await clerk.call("Users_lockUser", user_id=nadia)
    assert (locked["locked"], locked["lockout_expires_in_seconds"]) == (True, 3600)
    clock.advance_s(3599)
    assert (await clerk.call("Users_getUserDetails", user_id=nadia))["lockout_expires_in_seconds"] == 1
    clock.advance_s(1)
    free = await clerk.call("Users_getUserDetails", user_id=nadia)
    assert (free["locked"], free["lockout_expires_in_seconds"]) == (False, None)
    await clerk.call("Users_lockUser", user_id=nadia)
    assert (await clerk.call("Users_removeLock", user_id=nadia))["locked"] is False


async def test_a_profile_image_can_be_set_and_deleted(clerk: Clerk) -> None:
    nadia = await user_id(clerk, NADIA)
    before = await clerk.call("Users_getUserDetails", user_id=nadia)
    with_image = await clerk.call("Users_setProfileImage", user_id=nadia, file=PNG)
    assert with_image["has_image"] is True
    assert with_image["image_url"] != before["image_url"]
    without = await clerk.call("Users_deleteProfileImage", user_id=nadia)
    assert (without["has_image"], without["image_url"]) == (False, before["image_url"])


async def test_what_is_no_image_or_too_large_is_no_profile_image(clerk: Clerk) -> None:
    nadia = await user_id(clerk, NADIA)
    refused = await clerk.error("Users_setProfileImage", user_id=nadia, file="dGV4dA==")
    assert refused[:2] == (400, "request_body_invalid")
    huge = PNG.rstrip("=") + "A" * (11 * 1024 * 1024 * 4 // 3 // 4 * 4)
    huge = huge[: len(huge) // 4 * 4]
    assert (await clerk.error("Users_setProfileImage", user_id=nadia, file=huge))[:2] == (
        413,
        "image_too_large",
    )


async def test_an_image_that_was_never_uploaded_cannot_be_chosen(clerk: Clerk) -> None:
    nadia = await user_id(clerk, NADIA)
    assert await clerk.error(UPDATE, user_id=nadia, profile_image_id="x") == (
        422,
        "form_resource_not_found",
        "profile_image_id",
    )
    assert (await clerk.call(UPDATE, user_id=nadia, profile_image_id="img_1"))["has_image"] is True
    assert (await clerk.call(UPDATE, user_id=nadia, profile_image_id=None))["has_image"] is False


async def test_deleting_a_user_takes_everything_of_theirs_and_frees_their_identifiers(
    sandbox: Sandbox, clerk: Clerk
) -> None:
    user = await clerk.call("Users_getUserDetails", user_id=await user_id(clerk, NADIA))
    await clerk.call("SigninTokens_createToken", user_id=user["id"])
    assert await clerk.call("Users_deleteUserById", user_id=user["id"]) == {
        "object": "user",
        "id": user["id"],
        "deleted": True,
    }
    missing = (404, "resource_not_found", None)
    assert await clerk.error("Users_getUserDetails", user_id=user["id"]) == missing
    assert (
        await clerk.error("EmailAddresses_getDetails", email_address_id=user["primary_email_address_id"])
        == missing
    )
    assert await clerk.call("Sessions_listSortedByCreationDate", user_id=user["id"]) == []
    assert user["id"] not in json.dumps(sandbox.snapshot()["tables"]["memberships"])
    assert user["id"] not in json.dumps(sandbox.snapshot()["tables"]["sign_in_tokens"])
    await clerk.call(CREATE, email_address=[NADIA], username="nadia", external_id="emp-001")


@pytest.mark.parametrize(
    "operation",
    [
        "Users_getUserDetails",
        "Users_updateUserAttributes",
        "Users_deleteUserById",
        "Users_markBanned",
        "Users_removeBanFromUser",
        "Users_lockUser",
        "Users_removeLock",
        "Users_deleteProfileImage",
        "Users_mergeUserMetadataAttributes",
        "Users_getOrganizationMemberships",
        "Users_disableMfa",
    ],
)
async def test_an_unknown_user_is_not_found_and_is_named(clerk: Clerk, operation: str) -> None:
    response = await clerk.send(operation, user_id="user_nobody")
    assert response.status_code == 404
    assert response.json()["errors"][0]["long_message"] == "No user was found with id user_nobody."


async def test_a_user_s_memberships_come_with_their_organizations(clerk: Clerk) -> None:
    nadia = await user_id(clerk, NADIA)
    page = await clerk.call("Users_getOrganizationMemberships", user_id=nadia)
    assert page["total_count"] == len(page["data"]) == 1
    (membership,) = page["data"]
    assert membership["organization"]["name"] == "Fernhill"
    assert membership["public_user_data"]["user_id"] == nadia


async def test_an_oauth_access_token_is_there_for_who_connected_an_account(clerk: Clerk) -> None:
    ingrid = await user_id(clerk, "ingrid.solberg@fernhill.example")
    operation = "Users_getOAuthAccessToken"
    (token,) = await clerk.call(operation, user_id=ingrid, provider="oauth_google")
    assert token["token"]
    assert await clerk.call(operation, user_id=ingrid, provider="oauth_github") == []
    assert await clerk.error(operation, user_id=ingrid, provider="google") == (
        422,
        "form_param_value_invalid",
        "provider",
    )
