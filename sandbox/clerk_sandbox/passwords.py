"""Passwords: the rules for new ones, how they are kept, and how digests from elsewhere are checked.

Own passwords are kept as scrypt with a small work factor: they guard nothing but a sandbox. Of imported
digests, most that the standard library can compute verify for real. The others are checked for form and kept,
and no password ever matches them: argon2i, argon2id, bcrypt, bcrypt_sha256_django, ldap_ssha, md5_phpass,
pbkdf2_sha512, pbkdf2_sha512_hex, phpass, scrypt_firebase and sha512_symfony.
"""

import base64
import hashlib
import hmac
import re

from clerk_sandbox import errors

MIN_LENGTH = 8

# A few of the most leaked passwords stand in for the breach service that Clerk asks.
PWNED = frozenset({"password", "password1", "password123", "12345678", "123456789", "qwertyuiop", "iloveyou"})

_BASE64 = r"(?:[A-Za-z0-9+/]{4})*[A-Za-z0-9+/]{2,4}={0,2}"
_BCRYPT = r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}"
DIGEST_FORMS = {
    "argon2i": r"\$argon2i\$v=\d+\$m=\d+,t=\d+,p=\d+\$[^$]+\$[^$]+",
    "argon2id": r"\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$[^$]+\$[^$]+",
    "bcrypt": _BCRYPT,
    "bcrypt_sha256_django": r"bcrypt_sha256\$" + _BCRYPT,
    "ldap_ssha": rf"\{{SSHA\}}{_BASE64}",
    "md5": r"[0-9a-fA-F]{32}",
    "md5_phpass": r"\$P\$[./0-9A-Za-z]{31}",
    "sha256": r"[0-9a-fA-F]{64}",
    "pbkdf2_sha256": rf"pbkdf2_sha256\$[1-9]\d{{0,6}}\${_BASE64}\${_BASE64}",
    "pbkdf2_sha256_django": rf"pbkdf2_sha256\$[1-9]\d{{0,6}}\$[^$]+\${_BASE64}",
    "pbkdf2_sha1": r"pbkdf2_sha1\$[1-9]\d{0,6}\$[^$]+\$(?:[0-9a-fA-F]{2})+",
    "pbkdf2_sha512": rf"pbkdf2_sha512\$[1-9]\d{{0,6}}\$[^$]+\${_BASE64}",
    "pbkdf2_sha512_hex": r"pbkdf2_sha512\$[1-9]\d{0,6}\$(?:[0-9a-fA-F]{2})+\$(?:[0-9a-fA-F]{2})+",
    "phpass": r"\$P\$[./0-9A-Za-z]{31}",
    "scrypt_firebase": rf"{_BASE64}\${_BASE64}\${_BASE64}\${_BASE64}\$\d+\$\d+",
    "sha512_symfony": r"[A-Za-z0-9+/=]{20,}\$[^$]*",
    "scrypt_werkzeug": r"scrypt:\d{1,7}:\d{1,3}:\d{1,3}\$[^$]+\$(?:[0-9a-fA-F]{2})+",
}


def check_strength(password: str, *, breaches_too: bool) -> None:
    """Clerk's rules for a new password; `skip_password_checks` skips this whole function.

    Raises:
        ClerkError: too short, or (with `breaches_too`) known from a breach.
    """
    if len(password) < MIN_LENGTH:
        raise errors.form_password_length_too_short(MIN_LENGTH)
    if breaches_too and password.lower() in PWNED:
        raise errors.form_password_pwned()


def check_digest_form(hasher: str, digest: str) -> None:
    """Refuse an imported digest that is not in its hasher's form."""
    if not re.fullmatch(DIGEST_FORMS[hasher], digest):
        raise errors.form_param_format_invalid("password_digest", f"in the form of {hasher}")


def keep(password: str, salt: str) -> dict[str, str]:
    """Return a plain password in the form in which it is stored."""
    digest = hashlib.scrypt(password.encode(), salt=salt.encode(), n=16, r=8, p=1).hex()
    return {"hasher": "scrypt_werkzeug", "digest": f"scrypt:16:8:1${salt}${digest}"}


def matches(password: str, hasher: str, digest: str) -> bool:
    computed = _compute(password.encode(), hasher, digest)
    return computed is not None and hmac.compare_digest(computed[0], computed[1])


def _compute(password: bytes, hasher: str, digest: str) -> tuple[bytes, bytes] | None:
    """Return what the password gives and what the digest holds; None for a hasher that cannot be computed
    here."""
    match hasher, digest.split("$"):
        case ("md5" | "sha256") as name, _:
            return hashlib.new(name, password).digest(), bytes.fromhex(digest)
        case "pbkdf2_sha256", [_, rounds, salt, kept]:
            hashed = _base64(kept)
            return hashlib.pbkdf2_hmac("sha256", password, _base64(salt), int(rounds), len(hashed)), hashed
        case "pbkdf2_sha256_django", [_, rounds, salt, kept]:
            return hashlib.pbkdf2_hmac("sha256", password, salt.encode(), int(rounds)), _base64(kept)
        case "pbkdf2_sha1", [_, rounds, salt, kept]:
            hashed = bytes.fromhex(kept)
            return hashlib.pbkdf2_hmac("sha1", password, salt.encode(), int(rounds), len(hashed)), hashed
        case "scrypt_werkzeug", [how, salt, kept]:
            hashed = bytes.fromhex(kept)
            n, r, p = map(int, how.split(":")[1:])
            try:
                computed = hashlib.scrypt(
                    password,
                    salt=salt.encode(),
                    n=n,
                    r=r,
                    p=p,
                    maxmem=128 * r * (n + p + 2),
                    dklen=len(hashed),
                )
            except (ValueError, MemoryError):
                return None
            return computed, hashed
        case _:
            return None


def _base64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
