"""OAuth applications: scopes, callback URLs, and secrets that are shown once."""

from __future__ import annotations

from typing import Any

import pytest

from clerk_sandbox.sandbox import Sandbox
from tests.sandbox.clerk import Clerk

pytestmark = pytest.mark.anyio

CREATE = "OAuthApplications_createNewApplication"
UPDATE = "OAuthApplications_updateApplication"
LIST = "OAuthApplications_listSortedByDescendingCreationDate"
NEW: dict[str, Any] = {"name": "Labels", "callback_url": "https://labels.example.com/callback"}


async def test_the_secret_is_shown_on_creation_and_on_rotation_only(clerk: Clerk) -> None:
    made = await clerk.call(CREATE, **NEW)
    target = {"oauth_application_id": made["id"]}
    rotated = await clerk.call("OAuthApplications_rotateSecret", **target)
    assert made["client_secret"] != rotated["client_secret"] != ""
    for answer in (
        await clerk.call("OAuthApplications_getById", **target),
        await clerk.call(UPDATE, **target, name="Labels 2"),
        *(await clerk.call(LIST))["data"],
    ):
        assert "client_secret" not in answer


async def test_a_public_client_has_an_empty_secret(clerk: Clerk) -> None:
    made = await clerk.call(CREATE, **NEW, public=True)
    assert (made["public"], made["client_secret"], made["pkce_required"]) == (True, "", True)
    rotated = await clerk.call("OAuthApplications_rotateSecret", oauth_application_id=made["id"])
    assert rotated["client_secret"] == ""


async def test_an_application_may_read_profile_and_email_unless_told_otherwise(clerk: Clerk) -> None:
    made = await clerk.call(CREATE, **NEW)
    assert made["scopes"] == "profile email"
    changed = await clerk.call(UPDATE, oauth_application_id=made["id"], scopes="email  public_metadata")
    assert changed["scopes"] == "email public_metadata"
    assert changed["callback_url"] == NEW["callback_url"]


async def test_an_application_keeps_one_callback_url_and_a_name(clerk: Clerk) -> None:
    made = await clerk.call(CREATE, **NEW)
    changed = await clerk.call(UPDATE, oauth_application_id=made["id"], callback_url="labels://callback")
    assert (changed["callback_url"], changed["redirect_uris"]) == ("labels://callback", ["labels://callback"])
    nameless = await clerk.error(UPDATE, oauth_application_id=made["id"], name="")
    assert nameless == (422, "form_param_missing", "name")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": ""}, (422, "form_param_missing", "name")),
        ({"callback_url": None}, (422, "form_param_missing", "callback_url")),
        ({"callback_url": "labels.example.com"}, (422, "form_param_format_invalid", "callback_url")),
        ({"scopes": "profile everything"}, (422, "form_param_value_invalid", "scopes")),
        ({"scopes": " "}, (422, "form_param_value_invalid", "scopes")),
    ],
)
async def test_an_application_is_refused(
    clerk: Clerk, given: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    assert await clerk.error(CREATE, **NEW | given) == expected


async def test_a_deleted_application_is_gone(clerk: Clerk) -> None:
    made = await clerk.call(CREATE, **NEW)
    before = (await clerk.call(LIST))["total_count"]
    deleted = await clerk.call("OAuthApplications_deleteById", oauth_application_id=made["id"])
    assert deleted == {"object": "oauth_application", "id": made["id"], "deleted": True}
    assert (await clerk.call(LIST))["total_count"] == before - 1
    assert made["client_secret"] not in str(clerk.sandbox.snapshot())


async def test_applications_can_be_switched_off(clerk: Clerk) -> None:
    clerk.sandbox.instance.settings["disabled_features"] = ["oauth_applications"]
    assert await clerk.error(LIST) == (403, "feature_not_enabled", None)


async def test_a_token_is_known_until_its_grant_is_revoked_or_its_application_or_user_goes() -> None:
    for id, field in (
        ("RevokeOAuthApplicationToken", ""),
        ("OAuthApplications_deleteById", ""),
        ("Users_deleteUserById", "user_id"),
    ):
        clerk = Clerk(Sandbox())
        grant = next(iter(clerk.sandbox.instance.table("oauth_grants")))
        token = grant["access_token"]
        active = await clerk.call("verifyOAuthAccessToken", access_token=token)
        assert (active["subject"], active["scopes"]) == (grant["user_id"], grant["scopes"])
        given = {"user_id": grant["user_id"]} if field else {"oauth_application_id": grant["application_id"]}
        if id == "RevokeOAuthApplicationToken":
            given["token"] = grant["refresh_token"]
        await clerk.call(id, **given)
        assert await clerk.call("verifyOAuthAccessToken", access_token=token) == {"active": False}
