"""JWT templates: their names, claims, times and keys."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.clerk import Clerk

pytestmark = pytest.mark.anyio

CREATE = "JwtTemplates_createTemplate"
UPDATE = "JwtTemplates_updateTemplateById"
NEW: dict[str, Any] = {"name": "weather", "claims": {"aud": "weather"}}


async def test_a_template_lives_a_minute_unless_told_otherwise(clerk: Clerk) -> None:
    made = await clerk.call(CREATE, **NEW)
    assert (made["lifetime"], made["allowed_clock_skew"], made["signing_algorithm"]) == (60, 5, "RS256")
    assert await clerk.call("JwtTemplates_getTemplateDetails", template_id=made["id"]) == made
    assert made in await clerk.call("JwtTemplates_listAllTemplates")


@pytest.mark.parametrize("claim", ["azp", "exp", "iat", "iss", "jti", "nbf", "sid", "sub"])
async def test_claims_that_clerk_sets_are_reserved(clerk: Clerk, claim: str) -> None:
    reserved = (400, "jwt_template_reserved_claim", "claims")
    assert await clerk.error(CREATE, name="weather", claims={claim: "mine"}) == reserved


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": None}, (422, "form_param_missing", "name")),
        ({"name": "hasura"}, (422, "form_identifier_exists", "name")),
        ({"claims": None}, (422, "form_param_missing", "claims")),
        ({"lifetime": 29}, (422, "form_param_value_invalid", "lifetime")),
        ({"lifetime": 315_360_001}, (422, "form_param_value_invalid", "lifetime")),
        ({"allowed_clock_skew": 301}, (422, "form_param_value_invalid", "allowed_clock_skew")),
        ({"signing_algorithm": "none"}, (422, "form_param_value_invalid", "signing_algorithm")),
        ({"custom_signing_key": True}, (422, "form_param_missing", "signing_algorithm")),
        (
            {"custom_signing_key": True, "signing_algorithm": "HS256"},
            (422, "form_param_missing", "signing_key"),
        ),
    ],
)
async def test_a_template_is_refused(
    clerk: Clerk, given: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    assert await clerk.error(CREATE, **NEW | given) == expected


async def test_a_signing_key_is_taken_and_never_answered(clerk: Clerk) -> None:
    key = "a-sandbox-signing-key-of-32-bytes"
    made = await clerk.call(
        CREATE, **NEW, custom_signing_key=True, signing_algorithm="HS256", signing_key=key
    )
    assert made["custom_signing_key"]
    for answer in (made, await clerk.call("JwtTemplates_listAllTemplates")):
        assert key not in str(answer)


async def test_an_update_changes_what_it_names(clerk: Clerk) -> None:
    made = await clerk.call(CREATE, **NEW)
    changed = await clerk.call(UPDATE, template_id=made["id"], name="weather", lifetime=30)
    assert changed == made | {"lifetime": 30, "updated_at": changed["updated_at"]}
    error = await clerk.error(UPDATE, template_id=made["id"], claims={"sub": "x"})
    assert error == (400, "jwt_template_reserved_claim", "claims")
    nameless = await clerk.error(UPDATE, template_id=made["id"], name=" ")
    assert nameless == (422, "form_param_missing", "name")


async def test_the_template_of_the_session_tokens_cannot_be_deleted(clerk: Clerk) -> None:
    made = await clerk.call(CREATE, **NEW)
    await clerk.call("BetaFeatures_updateInstanceSettings", session_token_template="weather")
    in_use = await clerk.error("JwtTemplates_deleteTemplateById", template_id=made["id"])
    assert in_use == (403, "session_token_jwt_template", None)
    await clerk.call("BetaFeatures_updateInstanceSettings", session_token_template="")
    deleted = await clerk.call("JwtTemplates_deleteTemplateById", template_id=made["id"])
    assert deleted == {"object": "jwt_template", "id": made["id"], "deleted": True}


async def test_the_newer_sdks_get_pages_when_they_ask_for_them(clerk: Clerk) -> None:
    everything = await clerk.call("JwtTemplates_listAllTemplates")
    response = await clerk.http.get("jwt_templates?paginated=true&limit=1&offset=1")
    assert response.json() == {"data": everything[1:2], "total_count": len(everything)}


async def test_a_plan_without_templates_refuses_new_ones(clerk: Clerk) -> None:
    clerk.sandbox.instance.settings["unsupported_features"] = ["custom_jwt_template"]
    assert await clerk.error(CREATE, **NEW) == (402, "unsupported_subscription_plan_features", None)
