"""Thousands of calls on a sandbox that fails in every way: nothing runs twice, no outcome is misstated.

The suite runs a short form. `make soak` runs the whole: SOAK_CALLS=10000, with memory measured from the
first thousand calls to the last.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx2
import pytest

from clerk_mcp.upstream.client import ClerkClient, Failure, Reply, Unanswered
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Request

pytestmark = pytest.mark.anyio

CALLS = int(os.environ.get("SOAK_CALLS", "1500"))
AT_ONCE = 32
BATCH = 500
"""Calls between two looks at the sandbox's log, which keeps no more than 10 000 requests."""

FAULTS = (
    "429=0.05,500=0.01,503=0.01,reset-before=0.01,reset-after=0.01,slow=0.02:1s,truncated=0.005,garbage=0.005"
)

SERVE = """
import sys
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.serve import run
run("127.0.0.1", 0, Sandbox(seed=7, faults=sys.argv[1]))
"""


@dataclass
class Served:
    base_url: str
    key: str


@pytest.fixture
def sandbox() -> Iterator[Served]:
    """In a process of its own, so that what it keeps in memory is not taken for the client's."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, FAULTS], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        base_url, key = (process.stdout.readline().split()[-1] for _ in range(2))
        try:
            yield Served(base_url, key)
        finally:
            process.terminate()


@dataclass
class Batch:
    """What the calls of one batch were told, by their number."""

    told: dict[int, Reply | Failure] = field(default_factory=dict)
    writes: set[int] = field(default_factory=set)


class Caller:
    """Makes calls of all kinds; every write carries the number of its call."""

    def __init__(self, client: ClerkClient, user_ids: list[str]) -> None:
        self._client = client
        self._user_ids = user_ids
        self._random = random.Random(7)

    def request(self, number: int) -> Request:
        user_id = self._random.choice(self._user_ids)
        operation, arguments = self._random.choice(
            [
                ("Users_getUserDetails", {"user_id": user_id}),
                ("Users_listSortedByCreationDate", {"limit": 5, "query": "a"}),
                ("Organizations_listSortedByCreationDate", {"limit": 5}),
                ("Users_createNewUser", {"external_id": f"soak-{number}", "username": f"soak-{number}"}),
                (
                    "Users_mergeUserMetadataAttributes",
                    {"user_id": user_id, "public_metadata": {"soak": f"soak-{number}"}},
                ),
                ("AllowlistBlocklist_addIdentifier", {"identifier": f"soak-{number}@acme.dev"}),
            ]
        )
        return operations()[operation].model_validate(arguments).to_request()

    async def call(self, number: int, batch: Batch) -> None:
        request = self.request(number)
        if request.spec.effect is not Effect.READ:
            batch.writes.add(number)
        try:
            batch.told[number] = await self._client.send(request, owner=f"owner-{number % 4}")
        except Unanswered as unanswered:
            batch.told[number] = unanswered.failure


def agrees(told: Reply | Failure, executed: int) -> bool:
    """Whether what a writer was told fits how often the sandbox executed the write."""
    if isinstance(told, Failure):
        return executed in {"not_run": (0,), "unknown": (0, 1), "done": (1,)}[told.outcome]
    if told.outcome_unknown:
        return executed <= 1
    return executed == (1 if told.status < 300 else 0)


def kind_of(told: Reply | Failure) -> str:
    if isinstance(told, Failure):
        return told.outcome
    if told.outcome_unknown:
        return "unknown"
    return "answered at once" if told.tries == 1 else "answered at last"


async def executed_writes(http: httpx2.AsyncClient, origin: str) -> Counter[int]:
    """How often each numbered write was executed, by the sandbox's own log."""
    log: list[dict[str, Any]] = (await http.get(f"{origin}/_sandbox/requests")).json()
    count: Counter[int] = Counter()
    for request in log:
        _, found, after = json.dumps(request["body"]).partition("soak-")
        if found and request["status"] < 300:
            count[int("".join(c for c in after[:8] if c.isdecimal()))] += 1
    return count


async def test_no_write_runs_twice_and_every_outcome_is_true(sandbox: Served) -> None:
    origin = sandbox.base_url.removesuffix("/v1")
    peaks: list[int] = []
    seen: Counter[str] = Counter()
    async with (
        ClerkClient(sandbox.key, base_url=sandbox.base_url, backoff=0.1) as client,
        httpx2.AsyncClient() as own,
    ):
        users = operations()["Users_listSortedByCreationDate"].model_validate({"limit": 20}).to_request()
        caller = Caller(client, [user["id"] for user in (await client.send(users)).value])
        for start in range(0, CALLS, BATCH):
            await own.post(f"{origin}/_sandbox/reset")
            batch = Batch()
            numbers = iter(range(start, start + BATCH))

            async def work(numbers: Iterator[int] = numbers, batch: Batch = batch) -> None:
                for number in numbers:
                    await caller.call(number, batch)

            async with anyio.create_task_group() as tasks:
                for _ in range(AT_ONCE):
                    tasks.start_soon(work)

            executed = await executed_writes(own, origin)
            wrong = [
                (number, batch.told[number], executed[number])
                for number in sorted(batch.writes)
                if not agrees(batch.told[number], executed[number])
            ]
            assert not wrong
            assert len(batch.told) == BATCH
            seen.update(map(kind_of, batch.told.values()))
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert seen["answered at once"] > seen["answered at last"] > 0
    assert seen["unknown"] > 0
    assert peaks[-1] <= peaks[1] * 1.2
