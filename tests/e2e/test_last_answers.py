"""What a server has accepted it answers, also where stdin ends or it is asked to stop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from anyio.abc import Process

from clerk_mcp.protocol import Pending, build_server
from clerk_mcp.protocol.pipes import serve_pipes
from clerk_mcp.serve import make_calls
from clerk_mcp.settings import load
from clerk_sandbox.sandbox import TEST_KEY
from tests.server.loopback import Loopback, Received, Script, answer, loopback

pytestmark = pytest.mark.anyio

UPDATE = "Users_updateUserAttributes"
READ = "Users_getUserDetails"
MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


def call(id: int, tool: str, **arguments: Any) -> bytes:
    params = {"name": tool, "arguments": {"user_id": f"user_{id}", **arguments}, "_meta": MODERN}
    return json.dumps({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}).encode() + b"\n"


@asynccontextmanager
async def host_of(script: Script, way: str) -> AsyncIterator[tuple[Loopback, Process]]:
    """A server on stdio whose Clerk is `script`. The SDK's way is taken where stderr is stdout."""
    async with loopback(script) as upstream:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("CLERK_")}
        own = {
            "CLERK_SECRET_KEY": TEST_KEY,
            "CLERK_API_URL": upstream.url,
            "CLERK_MCP_RATE_BUDGET": "off",
        }
        process = await anyio.open_process(
            [sys.executable, "-m", "clerk_mcp"],
            env=inherited | own,
            stderr=subprocess.STDOUT if way == "sdk" else subprocess.PIPE,
        )
        try:
            yield upstream, process
        finally:
            if process.returncode is None:
                process.kill()
            await process.aclose()


async def said_by(process: Process) -> tuple[dict[int, Any], str]:
    """All answers until the end, by their ids, and everything else that was printed."""
    assert process.stdout
    heard = [chunk async for chunk in process.stdout]
    if process.stderr:
        heard += [chunk async for chunk in process.stderr]
    assert await process.wait() == 0
    lines = b"".join(heard).decode().splitlines()
    messages = [json.loads(line) for line in lines if line.startswith('{"jsonrpc')]
    printed = "\n".join(line for line in lines if not line.startswith('{"jsonrpc'))
    return {message["id"]: message for message in messages if "id" in message}, printed


async def sent(upstream: Loopback, count: int) -> None:
    with anyio.fail_after(20):
        while len(upstream.requests) < count:
            await anyio.sleep(0.01)


def error_in(message: Any) -> dict[str, Any]:
    error: dict[str, Any] = message["result"]["structuredContent"]["error"]
    return error


@pytest.mark.parametrize("way", ["short", "sdk"])
async def test_calls_that_run_when_stdin_ends_are_answered(way: str) -> None:
    async def slowly(_: Received) -> bytes:
        await asyncio.sleep(0.3)
        return answer(200, {"object": "user", "id": "user_1"})

    async with host_of(slowly, way) as (upstream, process):
        assert process.stdin
        await process.stdin.send(b"".join(call(n, UPDATE, first_name="Ada") for n in range(1, 11)))
        await sent(upstream, 1)
        await process.stdin.aclose()
        answers, _ = await said_by(process)
        assert len(upstream.requests) == 10
    assert sorted(answers) == list(range(1, 11))
    assert not any(message["result"]["isError"] for message in answers.values())


@pytest.mark.parametrize("way", ["short", "sdk"])
async def test_on_sigterm_a_call_is_told_its_outcome_whatever_it_waits_for(way: str) -> None:
    async def script(received: Received) -> bytes:
        if received.target.endswith("user_1"):
            return answer(429, {"errors": []}, headers={"retry-after": "25"})
        await asyncio.sleep(60)
        return b""

    async with host_of(script, way) as (upstream, process):
        assert process.stdin
        await process.stdin.send(
            call(1, UPDATE, first_name="A") + call(2, UPDATE, first_name="A") + call(3, READ)
        )
        await sent(upstream, 3)
        # Until the client has read its 429.
        await anyio.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        answers, printed = await said_by(process)
    assert {id: error_in(message)["outcome"] for id, message in answers.items()} == {
        1: "not_run",
        2: "unknown",
        3: "not_run",
    }
    assert {error_in(message)["code"] for message in answers.values()} == {"server_stopping"}
    assert "Traceback" not in printed
    assert "Internal" not in printed


async def test_a_call_that_would_wait_longer_than_stdin_lasts_is_ended_and_told() -> None:
    async def throttled(_: Received) -> bytes:
        return answer(429, {"errors": []}, headers={"retry-after": "25"})

    read_end, stdin = os.pipe()
    stdout, write_end = os.pipe()
    async with loopback(throttled) as upstream:
        settings = {"clerk_secret_key": TEST_KEY, "clerk_api_url": upstream.url, "rate_budget": "off"}
        calls, kind = make_calls(load(settings))
        server = build_server(calls, kind.words, calls.client)
        pending = Pending(calls.client.stop, patience=0.3)
        with os.fdopen(read_end, "rb", buffering=0) as given, os.fdopen(write_end, "wb", buffering=0) as said:
            async with serve_pipes(server, given, said, pending) as (read, write):
                os.write(stdin, call(1, UPDATE, first_name="Ada"))
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(server.run, read, write, server.create_initialization_options())
                    await sent(upstream, 1)
                    os.close(stdin)
        with os.fdopen(stdout, "rb") as heard:
            [line] = await anyio.to_thread.run_sync(heard.readlines)
    told = error_in(json.loads(line))
    assert (told["code"], told["outcome"]) == ("server_stopping", "not_run")
