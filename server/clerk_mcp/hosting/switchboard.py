"""Several instances on one port: each is a server of its own, and this only tells which one a request is for.

`/mcp/prod` and `/sse/prod` are where clients connect to the instance `prod`; everything else of it, its pages
and its metrics, is below `/instances/prod`. Sessions, tokens, sign-ins, questions and bounds are each
instance's own, so that nothing can cross.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import Final
from urllib.parse import urlsplit

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from clerk_mcp.bulk import Peers
from clerk_mcp.hosting.addresses import (
    MCP_PATH,
    PROBES,
    TrustedAddresses,
    below,
    trusted_hosts,
    trusted_origins,
)
from clerk_mcp.hosting.bounds import HeadBounds
from clerk_mcp.hosting.html import bare, respond, tag
from clerk_mcp.hosting.verifiers import METADATA
from clerk_mcp.hosting.web import Web
from clerk_mcp.settings import Settings

_BELOW: Final = "/instances/"


class Switchboard:
    """The HTTP servers of all instances that are served, behind one port."""

    def __init__(self, settings: Settings) -> None:
        """
        Raises:
            SettingsError: a setting does not hold.
        """
        self.settings = settings
        self._prefix = urlsplit(settings.public_url or "").path.rstrip("/")
        peers: Peers = {}
        self.webs = {str(one.instance_name): Web(_of_instance(one), peers) for one in settings.served}
        own = [
            Middleware(TrustedAddresses, hosts=trusted_hosts(settings), origins=trusted_origins(settings)),
            Middleware(HeadBounds, max_bytes=settings.max_header_bytes),
        ]
        self._own = Starlette(
            routes=[
                Route(PROBES[0], _alive),
                Route(PROBES[1], self._show_readiness),
                Route("/", self._show_instances),
                Route("/{rest:path}", self._lead_on, methods=["GET", "POST", "DELETE"]),
            ],
            middleware=own,
            lifespan=lambda _: self._lifespan(),
        )

    @property
    def app(self) -> ASGIApp:
        """The ASGI application."""
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._own(scope, receive, send)
            return
        path = scope["path"]
        if self._prefix and (path == self._prefix or path.startswith(f"{self._prefix}/")):
            path = path.removeprefix(self._prefix) or "/"
        name, inner = instance_of(path)
        web = self.webs.get(name)
        if web is None:
            await self._own({**scope, "path": path}, receive, send)
            return
        await web.app({**scope, "path": f"{self._prefix}{below(name)}{inner}"}, receive, send)

    def drain(self) -> None:
        """Have probes and new calls told that this server is about to end."""
        for web in self.webs.values():
            web.drain()

    async def until_idle(self) -> None:
        """Wait for the calls under way."""
        async with anyio.create_task_group() as tasks:
            for web in self.webs.values():
                tasks.start_soon(web.until_idle)

    async def stop_calls(self) -> None:
        """End the calls that still run with answers that tell their outcomes."""
        for web in self.webs.values():
            await web.stop_calls()

    @contextlib.asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for web in self.webs.values():
                await stack.enter_async_context(web.app.router.lifespan_context(web.app))
            yield

    async def _show_readiness(self, _: Request) -> PlainTextResponse:
        """`GET /readyz`: 503 only where no instance can be served, so that one bad key shuts out nobody."""
        found = {name: (await web.ready.look())[0] for name, web in self.webs.items()}
        lines = "".join(f"{name}: {finding.words}\n" for name, finding in found.items())
        return PlainTextResponse(lines, 200 if any(each.ready for each in found.values()) else 503)

    async def _show_instances(self, _: Request) -> Response:
        if self.settings.auth != "none" and not self.settings.public_page:
            return PlainTextResponse(
                "Each instance of this server has a page below /instances/ and its name\n"
            )
        root = f"{self._prefix}{_BELOW}"
        links = [tag("li", tag("a", name, href=f"{root}{name}/")) for name in self.webs]
        # The files that every page needs are the same in each instance.
        root += next(iter(self.webs))
        return respond(bare(root, "Instances", tag("h1", "Instances"), tag("ul", *links)))

    async def _lead_on(self, request: Request) -> PlainTextResponse:
        """Answer what belongs to no instance."""
        if request.url.path.rstrip("/") in (MCP_PATH, "/sse", "/metrics"):
            told = (
                "This server has named instances: connect to /mcp/NAME or /sse/NAME, and find metrics at"
                " /instances/NAME/metrics"
            )
            return PlainTextResponse(f"{told}\n", 404)
        return PlainTextResponse("Not found\n", 404)


def instance_of(path: str) -> tuple[str, str]:
    """Return the name of the instance that a path is about, and what it is called inside of that."""
    for start, inner in ((f"{MCP_PATH}/", MCP_PATH), ("/sse/", "/sse"), (_BELOW, "")):
        if path.startswith(start):
            name, slash, rest = path.removeprefix(start).partition("/")
            return name, f"{inner}{slash}{rest}" or "/"
    head, _, name = path.rstrip("/").rpartition(f"{MCP_PATH}/")
    if head.startswith(METADATA):
        # RFC 9728 puts the path of the endpoint behind its own, below a proxy's prefix or without it.
        return name, f"{METADATA}{MCP_PATH}"
    return "", path


def _of_instance(settings: Settings) -> Settings:
    """Return the settings of an instance that is served below a path."""
    if settings.public_url is None:
        return settings
    address = f"{settings.public_url}{below(settings.instance_name)}"
    return settings.model_copy(update={"public_url": address})


def addresses(settings: Settings, base: str) -> Iterable[str]:
    """Return where the instances are served, for whoever started the server."""
    for one in settings.served:
        yield f"{base}{'/sse' if settings.transport == 'sse' else MCP_PATH}/{one.instance_name}"


async def _alive(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n")
