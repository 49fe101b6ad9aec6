"""One connection to Clerk: HTTP/1.1 on the event loop's own transports, behind httpx2's interface.

httpx2's own transport took three quarters of the time of a call, in five layers; this one takes a fifth of
that. It is no client for everybody: one server, one request at a time, and what `Connections` and `Api` do
without is not there. What must be known of a request is known at first hand: whether a byte of it
was handed to the system, that nothing is sent twice, and whether anything followed the answer. `httptools`,
which reads requests over HTTP, reads the answers here.
"""

from __future__ import annotations

import asyncio
import math
import select
import socket
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

import anyio
import httptools
import httpx2

_PIECE_BYTES: Final = 2**16
"""A request is written by this much at a time."""
_MOST_WAITING_BYTES: Final = 2**20
"""Of an answer, that have come and not been taken; then no more are read."""
_MOST_HEAD_BYTES: Final = 2**16
_NEXT_ADDRESS_S: Final = 0.25
"""After which another address of the server is tried as well."""


class Wire(httpx2.AsyncBaseTransport):
    """A connection that is made at its first request, and again where the server has closed it meanwhile."""

    def __init__(self, url: str, tls: ssl.SSLContext | None, proxy: str | None = None) -> None:
        """
        Args:
            url: names the server.
            tls: needed for https.
            proxy: asked for a tunnel to the server; an http URL, which may hold a user and a password.
        """
        self._server = urlsplit(url)
        self._tls = tls
        self._proxy = urlsplit(proxy) if proxy else None
        self._peer: Peer | None = None
        self._connecting = anyio.Lock()

    @property
    def is_clean(self) -> bool:
        """Whether the last answer came whole, nothing followed it, and the server has not hung up."""
        return self._peer is not None and self._peer.is_clean()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, once, and return the answer as soon as its head is there.

        Raises:
            httpx2.ConnectError, httpx2.ConnectTimeout: nothing was sent.
            httpx2.RequestError: something may have been.
        """
        given = {"connect": None, "read": None, "write": None, **request.extensions.get("timeout", {})}
        peer = await self.ask(_head_of(request) + await request.aread(), given)
        return httpx2.Response(peer.status, headers=peer.headers, stream=_Body(peer))

    async def ask(
        self, message: bytes, seconds: Mapping[str, float | None], deadline: float = math.inf
    ) -> Peer:
        """Do the same for a request as bytes, and return the server, from which the answer can be read.

        Args:
            seconds: that it may take to `connect`, to `read` something more, to `write` a piece.
            deadline: seconds for all of it, after which to read something takes too long.

        Raises:
            As `handle_async_request` does.
        """
        until = asyncio.get_running_loop().time() + deadline
        if not self.is_clean:
            await self.connect(_least(seconds["connect"], deadline))
        peer = self._peer
        if peer is None:
            raise httpx2.ConnectError("the connection was closed")
        await peer.ask(message, seconds["write"], seconds["read"], until)
        return peer

    async def connect(self, seconds: float | None) -> None:
        """Make the connection, within these seconds, where there is none that can be used.

        Raises:
            httpx2.ConnectError, httpx2.ConnectTimeout: it cannot be made.
        """
        # A request may come while the connection is made ahead of it.
        async with self._connecting:
            if not self.is_clean:
                await self.aclose()
                self._peer = await self._connect(seconds)

    async def aclose(self) -> None:
        """Hang up."""
        if self._peer:
            self._peer.hang_up()
            self._peer = None

    async def _connect(self, seconds: float | None) -> Peer:
        try:
            async with asyncio.timeout(seconds):
                return await (self._through_proxy(self._proxy) if self._proxy else self._directly())
        except TimeoutError:
            raise httpx2.ConnectTimeout("") from None
        except httpx2.RequestError as error:
            raise httpx2.ProxyError(str(error)) from error
        except (OSError, UnicodeError) as error:
            raise httpx2.ConnectError(str(error)) from error

    async def _directly(self) -> Peer:
        return await _peer_at(self._server, 443 if self._tls else 80, self._tls)

    async def _through_proxy(self, proxy: SplitResult) -> Peer:
        target = f"{self._server.hostname}:{self._server.port or 443}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", "Accept: */*"]
        if proxy.username is not None:
            who = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
            lines.append(f"Proxy-Authorization: Basic {b64encode(who.encode()).decode()}")
        tunnel = await _peer_at(proxy, 80, None)
        try:
            await tunnel.ask("\r\n".join([*lines, "", ""]).encode(), None, None, math.inf)
            if not 200 <= tunnel.status < 300:
                raise httpx2.ProxyError(f"the proxy answered {tunnel.status}")
            return await tunnel.in_tls(self._tls, self._server.hostname) if self._tls else tunnel
        except BaseException:
            tunnel.hang_up()
            raise


async def _peer_at(url: SplitResult, port: int, tls: ssl.SSLContext | None) -> Peer:
    host = url.hostname or ""
    connected = await _connected(host, url.port or port)
    try:
        _, peer = await asyncio.get_running_loop().create_connection(
            Peer, sock=connected, ssl=tls, server_hostname=host if tls else None
        )
    except BaseException:
        connected.close()
        raise
    return peer


def _head_of(request: httpx2.Request) -> bytes:
    target = request.extensions.get("target", request.url.raw_path)
    lines = [b"%b %b HTTP/1.1" % (request.method.encode(), target)]
    lines += [b"%b: %b" % header for header in request.headers.raw]
    head = b"\r\n".join([*lines, b"", b""])
    if head.count(b"\n") != len(lines) + 1 or head.count(b"\r") != len(lines) + 1:
        raise httpx2.LocalProtocolError("a line break within a header")
    return head


async def _connected(host: str, port: int) -> socket.socket:
    """Connect to whichever of a server's addresses answers first, IPv6 and IPv4 in turn.

    Raises:
        OSError: none does.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    first = found[0][0]
    # The preferred family's n-th address, then the other's n-th.
    ranks = {True: 0, False: 0}
    ordered = []
    for address in found:
        ranks[address[0] == first] += 1
        ordered.append((ranks[address[0] == first], address[0] != first, address))
    ordered.sort(key=lambda ranked: ranked[:2])

    won: list[socket.socket] = []
    problems: list[OSError] = []
    try:
        async with anyio.create_task_group() as attempts:

            async def attempt(address: Any, failed: anyio.Event) -> None:
                try:
                    won.append(await _socket_to(address))
                    attempts.cancel_scope.cancel()
                except OSError as problem:
                    problems.append(problem)
                    failed.set()

            for _, _, address in ordered:
                failed = anyio.Event()
                attempts.start_soon(attempt, address, failed)
                with anyio.move_on_after(_NEXT_ADDRESS_S):
                    await failed.wait()
    except BaseException:
        _close(won)
        raise
    _close(won[1:])
    if not won:
        raise problems[-1]
    return won[0]


async def _socket_to(address: Any) -> socket.socket:
    family, kind, protocol, _, at = address
    made = socket.socket(family, kind, protocol)
    try:
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(made, at)
    except BaseException:
        made.close()
        raise
    return made


def _close(sockets: Iterable[socket.socket]) -> None:
    for one in sockets:
        one.close()


def _least(seconds: float | None, most: float) -> float | None:
    least = most if seconds is None else min(seconds, most)
    return None if least == math.inf else max(least, 0.0)


class Peer(asyncio.Protocol):
    """The server at the other end of a connection, and the one exchange with it that is under way."""

    status: int
    headers: list[tuple[bytes, bytes]]
    is_whole: bool
    """Whether all of the answer has come."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: Any = None
        self._is_readable: Callable[[], bool] = bool
        self._lost = False
        self._writable = asyncio.Event()
        self._writable.set()
        self._waiter: asyncio.Future[None] | None = None
        self._parser: Any = None
        self._sullied = False
        """Something came that belongs to no answer."""
        self._begin()

    def _begin(self) -> None:
        self._problem: httpx2.RequestError | None = None
        self.status = 0
        self.headers = []
        self._head_bytes = 0
        self._has_head = False
        self._beginning = b""
        """The head, and what came with it."""
        self._ending = b""
        """The last bytes that came."""
        self._received_bytes = 0
        self.is_whole = False
        self._stays = True
        self._is_chunked = False
        self._chunks: list[bytes] = []
        self._body_bytes = 0
        self._waiting_bytes = 0
        self._paused = False
        self._read_s: float | None = None
        self._until = math.inf

    def is_clean(self) -> bool:
        """Tell whether another request can be sent: see `Wire.is_clean`."""
        idle = self._parser is None or (self.is_whole and self._stays)
        usable = idle and not (self._sullied or self._lost or self._transport.is_closing())
        # What the loop has not come to read yet: the server's goodbye, or what nobody asked for.
        return usable and not self._is_readable()

    async def in_tls(self, tls: ssl.SSLContext, host: str | None) -> Peer:
        """Go on in TLS with the server at the end of a tunnel."""
        inner = Peer()
        transport = await asyncio.get_running_loop().start_tls(
            self._transport, inner, tls, server_hostname=host
        )
        inner.connection_made(transport)
        return inner

    def hang_up(self) -> None:
        """Close the connection, without a word."""
        self._transport.abort()

    def leave(self) -> None:
        """Hang up on an answer that is not read to its end."""
        if not self.is_whole:
            self._transport.abort()

    # ── Asking ──

    async def ask(self, message: bytes, write_s: float | None, read_s: float | None, until: float) -> None:
        """Write a request, and wait for the answer's status and headers.

        Args:
            write_s, read_s: seconds after which a piece that cannot be written, or nothing read, is too late.
            until: the event loop's time after which anything is.
        """
        self._begin()
        self._read_s, self._until = read_s, until
        self._parser = httptools.HttpResponseParser(self)
        await self._send(message, write_s)
        while not self._has_head:
            await self.more()

    async def _send(self, message: bytes, seconds: float | None) -> None:
        self._transport.write(message[:_PIECE_BYTES])
        for at in range(_PIECE_BYTES, len(message), _PIECE_BYTES):
            try:
                async with asyncio.timeout(_least(seconds, self._until - self._loop.time())):
                    await self._writable.wait()
            except TimeoutError:
                raise httpx2.WriteTimeout("") from None
            if self._problem or self._has_head:
                # The server is gone, or has answered without waiting for the rest.
                self._stays = False
                return
            self._transport.write(message[at : at + _PIECE_BYTES])

    def chunks(self) -> list[bytes]:
        """Return what has come of an answer's body since the last time."""
        taken, self._chunks, self._waiting_bytes = self._chunks, [], 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return taken

    @property
    def is_late(self) -> bool:
        """Whether the time is over that the exchange may take."""
        return self._loop.time() >= self._until

    async def more(self) -> None:
        """Wait until more has come of an answer.

        Raises:
            httpx2.RequestError: it will not.
        """
        if self._problem:
            raise self._problem
        self._waiter = self._loop.create_future()
        timer = None
        if self._read_s is not None or self._until < math.inf:
            late = _least(self._read_s, self._until - self._loop.time())
            timer = self._loop.call_later(late or 0, self._fail_late)
        try:
            await self._waiter
        finally:
            self._waiter = None
            if timer:
                timer.cancel()
        if self._problem and not self._chunks:
            raise self._problem

    def _fail_late(self) -> None:
        self._fail(httpx2.ReadTimeout(""))

    def _fail(self, problem: httpx2.RequestError) -> None:
        if not self.is_whole and self._problem is None:
            self._problem = problem
        self._wake()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    # ── What the event loop tells ──

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._is_readable = _readable(transport.get_extra_info("socket").fileno())

    def data_received(self, data: bytes) -> None:
        if self._parser is None or self.is_whole:
            self._sullied = True
            return
        if not self._has_head:
            self._beginning += data
        self._ending = (self._ending + data[-6:])[-6:]
        self._received_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._sullied = True
            self._fail(httpx2.RemoteProtocolError(str(error)))
        if len(self._beginning) > _MOST_HEAD_BYTES and not self._has_head:
            self._fail(httpx2.RemoteProtocolError("an answer's head has no end"))
        self._sullied = self._sullied or self._is_followed()
        self._wake()

    def _is_followed(self) -> bool:
        """Tell whether anything has come after an answer; the parser would pass over blank lines."""
        if not self.is_whole:
            return False
        if self._is_chunked:
            return not self._ending.endswith(b"\r\n\r\n") or self._ending.endswith(b"\r\n\r\n\r\n")
        end = self._beginning.find(b"\r\n\r\n") + 4
        return self._received_bytes != end + self._body_bytes

    def connection_lost(self, error: Exception | None) -> None:
        self._lost = True
        names = {name.lower() for name, _ in self.headers}
        if self._has_head and not error and not names & {b"content-length", b"transfer-encoding"}:
            # An answer may end where the connection does.
            self.is_whole = True
        self._fail(httpx2.RemoteProtocolError("the server hung up") if error is None else _read_error(error))
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # ── What the parser tells ──

    def on_message_begin(self) -> None:
        if self.is_whole:
            self._sullied = True

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > _MOST_HEAD_BYTES:
            self._sullied = True
            self._fail(httpx2.RemoteProtocolError("an answer's headers are too large"))
        elif not self._has_head:
            # After the head, these are the trailers of a body in chunks.
            self.headers.append((name, value))
            self._is_chunked = self._is_chunked or name.lower() == b"transfer-encoding"

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200 and not self._has_head:
            self.status, self._has_head = status, True

    def on_body(self, body: bytes) -> None:
        if self.is_whole:
            return
        self._chunks.append(body)
        self._body_bytes += len(body)
        self._waiting_bytes += len(body)
        if self._waiting_bytes > _MOST_WAITING_BYTES and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        if self._has_head:
            self.is_whole, self._stays = True, self._stays and self._parser.should_keep_alive()
        else:
            # An answer before the answer, such as 103.
            self.headers, self._is_chunked = [], False


class _Body(httpx2.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            for chunk in self._peer.chunks():
                yield chunk
            if self._peer.is_whole:
                return
            await self._peer.more()

    async def aclose(self) -> None:
        self._peer.leave()


def _read_error(error: Exception) -> httpx2.ReadError:
    return httpx2.ReadError(str(error))


def _readable(fd: int) -> Callable[[], bool]:
    """Return what tells whether something can be read from a socket, or its other end is gone."""
    if not hasattr(select, "poll"):

        def is_readable() -> bool:
            try:
                return bool(select.select([fd], [], [], 0)[0])
            except (OSError, ValueError):
                return True

        return is_readable
    polling = select.poll()
    polling.register(fd, select.POLLIN)
    return lambda: bool(polling.poll(0))
