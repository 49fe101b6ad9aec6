"""Our own HTTP connection: over TLS, through proxies, with servers that do what they may or should not."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from clerk_mcp.upstream.client import ClerkClient, Unanswered
from tests.server.loopback import Loopback, Received, Script, answer, in_turn, loopback
from tests.server.test_client import KEY, get_user, update_user, upstream

pytestmark = pytest.mark.anyio

USER = {"object": "user", "id": "user_1"}
YES = answer(200, USER)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed but its owner, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return file


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """The event loop that tests run on, and the one that the server does."""
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@asynccontextmanager
async def secure(script: Script, certificate: Path) -> AsyncIterator[tuple[Loopback, ClerkClient]]:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    async with (
        loopback(script, tls) as server,
        ClerkClient(KEY, base_url=server.url, retry_budget=0, backoff=0.01) as client,
    ):
        yield server, client


async def test_over_tls_a_connection_is_used_again(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with secure(in_turn(YES, YES, YES), certificate) as (server, client):
        for _ in range(3):
            assert (await client.send(get_user())).value == USER
    assert [request.connection for request in server.requests] == [1, 1, 1]


async def test_connections_made_ahead_are_used_over_tls_too(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    all_asked = anyio.Event()

    async def script(_: Received) -> bytes:
        if len(server.requests) == 6:
            all_asked.set()
        if len(server.requests) > 1:
            await all_asked.wait()
        return YES

    async with secure(script, certificate) as (server, client):
        await client.connect(5)
        await client.send(get_user())
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(client.send, get_user())
        assert server.connections == 5


async def test_a_connection_that_cannot_be_made_ahead_is_told_by_the_call_that_needs_it(
    certificate: Path,
) -> None:
    async with secure(in_turn(YES), certificate) as (_, client):
        await client.connect(3)
        with pytest.raises(Unanswered) as failed:
            await client.send(get_user())
    assert failed.value.failure.code == "certificate_refused"


async def test_a_certificate_that_nobody_trusts_is_refused_before_anything_is_sent(certificate: Path) -> None:
    async with secure(in_turn(YES), certificate) as (server, client):
        with pytest.raises(Unanswered) as failed:
            await client.send(update_user())
    assert (failed.value.failure.code, failed.value.failure.outcome) == ("certificate_refused", "not_run")
    assert server.requests == []


@dataclass
class Proxy:
    url: str = ""
    asked: list[str] = field(default_factory=list)
    """The heads of the requests for a tunnel."""


@asynccontextmanager
async def tunnelling() -> AsyncIterator[Proxy]:
    """A proxy that makes tunnels on this machine."""
    proxy = Proxy()
    tasks: list[asyncio.Task[None]] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        proxy.asked.append(head)
        host, _, port = head.split()[1].rpartition(":")
        their_reader, their_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        tasks.append(asyncio.ensure_future(pump(reader, their_writer)))
        tasks.append(asyncio.ensure_future(pump(their_reader, writer)))

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.url = f"http://ada:se%20cret@127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_tunnel_through_a_proxy_is_used_again_and_shows_it_nothing(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tunnelling() as proxy:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with secure(in_turn(YES, YES), certificate) as (server, client):
            for _ in range(2):
                assert (await client.send(get_user())).value == USER
    [asked] = proxy.asked
    assert asked.startswith(f"CONNECT {server.url.split('/')[2]} HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic YWRhOnNlIGNyZXQ=\r\n" in asked
    assert KEY not in asked
    assert [request.connection for request in server.requests] == [1, 1]


async def test_a_tunnel_to_a_server_that_nobody_trusts_sends_nothing(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tunnelling() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with secure(in_turn(YES), certificate) as (server, client):
            with pytest.raises(Unanswered) as failed:
                await client.send(update_user())
    assert (failed.value.failure.code, failed.value.failure.outcome) == ("certificate_refused", "not_run")
    assert server.requests == []


async def test_a_write_on_a_connection_that_the_server_has_closed_meanwhile_goes_over_another() -> None:
    async def script(received: Received) -> bytes | None:
        received.writer.write(YES)
        await received.writer.drain()
        return None if received.connection == 1 else b""

    async with upstream(script) as (server, client):
        await client.send(get_user())
        while server.open_connections:
            await asyncio.sleep(0.01)
        assert (await client.send(update_user())).status == 200
    assert [request.connection for request in server.requests] == [1, 2]


async def test_a_goodbye_that_the_event_loop_has_not_read_yet_is_seen() -> None:
    async def script(received: Received) -> bytes | None:
        if received.connection == 1:
            received.writer.write(YES)
            received.writer.write_eof()
        return None if received.connection == 1 else YES

    async with upstream(script) as (server, client):
        await client.send(get_user())
        assert (await client.send(update_user())).status == 200
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + YES,
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + YES,
        b'HTTP/1.1 200 OK\r\n\r\n{"object":"user","id":"user_1"}',
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        b'1f\r\n{"object":"user","id":"user_1"}\r\n0\r\nx-trailer: y\r\n\r\n',
        b'HTTP/1.0 200 OK\r\ncontent-length: 31\r\n\r\n{"object":"user","id":"user_1"}',
    ],
    ids=["interim", "two of them", "until the end of the connection", "trailers", "HTTP/1.0"],
)
async def test_answers_of_every_form_are_read(first: bytes) -> None:
    async def script(received: Received) -> bytes | None:
        received.writer.write(first)
        await received.writer.drain()
        return None if b"200 OK\r\n\r\n" in first else b""

    async with upstream(script) as (server, client):
        for _ in range(2):
            reply = await client.send(update_user())
            assert (reply.status, reply.value) == (200, USER)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "said",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x-long: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 103 Wait\r\n\r\n" * 5_000,
    ],
    ids=["nonsense", "a large head", "two lengths", "another protocol", "many heads"],
)
async def test_an_answer_that_is_none_leaves_the_outcome_of_a_write_unknown(said: bytes) -> None:
    async with upstream(in_turn(said), retry_budget=0) as (server, client):
        with pytest.raises(Unanswered) as failed:
            await client.send(update_user())
        assert (failed.value.failure.code, failed.value.failure.outcome) == ("connection_lost", "unknown")
        assert len(server.requests) == 1


async def test_a_large_answer_is_read_as_fast_as_it_is_taken_and_comes_whole() -> None:
    large = {"object": "user", "id": "user_1", "text": "ü" * 3_000_000}
    async with upstream(in_turn(answer(200, large), YES)) as (server, client):
        assert (await client.send(get_user())).value == large
        assert (await client.send(get_user())).value == USER
    assert [request.connection for request in server.requests] == [1, 1]


async def test_the_next_address_of_a_server_is_tried_where_one_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with upstream(in_turn(YES)) as (server, client):
        port = int(server.url.split(":")[2].partition("/")[0])
        with socket.create_server(("127.0.0.1", 0)) as taken:
            closed = taken.getsockname()[1]

        asked: list[Any] = []

        async def found(_: object, host: str, at: int, **__: Any) -> list[Any]:
            asked.append(host)
            # A loop may ask for what is an address already.
            ports = (closed, port) if len(asked) == 1 else (at,)
            return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", each)) for each in ports]

        monkeypatch.setattr(type(asyncio.get_running_loop()), "getaddrinfo", found)
        assert (await client.send(get_user())).value == USER
