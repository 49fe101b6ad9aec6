"""What is known as a credential, by its name and by its form."""

import pytest

from clerk_tools.credentials import holds_credential, is_credential_name

KEPT_UNDER = """
password passwords secret_key secretKey jwt otp totp recovery_codes backup_codes cookie set-cookie
session_cookie clientSecret X-Api-Key api_key apiKey APIKey access_token accessToken refresh_token
id_token private_key privateKey ssh_key signing_key webhook_secret totp_secret pin cvv connection_string
database_url mfa_code one_time_code verification_code password_hash password_digest salt nonce ticket
seed_phrase mnemonic Authorization auth_header credentials passphrase pwd passcode bearer_token csrf_token
pem secret_access_key security_answer
""".split()  # noqa: SIM905 a list of them fills a screen

NOT_KEPT_UNDER = """
name key role_key  token_type shipping spin email code phone_code publishable_key public_key url
password_enabled totp_enabled session_token_template client_id secret_name plan identifier status
""".split()  # noqa: SIM905


@pytest.mark.parametrize("name", KEPT_UNDER)
def test_a_name_for_credentials_is_known(name: str) -> None:
    assert is_credential_name(name)


@pytest.mark.parametrize("name", NOT_KEPT_UNDER)
def test_another_name_is_none(name: str) -> None:
    assert not is_credential_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "sk_live_abcdefgh1234",
        "the key is sk_test_sandbox_0000",
        "whsec_MfKQ9r8GKYqrTwjU",
        "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl",
        "https://x.example/sign-in?__clerk_ticket=eyJhbGciOi",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
    ],
)
def test_a_credential_is_known_by_its_form(text: str) -> None:
    assert holds_credential(text)


@pytest.mark.parametrize(
    "text", ["user_2abc", "pk_test_abcdefgh", "ask_live_now", "eyJ.eyJ", "https://x.example/?q=1", ""]
)
def test_ordinary_text_is_none(text: str) -> None:
    assert not holds_credential(text)
