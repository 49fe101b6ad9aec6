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
from clerk_mcp.protocol.resources import TEMPLATES
from clerk_tools.argument import JsonObject

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
        match _kind(ref, argument):
            case "operation":
                return self._operations(typed, caller)
            case "user":
                return [_email(user) or user["id"] for user in await self._users(typed, caller)]
            case "user id":
                return [user["id"] for user in await self._users(typed, caller)]
            case "organization":
                return [o.get("name") or o["id"] for o in await self._organizations(typed, caller)]
            case "organization slug":
                return [o.get("slug") or o["id"] for o in await self._organizations(typed, caller)]
            case "organization id":
                return [organization["id"] for organization in await self._organizations(typed, caller)]
            case _:
                return []

    def _operations(self, typed: str, caller: Caller) -> list[str]:
        # Imported when it is first needed: a host waits for every import at start.
        from clerk_tools.search import search

        allowed = self.reach.policy.allowed(caller.scopes)
        begun = [id for id in allowed if id.lower().startswith(typed.lower())]
        alike = [spec.id for spec in search(typed, lambda spec: spec.id in allowed, _MOST)]
        return list(dict.fromkeys([*begun, *alike]))[:_MOST]

    async def _users(self, typed: str, caller: Caller) -> list[JsonObject]:
        return await self._look_up("Users_listSortedByCreationDate", typed, caller)

    async def _organizations(self, typed: str, caller: Caller) -> list[JsonObject]:
        return await self._look_up("Organizations_listSortedByCreationDate", typed, caller)

    async def _look_up(self, operation: str, typed: str, caller: Caller) -> list[JsonObject]:
        if len(typed.strip()) < _SHORTEST:
            return []
        with anyio.move_on_after(_PATIENCE):
            async with self.reach.calls_for(caller) as calls:
                answer = await calls.run(operation, {"query": typed.strip(), "limit": _MOST}, caller)
            if isinstance(answer, Answer) and not answer.is_error:
                return [item for item in answer.value["items"] if isinstance(item.get("id"), str)]
        # Somebody is typing: whatever goes wrong, there is just nothing to propose.
        return []


def _kind(ref: types.PromptReference | types.ResourceTemplateReference, argument: str) -> str:
    if isinstance(ref, types.PromptReference):
        prompt = next((prompt for prompt in PROMPTS if prompt.name == ref.name), None)
        return next((a.kind for a in prompt.arguments if a.name == argument), "") if prompt else ""
    if not any(template.uri == ref.uri for template in TEMPLATES):
        return ""
    return _TEMPLATE_KINDS.get((ref.uri, argument), "")


_TEMPLATE_KINDS: Final = {
    ("clerk://operations/{id}", "id"): "operation",
    ("clerk://users/{user_id}", "user_id"): "user id",
    ("clerk://organizations/{id_or_slug}", "id_or_slug"): "organization slug",
    ("clerk://organizations/{id}/members", "id"): "organization id",
}


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
