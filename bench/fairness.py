"""What one caller can cost: single requests of every kind, and what others feel of an attack.

    python -m bench.fairness [--only requests|callers] [--calls 100] [--attack WORD]

Two tables. The first sends one request at a time to a server with its defaults, and tells how long `/healthz`
took at most meanwhile and how much memory the process had at its peak (bars: 1 s, 300 MB). The second has one
caller attack while another makes calls one after the other, and tells what the other was refused, and their
median against the one they have alone (bars: nothing, 2 times).

That median is told twice. By the clock, it holds also what the attacker's own process takes of this machine,
which an attacker elsewhere would not. As work, it is the processor time that the server spends from a
question of the other caller until its answer, on them and on whatever the attacker has sent: what the server
could do better. On a machine that does other things too, both grow with each moment that a call waits to be
run; `busy`, the part of one processor that the server takes, hardly differs there. Where Clerk is far away,
as with the lists of 5 000 users, work holds all that is done while the other caller waits for Clerk anyway.
`in a second` is how often the attacker began what it does: a starved attacker proves nothing. Linux only:
memory comes from /proc.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio
import httpx2
from bench import bulk
from bench.attacks import COUNT, LIST, Attacker, call, modern

KEY: Final = "sk_live_sandbox_for_measurements"
CLERK: Final = (
    "from clerk_sandbox.sandbox import Sandbox; from clerk_sandbox.serve import run;"
    f"run('127.0.0.1', 0, Sandbox(key={KEY!r}))"
)


@dataclass(frozen=True)
class Scenario:
    """An attack, and the server that it is made on."""

    attack: str
    many: int
    flags: tuple[str, ...] = ()
    over_http: bool = False
    """Whether Clerk is a process of its own, so that there is a rate budget."""
    users: int = 0
    """How many that Clerk has, where it is one that only lists them."""


_UNBOUNDED: Final = ("--calls-per-second", "100000")

SCENARIOS: Final = {
    "250 calls at once": Scenario("calls", 250),
    "250 calls, each with a session made up": Scenario("made_up_sessions", 250),
    "250 calls that use up the rate budget": Scenario("listings", 250, ("--rate-budget", "400/10"), True),
    "300 bodies at a byte a second": Scenario("dripping_bodies", 300),
    "20 bodies of 16 MB without an end": Scenario("large_bodies", 20),
    "2 100 event streams": Scenario("streams", 2100),
    "2 100 sessions": Scenario("sessions", 50, ("--stateful",)),
    "210 questions, hung up on": Scenario("questions", 210, ("--stateful", "--confirm", "always")),
    "4 700 silent connections": Scenario("silent_connections", 4700),
    "answers of 60 kB, read at 5 kB a second": Scenario("answers_not_taken", 50),
    "fresh Clerk keys": Scenario("made_up_keys", 250, ("--auth", "clerk-key"), True),
    "250 calls at once, any number a second": Scenario("calls", 250, _UNBOUNDED),
    "210 questions, any number a second": Scenario(
        "questions", 210, ("--stateful", "--confirm", "always", *_UNBOUNDED)
    ),
    "texts of 15 MB, one after the other": Scenario("large_texts", 1),
    "20 lists of 5 000 users at once": Scenario(
        "whole_lists", 20, ("--rate-budget", "100000/10"), users=5_000
    ),
}


def _body(arguments: bytes, name: bytes = b"Users_createNewUser") -> bytes:
    params = b'{"name":"%s","arguments":%s}' % (name, arguments)
    return b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":%s}' % params


def _call(name: str, **arguments: object) -> Callable[[], bytes]:
    return lambda: json.dumps(call(name, **arguments)).encode()


REQUESTS: Final[dict[str, Callable[[], bytes]]] = {
    "a list of a million entries": lambda: _body(b'{"email_address":[' + b"1," * 1_000_000 + b"1]}"),
    "9 000 entries that do not fit": lambda: _body(b'{"email_address":[' + b"1," * 9_000 + b"1]}"),
    "9 000 unknown names": lambda: _body(b"{" + b",".join(b'"name%d":1' % n for n in range(9_000)) + b"}"),
    "100 000 unknown names": lambda: _body(
        b"{" + b",".join(b'"name%d":1' % n for n in range(100_000)) + b"}"
    ),
    "a tool name of 15 MB": lambda: _body(b"{}", b"x" * 15_000_000),
    "a method of 15 MB": lambda: b'{"jsonrpc":"2.0","id":1,"method":"%s"}' % (b"x" * 15_000_000),
    "15 MB of brackets": lambda: _body(b"[" * 15_000_000),
    "15 MB of empty objects": lambda: _body(b'{"email_address":[' + b"{}," * 5_000_000 + b"1]}"),
    "15 MB of short texts": lambda: _body(b'{"email_address":[' + b'"a",' * 3_700_000 + b"1]}"),
    "15 MB of escapes in a text": lambda: _body(b'{"first_name":"' + rb"\u00e9" * 2_500_000 + b'"}'),
    "a text of 15 MB": lambda: _body(b'{"first_name":"' + b"x" * 15_000_000 + b'"}'),
    "an image of 11 MB": lambda: _body(
        b'{"user_id":"user_x","file":"data:image/png;base64,' + b"iVBO" * 3_700_000 + b'"}',
        b"Users_setProfileImage",
    ),
    "`data:` 160 000 times": lambda: _body(
        b'{"user_id":"user_x","file":"' + b"data:" * 160_000 + b'"}', b"Users_setProfileImage"
    ),
    "count by a list in metadata, three times": _call(
        "list_all", operation=LIST, group="count by unsafe_metadata.a"
    ),
    "a page of 500 with all fields": _call(LIST, limit=500, fields=["*"]),
}


AT_ONCE: Final[dict[str, Callable[[], bytes]]] = {
    "a count": _call("list_all", operation=LIST, group="count"),
    "a count by month, where": _call(
        "list_all",
        operation=LIST,
        group="count by month(created_at)",
        where="not email_addresses.email_address endswith '@nowhere.example'",
    ),
    "a count by every user": _call("list_all", operation=LIST, group="count by id"),
    "all records": _call("list_all", operation=LIST),
}


@contextlib.contextmanager
def clerk() -> Iterator[str]:
    """The sandbox as a process of its own; gives the address of its API."""
    command = [sys.executable, "-c", CLERK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.kill()


@contextlib.contextmanager
def server(*flags: str, variables: Mapping[str, str] | None = None) -> Iterator[tuple[str, int]]:
    """A server over HTTP; gives its address and process id."""
    import os

    command = [sys.executable, "-m", "clerk_mcp", "--transport", "http", "--port", "0", *flags]
    environment = {**os.environ, **(variables or {})}
    # To a file, for a pipe that nobody reads would fill up and hold the server.
    with (
        tempfile.NamedTemporaryFile("w+") as log,
        subprocess.Popen(command, stderr=log, env=environment) as process,
    ):
        try:
            while "clerk-mcp at " not in (greeting := Path(log.name).read_text()):
                if process.poll() is not None:
                    raise RuntimeError(greeting)
                time.sleep(0.05)
            line = next(line for line in greeting.splitlines() if line.startswith("clerk-mcp at "))
            yield line.split()[2].rstrip(",").removesuffix("/mcp"), process.pid
        finally:
            process.kill()


def peak_mb(pid: int) -> float:
    """The most memory that a process has had resident."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


async def sent(url: str, body: bytes, many: int = 1) -> tuple[Counter[int], float]:
    """Send a request so many times at once, and ask `/healthz` meanwhile.

    Returns:
        The statuses, and the longest that `/healthz` took, in seconds.
    """
    longest = 0.0
    statuses: Counter[int] = Counter()
    async with httpx2.AsyncClient(timeout=120) as http, anyio.create_task_group() as tasks:

        async def watch() -> None:
            nonlocal longest
            while True:
                asked = time.perf_counter()
                await http.get(f"{url}/healthz")
                longest = max(longest, time.perf_counter() - asked)
                await anyio.sleep(0.02)

        tasks.start_soon(watch)
        await anyio.sleep(0.1)
        headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}

        async def send() -> None:
            statuses[(await http.post(f"{url}/mcp", content=body, headers=headers)).status_code] += 1

        async with anyio.create_task_group() as sending:
            for _ in range(many):
                sending.start_soon(send)
        await anyio.sleep(0.3)
        tasks.cancel_scope.cancel()
    return statuses, longest


async def requests() -> None:
    """Print the table of single requests."""
    print("| one request | status | /healthz at most | memory at its peak |\n|---|---|---|---|")
    for name, make in REQUESTS.items():
        with server("--sandbox") as (url, pid):
            statuses, longest = await sent(url, make())
            print(
                f"| {name} | {_told(statuses)} | {longest * 1000:.0f} ms | {peak_mb(pid):.0f} MB |",
                flush=True,
            )
    with server("--sandbox") as (url, pid):
        longest = max([(await sent(url, make()))[1] for make in REQUESTS.values()])
        print(f"| all of them, one after the other | | {longest * 1000:.0f} ms | {peak_mb(pid):.0f} MB |")
    for users in (500, 5_000):
        with bulk.clerk(users) as upstream:
            variables = {"CLERK_API_URL": f"http://127.0.0.1:{upstream.port}/v1", "CLERK_SECRET_KEY": KEY}
            # The budget is Clerk's to bound, not what is measured here.
            with server("--rate-budget", "100000/10", variables=variables) as (url, pid):
                for name, make in AT_ONCE.items():
                    statuses, longest = await sent(url, make(), 40)
                    row = f"| 40 of {name} of {users} users at once | {_told(statuses)} "
                    print(row + f"| {longest * 1000:.0f} ms | {peak_mb(pid):.0f} MB |", flush=True)
    print(flush=True)


def _told(statuses: Counter[int]) -> str:
    return ", ".join(
        f"{status}" if count == 1 else f"{count} × {status}" for status, count in statuses.items()
    )


def work_of(pid: int) -> float:
    """Seconds of processor time that a process has taken, to the nanosecond."""
    # What clock_getcpuclockid(3) gives for a process.
    return time.clock_gettime((~pid << 3) | 2)


@dataclass(frozen=True)
class Felt:
    """What a caller felt of their calls, one after the other; medians in seconds."""

    refused: int
    time: float
    work: float
    busy: float
    """The part of a processor that the server took meanwhile."""


async def calls(url: str, pid: int, token: str, count: int) -> Felt:
    """Make calls of one caller, one after the other."""
    message, headers = modern(COUNT)
    refused, times, works = 0, [], []
    since, worked_before = time.perf_counter(), work_of(pid)
    async with httpx2.AsyncClient(headers={**headers, "authorization": token}, timeout=60) as http:
        for _ in range(count):
            began, worked = time.perf_counter(), work_of(pid)
            try:
                answer = await http.post(f"{url}/mcp", json=message)
                refused += answer.status_code != 200 or answer.json()["result"].get("isError", False)
            except httpx2.HTTPError:
                refused += 1
            times.append(time.perf_counter() - began)
            works.append(work_of(pid) - worked)
            # As a host would, which thinks between its calls; and below the bound of calls in a second.
            await anyio.sleep(0.03)
    busy = (work_of(pid) - worked_before) / (time.perf_counter() - since)
    return Felt(refused, statistics.median(times), statistics.median(works), busy)


async def callers(count: int, word: str) -> None:
    """Print the table of attacks whose names have `word`."""
    columns = [
        "one caller",
        "in a second",
        "refused of the other's",
        "by the clock",
        "times",
        "work",
        "times",
    ]
    print("|", *(f"{column} |" for column in [*columns, "busy", "memory"]))
    print("|" + "---|" * 9)
    for name, scenario in SCENARIOS.items():
        if word not in name:
            continue
        with contextlib.ExitStack() as stack:
            url, pid, mallory, bob = stack.enter_context(prepared(scenario))
            alone = await calls(url, pid, bob, count)
            begun = stack.enter_context(attacking(scenario, url, mallory))
            await anyio.sleep(3)
            before, since = begun(), time.perf_counter()
            felt = await calls(url, pid, bob, count)
            pace = (begun() - before) / (time.perf_counter() - since)
            row = [name, f"{pace:.0f}", f"{felt.refused} of {count}"]
            for those_alone, those in ((alone.time, felt.time), (alone.work, felt.work)):
                row += [f"{those_alone * 1000:.1f} → {those * 1000:.1f} ms", f"{those / those_alone:.1f}"]
            row.append(f"{alone.busy:.0%} → {felt.busy:.0%}")
            print("|", *(f"{cell} |" for cell in row), f"{peak_mb(pid):.0f} MB |", flush=True)


@contextlib.contextmanager
def attacking(scenario: Scenario, url: str, token: str) -> Iterator[Callable[[], int]]:
    """The attacker, as a process of its own; gives a function that tells how often it has begun anything."""
    with tempfile.NamedTemporaryFile("r") as begun:
        told = [scenario.attack, url, token, str(scenario.many), begun.name]
        command = [sys.executable, "-m", "bench.fairness", "--as-attacker", *told]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                yield lambda: int(Path(begun.name).read_text() or 0)
            finally:
                process.kill()


@contextlib.contextmanager
def prepared(scenario: Scenario) -> Iterator[tuple[str, int, str, str]]:
    """The server of a scenario; gives its address, its process id, and the two callers' credentials."""
    with contextlib.ExitStack() as stack:
        flags, variables = [*scenario.flags], {}
        if scenario.over_http:
            variables["CLERK_API_URL"] = stack.enter_context(clerk())
        elif scenario.users:
            upstream = stack.enter_context(bulk.clerk(scenario.users))
            variables["CLERK_API_URL"] = f"http://127.0.0.1:{upstream.port}/v1"
        if "clerk-key" in flags:
            url, pid = stack.enter_context(server(*flags, variables=variables))
            yield url, pid, "", f"Bearer {KEY}"
            return
        if variables:
            variables["CLERK_SECRET_KEY"] = KEY
        else:
            flags.append("--sandbox")
        file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "tokens"
        from clerk_mcp.hosting import issue

        mallory, bob = (f"Bearer {issue(file, name, ['all'])}" for name in ("mallory", "bob"))
        url, pid = stack.enter_context(
            server(*flags, "--auth", "bearer", "--token-file", str(file), variables=variables)
        )
        yield url, pid, mallory, bob


def attack(name: str, url: str, token: str, many: str, begun: str) -> None:
    """Be the attacker, until killed; write to the file `begun` how often it has begun anything."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    attacker = Attacker(url, {"authorization": token} if token else {}, int(many))

    async def run() -> None:
        # Over the same bytes each time: somebody who reads meanwhile never finds an empty file.
        with open(begun, "r+b", buffering=0) as file:  # noqa: ASYNC230 a few bytes, once
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(getattr(attacker, name))
                while True:
                    file.seek(0)
                    file.write(b"%12d" % attacker.began)
                    await anyio.sleep(0.2)

    anyio.run(run)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=["requests", "callers"])
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--attack", default="", metavar="WORD", help="only attacks whose names have it")
    parser.add_argument("--as-attacker", nargs=5, help=argparse.SUPPRESS)
    given: Any = parser.parse_args()
    if given.as_attacker:
        attack(*given.as_attacker)
        return
    if given.only != "callers":
        anyio.run(requests)
    if given.only != "requests":
        anyio.run(callers, given.calls, given.attack)


if __name__ == "__main__":
    main()
