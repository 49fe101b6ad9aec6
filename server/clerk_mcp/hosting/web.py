"""Serving over HTTP: Streamable HTTP at /mcp, legacy SSE at /sse, and what operators and people look at.

`clerk_mcp.http:app` is the ASGI application that the environment's settings describe, for any ASGI server;
`clerk-mcp --transport http` runs it on uvicorn.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any, Final

from mcp.server.lowlevel import Server
from mcp.server.request_state import AESGCMRequestStateCodec
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from clerk_mcp.answering import Credentials
from clerk_mcp.bulk import Peers
from clerk_mcp.calling import Calls
from clerk_mcp.confirming import Desk
from clerk_mcp.hosting.addresses import (
    LOCAL_ORIGINS,
    MCP_PATH,
    PROBES,
    PublicPaths,
    TrustedAddresses,
    below,
    public_prefix,
    trusted_hosts,
    trusted_origins,
)
from clerk_mcp.hosting.auth import Callers, Challenges, Gatekeeper, ScopeChallenge, Verifier
from clerk_mcp.hosting.bounds import CallBounds, CallerBounds, HeadBounds
from clerk_mcp.hosting.card import CARD_PATH, card_routes
from clerk_mcp.hosting.console import ASSETS, PAGES, Console, InstanceKind, Now
from clerk_mcp.hosting.downloads import FILES_PATH, Downloads
from clerk_mcp.hosting.issuer_signin import IssuerSignIn
from clerk_mcp.hosting.legacy_sse import LegacySse
from clerk_mcp.hosting.metrics import Metrics
from clerk_mcp.hosting.person import BELOW, LinkDoor, OneTimeLinks, PersonPages, SignedIn
from clerk_mcp.hosting.readiness import Readiness, clerk_answers, clerk_takes_the_key
from clerk_mcp.hosting.replicas import Replicas
from clerk_mcp.hosting.sessions import Sessions
from clerk_mcp.hosting.shares import CallShares, InTurns, handled_in_turns
from clerk_mcp.hosting.signin import PATHS as SIGN_IN_PATHS
from clerk_mcp.hosting.signin import SignIn
from clerk_mcp.hosting.tenants import Tenants, make_tenants
from clerk_mcp.hosting.verifiers import (
    grants_scopes,
    make_verifier,
    metadata_routes,
    resource_metadata_url,
)
from clerk_mcp.hosting.versions import KnownVersions
from clerk_mcp.offering import PEOPLES_SCOPES, bound_scope
from clerk_mcp.protocol import Presentation, build_server, misfit
from clerk_mcp.serve import (
    closing_redis,
    make_calls,
    make_links,
    make_runs,
    warn_of_live_writes,
    warn_of_several_processes,
)
from clerk_mcp.settings import Settings

logger = logging.getLogger(__name__)
_WELL_KNOWN: Final = "/.well-known/"
_PAGE_WITHIN_S: Final = 1.0
"""Seconds after which a page tells how far a run is that goes on."""
_BODIES_HELD: Final = 3
"""How many bodies of the largest size are held in memory at once."""


def _own_address(settings: Settings) -> str:
    """Return the address at which callers reach what belongs to this instance."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    every = settings.host in ("0.0.0.0", "::")  # noqa: S104 - compared, not listened on
    host = "localhost" if every else f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}{below(settings.instance_name)}"


class Web:
    """One HTTP server: the MCP server in it, and all that stands around that."""

    def __init__(self, settings: Settings, peers: Peers | None = None) -> None:
        """
        Args:
            peers: what runs calls on each instance that is served beside this one, which adds its own.

        Raises:
            SettingsError: a setting does not hold.
        """
        self.settings = settings
        self._peers: Peers = {} if peers is None else peers
        self.metrics = Metrics()
        verifier = make_verifier(settings)
        self._shares = CallShares(
            settings.max_calls,
            _BODIES_HELD * settings.max_body_bytes,
            # Each makes a client for a key that may be none; one call proves that it is.
            max(settings.max_calls // 10, 1) if settings.auth == "clerk-key" else None,
        )
        self._challenges = Challenges(resource_metadata_url(settings), PAGES)
        self._sign_in = make_sign_in(settings, verifier)
        self.desk: Desk | None = None
        """What puts questions to people, where only a person may agree."""
        self.credentials: Credentials | None = None
        """What waits for a person to fetch it."""
        self._person: PersonPages | None = None
        self._replicas = Replicas(settings)
        warn_of_several_processes(settings)
        console, server = self._make_server()
        self._manager = StreamableHTTPSessionManager(
            server,
            json_response=not settings.stateful,
            stateless=not settings.stateful,
            session_idle_timeout=settings.session_idle,
            max_sessions=settings.max_sessions,
            max_request_body_size=settings.max_body_bytes,
        )
        self._sessions = Sessions(
            StreamableHTTPASGIApp(self._manager), settings.session_idle, settings.max_sessions
        )
        self._sse = LegacySse(server, settings.max_sessions, settings.max_body_bytes)
        self.metrics.sessions(self._open_sessions)
        self.app = Starlette(
            routes=self._routes(console),
            middleware=self._middleware(verifier),
            lifespan=lambda _: self._lifespan(verifier),
        )

    def _make_server(self) -> tuple[Console, Server[Any]]:
        settings, count = self.settings, self.metrics.upstream
        self._runs = make_runs(settings)
        self._runs_back = make_runs(settings, _PAGE_WITHIN_S)
        links = make_links(settings, f"{_own_address(settings)}{FILES_PATH}")
        self._downloads = Downloads(links.files)
        presentation = replace(Presentation.of(settings, self._runs, self._peers), links=links)
        if settings.auth == "clerk-key":
            tenants = make_tenants(settings, "http", count)
            self._proved: Callable[[str], bool] | None = tenants.proved
            self._clients: Tenants | Calls = tenants
            self.ready = Readiness(clerk_answers(settings.clerk_api_url))
            kind: InstanceKind = "own"
            calls = None
            policy, label = tenants.policy, None
            server = build_server(tenants, "the Clerk instance of the caller's key", None, presentation)
        else:
            calls, instance = make_calls(settings, "http", count)
            self._proved = None
            warn_of_live_writes(instance, settings)
            self._peers[instance.label] = calls
            self._clients = calls
            self._person = self._pages_for_a_person(calls)
            self.ready = Readiness(clerk_takes_the_key(calls.client))
            kind, policy, label = instance.kind.value, calls.policy, instance.label
            server = build_server(calls, instance.words, None, presentation)
        server.middleware.extend([handled_in_turns, self._shares.during, self.metrics])
        replicas = self._replicas
        now = Now(settings, kind, policy, self.ready, self.metrics, self._open_sessions, replicas, label)
        questions = self.desk.questions if self.desk else None
        console = Console(now, presentation, server, self._sign_in, questions, calls, self._runs_back)
        return console, server

    def _open_sessions(self) -> int:
        return self._sse.open + self._sessions.open

    def _pages_for_a_person(self, calls: Calls) -> PersonPages | None:
        """Make the pages on which people answer, where only a person may agree to what callers ask, and on
        which they fetch credentials."""
        desk, public_url = calls.confirmer.desk, self.settings.public_url
        self.desk, self.credentials = desk, calls.formatter.secrets.kept
        if desk is None:
            known = SignedIn(self._sign_in) if self._sign_in else None
            return (
                PersonPages(calls, None, known, public_url=public_url) if self.credentials and known else None
            )
        if self._sign_in is None:
            links = OneTimeLinks("the operator")
            desk.door = LinkDoor(public_url, links)
            return PersonPages(calls, desk.questions, links, public_url=public_url)
        desk.door = LinkDoor(public_url)
        return PersonPages(calls, desk.questions, SignedIn(self._sign_in), public_url=public_url)

    def _routes(self, console: Console) -> list[BaseRoute]:
        settings = self.settings
        streamable: ASGIApp = self._sessions
        if not settings.stateful:
            streamable = self._without_sessions()
        streamable = KnownVersions(streamable)
        if grants_scopes(settings):
            streamable = ScopeChallenge(streamable, self._challenges)
        # Without sessions there is nothing that a GET could listen to, or a DELETE end.
        methods = ["GET", "POST", "DELETE"] if settings.stateful else ["POST"]
        return [
            Route(MCP_PATH, streamable, methods=methods),
            Route("/sse", self._sse, methods=["GET"]),
            Mount("/messages", self._sse.messages),
            Route("/healthz", _alive),
            Route("/readyz", self.ready.show),
            Route("/metrics", self._show_metrics),
            self._downloads.route(),
            *metadata_routes(settings),
            *card_routes(settings),
            *console.routes(),
            *(self._person.routes() if self._person else ()),
        ]

    def _without_sessions(self) -> ASGIApp:
        sdks_own = StreamableHTTPASGIApp(self._manager)
        if misfit():
            return sdks_own
        from clerk_mcp.hosting.short_way import ShortWay

        return ShortWay(sdks_own, self._manager.app, self.settings.max_body_bytes)

    def _middleware(self, verifier: Verifier | None) -> list[Middleware]:
        """List them from the outermost to the innermost."""
        settings = self.settings
        open_paths = [
            *PROBES,
            CARD_PATH,
            *ASSETS,
            *(PAGES if settings.public_page and self._sign_in is None else ()),
            *(["/metrics"] if settings.public_metrics else ()),
        ]
        known = []
        if verifier is not None:
            gatekeeper = Gatekeeper(
                verifier,
                open_paths=open_paths,
                open_below=(_WELL_KNOWN, *BELOW),
                pages=(*PAGES, *SIGN_IN_PATHS),
                signed_in=self._sign_in.who if self._sign_in else None,
            )
            respond = self._challenges.respond
            known.append(Middleware(AuthenticationMiddleware, backend=gatekeeper, on_error=respond))
        return [
            Middleware(
                PublicPaths, prefix=public_prefix(settings), paths=[*PROBES, MCP_PATH, "/sse", "/metrics"]
            ),
            Middleware(TrustedAddresses, hosts=trusted_hosts(settings), origins=trusted_origins(settings)),
            Middleware(
                CORSMiddleware,
                allow_origins=[origin for origin in trusted_origins(settings) if not origin.endswith(":*")],
                allow_origin_regex=LOCAL_ORIGINS,
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=["*"],
                expose_headers=["Mcp-Session-Id", "WWW-Authenticate"],
            ),
            Middleware(HeadBounds, max_bytes=settings.max_header_bytes),
            *known,
            Middleware(Callers, local_only=verifier is None, proved=self._proved),
            Middleware(InTurns),
            Middleware(CallerBounds, per_second=settings.calls_per_second),
            Middleware(
                CallBounds,
                shares=self._shares,
                max_body_bytes=settings.max_body_bytes,
                read_timeout=settings.read_timeout,
                is_draining=lambda: self.ready.draining,
            ),
        ]

    @contextlib.asynccontextmanager
    async def _lifespan(self, verifier: Verifier | None) -> AsyncIterator[None]:
        async with closing_redis(self.settings), self._clients, self._manager.run(), self._replicas.living():
            try:
                yield
            finally:
                await self._runs.close()
                await self._runs_back.close()
                await self._downloads.close()
        if verifier is not None:
            await verifier.close()

    def drain(self) -> None:
        """Have probes and new calls told that this server is about to end."""
        self.ready.draining = True

    async def until_idle(self) -> None:
        """Wait for the calls under way."""
        await self.metrics.until_idle()

    async def stop_calls(self) -> None:
        """End the calls that still run with answers that tell their outcomes."""
        await self._clients.stop()

    async def _show_metrics(self, request: Request) -> Any:
        if self.settings.auth == "clerk-key" and not self.settings.public_metrics:
            # Anybody can write down a key: holding one says nothing about who may see all callers' counts.
            return PlainTextResponse("Closed on this server, unless it is started with --public-metrics", 403)
        return await self.metrics.show(request)


def make_sign_in(settings: Settings, verifier: Verifier | None) -> SignIn | None:
    """Make the way for people to sign in; None where nobody has to, or a Clerk key would have to be typed."""
    if verifier is None or settings.auth == "clerk-key":
        return None
    state_key = settings.state_key.get_secret_value() if settings.state_key else None

    def by_issuer(codec: AESGCMRequestStateCodec) -> IssuerSignIn:
        scopes = [bound_scope(scope, settings.instance_name) for scope in PEOPLES_SCOPES]
        return IssuerSignIn(
            str(settings.oauth_issuer),
            str(settings.oauth_page_client),
            f"{settings.public_url}/signin/callback",
            scopes if grants_scopes(settings) else (),
            codec,
        )

    issuer = by_issuer if settings.oauth_page_client else None
    return SignIn(
        verifier,
        state_key=state_key,
        public_url=settings.public_url,
        issuer=issuer,
        with_oauth=settings.auth == "oauth",
    )


async def _alive(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n")
