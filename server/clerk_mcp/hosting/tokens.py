"""The access tokens of `--auth bearer`: a text file with a line for each, and never the tokens themselves.

    # name   hash                    scopes
    ada      sha256:9f86d081884c…    read,write

A token is 256 random bits, so one SHA-256 of it is as good as a slow hash: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clerk_mcp.offering import SCOPES

PREFIX: Final = "cmcp_"
"""Of every token, so that scanners for leaked secrets can know one."""

_LINE: Final = re.compile(r"(?P<name>[\w.@-]{1,64})\s+sha256:(?P<digest>[0-9a-f]{64})\s+(?P<scopes>\S+)")


class TokenFileError(Exception):
    """The token file cannot be used; the message is one line for the operator."""


@dataclass(frozen=True, slots=True)
class Token:
    """One line of the file."""

    name: str
    digest: str
    """SHA-256 of the token, in hexadecimal."""
    scopes: frozenset[str]

    def __str__(self) -> str:
        short = ",".join(scope.removeprefix("clerk:") for scope in SCOPES if scope in self.scopes)
        return f"{self.name} sha256:{self.digest} {short}"


def parse_scopes(names: Iterable[str]) -> frozenset[str]:
    """Scopes from names with or without `clerk:`; `all` is every one.

    Raises:
        ValueError: a name that is no scope, or none at all.
    """
    scopes: set[str] = set()
    for name in names:
        scope = name if name.startswith("clerk:") else f"clerk:{name}"
        if name == "all":
            scopes.update(SCOPES)
        elif scope in SCOPES:
            scopes.add(scope)
        else:
            raise ValueError(f"{name!r} is not a scope: choose from read, write, destroy, secrets, all")
    if not scopes:
        raise ValueError("name at least one scope: read, write, destroy, secrets, all")
    return frozenset(scopes)


def read(path: Path) -> list[Token]:
    """The tokens of a file, which may be empty.

    Raises:
        TokenFileError: it cannot be read, or a line of it is malformed.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
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
        scopes = parse_scopes(found["scopes"].split(","))
    except ValueError as error:
        raise TokenFileError(f"{place}: {error}") from None
    return Token(found["name"], found["digest"], scopes)


def issue(path: Path, name: str, scopes: Iterable[str]) -> str:
    """Make a token, store its hash in the file, which is created if need be, and return it.

    Raises:
        TokenFileError: the file or the name cannot be used.
        ValueError: see `parse_scopes`.
    """
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token(name, _digest(secret), parse_scopes(scopes))
    if not _LINE.fullmatch(str(token)):
        raise TokenFileError(f"{name!r} cannot be a name: up to 64 letters, digits, . _ @ and -")
    if any(other.name == name for other in (read(path) if path.exists() else [])):
        raise TokenFileError(f"token file {path} has a token named {name}; remove its line first")
    _append(path, str(token))
    return secret


def _append(path: Path, line: str) -> None:
    """Add a line by replacing the file, so that a server that reads it meanwhile sees one or the other."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        before = path.read_text(encoding="utf-8") if path.exists() else "# name, hash, scopes\n"
        gap = "" if before.endswith("\n") or not before else "\n"
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{before}{gap}{line}\n")
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
        """The token that `secret` is, or None.

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
        return matches[0] if matches else None

    def _state(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except OSError as error:
            raise TokenFileError(f"token file {self._path}: {error.strerror}") from None
        return found.st_mtime_ns, found.st_size, found.st_ino


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
