"""The server's own tools: search, describe, read, change, `preview_change`, `compare`, `list_all`,
`run_each`."""

from __future__ import annotations

from typing import Final

from clerk_mcp.bulk import Compare, ListAll, RunEach
from clerk_mcp.offering import input_schema, options, signature
from clerk_mcp.protocol.any_path import CallPath
from clerk_tools.argument import JsonObject, Query, arg
from clerk_tools.catalog import operations
from clerk_tools.ids import ORGANIZATION, USER
from clerk_tools.operation import Operation, Spec
from clerk_tools.parsing import InvalidArguments, Problem

MOST_DESCRIBED: Final = 10


_LONGEST_LINE: Final = 140
_LONGEST_SIGNATURE: Final = 400


class SearchOperations(Operation, id="search_operations", get="/", text=True):
    """Find operations of Clerk's Backend API (users, sessions, organizations, invitations, SSO, tokens,
    templates, domains, settings) by what they do. Answers ids, best first, with effect, one line each, and
    the arguments of the first ones: text unless a type is told, left out at will where `?`."""

    query: Query[str] = arg(
        'What you want to do, such as "log a user out everywhere"; or up to 15 such things with ; between,'
        " which get one operation each"
    )
    limit: Query[int] = arg(default=5, ge=1, le=20)


class DescribeOperation(Operation, id="describe_operation", get="/", text=True):
    """The exact arguments of operations. Look before the first call, unless a search showed them."""

    ids: Query[list[str]] = arg("Operation ids, at most 10")
    json_schema: Query[bool] = arg("Tell the arguments as JSON Schema", default=False)


class Read(Operation, id="read", get="/", text=True):
    """Run an operation whose effect is read. Changes nothing. `list_all` may be run too: it filters and
    counts a list over all of its pages in one call."""

    operation: Query[str] = arg("Operation id")
    arguments: Query[JsonObject] = arg("As describe_operation tells them", optional=True)


class Change(Operation, id="change", post="/", effect="destroy"):
    """Run an operation whose effect is write or destroy, or `run_each` for many calls at once. What destroys
    cannot be taken back: make sure that the user wants it. `read` runs preview_change, which shows what one
    would do."""

    operation: Query[str] = arg("Operation id")
    arguments: Query[JsonObject] = arg("As describe_operation tells them", optional=True)


class PreviewChange(
    Operation,
    id="preview_change",
    get="/",
    text=True,
    words="dry run, what would happen, try without doing, simulate, before and after, what if, preview",
):
    """What a change would send, alter and cost, without making it."""

    operation: Query[str] = arg()
    arguments: Query[JsonObject] = arg(optional=True)


# Declared like Clerk's operations, for the same schemas and the same reading of arguments; none is ever sent.
SEARCH_TOOLS: Final[tuple[type[Operation], ...]] = (SearchOperations, DescribeOperation, Read, Change)


FOUND_LIKE_OPERATIONS: Final[tuple[type[Operation], ...]] = (ListAll, RunEach, PreviewChange, Compare)
"""The server's own tools that `search_operations` finds, and that `read` or `change` runs."""

_OWN: Final[tuple[type[Operation], ...]] = (*SEARCH_TOOLS, *FOUND_LIKE_OPERATIONS, CallPath)


OWN_TOOLS: Final = {own.spec.id: own for own in _OWN}
"""The server's own tools, beside Clerk's operations, by name."""


def declared(name: str) -> type[Operation] | None:
    """Return what the tool of this name is declared by, the server's own or an operation; None if there is
    none."""
    return OWN_TOOLS.get(name) or operations().get(name)


def summary(spec: Spec) -> JsonObject:
    """Return an operation on one line."""
    first = spec.description.split(". ")[0].rstrip(".")
    line = first if len(first) <= _LONGEST_LINE else f"{first[: _LONGEST_LINE - 1]}…"
    return {"id": spec.id, "effect": spec.effect, "does": line}


def describe(spec: Spec, *, json_schema: bool) -> JsonObject:
    """Return an operation with everything that a call needs.

    Args:
        json_schema: the arguments as JSON Schema, which takes more than twice the bytes of a line.
    """
    return {
        "id": spec.id,
        "effect": spec.effect,
        **({"destroys": "with some arguments"} if spec.destroys_by_arguments else {}),
        "description": spec.description,
        **({"inputSchema": _schema(spec)} if json_schema else _on_a_line(spec, None)),
        **_ids_from(spec),
    }


def signed(spec: Spec) -> JsonObject:
    """Return an operation with its arguments on one line, and where the ids in it come from.

    Not of users and organizations: they may be named, and every search for one finds their lists.
    """
    ids = _ids_from(spec, but=(USER.found_by, ORGANIZATION.found_by))
    return summary(spec) | {"does": spec.description} | _on_a_line(spec, _LONGEST_SIGNATURE) | ids


def _on_a_line(spec: Spec, most: int | None) -> JsonObject:
    schema = _schema(spec)
    return {"arguments": signature(schema, most)} if schema["properties"] else {}


def _schema(spec: Spec) -> JsonObject:
    """Return the schema of an operation's arguments without `confirm`, which `change` takes beside them."""
    schema = input_schema(spec)
    properties = {name: one for name, one in schema["properties"].items() if name != options.CONFIRM.name}
    return {**schema, "properties": properties}


def _ids_from(spec: Spec, but: tuple[str, ...] = ()) -> JsonObject:
    """Return the operations whose answers show the ids that a call needs."""
    kinds = {a.name: a.kind for a in spec.arguments if a.required and a.kind}
    found_by = {name: kind.found_by for name, kind in kinds.items() if kind.found_by not in ("", *but)}
    return {"ids_from": found_by} if found_by else {}


def runnable(id: str) -> Spec:
    """Return the operation that an id names, or the server's own tool that is run like one.

    Raises:
        InvalidArguments: none; the message names the nearest.
    """
    id = id.strip()
    found = {own.spec.id: own for own in FOUND_LIKE_OPERATIONS}.get(id) or operations().get(id)
    if found is None:
        from clerk_tools.searching import operation_meant

        meant = operation_meant(id)
        advice = f"; did you mean {meant}?" if meant else "; search_operations finds them"
        raise InvalidArguments([Problem("operation", f"There is no operation {id[:100]}{advice}")])
    return found.spec
