"""Each change is called with each argument left empty: what was there is asked about first, or stays."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from clerk_mcp.offering.policy import Policy, Selection
from clerk_sandbox.examples import example_calls
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.state import Table
from clerk_tools.argument import Argument, Place
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Operation
from tests.effects import make_losable
from tests.server.worlds import world

pytestmark = pytest.mark.anyio

EMPTY: dict[str, list[Any]] = {"string": ["", " "], "array": [[]], "object": [{}]}


def empty_values(argument: Argument) -> Iterator[Any]:
    """Every way to leave an argument empty, or one of the keys that it is known to have."""
    yield from EMPTY.get(argument.type, [])
    for inner in argument.properties:
        yield from ({inner.name: value} for value in empty_values(inner))


def calls_of(model: type[Operation]) -> Iterator[dict[str, Any]]:
    example = example_calls()[model.spec.id]
    needed = {a.name for a in model.spec.arguments if a.required or a.place is Place.PATH}
    for argument in model.spec.arguments:
        if argument.place is Place.BODY:
            for value in empty_values(argument):
                yield {name: example[name] for name in needed & example.keys()} | {argument.name: value}


def plain(value: Any) -> Any:
    if isinstance(value, Table):
        return {record["id"]: plain(record) for record in value}
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    return value


def emptied(before: Any, after: Any, way: str = "") -> Iterator[str]:
    """The places where something was and nothing is."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            yield from emptied(value, after.get(key), f"{way}.{key}")
    elif before not in (None, "", [], {}, False, 0) and after in (None, "", [], {}):
        yield way


async def test_what_was_there_is_asked_about_first_or_stays() -> None:
    sandbox = Sandbox(live=True)
    make_losable(sandbox)
    as_it_was = copy.deepcopy(sandbox.instance)
    before = plain(vars(as_it_was))
    policy, tried = Policy(Selection.of(("all",))), 0
    async with world(sandbox=sandbox, confirm=True, policy=policy, output_schemas=False) as here:
        for id, model in operations().items():
            if model.spec.effect is not Effect.WRITE:
                continue
            for arguments in calls_of(model):
                sandbox.received.clear()
                await here.client.call_tool(id, arguments)
                tried += 1
                if all(request.method == "GET" for request in sandbox.received):
                    continue
                lost = list(emptied(before, plain(vars(sandbox.instance))))
                assert not lost, f"{id} {json.dumps(arguments)} emptied {lost} unasked"
                sandbox.instance = copy.deepcopy(as_it_was)
    assert tried > 200
