"""What an agent sees of each kind of object."""

import json
from functools import partial
from typing import Any

import pytest

from clerk_tools import views
from clerk_tools.view import View
from clerk_tools.views import kinds, view
from tests.tools.clerk_objects import (
    MARCH_4,
    PEM,
    RAW,
    Raw,
    clerk_id,
    email_address,
    external_account,
    phone_number,
    session,
    user,
)

ADA = clerk_id("user")
FERRYTIDE = clerk_id("org")


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def test_every_kind_has_an_example_here() -> None:
    assert set(RAW) == kinds()


def test_a_view_as_data_shows_what_it_names_by_type() -> None:
    inner = View(("id", "name"))
    shown = partial(
        views._shown,
        View(
            ("id",),
            flags=("on",),
            objects=("metadata",),
            lists=("scopes",),
            inside={"owner": inner, "roles": inner, "none": inner},
            times=("created_at",),
        ),
    )
    raw = {
        "id": "x_1",
        "on": True,
        "metadata": {"a": 1},
        "scopes": ["read", {}],
        "owner": {"id": "user_1", "secret": "s"},
        "roles": [{"id": "role_1"}, {}],
        "none": None,
        "created_at": MARCH_4,
        "other": "left out",
    }
    assert shown(raw) == {
        "id": "x_1",
        "on": True,
        "metadata": {"a": 1},
        "scopes": ["read"],
        "owner": {"id": "user_1"},
        "roles": [{"id": "role_1"}],
        "created_at": "2026-03-04T05:06:07Z",
    }
    assert shown({"on": False, "owner": {}, "roles": "?"}) == {}


def test_a_user_is_who_they_are_and_how_they_sign_in() -> None:
    raw = user() | {"banned": True, "unsafe_metadata": {"theme": "dark"}}
    assert view("user", raw) == {
        "id": ADA,
        "name": "Ada Park",
        "username": "ada0",
        "external_id": "crm-1000",
        "email_addresses": [
            {
                "id": raw["email_addresses"][0]["id"],
                "email_address": "ada.park@ferrytide.example",
                "primary": True,
                "verified": True,
            }
        ],
        "phone_numbers": [
            {
                "id": raw["phone_numbers"][0]["id"],
                "phone_number": "+12025550100",
                "primary": True,
                "verified": True,
                "reserved_for_second_factor": True,
            }
        ],
        "second_factors": ["phone_code", "backup_code"],
        "external_accounts": [
            {
                "id": raw["external_accounts"][0]["id"],
                "provider": "oauth_google",
                "email_address": "ada.park@ferrytide.example",
                "verified": True,
            }
        ],
        "banned": True,
        "public_metadata": {"plan": "pro", "seats": 5},
        "unsafe_metadata": {"theme": "dark"},
        "created_at": "2026-03-04T05:06:07Z",
        "last_active_at": "2026-03-05T06:06:07Z",
    }


def test_a_user_with_nothing_special_is_short() -> None:
    assert set(view("user", user(1))) == {
        "id",
        "name",
        "email_addresses",
        "created_at",
        "last_active_at",
    }


def test_a_page_of_users_takes_a_third_of_clerks_bytes() -> None:
    users = [user(seed) for seed in range(50)]
    assert len(compact(view("user", users))) <= 0.35 * len(compact(users))


@pytest.mark.parametrize("status", ["unverified", "failed", "expired"])
def test_an_address_that_is_not_verified_says_so(status: str) -> None:
    seen = view("user", user(1) | {"email_addresses": [email_address(status=status)]})
    assert seen["email_addresses"][0]["verified"] is False


def test_a_verification_that_never_began_is_not_verified() -> None:
    assert view("email_address", email_address() | {"verification": None})["verified"] is False


def test_only_the_primary_address_is_marked_primary() -> None:
    work, home = email_address("ada@work.example"), email_address("ada@home.example")
    raw = user(1) | {"email_addresses": [work, home], "primary_email_address_id": home["id"]}
    assert ["primary" in seen for seen in view("user", raw)["email_addresses"]] == [False, True]


def test_wallets_passkeys_and_enterprise_accounts_are_shown_compactly() -> None:
    account = {
        "id": clerk_id("samlacc"),
        "object": "saml_account",
        "provider": "saml_okta",
        "active": True,
        "email_address": "ada.park@ferrytide.example",
        "public_metadata": {},
        "verification": {"status": "verified", "strategy": "saml", "expire_at": MARCH_4},
        "saml_connection": RAW["saml_connection"],
    }
    wallet = {"id": clerk_id("idn"), "object": "web3_wallet", "web3_wallet": "0x52908400098527886E0F"}
    passkey = {"id": clerk_id("pk"), "object": "passkey", "name": "MacBook", "last_used_at": MARCH_4}
    seen = view(
        "user", user(1) | {"saml_accounts": [account], "web3_wallets": [wallet], "passkeys": [passkey]}
    )
    assert seen["saml_accounts"] == [
        {
            "id": account["id"],
            "provider": "saml_okta",
            "email_address": "ada.park@ferrytide.example",
            "verified": True,
            "saml_connection_id": RAW["saml_connection"]["id"],
        }
    ]
    assert seen["web3_wallets"] == [{"id": wallet["id"], "web3_wallet": wallet["web3_wallet"]}]
    assert seen["passkeys"] == [
        {"id": passkey["id"], "name": "MacBook", "last_used_at": "2026-03-04T05:06:07Z"}
    ]


def test_a_locked_user_says_for_how_long() -> None:
    seen = view("user", user(1) | {"locked": True, "lockout_expires_in_seconds": 840})
    assert (seen["locked"], seen["lockout_expires_in_seconds"]) == (True, 840)


def test_a_second_factor_that_clerk_does_not_name_is_still_told() -> None:
    raw = user(1) | {"two_factor_enabled": True}
    assert view("user", raw)["two_factor_enabled"] is True
    assert view("user", raw | {"totp_enabled": True})["second_factors"] == ["totp"]


def test_a_session_is_whose_it_is_and_where_it_was_used() -> None:
    assert view("session", session() | {"actor": {"sub": ADA}}) == {
        "id": clerk_id("sess"),
        "user_id": ADA,
        "client_id": clerk_id("client"),
        "status": "active",
        "last_active_organization_id": FERRYTIDE,
        "actor": {"sub": ADA},
        "created_at": "2026-03-04T05:06:07Z",
        "last_active_at": "2026-03-04T05:06:07Z",
        "latest_activity": {
            "ip_address": "203.0.113.24",
            "city": "Lisbon",
            "country": "PT",
            "device_type": "Macintosh",
        },
    }


def test_a_client_names_every_session_once() -> None:
    seen = view("client", RAW["client"])
    assert [entry["id"] for entry in seen["sessions"]] + seen["session_ids"] == RAW["client"]["session_ids"]
    assert "client_id" not in seen["sessions"][0]
    assert seen["sign_up_id"] == clerk_id("sua")


def test_an_email_address_names_the_accounts_it_is_linked_to() -> None:
    raw = email_address()
    assert view("email_address", raw) == {
        "id": raw["id"],
        "email_address": "ada.park@ferrytide.example",
        "verified": True,
        "linked_to": raw["linked_to"],
    }


def test_a_phone_number_marks_the_second_factor() -> None:
    raw = phone_number(second_factor=True)
    assert view("phone_number", raw) == {
        "id": raw["id"],
        "phone_number": "+12025550142",
        "verified": True,
        "reserved_for_second_factor": True,
        "default_second_factor": True,
    }


def test_an_organization_is_its_name_how_full_it_is_and_who_made_it() -> None:
    assert view("organization", RAW["organization"]) == {
        "id": FERRYTIDE,
        "name": "Ferrytide",
        "slug": "ferrytide",
        "members_count": 12,
        "pending_invitations_count": 2,
        "max_allowed_memberships": 50,
        "created_by": ADA,
        "public_metadata": {"tier": "gold"},
        "created_at": "2026-03-04T05:06:07Z",
    }


def test_a_membership_is_a_role_a_member_and_an_organization() -> None:
    assert view("organization_membership", RAW["organization_membership"]) == {
        "id": clerk_id("orgmem"),
        "role": "org:admin",
        "user": {"user_id": ADA, "name": "Ada Park", "identifier": "ada.park@ferrytide.example"},
        "organization": {"id": FERRYTIDE, "name": "Ferrytide"},
        "created_at": "2026-03-04T05:06:07Z",
    }


def test_an_organization_invitation_is_who_where_as_what_and_by_whom() -> None:
    assert view("organization_invitation", RAW["organization_invitation"]) == {
        "id": clerk_id("orginv"),
        "email_address": "noor@ferrytide.example",
        "role": "org:member",
        "organization_id": FERRYTIDE,
        "inviter_id": ADA,
        "status": "pending",
        "url": RAW["organization_invitation"]["url"],
        "created_at": "2026-03-04T05:06:07Z",
        "expires_at": "2026-04-03T05:06:07Z",
    }


def test_an_invitation_is_who_and_how_far_it_got() -> None:
    assert view("invitation", RAW["invitation"]) == {
        "id": clerk_id("inv"),
        "email_address": "noor@ferrytide.example",
        "status": "pending",
        "url": RAW["invitation"]["url"],
        "public_metadata": {"team": "harbour"},
        "created_at": "2026-03-04T05:06:07Z",
        "expires_at": "2026-04-03T05:06:07Z",
    }


def test_a_listed_identifier_is_its_text_and_the_invitation_it_came_with() -> None:
    assert view("allowlist_identifier", RAW["allowlist_identifier"]) == {
        "id": clerk_id("alid"),
        "identifier": "*@ferrytide.example",
        "invitation_id": clerk_id("inv"),
    }
    assert view("blocklist_identifier", RAW["blocklist_identifier"]) == {
        "id": clerk_id("blid"),
        "identifier": "+12025550199",
    }


def test_a_sign_up_is_what_is_still_missing() -> None:
    assert view("sign_up_attempt", RAW["sign_up_attempt"]) == {
        "id": clerk_id("sua"),
        "status": "missing_requirements",
        "name": "Noor",
        "email_address": "noor@ferrytide.example",
        "unsafe_metadata": {"referrer": "newsletter"},
        "missing_fields": ["password"],
        "unverified_fields": ["email_address"],
        "abandon_at": "2026-03-04T05:06:07Z",
    }


@pytest.mark.parametrize(
    ("kind", "secrets"),
    [
        ("sign_in_token", ("token", "url")),
        ("actor_token", ("token", "url")),
        ("oauth_access_token", ("token", "token_secret")),
        ("oauth_application", ("client_secret",)),
        ("session_token", ("jwt",)),
        ("svix_url", ("svix_url",)),
        ("invitation", ("url",)),
        ("organization_invitation", ("url",)),
    ],
)
def test_what_a_call_hands_out_is_left_for_the_server_to_mask(kind: str, secrets: tuple[str, ...]) -> None:
    seen = view(kind, RAW[kind])
    assert {name: seen[name] for name in secrets} == {name: RAW[kind][name] for name in secrets}


def test_an_oauth_application_is_what_its_developer_sets_up() -> None:
    seen = view("oauth_application", RAW["oauth_application"])
    assert set(seen) == {
        "id",
        "name",
        "client_id",
        "client_secret",
        "public",
        "scopes",
        "callback_url",
        "discovery_url",
        # Whoever adds one must send all: an update replaces them.
        "redirect_uris",
    }


def test_further_redirect_uris_and_domains_are_shown() -> None:
    uris = ["https://a.example/callback", "https://b.example/callback"]
    assert (
        view("oauth_application", RAW["oauth_application"] | {"redirect_uris": uris})["redirect_uris"] == uris
    )
    domains = ["ferrytide.example", "ferrytide.test"]
    assert view("saml_connection", RAW["saml_connection"] | {"domains": domains})["domains"] == domains


def test_a_saml_connection_is_both_sides_without_their_certificates() -> None:
    seen = view("saml_connection", RAW["saml_connection"])
    assert PEM not in json.dumps(seen)
    assert seen["idp_certificate_expires_at"] == "2026-03-04T05:06:07Z"
    assert {name: seen[name] for name in ("id", "provider", "active", "user_count", "acs_url")} == {
        "id": clerk_id("samlc"),
        "provider": "saml_okta",
        "active": True,
        "user_count": 9,
        "acs_url": "https://clerk.ferrytide.example/v1/saml/acs/samlc",
    }


def test_a_jwt_template_keeps_its_claims() -> None:
    raw = RAW["jwt_template"]
    assert view("jwt_template", raw) == {
        "id": clerk_id("jtmp"),
        "name": "hasura",
        "lifetime": 60,
        "claims": raw["claims"],
    }
    own_key = view("jwt_template", raw | {"custom_signing_key": True})
    assert own_key["signing_algorithm"] == "RS256"


def test_a_message_template_has_its_text_only_in_the_details() -> None:
    raw = RAW["template"]
    summary, details = view("template", raw), view("template_details", raw)
    assert summary == {
        "id": clerk_id("tmpl"),
        "slug": "verification_code",
        "name": "Verification code",
        "subject": "{{otp_code}} is your verification code",
        "from_email_name": "noreply",
        "reply_to_email_name": "support",
        "delivered_by_clerk": True,
        "enabled": True,
        "can_revert": True,
    }
    added = ("markup", "body", "available_variables", "required_variables")
    assert details == summary | {name: raw[name] for name in added}


def test_keys_are_shown_without_their_private_part() -> None:
    (key,) = RAW["jwks"]["keys"]
    assert view("jwks", RAW["jwks"]) == {
        "keys": [{name: key[name] for name in ("kid", "use", "kty", "alg", "n", "e")}]
    }


def test_a_domain_lists_the_records_it_needs() -> None:
    seen = view("domain", RAW["domain"])
    assert seen["cname_targets"] == RAW["domain"]["cname_targets"]
    assert seen["is_satellite"] is False
    assert "proxy_url" not in seen


@pytest.mark.parametrize(
    ("kind", "dropped"),
    [
        ("deleted", {"object"}),
        ("user_reference", set()),
        ("instance_restrictions", {"object"}),
        ("instance_settings", {"object"}),
        (
            "organization_settings",
            {
                "object",
                "max_role_sets_allowed",
                "max_allowed_permissions",
                "slug_disabled",
                "initial_role_set_key",
            },
        ),
        ("redirect_url", {"object", "created_at", "updated_at"}),
        ("template_preview", set()),
        ("total_count", {"object"}),
        ("verification", set()),
    ],
)
def test_small_objects_lose_their_bookkeeping_only(kind: str, dropped: set[str]) -> None:
    assert view(kind, RAW[kind]) == {name: RAW[kind][name] for name in RAW[kind] if name not in dropped}


def test_a_proxy_check_says_whether_and_when_it_passed() -> None:
    assert view("proxy_check", RAW["proxy_check"]) == {
        "id": clerk_id("proxychk"),
        "domain_id": clerk_id("dmn"),
        "proxy_url": "https://ferrytide.example/__clerk",
        "successful": True,
        "last_run_at": "2026-03-04T05:06:07Z",
    }


_NEVER = ("private_metadata", "backup_codes", "idp_certificate", "idp_metadata", "id_token", "d", "x5c")
_NOISE = ("object", "updated_at", "image_url", "profile_image_url", "logo_url", "avatar_url", "verification")


def _with_canaries(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {k: "canary" if k in names else _with_canaries(v, names) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_canaries(entry, names) for entry in value]
    return value


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_no_default_view_holds_a_secret_or_bookkeeping(kind: str) -> None:
    assert "canary" not in json.dumps(view(kind, _with_canaries(RAW[kind], _NEVER + _NOISE)))


@pytest.mark.parametrize("kind", sorted(set(RAW) - {"verification", "svix_url", "session_token"}))
def test_every_view_keeps_the_ids_that_the_next_call_needs(kind: str) -> None:
    needed = {name: raw for name, raw in RAW[kind].items() if name in ("id", "user_id", "slug") and raw}
    assert needed.items() <= view(kind, RAW[kind]).items()


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        (MARCH_4, "2026-03-04T05:06:07Z"),
        (MARCH_4 + 999, "2026-03-04T05:06:07Z"),
        (float(MARCH_4), "2026-03-04T05:06:07Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59Z"),
        ("2026-03-04T05:06:07Z", "2026-03-04T05:06:07Z"),
    ],
)
def test_a_time_is_iso_8601_in_utc_to_the_second(time: object, shown: str) -> None:
    assert view("organization", {"created_at": time}) == {"created_at": shown}


@pytest.mark.parametrize(
    "time", [None, 0, -1, True, "", float("nan"), float("inf"), 10**400, 253_402_300_800_000, [MARCH_4], {}]
)
def test_what_is_no_time_is_left_out(time: object) -> None:
    assert view("organization", {"created_at": time}) == {}


def test_a_field_of_another_plain_type_is_passed_on_and_anything_else_is_dropped() -> None:
    raw: Raw = {
        "id": 7,
        "name": ["Ferrytide"],
        "slug": {"a": 1},
        "members_count": "12",
        "created_by": float("inf"),
    }
    assert view("organization", raw) == {"id": 7, "members_count": "12"}


def test_unknown_fields_are_not_shown() -> None:
    assert view("organization", {"id": FERRYTIDE, "api_token": "canary"}) == {"id": FERRYTIDE}


def test_metadata_of_any_depth_is_passed_on_whole() -> None:
    deep: Raw = {}
    for _ in range(10_000):
        deep = {"a": deep}
    assert view("user", {"public_metadata": deep})["public_metadata"] is deep


def test_a_list_is_viewed_entry_by_entry() -> None:
    assert view("redirect_url", [RAW["redirect_url"], "odd", None]) == [
        view("redirect_url", RAW["redirect_url"])
    ]


@pytest.mark.parametrize(
    ("answer", "seen"), [("<html>", "<html>"), (3, 3), (True, True), (None, None), ("", None)]
)
def test_what_is_no_object_has_no_view(answer: object, seen: object) -> None:
    assert view("user", answer) == seen


def test_a_kind_without_a_view_is_refused() -> None:
    with pytest.raises(KeyError):
        view("spaceship", {})


def test_an_account_linked_without_its_verification_claims_nothing() -> None:
    account = {k: v for k, v in external_account().items() if k != "verification"}
    assert "verified" not in view("user", user(1) | {"external_accounts": [account]})["external_accounts"][0]
