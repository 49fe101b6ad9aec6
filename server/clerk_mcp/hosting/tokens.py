"""The access tokens of `--auth bearer`: a text file with a line for each, and never the tokens themselves.

    # name   hash                    scopes        until, where it ends
    ada      sha256:9f86d081884c…    read+write    expires=2026-12-31T00:00:00+00:00

A token is 256 random bits, so one SHA-256 of it is as good as a slow hash: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from clerk_mcp.offering import PEOPLES_SCOPES, SCOPES, is_scope
from clerk_mcp.private_files import make_directory
from clerk_tools.catalog import nearest

PREFIX: Final = "cmcp_"
"""Of every token, so that scanners for leaked secrets can know one."""

_LINE: Final = re.compile(
    r"(?P<name>[\w.@-]{1,64})\s+sha256:(?P<digest>[0-9a-f]{64})\s+(?P<scopes>[^\s=]+)"
    r"(\s+expires=(?P<expires>\S+))?"
)
_SPAN: Final = re.compile(r"(\d{1,5})([hdw])")
_KNOWN: Final = (*SCOPES, *PEOPLES_SCOPES)
_NAMES: Final = ", ".join([*(scope.removeprefix("clerk:") for scope in _KNOWN), "all"])
_UNITS: Final = {"h": "hours", "d": "days", "w": "weeks"}


class TokenFileError(Exception):
    """The token file cannot be used; the message is one line for the operator."""


@dataclass(frozen=True, slots=True)
class Token:
    """One line of the file."""

    name: str
    digest: str
    """SHA-256 of the token, in hexadecimal."""
    scopes: frozenset[str]
    expires: datetime | None = None

    def __str__(self) -> str:
        until = f" expires={self.expires.isoformat()}" if self.expires else ""
        return f"{self.name} sha256:{self.digest} {self._short()}{until}"

    @property
    def words(self) -> str:
        """What it is good for."""
        if self.is_over:
            return f"nothing any more, since {self.expires:%Y-%m-%d %H:%M} UTC"
        return self._short() + (f", until {self.expires:%Y-%m-%d %H:%M} UTC" if self.expires else "")

    @property
    def is_over(self) -> bool:
        """Whether its time has passed."""
        return self.expires is not None and self.expires <= datetime.now(UTC)

    def _short(self) -> str:
        ordered = [scope for scope in _KNOWN if scope in self.scopes]
        bound = sorted(self.scopes - {*_KNOWN})
        return "+".join(
            [*(s.removeprefix("clerk:") for s in ordered), *(s.replace(":clerk:", ":") for s in bound)]
        )


def parse_scopes(given: str | Iterable[str]) -> frozenset[str]:
    """Scopes from one text such as `read+write`, or several, with or without `clerk:`; `all` is every one
    that callers have, and none of those for people. `prod:read` and `prod:all` are for one instance only.

    Commas and blanks between them are taken as well, as people write lists.

    Raises:
        ValueError: a name that is no scope, or none at all.
    """
    scopes: set[str] = set()
    texts = [given] if isinstance(given, str) else given
    for name in (name for text in texts for name in re.split(r"[+,\s]+", text.strip()) if name):
        instance, bound, word = name.removeprefix("clerk:").rpartition(":")
        prefix = f"{instance.removesuffix(':clerk')}{bound}"
        scope = f"{prefix}clerk:{word}"
        if word == "all" and is_scope(f"{prefix}{SCOPES[0]}"):
            scopes.update(f"{prefix}{each}" for each in SCOPES)
        elif is_scope(scope):
            scopes.add(scope)
        else:
            raise ValueError(f"{name!r} is not a scope: choose from {_NAMES}")
    if not scopes:
        raise ValueError(f"name at least one scope: {_NAMES}")
    return frozenset(scopes)


def parse_expiry(text: str, now: datetime | None = None) -> datetime:
    """Return a time to come: a date or ISO 8601 in UTC, or a span from now such as `12h`, `90d` or `4w`.

    Raises:
        ValueError: it is none of these, or past.
    """
    now = now or datetime.now(UTC)
    try:
        if span := _SPAN.fullmatch(text.strip()):
            end = now + timedelta(**{_UNITS[span[2]]: int(span[1])})
        else:
            parsed = datetime.fromisoformat(text.strip())
            end = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is neither a date like 2026-12-31 nor a span like 90d") from None
    if end <= now:
        raise ValueError(f"{text!r} is past: a token would be good for nothing")
    return end.replace(microsecond=0)


def read(path: Path) -> list[Token]:
    """Return the tokens of a file, which may be empty.

    Raises:
        TokenFileError: it cannot be read, or a line of it is malformed.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise TokenFileError(f"token file {path}: {reason}") from None
    tokens: list[Token] = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            tokens.append(_parse(line.strip(), f"token file {path}, line {number}"))
    names = [token.name for token in tokens]
    if double := next((name for name in names if names.count(name) > 1), None):
        raise TokenFileError(f"token file {path}: {double} is there twice")
    return tokens


def _parse(line: str, place: str) -> Token:
    # What is quoted must not be the line: somebody may have put the token itself there.
    found = _LINE.fullmatch(line)
    if not found:
        raise TokenFileError(f"{place}: expected NAME sha256:HASH SCOPES, as `clerk-mcp token new` writes it")
    try:
        scopes = parse_scopes(found["scopes"])
        expires = datetime.fromisoformat(found["expires"]) if found["expires"] else None
    except ValueError as error:
        raise TokenFileError(f"{place}: {error}") from None
    if expires and expires.tzinfo is None:
        expires = expires.replace(tzinfo=UTC)
    return Token(found["name"], found["digest"], scopes, expires)


def issue(path: Path, name: str, scopes: str | Iterable[str], expires: str | None = None) -> str:
    """Make a token, store its hash in the file, which is created if need be, and return it.

    Raises:
        TokenFileError: the file or the name cannot be used.
        ValueError: see `parse_scopes` and `parse_expiry`.
    """
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token(name, _digest(secret), parse_scopes(scopes), parse_expiry(expires) if expires else None)
    if not _LINE.fullmatch(str(token)):
        raise TokenFileError(f"{name!r} cannot be a name: up to 64 letters, digits, . _ @ and -")
    if any(other.name == name for other in (read(path) if path.exists() else [])):
        raise TokenFileError(
            f"token file {path} has a token named {name}; clerk-mcp token revoke {name} takes it out"
        )
    before = path.read_text(encoding="utf-8-sig") if path.exists() else "# name, hash, scopes, until\n"
    gap = "" if before.endswith("\n") or not before else "\n"
    _replace(path, f"{before}{gap}{token}\n")
    return secret


def revoke(path: Path, name: str) -> None:
    """Take the token of this name out of the file.

    Raises:
        TokenFileError: there is none, or the file cannot be used.
    """
    known = [token.name for token in read(path)]
    if name not in known:
        meant = nearest(name, known)
        advice = f"did you mean {meant}?" if meant else "clerk-mcp token list shows those it has"
        raise TokenFileError(f"token file {path} has no token named {name}; {advice}")
    lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    _replace(path, "".join(line for line in lines if line.split()[:1] != [name]))


def _replace(path: Path, text: str) -> None:
    """Replace the file at once, so that a server that reads it meanwhile sees one or the other."""
    try:
        make_directory(path.parent)
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        # Its owner may have let the user read it that the server runs as.
        Path(temporary).chmod(mode)
        os.replace(temporary, path)
    except OSError as error:
        raise TokenFileError(f"token file {path}: {error.strerror}") from None


class TokenFile:
    """The tokens of a file, read again whenever it changes."""

    def __init__(self, path: Path) -> None:
        """Raises `TokenFileError` where the file cannot be used."""
        self._path = path
        self._seen = self._state()
        self._tokens = read(path)

    def find(self, secret: str) -> Token | None:
        """Return the token that `secret` is, or None.

        Raises:
            TokenFileError: the file has become unusable. Going on with what it held would keep alive the
                tokens that somebody may just have meant to remove.
        """
        state = self._state()
        if state != self._seen:
            self._tokens = read(self._path)
            self._seen = state
        digest = _digest(secret)
        # Every entry is compared, each in constant time: how long it takes tells nothing of the hashes.
        matches = [token for token in self._tokens if hmac.compare_digest(token.digest, digest)]
        return matches[0] if matches and not matches[0].is_over else None

    def _state(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except OSError as error:
            raise TokenFileError(f"token file {self._path}: {error.strerror}") from None
        return found.st_mtime_ns, found.st_size, found.st_ino


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
