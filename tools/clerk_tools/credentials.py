"""What gives a credential away: the names it is kept under, and the forms that it has wherever it stands."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_NAMES: Final = frozenset(
    """
    apikey assertion authorization bearer cookie cred credential csrf cvc cvv digest dsn hash hotp jwt
    mnemonic nonce otp passcode passkey passphrase passwd password pem pin psk pwd salt secret secretkey
    ticket token totp xsrf

    access_key account_key api_key client_key encryption_key hmac_key license_key master_key private_key
    rsa_key secret_key service_key session_key shared_key signing_key ssh_key storage_key webhook_key

    auth_code backup_code login_code mfa_code recovery_code reset_code scratch_code security_code time_code
    verification_code recovery_phrase secret_phrase seed_phrase security_answer auth_header saml_response
    connection_string database_url magic_link redis_url external_verification_redirect_url
    """.split()  # noqa: SIM905 a list of them fills a screen
)
"""How a name ends, in lower case with underscores, in the singular."""

_UNSEPARATED: Final = re.compile(
    "(?:password|passwd|passphrase|passcode|secret|token|jwt|cookie|credential|apikey|privatekey|secretkey"
    "|(?:recovery|backup|verification|onetime)code)s?$"
)
"""What ends a name also where nothing separates it, as in `dbpassword`."""

_LONGEST_ENDING: Final = 4
"""Words in the longest of `_NAMES`."""

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_FORMS: Final = re.compile(
    r"\bsk_(?:live|test)_\w{8}"
    r"|\bwhsec_[\w+/=-]{8}"
    r"|\beyJ[\w-]{8,512}\.[\w-]{8,4096}\.[\w-]{8}"
    r"|\bdvb_[\w-]{8}"
    r"|[?&](?:__clerk_[a-z_]{2,20}|token|ticket)=[^&\s]{8}"
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"
)
"""Clerk's secret keys, Svix' signing secrets, JSON web tokens, rotating tokens, links that sign somebody in,
private keys."""


@lru_cache(maxsize=4096)
def is_credential_name(name: str) -> bool:
    """Tell whether a name is one for credentials, such as `clientSecret`, `recovery_codes` or `X-Api-Key`."""
    words = [word.lower() for word in _WORD.findall(name[-100:])][-_LONGEST_ENDING:]
    if _UNSEPARATED.search("".join(words)):
        return True
    endings = ("_".join(words[start:]) for start in range(len(words)))
    return any(ending in _NAMES or ending.removesuffix("s") in _NAMES for ending in endings)


def holds_credential(text: str) -> bool:
    """Tell whether a text has the form of a credential, or a credential of known form in it."""
    # Of thousands of texts hardly one has any of these in it, and to see that takes a tenth of the search.
    suspicious = (
        "sk_" in text
        or "eyJ" in text
        or "=" in text
        or "whsec_" in text
        or "dvb_" in text
        or "-----BEGIN " in text
    )
    return suspicious and _FORMS.search(text) is not None


def without_credentials(text: str) -> str:
    """Return a text with another word in place of each that holds a credential of known form."""
    if not holds_credential(text):
        return text
    return re.sub(r"\S+", lambda word: "(a credential)" if holds_credential(word[0]) else word[0], text)
