"""One caller does whatever harm a caller can do; another is refused nothing meanwhile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from bench.attacks import COUNT, HELLO, INITIALIZED, Attacker, call, modern

from clerk_mcp.hosting.bounds import CallerBounds
from clerk_mcp.hosting.shares import Shares, owner_at
from clerk_mcp.hosting.tokens import issue
from clerk_sandbox.asgi import make_app
from clerk_sandbox.sandbox import Sandbox
from tests.server.web import Served, hosting, serving

pytestmark = pytest.mark.anyio

SMALL = {"max_calls": 8, "max_sessions": 8, "calls_per_second": 10_000.0, "read_timeout": 3.0}
"""A server that is soon full."""
MANY = 24

ATTACKS: dict[str, Mapping[str, Any]] = {
    "calls": {},
    "made_up_sessions": {},
    "dripping_bodies": {},
    "large_bodies": {"max_body_bytes": 500_000},
    "silent_connections": {},
    "streams": {},
    "sessions": {"stateful": True},
    "questions": {"stateful": True, "confirm": "always"},
    "answers_not_taken": {},
}


@pytest.fixture
def tokens(tmp_path: Path) -> dict[str, str]:
    """A token file, and headers with a token of each caller in it."""
    file = tmp_path / "tokens"
    return {
        "file": str(file),
        **{name: f"Bearer {issue(file, name, ['all'])}" for name in ("mallory", "bob")},
    }


async def calls(served: Served, times: int, **headers: str) -> list[int]:
    """The statuses of some calls, one after the other."""
    message, own = modern(COUNT)
    async with httpx2.AsyncClient(headers={**own, **headers}, timeout=30) as http:
        return [(await http.post(f"{served.url}/mcp", json=message)).status_code for _ in range(times)]


@pytest.mark.parametrize("attack", ATTACKS)
async def test_whatever_one_caller_does_another_is_refused_nothing(
    attack: str, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if attack == "silent_connections":
        monkeypatch.setattr("clerk_mcp.hosting.running.MOST_SILENT", 16)
    settings = {**SMALL, **ATTACKS[attack], "auth": "bearer", "token_file": Path(tokens["file"])}
    async with serving(**settings) as served, anyio.create_task_group() as tasks:
        mallory = Attacker(served.url, {"authorization": tokens["mallory"]}, MANY, body_size=500_000)
        tasks.start_soon(getattr(mallory, attack))
        while mallory.began < MANY:
            await anyio.sleep(0.01)
        answered = await calls(served, 10, authorization=tokens["bob"])
        stateful = {"authorization": tokens["bob"]}
        async with served.client("legacy", tokens["bob"].removeprefix("Bearer ")) as client:
            listed = await client.list_tools()
        async with served.client("sse", tokens["bob"].removeprefix("Bearer ")) as client:
            streamed = await client.call_tool(COUNT, {})
        ready = await served.get("/readyz", **stateful)
        tasks.cancel_scope.cancel()
    assert answered == [200] * 10
    assert listed.tools
    assert not streamed.is_error
    assert ready.status_code == 200


async def test_made_up_clerk_keys_do_not_escape_the_rate_limit_and_shut_no_real_key_out() -> None:
    sandbox = Sandbox(key="sk_test_real")
    async with (
        hosting(make_app(sandbox)) as clerk,
        serving(
            auth="clerk-key", clerk_api_url=f"{clerk}/v1", **{**SMALL, "calls_per_second": 25.0}
        ) as served,
        anyio.create_task_group() as tasks,
    ):
        real = {"authorization": f"Bearer {sandbox.key}"}
        assert await calls(served, 1, **real) == [200]
        mallory = Attacker(served.url, {}, MANY)
        tasks.start_soon(mallory.made_up_keys)
        while mallory.statuses[429] < 10:
            await anyio.sleep(0.01)
        assert await calls(served, 10, **real) == [200] * 10
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded", "x_real_ip"])
async def test_headers_about_where_a_request_comes_from_do_not_escape_the_rate_limit(header: str) -> None:
    async with serving(calls_per_second=0.5) as served:
        statuses = [
            (await served.post(**{header: f"127.0.0.{number}"})).status_code for number in range(1, 10)
        ]
    assert 429 in statuses


async def test_a_session_that_nobody_opened_is_none(tmp_path: Path) -> None:
    trail = tmp_path / "trail"
    async with serving(audit_log=trail) as served:
        await served.call(COUNT, mcp_session_id="admin's own")
        response = await served.post(call(COUNT), "/mcp?session_id=admin")
        assert response.status_code == 200
    assert "admin" not in trail.read_text()


async def test_a_session_is_named_in_the_trail_together_with_its_caller(
    tmp_path: Path, tokens: dict[str, str]
) -> None:
    trail = tmp_path / "trail"
    settings = {"auth": "bearer", "token_file": Path(tokens["file"]), "audit_log": trail, "stateful": True}
    async with serving(**settings) as served:
        bob = {"authorization": tokens["bob"], "mcp_protocol_version": "2025-06-18"}
        session = (await served.post(HELLO, **bob)).headers["mcp-session-id"]
        bob["mcp_session_id"] = session
        await served.post(INITIALIZED, **bob)
        assert (await served.call(COUNT, **bob)).status_code == 200
        stolen = await served.call(COUNT, **{**bob, "authorization": tokens["mallory"]})
    assert stolen.status_code == 404
    assert f'"session":"bob {session}"' in trail.read_text().replace('": "', '":"')


async def test_a_question_ends_when_its_client_hangs_up() -> None:
    async with serving(stateful=True, confirm="always", max_calls=4) as served:
        headers = {"mcp_protocol_version": "2025-06-18"}
        headers["mcp_session_id"] = (await served.post(HELLO)).headers["mcp-session-id"]
        await served.post(INITIALIZED, **headers)
        for _ in range(10):
            with anyio.move_on_after(0.2):
                await served.call("Webhooks_deleteSvixApp", **headers)
        with anyio.fail_after(10):
            while served.web.metrics.running:
                await anyio.sleep(0.01)
        assert (await served.call(COUNT, **headers)).status_code == 200


async def test_a_stream_that_nobody_reads_is_asked_nothing_more(
    tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CallerBounds, "LATEST_S", 0)
    settings = {**SMALL, "max_calls": 4, "auth": "bearer", "token_file": Path(tokens["file"])}
    async with serving(**settings) as served, anyio.create_task_group() as tasks:
        mallory = Attacker(served.url, {"authorization": tokens["mallory"]}, MANY)
        tasks.start_soon(mallory.answers_not_taken)
        while mallory.statuses[503] < 200:
            await anyio.sleep(0.01)
        metrics = (await served.get("/metrics", authorization=tokens["bob"])).text
        tasks.cancel_scope.cancel()
    [run] = re.findall(r'clerk_mcp_calls_total{operation="Users_listSorted\w+",outcome="ok"} (\d+)', metrics)
    # What fits into the buffers of both ends, and a little more.
    assert int(run) < 200 < mallory.began


TOO_MUCH: dict[str, bytes] = {
    "a million entries": b'{"email_address":[' + b"1," * 1_000_000 + b"1]}",
    "a hundred thousand names": b'{"a":{' + b",".join(b'"n%d":1' % n for n in range(100_000)) + b"}}",
    "texts, and quotation marks in them": b'{"a":[' + b",".join([b'"\\\\\\""'] * 100_000) + b"]}",
    "brackets": b"[" * 4_000_000,
    "empty objects": b'{"a":[' + b"{}," * 100_000 + b"1]}",
    "a long name of an argument": b'{"' + b"n" * 4_000_000 + b'":1}',
}


@pytest.mark.parametrize("kind", TOO_MUCH)
async def test_what_would_take_much_memory_is_refused_before_it_is_parsed(kind: str) -> None:
    params = (
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"Users_createNewUser","arguments":'
    )
    async with serving() as served:
        for modern in ({}, {"mcp_protocol_version": "2025-06-18"}):
            response = await served.post(params + TOO_MUCH[kind] + b"}}", **modern)
            assert response.status_code == 413
            assert response.json()["error"]["message"].startswith("The request holds")


@pytest.mark.parametrize(
    "member",
    [
        b'"method":"tools/call","params":{"name":"%s"}',
        b'"method":"resources/read","params":{"uri":"%s"}',
        b'"method":"prompts/get","params":{"name":"%s"}',
        b'"method":"%s"',
        b'"method":"tools/list","params":{"_meta":{"progressToken":"%s"}}',
    ],
)
async def test_only_an_argument_may_be_a_long_text(member: bytes) -> None:
    body = b'{"jsonrpc":"2.0","id":1,' + member.replace(b"%s", b"x" * 8_000_000) + b"}"
    async with serving() as served:
        response = await served.post(body)
    assert response.status_code == 413
    assert "8000000 characters" in response.text


async def test_a_deep_body_is_an_error_like_any_other() -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":' + b"[" * 9000 + b"]" * 9000 + b"}"
    async with serving() as served:
        assert (await served.post(body)).status_code == 400
        assert (await served.post(body, mcp_protocol_version="2026-07-28")).status_code == 400
        assert (await served.post()).status_code == 200


async def test_an_image_of_ten_megabytes_is_an_argument_like_any_other() -> None:
    body = call(
        "Users_setProfileImage", user_id="user_none", file="data:image/png;base64," + "A" * 13_000_000
    )
    async with serving() as served:
        response = await served.post(body)
    assert response.status_code == 200
    assert "result" in response.json()


class TestShares:
    """Who may hold how much."""

    def test_alone_somebody_has_three_quarters(self) -> None:
        shares = Shares(100)
        assert sum(shares.take("ada") for _ in range(200)) == 75

    def test_whoever_comes_next_finds_room_however_many_came_before(self) -> None:
        shares = Shares(1000)
        for owner in ("ada", "bob", "eve", "joe"):
            while shares.take(owner):
                pass
        assert shares.take("zoe", 3)

    def test_what_is_given_back_can_be_taken_again(self) -> None:
        shares = Shares(4)
        while shares.take("ada"):
            pass
        shares.give_back("ada")
        assert shares.take("ada")
        assert not shares.take("ada")

    def test_the_first_thing_only_has_to_fit(self) -> None:
        assert Shares(1).take("ada")
        assert not Shares(1).take("ada", 2)

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("127.0.0.1", "127.9.9.9", True),
            ("127.0.0.1", "::1", True),
            ("2001:db8::1", "2001:db8::ffff", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("192.0.2.1", "192.0.2.2", False),
        ],
    )
    def test_an_address_stands_for_whoever_can_choose_it(self, one: str, other: str, same: bool) -> None:
        assert (owner_at(one) == owner_at(other)) is same
