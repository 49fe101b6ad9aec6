"""How long `list_all` takes over many users and a slow connection, beside what Clerk's rate limit allows.

    python -m bench.bulk [USERS …]

A Clerk in a process of its own answers ready-made pages, each after 150 ms; the rate budget is a production
instance's. Connections to it are there at once, as those that a server keeps open are; where they are `new`,
each takes two round trips to make, as with TLS 1.3, and is made for this reading. In the same run, in turn
with ours: the floor, which fetches the same pages, as many at once, and parses them, and does nothing else.
The seconds of the processor are those of this process alone.
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import uvloop
from pydantic_core import from_json

from clerk_mcp.answering import Formatter, SecretValues
from clerk_mcp.bulk import list_all
from clerk_mcp.bulk.paging import AT_ONCE, PAGE
from clerk_mcp.calling import Caller, Calls
from clerk_mcp.confirming import Confirmer, Seals, UsedInProcess
from clerk_mcp.instance import Instance, Kind
from clerk_mcp.offering import Policy, Selection
from clerk_mcp.upstream import Budget, ClerkClient, Limit
from tests.tools.clerk_objects import user

DELAY_S: Final = 0.15
HANDSHAKE_S: Final = 2 * DELAY_S
LIMIT: Final = Limit(1000, 10)
FLOOR: Final = "floor: fetch, parse"
ROUNDS: Final = 5
COUNTS: Final = {
    "count": ("count", ""),
    "count by a field": ("count by banned", ""),
    "by month, where": (
        "count by month(created_at)",
        "not email_addresses.email_address endswith '@nowhere.example'",
    ),
}
"""What is asked for: `group` and `where`."""

_OFFSET: Final = re.compile(rb"[?&]offset=(\d+)")
_ID: Final = b'"user_of_the_page"'
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


# ── Clerk ──


class Clerk(asyncio.Protocol):
    """Answers pages of users that are made beforehand, so that making them takes nobody's time."""

    def __init__(self, users: int, pages: dict[int, bytes], handshake_s: float) -> None:
        self._users = users
        self._pages = pages
        self._handshake_s = handshake_s
        self._received = b""

    def connection_made(self, transport: Any) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._made_at = self._loop.time() + self._handshake_s

    def data_received(self, data: bytes) -> None:
        self._received += data
        if b"\r\n\r\n" not in self._received:
            return
        target = self._received.split(b" ", 2)[1]
        self._received = b""
        if target.partition(b"?")[0].endswith(b"/count"):
            answer = _answer(b'{"object":"total_count","total_count":%d}' % self._users)
        else:
            offset = _OFFSET.search(target)
            answer = self._pages.get(int(offset[1]) if offset else 0) or _answer(b"[]")
        # On loopback a connection is made at once: what it would take until then is waited for here.
        at = max(self._loop.time(), self._made_at) + DELAY_S
        self._loop.call_at(at, self._transport.write, answer)


def _answer(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
    return head + body


def pages_of(users: int) -> dict[int, bytes]:
    """Answers by their offset."""
    made = [json.dumps(user(n) | {"id": _ID.decode()[1:-1]}, separators=(",", ":")) for n in range(100)]
    templates = [text.encode().split(_ID) for text in made]

    def page(offset: int) -> bytes:
        records = [
            (b'"user_%d"' % n).join(templates[n % 100]) for n in range(offset, min(offset + PAGE, users))
        ]
        return _answer(b"[" + b",".join(records) + b"]")

    return {offset: page(offset) for offset in range(0, users, PAGE)}


async def serve(users: int) -> None:
    """Be Clerk, until ended; tell where."""
    pages = pages_of(users)
    loop = asyncio.get_running_loop()
    ports = []
    for handshake_s in (0.0, HANDSHAKE_S):
        made = partial(Clerk, users, pages, handshake_s)
        server = await loop.create_server(made, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
    print(*ports, sum(map(len, pages.values())), flush=True)
    await loop.create_future()


@dataclass(frozen=True)
class Upstream:
    """A Clerk that runs."""

    port: int
    """Where connections are there at once."""
    port_of_new: int
    """Where each takes two round trips to make."""
    size: int
    """Bytes of all pages."""


@contextmanager
def clerk(users: int) -> Iterator[Upstream]:
    """Start a Clerk."""
    command = [sys.executable, "-m", "bench.bulk", "--serve", str(users)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            yield Upstream(*map(int, process.stdout.readline().split()))
        finally:
            process.terminate()


# ── Who is measured ──


def calls_on(port: int) -> Calls:
    """What runs calls on a Clerk."""
    client = ClerkClient("sk_live_sandbox", base_url=f"http://127.0.0.1:{port}/v1", budget=Budget(LIMIT))
    confirmer = Confirmer("never", Instance(Kind.LIVE), "", Seals(None, UsedInProcess()))
    formatter = Formatter(60_000, SecretValues("redact", Path()))
    return Calls(client, formatter, Policy(Selection.of()), confirmer)


async def ours(port: int, users: int, what: str) -> int:
    """Count all users; how many pages that took."""
    group, where = COUNTS[what]
    asked = {"operation": "Users_listSortedByCreationDate", "group": group, "where": where}
    calls = calls_on(port)
    async with calls.client:
        answer = await list_all(calls, asked, Caller(), cap=users + PAGE)
    assert answer.value["read"] == users, answer.value
    pages: int = answer.value["pages"]
    return pages


async def floor(port: int, users: int, *, parse: bool) -> int:
    """Fetch the first page, then all others, as many at once as ours; nothing else."""
    offsets = iter(range(0, users, PAGE))
    found = 0

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, offset: int) -> None:
        nonlocal found
        writer.write(b"GET /v1/users?limit=%d&offset=%d HTTP/1.1\r\nhost: clerk\r\n\r\n" % (PAGE, offset))
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        assert length
        body = await reader.readexactly(int(length[1]))
        found += len(from_json(body, cache_strings="keys")) if parse else PAGE

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        for offset in offsets:
            await one(reader, writer, offset)
        writer.close()

    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    await one(reader, writer, next(offsets))
    writer.close()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    assert found >= users
    return users // PAGE


@dataclass
class Took:
    """What one reading took."""

    seconds: float
    processor: float
    pages: int


async def timed(run: Callable[[], Awaitable[int]]) -> Took:
    """Measure one reading."""
    gc.collect()
    gc.freeze()
    processor, started = time.process_time(), time.perf_counter()
    pages = await run()
    return Took(time.perf_counter() - started, time.process_time() - processor, pages)


async def most_held(port: int, users: int, what: str) -> float:
    """MB that one reading holds at most."""
    tracemalloc.start()
    await ours(port, users, what)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 1e6


def contenders(upstream: Upstream, users: int) -> dict[str, Callable[[], Awaitable[int]]]:
    """What is measured."""
    return {
        "floor: fetch": partial(floor, upstream.port, users, parse=False),
        FLOOR: partial(floor, upstream.port, users, parse=True),
        **{f"ours: {what}": partial(ours, upstream.port, users, what) for what in COUNTS},
        "new: count": partial(ours, upstream.port_of_new, users, "count"),
    }


def allowed_s(pages: int) -> float:
    """Seconds that so many pages may take: half more than the limit or four round trips, if that is more."""
    return max(1.5 * pages * LIMIT.seconds / LIMIT.requests, 4 * DELAY_S)


async def measure(upstream: Upstream, users: int) -> None:
    """Print one row for each of those who are measured, from rounds in which each has its turn."""
    work = contenders(upstream, users)
    found: dict[str, list[Took]] = {name: [] for name in work}
    for number in range(ROUNDS + 1):
        for name, run in work.items():
            took = await timed(run)
            if number:
                found[name].append(took)
    for name, times in found.items():
        held = await most_held(upstream.port, users, name[6:]) if name.startswith("ours") else 0.0
        print(row(users, name, times, found[FLOOR], upstream.size, held), flush=True)


def row(users: int, name: str, times: list[Took], least: list[Took], size: int, held: float) -> str:
    """Write what somebody took; the ratio to the floor is one of processor time, within each round."""
    seconds, processor = median(t.seconds for t in times), median(t.processor for t in times)
    allowed = allowed_s(times[0].pages)
    ratio = median(a.processor / b.processor for a, b in zip(times, least, strict=True))
    figures = [
        f"{users:>8} {name:<24}",
        f"{seconds:>8.2f} {min(t.seconds for t in times):>6.2f} {allowed:>8.2f} {seconds / DELAY_S:>6.1f}",
        f"{processor:>10.2f} {ratio:>8.2f} {size / processor / 1e6:>6.0f} {held:>6.1f}",
    ]
    return " ".join(figures)


HEAD: Final = (
    f"{'users':>8} {'':<24} {'seconds':>8} {'least':>6} {'allowed':>8} {'trips':>6}"
    f" {'processor':>10} {'/ floor':>8} {'MB/s':>6} {'held':>6}"
)


def main() -> None:
    """Print a table, or be Clerk."""
    if sys.argv[1:2] == ["--serve"]:
        uvloop.run(serve(int(sys.argv[2])))
        return
    print(HEAD)
    for users in [int(text) for text in sys.argv[1:]] or [5_000, 50_000]:
        with clerk(users) as upstream:
            uvloop.run(measure(upstream, users))


if __name__ == "__main__":
    main()
