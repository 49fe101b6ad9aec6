"""Running the ASGI application on uvicorn: bounded, and drained at the end."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import sys
from typing import Final

import anyio
import uvicorn

from clerk_mcp.hosting.addresses import MCP_PATH, listen
from clerk_mcp.hosting.streams import end_streams, keep_streams
from clerk_mcp.hosting.switchboard import Switchboard, addresses
from clerk_mcp.hosting.timely_protocol import http_protocol
from clerk_mcp.hosting.web import Web
from clerk_mcp.serve import collect_from_here
from clerk_mcp.settings import Settings
from clerk_mcp.telemetry import export_spans, to_stderr

_LAST_WORDS_S: Final = 0.2


MOST_SILENT: Final = 1000
"""Connections on which nothing happens; above, the oldest of whoever has most of them is closed."""

IDLE_S: Final = 5
"""After which an idle connection is closed; the nginx that we ship closes its own before that."""


class DrainingServer(uvicorn.Server):
    """uvicorn that lets running calls finish before it ends the streams that carry their answers."""

    def __init__(self, config: uvicorn.Config, web: Web | Switchboard) -> None:
        super().__init__(config)
        self._web = web

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        keep_streams()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._web.drain()
        ending = asyncio.create_task(self._end_streams())
        try:
            await super().shutdown(sockets)
        finally:
            ending.cancel()

    async def _end_streams(self) -> None:
        with anyio.move_on_after(self._web.settings.drain):
            await self._web.until_idle()
            # The last answer is there, but not yet on its stream.
            await anyio.sleep(_LAST_WORDS_S)
        # Whatever still runs is told its outcome, while uvicorn still waits for it.
        await self._web.stop_calls()
        with anyio.move_on_after(_LAST_WORDS_S):
            await self._web.until_idle()
        end_streams()


def make_web(settings: Settings) -> Web | Switchboard:
    """Make the HTTP server that the settings describe.

    Raises:
        SettingsError: a setting does not hold.
    """
    return Switchboard(settings) if settings.instance else Web(settings)


def server_of(web: Web | Switchboard) -> DrainingServer:
    """uvicorn around a server, bounded as its settings want; run it on a socket that `listen` gave."""
    settings = web.settings
    config = uvicorn.Config(
        web.app,
        http=http_protocol(settings.read_timeout, settings.max_header_bytes, _most_silent()),
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
    web = make_web(settings)
    listener = listen(settings.host, settings.port)
    _allow_connections(len(settings.served) * (settings.max_sessions + settings.max_calls))
    _greet(settings, listener)
    collect_from_here()
    with contextlib.suppress(KeyboardInterrupt):
        server_of(web).run(sockets=[listener])


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


def _most_silent() -> int:
    """Tell how many connections may wait for their client to speak: a quarter of what may be open at all."""
    if sys.platform == "win32":
        return MOST_SILENT
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_SILENT if soft == resource.RLIM_INFINITY else max(min(MOST_SILENT, soft // 4), 16)


def _greet(settings: Settings, listener: socket.socket) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = settings.public_url or f"http://{host}:{listener.getsockname()[1]}"
    path = "/sse" if settings.transport == "sse" else MCP_PATH
    where = " and ".join(addresses(settings, base)) if settings.instance else f"{base}{path}"
    print(f"clerk-mcp at {where}, auth {settings.auth}; about it: {base}/", file=sys.stderr, flush=True)  # noqa: T201 the greeting is for whoever started it, at any log level
