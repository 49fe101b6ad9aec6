"""`clerk-mcp demo`: a real session on the sandbox, seen from an agent's host.

The server runs as a subprocess and speaks MCP over stdio, exactly as it does for a host; the client is
the SDK's own. Nothing is staged: what is printed is what an agent gets.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import anyio
import click
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp_types import ElicitRequestParams, ElicitResult, TextContent

from clerk_tools.operation import Operation
from clerk_tools.resources.organization_invitations import CreateOrganizationInvitation
from clerk_tools.resources.organization_memberships import ListMembers
from clerk_tools.resources.sessions import ListSessions, RevokeSession
from clerk_tools.resources.users import GetUser, ListUserMemberships, ListUsers, MergeUserMetadata

# The invitation link of a demo is not worth a file in the user's home.
_SERVER = [
    "-m",
    "clerk_mcp",
    "--sandbox",
    "--confirm",
    "always",
    "--secrets",
    "redact",
    "--log-level",
    "warning",
]
_SHOWN = 700
"""Characters of an answer that are printed; the agent gets all of it."""


class Host:
    """Calls tools for the story and shows each call with its answer."""

    def __init__(self) -> None:
        self.calls = 0
        self.user_agrees = False
        self.client: Client

    async def ask_user(self, context: object, params: ElicitRequestParams) -> ElicitResult:
        """Return what a host does when the server asks before it destroys something; the story is the
        user."""
        click.echo(click.style("? ", fg="yellow") + params.message.replace("\n", "\n  "))
        click.echo(f"  The user {'agrees' if self.user_agrees else 'declines'}.")
        if self.user_agrees:
            return ElicitResult(action="accept", content={"confirm": True})
        return ElicitResult(action="decline")

    async def call(self, why: str, operation: type[Operation], **arguments: Any) -> Any:
        """Call a tool and print both sides. Returns the answer's JSON."""
        self.calls += 1
        tool = operation.spec.id
        click.secho(f"\n{self.calls}. {why}", bold=True)
        click.echo(click.style("→ ", fg="cyan") + f"{tool} {json.dumps(arguments, ensure_ascii=False)}")
        result = await self.client.call_tool(tool, arguments)
        text = "".join(block.text for block in result.content if isinstance(block, TextContent))
        _show(text, failed=bool(result.is_error))
        return json.loads(text)


def _show(text: str, *, failed: bool) -> None:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters in all)"
    click.echo(click.style("← ", fg="red" if failed else "green") + shown)


async def _story(host: Host) -> None:
    found = await host.call("A support agent is asked about Helen. Who is she?", ListUsers, query="helen")
    helen = found["items"][0]
    memberships = await host.call(
        "Which organizations is she in, and as what?",
        ListUserMemberships,
        user_id=helen["id"],
    )
    organization = memberships["items"][0]["organization"]["id"]
    members = await host.call(
        "Who may invite people there? An admin must.",
        ListMembers,
        organization_id=organization,
    )
    admin = next(m["user"]["user_id"] for m in members["items"] if m["role"] == "org:admin")
    await host.call(
        "Invite a new colleague. (A real instance would send mail now.)",
        CreateOrganizationInvitation,
        organization_id=organization,
        email_address="sam.okafor+clerk_test@example.com",
        inviter_user_id=admin,
        role="org:member",
    )
    await host.call(
        "Invite the same person again: the error says what to do.",
        CreateOrganizationInvitation,
        organization_id=organization,
        email_address="sam.okafor+clerk_test@example.com",
        inviter_user_id=admin,
        role="org:member",
    )
    await host.call(
        "Note the plan in her metadata. Merging keeps what is there.",
        MergeUserMetadata,
        user_id=helen["id"],
        public_metadata={"plan": "pro", "support": {"tier": 2}},
    )
    await host.call(
        "A mistake that models make: a wrong name and a limit out of bounds. Nothing is sent.",
        ListUsers,
        email="helen@example.com",
        limit=501,
    )
    sessions = await host.call("Where is she signed in?", ListSessions, user_id=helen["id"], status="active")
    session = sessions["items"][0]["id"]
    await host.call(
        "She lost her phone: end that session. The server asks first, and the user is not sure.",
        RevokeSession,
        session_id=session,
    )
    host.user_agrees = True
    await host.call("Now the user is.", RevokeSession, session_id=session)
    await host.call(
        "One reading, exactly the raw fields that are needed.",
        GetUser,
        user_id=helen["id"],
        fields=["id", "public_metadata", "last_sign_in_at"],
    )


async def _run() -> None:
    server = StdioServerParameters(command=sys.executable, args=_SERVER)
    host = Host()
    async with Client(server, elicitation_callback=host.ask_user) as client:
        host.client = client
        tools = (await client.list_tools()).tools
        click.secho("clerk-mcp on its sandbox, over stdio", bold=True)
        click.echo(f"MCP {client.protocol_version}; {len(tools)} tools, the first is {tools[0].name}")
        await _story(host)
    click.secho(
        f"\n{host.calls} calls on made-up data. Next: clerk-mcp install connects your host.", bold=True
    )


def run_demo() -> int:
    """Walk the story; the process's exit code."""
    anyio.run(_run)
    return 0
