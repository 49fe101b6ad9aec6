"""What single values must be like, and what people give in their place."""

from __future__ import annotations

import ipaddress
import re
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator, SecretStr

from clerk_tools.credentials import without_credentials

KEY_PATTERN: Final = r"(sk_|test_|live_)[!-~]+"
"""What Clerk's secret keys look like."""

MOST_BYTES: Final = 4096
"""Of a file with a key, or of what a program writes for one: a key and a line break are far less."""

_KEY_RULE: Final = "must start with sk_test_ or sk_live_ and hold no blanks or line breaks"

_NOT_A_KEY: Final = (
    (
        r"\$\{?\w+.*|%\w+%|\{\{.*",
        "the name of a variable that nobody filled in. Put the key into ~/.clerk-mcp/key, where it is found"
        " without a variable, or have CLERK_SECRET_KEY_FILE name its file",
    ),
    (r"pk_.*", "a publishable key, which is for web pages; the secret one stands beside it in the dashboard"),
    (r"[\"'].*|.*[\"']", "something in quotes: leave them out"),
    (r"(?i)bearer\s.*", "something after Bearer: give the key alone"),
    (r"whsec_.*", "the signing secret of a webhook"),
    (r"ak_.*|mt_.*|oat_.*", "a credential for calling your own API, not Clerk's"),
    (r"cmcp_.*", "an access token of this server, which is for callers over HTTP"),
    (r"eyJ.*", "a token (JWT) of somebody who signed in"),
    (r"-----BEGIN .*", "a key in PEM form, which is for verifying tokens"),
    (r"(sk|rk)_(test|live)_51\w{80,}|rk_(test|live)_.*", "a key of Stripe's, as it looks"),
    (r"sk-.*", "a key of another service, as it looks"),
    (r"(?i)your[-_ ].*|<.*>|sk_(test|live)_(…|\.{2,}|[x*]{8,})", "an example: put your own in its place"),
)
"""What people give in place of a key, as patterns, and what to tell them. The value itself is never shown."""


class SettingsError(Exception):
    """The settings do not hold; each line of `problems` names one and the way to mend it.

    A key that was given in the wrong place is not quoted.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = tuple(map(without_credentials, problems))
        super().__init__("\n".join(self.problems))


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Tell whether a host name or address reaches this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def api_url(value: str) -> str:
    url = urlsplit(value)
    # Line breaks and tabs are dropped before it is taken apart, and would be sent.
    plain = value.isprintable() and " " not in value and "\\" not in value
    other = url.query or url.fragment or url.username
    if not plain or url.scheme not in ("https", "http") or not url.hostname or other:
        raise ValueError("must be a plain URL such as https://api.clerk.com/v1")
    _port(url)
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValueError("must be https; plain http is for this machine (127.0.0.1, localhost) only")
    return value.rstrip("/")


def api_version(value: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII) or not _is_date(value):
        raise ValueError("must be an API version of Clerk's, a date such as 2025-11-10")
    return value


def _is_date(value: str) -> bool:
    try:
        return bool(date.fromisoformat(value))
    except ValueError:
        return False


def clerk_key(value: SecretStr) -> SecretStr:
    if problem := problem_with_key(value.get_secret_value()):
        raise ValueError(problem)
    return value


def problem_with_key(key: str) -> str | None:
    """Tell why a text is no secret key of Clerk's; None where it looks like one.

    Said without the value: it is a secret even where it is malformed.
    """
    for pattern, problem in _NOT_A_KEY:
        if re.fullmatch(pattern, key, re.DOTALL):
            return f"must be the secret key, sk_test_… or sk_live_…; this is {problem}"
    return None if re.fullmatch(KEY_PATTERN, key) else _KEY_RULE


def public_url(value: str) -> str:
    url = urlsplit(value)
    if (
        url.scheme not in ("https", "http")
        or not url.hostname
        or not re.fullmatch(r"[\w.-]+|[0-9a-f:.]+", url.hostname, re.ASCII)
        or not re.fullmatch(r"(/(?!\.\.?(/|$))[\w.~-]+)*/*", url.path, re.ASCII)
        or "@" in url.netloc
        or url.query
        or url.fragment
    ):
        raise ValueError(
            "must be where clients reach this server, such as https://mcp.example.com, or with the path that"
            " a proxy serves it below, such as https://example.com/clerk; without a user, query or fragment"
        )
    _port(url)
    default = {"https": 443, "http": 80}[url.scheme]
    name = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    host = name if url.port in (None, default) else f"{name}:{url.port}"
    # Somebody may have given the address of an endpoint instead.
    path = url.path.rstrip("/").removesuffix("/mcp").removesuffix("/sse")
    return f"{url.scheme}://{host}{path}"


def _port(url: SplitResult) -> None:
    """Raise `ValueError` where a URL has a port that no machine has."""
    try:
        _ = url.port
    except ValueError:
        raise ValueError("has a port that is none: ports go from 0 to 65535") from None


def allowed_origins(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        # Compared letter by letter with what browsers send, which is never more than this.
        if value == "*" or value.endswith("/") or not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/?#@\s]+", value):
            raise ValueError(
                f"must be origins such as https://app.example.com, without a path: not {value!r}"
            )
    return values


def allowed_hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not re.fullmatch(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:(\d+|\*))?", value):
            raise ValueError(
                f"must be hosts as requests name them, such as mcp.example.com or mcp.example.com:*,"
                f" without https:// or a path: not {value!r}"
            )
    return values


def issuer(value: str) -> str:
    api_url(value)
    return value


def state_key(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value().encode()) < 32:
        raise ValueError("must have at least 32 bytes, such as `openssl rand -hex 32` gives")
    return value


def _names(value: object) -> object:
    # A blank name is kept, to be refused where names are known: an unset shell variable must not select all.
    return tuple(name.strip() for name in value.split(",")) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
"""Names separated by commas."""


def at_home(path: Path) -> Path:
    """Return the path with `~` filled in.

    Raises:
        SettingsError: nobody knows where the user's home is.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        raise SettingsError(
            f"{path} cannot be found, for there is no home directory: set HOME, or give the whole path"
        ) from None
