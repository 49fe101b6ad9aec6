"""Whatever is sent to an operation, it answers in the documented shape, and never by failing itself."""

from __future__ import annotations

import asyncio
import functools
import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.state import TABLES
from clerk_tools.argument import Argument, Place
from clerk_tools.catalog import operations
from tests.sandbox.clerk import Clerk

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=5,
)
SPECIAL = [
    "",
    " ",
    "0",
    "-1",
    "null",
    "a@b.example",
    "+12015550199",
    "https://a.example",
    "x" * 300,
    "é\x00",
    "oauth_x",
]
SNAPSHOT = Sandbox().snapshot()
IDS = sorted(record["id"] for name in TABLES for record in SNAPSHOT["tables"][name][:2])
TEXT = st.sampled_from(SPECIAL + IDS) | st.text(max_size=8)


def values_of(argument: Argument) -> st.SearchStrategy[Any]:
    """Values of the declared type, now and then something else."""
    by_type: dict[str, st.SearchStrategy[Any]] = {
        "string": st.sampled_from(argument.enum) if argument.enum else TEXT,
        "boolean": st.booleans(),
        "integer": st.integers(-2, 400) | st.integers(),
        "number": st.integers(-2, 400) | st.floats(allow_nan=False, allow_infinity=False),
        "object": st.dictionaries(TEXT, JSON, max_size=2)
        if not argument.properties
        else objects_of(argument.properties),
    }
    if argument.type == "array":
        entries = values_of(argument.items) if argument.items else JSON
        return st.lists(entries, max_size=2) | JSON
    return by_type[argument.type] | by_type[argument.type] | st.none() | JSON


def objects_of(arguments: tuple[Argument, ...]) -> st.SearchStrategy[dict[str, Any]]:
    every = {argument.name: values_of(argument) for argument in arguments}
    return st.fixed_dictionaries({}, optional=every)


def path_values(argument: Argument) -> st.SearchStrategy[Any]:
    fitting = [one for one in IDS if one.startswith(argument.name.removesuffix("_id")[:4])]
    text = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(
        lambda one: one not in (".", "..")
    )
    return st.sampled_from([*argument.enum, *fitting, *IDS]) | text


@functools.lru_cache(maxsize=1)
def clerk_for(operation_id: str) -> Clerk:
    """One sandbox for all that is tried on an operation: what was sent before may matter too."""
    return Clerk(Sandbox(data=SNAPSHOT))


@pytest.mark.parametrize("operation_id", operations())
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(data=st.data())
def test_anything_gets_an_answer(operation_id: str, data: st.DataObject) -> None:
    spec = operations()[operation_id].spec
    arguments: dict[str, Any] = {}
    for argument in spec.arguments:
        if argument.place is Place.PATH:
            arguments[argument.name] = data.draw(path_values(argument), argument.name)
        elif argument.place is Place.FILE:
            arguments[argument.name] = data.draw(st.sampled_from(["", "dGV4dA=="]), argument.name)
        elif argument.place is Place.QUERY and data.draw(st.booleans()):
            arguments[argument.name] = data.draw(st.lists(TEXT, max_size=2) | TEXT, argument.name)
    clerk = clerk_for(operation_id)
    body_arguments = tuple(a for a in spec.arguments if a.place is Place.BODY)
    if spec.media_type == "multipart/form-data":
        arguments |= {a.name: data.draw(TEXT) for a in body_arguments}
    elif operation_id == "OrganizationInvitations_bulkCreateAndSend":
        arguments["invitations"] = data.draw(values_of(body_arguments[0]))
    else:
        arguments |= data.draw(objects_of(body_arguments), "body")
    response = asyncio.run(clerk.send(operation_id, **arguments))
    assert response.status_code < 500
    if spec.method != "GET":
        json.dumps(clerk.sandbox.instance.snapshot())
