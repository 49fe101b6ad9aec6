"""One HTTP exchange with Clerk's Backend API: a request out, its answer or its fate back."""

from __future__ import annotations

import json
import logging
import math
import re
import socket
import ssl
import time
from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache, cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Literal, TypeGuard

import anyio
import httpx2

from clerk_mcp.upstream.certificates import CertificatesUnusable
from clerk_mcp.upstream.connections import Connections, ProxyUnusable
from clerk_mcp.upstream.decoding import decoder_of
from clerk_mcp.upstream.large import begin_turn
from clerk_mcp.upstream.parsing import LARGE_BYTES, parse_json
from clerk_mcp.upstream.uploads import Image
from clerk_tools.operation import Effect, Envelope, Request, Spec

if TYPE_CHECKING:
    from clerk_mcp.upstream.wire import Peer, Wire

TIMEOUT: Final = httpx2.Timeout(connect=10, read=30, write=30, pool=30)
DEADLINE_S: Final = 60.0
"""For a whole exchange: `TIMEOUT` is for each read, so that an answer that drips would never end."""
MAX_ERROR_TEXT: Final = 2000
"""Characters kept of a body that ought to be JSON and is not."""

# These name every URL, with the ids and addresses in it, and at their most talkative the key.
for _talkative in ("httpx2", "httpcore2"):
    logging.getLogger(_talkative).setLevel(logging.WARNING)

Outcome = Literal["not_run", "unknown", "done"]


@dataclass(frozen=True, slots=True)
class Reply:
    """Clerk's answer to one call, whatever its status."""

    status: int
    value: Any
    """The body's JSON; None where there is none."""
    text: str | None
    """A body that is not JSON; only its beginning, unless the operation answers text."""
    media_type: str
    trace_id: str | None
    """What to quote to Clerk's support: `clerk_trace_id`, or the `cf-ray` header."""
    retry_after: float | None
    """Seconds after which another try may succeed."""
    tries: int
    waited: float
    """Seconds spent waiting: for a turn, for the rate budget, before retries."""
    outcome_unknown: bool = False
    """True of a write answered by a 5xx: it may have been executed."""

    @property
    def is_error(self) -> bool:
        """Whether Clerk said no, be it with a 200 around its list of errors."""
        return self.status >= 400 or _is_list_of_errors(self.value)


def _is_list_of_errors(value: Any) -> bool:
    errors = value.get("errors") if isinstance(value, dict) and "object" not in value else None
    return isinstance(errors, list) and bool(errors) and all(isinstance(error, dict) for error in errors)


@dataclass(frozen=True, slots=True)
class Failure:
    """A call without a usable answer.

    Inside `upstream` a failure is a value like a `Reply`; `ClerkClient.send` raises it, as `Unanswered`.
    """

    code: str
    message: str
    outcome: Outcome
    """What is known of the call's fate. `not_run`: it changed nothing. `unknown`: it may have. `done`: it was
    executed, only the answer is lost."""
    retry_after: float | None = None
    """Seconds after which another try may succeed."""
    tries: int = 0
    waited: float = 0.0
    """Seconds spent waiting, as in `Reply`."""
    lasting: bool = False
    """Another try would fail the same way."""


class Unanswered(Exception):
    """Raised by `ClerkClient.send` for a call without a usable answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@cache
def _user_agent() -> str:
    # Read from a file each time, it is most of what a client for one more key takes.
    return f"clerk-mcp/{version('clerk-mcp')} (+python)"


class Api:
    """Clerk's API."""

    def __init__(
        self,
        key: str,
        *,
        base_url: str,
        transport: httpx2.AsyncBaseTransport | None,
        timeout: httpx2.Timeout,
        max_answer_bytes: int,
        deadline: float = DEADLINE_S,
        api_version: str | None = None,
    ) -> None:
        self._api_version = api_version
        self._base_url = base_url.rstrip("/")
        # Parsing a URL takes as long as sending a request. To a server of our own choosing only the target
        # differs, which httpx2 takes apart from it; who stands in for one looks at the URL.
        self._server = httpx2.URL(self._base_url) if transport is None else None
        self._prefix = self._server.raw_path.decode().rstrip("/") if self._server else ""
        self._max_answer_bytes = max_answer_bytes
        self._deadline = deadline
        self._key = key.encode()
        self._connections = Connections(base_url, transport)
        self._headers = httpx2.Headers(
            {
                "Authorization": f"Bearer {key}",
                "User-Agent": _user_agent(),
                "Accept": "application/json",
                "Accept-Encoding": "gzip, deflate",
            }
        )
        self._headers_of_version: dict[str, httpx2.Headers] = {}
        self._heads: dict[tuple[str, str, bool], bytes] = {}
        self._timeouts = timeout.as_dict()
        self._connect_s = min(timeout.connect or deadline, deadline)
        self._extensions = {"timeout": self._timeouts}

    @cached_property
    def _escaped_key(self) -> re.Pattern[bytes]:
        # Made when it is first needed, which is hardly ever: it takes as long as a call.
        return _escaped(self._key.decode())

    async def close(self) -> None:
        """Close all connections. A later request opens new ones."""
        await self._connections.close()

    async def connect(self, connections: int) -> None:
        """Have so many connections open before they are needed; what cannot be made is left out."""
        if self._server:
            await self._connections.open_ahead(connections, self._connect_s)

    async def exchange(
        self, request: Request, images: dict[str, Image], *, tries: int, waited: float
    ) -> Reply | Failure:
        """Send `request` once, and return the answer or why there is none.

        Args:
            images: the request's files, by argument.
            tries, waited: passed on to the answer.
        """
        try:
            # Multipart bodies are httpx2's to write.
            written = self._message(request) if self._server and not images else b""
            outgoing = None if written else self._outgoing(request, images)
            connection = await self._connections.take()
            wire = connection if written and _is_wire(connection) else None
        except (httpx2.InvalidURL, ValueError) as error:
            message = f"The arguments do not make an HTTP request: {error}"
            return Failure("invalid_request", message, "not_run", tries=tries, waited=waited, lasting=True)
        except (ProxyUnusable, CertificatesUnusable) as problem:
            code = "proxy_unusable" if isinstance(problem, ProxyUnusable) else "certificates_unusable"
            message = f"{problem} Nothing was sent."
            return Failure(code, message, "not_run", tries=tries, waited=waited, lasting=True)
        usable, status = False, 0
        try:
            if wire:
                reply = await self._ask(wire, written, request, tries, waited)
                usable = True
                return reply
            with anyio.move_on_after(self._deadline):
                response = await connection.handle_async_request(outgoing or self._outgoing(request, images))
                status = response.status_code
                reply = await self._answer(response, request, tries, waited)
                usable = True
                return reply
        except httpx2.RequestError as error:
            return _failure(error, request.spec, tries, waited)
        finally:
            await self._connections.give_back(connection, usable=usable)
        late = httpx2.ReadTimeout("")
        if 200 <= status < 300:
            return _broken_off(late, request.spec, tries, waited)
        return _failure(late, request.spec, tries, waited)

    async def _ask(
        self, wire: Wire, message: bytes, request: Request, tries: int, waited: float
    ) -> Reply | Failure:
        """Do the same on a connection of our own, without httpx2's objects: they take a third of a call."""
        peer = await wire.ask(message, self._timeouts, self._deadline)
        status, headers = peer.status, _by_name(peer.headers)
        try:
            body = await self._body(peer, headers)
        except httpx2.RequestError as error:
            if status < 300:
                return _broken_off(error, request.spec, tries, waited)
            if peer.is_late:
                return _failure(error, request.spec, tries, waited)
            body = b""
        finally:
            peer.leave()
        return await self._reply(status, headers, body, request, tries, waited)

    async def _body(self, peer: Peer, headers: Mapping[bytes, bytes]) -> bytes | None:
        """Return an answer's body, or None where it is too large; then the rest of it is never read."""
        if self._is_too_large(headers):
            return None
        decoder = decoder_of(headers.get(b"content-encoding", b""))
        chunks, size = [], 0
        while True:
            for chunk in peer.chunks():
                part = decoder.decode(chunk, self._max_answer_bytes + 1 - size) if decoder else chunk
                size += len(part)
                if size > self._max_answer_bytes:
                    return None
                chunks.append(part)
            if peer.is_whole:
                return self._without_key(b"".join(chunks))
            await peer.more()

    async def _answer(
        self, response: httpx2.Response, request: Request, tries: int, waited: float
    ) -> Reply | Failure:
        headers = _by_name(response.headers.raw)
        try:
            body = await self._read(response, headers)
        except httpx2.RequestError as error:
            if response.status_code < 300:
                return _broken_off(error, request.spec, tries, waited)
            body = b""
        finally:
            await response.aclose()
        return await self._reply(response.status_code, headers, body, request, tries, waited)

    def _message(self, request: Request) -> bytes:
        """Write the HTTP request to a server of our own choosing as bytes.

        Raises:
            InvalidURL, ValueError: the arguments make none.
        """
        method, version = request.spec.method, self._api_version or request.spec.version
        head = self._heads.get((method, version, request.has_body))
        if head is None:
            head = self._heads[method, version, request.has_body] = self._head(method, version, request)
        target = _target(self._prefix + request.path)
        if not request.has_body:
            return b"%b %b HTTP/1.1\r\n%b\r\n" % (method.encode(), target, head)
        body = _json_of(request)
        line = b"%b %b HTTP/1.1\r\n" % (method.encode(), target)
        return b"%b%bContent-Length: %d\r\n\r\n%b" % (line, head, len(body), body)

    def _head(self, method: str, api_version: str, request: Request) -> bytes:
        """Write the headers of every request of a method and version, as httpx2 would; but for the length."""
        headers = self._headers_for(api_version)
        if request.has_body:
            headers = httpx2.Headers({**headers, "Content-Type": "application/json"})
        made = httpx2.Request(method, self._base_url, headers=headers)
        lines = [(n, v) for n, v in made.headers.raw if not (request.has_body and n == b"Content-Length")]
        head = b"".join(b"%b: %b\r\n" % line for line in lines)
        if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines):
            raise ValueError("a line break within a header")
        return head

    def _outgoing(self, request: Request, images: dict[str, Image]) -> httpx2.Request:
        """Write the HTTP request.

        Raises:
            InvalidURL, ValueError: the arguments make none.
        """
        headers = self._headers_for(self._api_version or request.spec.version)
        more: dict[str, Any] = {}
        if images:
            more = {"data": request.form, "files": {name: image.part for name, image in images.items()}}
        elif request.has_body:
            headers = httpx2.Headers({**headers, "Content-Type": "application/json"})
            more = {"content": _json_of(request)}
        if self._server is None:
            more |= {"url": self._base_url + request.path, "extensions": self._extensions}
        else:
            target = _target(self._prefix + request.path)
            more |= {"url": self._server, "extensions": {**self._extensions, "target": target}}
        return httpx2.Request(request.spec.method, headers=headers, **more)

    def _headers_for(self, api_version: str) -> httpx2.Headers:
        """Return the headers of every request of an API version, made once."""
        if api_version not in self._headers_of_version:
            headers = httpx2.Headers({**self._headers, "Clerk-API-Version": api_version})
            self._headers_of_version[api_version] = headers
        return self._headers_of_version[api_version]

    async def _read(self, response: httpx2.Response, headers: Mapping[bytes, bytes]) -> bytes | None:
        """Return the body, or None where it is too large; then the rest of it is never read."""
        if self._is_too_large(headers):
            return None
        chunks, size = [], 0
        async for chunk in _chunks(response, headers):
            size += len(chunk)
            if size > self._max_answer_bytes:
                return None
            chunks.append(chunk)
        # Clerk, or a proxy before it, may quote the key in an error; from here on it could reach the model.
        return self._without_key(b"".join(chunks))

    def _is_too_large(self, headers: Mapping[bytes, bytes]) -> bool:
        declared = headers.get(b"content-length", b"")
        return declared.isdigit() and int(declared) > self._max_answer_bytes

    def _without_key(self, given: bytes) -> bytes:
        if b"\\" in given and _ESCAPED_LETTER.search(given):
            given = self._escaped_key.sub(b"[key]", given)
        return given.replace(self._key, b"[key]")

    def _header(self, headers: Mapping[bytes, bytes], name: bytes) -> str:
        """Read a header of which the model may see something."""
        return self._without_key(headers.get(name, b"")).decode("utf-8", "replace")

    async def _reply(
        self,
        status: int,
        headers: Mapping[bytes, bytes],
        body: bytes | None,
        request: Request,
        tries: int,
        waited: float,
    ) -> Reply | Failure:
        """Make something of an answer; its body is None where that is too large."""
        if body is None and status < 300:
            return self._too_large(tries, waited)
        if body and len(body) >= LARGE_BYTES and status < 300:
            await begin_turn()
        spec = request.spec
        value, text = _parsed(body, request.only)
        if text and not (spec.envelope is Envelope.TEXT and status < 400):
            text = text[:MAX_ERROR_TEXT]
        trace_id = value.get("clerk_trace_id") if isinstance(value, dict) else None
        return Reply(
            status=status,
            value=value,
            text=text,
            media_type=self._header(headers, b"content-type").partition(";")[0].strip().lower(),
            trace_id=trace_id if isinstance(trace_id, str) else self._header(headers, b"cf-ray") or None,
            retry_after=_retry_after(headers),
            tries=tries,
            waited=waited,
            outcome_unknown=status >= 500 and spec.effect is not Effect.READ,
        )

    def _too_large(self, tries: int, waited: float) -> Failure:
        message = (
            f"Clerk executed this, but its answer is larger than the {self._max_answer_bytes} bytes"
            " that are taken; ask for less at a time."
        )
        return Failure("answer_too_large", message, "done", tries=tries, waited=waited)


def _target(path: str) -> bytes:
    """Check what a request asks for: all that is not plain is percent-encoded by now."""
    if len(path) > _LONGEST_TARGET or not _PLAIN_TARGET.fullmatch(path):
        raise httpx2.InvalidURL("too long a path, or a character in it that is not encoded")
    return path.encode()


_LONGEST_TARGET: Final = 65_536
_PLAIN_TARGET: Final = re.compile(r"/[!-~]*")


def _is_wire(connection: httpx2.AsyncBaseTransport) -> TypeGuard[Wire]:
    # By what it can do, since its module is imported when the first connection is made.
    return hasattr(connection, "ask")


def _json_of(request: Request) -> bytes:
    return json.dumps(request.json, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _by_name(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[bytes, bytes]:
    """Take an answer's headers once: httpx2's own way goes through all of them for each name."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = found[key] + b"," + value if key in found else value
    return found


def _chunks(response: httpx2.Response, headers: Mapping[bytes, bytes]) -> AsyncIterable[bytes]:
    # What was compressed twice is not decoded: nobody does that but to have a few bytes become gigabytes in
    # one step.
    coding = headers.get(b"content-encoding", b"")
    if (coding and b"," not in coding) or response.is_stream_consumed:
        return response.aiter_bytes()
    return response.aiter_raw()


# Nobody writes a letter or a digit so who has nothing to hide; looking for this first costs next to nothing.
_ESCAPED_LETTER: Final = re.compile(rb"\\u00[3-7]")


def _escaped(key: str) -> re.Pattern[bytes]:
    """Find a key as JSON may spell it: each character as itself or as an escape."""
    either = (rf"(?:{re.escape(c)}|\\+u{ord(c):04x})" for c in key)
    return re.compile("".join(either).encode(), re.IGNORECASE)


def _parsed(body: bytes | None, only: frozenset[str] | None) -> tuple[Any, str | None]:
    """Return the body as JSON, or else as text. The declared type is not asked: proxies get it wrong."""
    if not body or body.isspace():
        return None, None
    try:
        return parse_json(body, only), None
    except ValueError:
        return None, body.decode("utf-8", "replace")


def _retry_after(headers: Mapping[bytes, bytes]) -> float | None:
    """Seconds to wait, which HTTP gives as a number or as a date."""
    if b"retry-after" not in headers:
        return None
    given = headers[b"retry-after"].decode("ascii", "replace")
    try:
        seconds = float(given)
    except ValueError:
        at = _timestamp(given)
        # By the sender's own clock, where it shows it: this machine's may be off.
        seconds = (
            at - (_timestamp(headers.get(b"date", b"").decode("ascii", "replace")) or time.time())
            if at
            else math.nan
        )
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _timestamp(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


# What fails before any byte of the request is on its way. All else may have reached Clerk.
_BEFORE_SENDING: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)


def _lasting(error: httpx2.RequestError) -> tuple[str, str] | None:
    """Name a failure that comes again however often it is tried: its code, and what is wrong."""
    if isinstance(error, httpx2.ProxyError) and "407" in str(error):
        what = "The proxy of HTTPS_PROXY or ALL_PROXY wants a name and a password that it takes (407)"
        return "proxy_refuses", what
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "certificate_refused", (
                f"The server's certificate cannot be trusted ({cause.verify_message}); a proxy that opens TLS"
                " needs its own certificate in SSL_CERT_FILE"
            )
        if isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME:
            return "unknown_host", "There is no host of the name in CLERK_API_URL, or in HTTPS_PROXY"
        cause = cause.__cause__ or cause.__context__
    return None


def _failure(error: httpx2.RequestError, spec: Spec, tries: int, waited: float) -> Failure:
    if isinstance(error, _BEFORE_SENDING) and (lasting := _lasting(error)):
        code, what = lasting
        message = f"{what}. Nothing was changed, and trying again cannot help."
        return Failure(code, message, "not_run", tries=tries, waited=waited, lasting=True)
    not_run = isinstance(error, _BEFORE_SENDING) or spec.effect is Effect.READ
    fate = "Nothing was changed." if not_run else "It may have been executed."
    if isinstance(error, httpx2.TimeoutException):
        code, what = "timeout", "Clerk did not answer in time"
    elif isinstance(error, _BEFORE_SENDING):
        code, what = "unreachable", f"Clerk could not be reached ({str(error) or type(error).__name__})"
    else:
        code, what = "connection_lost", "The connection to Clerk broke before an answer came"
    return Failure(code, f"{what}. {fate}", "not_run" if not_run else "unknown", tries=tries, waited=waited)


def _broken_off(error: httpx2.RequestError, spec: Spec, tries: int, waited: float) -> Failure:
    """Clerk said yes, and then its answer broke off."""
    if spec.effect is Effect.READ:
        return _failure(error, spec, tries, waited)
    message = "Clerk executed this, but its answer broke off. Do not repeat it: read the object instead."
    return Failure("answer_lost", message, "done", tries=tries, waited=waited)
