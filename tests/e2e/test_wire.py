"""What goes over the wire to Clerk for each operation, held against the facts of Clerk's own document."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx2
import pytest

from clerk_mcp.upstream.client import ClerkClient
from clerk_tools.catalog import operations
from clerk_tools.contract.facts import OperationFacts, Shape
from clerk_tools.contract.on_purpose import ON_PURPOSE
from clerk_tools.operation import Operation
from clerk_tools.parsing import parse
from tests.contract.make import facts_for

FACTS = {id: facts for id in operations() if (facts := facts_for(id))}
SAMPLE_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Recorder(httpx2.AsyncBaseTransport):
    """Answers everything with an empty object and keeps what it was sent."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        self.requests.append(request)
        return httpx2.Response(200, json={})


def sample(name: str, shape: Shape) -> Any:
    """A value that fits an argument, told apart from every other by its name."""
    if shape.enum:
        return next(value for value in shape.enum if value is not None)
    match shape.type:
        case "array":
            assert shape.items
            return [sample(name, shape.items), sample(name, shape.items)]
        case "object":
            return {n: sample(n, s) for n, s in shape.properties.items()} or {"key": {"inner": None}}
        case "integer" | "number" if re.search(r"_at_(after|before|since)$", name):
            return 1_700_006_400_000
        case "any":
            return {"key": {"inner": None}}
        case "integer" | "number":
            return int(shape.minimum or 7)
        case "boolean":
            return False
        case _:
            return SAMPLE_PNG if name == "file" else f"{name} + ü/1"


def samples(facts: OperationFacts, *, required_only: bool = False) -> dict[str, Any]:
    ours = operations()[facts.id].spec.arguments
    left_out = {name for id, name in ON_PURPOSE if id == facts.id} - {a.name for a in ours}
    required = {a.name for a in ours if a.required}
    given = {
        a.name: sample(a.name, a.shape)
        for a in facts.arguments
        if (a.required or a.name in required or not required_only) and a.name not in left_out
    }
    # Of an object that the first document leaves open, today's tells what has to be in it.
    for argument in ours:
        if isinstance(value := given.get(argument.name), dict):
            value |= {a.name: a.name for a in argument.properties if a.required and a.name not in value}
    return given


async def sent_for(operation: Operation) -> httpx2.Request:
    recorder = Recorder()
    async with ClerkClient(
        "sk_test_sandbox_wire", base_url="https://clerk.invalid/v1", transport=recorder
    ) as client:
        await client.send(operation.to_request())
    (request,) = recorder.requests
    return request


def query_text(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return ["false" if v is False else "true" if v is True else str(v) for v in values]


@pytest.mark.anyio
@pytest.mark.parametrize("facts", FACTS.values(), ids=lambda facts: facts.id)
async def test_the_request_is_the_one_that_the_document_describes(facts: OperationFacts) -> None:
    given = samples(facts)
    request = await sent_for(parse(operations()[facts.id], given))

    assert request.method == facts.method
    raw_path, _, raw_query = request.url.raw_path.decode().partition("?")
    template = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape("/v1" + facts.path))
    matched = re.fullmatch(template, raw_path)
    assert matched
    in_place = {
        place: {a.name: given[a.name] for a in facts.arguments if a.place == place and a.name in given}
        for place in PLACES
    }
    assert {k: unquote(v) for k, v in matched.groupdict().items()} == in_place["path"]
    assert parse_qs(raw_query, strict_parsing=bool(raw_query)) == {
        name: query_text(value) for name, value in in_place["query"].items()
    }
    check_headers(request, facts)
    check_body(request, facts, in_place)


PLACES = ("path", "query", "body", "file")


def check_headers(request: httpx2.Request, facts: OperationFacts) -> None:
    assert request.headers["authorization"] == "Bearer sk_test_sandbox_wire"
    assert request.headers["clerk-api-version"] == operations()[facts.id].spec.version
    assert request.headers["user-agent"].startswith("clerk-mcp/")
    assert "cookie" not in request.headers
    media_type = request.headers.get("content-type", "").partition(";")[0]
    # A body may be younger than the document.
    assert media_type == (facts.media_type or operations()[facts.id].spec.media_type or "")


@pytest.mark.anyio
async def test_an_operation_is_sent_with_its_own_version() -> None:
    class Younger(Operation, id="ListYounger", version="2025-11-10", get="/younger", lists="user"):
        """Newer than most."""

    assert (await sent_for(Younger())).headers["clerk-api-version"] == "2025-11-10"


def check_body(request: httpx2.Request, facts: OperationFacts, in_place: dict[str, dict[str, Any]]) -> None:
    if facts.media_type is None:
        assert request.content in (b"", b"{}")  # the latter where the body is younger than the document
    elif facts.media_type == "multipart/form-data":
        assert b'name="file"' in request.content
        assert b"\x89PNG" in request.content
        for name, value in in_place["body"].items():
            assert f'name="{name}"'.encode() in request.content
            assert str(value).encode() in request.content
    elif facts.array_body:
        assert json.loads(request.content) == next(iter(in_place["body"].values()))
    else:
        assert json.loads(request.content) == in_place["body"]


@pytest.mark.anyio
@pytest.mark.parametrize("facts", FACTS.values(), ids=lambda facts: facts.id)
async def test_only_what_is_required_is_sent_when_nothing_else_is_given(facts: OperationFacts) -> None:
    given = samples(facts, required_only=True)
    request = await sent_for(parse(operations()[facts.id], given))
    assert request.url.query == b"" or any(a.required and a.place == "query" for a in facts.arguments)
    if facts.media_type == "application/json" and not facts.array_body:
        required = {a.name for a in facts.arguments if a.name in given and a.place == "body"}
        assert set(json.loads(request.content)) == required
