"""Settings of the instance, redirect URLs and webhooks."""

from __future__ import annotations

from typing import Any

import pytest

from clerk_sandbox.roles import ADMIN, MEMBER
from clerk_sandbox.sandbox import Sandbox
from tests.sandbox.clerk import Clerk

pytestmark = pytest.mark.anyio

ROLE = {role["key"]: role["id"] for role in Sandbox().instance.table("roles")}

GENERAL = "InstanceSettings_updateInstanceSettings"
ORGANIZATIONS = "InstanceSettings_updateOrganizationSettings"
RESTRICTIONS = "InstanceSettings_updateRestrictions"
BETA = "BetaFeatures_updateInstanceSettings"


async def test_general_settings_are_taken_without_an_answer(clerk: Clerk) -> None:
    response = await clerk.send(
        GENERAL, hibp=False, support_email=None, allowed_origins=["capacitor://localhost"]
    )
    assert (response.status_code, response.content) == (204, b"")
    settings = clerk.sandbox.instance.settings
    assert (settings["hibp"], settings["support_email"]) == (False, None)


@pytest.mark.parametrize(
    ("operation_id", "given", "expected"),
    [
        (GENERAL, {"support_email": "help"}, (422, "form_param_format_invalid", "support_email")),
        (GENERAL, {"development_origin": "3000"}, (422, "form_param_format_invalid", "development_origin")),
        (GENERAL, {"allowed_origins": ["nowhere"]}, (422, "form_invalid_origin", "allowed_origins")),
        (
            GENERAL,
            {"allowed_origins": ["https://a.example"]},
            (422, "form_invalid_origin", "allowed_origins"),
        ),
        (
            ORGANIZATIONS,
            {"max_allowed_memberships": -1},
            (422, "form_param_value_invalid", "max_allowed_memberships"),
        ),
        (
            ORGANIZATIONS,
            {"domains_enrollment_modes": ["by_post"]},
            (422, "form_param_value_invalid", "domains_enrollment_modes"),
        ),
        (
            ORGANIZATIONS,
            {"domains_default_role_id": "role_none"},
            (404, "resource_not_found", "domains_default_role_id"),
        ),
        (
            ORGANIZATIONS,
            {"creator_role_id": ROLE[MEMBER]},
            (422, "organization_missing_creator_role_permissions", "creator_role_id"),
        ),
        (BETA, {"from_email_address": "a@b"}, (422, "form_param_format_invalid", "from_email_address")),
        (
            BETA,
            {"session_token_template": "none"},
            (422, "form_resource_not_found", "session_token_template"),
        ),
    ],
)
async def test_a_setting_is_refused_and_the_others_stay(
    clerk: Clerk, operation_id: str, given: dict[str, Any], expected: tuple[int, str, str | None]
) -> None:
    before = dict(clerk.sandbox.instance.settings)
    assert await clerk.error(operation_id, **given) == expected
    assert clerk.sandbox.instance.settings == before


async def test_restrictions_answer_all_of_them(clerk: Clerk) -> None:
    answer = await clerk.call(
        RESTRICTIONS, allowlist=True, block_disposable_email_domains=True, blocklist=None
    )
    assert answer["allowlist"]
    assert answer["block_disposable_email_domains"]
    assert not answer["blocklist"]
    beta = await clerk.call(BETA, progressive_sign_up=False)
    assert (beta["restricted_to_allowlist"], beta["progressive_sign_up"]) == (True, False)
    await clerk.call(BETA, restricted_to_allowlist=False)
    assert not (await clerk.call(RESTRICTIONS))["allowlist"]


async def test_a_plan_without_a_restriction_lets_it_stay_off(clerk: Clerk) -> None:
    clerk.sandbox.instance.settings["unsupported_features"] = ["blocklist"]
    refused = (402, "unsupported_subscription_plan_features", None)
    assert await clerk.error(RESTRICTIONS, blocklist=True) == refused
    await clerk.call(RESTRICTIONS, blocklist=False)


async def test_roles_are_set_by_id_and_answered_by_key(clerk: Clerk) -> None:
    answer = await clerk.call(
        ORGANIZATIONS,
        creator_role_id=ROLE[ADMIN],
        domains_default_role_id=ROLE[ADMIN],
        domains_enrollment_modes=["automatic_invitation", "automatic_suggestion"],
    )
    assert (answer["creator_role"], answer["domains_default_role"]) == (ADMIN, ADMIN)
    assert answer["domains_enrollment_modes"] == ["automatic_invitation", "automatic_suggestion"]


async def test_an_instance_has_one_svix_app_or_none(clerk: Clerk) -> None:
    urls = [await clerk.call("Webhooks_generateSvixDashboardUrl") for _ in range(2)]
    assert urls[0] != urls[1]
    assert await clerk.error("Webhooks_createSvixApp") == (400, "svix_app_exists", None)
    response = await clerk.send("Webhooks_deleteSvixApp")
    assert (response.status_code, response.content) == (204, b"")
    for operation_id in ("Webhooks_deleteSvixApp", "Webhooks_generateSvixDashboardUrl"):
        assert await clerk.error(operation_id) == (400, "svix_app_missing", None)
    assert "svix_url" in await clerk.call("Webhooks_createSvixApp")


async def test_a_redirect_url_is_listed_until_it_is_removed(clerk: Clerk) -> None:
    before = await clerk.call("RedirectUrLs_listAll")
    made = await clerk.call("RedirectUrLs_createNewUrl", url="my-app://callback")
    assert await clerk.call("RedirectUrLs_getById", id=made["id"]) == made
    assert await clerk.call("RedirectUrLs_listAll") == [made, *before]
    removed = await clerk.call("RedirectUrLs_removeById", id=made["id"])
    assert removed == {"object": "redirect_url", "id": made["id"], "deleted": True}
    assert await clerk.call("RedirectUrLs_listAll") == before


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, (422, "form_param_missing", "url")),
        ("app.fernhill.example", (422, "form_param_format_invalid", "url")),
        ("https://[broken", (422, "form_param_format_invalid", "url")),
        ("fernhill://oauth-callback", (400, "duplicate_record", "url")),
    ],
)
async def test_a_redirect_url_is_refused(
    clerk: Clerk, url: str | None, expected: tuple[int, str, str]
) -> None:
    assert await clerk.error("RedirectUrLs_createNewUrl", url=url) == expected
