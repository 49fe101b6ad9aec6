"""How long `list_all` takes over many users and a slow connection, beside what Clerk's rate limit allows.

    python -m bench.bulk [USERS …]

A Clerk that answers ready-made pages after 150 ms; the rate budget is a production instance's.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx2

from clerk_mcp.answering import Formatter, SecretValues
from clerk_mcp.bulk import list_all
from clerk_mcp.calling import Caller, Calls
from clerk_mcp.confirming import Confirmer, Seals, UsedInProcess
from clerk_mcp.instance import Instance, Kind
from clerk_mcp.offering import Policy, Selection
from clerk_mcp.upstream import Budget, ClerkClient, Limit
from tests.tools.clerk_objects import user

DELAY_S = 0.15
LIMIT = Limit(1000, 10)
PAGE = 500


class Clerk(httpx2.AsyncBaseTransport):
    """Pages of users that are made beforehand, so that making them is not measured."""

    def __init__(self, users: int) -> None:
        self.users = users
        self.pages = {
            offset: json.dumps(
                [user() | {"id": f"user_{n}"} for n in range(offset, min(offset + PAGE, users))]
            ).encode()
            for offset in range(0, users + PAGE, PAGE)
        }

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(DELAY_S)
        url = request.url
        if url.path.endswith("/count"):
            return httpx2.Response(200, json={"object": "total_count", "total_count": self.users})
        offset = int(parse_qs(url.query.decode()).get("offset", ["0"])[0])
        headers = {"content-type": "application/json"}
        return httpx2.Response(200, headers=headers, content=self.pages.get(offset, b"[]"))


def calls_on(clerk: Clerk) -> Calls:
    """What runs calls on a Clerk."""
    client = ClerkClient("sk_live_sandbox", base_url="http://clerk/v1", transport=clerk, budget=Budget(LIMIT))
    confirmer = Confirmer("never", Instance(Kind.LIVE), "", Seals(None, UsedInProcess()))
    formatter = Formatter(60_000, SecretValues("redact", Path()))
    return Calls(client, formatter, Policy(Selection.of()), confirmer)


async def measure(users: int) -> tuple[dict[str, Any], float, float]:
    """The answer of one count, its seconds, and the MB that it took at most."""
    clerk = Clerk(users)
    calls = calls_on(clerk)
    asked = {"operation": "Users_listSortedByCreationDate", "group": "count by banned"}
    async with calls.client:
        await list_all(calls, asked, Caller(), cap=PAGE)
        started = time.perf_counter()
        answer = await list_all(calls, asked, Caller(), cap=users + PAGE)
        took = time.perf_counter() - started
        tracemalloc.start()
        await list_all(calls, asked, Caller(), cap=users + PAGE)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return answer.value, took, most / 1e6


def main() -> None:
    """Print one row for each number of users."""
    print(f"{'users':>8} {'pages':>6} {'seconds':>8} {'allowed':>8} {'round trips':>12} {'MB':>6}")
    for users in [int(text) for text in sys.argv[1:]] or [5_000, 50_000]:
        answer, took, most = asyncio.run(measure(users))
        assert answer["read"] == users, answer
        allowed = 1.5 * max(answer["pages"] * LIMIT.seconds / LIMIT.requests, 2 * DELAY_S)
        trips = took / DELAY_S
        print(f"{users:>8} {answer['pages']:>6} {took:>8.2f} {allowed:>8.2f} {trips:>12.1f} {most:>6.1f}")


if __name__ == "__main__":
    main()
