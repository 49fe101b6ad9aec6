"""What `tools/list` shows of each operation."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from clerk_mcp.offering.options import FIELDS, advertised, options_of
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Spec
from clerk_tools.views.schema import output_schema as schema_of_answers


def input_schema(spec: Spec) -> dict[str, Any]:
    """Return the operation's own schema and the call's options."""
    schema = spec.input_schema
    extra = {option.name: option.schema for option in advertised(spec)}
    return {**schema, "properties": {**schema["properties"], **extra}} if extra else schema


@cache
def tool(spec: Spec) -> dict[str, Any]:
    """Return one entry of `tools/list`, as it goes over the wire. Made once; not to be changed by its
    readers.

    The annotations are MCP's hints for hosts. `idempotentHint` follows HTTP: repeating a read, a
    replacement or a deletion leaves the same state. `destructiveHint` is true where some arguments destroy.
    """
    return {
        "name": spec.id,
        "title": spec.title,
        "description": spec.description,
        "inputSchema": input_schema(spec),
        "annotations": {
            "readOnlyHint": spec.effect is Effect.READ,
            "destructiveHint": spec.can_destroy,
            "idempotentHint": spec.effect is Effect.READ or spec.method in ("PUT", "PATCH", "DELETE"),
            "openWorldHint": True,
        },
    }


def entry_of(id: str) -> dict[str, Any]:
    """Return the entry of one of Clerk's operations. Of what is listed by default it is ready: importing the
    declarations takes a tenth of the time of a start."""
    return _ready().get(id) or tool(operations()[id].spec)


def ready_entries() -> dict[str, dict[str, Any]]:
    """Return what `ready.json` should hold, by what is declared. docs/generate.py writes it."""
    return {id: tool(operations()[id].spec) for id in operations().core()}


@cache
def _ready() -> dict[str, dict[str, Any]]:
    held: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("ready.json").read_bytes())
    return held


@cache
def output_schema(spec: Spec) -> dict[str, Any]:
    """Return what a successful call of an operation answers, as JSON Schema."""
    return schema_of_answers(spec, raw=FIELDS in options_of(spec))
