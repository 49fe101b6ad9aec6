"""Serving over HTTP: Streamable HTTP at /mcp, legacy SSE at /sse, and what operators and people look at.

`clerk_mcp.http:app` is the ASGI application that the environment's settings describe, for any ASGI server;
`clerk-mcp --transport http` runs it on uvicorn.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import math
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import urlsplit

import anyio
import uvicorn
from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
from mcp.server.auth.settings import AuthSettings
from mcp.server.lowlevel import Server
from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from sse_starlette.sse import AppStatus
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from clerk_mcp.app import build_server
from clerk_mcp.auth import BearerTokens, Callers, Challenges, ClerkKeys, Gatekeeper, ScopeChallenge, Verifier
from clerk_mcp.hosting.bounds import CallerBounds, RequestBounds, TimelyProtocol, busy
from clerk_mcp.hosting.metrics import Metrics
from clerk_mcp.hosting.page import PAGES, About, page_routes
from clerk_mcp.hosting.readiness import Readiness, clerk_answers, clerk_takes_the_key
from clerk_mcp.hosting.short_way import ShortWay
from clerk_mcp.hosting.tokens import TokenFile, TokenFileError, parse_scopes
from clerk_mcp.logs import to_stderr
from clerk_mcp.modes import Presentation
from clerk_mcp.policy import SCOPES
from clerk_mcp.serve import collect_from_here, make_calls, make_tenants, warn_of_live_writes
from clerk_mcp.settings import Settings, SettingsError, is_loopback, load
from clerk_mcp.telemetry import export_spans

if TYPE_CHECKING:
    from clerk_mcp.hosting.oauth import OAuthTokens

logger = logging.getLogger(__name__)

MCP_PATH: Final = "/mcp"
_PROBES: Final = ("/healthz", "/readyz")
_WELL_KNOWN: Final = "/.well-known/"
_LAST_WORDS_S: Final = 0.2
IDLE_S: Final = 5
"""After which an idle connection is closed; the nginx that we ship closes its own before that."""
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")


class Web:
    """One HTTP server: the MCP server in it, and all that stands around that."""

    def __init__(self, settings: Settings) -> None:
        """
        Raises:
            SettingsError: a setting does not hold.
        """
        self.settings = settings
        self.metrics = Metrics()
        verifier = make_verifier(settings)
        self._resources = contextlib.AsyncExitStack()
        self._challenges = Challenges(_resource_metadata(settings), PAGES)
        about, server = self._make_server()
        self._manager = StreamableHTTPSessionManager(
            server,
            json_response=not settings.stateful,
            stateless=not settings.stateful,
            session_idle_timeout=settings.session_idle,
            max_sessions=settings.max_sessions,
            max_request_body_size=settings.max_body_bytes,
        )
        self._sse = LegacySse(server, settings.max_sessions, settings.max_body_bytes)
        self.metrics.sessions(self._sessions)
        self.app = Starlette(
            routes=self._routes(about),
            middleware=self._middleware(verifier),
            lifespan=lambda _: self._lifespan(verifier),
        )

    def _make_server(self) -> tuple[About, Server[Any]]:
        settings, count = self.settings, self.metrics.upstream
        presentation = Presentation.of(settings)
        if settings.auth == "clerk-key":
            tenants = make_tenants(settings, "http", count)
            self._clients: contextlib.AbstractAsyncContextManager[Any] = tenants
            self.ready = Readiness(clerk_answers(settings.clerk_api_url))
            about = About("own", settings.public_url, settings.auth, tenants.policy)
            server = build_server(tenants, "the Clerk instance of the caller's key", None, presentation)
        else:
            calls, kind = make_calls(settings, "http", count)
            warn_of_live_writes(kind, settings)
            self._clients = calls.client
            self.ready = Readiness(clerk_takes_the_key(calls.client))
            about = About(kind.value, settings.public_url, settings.auth, calls.policy)
            server = build_server(calls, kind.words, None, presentation)
        server.middleware.append(self.metrics)
        return about, server

    def _routes(self, about: About) -> list[BaseRoute]:
        settings = self.settings
        streamable: ASGIApp = StreamableHTTPASGIApp(self._manager)
        if not settings.stateful:
            streamable = ShortWay(streamable, self._manager.app, settings.max_body_bytes)
        # Without sessions there is nothing that a GET could listen to, or a DELETE end.
        methods = ["GET", "POST", "DELETE"] if settings.stateful else ["POST"]
        return [
            Route(MCP_PATH, ScopeChallenge(streamable, self._challenges), methods=methods),
            Route("/sse", self._sse, methods=["GET"]),
            Mount("/messages", self._sse.messages),
            Route("/healthz", _alive),
            Route("/readyz", self.ready.show),
            Route("/metrics", self._show_metrics),
            *_metadata_routes(settings),
            *page_routes(about),
        ]

    def _middleware(self, verifier: Verifier | None) -> list[Middleware]:
        """From the outermost to the innermost."""
        settings = self.settings
        open_paths = [
            *_PROBES,
            *(PAGES if settings.public_page else ()),
            *(["/metrics"] if settings.public_metrics else ()),
        ]
        known = []
        if verifier is not None:
            gatekeeper = Gatekeeper(verifier, open_paths=open_paths, open_below=_WELL_KNOWN, pages=PAGES)
            respond = self._challenges.respond
            known.append(Middleware(AuthenticationMiddleware, backend=gatekeeper, on_error=respond))
        return [
            Middleware(TrustedAddresses, settings=_trusted(settings)),
            Middleware(
                CORSMiddleware,
                allow_origins=settings.allowed_origin,
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=["*"],
                expose_headers=["Mcp-Session-Id", "WWW-Authenticate"],
            ),
            Middleware(
                RequestBounds,
                max_calls=settings.max_calls,
                max_header_bytes=settings.max_header_bytes,
                read_timeout=settings.read_timeout,
                is_full=lambda: self.ready.draining or self.metrics.running >= settings.max_calls,
            ),
            *known,
            Middleware(Callers, local_only=verifier is None),
            Middleware(CallerBounds, per_second=settings.calls_per_second),
        ]

    @contextlib.asynccontextmanager
    async def _lifespan(self, verifier: Verifier | None) -> AsyncIterator[None]:
        async with self._clients, self._manager.run():
            yield
        if verifier is not None:
            await verifier.close()

    async def _show_metrics(self, request: Request) -> Any:
        if self.settings.auth == "clerk-key" and not self.settings.public_metrics:
            # Anybody can write down a key: holding one says nothing about who may see all callers' counts.
            return PlainTextResponse("Closed on this server, unless it is started with --public-metrics", 403)
        return await self.metrics.show(request)

    def _sessions(self) -> int:
        # The SDK has no public count of its sessions.
        return self._sse.open + len(self._manager._server_instances)


class _NoTraceback(logging.Filter):
    """Takes the traceback off a line: the SDK's, about a message that is not JSON, quotes what was sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        return True


_NO_TRACEBACK: Final = _NoTraceback()


class LegacySse:
    """HTTP with SSE, as the protocol had it up to 2024-11-05: a stream at /sse, requests to /messages/."""

    def __init__(self, server: Server[Any], max_sessions: int, max_body_bytes: int) -> None:
        logging.getLogger("mcp.server.sse").addFilter(_NO_TRACEBACK)
        self._server = server
        self._transport = SseServerTransport("/messages/", max_request_body_size=max_body_bytes)
        self._max_sessions = max_sessions
        self.open = 0
        self.messages: ASGIApp = self._transport.handle_post_message

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.open >= self._max_sessions:
            await busy("This server has as many sessions as it takes", 503, 10)(scope, receive, send)
            return
        self.open += 1
        try:
            async with self._transport.connect_sse(scope, receive, send) as (read, write):
                await self._server.run(read, write, self._server.create_initialization_options())
        finally:
            self.open -= 1


class TrustedAddresses:
    """Refuses requests for another host and from pages of elsewhere, which DNS rebinding could send."""

    def __init__(self, app: ASGIApp, settings: TransportSecuritySettings) -> None:
        self._app = app
        self._security = TransportSecurityMiddleware(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Probes address a machine by its number, and what they see is no secret.
        if scope["type"] == "http" and scope["path"] not in _PROBES:
            refusal = await self._security.validate_request(Request(scope))
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _trusted(settings: Settings) -> TransportSecuritySettings:
    hosts = [*_LOOPBACK, settings.host]
    own = [urlsplit(settings.public_url).netloc] if settings.public_url else []
    return TransportSecuritySettings(
        allowed_hosts=[*hosts, *(f"{host}:*" for host in hosts), *own, *settings.allowed_host],
        allowed_origins=[
            *(f"http://{host}" for host in _LOOPBACK),
            *(f"http://{host}:*" for host in _LOOPBACK),
            *([settings.public_url] if settings.public_url else []),
            *settings.allowed_origin,
        ],
    )


def make_verifier(settings: Settings) -> Verifier | None:
    """What knows the callers' credentials; None where none are asked for.

    Raises:
        SettingsError: the settings for it do not hold.
    """
    if settings.auth == "bearer":
        try:
            return BearerTokens(TokenFile(settings.token_file.expanduser()))
        except TokenFileError as error:
            raise SettingsError(f"--auth bearer: {error}; make one with: clerk-mcp token new NAME") from None
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
            users[subject] = parse_scopes(scopes.split("+"))
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


def _resource_metadata(settings: Settings) -> str | None:
    auth = _auth_settings(settings)
    if auth is None or auth.resource_server_url is None:
        return None
    return str(build_resource_metadata_url(auth.resource_server_url))


def _metadata_routes(settings: Settings) -> Sequence[Route]:
    auth = _auth_settings(settings)
    if auth is None or auth.resource_server_url is None:
        return ()
    return create_protected_resource_routes(
        auth.resource_server_url, [auth.issuer_url], scopes_supported=list(SCOPES), resource_name="Clerk"
    )


async def _alive(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n")


class DrainingServer(uvicorn.Server):
    """uvicorn that lets running calls finish before it ends the streams that carry their answers."""

    def __init__(self, config: uvicorn.Config, web: Web) -> None:
        super().__init__(config)
        self._web = web

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # sse-starlette would end every stream at once, and with it the answers that are still to come on it.
        AppStatus.enable_automatic_graceful_drain = False
        AppStatus.should_exit = False
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._web.ready.draining = True
        ending = asyncio.create_task(self._end_streams())
        try:
            await super().shutdown(sockets)
        finally:
            ending.cancel()

    async def _end_streams(self) -> None:
        with anyio.move_on_after(self._web.settings.drain):
            await self._web.metrics.until_idle()
            # The last answer is there, but not yet on its stream.
            await anyio.sleep(_LAST_WORDS_S)
        AppStatus.should_exit = True


def server_of(web: Web) -> DrainingServer:
    """uvicorn around a server, bounded as its settings want; run it on a socket that `listen` gave."""
    settings = web.settings
    config = uvicorn.Config(
        web.app,
        http=type(
            "Protocol",
            (TimelyProtocol,),
            {"read_timeout": settings.read_timeout, "max_header_bytes": settings.max_header_bytes},
        ),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=math.ceil(settings.drain) + 1,
    )
    return DrainingServer(config, web)


def serve_http(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then drain.

    Raises:
        SettingsError: a setting does not hold, or the port is taken.
    """
    to_stderr(settings.log_level)
    export_spans()
    web = Web(settings)
    listener = listen(settings.host, settings.port)
    _allow_connections(settings.max_sessions + settings.max_calls)
    _greet(settings, listener)
    collect_from_here()
    with contextlib.suppress(KeyboardInterrupt):
        server_of(web).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        SettingsError: the port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host.strip("[]"), port), family=family, backlog=2048)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "is taken by another program" if taken else f"cannot be listened on: {error.strerror}"
        raise SettingsError(f"--port {port} on {host} {reason}") from None
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Connections whose other end has vanished are noticed by the pings that fail, within this time.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 60_000)
    return listener


def _allow_connections(most: int) -> None:
    """Raise the process's limit of open files, which many systems set to 1024, as far as it may go."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * most + 256
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def _greet(settings: Settings, listener: socket.socket) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = settings.public_url or f"http://{host}:{listener.getsockname()[1]}"
    path = "/sse" if settings.transport == "sse" else MCP_PATH
    print(f"clerk-mcp at {base}{path}, auth {settings.auth}; about it: {base}/", file=sys.stderr, flush=True)  # noqa: T201 the greeting is for whoever started it, at any log level


def _end(error: SettingsError) -> NoReturn:
    print(*error.problems, sep="\n", file=sys.stderr, flush=True)  # noqa: T201 for whoever started it
    # As `clerk-mcp` ends on its own mistakes in settings.
    sys.exit(2)


def _from_environment() -> Starlette:
    try:
        settings = load()
        to_stderr(settings.log_level)
        export_spans()
        return Web(settings).app
    except SettingsError as error:
        # An ASGI server that imports this should end with these lines, not with a stack trace.
        _end(error)


def __getattr__(name: str) -> Starlette:
    # Made when asked for: importing this module must not need settings.
    if name == "app":
        return _from_environment()
    raise AttributeError(name)


if __name__ == "__main__":
    try:
        serve_http(load())
    except SettingsError as error:
        _end(error)
