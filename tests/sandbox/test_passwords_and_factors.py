"""Passwords and second factors, which really verify."""

from __future__ import annotations

import base64
import hashlib

import pyotp
import pytest

from clerk_sandbox.demo_data import BACKUP_CODES, PASSWORD, TOTP_SECRET
from clerk_sandbox.sandbox import Sandbox
from tests.sandbox.clerk import Clerk
from tests.sandbox.clock import Clock

pytestmark = pytest.mark.anyio

CREATE = "Users_createNewUser"
UPDATE = "Users_updateUserAttributes"
VERIFY_PASSWORD = "Users_verifyPassword"
VERIFY_TOTP = "Users_verifyTotp"
WRONG_PASSWORD = (422, "incorrect_password", "password")
WRONG_CODE = (422, "totp_incorrect_code", None)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


SECRET = b"open sesame"
DIGESTS = {
    "md5": hashlib.md5(SECRET).hexdigest(),  # noqa: S324 - what is imported
    "sha256": hashlib.sha256(SECRET).hexdigest(),
    "pbkdf2_sha256": "pbkdf2_sha256$1000$"
    + b64(b"salty")
    + "$"
    + b64(hashlib.pbkdf2_hmac("sha256", SECRET, b"salty", 1000)),
    "pbkdf2_sha256_django": "pbkdf2_sha256$1000$salty$"
    + b64(hashlib.pbkdf2_hmac("sha256", SECRET, b"salty", 1000)),
    "pbkdf2_sha1": "pbkdf2_sha1$1000$salty$" + hashlib.pbkdf2_hmac("sha1", SECRET, b"salty", 1000).hex(),
    "scrypt_werkzeug": "scrypt:32768:8:1$salty$"
    + hashlib.scrypt(SECRET, salt=b"salty", n=32768, r=8, p=1, maxmem=132 * 32768 * 8).hex(),
}


async def test_a_password_is_verified_and_another_one_is_not(clerk: Clerk) -> None:
    user = await clerk.call(CREATE, username="with_password", password="tulips in may")
    assert user["password_enabled"] is True
    assert await clerk.call(VERIFY_PASSWORD, user_id=user["id"], password="tulips in may") == {
        "verified": True
    }
    assert await clerk.error(VERIFY_PASSWORD, user_id=user["id"], password="tulips in June") == WRONG_PASSWORD
    await clerk.call(UPDATE, user_id=user["id"], password="roses in june")
    assert await clerk.error(VERIFY_PASSWORD, user_id=user["id"], password="tulips in may") == WRONG_PASSWORD
    await clerk.call(VERIFY_PASSWORD, user_id=user["id"], password="roses in june")


async def test_the_demo_s_staff_have_the_demo_s_password(clerk: Clerk) -> None:
    (nadia,) = await clerk.call("Users_listSortedByCreationDate", username=["nadia"])
    await clerk.call(VERIFY_PASSWORD, user_id=nadia["id"], password=PASSWORD)


async def test_who_has_no_password_cannot_verify_one(clerk: Clerk) -> None:
    user = await clerk.call(CREATE, username="passless")
    refused = await clerk.error(VERIFY_PASSWORD, user_id=user["id"], password="anything")
    assert refused == (400, "no_password_set", None)


@pytest.mark.parametrize(
    ("password", "code"),
    [("1234567", "form_password_length_too_short"), ("Password123", "form_password_pwned")],
)
async def test_weak_passwords_are_refused_unless_the_checks_are_skipped(
    clerk: Clerk, password: str, code: str
) -> None:
    refusal = (422, code, "password")
    assert await clerk.error(CREATE, username="weak_one", password=password) == refusal
    user = await clerk.call(CREATE, username="weak_one", password=password, skip_password_checks=True)
    assert await clerk.error(UPDATE, user_id=user["id"], password=password) == refusal
    await clerk.call(UPDATE, user_id=user["id"], password=password, skip_password_checks=True)


async def test_an_instance_may_not_ask_about_breaches(sandbox: Sandbox, clerk: Clerk) -> None:
    sandbox.instance.settings["hibp"] = False
    await clerk.call(CREATE, username="pwned_one", password="password123")


@pytest.mark.parametrize("hasher", DIGESTS)
async def test_an_imported_digest_verifies_its_password(clerk: Clerk, hasher: str) -> None:
    user = await clerk.call(
        CREATE, username="imported", password_digest=DIGESTS[hasher], password_hasher=hasher
    )
    await clerk.call(VERIFY_PASSWORD, user_id=user["id"], password=SECRET.decode())
    assert await clerk.error(VERIFY_PASSWORD, user_id=user["id"], password="open says me") == WRONG_PASSWORD


@pytest.mark.parametrize(
    ("hasher", "digest"),
    [
        ("bcrypt", "$2a$10$" + "a" * 53),
        ("bcrypt_sha256_django", "bcrypt_sha256$$2b$12$" + "b" * 53),
        ("argon2id", "$argon2id$v=19$m=64,t=4,p=8$c2FsdHk$aGFzaA"),
        ("argon2i", "$argon2i$v=19$m=4096,t=3,p=1$c2FsdHk$aGFzaA"),
        ("phpass", "$P$B" + "c" * 30),
        ("scrypt_firebase", "aGFzaA==$c2FsdA==$c2lnbmVy$Bw==$8$14"),
    ],
)
async def test_a_digest_that_cannot_be_computed_is_taken_but_never_matches(
    clerk: Clerk, hasher: str, digest: str
) -> None:
    user = await clerk.call(CREATE, username="imported", password_digest=digest, password_hasher=hasher)
    assert user["password_enabled"] is True
    assert await clerk.error(VERIFY_PASSWORD, user_id=user["id"], password="anything") == WRONG_PASSWORD


async def test_a_digest_whose_base64_is_cut_short_is_refused(clerk: Clerk) -> None:
    digest = {"password_digest": "pbkdf2_sha256$1$QQ==$A", "password_hasher": "pbkdf2_sha256"}
    refused = await clerk.error(CREATE, username="digested", **digest)
    assert refused == (422, "form_param_format_invalid", "password_digest")


async def test_a_digest_has_to_come_with_its_hasher_and_in_its_form(clerk: Clerk) -> None:
    digest = DIGESTS["md5"]
    assert (await clerk.error(CREATE, username="digested", password_digest=digest))[1:] == (
        "form_param_missing",
        "password_hasher",
    )
    assert (await clerk.error(CREATE, username="digested", password_hasher="md5"))[1:] == (
        "form_param_missing",
        "password_digest",
    )
    for hasher in ("sha256", "bcrypt", "pbkdf2_sha1", "scrypt_werkzeug", "argon2id"):
        refused = await clerk.error(
            CREATE, username="digested", password_digest=digest, password_hasher=hasher
        )
        assert refused == (422, "form_param_format_invalid", "password_digest")
    both = await clerk.error(
        CREATE, username="digested", password="long enough", password_digest=digest, password_hasher="md5"
    )
    assert both == (422, "form_param_value_invalid", "password_digest")


async def test_a_new_password_can_sign_out_everywhere_else(clerk: Clerk) -> None:
    (tomas,) = await clerk.call("Users_listSortedByCreationDate", username=["tomas"])
    active = {"user_id": tomas["id"], "status": "active"}
    await clerk.call(UPDATE, user_id=tomas["id"], sign_out_of_other_sessions=True)
    await clerk.call(UPDATE, user_id=tomas["id"], password="another one")
    assert len(await clerk.call("Sessions_listSortedByCreationDate", **active)) == 2
    await clerk.call(UPDATE, user_id=tomas["id"], password="yet another", sign_out_of_other_sessions=True)
    assert await clerk.call("Sessions_listSortedByCreationDate", **active) == []


async def test_a_totp_secret_yields_the_codes_of_an_authenticator_app(clock: Clock) -> None:
    clerk = Clerk(Sandbox(clock=clock))
    secret = pyotp.random_base32()
    user = await clerk.call(CREATE, username="two_factors", totp_secret=secret)
    assert (user["totp_enabled"], user["two_factor_enabled"]) == (True, True)
    assert user["mfa_enabled_at"] == clock()
    code = pyotp.TOTP(secret).at(clock() // 1000)
    verified = {"verified": True, "code_type": "totp"}
    assert await clerk.call(VERIFY_TOTP, user_id=user["id"], code=code) == verified
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert await clerk.error(VERIFY_TOTP, user_id=user["id"], code=wrong) == WRONG_CODE
    clock.advance_s(30)
    await clerk.call(VERIFY_TOTP, user_id=user["id"], code=code)
    clock.advance_s(30)
    assert await clerk.error(VERIFY_TOTP, user_id=user["id"], code=code) == WRONG_CODE


async def test_a_backup_code_works_once(clerk: Clerk) -> None:
    (tomas,) = await clerk.call("Users_listSortedByCreationDate", username=["tomas"])
    for code in BACKUP_CODES:
        verified = await clerk.call(VERIFY_TOTP, user_id=tomas["id"], code=code)
        assert verified == {"verified": True, "code_type": "backup_code"}
        assert await clerk.error(VERIFY_TOTP, user_id=tomas["id"], code=code) == WRONG_CODE
    used_up = await clerk.call("Users_getUserDetails", user_id=tomas["id"])
    assert (used_up["backup_code_enabled"], used_up["totp_enabled"]) == (False, True)


async def test_without_a_second_factor_there_is_no_code_to_verify(clerk: Clerk) -> None:
    (nadia,) = await clerk.call("Users_listSortedByCreationDate", username=["nadia"])
    refused = await clerk.error(VERIFY_TOTP, user_id=nadia["id"], code="000000")
    assert refused == (400, "totp_disabled", None)


async def test_disabling_mfa_takes_away_every_second_factor(clerk: Clerk) -> None:
    (tomas,) = await clerk.call("Users_listSortedByCreationDate", username=["tomas"])
    await clerk.call(
        "PhoneNumbers_updateDetails",
        phone_number_id=tomas["primary_phone_number_id"],
        reserved_for_second_factor=True,
    )
    assert await clerk.call("Users_disableMfa", user_id=tomas["id"]) == {"user_id": tomas["id"]}
    user = await clerk.call("Users_getUserDetails", user_id=tomas["id"])
    for name in ("totp_enabled", "backup_code_enabled", "two_factor_enabled"):
        assert user[name] is False
    assert user["mfa_disabled_at"] is not None
    assert user["phone_numbers"][0]["reserved_for_second_factor"] is False
    code = pyotp.TOTP(TOTP_SECRET).now()
    assert await clerk.error(VERIFY_TOTP, user_id=tomas["id"], code=code) == (400, "totp_disabled", None)


async def test_no_answer_shows_a_password_or_a_secret(clerk: Clerk) -> None:
    response = await clerk.send(
        CREATE,
        username="secretive",
        password="tulips in may",
        totp_secret=TOTP_SECRET,
        backup_codes=["one-two"],
    )
    for secret in ("tulips", TOTP_SECRET, "one-two", "scrypt"):
        assert secret not in response.text
