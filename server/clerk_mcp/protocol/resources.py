"""Resources: what a host can put before a model without calling a tool.

The server itself, the catalogue of operations, and templates that read one thing each. A template's read is
a call of an operation through `Calls.run`: the same view, policy, rate budget and error as the tool.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import unquote

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from clerk_mcp.answering import Answer, dumps
from clerk_mcp.calling import Caller, Reach
from clerk_mcp.instance import kind_of_key
from clerk_mcp.protocol import apps
from clerk_mcp.protocol.identity import Context, report_missing_scope
from clerk_mcp.protocol.own_tools import describe, summary
from clerk_mcp.protocol.surface import Surface
from clerk_tools.argument import JsonObject
from clerk_tools.catalog import operations
from clerk_tools.operation import FIRST_VERSION, Operation

INSTANCE: Final = "clerk://instance"
OPERATIONS: Final = "clerk://operations"
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Template:
    """A resource template, and the operation that reads it."""

    uri: str
    name: str
    description: str
    operation: type[Operation] | None
    """None for the catalogue, which is the server's own."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """The operation's argument for each variable of the template."""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def match(self, uri: str) -> dict[str, str] | None:
        """Return the variables' values in a URI; None if it is of another form."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/?#]+)", re.escape(self.uri))
        matched = re.fullmatch(pattern, uri)
        return {name: unquote(value) for name, value in matched.groupdict().items()} if matched else None


@cache
def templates() -> tuple[Template, ...]:
    """Return every template. The declarations that they name are imported when somebody asks for one."""
    from clerk_tools.resources.organization_memberships import ListMembers
    from clerk_tools.resources.organizations import GetOrganization
    from clerk_tools.resources.users import GetUser

    return (
        Template(
            f"{OPERATIONS}/{{id}}",
            "operation",
            "One operation: what it does and its exact arguments",
            operation=None,
        ),
        Template(
            "clerk://users/{user_id}",
            "user",
            "One user",
            operation=GetUser,
            arguments={"user_id": "user_id"},
        ),
        Template(
            "clerk://organizations/{id_or_slug}",
            "organization",
            "One organization, by id or slug",
            operation=GetOrganization,
            arguments={"id_or_slug": "organization_id"},
        ),
        Template(
            "clerk://organizations/{id}/members",
            "organization-members",
            "The members of an organization with their roles; the newest 500",
            operation=ListMembers,
            arguments={"id": "organization_id"},
            extra={"limit": 500},
        ),
    )


@dataclass(frozen=True, slots=True)
class Resources:
    """Lists and reads the resources of one server."""

    reach: Reach
    surface: Surface
    about: JsonObject
    """What `clerk://instance` says, beside the instance itself."""
    instance: str
    """What the server runs on, in words; callers who bring a key of their own have another."""

    def list(self) -> dict[str, Any]:
        """Return the answer to `resources/list`."""
        return {
            "resources": [
                {
                    "uri": INSTANCE,
                    "name": "instance",
                    "title": "Clerk instance",
                    "description": "Kind of key, API version and the settings of this server",
                    "mimeType": _JSON,
                },
                {
                    "uri": OPERATIONS,
                    "name": "operations",
                    "title": "Operations",
                    "description": "Every operation that may be run, on one line each",
                    "mimeType": _JSON,
                },
            ],
            "resultType": "complete",
        }

    def templates(self, scopes: frozenset[str] | None) -> dict[str, Any]:
        """Return the answer to `resources/templates/list`: what the policy lets these scopes read."""
        allowed = set(self.surface.policy.allowed(scopes))
        return {
            "resourceTemplates": [
                {"uriTemplate": t.uri, "name": t.name, "description": t.description, "mimeType": _JSON}
                for t in templates()
                if t.operation is None or t.operation.spec.id in allowed
            ],
            "resultType": "complete",
        }

    async def read(self, uri: str, caller: Caller) -> dict[str, Any]:
        """Return the answer to `resources/read`.

        Raises:
            MCPError: there is no such resource, or reading failed; `data` is the error that the tool gives.
        """
        if uri == apps.VIEW:
            return apps.contents()
        if uri == INSTANCE:
            return _contents(uri, dumps(self._instance(caller)))
        if uri == OPERATIONS:
            listed = [summary(operations()[id].spec) for id in self.surface.policy.allowed(caller.scopes)]
            return _contents(uri, dumps({"operations": listed}))
        for template in templates():
            if variables := template.match(uri):
                return _contents(uri, await self._read_template(template, variables, caller))
        raise _not_found(uri)

    def _instance(self, caller: Caller) -> JsonObject:
        words = kind_of_key(caller.key).words if caller.key else self.instance
        allowed = self.surface.policy.allowed(caller.scopes)
        return {"instance": words, "api_version": FIRST_VERSION, "operations": len(allowed), **self.about}

    async def _read_template(self, template: Template, variables: dict[str, str], caller: Caller) -> str:
        if template.operation is None:
            id = variables["id"]
            if id not in self.surface.policy.allowed(caller.scopes):
                raise _not_found(f"{OPERATIONS}/{id}")
            return dumps(describe(operations()[id].spec, json_schema=True))
        arguments = {template.arguments[name]: value for name, value in variables.items()}
        async with self.reach.calls_for(caller) as calls:
            answer = await calls.read(template.operation.spec.id, {**arguments, **template.extra}, caller)
        if answer.is_error:
            raise _as_protocol_error(answer)
        return answer.text


def _contents(uri: str, text: str) -> dict[str, Any]:
    return {"contents": [{"uri": uri, "mimeType": _JSON, "text": text}], "resultType": "complete"}


_NOT_FOUND_BEFORE: Final = -32002
"""MCP's code for a resource that does not exist, up to 2025-11-25; since 2026-07-28 it is −32602."""


class NotRead(MCPError):
    """A resource that could not be read; `data` is the error that the tool gives, where one was asked."""

    def __init__(self, code: int, message: str, data: Any = None, missing_scope: str | None = None) -> None:
        super().__init__(code=code, message=message, data=data)
        self.missing_scope = missing_scope


class NotFound(NotRead):
    """There is no such resource."""

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(types.INVALID_PARAMS, message, data)


def _not_found(uri: str) -> NotFound:
    return NotFound(f"There is no resource {uri[:200]}")


def _as_protocol_error(answer: Answer) -> NotRead:
    """Put what a tool would answer into the protocol's error: a resource has no `isError`."""
    error = answer.value["error"]
    if error.get("status") == 404:
        return NotFound(error["message"], answer.value)
    ours = error["code"] in ("invalid_arguments", "not_selected", "insufficient_scope")
    return NotRead(
        types.INVALID_PARAMS if ours else types.INTERNAL_ERROR,
        error["message"],
        answer.value,
        answer.missing_scope,
    )


def register_resources(
    server: Server[Any], resources: Resources, caller_of: Callable[[Context], Caller]
) -> None:
    """Serve resources; `caller_of` tells from a request's context who asks."""

    async def list_resources(_: Context, __: types.PaginatedRequestParams) -> dict[str, Any]:
        return resources.list()

    async def list_templates(context: Context, _: types.PaginatedRequestParams) -> dict[str, Any]:
        return resources.templates(caller_of(context).scopes)

    async def read(context: Context, params: types.ReadResourceRequestParams) -> dict[str, Any]:
        try:
            return await resources.read(params.uri, caller_of(context))
        except NotFound as missing:
            if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
                raise
            error = missing.error
            raise MCPError(_NOT_FOUND_BEFORE, error.message, error.data) from None
        except NotRead as failed:
            if failed.missing_scope and context.request:
                # As with tools: the 403 has clients ask for a wider token.
                report_missing_scope(context.request.scope, failed.missing_scope)
            raise

    server.add_request_handler("resources/list", types.PaginatedRequestParams, list_resources)
    server.add_request_handler("resources/templates/list", types.PaginatedRequestParams, list_templates)
    server.add_request_handler("resources/read", types.ReadResourceRequestParams, read)
