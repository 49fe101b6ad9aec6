"""Who may call over HTTP: anybody here, holders of a token, an issuer's users, or owners of Clerk keys.

A request proves itself with `Authorization: Bearer …`, as MCP's authorization chapter and RFC 6750 have it.
What is wrong with a credential is said in the answer; the credential itself is never quoted or logged.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clerk_mcp.hosting.shares import owner_at
from clerk_mcp.hosting.tokens import TokenFile, TokenFileError
from clerk_mcp.instance import fingerprint
from clerk_mcp.offering import SCOPES, bound_scope
from clerk_mcp.protocol import IDENTITY, MISSING_SCOPE, Identity
from clerk_mcp.settings import KEY_PATTERN, is_loopback
from clerk_mcp.telemetry import on_one_line

logger = logging.getLogger(__name__)

REALM: Final = "clerk-mcp"

ALL_SCOPES: Final = "clerk_mcp.all_scopes"
"""The claim under which a token keeps the scopes of all instances."""


class Rejected(AuthenticationError):
    """A request that may not go on; the reason is for whoever has to mend it."""

    def __init__(self, reason: str, *, status: int = 401, code: str = "", scope: str = "") -> None:
        """
        Args:
            reason: plain ASCII without quotes, for it goes into a header.
            code: RFC 6750's error code; empty where the request brought no credential, as the RFC asks.
            scope: what a new token would need.
        """
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.code = code
        self.scope = scope


class Verifier(Protocol):
    """Knows one kind of credential."""

    async def verify(self, credential: str) -> AccessToken:
        """Tell who the credential stands for: `client_id` is the caller's name, `scopes` what they may do.

        Raises:
            Rejected: it does not hold.
        """

    async def close(self) -> None:
        """Let go of connections."""


class BearerTokens:
    """`--auth bearer`: tokens that the operator made with `clerk-mcp token new`."""

    def __init__(self, file: TokenFile) -> None:
        self._file = file

    async def verify(self, credential: str) -> AccessToken:
        try:
            token = self._file.find(credential)
        except TokenFileError as error:
            logger.error("%s; nobody is let in until it is mended", error)
            raise Rejected("this server cannot read its token file", status=503) from None
        if token is None:
            raise Rejected("the token is not known here, or has expired", code="invalid_token")
        return AccessToken(token="", client_id=token.name, scopes=sorted(token.scopes))

    async def close(self) -> None:
        pass


class ClerkKeys:
    """`--auth clerk-key`: the caller brings the key that their calls are made with.

    Only its form is checked here. Whether it is a key at all is for Clerk to say, at the first call.
    """

    async def verify(self, credential: str) -> AccessToken:
        if not re.fullmatch(KEY_PATTERN, credential):
            raise Rejected(
                "this server wants your Clerk secret key as the bearer token, sk_test_... or sk_live_...",
                code="invalid_token",
            )
        return AccessToken(token=credential, client_id=f"key:{fingerprint(credential)}", scopes=list(SCOPES))

    async def close(self) -> None:
        pass


class VerifierOfInstance:
    """Lets in to one instance: only what a token's scopes say of this one counts here.

    A scope that names no instance counts for none: tokens of a time when there was one instance, which may
    have been the test one, must not open production.
    """

    def __init__(self, verifier: Verifier, instance: str) -> None:
        self._verifier = verifier
        self._instance = instance

    async def verify(self, credential: str) -> AccessToken:
        token = await self._verifier.verify(credential)
        prefix = bound_scope("", self._instance)
        own = [scope.removeprefix(prefix) for scope in token.scopes if scope.startswith(prefix)]
        if not own:
            raise Rejected(
                f"the token has no scope of the instance {self._instance}",
                status=403,
                code="insufficient_scope",
                scope=bound_scope(SCOPES[0], self._instance),
            )
        claims = {**(token.claims or {}), ALL_SCOPES: token.scopes}
        return token.model_copy(update={"scopes": own, "claims": claims})

    async def close(self) -> None:
        await self._verifier.close()


class Gatekeeper(AuthenticationBackend):
    """Starlette's authentication for every path but the `open` ones."""

    def __init__(
        self,
        verifier: Verifier,
        *,
        open_paths: Sequence[str],
        open_below: Sequence[str],
        pages: Sequence[str],
        signed_in: Callable[[HTTPConnection], Awaitable[AccessToken | None]] | None = None,
    ) -> None:
        """
        Args:
            open_paths: paths that ask for nothing, as all paths do that begin with one of `open_below`.
            pages: paths that people open in a browser, which can only send a name and a password: there
                the password may be the credential.
            signed_in: who a browser is signed in as. Where people can sign in, a page asks for that by
                itself, so that whoever brings nothing comes as far as the page, as nobody.
        """
        self._verifier = verifier
        self._open_paths = frozenset(open_paths)
        self._open_below = tuple(open_below)
        self._pages = frozenset(pages)
        self._signed_in = signed_in

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, AuthenticatedUser] | None:
        path = conn.scope["path"]
        # A preflight never carries a credential: that is what it asks about.
        if conn.scope["method"] == "OPTIONS" or path in self._open_paths or path.startswith(self._open_below):
            return None
        if self._signed_in and path in self._pages and "authorization" not in conn.headers:
            found = await self._signed_in(conn)
            return (AuthCredentials(found.scopes), AuthenticatedUser(found)) if found else None
        credential = _credential(conn.headers, basic=path in self._pages)
        token = await self._verifier.verify(credential)
        return AuthCredentials(token.scopes), AuthenticatedUser(token)


def _credential(headers: Headers, *, basic: bool) -> str:
    sent = headers.getlist("authorization")
    if not sent:
        raise Rejected("send Authorization: Bearer and your token")
    if len(sent) > 1:
        raise Rejected("more than one Authorization header", status=400, code="invalid_request")
    scheme, _, value = sent[0].partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    if basic and scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            pass
    raise Rejected("malformed Authorization header: expected Bearer and a token", code="invalid_request")


class Challenges:
    """The `WWW-Authenticate` that MCP clients follow (RFC 6750, RFC 9728)."""

    def __init__(self, resource_metadata: str | None, pages: Sequence[str] = ()) -> None:
        """`resource_metadata` is the address of the RFC 9728 document, where there is one."""
        self._resource_metadata = resource_metadata
        self._pages = tuple(pages)

    def respond(self, conn: HTTPConnection, error: AuthenticationError) -> Response:
        """Return the answer to a request that was rejected."""
        if not isinstance(error, Rejected):
            raise error
        logger.info("refused %s: %s", on_one_line(conn.scope["path"][:200]), on_one_line(error.reason))
        body = {"error": error.code or "unauthorized", "error_description": error.reason}
        response = Response(json.dumps(body), status_code=error.status, media_type="application/json")
        if error.status in (401, 403):
            response.headers.append("www-authenticate", self._bearer(error))
        if error.status == 401 and conn.scope["path"] in self._pages:
            response.headers.append("www-authenticate", f'Basic realm="{REALM}", charset="UTF-8"')
        if error.status == 503:
            response.headers["retry-after"] = "10"
        return response

    def for_scope(self, scope: str) -> str:
        """Return the challenge to a caller whose token lacks `scope`."""
        reason = f"this call needs the scope {scope}"
        return self._bearer(Rejected(reason, status=403, code="insufficient_scope", scope=scope))

    def _bearer(self, error: Rejected) -> str:
        parts = {
            "realm": REALM,
            "error": error.code,
            "error_description": error.reason if error.code else "",
            "scope": error.scope,
            "resource_metadata": self._resource_metadata or "",
        }
        return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parts.items() if value)


class Callers:
    """Notes for each request who made it; the innermost of the middleware that decides who gets in."""

    def __init__(
        self, app: ASGIApp, *, local_only: bool, proved: Callable[[str], bool] | None = None
    ) -> None:
        """
        Args:
            local_only: nobody proves anything, so nobody from another machine is let in.
            proved: whether a Clerk key that a caller brings is known to be one. Until it is, the caller's
                calls are their address', for anybody can make up as many keys as they like.
        """
        self._app = app
        self._local_only = local_only
        self._proved = proved or (lambda _: True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            user, client = scope.get("user"), scope.get("client")
            address = client[0] if client else "localhost"
            if isinstance(user, AuthenticatedUser):
                token, key = user.access_token, user.access_token.token or None
                own = key is None or self._proved(key)
                owner = f"caller {token.client_id}" if own else owner_at(address)
                scope[IDENTITY] = Identity(
                    token.client_id, frozenset(token.scopes), key, everywhere=_everywhere(token), owner=owner
                )
            elif self._local_only and not is_loopback(address):
                answer = PlainTextResponse("This server is for its own machine only (--auth none)", 403)
                await answer(scope, receive, send)
                return
            else:
                scopes = None if self._local_only else frozenset[str]()
                # One name for this machine: which of its addresses was used, a header may make up.
                name = "127.0.0.1" if is_loopback(address) else address
                scope[IDENTITY] = Identity(name, scopes, everywhere=scopes, owner=owner_at(address))
        await self._app(scope, receive, send)


def _everywhere(token: AccessToken) -> frozenset[str]:
    return frozenset((token.claims or {}).get(ALL_SCOPES, ()))


class ScopeChallenge:
    """Makes an answer 403 where the call found a scope missing, so that OAuth clients ask for a wider token.

    Which scope a call needs may hang on its arguments, so that only the call itself can tell.
    """

    def __init__(self, app: ASGIApp, challenges: Challenges) -> None:
        self._app = app
        self._challenges = challenges

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        missing: list[str] = []
        scope[MISSING_SCOPE] = missing

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start" and missing:
                message["status"] = 403
                MutableHeaders(scope=message)["www-authenticate"] = self._challenges.for_scope(missing[0])
            await send(message)

        await self._app(scope, receive, watch)
