"""What goes over the wire, and what is made of the answer."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio.lowlevel
import httpx2
import pytest

from clerk_mcp.upstream.client import ClerkClient, Unanswered
from clerk_mcp.upstream.connections import Connections
from clerk_tools.catalog import operations
from clerk_tools.operation import Request
from tests.server.loopback import Loopback, Received, Script, answer, in_turn, loopback

pytestmark = pytest.mark.anyio

KEY = "sk_test_sandbox0123456789"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
USER = {"object": "user", "id": "user_1"}


def call(operation: str, **arguments: Any) -> Request:
    return operations()[operation].model_validate(arguments).to_request()


def get_user(user_id: str = "user_1") -> Request:
    return call("Users_getUserDetails", user_id=user_id)


def update_user() -> Request:
    return call("Users_updateUserAttributes", user_id="user_1", first_name="Ada")


@asynccontextmanager
async def upstream(script: Script, **settings: Any) -> AsyncIterator[tuple[Loopback, ClerkClient]]:
    """A scripted Clerk, and a client that calls it and does not dawdle over retries."""
    async with (
        loopback(script) as server,
        ClerkClient(KEY, base_url=server.url, **{"backoff": 0.01, **settings}) as client,
    ):
        yield server, client


@pytest.mark.parametrize(
    "request_made",
    [
        get_user(),
        call("Users_listSortedByCreationDate", limit=5, query="Ä & b/ü"),
        update_user(),
        call("Users_createNewUser", email_address=["ada@example.com"], first_name="Ädä"),
        call("Users_markBanned", user_id="user_1"),
        call("Users_deleteUserById", user_id="user_1"),
        call("Users_setProfileImage", user_id="user_1", file="data:image/png;base64,iVBORw0KGgo="),
    ],
    ids=lambda request: request.spec.id,
)
async def test_a_request_is_the_same_to_the_byte_as_httpx2_would_send_it(request_made: Request) -> None:
    sent = []
    for transport in (None, httpx2.AsyncHTTPTransport()):
        async with upstream(in_turn(answer(200, USER)), transport=transport) as (server, client):
            await client.send(request_made)
        (received,) = server.requests
        # Where the server is, and what a multipart body is divided by, differs each time.
        boundary = received.headers.get("content-type", "").partition("boundary=")[2] or "-"
        headers = {name: value.replace(boundary, "-") for name, value in received.headers.items()}
        del headers["host"]
        sent.append(
            (received.method, received.target, headers, received.body.replace(boundary.encode(), b"-"))
        )
    assert sent[0] == sent[1]


async def test_every_request_carries_key_version_and_our_name() -> None:
    async with upstream(in_turn(answer(200, USER))) as (server, client):
        await client.send(get_user())
    (request,) = server.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["clerk-api-version"] == "2021-02-05"
    assert request.headers["user-agent"].startswith("clerk-mcp/")


@pytest.mark.parametrize(
    "user_id",
    ["a/b", "../organizations/org_1", "a?b", "a#b", "%2e%2e", "a b", "a+b", "100%", "é", "a%2Fb", "a\\b"],
)
async def test_no_argument_leaves_its_path_segment_on_the_wire(user_id: str) -> None:
    request = get_user(user_id)
    async with upstream(in_turn(answer(200, USER))) as (server, client):
        await client.send(request)
    target = server.requests[0].target
    assert target == "/v1" + request.path
    assert target.count("/") == 3
    assert not set(target) & set("?#+ \\")


async def test_queries_reach_the_wire_byte_for_byte() -> None:
    request = call(
        "Users_listSortedByCreationDate",
        email_address=["ada+1@acme.dev", "b&c=d@acme.dev"],
        order_by="+created_at",
        limit=5,
    )
    async with upstream(in_turn(answer(200, []))) as (server, client):
        await client.send(request)
    target = server.requests[0].target
    assert target == "/v1" + request.path
    assert "email_address=ada%2B1%40acme.dev&email_address=b%26c%3Dd%40acme.dev" in target
    assert "order_by=%2Bcreated_at" in target


async def test_a_body_is_compact_json_with_explicit_nulls_kept() -> None:
    request = call(
        "Users_mergeUserMetadataAttributes", user_id="user_1", public_metadata={"name": "Zoë", "old": None}
    )
    async with upstream(in_turn(answer(200, USER))) as (server, client):
        await client.send(request)
    (received,) = server.requests
    assert received.headers["content-type"] == "application/json"
    assert received.body == '{"public_metadata":{"name":"Zoë","old":null}}'.encode()


async def test_an_image_travels_as_a_form_with_a_type_read_from_its_bytes() -> None:
    request = call(
        "Organizations_updateOrganizationLogo",
        organization_id="org_1",
        uploader_user_id="user_1",
        file=base64.b64encode(PNG).decode(),
    )
    async with upstream(in_turn(answer(200, {}))) as (server, client):
        await client.send(request)
    (received,) = server.requests
    assert received.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert PNG in received.body
    assert b'name="file"; filename="image.png"' in received.body
    assert b"Content-Type: image/png" in received.body
    assert b'name="uploader_user_id"\r\n\r\nuser_1' in received.body


async def test_an_unusable_image_is_refused_before_anything_is_sent() -> None:
    async with upstream(in_turn()) as (server, client):
        with pytest.raises(Unanswered) as refusal:
            await client.send(call("Users_setProfileImage", user_id="user_1", file="not base64!"))
    assert refusal.value.failure.code == "invalid_image"
    assert refusal.value.failure.outcome == "not_run"
    assert server.requests == []


async def test_connections_are_kept_and_cookies_are_not() -> None:
    yes = answer(200, USER, headers={"set-cookie": "__cf_bm=1; path=/"})
    async with upstream(in_turn(yes, yes)) as (server, client):
        await client.send(get_user())
        await client.send(get_user())
    first, second = server.requests
    assert first.connection == second.connection
    assert "cookie" not in second.headers


async def test_there_are_as_many_connections_as_calls_at_once_and_they_close_when_none_needs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("clerk_mcp.upstream.connections._KEEP_ALIVE_S", 0.2)
    all_here = asyncio.Event()

    async def script(received: Received) -> bytes:
        if len(server.requests) >= 5:
            all_here.set()
        await all_here.wait()
        return answer(200, USER)

    async with upstream(script) as (server, client):
        for _ in range(2):
            await asyncio.gather(*(client.send(get_user()) for _ in range(5)))
        assert server.connections == server.open_connections == 5
        await asyncio.sleep(0.3)
        await client.send(get_user())
        async with asyncio.timeout(5):
            while server.open_connections > 1:
                await asyncio.sleep(0.01)
        assert server.requests[-1].connection == server.connections == 6
    assert server.open_connections == 0


async def test_a_redirect_is_answered_as_it_came_and_not_followed() -> None:
    async with upstream(in_turn(answer(307, headers={"location": "/v1/elsewhere"}))) as (server, client):
        reply = await client.send(get_user())
    assert reply.status == 307
    assert len(server.requests) == 1


async def test_a_proxy_of_the_environment_never_sees_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    async with loopback(in_turn()) as proxy, upstream(in_turn(answer(200, USER))) as (_, client):
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        reply = await client.send(get_user())
    assert reply.value == USER
    assert proxy.requests == []


async def test_https_goes_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async with loopback(in_turn(answer(403))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with ClerkClient(KEY, base_url="https://api.clerk.com/v1", retry_budget=0) as client:
            with pytest.raises(Unanswered) as failure:
                await client.send(update_user())
    assert proxy.requests[0].target == "api.clerk.com:443"
    assert "authorization" not in proxy.requests[0].headers
    assert failure.value.failure.code == "unreachable"
    assert failure.value.failure.outcome == "not_run"


async def test_a_connection_that_broke_behind_a_proxy_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The first tunnel stands, and then the TLS handshake gets no answer.
    async with loopback(in_turn(b"HTTP/1.1 200 Tunnel\r\n\r\n", answer(403))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        patience = httpx2.Timeout(connect=0.3, read=0.3, write=0.3, pool=30)
        async with ClerkClient(
            KEY, base_url="https://api.clerk.com/v1", retry_budget=0, timeout=patience
        ) as client:
            for _ in range(2):
                with pytest.raises(Unanswered):
                    await client.send(get_user())
    assert len(proxy.requests) == 2


async def test_a_connection_is_let_go_before_clerks_edge_would_close_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The edge does so after 75 seconds. The fate of a request that meets a closing connection is unknown."""
    really, idle = time.monotonic, 0.0
    monkeypatch.setattr("time.monotonic", lambda: really() + idle)
    async with upstream(in_turn(*[answer(200, USER)] * 3)) as (server, client):
        await client.send(get_user())
        idle += 30
        await client.send(get_user())
        assert server.connections == 1
        idle += 70
        await client.send(get_user())
        assert server.connections == 2


async def test_connections_made_ahead_are_kept_as_long_as_others_however_long_these_are_idle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    really, idle = time.monotonic, 0.0
    monkeypatch.setattr("time.monotonic", lambda: really() + idle)
    async with upstream(in_turn(*[answer(200, USER)] * 3)) as (server, client):
        await client.send(get_user())
        idle += 55
        await client.connect(3)
        await client.send(get_user())
        while server.connections < 3:
            await anyio.lowlevel.checkpoint()
        idle += 10
        await client.send(get_user())
        await client.connect(3)
        await anyio.wait_all_tasks_blocked()
        assert (server.connections, server.open_connections) == (3, 3)


async def test_an_answer_is_waited_for_no_longer_than_half_a_minute() -> None:
    """Hosts give a call about a minute; an answer that says what is known of its fate must come before."""
    patience: dict[str, float] = {}

    async def clerk(request: httpx2.Request) -> httpx2.Response:
        patience.update(request.extensions["timeout"])
        return httpx2.Response(200, json=USER)

    async with ClerkClient(KEY, transport=httpx2.MockTransport(clerk)) as client:
        await client.send(get_user())
    assert set(patience) == {"connect", "read", "write", "pool"}
    assert max(patience.values()) <= 30


async def test_connections_may_be_taken_while_unused_ones_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clerk_mcp.upstream.connections._KEEP_ALIVE_S", 0.1)
    yes = answer(200, USER)
    async with loopback(in_turn(yes, yes)) as server:
        connections = Connections(server.url)
        unused, used = [await connections.take() for _ in range(2)]
        for connection in (unused, used):
            response = await connection.handle_async_request(httpx2.Request("GET", server.url))
            await response.aread()
            await response.aclose()
        await connections.give_back(unused, usable=True)
        await asyncio.sleep(0.2)
        _, taken = await asyncio.gather(connections.give_back(used, usable=True), connections.take())
        assert taken is used
        await connections.close()
        await connections.give_back(taken, usable=True)
        async with asyncio.timeout(5):
            while server.open_connections:
                await asyncio.sleep(0.01)


async def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://user:hunter2@proxy.acme.dev")
    async with ClerkClient(KEY) as client:
        with pytest.raises(Unanswered) as failure:
            await client.send(get_user())
    assert failure.value.failure.code == "proxy_unusable"
    assert "HTTPS_PROXY" in failure.value.failure.message
    assert "hunter2" not in failure.value.failure.message


ERROR = {"errors": [{"code": "form_param_missing"}], "clerk_trace_id": "trace_1"}


@pytest.mark.parametrize(
    ("said", "value", "text", "trace_id"),
    [
        (answer(200, USER), USER, None, None),
        (answer(200, USER, headers={"content-type": "text/plain"}), USER, None, None),
        (answer(204), None, None, None),
        (answer(422, ERROR, headers={"cf-ray": "ray"}), ERROR, None, "trace_1"),
        (answer(403, body=b"<h1>No</h1>", headers={"cf-ray": "ray"}), None, "<h1>No</h1>", "ray"),
        (answer(200, body=b'{"object":"us'), None, '{"object":"us', None),
        (answer(404, body=b"\xff\xfe"), None, "��", None),
        (answer(400, {"clerk_trace_id": 7}, headers={"cf-ray": "ray"}), {"clerk_trace_id": 7}, None, "ray"),
    ],
    ids=["json", "json-as-text", "empty", "error", "html", "broken", "not-utf8", "odd-trace"],
)
async def test_an_answer_is_read_for_what_it_is(
    said: bytes, value: object, text: str | None, trace_id: str | None
) -> None:
    async with upstream(in_turn(said)) as (_, client):
        reply = await client.send(get_user())
    assert (reply.value, reply.text, reply.trace_id) == (value, text, trace_id)
    assert reply.tries == 1


async def test_only_the_beginning_of_a_proxys_error_page_is_kept() -> None:
    page = b"<p>" * 10_000
    async with upstream(in_turn(answer(403, body=page), answer(200, body=page))) as (_, client):
        error = await client.send(get_user())
        markup = await client.send(call("Miscellaneous_getInterstitialMarkup"))
    assert error.text == page[:2000].decode()
    assert markup.text == page.decode()


async def test_a_large_answer_is_abandoned_before_it_is_read() -> None:
    promised = answer(200, body=b"x", headers={"content-length": "100000000"})
    async with upstream(in_turn(promised), max_answer_bytes=1000) as (server, client):
        with pytest.raises(Unanswered) as failure:
            await client.send(get_user())
    assert failure.value.failure.code == "answer_too_large"
    assert failure.value.failure.outcome == "done"
    assert len(server.requests) == 1


async def test_a_large_answer_of_unknown_length_is_abandoned_on_the_way() -> None:
    async def endless(received: Any) -> bytes | None:
        received.writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            received.writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
            await received.writer.drain()

    async with upstream(endless, max_answer_bytes=5000) as (_, client):
        with pytest.raises(Unanswered) as failure:
            await client.send(get_user())
    assert failure.value.failure.code == "answer_too_large"


MEGABYTE = b'"' + b"x" * 1_000_000 + b'"'


async def test_what_counts_is_the_size_of_an_answer_after_decompression() -> None:
    bomb = answer(200, body=gzip.compress(MEGABYTE), headers={"content-encoding": "gzip"})
    async with upstream(in_turn(bomb), max_answer_bytes=100_000) as (_, client):
        with pytest.raises(Unanswered) as failure:
            await client.send(get_user())
    assert failure.value.failure.code == "answer_too_large"


@pytest.mark.parametrize(
    ("coding", "wrapped"),
    [
        ("gzip", gzip.compress),
        ("GZip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
        ("identity", bytes),
    ],
    ids=["gzip", "in other letters", "deflate", "deflate without its wrapping", "as it is"],
)
async def test_a_compressed_answer_is_read_however_it_is_cut(
    coding: str, wrapped: Callable[[bytes], bytes]
) -> None:
    said = {"id": "user_1", "note": "x" * 300_000 + str(list(range(20_000)))}
    packed = wrapped(json.dumps(said).encode())
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: {coding}\r\ncontent-length: {len(packed)}\r\n\r\n"

    async def script(received: Received) -> None:
        received.writer.write(head.encode() + packed[:1])
        for at in range(1, len(packed), 4099):
            await received.writer.drain()
            await anyio.lowlevel.checkpoint()
            received.writer.write(packed[at : at + 4099])

    async with upstream(script) as (_, client):
        for _ in range(2):
            assert (await client.send(get_user())).value == said


async def test_an_answer_that_is_not_compressed_as_it_says_is_lost_but_was_executed() -> None:
    wrong = answer(200, body=b"no gzip at all", headers={"content-encoding": "gzip"})
    async with upstream(in_turn(wrong), retry_budget=0) as (_, client):
        with pytest.raises(Unanswered) as failure:
            await client.send(update_user())
    assert (failure.value.failure.code, failure.value.failure.outcome) == ("answer_lost", "done")


async def test_what_was_compressed_twice_is_not_decompressed() -> None:
    body = gzip.compress(gzip.compress(MEGABYTE))
    bomb = answer(200, body=body, headers={"content-encoding": "gzip, gzip"})
    async with upstream(in_turn(bomb), max_answer_bytes=100_000) as (_, client):
        reply = await client.send(get_user())
    assert reply.value is None
    assert len(reply.text or "") <= len(body)


async def test_each_call_is_one_log_line_that_names_no_person_and_no_secret(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    request = call("Users_listSortedByCreationDate", email_address=["ada@acme.dev"], query="Lovelace")
    busy = answer(429, headers={"retry-after": "0"})
    async with upstream(in_turn(busy, answer(422, ERROR))) as (_, client):
        await client.send(request)
    (line,) = [json.loads(r.message) for r in caplog.records if r.name == "clerk_mcp.upstream"]
    assert {**line, "waited": None, "ms": None} == {
        "operation": "Users_listSortedByCreationDate",
        "status": 422,
        "tries": 2,
        "waited": None,
        "ms": None,
        "trace_id": "trace_1",
    }
    assert not [secret for secret in (KEY, "ada", "Lovelace", "/users") if secret in caplog.text]


async def test_a_key_that_an_answer_quotes_never_comes_back() -> None:
    quoting = answer(401, {"errors": [{"code": "clerk_key_invalid", "message": f"{KEY} is not known"}]})
    async with upstream(in_turn(quoting)) as (_, client):
        reply = await client.send(get_user())
    assert KEY not in str(reply.value)
    assert "[key] is not known" in str(reply.value)


@pytest.mark.anyio
async def test_a_version_that_the_operator_gives_replaces_each_operations_own() -> None:
    async with (
        loopback(in_turn(answer(200, []), answer(200, []))) as server,
        ClerkClient(KEY, base_url=server.url, api_version="2025-11-10") as client,
    ):
        await client.send(operations()["Users_listSortedByCreationDate"].model_validate({}).to_request())
        await client.send(operations()["ListOrganizationRoles"].model_validate({}).to_request())
    assert {request.headers["clerk-api-version"] for request in server.requests} == {"2025-11-10"}
