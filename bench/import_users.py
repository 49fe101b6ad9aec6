"""How long an import of 500 users takes under Clerk's rate limits for development, against what they impose.

    python bench/import_users.py

The sandbox runs in a process of its own, with its rate limits on; the import makes all its calls at once.
"""

from __future__ import annotations

import subprocess
import sys
import time

import anyio

from clerk_mcp.upstream.budget import DEVELOPMENT, Budget
from clerk_mcp.upstream.client import ClerkClient
from clerk_tools.catalog import operations

USERS = 500
IMPOSED_S = (USERS / DEVELOPMENT.requests - 1) * DEVELOPMENT.seconds

SERVE = """
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.serve import run
run("127.0.0.1", 0, Sandbox(rate_limits=True))
"""


async def import_users(base_url: str, key: str) -> list[int]:
    """The tries that each call needed."""
    create = operations()["Users_createNewUser"]
    tries: list[int] = []
    budget = Budget(DEVELOPMENT, key=key)
    async with ClerkClient(key, base_url=base_url, budget=budget) as client:

        async def one(number: int) -> None:
            request = create.model_validate({"email_address": [f"person-{number}@acme.dev"]}).to_request()
            reply = await client.send(request)
            assert reply.status == 200, reply
            tries.append(reply.tries)

        async with anyio.create_task_group() as tasks:
            for number in range(USERS):
                tasks.start_soon(one, number)
    return tries


def main() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as sandbox:
        assert sandbox.stdout
        base_url, key = (sandbox.stdout.readline().split()[-1] for _ in range(2))
        try:
            started = time.monotonic()
            tries = anyio.run(import_users, base_url, key)
            took = time.monotonic() - started
        finally:
            sandbox.terminate()
    print(
        f"{len(tries)} users in {took:.1f} s, {took / IMPOSED_S:.2f} times the {IMPOSED_S:.0f} s of the limit"
    )
    print(f"{sum(tries) - len(tries)} calls were refused with 429 and repeated")


if __name__ == "__main__":
    main()
