"""Signing in to the server's own pages with the OAuth issuer: the authorization code flow with PKCE.

A sealed cookie holds what the flow began with, so that it ends in the browser it began in (RFC 9700), on any
replica; nothing is kept here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import anyio
import httpx2
from mcp.server.request_state import AESGCMRequestStateCodec, InvalidRequestState

from clerk_mcp.hosting.auth import Rejected
from clerk_mcp.hosting.oauth import metadata_addresses
from clerk_mcp.settings import is_loopback
from clerk_mcp.upstream import tls_context

LASTS_S: Final = 600
"""How long somebody may take at the issuer."""
_PATIENCE_S: Final = 10.0
_MAX_DOCUMENT: Final = 100_000
_FAILURES: Final = (httpx2.HTTPError, httpx2.InvalidURL, ValueError, TimeoutError, OverflowError)


@dataclass(frozen=True, slots=True)
class Flow:
    """How far somebody's sign-in is."""

    state: str
    verifier: str
    after: str
    """Where they wanted to go."""
    until: float


class IssuerSignIn:
    """Sends browsers to the issuer, and takes what they bring back."""

    def __init__(
        self,
        issuer: str,
        client: str,
        callback: str,
        scopes: Sequence[str],
        codec: AESGCMRequestStateCodec,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Args:
            client: a public client of the issuer's, which may redirect to `callback`.
            scopes: asked for; none where the operator says what each user may do.
            codec: seals the cookie of a flow.
        """
        self._issuer = issuer
        self._client = client
        self._callback = callback
        self._scopes = scopes
        self._codec = codec
        self._clock = clock
        self._endpoints: tuple[str, str] | None = None

    async def begin(self, after: str) -> tuple[str, str]:
        """Return the issuer's address that a browser goes to, and the value of the flow's cookie.

        Raises:
            Rejected: the issuer cannot be reached, or has no such address.
        """
        flow = Flow(secrets.token_urlsafe(24), secrets.token_urlsafe(48), after, self._clock() + LASTS_S)
        authorize, _ = await self._found()
        digest = hashlib.sha256(flow.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": self._callback,
            "state": flow.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **({"scope": " ".join(self._scopes)} if self._scopes else {}),
        }
        mark = "&" if urlsplit(authorize).query else "?"
        parts = [flow.state, flow.verifier, flow.after, flow.until]
        return f"{authorize}{mark}{urlencode(asked)}", self._codec.seal(json.dumps(parts).encode())

    async def finish(self, given: Mapping[str, str], cookie: str) -> tuple[str, str]:
        """Return the access token of whoever came back from the issuer, and where they wanted to go.

        Args:
            given: the query that the issuer sent them back with.

        Raises:
            Rejected: this is not the end of what began in this browser, or the issuer gave no token.
        """
        flow = self._flow(cookie)
        if flow is None or not hmac.compare_digest(given.get("state", "").encode(), flow.state.encode()):
            raise Rejected("this sign-in did not begin in this browser, or took too long", status=403)
        if given.get("iss", self._issuer) != self._issuer:
            raise Rejected("another issuer answered", status=403)
        if "code" not in given:
            raise Rejected("the issuer let nobody in", status=403)
        _, exchange = await self._found()
        form = {
            "grant_type": "authorization_code",
            "code": given["code"],
            "redirect_uri": self._callback,
            "client_id": self._client,
            "code_verifier": flow.verifier,
        }
        token = (await self._ask("POST", exchange, form)).get("access_token")
        if not isinstance(token, str):
            raise Rejected("the issuer gave no access token", status=403)
        return token, flow.after

    def _flow(self, cookie: str) -> Flow | None:
        try:
            flow = Flow(*json.loads(self._codec.unseal(cookie)))
        except (InvalidRequestState, ValueError, TypeError):
            return None
        return flow if flow.until > self._clock() else None

    async def _found(self) -> tuple[str, str]:
        """Return where people are sent, and where a code becomes a token."""
        if self._endpoints:
            return self._endpoints
        for address in metadata_addresses(self._issuer):
            try:
                document = await self._ask("GET", address)
            except Rejected:
                continue
            authorize, token = document.get("authorization_endpoint"), document.get("token_endpoint")
            if document.get("issuer") == self._issuer and _is_safe(authorize) and _is_safe(token):
                self._endpoints = str(authorize), str(token)
                return self._endpoints
        raise Rejected("the issuer cannot be reached, or does not say where people sign in", status=503)

    async def _ask(self, method: str, address: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        tls = tls_context() if address.startswith("https:") else False
        try:
            with anyio.fail_after(_PATIENCE_S):
                async with httpx2.AsyncClient(timeout=_PATIENCE_S, verify=tls) as http:
                    answer = await http.request(
                        method, address, data=form, headers={"accept": "application/json"}
                    )
                    answer.raise_for_status()
                    document = answer.json() if len(answer.content) <= _MAX_DOCUMENT else None
        except _FAILURES:
            raise Rejected("the issuer cannot be reached just now, or refused", status=503) from None
        return document if isinstance(document, dict) else {}


def _is_safe(address: object) -> bool:
    url = urlsplit(address) if isinstance(address, str) else urlsplit("")
    return url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname or ""))
