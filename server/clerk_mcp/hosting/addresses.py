"""Where the server listens, and which hosts and origins it answers to."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Container, Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from clerk_mcp.settings import Settings, SettingsError

PROBES: Final = ("/healthz", "/readyz")
MCP_PATH: Final = "/mcp"


_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")


class TrustedAddresses:
    """Refuses requests for another host and from pages of elsewhere, which DNS rebinding could send.

    Hosts are compared as hosts: whatever the case, with or without the port that goes with the scheme.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str], origins: Iterable[str]) -> None:
        """
        Args:
            hosts: such as `mcp.example.com`, or `mcp.example.com:*` for any port.
            origins: such as `https://app.example.com`, or `http://localhost:*`.
        """
        self._app = app
        self._hosts = frozenset(_host(host) or host for host in hosts)
        self._origins = frozenset(_origin(origin) or origin for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Probes address a machine by its number, and what they see is no secret.
        if scope["type"] == "http" and scope["path"] not in PROBES:
            refusal = self._refusal(Headers(scope=scope))
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> Response | None:
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        host = _host(hosts[0].strip()) if len(hosts) == 1 else None
        if host is None:
            return PlainTextResponse(
                "A request names one host, in its header Host, and nothing else in there", 421
            )
        if not _among(host, self._hosts):
            return PlainTextResponse(
                f"This server does not answer for the host {host}: its operator can allow it with"
                f" --public-url (CLERK_MCP_PUBLIC_URL) or --allowed-host {host} (CLERK_MCP_ALLOWED_HOST)",
                421,
            )
        if not origins:
            return None
        origin = _origin(origins[0].strip()) if len(origins) == 1 else None
        if origin is not None and _among(origin, self._origins):
            return None
        allowing = f" {origin}" if origin else ""
        return PlainTextResponse(
            "This server does not answer to pages of that origin: its operator can allow it with"
            f" --allowed-origin{allowing} (CLERK_MCP_ALLOWED_ORIGIN)",
            403,
        )


def _host(value: str) -> str | None:
    """Return a host, and a port where it is not that of http or https, in one spelling; None where it is
    neither."""
    found = _HOST.fullmatch(value)
    if not found:
        return None
    name, port = found["name"].lower().removesuffix("."), found["port"]
    return name if port in (None, "", "80", "443") else f"{name}:{port}"


def _origin(value: str) -> str | None:
    """Return an origin in one spelling; None where it is none, such as the `null` of a sandboxed frame."""
    scheme, separator, host = value.partition("://")
    name = _host(host)
    return f"{scheme.lower()}://{name}" if separator and name else None


def _among(value: str, allowed: Container[str]) -> bool:
    name, separator, port = value.rpartition(":")
    any_port = f"{name}:*" if separator and port.isdecimal() else f"{value}:*"
    return value in allowed or any_port in allowed


_HOST: Final = re.compile(r"(?P<name>[\w.-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>\d{0,5}|\*))?", re.ASCII)


class PublicPaths:
    """Serves requests by the path that they have inside of this server, and reads headers as HTTP means them.

    A proxy in front may serve it below a prefix, and strip that or not; and clients put slashes at the end.
    Redirecting them instead would lose the request: behind TLS the address would be wrong.
    """

    def __init__(self, app: ASGIApp, prefix: str, paths: Iterable[str]) -> None:
        """
        Args:
            prefix: such as `/clerk`; empty where there is none.
            paths: those that are served with a slash at the end as well.
        """
        self._app = app
        self._prefix = prefix
        self._paths = frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            if self._prefix and (path == self._prefix or path.startswith(f"{self._prefix}/")):
                path = path.removeprefix(self._prefix) or "/"
            if path.rstrip("/") in self._paths:
                path = path.rstrip("/")
            headers = [
                (name, _tidy_type(value) if name == b"content-type" else value.strip(b" \t"))
                for name, value in scope["headers"]
            ]
            # What is told to clients begins with the prefix, such as where messages of a legacy stream go.
            scope = {**scope, "path": path, "root_path": self._prefix, "headers": headers}
        await self._app(scope, receive, send)


def _tidy_type(value: bytes) -> bytes:
    """Return a media type without the blanks around it, in small letters (RFC 9110, 8.3.1)."""
    kind, semicolon, parameters = value.strip(b" \t").partition(b";")
    return kind.rstrip().lower() + semicolon + parameters


def public_prefix(settings: Settings) -> str:
    """Return the path of `--public-url`, below which a proxy serves this server, or an instance's own."""
    if settings.public_url is None:
        return below(settings.instance_name)
    return urlsplit(settings.public_url).path.rstrip("/")


def below(name: str | None) -> str:
    """Return the path below which everything of a named instance is served but its MCP address."""
    return f"/instances/{name}" if name else ""


def mcp_address(settings: Settings, base: str) -> str:
    """Return the address of the MCP endpoint.

    Args:
        base: where the reader reached the server, or the instance whose settings these are.
    """
    name = settings.instance_name
    return f"{base.removesuffix(below(name))}{MCP_PATH}{f'/{name}' if name else ''}"


def trusted_hosts(settings: Settings) -> list[str]:
    """Return the hosts that requests may name."""
    own = [urlsplit(settings.public_url).netloc] if settings.public_url else []
    listening = f"[{settings.host.strip('[]')}]" if ":" in settings.host else settings.host
    hosts = [*_LOOPBACK, listening]
    return [*(f"{host}:*" for host in hosts), *own, *settings.allowed_host]


def trusted_origins(settings: Settings) -> list[str]:
    """Return the origins whose pages may call: of this machine, the server's own, and those of the
    operator."""
    own = []
    if settings.public_url:
        url = urlsplit(settings.public_url)
        own = [f"{url.scheme}://{url.netloc}"]
    local = [f"{scheme}://{host}:*" for scheme in ("http", "https") for host in _LOOPBACK]
    return [*local, *own, *settings.allowed_origin]


LOCAL_ORIGINS: Final = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
"""Of pages on this machine, such as the MCP Inspector's."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one.

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
