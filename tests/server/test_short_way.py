"""The short way answers exactly what the SDK's own way does; only the work in between differs."""

from __future__ import annotations

import json
import re
from typing import Any

import anyio
import httpx2
import pytest
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.types import Receive, Scope, Send

from clerk_mcp.hosting.short_way import ShortWay
from clerk_mcp.protocol.identity import IDENTITY, LOCAL
from clerk_mcp.serve import make_server
from clerk_mcp.settings import load
from clerk_tools.catalog import operations
from tests.server.web import COUNT, Served, serving

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("one_time")]


THE_SDKS = "application/json; charset=utf-8"
"""The same content type to MCP, but not one that takes the short way."""

TODAY = "2026-07-28"
USERS = "Users_listSortedByCreationDate"


def asking(method: str, params: Any = None, request_id: Any = 1, **more: Any) -> dict[str, Any]:
    given = {} if params is None else {"params": params}
    return {"jsonrpc": "2.0", "id": request_id, "method": method, **given, **more}


def calling(tool: str, arguments: Any, **more: Any) -> dict[str, Any]:
    return asking("tools/call", {"name": tool, "arguments": arguments, **more})


REQUESTS: dict[str, object] = {
    "a call": calling(COUNT, {}),
    "a call without arguments": asking("tools/call", {"name": COUNT}),
    "a call with null for arguments": calling(COUNT, None),
    "a call with a progress token": calling(COUNT, {}, _meta={"progressToken": 7}),
    "a call with unknown params": calling(COUNT, {}, surprise=True),
    "a list of users": calling(USERS, {"limit": 2}),
    "invalid arguments": calling(USERS, {"limit": 501}),
    "an error of Clerk's": calling("Users_getUserDetails", {"user_id": "user_nobody"}),
    "an unknown tool": calling("Users_getUsers", {}),
    "a call without a name": asking("tools/call", {"arguments": {}}),
    "a call without params": asking("tools/call"),
    "arguments that are no object": calling(COUNT, [1]),
    "meta that is no object": calling(COUNT, {}, _meta=[1]),
    "a request that is named by a word": asking("tools/call", {"name": COUNT}, "one"),
    "a listing": asking("tools/list"),
    "a listing from a cursor": asking("tools/list", {"cursor": "x"}),
    "a listing from no cursor": asking("tools/list", {"cursor": 5}),
    "unknown fields beside the method": asking("tools/list", None, 1, surprise=True),
    "no id": {"jsonrpc": "2.0", "method": "tools/list"},
    "null for an id": asking("tools/list", None, None),
    "a fraction for an id": asking("tools/list", None, 1.5),
    "another version of JSON-RPC": {"jsonrpc": "1.0", "id": 1, "method": "tools/list"},
    "another method": asking("ping"),
    "an unknown method": asking("tools/lost"),
    "a handshake": asking(
        "initialize",
        {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "a test", "version": "1"},
        },
    ),
    "a notification": {"jsonrpc": "2.0", "method": "notifications/initialized"},
    "a batch": [asking("tools/list"), asking("tools/list")],
    "an answer": {"jsonrpc": "2.0", "id": 1, "result": {}},
    "not JSON": b"{",
    "nothing": b"",
    "bytes that are no text": b'{"jsonrpc":"2.0","id":1,"method":"tools/list\xff"}',
    "too large a body": b"[" + b" " * 9000 + b"]",
}


async def seen(served: Served, message: object, **headers: str) -> tuple[int, str, Any]:
    response = await served.post(message, **headers)
    # Clerk gives each of its errors an id of its own.
    text = re.sub(r'(trace_id\\?":\\?")\w+', r"\1", response.text)
    media_type = response.headers.get("content-type", "")
    return response.status_code, media_type, json.loads(text) if "json" in media_type and text else text


@pytest.mark.parametrize("version", ["2025-11-25", "2024-11-05"])
async def test_every_request_is_answered_as_on_the_sdks_own_way(
    version: str, subtests: pytest.Subtests
) -> None:
    async with serving(max_body_bytes=8000) as served:
        for kind, message in REQUESTS.items():
            with subtests.test(kind):
                headers = {"mcp_protocol_version": version}
                short = await seen(served, message, content_type="application/json", **headers)
                assert short == await seen(served, message, content_type=THE_SDKS, **headers)


async def test_params_that_are_no_object_are_refused_with_what_to_send() -> None:
    async with serving() as served:
        status, _, refused = await seen(served, asking("tools/call", [1]), mcp_protocol_version="2025-11-25")
    assert status == 400
    assert refused["id"] == 1
    assert "`params` must be an object" in refused["error"]["message"]


def enveloped(message: object, **meta: Any) -> tuple[object, dict[str, str]]:
    """A request in today's envelope, which `meta` changes, and the headers that go with it."""
    headers = {"mcp_protocol_version": TODAY}
    if isinstance(message, dict):
        headers["mcp_method"] = message.get("method", "")
        params = message.get("params", {})
        if isinstance(params, dict):
            given = {"protocolVersion": TODAY, "clientCapabilities": {}, **meta}
            envelope = {f"io.modelcontextprotocol/{name}": value for name, value in given.items()}
            message = {**message, "params": {"_meta": envelope, **params}}
            if isinstance(name := params.get("name"), str):
                headers["mcp_name"] = name
    return message, headers


TODAYS: dict[str, tuple[object, dict[str, str]]] = {
    **{kind: enveloped(message) for kind, message in REQUESTS.items()},
    "a client that says who it is": enveloped(calling(COUNT, {}), clientInfo={"name": "c", "version": "1"}),
    "a client that says it wrongly": enveloped(calling(COUNT, {}), clientInfo={"name": 5}),
    "capabilities that are none": enveloped(calling(COUNT, {}), clientCapabilities=5),
    "another version in the body": enveloped(calling(COUNT, {}), protocolVersion="2025-11-25"),
    "no envelope": (calling(COUNT, {}), enveloped(calling(COUNT, {}))[1]),
    "another tool in the headers": (enveloped(calling(COUNT, {}))[0], enveloped(calling(USERS, {}))[1]),
    "no tool in the headers": (enveloped(calling(COUNT, {}))[0], enveloped(asking("tools/call"))[1]),
    "another method in the headers": (enveloped(calling(COUNT, {}))[0], enveloped(asking("ping"))[1]),
    "an argument in the headers": (
        enveloped(calling(USERS, {"limit": 2}))[0],
        {**enveloped(calling(USERS, {}))[1], "mcp_param_limit": "3"},
    ),
}


async def test_every_request_of_today_is_answered_as_on_the_sdks_own_way(subtests: pytest.Subtests) -> None:
    async with serving(max_body_bytes=8000) as served:
        for kind, (message, headers) in TODAYS.items():
            with subtests.test(kind):
                short = await seen(served, message, content_type="application/json", **headers)
                assert short == await seen(served, message, content_type=THE_SDKS, **headers)


@pytest.mark.parametrize("version", ["2025-11-25", TODAY])
async def test_what_a_client_accepts_is_judged_as_on_the_sdks_own_way(
    version: str, subtests: pytest.Subtests
) -> None:
    message, headers = calling(COUNT, {}), {"mcp_protocol_version": version}
    async with serving() as served:
        asked, given = enveloped(message) if version == TODAY else (message, headers)
        for accept in ("application/json", "text/event-stream", "text/html", "application/*", "*/*", ""):
            with subtests.test(accept):
                short = await seen(served, asked, content_type="application/json", accept=accept, **given)
                assert short == await seen(served, asked, content_type=THE_SDKS, accept=accept, **given)
        refused, *_ = await seen(served, asked, content_type="application/json", accept="text/html", **given)
    assert refused == 406


async def test_a_header_that_comes_twice_is_refused_as_on_the_sdks_own_way() -> None:
    message, headers = enveloped(calling(COUNT, {}))
    lines = [(name.replace("_", "-"), value) for name, value in headers.items()]
    async with serving() as served, httpx2.AsyncClient(base_url=served.url) as http:
        given = [*lines, ("mcp-name", COUNT), ("accept", "*/*")]
        answers = [
            await http.post("/mcp", json=message, headers=[*given, ("content-type", content_type)])
            for content_type in ("application/json", THE_SDKS)
        ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json() == answers[1].json()


def test_no_tool_wants_an_argument_repeated_in_a_header() -> None:
    """The short way does not look at such headers."""
    schemas = json.dumps([operation.spec.input_schema for operation in operations().values()])
    assert "x-mcp-header" not in schemas


@pytest.mark.parametrize("version", [*HANDSHAKE_PROTOCOL_VERSIONS, TODAY])
async def test_calls_and_listings_never_reach_the_sdks_own_way(version: str) -> None:
    async def sdks_own(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("passed on")

    async def known(scope: Scope, receive: Receive, send: Send) -> None:
        await short({**scope, IDENTITY: LOCAL}, receive, send)

    short = ShortWay(sdks_own, make_server(load({"sandbox": True}), "http"), 10_000)
    answers = []
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=known), base_url="http://server", headers={"accept": "*/*"}
    ) as http:
        for message in (calling(COUNT, {}), asking("tools/list")):
            old = (message, {"mcp_protocol_version": version})
            asked, headers = enveloped(message) if version == TODAY else old
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            answers.append(await http.post("/", json=asked, headers=sent))
    call, listing = answers
    assert json.loads(call.json()["result"]["content"][0]["text"])["total_count"] > 0
    assert COUNT in [tool["name"] for tool in listing.json()["result"]["tools"]]


async def test_a_request_is_passed_on_as_it_came() -> None:
    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    short = ShortWay(echo, make_server(load({"sandbox": True}), "http"), 10_000)
    asked = asking("ping", {"of": "some length"})
    headers = {"accept": "*/*", "mcp-protocol-version": "2025-11-25"}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=short), base_url="http://server"
    ) as http:
        response = await http.post("/", json=asked, headers=headers)
    assert response.json() == asked


async def test_a_head_that_grows_without_end_is_hung_up_on() -> None:
    async with serving(max_header_bytes=2000) as served:
        port = int(served.url.rpartition(":")[2])
        async with await anyio.connect_tcp("127.0.0.1", port) as connection:
            await connection.send(b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ")
            with anyio.fail_after(10):
                answer = b""
                while not answer:
                    await connection.send(b"x" * 1000)
                    with anyio.move_on_after(0.05):
                        answer = await connection.receive()
        assert answer.startswith(b"HTTP/1.1 400 ")
