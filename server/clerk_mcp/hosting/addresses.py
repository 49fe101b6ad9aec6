"""Where the server listens, and which hosts and origins it answers to."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from clerk_mcp.settings import Settings, SettingsError

if TYPE_CHECKING:
    pass


PROBES: Final = ("/healthz", "/readyz")


_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")


class TrustedAddresses:
    """Refuses requests for another host and from pages of elsewhere, which DNS rebinding could send."""

    def __init__(self, app: ASGIApp, settings: TransportSecuritySettings) -> None:
        self._app = app
        self._security = TransportSecurityMiddleware(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Probes address a machine by its number, and what they see is no secret.
        if scope["type"] == "http" and scope["path"] not in PROBES:
            refusal = await self._security.validate_request(Request(scope))
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def trusted_addresses(settings: Settings) -> TransportSecuritySettings:
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
