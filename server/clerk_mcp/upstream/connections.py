"""Connections to Clerk, kept open between calls and lent to one at a time.

They are `Wire`s, but for a proxy that is spoken to in TLS or SOCKS: there httpx2's own transport is used.
"""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import anyio
import httpx2

from clerk_mcp.upstream.certificates import CertificatesUnusable, tls_context

# Idle connections are closed from this side, well before Clerk's edge does so: the fate of a request that
# meets a closing connection is unknown.
_KEEP_ALIVE_S: Final = 60

_CLOSING_S: Final = 1.0


class ProxyUnusable(Exception):
    """The environment names a proxy that cannot be used; the message does not quote it."""

    def __init__(self) -> None:
        super().__init__("The proxy that HTTPS_PROXY or ALL_PROXY names is not one that can be used.")


class Connections:
    """As many connections to one server as there are calls at once, the last used one lent first."""

    def __init__(self, base_url: str, given: httpx2.AsyncBaseTransport | None = None) -> None:
        """`given` is lent to everybody in place of connections of its own; the sandbox, for instance."""
        self._base_url = base_url
        self._given = given
        self._preparing = anyio.Lock()
        self._options: tuple[ssl.SSLContext | None, str | None] | None = None
        self._open: set[httpx2.AsyncBaseTransport] = set()
        # With the time since when; the last used one last, and those that nobody has used yet first.
        self._idle: deque[tuple[float, httpx2.AsyncBaseTransport]] = deque()

    async def take(self) -> httpx2.AsyncBaseTransport:
        """Return a connection for one request, to be given back however that ends; made at its first.

        Raises:
            ProxyUnusable, CertificatesUnusable: see there.
        """
        if self._idle:
            since, connection = self._idle.pop()
            if since < time.monotonic() - _KEEP_ALIVE_S:
                # It connects anew at its request.
                await connection.aclose()
            return connection
        if self._given:
            return self._given
        connection = await self._make()
        self._open.add(connection)
        return connection

    async def give_back(self, connection: httpx2.AsyncBaseTransport, *, usable: bool) -> None:
        """Keep a connection for the next request, and close those that none has needed for a minute.

        Args:
            usable: it has brought a whole answer. One of httpx2's is used once only, for it does not tell of
                what came after that, which would be the answer to the next request.
        """
        if connection is self._given:
            return
        closing = []
        if usable and connection in self._open and getattr(connection, "is_clean", False):
            self._idle.append((time.monotonic(), connection))
        else:
            closing.append(connection)
        await self._close_unneeded(closing)

    async def open_ahead(self, wanted: int, seconds: float) -> None:
        """Make connections before they are needed, until so many are open, with those that are lent.

        A request that comes meanwhile waits for one of these, which is there sooner than one made then. Where
        one cannot be made, the request that is lent it tries again, and tells why.

        Args:
            seconds: that each may take.
        """
        if self._given:
            return
        await self._close_unneeded([])

        async def connect(connect: Callable[[float], Awaitable[None]]) -> None:
            with suppress(httpx2.RequestError):
                await connect(seconds)

        async with anyio.create_task_group() as tasks:
            while len(self._open) < wanted:
                try:
                    connection = await self._make()
                except (ProxyUnusable, CertificatesUnusable):
                    return
                # One of httpx2's connects at its request, whatever anybody does.
                if len(self._open) >= wanted or not hasattr(connection, "connect"):
                    return
                self._open.add(connection)
                # Lent after all that are there, and idle from now on.
                self._idle.appendleft((time.monotonic(), connection))
                tasks.start_soon(connect, connection.connect)

    async def _close_unneeded(self, closing: list[httpx2.AsyncBaseTransport]) -> None:
        """Close connections, and with them those that have been idle for too long.

        One that stands behind some that were made after it waits for these; `take` looks at each again.
        """
        # All taken out before any is closed, for others take and give back meanwhile.
        while self._idle and self._idle[0][0] < time.monotonic() - _KEEP_ALIVE_S:
            closing.append(self._idle.popleft()[1])
        if not closing:
            return
        # Also for a call that has been cancelled, but not for a peer that does not let go.
        with anyio.move_on_after(_CLOSING_S, shield=True):
            for unwanted in closing:
                self._open.discard(unwanted)
                await unwanted.aclose()

    async def close(self) -> None:
        """Close all connections, lent or not. A later request makes new ones."""
        closing = [*self._open, *([self._given] if self._given else [])]
        self._open.clear()
        self._idle.clear()
        for connection in closing:
            await connection.aclose()

    async def _make(self) -> httpx2.AsyncBaseTransport:
        try:
            async with self._preparing:
                if self._options is None:
                    # In a thread: loading the certificates takes a quarter of a second, which neither the
                    # start of the server nor its event loop should spend.
                    self._options = await anyio.to_thread.run_sync(_options, self._base_url)
            tls, proxy = self._options
            # Imported here, for the start of the server does without.
            from clerk_mcp.upstream.wire import Wire

            if proxy is None or proxy.startswith("http://"):
                return Wire(self._base_url, tls, proxy)
            return httpx2.AsyncHTTPTransport(verify=tls or True, proxy=proxy)
        except (ImportError, ValueError):
            # Its own words may quote the proxy's password.
            raise ProxyUnusable from None


def _options(base_url: str) -> tuple[ssl.SSLContext | None, str | None]:
    # Many networks let nothing out but through HTTPS_PROXY, or need SSL_CERT_FILE. Plain http stays on this
    # machine: it has no certificates, and a proxy could only fail there, and would read the key.
    if not base_url.startswith("https:"):
        return None, None
    tls = tls_context()
    tls.set_alpn_protocols(["http/1.1"])
    return tls, _proxy_of_environment(base_url)


def _proxy_of_environment(url: str) -> str | None:
    from urllib.request import getproxies, proxy_bypass

    named = getproxies()
    proxy = named.get("https") or named.get("all")
    if not proxy or proxy_bypass(urlsplit(url).netloc):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
