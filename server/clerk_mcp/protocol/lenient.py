"""What clients send in a form that is not the specification's, read as what they mean by it.

Models write `arguments` as a JSON text, and some client libraries send a list where they have nothing to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

PARAMS_RULE = (
    "Invalid request: `params` must be an object, such as"
    ' {"name": "…", "arguments": {"limit": 5}} for tools/call'
)


async def read_arguments(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Hand on a tool call with its arguments as an object.

    Raises:
        MCPError: nobody can tell which object is meant.
    """
    params = ctx.params
    if ctx.method == "tools/call" and isinstance(params, Mapping) and "arguments" in params:
        given = params["arguments"]
        if given is not None and not isinstance(given, dict):
            meant = object_meant(given)
            if meant is None:
                what = (
                    "a list" if isinstance(given, list) else "text" if isinstance(given, str) else "a value"
                )
                raise MCPError(
                    code=INVALID_PARAMS,
                    message=f'`arguments` must be an object by name, such as {{"limit": 5}}, not {what}',
                )
            ctx = replace(ctx, params={**params, "arguments": meant})
    return await call_next(ctx)


def object_meant(given: Any) -> dict[str, Any] | None:
    """Return the object that something stands for: an empty list, one in a list, its JSON; None where
    unclear."""
    if isinstance(given, str):
        try:
            given = json.loads(given) if given.strip() else {}
        except (ValueError, RecursionError):
            return None
    if isinstance(given, list) and len(given) <= 1:
        given = given[0] if given else {}
    return given if isinstance(given, dict) else None
