"""Completions: organizations by name, users by email, operations by id, while somebody types.

Users and organizations are looked up through `Calls.run`, so within policy and rate budget; nothing is
looked up for less than two characters, or kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import anyio
import mcp_types as types
from mcp.server.lowlevel import Server

from clerk_mcp.answering import Answer
from clerk_mcp.calling import Caller, Reach
from clerk_mcp.protocol.identity import Context
from clerk_mcp.protocol.prompts import PROMPTS
from clerk_mcp.protocol.resources import templates
from clerk_tools.argument import JsonObject, Kind
from clerk_tools.catalog import operations
from clerk_tools.ids import ORGANIZATION, USER

_MOST: Final = 20
"""Values in one answer; MCP allows 100, but nobody reads them."""
_SHORTEST: Final = 2
_PATIENCE: Final = 2.0
"""Seconds after which nobody waits for a proposal any more, though other calls wait longer for Clerk."""


@dataclass(frozen=True, slots=True)
class Completions:
    """Completes the arguments of prompts and resource templates."""

    reach: Reach

    async def complete(
        self,
        ref: types.PromptReference | types.ResourceTemplateReference,
        argument: str,
        typed: str,
        caller: Caller,
    ) -> list[str]:
        """Values for an argument of which `typed` is the beginning; empty where there are none."""
        match _wanted(ref, argument):
            case "operation":
                return self._operations(typed, caller)
            case "user":
                return [_email(user) or user["id"] for user in await self._look_up(USER, typed, caller)]
            case "organization":
                return [o.get("name") or o["id"] for o in await self._look_up(ORGANIZATION, typed, caller)]
            case Kind() as kind:
                found = await self._look_up(kind, typed, caller)
                return [record.get(kind.known_as) or record["id"] for record in found]
            case _:
                return []

    def _operations(self, typed: str, caller: Caller) -> list[str]:
        # Imported when it is first needed: a host waits for every import at start.
        from clerk_tools.searching import search

        allowed = self.reach.policy.allowed(caller.scopes)
        begun = [id for id in allowed if id.lower().startswith(typed.lower())]
        alike = [spec.id for spec in search(typed, lambda spec: spec.id in allowed, _MOST)]
        return list(dict.fromkeys([*begun, *alike]))[:_MOST]

    async def _look_up(self, kind: Kind, typed: str, caller: Caller) -> list[JsonObject]:
        if len(typed.strip()) < _SHORTEST or not _searchable(kind):
            return []
        with anyio.move_on_after(_PATIENCE):
            async with self.reach.calls_for(caller) as calls:
                answer = await calls.run(kind.found_by, {"query": typed.strip(), "limit": _MOST}, caller)
            if isinstance(answer, Answer) and not answer.is_error:
                return [item for item in answer.value["items"] if isinstance(item.get("id"), str)]
        # Somebody is typing: whatever goes wrong, there is just nothing to propose.
        return []


def _wanted(ref: types.PromptReference | types.ResourceTemplateReference, argument: str) -> str | Kind | None:
    """Return what completes an argument: its prompt's word for it, or the kind of id that its operation
    takes."""
    if isinstance(ref, types.PromptReference):
        prompt = next((prompt for prompt in PROMPTS if prompt.name == ref.name), None)
        return next((a.kind for a in prompt.arguments if a.name == argument), None) if prompt else None
    template = next((template for template in templates() if template.uri == ref.uri), None)
    if template is None or f"{{{argument}}}" not in template.uri:
        return None
    if template.operation is None:
        return "operation"
    name = template.arguments[argument]
    return next((a.kind for a in template.operation.spec.arguments if a.name == name), None)


def _searchable(kind: Kind) -> bool:
    finder = operations().get(kind.found_by)
    return finder is not None and any(a.name == "query" for a in finder.spec.arguments)


def _email(user: JsonObject) -> str | None:
    emails: list[JsonObject] = user.get("email_addresses") or []
    primary = [email for email in emails if email.get("primary")]
    return next((email.get("email_address") for email in (*primary, *emails)), None)


def register_completions(
    server: Server[Any], completions: Completions, caller_of: Callable[[Context], Caller]
) -> None:
    """Serve `completion/complete`; `caller_of` tells from a request's context who asks."""

    async def complete(context: Context, params: types.CompleteRequestParams) -> dict[str, Any]:
        argument = params.argument
        values = await completions.complete(params.ref, argument.name, argument.value, caller_of(context))
        return {"completion": {"values": values, "hasMore": False}, "resultType": "complete"}

    server.add_request_handler("completion/complete", types.CompleteRequestParams, complete)
