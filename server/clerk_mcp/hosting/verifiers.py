"""From settings to what verifies callers, and the metadata that OAuth clients look for."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
from mcp.server.auth.settings import AuthSettings
from starlette.routing import Route

from clerk_mcp.hosting.auth import BearerTokens, ClerkKeys, Verifier
from clerk_mcp.hosting.tokens import TokenFile, TokenFileError, parse_scopes
from clerk_mcp.offering import SCOPES
from clerk_mcp.settings import Settings, SettingsError, at_home, is_loopback

if TYPE_CHECKING:
    from clerk_mcp.hosting.oauth import OAuthTokens


MCP_PATH: Final = "/mcp"


def make_verifier(settings: Settings) -> Verifier | None:
    """What knows the callers' credentials; None where none are asked for.

    Raises:
        SettingsError: the settings for it do not hold.
    """
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
            raise SettingsError("--auth clerk-key: callers bring their keys; start it without one of its own")
        return ClerkKeys()
    if not is_loopback(settings.host):
        raise SettingsError(
            f"--host {settings.host} can be reached from elsewhere, and --auth is none:"
            " choose --auth bearer, oauth or clerk-key, or listen on 127.0.0.1"
        )
    return None


def make_oauth(settings: Settings) -> OAuthTokens:
    """What verifies the tokens of the issuer that the settings name.

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
    return OAuthTokens(
        Issuer(
            settings.oauth_issuer,
            audiences=frozenset(settings.oauth_audience),
            clients=frozenset(settings.oauth_client),
            users=_users(settings.oauth_user),
            jwks_url=settings.oauth_jwks_url,
        )
    )


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
            "resource_server_url": f"{settings.public_url}{MCP_PATH}",
            "validate_token_resource": False,
        }
    )


def resource_metadata_url(settings: Settings) -> str | None:
    auth = _auth_settings(settings)
    if auth is None or auth.resource_server_url is None:
        return None
    return str(build_resource_metadata_url(auth.resource_server_url))


def metadata_routes(settings: Settings) -> Sequence[Route]:
    auth = _auth_settings(settings)
    if auth is None or auth.resource_server_url is None:
        return ()
    return create_protected_resource_routes(
        auth.resource_server_url, [auth.issuer_url], scopes_supported=list(SCOPES), resource_name="Clerk"
    )
