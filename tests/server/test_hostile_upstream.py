"""A Clerk, or something before it, that answers too slowly, too much, or with what is not ours to show."""

from __future__ import annotations

import asyncio
from pathlib import Path

import anyio
import pytest

from clerk_mcp.auditing import load
from clerk_mcp.upstream.client import Unanswered
from clerk_sandbox.sandbox import TEST_KEY
from tests.server.loopback import Received, Script, answer, in_turn
from tests.server.scripted import always, server_on
from tests.server.test_client import get_user, update_user, upstream

pytestmark = pytest.mark.anyio

USER = {"object": "user", "id": "user_1"}


def dripping(start: bytes, drop: bytes) -> Script:
    """Send `start`, then `drop` again and again, without end."""

    async def script(received: Received) -> bytes | None:
        received.writer.write(start)
        while True:
            received.writer.write(drop)
            await received.writer.drain()
            await asyncio.sleep(0.01)

    return script


OK_WITHOUT_END = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"
ERROR_WITHOUT_END = b"HTTP/1.1 500 No\r\ncontent-length: 1000000\r\n\r\n"


@pytest.mark.parametrize(
    ("script", "write", "read"),
    [
        (dripping(OK_WITHOUT_END, b" "), ("answer_lost", "done"), ("timeout", "not_run")),
        (dripping(ERROR_WITHOUT_END, b" "), ("timeout", "unknown"), ("timeout", "not_run")),
        (dripping(b"", b"HTTP/1.1 103 Wait\r\n\r\n"), ("timeout", "unknown"), ("timeout", "not_run")),
    ],
    ids=["an answer that drips", "an error that drips", "endless interim answers"],
)
async def test_an_exchange_without_end_is_given_up_and_its_outcome_told(
    script: Script, write: tuple[str, str], read: tuple[str, str]
) -> None:
    async with upstream(script, deadline=0.6, retry_budget=0) as (server, client):
        for request, expected in ((update_user(), write), (get_user(), read)):
            with pytest.raises(Unanswered) as failed:
                await client.send(request)
            assert (failed.value.failure.code, failed.value.failure.outcome) == expected
        while server.open_connections:
            await anyio.sleep(0.01)


async def test_dripping_writes_whose_callers_have_left_give_their_turns_back() -> None:
    drips = dripping(OK_WITHOUT_END, b" ")

    async def script(received: Received) -> bytes | None:
        return await drips(received) if received.method == "PATCH" else answer(200, USER)

    async with upstream(script, deadline=0.6, max_in_flight=2) as (server, client):
        async with anyio.create_task_group() as callers:
            for _ in range(2):
                callers.start_soon(client.send, update_user())
            while len(server.requests) < 2:
                await anyio.sleep(0.01)
            callers.cancel_scope.cancel()
        assert (await client.send(get_user())).status == 200


@pytest.mark.parametrize("more", [answer(200, {"object": "user", "id": "user_other"}), b"x", b"\r\n"])
async def test_what_follows_an_answer_is_never_the_answer_to_the_next_call(more: bytes) -> None:
    first = answer(200, USER) + more
    async with upstream(in_turn(first, answer(200, {"object": "user", "id": "user_2"}))) as (server, client):
        await client.send(get_user())
        assert (await client.send(update_user())).value["id"] == "user_2"
    assert [request.connection for request in server.requests] == [1, 2]


async def test_after_a_whole_answer_a_connection_is_used_again() -> None:
    chunks = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    async with upstream(in_turn(answer(200, USER), answer(204), chunks, chunks)) as (server, client):
        for _ in range(4):
            await client.send(get_user())
    assert {request.connection for request in server.requests} == {1}


ERRORS = {"errors": [{"code": "form_param_invalid", "message": "no", "long_message": "That is no name."}]}


async def test_errors_in_a_200_are_an_error_to_the_model_and_in_the_trail(era: str, tmp_path: Path) -> None:
    trail = tmp_path / "audit.jsonl"
    async with server_on(always(200, ERRORS), era, audit_log=trail) as client:
        for tool, arguments in (
            ("Users_getUserDetails", {}),
            ("Users_updateUserAttributes", {"first_name": "Ada"}),
            ("Users_getOrganizationMemberships", {}),
        ):
            result = await client.call_tool(tool, {"user_id": "user_1", **arguments})
            assert result.is_error
            assert result.structured_content["error"]["code"] == "form_param_invalid"
            assert result.structured_content["error"]["message"] == "That is no name."
    assert [recorded["outcome"] for recorded in load(trail).calls] == ["error", "error", "error"]


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04X}" for character in text)


HALF_ESCAPED = TEST_KEY[:5] + escaped(TEST_KEY[5:7]) + TEST_KEY[7:]
QUOTES = {
    "as it is": answer(400, body=b'{"errors":[{"code":"x","message":"key %s"}]}' % TEST_KEY.encode()),
    "escaped": answer(400, body=b'{"errors":[{"code":"x","message":"key %s"}]}' % escaped(TEST_KEY).encode()),
    "half": answer(200, body=b'{"object":"user","id":"user_1","first_name":"%s"}' % HALF_ESCAPED.encode()),
    "in JSON in JSON": answer(
        200,
        body=b'{"object":"user","id":"user_1","first_name":"{\\"a\\": \\"%s\\"}"}'
        % escaped(TEST_KEY).replace("\\", "\\\\").encode(),
    ),
    "in a header": answer(400, body=b"{}", headers={"cf-ray": TEST_KEY}),
    "in a type": answer(200, body=b"no json", headers={"content-type": f"text/{TEST_KEY}"}),
    "in a trace": answer(400, body=b'{"clerk_trace_id":"%s"}' % escaped(TEST_KEY).encode()),
}


@pytest.mark.parametrize("said", QUOTES.values(), ids=QUOTES)
async def test_the_key_never_reaches_the_model_however_it_is_quoted(said: bytes, era: str) -> None:
    async with server_on(in_turn(said), era) as client:
        result = await client.call_tool("Users_getUserDetails", {"user_id": "user_1"})
    text = result.model_dump_json()
    assert TEST_KEY not in text
    assert TEST_KEY not in text.replace("\\\\", "\\").encode().decode("unicode_escape")
    assert "[key]" in text or "text/" in text
