"""A server on a sandbox that the test keeps in its hands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp import Client
from mcp_types import Implementation

from clerk_mcp.answering.answers import Formatter
from clerk_mcp.answering.secret_values import SecretValues
from clerk_mcp.auditing.log import AuditLog
from clerk_mcp.bulk import Runs
from clerk_mcp.calling.calls import Calls
from clerk_mcp.confirming.confirmer import Confirmer
from clerk_mcp.confirming.seals import Seals
from clerk_mcp.instance import Instance, Kind, fingerprint
from clerk_mcp.offering.policy import Policy, Selection
from clerk_mcp.protocol.server import build_server
from clerk_mcp.protocol.surface import ListingMode, Presentation
from clerk_mcp.upstream.budget import Budget
from clerk_mcp.upstream.client import ClerkClient
from clerk_mcp.upstream.uploads import Files
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.transport import SandboxTransport


@dataclass
class World:
    sandbox: Sandbox
    client: Client

    @property
    def received(self) -> list[str]:
        """The operations that reached the sandbox, in order."""
        return [request.operation for request in self.sandbox.received if request.operation]


@asynccontextmanager
async def world(
    mode: ListingMode = "all",
    *,
    sandbox: Sandbox | None = None,
    policy: Policy | None = None,
    confirm: bool = False,
    max_bytes: int = 60_000,
    cap: int = 5000,
    client_name: str | None = None,
    era: str = "2026-07-28",
    transport: SandboxTransport | None = None,
    max_in_flight: int = 20,
    runs: Runs | None = None,
    audit: AuditLog | None = None,
    audit_before: bool = False,
    retry_budget: float = 30.0,
    elicitation_callback: Any = None,
    logging_callback: Any = None,
    output_schemas: bool = True,
    extensions: Any = None,
    changes: Budget | None = None,
    files: Files | None = None,
    secrets: SecretValues | None = None,
) -> AsyncIterator[World]:
    """Connect the SDK's client to a new server on a sandbox.

    What answers hold is listed, so that the client holds every answer against it.
    """
    sandbox = sandbox or Sandbox()
    transport = transport or SandboxTransport(sandbox)
    clerk = ClerkClient(
        sandbox.key,
        base_url="http://sandbox/v1",
        transport=transport,
        max_in_flight=max_in_flight,
        retry_budget=retry_budget,
        files=files,
    )
    seals = Seals(None)
    confirmer = Confirmer(
        "always" if confirm else "never", Instance(Kind.SANDBOX), fingerprint(sandbox.key), seals
    )
    secrets = secrets or SecretValues("redact", Path())
    calls = Calls(
        clerk,
        Formatter(max_bytes, secrets),
        policy or Policy(Selection.of()),
        confirmer,
        audit,
        audit_before=audit_before,
        changes=changes,
    )
    presentation = Presentation(mode, cap, {"mode": mode}, runs, output_schemas)
    server = build_server(calls, Kind.SANDBOX.words, clerk, presentation)
    info = Implementation(name=client_name, version="1") if client_name else None
    async with Client(
        server,
        mode=era,
        client_info=info,
        elicitation_callback=elicitation_callback,
        logging_callback=logging_callback,
        extensions=extensions,
    ) as client:
        yield World(sandbox, client)
