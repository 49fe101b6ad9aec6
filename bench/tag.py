"""How long "set plan: pro for everybody at example.com who signed in this month" takes, beside Clerk's limit.

    python -m bench.tag [USERS]

A sandbox that answers 429 as a development instance does; the same again to take the run back.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import math
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.lowlevel

from clerk_mcp.answering import Formatter, SecretValues
from clerk_mcp.auditing import AuditLog
from clerk_mcp.bulk import RunFiles, Runs, run_each
from clerk_mcp.calling import Caller, Calls
from clerk_mcp.commands.undo_run import take_run_back
from clerk_mcp.confirming import Confirmer, Seals, UsedInProcess
from clerk_mcp.instance import Instance, Kind, fingerprint
from clerk_mcp.offering import Policy, Selection
from clerk_mcp.upstream import Budget, ClerkClient, Limit
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.transport import SandboxTransport

LIMIT: Final = Limit(100, 10)
"""Of a development instance."""
OTHERS: Final = 300
"""Users at example.com who did not sign in, whom the run must leave alone."""
DAY_MS: Final = 86_400_000


def sandbox_of(users: int) -> tuple[Sandbox, set[str]]:
    """A sandbox and the ids of those who are meant."""
    sandbox = Sandbox(users=users + OTHERS, rate_limits=True)
    now = int(time.time() * 1000)
    meant: set[str] = set()
    for user in sandbox.instance.users:
        at_example = any(e["email_address"].endswith("@example.com") for e in user["email_addresses"])
        is_meant = at_example and len(meant) < users
        user["last_sign_in_at"] = now - DAY_MS if is_meant else now - 90 * DAY_MS
        if is_meant:
            meant.add(user["id"])
    return sandbox, meant


def calls_on(sandbox: Sandbox, audit: AuditLog) -> Calls:
    """What runs calls on a sandbox, within the limit."""
    client = ClerkClient(
        sandbox.key,
        base_url="http://sandbox/v1",
        transport=SandboxTransport(sandbox),
        budget=Budget(LIMIT),
    )
    confirmer = Confirmer(
        "always", Instance(Kind.TEST), fingerprint(sandbox.key), Seals(None, UsedInProcess())
    )
    formatter = Formatter(60_000, SecretValues("redact", Path()))
    return Calls(client, formatter, Policy(Selection.of()), confirmer, audit, audit_before=True)


async def tag(sandbox: Sandbox, audit: AuditLog, runs: Runs) -> tuple[Any, float, int]:
    """Plan and run: the report, the seconds, and the bytes of both answers."""
    calls = calls_on(sandbox, audit)
    asked = {
        "operation": "Users_mergeUserMetadataAttributes",
        "arguments": {"public_metadata": {"plan": "pro"}},
        "over": {
            "operation": "Users_listSortedByCreationDate",
            "where": 'domain(email_addresses.email_address) == "example.com"'
            ' and last_sign_in_at > "30 days ago"',
        },
    }
    async with calls.client:
        started = time.perf_counter()
        plan: Any = await run_each(calls, asked, Caller(), runs=runs, reach=calls)
        begun: Any = await run_each(
            calls, {"confirm": plan.value["confirm"]}, Caller(), runs=runs, reach=calls
        )
        while going := runs.going(begun.value["run"]):
            await going.done.wait()
            await anyio.lowlevel.checkpoint()
        took = time.perf_counter() - started
        ended: Any = await run_each(calls, {"run": begun.value["run"]}, Caller(), runs=runs, reach=calls)
    return ended.value, took, len(plan.text.encode()) + len(begun.text.encode())


def main() -> None:
    """Print what it took, and what the limit imposes."""
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    sandbox, meant = sandbox_of(users)
    before = {user["id"]: json.dumps(user["public_metadata"]) for user in sandbox.instance.users}
    with tempfile.TemporaryDirectory() as directory:
        audit = AuditLog(Path(directory) / "audit.jsonl")
        runs = Runs(RunFiles(Path(directory) / "runs"), cap=users)
        report, took, size = asyncio.run(tag(sandbox, audit, runs))
        requests = len(sandbox.received)
        tagged = {u["id"] for u in sandbox.instance.users if u["public_metadata"].get("plan") == "pro"}
        already = {id for id, metadata in before.items() if '"plan": "pro"' in metadata}
        wrong = (tagged ^ meant) - already
        started = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            anew = Runs(RunFiles(Path(directory) / "runs"), cap=users)
            status = take_run_back(audit.path, report["run"], calls_on(sandbox, audit), anew)
        undone = time.perf_counter() - started
    after = {user["id"]: json.dumps(user["public_metadata"]) for user in sandbox.instance.users}
    refused = sum(request.status == 429 for request in sandbox.received)
    least = (math.ceil(requests / LIMIT.requests) - 1) * LIMIT.seconds
    print(f"{users} users, {requests} requests, answers of two calls: {size} bytes")
    print(f"{took:.1f} s, and the limit imposes {least} s: {took / max(least, 1):.2f} times")
    print({name: report[name] for name in ("ok", "failed", "unknown", "left")}, f"{len(wrong)} wrong")
    print(f"429: {refused}; taken back in {undone:.1f} s, status {status}, as before: {before == after}")


if __name__ == "__main__":
    main()
