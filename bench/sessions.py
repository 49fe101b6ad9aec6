"""1 000 sessions held open at once on one process: memory for each, and how long a call takes meanwhile.

    python bench/sessions.py [--sessions 1000] [--calls 300]

The server is a subprocess on its sandbox; memory is its resident set as Linux counts it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import anyio
import httpx2

ACCEPT = {"accept": "application/json, text/event-stream"}
HELLO = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "1"},
    },
}
CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "Users_getTotalCount", "arguments": {}},
}


@contextmanager
def server(*flags: str) -> Iterator[tuple[str, int]]:
    """Its address and process id."""
    command = [sys.executable, "-m", "clerk_mcp", "--transport", "http", "--sandbox", "--port", "0", *flags]
    # To a file, for a pipe that nobody reads would fill up and hold the server.
    with (
        tempfile.NamedTemporaryFile("w+") as log,
        subprocess.Popen(command, stderr=log) as process,
    ):
        while not (greeting := Path(log.name).read_text()).endswith("\n"):
            time.sleep(0.05)
        try:
            yield greeting.split()[2].rstrip(",").removesuffix("/mcp"), process.pid
        finally:
            process.kill()


def resident_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


async def open_streamable(http: httpx2.AsyncClient, stack: AsyncExitStack) -> httpx2.Response:
    """A session of Streamable HTTP with its stream from the server open."""
    hello = await http.post("/mcp", json=HELLO, headers=ACCEPT)
    session = {"mcp-session-id": hello.headers["mcp-session-id"], "mcp-protocol-version": "2025-06-18"}
    await http.post(
        "/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=ACCEPT | session
    )
    stream = http.stream("GET", "/mcp", headers={"accept": "text/event-stream", **session})
    return await stack.enter_async_context(stream)


async def open_sse(http: httpx2.AsyncClient, stack: AsyncExitStack) -> AsyncIterator[str]:
    """A session of legacy SSE, past its handshake; the stream closes when what is returned is let go."""
    response = await stack.enter_async_context(http.stream("GET", "/sse"))
    lines = response.aiter_lines()
    async for line in lines:
        if line.startswith("data: "):
            await http.post(line.removeprefix("data: "), json=HELLO)
            break
    return lines


async def measure_calls(http: httpx2.AsyncClient, calls: int, headers: dict[str, str]) -> list[float]:
    taken = []
    for _ in range(calls):
        started = time.perf_counter()
        response = await http.post("/mcp", json=CALL, headers=ACCEPT | headers)
        taken.append((time.perf_counter() - started) * 1000)
        assert "total_count" in response.text
    return taken


async def measure(kind: str, sessions: int, calls: int) -> dict[str, object]:
    flags = ["--stateful"] if kind == "streamable" else []
    with server(*flags, "--calls-per-second", "100000") as (url, pid):
        return await measure_at(url, pid, kind, sessions, calls)


async def measure_at(url: str, pid: int, kind: str, sessions: int, calls: int) -> dict[str, object]:
    stateful = kind == "streamable"
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=100)
    async with (
        httpx2.AsyncClient(base_url=url, limits=limits, timeout=60) as http,
        # Of its own: a pool of a thousand connections would be measured with the server.
        httpx2.AsyncClient(base_url=url, timeout=60) as one,
        AsyncExitStack() as stack,
    ):
        caller: dict[str, str] = {}
        if stateful:
            hello = await http.post("/mcp", json=HELLO, headers=ACCEPT)
            caller["mcp-session-id"] = hello.headers["mcp-session-id"]
        alone = await measure_calls(one, calls, caller)
        before = resident_kib(pid)
        started = time.perf_counter()
        held = [await (open_streamable if stateful else open_sse)(http, stack) for _ in range(sessions)]
        opening = time.perf_counter() - started
        after = resident_kib(pid)
        counted = (await http.get("/metrics")).text
        assert f"clerk_mcp_sessions {len(held) + len(caller)}.0" in counted
        among = await measure_calls(one, calls, caller)
        return {
            "kind": kind,
            "sessions": sessions,
            "opened_per_second": round(sessions / opening),
            "kib_per_session": round((after - before) / sessions, 1),
            "server_mib": round(after / 1024),
            "call_ms_alone": quantiles(alone),
            "call_ms_among_them": quantiles(among),
        }


def quantiles(taken: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(taken, n=100)
    return {"p50": round(cuts[49], 2), "p95": round(cuts[94], 2), "p99": round(cuts[98], 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--calls", type=int, default=300)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} CPUs")
    for kind in ("streamable", "sse"):
        print(json.dumps(anyio.run(measure, kind, options.sessions, options.calls)), flush=True)


if __name__ == "__main__":
    main()
