"""The measurements that the README quotes: floor, ours and peers in turn, several rounds, within one run.

    python -m bench.run [--short | --quick] [--openapi FILE] [--only PART…]

Prints a table and, where all parts are measured and not just tried, writes `bench/results.md` and
`bench/results.svg`. Linux only: processor time and memory come from /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench import contestants, load
from bench.contestants import FASTMCP, FLOOR, FLOOR_109, FLOOR_OUR_LOOP, OURS, Contestant
from bench.load import HANDSHAKE, MODERN, Burst, Era, StdioServer
from bench.report import Row, Target, chart, markdown

ERAS: Final[tuple[Era, ...]] = (HANDSHAKE, MODERN)
HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Pace:
    """How long to look."""

    rounds: int
    seconds: float
    """Of one burst."""
    starts: int
    soak: int
    """Calls after which memory is read again; a tenth of them first."""


FULL: Final = Pace(rounds=15, seconds=1.5, starts=15, soak=10_000)
SHORT: Final = Pace(rounds=7, seconds=0.8, starts=7, soak=5_000)
QUICK: Final = Pace(rounds=3, seconds=0.2, starts=2, soak=500)


@dataclass(frozen=True)
class Stage:
    """What all measurements share."""

    pace: Pace
    upstream: str
    upstream_port: int
    floor: list[Contestant]
    ours: Contestant
    peers: list[Contestant]

    @property
    def all(self) -> list[Contestant]:
        return [*self.floor, self.ours, *self.peers]

    def some(self, *names: str) -> list[Contestant]:
        return [c for c in self.all if c.name in names]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@asynccontextmanager
async def process(command: list[str], environ: dict[str, str], port: int) -> AsyncIterator[int]:
    """A server listening on `port`; its process id."""
    started = subprocess.Popen(  # noqa: ASYNC220 nothing else runs meanwhile
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), 0.1).close()
                break
            except OSError:
                if started.poll() is not None:
                    raise RuntimeError(f"{' '.join(command)} ended with {started.returncode}") from None
                await asyncio.sleep(0.05)
        yield started.pid
    finally:
        started.terminate()
        try:
            started.wait(5)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


async def in_turn(
    names: Sequence[str], rounds: int, measure: Callable[[str], Awaitable[Any]]
) -> dict[str, list[Any]]:
    """Measure each once in every round, beginning with another one each time. The first round warms up.

    A peer that answers something other than a result is left out; ours and the floor end the whole run so.
    """
    found: dict[str, list[Any]] = {name: [] for name in names}
    for number in range(rounds + 1):
        shift = number % len(names)
        for name in [*names[shift:], *names[:shift]]:
            if name not in found:
                continue
            try:
                result = await measure(name)
            except load.BadAnswer as bad:
                if name not in contestants.OTHERS:
                    raise
                print(f"{name} is left out here: {str(bad)[:500]}", flush=True)
                del found[name]
                continue
            if number:
                found[name].append(result)
    return found


def rows_of(
    what: str, found: dict[str, list[Burst]], *, rate: Sequence[Target], latency: Sequence[Target] = ()
) -> list[Row]:
    """What a set of bursts tells: calls a second, processor time, and where it is asked for the latency."""
    rows = [
        Row(what, "/s", {n: [b.per_second for b in bs] for n, bs in found.items()}, rate, higher=True),
        Row(f"{what}: processor time", "ms", {n: [b.cpu_ms for b in bs] for n, bs in found.items()}),
    ]
    if latency:
        rows.append(
            Row(f"{what}: latency", "ms", {n: [b.latency_ms for b in bs] for n, bs in found.items()}, latency)
        )
    return rows


async def http_calls(stage: Stage) -> AsyncIterator[Row]:
    """`tools/call` and `tools/list` over HTTP."""
    async with AsyncExitStack() as stack:
        ports: dict[str, int] = {}
        pids: dict[str, int] = {}
        runners = {c.name: c for c in stage.all if c.http is not None}
        for name, contestant in runners.items():
            ports[name] = free_port()
            command = contestant.over_http(ports[name])
            pids[name] = await stack.enter_async_context(
                process(command, contestant.environment, ports[name])
            )

        def burst(era: Era, method: str, connections: int) -> Callable[[str], Awaitable[Burst]]:
            def send(name: str) -> Awaitable[Burst]:
                params = runners[name].call if method == "tools/call" else {}
                seconds, server = stage.pace.seconds, pids[name]
                if runners[name].answers_on_stream:
                    return load.over_http_stream(
                        ports[name], params, connections=connections, seconds=seconds, server=server
                    )
                request = load.http_request(era, method, params, port=ports[name])
                return load.over_http(
                    ports[name], request, connections=connections, seconds=seconds, server=server
                )

            return send

        for era in ERAS:
            for connections in (1, 20):
                speak = [c.name for c in runners.values() if era == HANDSHAKE or not c.handshake_only]
                found = await in_turn(speak, stage.pace.rounds, burst(era, "tools/call", connections))
                against_fastmcp = 40 if era == MODERN else 1.7
                against_floor = {
                    (HANDSHAKE, 1): 1.6,
                    (HANDSHAKE, 20): 2.0,
                    (MODERN, 1): 1.3,
                    (MODERN, 20): 1.7,
                }
                for row in rows_of(
                    f"call, HTTP, {era}, {connections} conn.",
                    found,
                    rate=[Target(FLOOR, against_floor[era, connections]), Target(FASTMCP, against_fastmcp)],
                    latency=[Target(FLOOR, plus=0.1)] if connections == 1 else [],
                ):
                    yield row
                yield load_share(f"load, HTTP, {era}, {connections} conn.", found)
        for era in ERAS:
            list_alone = [c.name for c in runners.values() if not c.answers_on_stream]
            found = await in_turn(list_alone, stage.pace.rounds, burst(era, "tools/list", 1))
            for row in rows_of(f"list, HTTP, {era}", found, rate=[Target(FASTMCP, 5.0)]):
                yield row


def load_share(what: str, found: dict[str, list[Burst]]) -> Row:
    """How busy the load itself was: near 100 % of a processor, it and not the server would be measured."""
    shares = {n: [b.load_cpu / b.seconds * 100 for b in bs] for n, bs in found.items()}
    return Row(what, "% of a processor", shares)


def stdio_burst(
    stage: Stage,
    servers: dict[str, StdioServer],
    runners: dict[str, Contestant],
    in_flight: int,
    name: str,
) -> Awaitable[Burst]:
    return servers[name].load(
        "tools/call",
        runners[name].call,
        in_flight=in_flight,
        more=lambda _, seconds: seconds < stage.pace.seconds,
    )


async def stdio_calls(stage: Stage) -> AsyncIterator[Row]:
    """`tools/call` over stdio."""
    for era in ERAS:
        async with AsyncExitStack() as stack:
            servers: dict[str, StdioServer] = {}
            runners = {
                c.name: c
                for c in stage.all
                if c.name != FLOOR_OUR_LOOP and (era == HANDSHAKE or not c.handshake_only)
            }
            for name, contestant in runners.items():
                servers[name] = await StdioServer.start(contestant.command, contestant.environment, era)
                stack.push_async_callback(servers[name].stop)
            for in_flight in (1, 16):
                send = partial(stdio_burst, stage, servers, runners, in_flight)
                found = await in_turn(list(runners), stage.pace.rounds, send)
                targets = [Target(FLOOR, 2.2)]
                if era == HANDSHAKE:
                    node = 1.0 if in_flight == 1 else 0.5
                    targets += [Target(name, node) for name in runners if name in contestants.NODE]
                for row in rows_of(f"call, stdio, {era}, {in_flight} in flight", found, rate=targets):
                    yield row
                yield load_share(f"load, stdio, {era}, {in_flight} in flight", found)


async def starts(stage: Stage) -> AsyncIterator[Row]:
    """From spawn to the first listing, and the memory then."""
    memory: dict[str, list[float]] = {}

    async def start(name: str) -> float:
        contestant = runners[name]
        started = time.perf_counter()
        server = await StdioServer.start(contestant.command, contestant.environment, HANDSHAKE)
        await server.ask("tools/list", {})
        seconds = time.perf_counter() - started
        memory.setdefault(name, []).append(load.memory_mb(server.pid))
        await server.stop()
        return seconds * 1000

    runners = {c.name: c for c in stage.all if c.name != FLOOR_OUR_LOOP}
    found = await in_turn(list(runners), stage.pace.starts, start)
    targets = [Target(FLOOR_109, 1.05), Target(FASTMCP, 0.5)]
    yield Row("spawn to first tools/list, stdio", "ms", found, targets)
    yield Row("memory after start, stdio", "MB", memory, [Target(FLOOR_109, 1.35)])


async def soak(stage: Stage) -> AsyncIterator[Row]:
    """Whether memory grows with the calls."""
    soon, late = stage.pace.soak // 10, stage.pace.soak
    found: dict[str, list[float]] = {}
    for contestant in stage.some(FLOOR_109, OURS):
        server = await StdioServer.start(contestant.command, contestant.environment, HANDSHAKE)
        after_soon = await memory_after(server, contestant, soon)
        after_late = await memory_after(server, contestant, late - soon)
        await server.stop()
        found[f"{contestant.name}: {soon} calls"], found[contestant.name] = [after_soon], [after_late]
    targets = [Target(FLOOR_109, 1.15), Target(f"{OURS}: {soon} calls", 1.10)]
    yield Row(f"memory after {late} calls, stdio", "MB", found, targets)


async def memory_after(server: StdioServer, contestant: Contestant, calls: int) -> float:
    """MB, when it has answered so many calls more."""

    def more(done: int, _: float) -> bool:
        return done + 16 <= calls

    await server.load("tools/call", contestant.call, in_flight=16, more=more)
    return load.memory_mb(server.pid)


async def call_alone(stage: Stage) -> AsyncIterator[Row]:
    """One call in process, with neither MCP nor a process around it, beside one request of aiohttp's."""
    from bench.call import AIOHTTP, Aiohttp, Alone

    calls = stage.pace.soak // 50
    async with Alone(stage.upstream) as alone, Aiohttp(stage.upstream) as aiohttp:
        work = {OURS: alone.run, **({AIOHTTP: aiohttp.run} if aiohttp.is_here else {})}

        async def burst(name: str) -> float:
            started = time.process_time()
            for _ in range(calls):
                await work[name]()
            return (time.process_time() - started) / calls * 1000

        found = await in_turn(list(work), stage.pace.rounds, burst)
    yield Row("call in process: processor time", "ms", found, [Target(AIOHTTP, 2.0)])


async def page(stage: Stage) -> AsyncIterator[Row]:
    """A page of 500 users: fetched and parsed, and the same trimmed."""
    from bench.page import Fetching, Trimming

    async with Fetching(stage.upstream) as fetching, Trimming(stage.upstream) as trimming:
        work = {"fetch and parse": fetching.run, OURS: trimming.run}

        async def once(name: str) -> float:
            gc.collect()
            started = time.perf_counter()
            await work[name]()
            return (time.perf_counter() - started) * 1000

        found = await in_turn(list(work), stage.pace.rounds * 3, once)
    yield Row("page of 500 users, in process", "ms", found, [Target("fetch and parse", 1.15)])


async def workers(stage: Stage) -> AsyncIterator[Row]:
    """Processor time of one call with 1, 2 and 4 worker processes, beside the floor's on the same loop.

    With 20 connections all are busy at once, and share two processors with the load and the upstream.
    """
    (floor,) = stage.some(FLOOR)
    serve = [sys.executable, "-m", "uvicorn", "--no-access-log", "--log-level", "warning", "--port", "0"]
    commands = {}
    for n in (1, 2, 4):
        share = ["--workers", str(n)]
        commands[f"{n} workers"] = [*serve, *share, "clerk_mcp.http:app"]
        commands[f"floor, {n} workers"] = [*serve, *share, "--factory", "bench.floor:asgi"]
    environ = stage.ours.environment | {
        "FLOOR": shlex.join(floor.command[3:]),
        "CLERK_MCP_CALLS_PER_SECOND": contestants.UNBOUND,
    }
    targets = [Target("1 workers", 1.05, of=f"{n} workers") for n in (2, 4)]
    async for row in _cpu_of_calls(stage, "by workers", commands, environ, (4, 20), targets):
        yield row


async def growth(stage: Stage) -> AsyncIterator[Row]:
    """Processor time of one call as the catalogue grows."""
    commands = {
        f"{n} tools": contestants.ours(stage.upstream, sys.executable, "-m", "bench.ours", str(n)).over_http(
            0
        )
        for n in (10, 109, 1000)
    }
    targets = [Target("10 tools", 1.05, of=f"{n} tools") for n in (109, 1000)]
    async for row in _cpu_of_calls(stage, "by tools", commands, stage.ours.environment, (20,), targets):
        yield row


async def _cpu_of_calls(
    stage: Stage,
    by: str,
    commands: dict[str, list[str]],
    environ: dict[str, str],
    connections: Sequence[int],
    targets: Sequence[Target],
) -> AsyncIterator[Row]:
    async with AsyncExitStack() as stack:
        ports, pids = {}, {}
        for name, command in commands.items():
            ports[name] = free_port()
            at = command.index("--port") + 1
            command = [*command[:at], str(ports[name]), *command[at + 1 :]]
            pids[name] = await stack.enter_async_context(process(command, environ, ports[name]))

        def burst(count: int) -> Callable[[str], Awaitable[float]]:
            async def send(name: str) -> float:
                request = load.http_request(MODERN, "tools/call", stage.ours.call, port=ports[name])
                seconds, server = stage.pace.seconds, pids[name]
                found = await load.over_http(
                    ports[name], request, connections=count, seconds=seconds, server=server
                )
                return found.cpu_ms

            return send

        for count in connections:
            what = f"call, HTTP, {count} conn.: processor time {by}"
            found = await in_turn(list(commands), stage.pace.rounds, burst(count))
            yield Row(what, "ms", found, targets)


async def load_alone(stage: Stage) -> AsyncIterator[Row]:
    """The load against the upstream itself: how much faster it is than any server under measure."""
    request = load.get_request("/v1/users/one", port=stage.upstream_port)

    async def burst(name: str) -> float:
        connections = int(name.split()[0])
        seconds, port = stage.pace.seconds, stage.upstream_port
        found = await load.over_http(
            port, request, connections=connections, seconds=seconds, server=os.getpid()
        )
        return found.per_second

    found = await in_turn(["1 conn.", "20 conn."], 3, burst)
    yield Row("the load against the upstream alone", "/s", found, higher=True)


async def bulk(stage: Stage) -> AsyncIterator[Row]:
    """`list_all` over 50 000 users, each page after 150 ms, beside fetching and parsing the same pages."""
    from bench.bulk import COUNTS, FLOOR, allowed_s, clerk, contenders, timed

    users = 50_000
    with clerk(users) as upstream:
        work = contenders(upstream, users)
        found = await in_turn(list(work), max(stage.pace.rounds // 3, 1), lambda name: timed(work[name]))
    seconds = {name: [took.seconds for took in times] for name, times in found.items()}
    seconds["allowed"] = [allowed_s(users // 500)] * len(seconds[FLOOR])
    names = [f"ours: {what}" for what in COUNTS]
    yield Row("list_all over 50 000 users", "s", seconds, [Target("allowed", 1.0, of=n) for n in names])
    processor = {name: [took.processor for took in times] for name, times in found.items()}
    yield Row("list_all over 50 000 users: processor time", "s", processor)


PARTS: Final = {
    "load": load_alone,
    "http": http_calls,
    "stdio": stdio_calls,
    "call": call_alone,
    "page": page,
    "starts": starts,
    "soak": soak,
    "workers": workers,
    "growth": growth,
    "bulk": bulk,
}


def document(given: Path | None) -> Path:
    """The OpenAPI document for the generators, as JSON: the given one, or one of the contract's facts."""
    from clerk_mcp.commands.drift import read
    from tests.contract.make import reference_facts
    from tests.contract.openapi import document_of

    path = contestants.OUT / "openapi.json"
    made = read(str(given)) if given else _without_empty_required(document_of(reference_facts()))
    path.write_text(json.dumps(made, default=str))
    return path


def _without_empty_required(node: Any) -> Any:
    """OpenAPI 3.0 forbids an empty `required`, and FastMCP refuses the document for it."""
    if isinstance(node, list):
        return [_without_empty_required(entry) for entry in node]
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if (key, value) != ("required", [])}
        return {key: _without_empty_required(value) for key, value in kept.items()}
    return node


async def measure(pace: Pace, openapi: Path | None, parts: Sequence[str]) -> None:
    port = free_port()
    upstream = f"http://127.0.0.1:{port}/v1"
    peers, notes = contestants.peers(upstream, document(openapi))
    stage = Stage(pace, upstream, port, contestants.floor(upstream), contestants.ours(upstream), peers)
    rows: list[Row] = []
    async with process([sys.executable, "-m", "bench.upstream", str(port)], dict(os.environ), port):
        for part in parts:
            async for row in PARTS[part](stage):
                print(row.line(), flush=True)
                rows.append(row)
    notes.append(f"Document for the generators: {'given' if openapi else 'made of the contract facts'}.")
    notes.append(f"{pace.rounds} rounds; a burst takes {pace.seconds} s.")
    table = markdown(rows, notes)
    print(table)
    if set(parts) == set(PARTS) and pace is not QUICK:
        (HERE / "results.md").write_text(table, "utf-8")
        (HERE / "results.svg").write_text(chart(rows), "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser()
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--short", dest="pace", action="store_const", const=SHORT)
    pace.add_argument("--quick", dest="pace", action="store_const", const=QUICK)
    parser.set_defaults(pace=FULL)
    parser.add_argument("--openapi", type=Path)
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    given = parser.parse_args()
    contestants.OUT.mkdir(exist_ok=True)
    contestants.install_peers()
    asyncio.run(measure(given.pace, given.openapi, given.only))


if __name__ == "__main__":
    main()
