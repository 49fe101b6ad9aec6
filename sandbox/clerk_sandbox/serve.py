"""The sandbox as an HTTP server on loopback."""

import asyncio
import socket
import sys
from contextlib import suppress
from typing import cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from clerk_sandbox.asgi import ABORT, App, Message, Receive, Send, make_app
from clerk_sandbox.sandbox import API_PREFIX, Sandbox

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class BreakableProtocol(H11Protocol):
    """Lets the app break its connection, which ASGI has no word for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        app = cast(App, self.app)

        async def with_abort(scope: Message, receive: Receive, send: Send) -> None:
            await app({**scope, ABORT: transport.abort}, receive, send)

        self.app = with_abort


class Server(uvicorn.Server):
    """uvicorn with the sandbox behind it; bound to its port as soon as it is made."""

    def __init__(self, sandbox: Sandbox, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """`port` 0 takes a free one.

        Raises:
            ValueError: `host` is not loopback: the sandbox's own routes take no key.
            OSError: the port is taken.
        """
        if host not in LOOPBACK:
            raise ValueError(f"--host {host}: the sandbox listens on loopback only, such as 127.0.0.1")
        config = uvicorn.Config(
            make_app(sandbox),
            http=BreakableProtocol,
            ws="none",
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
        )
        super().__init__(config)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.create_server((host, port), family=family)
        # An answer is sent in two parts; without this the second waits up to 40 ms for the client to confirm
        # the first. Connections inherit it; asyncio sets it only for sockets that name their protocol.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        shown = f"[{host}]" if ":" in host else host
        self.origin = f"http://{shown}:{self.socket.getsockname()[1]}"
        self.base_url = self.origin + API_PREFIX

    async def serve_forever(self) -> None:
        await self.serve(sockets=[self.socket])


def run(host: str, port: int, sandbox: Sandbox) -> None:
    """Serve until interrupted, after printing the base URL and the key on stdout."""
    server = Server(sandbox, host=host, port=port)
    sys.stdout.write(f"Clerk sandbox  {server.base_url}\nsecret key     {sandbox.key}\n")
    sys.stdout.flush()
    sys.stderr.write("Point CLERK_API_URL and CLERK_SECRET_KEY at these; stop with Ctrl+C.\n")
    with suppress(KeyboardInterrupt):
        asyncio.run(server.serve_forever())
