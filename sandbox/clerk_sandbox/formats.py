"""The text formats that Clerk checks: each `is_…` answers whether a text has that format."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_EMAIL = re.compile(r"[^@*\s\"(),:;<>\[\\\]]+@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_WEB3_WALLET = re.compile(r"0x[0-9a-f]{40}", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"(?:localhost|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::\d{1,5})?", re.IGNORECASE)
_SLUG = re.compile(r"[a-z0-9]+(?:-+[a-z0-9]+)*")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)


def is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


def is_phone_number(text: str) -> bool:
    """E.164: a plus and the country's digits."""
    return _E164.fullmatch(text) is not None


def is_web3_wallet(text: str) -> bool:
    return _WEB3_WALLET.fullmatch(text) is not None


def is_host(text: str) -> bool:
    """Return a fully qualified domain name, without scheme or port."""
    return _HOST.fullmatch(text) is not None


def is_host_and_port(text: str) -> bool:
    """Return a host as a development instance may have it: `localhost:3000`."""
    return _HOST_AND_PORT.fullmatch(text) is not None


def is_slug(text: str) -> bool:
    return _SLUG.fullmatch(text) is not None


def is_date_time(text: str) -> bool:
    """RFC 3339 by its form; whether there is such a day is another question."""
    return _DATE_TIME.fullmatch(text) is not None


def is_url(text: str) -> bool:
    """Return an absolute URL of any scheme: `https://a.example/x`, `my-app://callback`."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return _SCHEME.fullmatch(parts.scheme) is not None and bool(parts.netloc) and " " not in text


def is_web_url(text: str) -> bool:
    """Return an absolute http or https URL."""
    return is_url(text) and urlsplit(text).scheme in ("http", "https")
