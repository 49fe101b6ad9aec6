"""`--auth oauth`: an OAuth 2.1 resource server that verifies the JWT access tokens of one issuer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import anyio
import httpx2
import jwt
from mcp.server.auth.provider import AccessToken

from clerk_mcp.hosting.auth import Rejected
from clerk_mcp.offering import SCOPES, is_scope
from clerk_mcp.upstream import tls_context

logger = logging.getLogger(__name__)

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
_TYPES: Final = ("jwt", "at+jwt", "application/at+jwt", "application/jwt")
"""What an access token may call itself (RFC 9068, section 2.1); many issuers just say JWT."""
SKEW_S: Final = 60
"""How far the issuer's clock may be from ours."""

REFETCH_FLOOR_S: Final = 30.0
"""Between fetches of the keys, whatever key ids people make up."""
KEYS_LIVE_S: Final = 3600.0
"""After which the keys are fetched again, so that one the issuer has withdrawn does not live on here."""
_MAX_DOCUMENT: Final = 1_000_000
_PATIENCE_S: Final = 10.0
# A port above 65535 is an OverflowError, in a group as of several addresses; brackets without end recurse.
_FAILURES: Final = (
    httpx2.HTTPError,
    httpx2.InvalidURL,
    ValueError,
    OverflowError,
    RecursionError,
    ExceptionGroup,
    jwt.PyJWTError,
)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tokens are accepted, and which of them."""

    url: str
    """Compared with the claim `iss` to the letter."""
    audiences: frozenset[str] = frozenset()
    """One of them must be in the claim `aud`; empty where tokens have none, as Clerk's."""
    clients: frozenset[str] = frozenset()
    """One of them must be the claim `client_id`; empty for any client of the issuer."""
    users: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Scopes by the claim `sub`. Where there are any, nobody else is let in; the token's do not count."""
    jwks_url: str | None = None
    """Found through the issuer's metadata where not given."""


class IssuerUnusable(Exception):
    """The issuer's keys cannot be had; the message says why."""


class OAuthTokens:
    """Verifies access tokens; implements `auth.Verifier`."""

    def __init__(
        self,
        issuer: Issuer,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._keys = _Keys(issuer, transport, now)

    async def verify(self, credential: str) -> AccessToken:
        claims = await self._claims(credential)
        client = claims.get("client_id")
        subject = str(claims.get("sub") or client or "")
        if not subject:
            raise _invalid("the token names neither a subject nor a client")
        if self._issuer.clients and not (isinstance(client, str) and client in self._issuer.clients):
            raise _invalid("the token was issued to a client that is not accepted here")
        scopes = self._scopes(subject, claims)
        if not scopes:
            raise Rejected(
                "the token has none of the scopes of this server",
                status=403,
                code="insufficient_scope",
                scope=SCOPES[0],
            )
        return AccessToken(
            token="",
            client_id=subject,
            scopes=sorted(scopes),
            subject=subject,
            claims={"iss": self._issuer.url},
        )

    async def usable_keys(self) -> int:
        """Tell how many keys the issuer publishes now that tokens may be signed with.

        Raises:
            IssuerUnusable: they cannot be had.
        """
        return len(await self._keys.load())

    async def close(self) -> None:
        await self._keys.close()

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            raise _invalid("the token is not a JWT") from None
        if header.get("alg") not in ALGORITHMS:
            raise _invalid(f"the token must be signed with one of {', '.join(ALGORITHMS)}")
        if str(header.get("typ", "jwt")).lower() not in _TYPES:
            raise _invalid("the token is of a type that is no access token")
        key = await self._keys.find(header.get("kid"))
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                # Of the key, not of the token: a token must not choose how its signature is read.
                algorithms=[key.algorithm_name],
                issuer=self._issuer.url,
                audience=list(self._issuer.audiences) or None,
                leeway=SKEW_S,
                options={"require": ["exp", "iss"], "verify_aud": bool(self._issuer.audiences)},
            )
        except (jwt.PyJWTError, ValueError, OverflowError) as error:
            # Some versions of PyJWT let an OverflowError through where a time is Infinity.
            raise _invalid(_reason(error)) from None
        if claims.get("cnf") is not None:
            # DPoP (RFC 9449) and mutual TLS (RFC 8705): whoever only has the token must not be let in.
            raise _invalid("the token is bound to a key of its holder, which cannot be proved to this server")
        return claims

    def _scopes(self, subject: str, claims: Mapping[str, Any]) -> frozenset[str]:
        if self._issuer.users:
            if subject not in self._issuer.users:
                raise Rejected("this user is not let in here", status=403, code="access_denied")
            return self._issuer.users[subject]
        granted = claims.get("scope") or claims.get("scp") or ()
        names = granted.split() if isinstance(granted, str) else granted if isinstance(granted, list) else ()
        return frozenset(name for name in names if isinstance(name, str) and is_scope(name))


_REASONS: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...]] = (
    (jwt.ExpiredSignatureError, "the token has expired"),
    (jwt.ImmatureSignatureError, "the token is not valid yet"),
    (jwt.InvalidAudienceError, "the token was issued for another audience"),
    (jwt.InvalidIssuerError, "the token comes from another issuer"),
    (jwt.InvalidAlgorithmError, "the signature of the token does not fit its key"),
    (jwt.InvalidSignatureError, "the signature of the token is wrong"),
    ((jwt.DecodeError, OverflowError), "the token is malformed"),
)


def _reason(error: Exception) -> str:
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"the token lacks the claim {error.claim}"
    return next((text for kind, text in _REASONS if isinstance(error, kind)), "the token is not valid")


def _invalid(reason: str) -> Rejected:
    return Rejected(reason, code="invalid_token")


class _Keys:
    """The issuer's public keys: fetched when first needed, then kept."""

    def __init__(
        self, issuer: Issuer, transport: httpx2.AsyncBaseTransport | None, now: Callable[[], float]
    ) -> None:
        self._issuer = issuer
        self._now = now
        tls = True if transport or not issuer.url.startswith("https:") else tls_context()
        self._http = httpx2.AsyncClient(transport=transport, timeout=_PATIENCE_S, verify=tls)
        self._jwks_url = issuer.jwks_url
        self._keys: list[jwt.PyJWK] = []
        self._tried_at = self._fetched_at = float("-inf")
        self._lock = anyio.Lock()

    async def find(self, key_id: object) -> jwt.PyJWK:
        """Return the key with this id; without an id, the only key there is.

        Raises:
            Rejected: there is none, or the issuer cannot be reached.
        """
        found = self._among_known(key_id)
        wanted = found is None or self._now() - self._fetched_at >= KEYS_LIVE_S
        if wanted and self._now() - self._tried_at >= REFETCH_FLOOR_S:
            await self._fetch()
            found = self._among_known(key_id)
        if found is None and not self._keys:
            raise Rejected("the keys of the token issuer cannot be fetched just now", status=503)
        if found is None:
            raise _invalid("the token is signed with a key that its issuer does not publish")
        return found

    async def close(self) -> None:
        await self._http.aclose()

    def _among_known(self, key_id: object) -> jwt.PyJWK | None:
        if key_id is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.key_id == key_id), None)

    async def _fetch(self) -> None:
        """Bring the keys up to date; those who come while it runs wait for it and fetch nothing."""
        asked_at = self._now()
        async with self._lock:
            if self._tried_at >= asked_at:
                return
            self._tried_at = self._now()
            try:
                # A caller who goes away must not cost those who wait the fetch, and the floor after it.
                with anyio.CancelScope(shield=True):
                    self._keys = await self.load()
            except IssuerUnusable as problem:
                logger.warning("the keys of %s cannot be fetched: %s", self._issuer.url, problem)
                return
            self._fetched_at = self._tried_at

    async def load(self) -> list[jwt.PyJWK]:
        """Return the keys as they are published now.

        Raises:
            IssuerUnusable: they cannot be had.
        """
        try:
            # In all: the client's own patience is for each read, and an answer may come a byte at a time.
            with anyio.fail_after(_PATIENCE_S):
                self._jwks_url = self._jwks_url or await self._discover()
                published = await self._get(self._jwks_url)
                keys = jwt.PyJWKSet.from_dict({"keys": _for_signatures(published.get("keys"))}).keys
        except TimeoutError:
            raise IssuerUnusable(f"no answer within {_PATIENCE_S:.0f} s") from None
        except _FAILURES as error:
            raise IssuerUnusable(str(error) or type(error).__name__) from None
        return [key for key in keys if key.algorithm_name in ALGORITHMS]

    async def _discover(self) -> str:
        """Tell where the keys are, by RFC 8414 or else by OpenID Connect Discovery."""
        for address in metadata_addresses(self._issuer.url):
            try:
                document = await self._get(address)
            except (httpx2.HTTPStatusError, ValueError):
                continue
            if document.get("issuer") != self._issuer.url:
                raise ValueError(f"{address} is the metadata of another issuer")
            if isinstance(document.get("jwks_uri"), str):
                return str(document["jwks_uri"])
        raise ValueError("the issuer publishes no metadata that names its keys; set --oauth-jwks-url")

    async def _get(self, address: str) -> dict[str, Any]:
        response = await self._http.get(address, headers={"Accept": "application/json"})
        response.raise_for_status()
        document = response.json() if len(response.content) <= _MAX_DOCUMENT else None
        if not isinstance(document, dict):
            raise ValueError(f"{address} is no JSON object of a reasonable size")
        return document


def _for_signatures(keys: Any) -> list[Any]:
    """Leave out the keys that are published for something else (RFC 7517, sections 4.2 and 4.3)."""
    return [
        key
        for key in (keys if isinstance(keys, list) else [])
        if isinstance(key, dict)
        and key.get("use", "sig") == "sig"
        and "verify" in (key["key_ops"] if isinstance(key.get("key_ops"), list) else ["verify"])
    ]


def metadata_addresses(issuer: str) -> tuple[str, ...]:
    """Return where an issuer's metadata may be: by RFC 8414, or by OpenID Connect Discovery."""
    url = urlsplit(issuer)
    origin, path = f"{url.scheme}://{url.netloc}", url.path.rstrip("/")
    return (
        f"{origin}/.well-known/oauth-authorization-server{path}",
        f"{origin}{path}/.well-known/openid-configuration",
    )
