"""Small helpers for tests that call tools through the SDK's client."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from mcp import Client
from mcp_types import CallToolResult, TextContent

from clerk_mcp.upstream import ClerkClient, Reply
from clerk_tools.catalog import operations
from clerk_tools.operation import Operation


def reads(client: ClerkClient) -> Callable[[Operation], Awaitable[Reply]]:
    """Make what runs the reads that a question or an audit trail needs."""
    return lambda operation: client.send(operation.to_request())


def listed_by_default() -> list[str]:
    """The names of the tools that a host is shown where nobody chose: the rest is found by search."""
    core = [id for id, operation in operations().items() if operation.spec.is_core]
    search = ["search_operations", "describe_operation", "read", "change"]
    return [*core, "list_all", "run_each", *(search if len(core) < len(operations()) else [])]


async def call(client: Client, tool: str, **arguments: Any) -> Any:
    """Call a tool that must succeed, and give its answer's JSON."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    return json.loads(text_of(result))


async def error_of(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool that must fail, and give its error."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error, text_of(result)
    error: dict[str, Any] = json.loads(text_of(result))["error"]
    return error


def text_of(result: CallToolResult) -> str:
    return "".join(block.text for block in result.content if isinstance(block, TextContent))
