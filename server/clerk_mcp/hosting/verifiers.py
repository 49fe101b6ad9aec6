"""From settings to what verifies callers, and the metadata that OAuth clients look for."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from mcp.server.auth.routes import create_protected_resource_routes
from mcp.server.auth.settings import AuthSettings
from starlette.routing import Route

from clerk_mcp.hosting.addresses import MCP_PATH, below, mcp_address
from clerk_mcp.hosting.auth import BearerTokens, ClerkKeys, Verifier, VerifierOfInstance
from clerk_mcp.hosting.tokens import TokenFile, TokenFileError, parse_scopes
from clerk_mcp.offering import SCOPES, bound_scope
from clerk_mcp.settings import Settings, SettingsError, at_home, is_loopback
from clerk_mcp.upstream import CertificatesUnusable

if TYPE_CHECKING:
    from clerk_mcp.hosting.oauth import OAuthTokens


METADATA: Final = "/.well-known/oauth-protected-resource"
"""The address of RFC 9728."""


def make_verifier(settings: Settings) -> Verifier | None:
    """Return what knows the callers' credentials; None where none are asked for.

    Raises:
        SettingsError: the settings for it do not hold.
    """
    verifier = _make_verifier(settings)
    if verifier is None or settings.instance_name is None:
        return verifier
    return VerifierOfInstance(verifier, settings.instance_name)


def _make_verifier(settings: Settings) -> Verifier | None:
    if settings.auth == "bearer":
        try:
            return BearerTokens(TokenFile(at_home(settings.token_file)))
        except TokenFileError as error:
            command = (
                f"clerk-mcp token new NAME --scope read --token-file {shlex.quote(str(settings.token_file))}"
            )
            raise SettingsError(f"--auth bearer: {error}; make one with: {command}") from None
    if settings.auth == "oauth":
        return make_oauth(settings)
    if settings.auth == "clerk-key":
        if settings.key is not None or settings.sandbox:
            raise SettingsError(
                "--auth clerk-key: callers bring their own keys: leave out --sandbox and this server's key"
            )
        return ClerkKeys()
    if not is_loopback(settings.host):
        raise SettingsError(
            f"--host {settings.host} can be reached from elsewhere, and --auth is none:"
            " choose --auth bearer, oauth or clerk-key, or listen on 127.0.0.1"
        )
    return None


def make_oauth(settings: Settings) -> OAuthTokens:
    """Return what verifies the tokens of the issuer that the settings name.

    Raises:
        SettingsError: they name none, or would accept too much.
    """
    from clerk_mcp.hosting.oauth import Issuer, OAuthTokens

    if settings.oauth_issuer is None or settings.public_url is None:
        raise SettingsError("--auth oauth needs --oauth-issuer and --public-url")
    if "" in (*settings.oauth_audience, *settings.oauth_client):
        raise SettingsError("--oauth-audience, --oauth-client: one of the names is empty")
    if not settings.oauth_audience and not settings.oauth_client:
        raise SettingsError(
            "--auth oauth needs --oauth-audience or --oauth-client: without either,"
            " every token of the issuer would be accepted, whatever it was issued for"
        )
    issuer = Issuer(
        settings.oauth_issuer,
        audiences=frozenset(settings.oauth_audience),
        clients=frozenset(settings.oauth_client).union(_page_client(settings)),
        users=_users(settings.oauth_user),
        jwks_url=settings.oauth_jwks_url,
    )
    try:
        return OAuthTokens(issuer)
    except CertificatesUnusable as problem:
        raise SettingsError(str(problem)) from None


def _page_client(settings: Settings) -> list[str]:
    """Return the client of this server's own pages, where only certain clients' tokens count."""
    own = settings.oauth_page_client
    return [own] if own and settings.oauth_client else []


def _users(entries: Iterable[str]) -> dict[str, frozenset[str]]:
    users = {}
    for entry in entries:
        subject, _, scopes = entry.rpartition("=")
        try:
            users[subject] = parse_scopes(scopes)
        except ValueError as error:
            raise SettingsError(f"--oauth-user {entry}: {error}; write it as user_1=read+write") from None
    return users


def _auth_settings(settings: Settings) -> AuthSettings | None:
    if settings.auth != "oauth":
        return None
    return AuthSettings.model_validate(
        {
            "issuer_url": settings.oauth_issuer,
            "resource_server_url": mcp_address(settings, settings.public_url or ""),
            "validate_token_resource": False,
        }
    )


def resource_metadata_url(settings: Settings) -> str | None:
    """Tell where clients are sent for the RFC 9728 document: below the prefix, which a proxy hands on."""
    if settings.auth != "oauth" or settings.public_url is None:
        return None
    whole = settings.public_url.removesuffix(below(settings.instance_name))
    return f"{whole}{METADATA}{mcp_address(settings, '')}"


def metadata_routes(settings: Settings) -> Sequence[Route]:
    """Return the RFC 9728 document: where that puts it, and where a proxy that strips a prefix brings a
    request."""
    auth = _auth_settings(settings)
    if auth is None or auth.resource_server_url is None:
        return ()
    [route] = create_protected_resource_routes(
        auth.resource_server_url,
        [auth.issuer_url],
        scopes_supported=[bound_scope(scope, settings.instance_name) for scope in SCOPES]
        if grants_scopes(settings)
        else None,
        resource_name="Clerk",
    )
    paths = dict.fromkeys([route.path, f"{METADATA}{MCP_PATH}", METADATA])
    return [Route(path, route.endpoint, methods=["GET", "OPTIONS"]) for path in paths]


def grants_scopes(settings: Settings) -> bool:
    """Tell whether a caller who lacks a scope can get it with another token.

    Where the operator has said what each user may do, the issuer need not know these scopes: it would answer
    `invalid_scope` to a client that asks for them.
    """
    return not settings.oauth_user
