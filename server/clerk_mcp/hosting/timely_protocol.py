"""uvicorn's HTTP/1.1 with a bound on how long and how large the head of a request may be.

uvicorn waits without end for a request's first line and headers, which lets a few slow clients hold every
connection (slowloris). It has no setting for that, so `TimelyProtocol` builds on the inside of its protocol
class: tested with uvicorn 0.34 and 0.54. Where that inside has changed, `http_protocol` gives uvicorn's own
protocol in its place: `RequestBounds` still limits headers that have arrived and slow bodies, and a proxy in
front has to limit slow heads.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_log = logging.getLogger(__name__)

_BUILT_ON: Final = (
    "connection_lost",
    "connection_made",
    "data_received",
    "on_header",
    "on_headers_complete",
    "on_message_begin",
    "send_400_response",
)
"""The methods of uvicorn's class that `TimelyProtocol` extends or calls."""

_USED_NAMES: Final = ("cycle", "loop", "timeout_keep_alive_task", "transport")
"""The attributes of its instances that it reads or sets."""


_NOTHING: Final = (lambda: None).__code__


def missing_from(protocol: type) -> list[str]:
    """Find what `TimelyProtocol` needs of uvicorn's protocol class and that class no longer has."""
    methods = [name for name in _BUILT_ON if not callable(getattr(protocol, name, None))]
    set_there: tuple[str, ...] = getattr(vars(protocol).get("__init__"), "__code__", _NOTHING).co_names
    return [*methods, *(name for name in _USED_NAMES if name not in set_there)]


def http_protocol(read_timeout: float, max_header_bytes: int) -> type[asyncio.Protocol]:
    """Make the class that uvicorn makes of each connection.

    Args:
        read_timeout: seconds until a request's head must be there.
        max_header_bytes: of the head.
    """
    if missing := missing_from(HttpToolsProtocol):
        _log.warning(
            "this uvicorn is not one that slow request heads can be bounded in (%s): "
            "let a proxy in front do that, or install the version that the lock file names",
            ", ".join(missing),
        )
        return HttpToolsProtocol
    bounds = {"read_timeout": read_timeout, "max_header_bytes": max_header_bytes}
    return type("Protocol", (TimelyProtocol,), bounds)


class TimelyProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which aborts a connection whose request head is late or too large."""

    read_timeout: float = 15.0
    max_header_bytes: int = 16_384

    _too_slow: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._head_begins()

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
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_ends()
        super().connection_lost(exc)

    def _head_begins(self) -> None:
        # A connection's first head begins with the connection.
        if self._too_slow is None:
            self._too_slow = self.loop.call_later(self.read_timeout, self.transport.abort)
            self._head_bytes = 0

    def _head_ends(self) -> None:
        if self._too_slow is not None:
            self._too_slow.cancel()
            self._too_slow = None
