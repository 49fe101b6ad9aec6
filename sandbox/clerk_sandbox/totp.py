"""Time-based one-time codes as authenticator apps make them: RFC 6238 with SHA-1, 6 digits and 30 seconds."""

import base64
import hmac

PERIOD_S = 30


def key_of(secret: str) -> bytes:
    """Return the key in a base32 secret; case, blanks and padding do not matter.

    Raises:
        ValueError: it is not base32, or empty.
    """
    compact = secret.replace(" ", "").rstrip("=").upper()
    key = base64.b32decode(compact + "=" * (-len(compact) % 8))
    if not key:
        raise ValueError("empty secret")
    return key


def code(secret: str, at_s: int) -> str:
    """Return the code at a Unix time in seconds."""
    digest = hmac.digest(key_of(secret), (at_s // PERIOD_S).to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def matches(secret: str, given: str, at_s: int) -> bool:
    """Tell whether `given` is the code of this period or, for a clock that is a little off, of one next to
    it."""
    times = (at_s - PERIOD_S, at_s, at_s + PERIOD_S)
    return any(hmac.compare_digest(code(secret, time).encode(), given.encode()) for time in times)
