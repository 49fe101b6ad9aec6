"""The certificates by which servers are trusted: the system's, or those that SSL_CERT_FILE names."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import httpx2


class CertificatesUnusable(Exception):
    """A variable names certificates that cannot be used; the message is one line that names it."""


def tls_context() -> ssl.SSLContext:
    """Make what TLS connections are made with; takes a quarter of a second.

    Raises:
        CertificatesUnusable: see there.
    """
    for problem in (_problem_with_file(), _problem_with_directory()):
        if problem:
            raise CertificatesUnusable(problem)
    try:
        return httpx2.create_ssl_context(verify=True, trust_env=True)
    except (OSError, ssl.SSLError):
        named = os.environ.get("SSL_CERT_FILE", "")
        what = f"SSL_CERT_FILE names {named}, which holds" if named else "The system's store holds"
        raise CertificatesUnusable(f"{what} no certificates in PEM.") from None


def _problem_with_file() -> str | None:
    named = os.environ.get("SSL_CERT_FILE", "")
    if not named:
        return None
    path = Path(named)
    if path.is_dir():
        return f"SSL_CERT_FILE names {named}, which is a directory: that goes into SSL_CERT_DIR."
    if not path.exists():
        return f"SSL_CERT_FILE names {named}, which does not exist.{_about_quotes(named)}"
    if not os.access(path, os.R_OK):
        return f"SSL_CERT_FILE names {named}, which cannot be read."
    return None


def _problem_with_directory() -> str | None:
    named = os.environ.get("SSL_CERT_DIR", "")
    if not named or any(Path(part).is_dir() for part in named.split(os.pathsep)):
        return None
    return f"SSL_CERT_DIR names {named}, which is no directory.{_about_quotes(named)}"


def _about_quotes(named: str) -> str:
    return " Leave the quotation marks out." if named[0] in "\"'" else ""
