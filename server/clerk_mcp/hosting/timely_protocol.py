"""uvicorn's HTTP/1.1 with bounds for what a client may leave undone.

uvicorn waits without end for a request's first line and headers, which lets a few slow clients hold every
connection (slowloris), and for an answer to be taken. It has no settings for that, so `TimelyProtocol` builds
on the inside of its protocol class: tested with uvicorn 0.34 and 0.54. Where that inside has changed,
`http_protocol` gives uvicorn's own protocol in its place: `HeadBounds` and `CallBounds` still limit headers
that have arrived and slow bodies, and a proxy in front has to limit slow heads and slow readers.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from clerk_mcp.hosting.shares import owner_at

_log = logging.getLogger(__name__)

_BUILT_ON: Final = (
    "connection_lost",
    "connection_made",
    "data_received",
    "on_header",
    "on_headers_complete",
    "on_message_begin",
    "on_response_complete",
    "pause_writing",
    "resume_writing",
    "send_400_response",
    "timeout_keep_alive_handler",
)
"""The methods of uvicorn's class that `TimelyProtocol` extends or calls."""

_USED_NAMES: Final = ("client", "cycle", "loop", "timeout_keep_alive_task", "transport")
"""The attributes of its instances that it reads or sets."""


_NOTHING: Final = (lambda: None).__code__


def missing_from(protocol: type) -> list[str]:
    """Find what `TimelyProtocol` needs of uvicorn's protocol class and that class no longer has."""
    methods = [name for name in _BUILT_ON if not callable(getattr(protocol, name, None))]
    set_there: tuple[str, ...] = getattr(vars(protocol).get("__init__"), "__code__", _NOTHING).co_names
    return [*methods, *(name for name in _USED_NAMES if name not in set_there)]


def http_protocol(read_timeout: float, max_header_bytes: int, most_silent: int) -> type[asyncio.Protocol]:
    """Make the class that uvicorn makes of each connection.

    Args:
        read_timeout: seconds until a request's head must be there.
        max_header_bytes: of the head.
        most_silent: connections on which nothing happens.
    """
    if missing := missing_from(HttpToolsProtocol):
        _log.warning(
            "this uvicorn is not one that slow request heads can be bounded in (%s): "
            "let a proxy in front do that, or install the version that the lock file names",
            ", ".join(missing),
        )
        return HttpToolsProtocol
    bounds = {
        "read_timeout": read_timeout,
        "max_header_bytes": max_header_bytes,
        "silent": Silent(most_silent),
    }
    return type("Protocol", (TimelyProtocol,), bounds)


class Silent:
    """The connections that wait for their client to begin, or to finish, the head of a request.

    Opening them costs a client next to nothing, and each takes one of the process's file descriptors. Above
    `most`, one of the address that has most of them is closed: the oldest on which nothing was ever asked, or
    else the one that was used longest ago.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        # By owner: those that were never used, and the others; in each the longest silent one first.
        self._waiting: dict[str, tuple[dict[TimelyProtocol, None], dict[TimelyProtocol, None]]] = {}

    def add(self, connection: TimelyProtocol) -> None:
        """Note that a connection waits from now on."""
        new, used = self._waiting.setdefault(connection.owner, ({}, {}))
        if connection in new or connection in used:
            return
        (new if connection.never_used else used)[connection] = None
        self._count += 1
        if self._count > self._most:
            new, used = max(self._waiting.values(), key=lambda both: len(both[0]) + len(both[1]))
            superfluous = next(iter(new or used))
            self.remove(superfluous)
            superfluous.transport.abort()

    def remove(self, connection: TimelyProtocol) -> None:
        """Note that it does not, or that it is gone."""
        both = self._waiting.get(connection.owner, ())
        for waiting in both:
            if connection in waiting:
                del waiting[connection]
                self._count -= 1
        if not any(both):
            self._waiting.pop(connection.owner, None)


class TimelyProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with bounds for what a client may leave undone.

    The first line and the headers of a request have to arrive in time and are of bounded size (slowloris), an
    answer has to be taken in time, and there are only so many connections on which nothing happens.
    """

    read_timeout: float = 15.0
    max_header_bytes: int = 16_384
    silent: Silent = Silent(1000)

    owner = ""
    never_used = True
    _too_slow: asyncio.TimerHandle | None = None
    _not_taken: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.owner = owner_at(self.client[0] if self.client else "")
        self._head_begins()
        self.silent.add(self)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_begins()

    def on_header(self, name: bytes, value: bytes) -> None:
        # The trailers of a chunked body come here as well: they are no headers (RFC 9110, section 6.5.1).
        if self._too_slow is not None:
            super().on_header(name, value)

    def data_received(self, data: bytes) -> None:
        # An idle connection stays for the next request only: not for blank lines, nor for the rest of a body
        # that was answered before it was all there.
        idle, self.timeout_keep_alive_task = self.timeout_keep_alive_task, None
        super().data_received(data)
        if idle is not None and self._too_slow is None and self.cycle.response_complete:
            self.timeout_keep_alive_task = idle
        elif idle is not None:
            idle.cancel()
        if self._too_slow is not None:
            self._head_bytes += len(data)
            if self._head_bytes > self.max_header_bytes:
                self._head_ends()
                self.send_400_response("The request's headers are too large")

    def on_headers_complete(self) -> None:
        self._head_ends()
        self.silent.remove(self)
        self.never_used = False
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and self.cycle.response_complete:
            self.silent.add(self)

    def pause_writing(self) -> None:
        # The client does not take what it asked for: see asyncio's high-water mark.
        super().pause_writing()
        self._abort_unless_taken()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._not_taken is not None:
            self._not_taken.cancel()
            self._not_taken = None

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        # Closing waits until what was written is taken, for ever if need be.
        self._abort_unless_taken()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_ends()
        self.silent.remove(self)
        if self._not_taken is not None:
            self._not_taken.cancel()
        super().connection_lost(exc)

    def _abort_unless_taken(self) -> None:
        if self._not_taken is None:
            self._not_taken = self.loop.call_later(2 * self.read_timeout, self.transport.abort)

    def _head_begins(self) -> None:
        # A connection's first head begins with the connection.
        if self._too_slow is None:
            self._too_slow = self.loop.call_later(self.read_timeout, self.transport.abort)
            self._head_bytes = 0

    def _head_ends(self) -> None:
        if self._too_slow is not None:
            self._too_slow.cancel()
            self._too_slow = None
