"""What is read of an answer in part is what reading all of it would give: fields, credentials, counts."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clerk_mcp.answering import Formatter, SecretValues
from clerk_mcp.bulk import list_all
from clerk_mcp.calling import Caller, Calls
from clerk_mcp.confirming import Confirmer, Seals
from clerk_mcp.instance import Instance, Kind
from clerk_mcp.offering import Policy, Selection
from clerk_mcp.upstream import ClerkClient
from clerk_mcp.upstream.parsing import parse_json
from clerk_tools import views
from clerk_tools.resources.users import ListUsers

NAMES = ("id", "name", "tags", "public_metadata", "client_secret")
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=8) | st.sampled_from(["sk_live_" + "x" * 12, "whsec_" + "y" * 12])
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=8,
)
records = st.dictionaries(st.sampled_from(NAMES), values, max_size=5)
lists = st.lists(records | values, max_size=4) | st.lists(records, max_size=6)
bodies = lists | st.fixed_dictionaries({"data": lists, "total_count": st.integers()}) | values
fields = st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(".".join), max_size=3)


def records_of(value: Any) -> Any:
    return value.get("data") if isinstance(value, dict) else value


@given(bodies, fields)
def test_of_the_fields_that_are_looked_at_nothing_is_missing(value: Any, names: list[str]) -> None:
    body = json.dumps(value).encode()
    narrowed, whole = parse_json(body, frozenset(names)), parse_json(body)
    assert views.pick(records_of(narrowed), names) == views.pick(records_of(whole), names)
    if isinstance(whole, dict):
        assert {**narrowed, "data": None} == {**whole, "data": None}


@given(st.binary(max_size=30) | st.text(max_size=30).map(str.encode))
def test_what_is_no_json_is_none_for_a_part_of_it_either(body: bytes) -> None:
    outcomes: list[Any] = []
    for only in (None, frozenset({"id"})):
        try:
            outcomes.append(parse_json(body, only))
        except ValueError:
            outcomes.append(ValueError)
    assert outcomes[0] == outcomes[1]


def test_garbage_is_collected_again_after_a_large_answer() -> None:
    assert len(parse_json(b"[" + b'{"id": "x"},' * 10_000 + b"{}]")) == 10_001
    with pytest.raises(ValueError, match="EOF"):
        parse_json(b"[" + b'{"id": "x"},' * 10_000)
    assert gc.isenabled()


@given(lists)
def test_records_without_credentials_are_told_from_others(found: list[Any]) -> None:
    secrets = SecretValues("redact", Path())
    together, notes = secrets.keep_back(ListUsers.spec, found, raw=True)
    assert notes or together == found
    # One that surely holds a credential has all of them looked through, one by one.
    beside, _ = secrets.keep_back(ListUsers.spec, [*found, {"client_secret": "x"}], raw=True)
    assert beside[:-1] == together


class Pages(httpx2.AsyncBaseTransport):
    """A Clerk of ready-made pages, which take no function calls of Python's to make."""

    def __init__(self, users: int) -> None:
        self.users = users
        made = [{"id": f"user_{n}", "banned": n % 3 == 0, "names": [{"x": n}] * 9} for n in range(users)]
        pages = {offset: made[offset : offset + 500] for offset in range(0, users, 500)}
        self.answers = {offset: json.dumps(page).encode() for offset, page in pages.items()}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/count"):
            return httpx2.Response(200, json={"object": "total_count", "total_count": self.users})
        offset = int(dict(request.url.params).get("offset", 0))
        return httpx2.Response(200, content=self.answers.get(offset, b"[]"))


def calls_on(client: ClerkClient) -> Calls:
    confirmer = Confirmer("never", Instance(Kind.TEST), "", Seals(None))
    return Calls(client, Formatter(60_000, SecretValues("redact", Path())), Policy(Selection.of()), confirmer)


@pytest.mark.anyio
async def test_counting_one_more_record_takes_few_function_calls() -> None:
    counted = {}
    asked = {"operation": ListUsers.spec.id, "group": "count by banned", "where": "banned != null"}
    for users in (1000, 1000, 3000):  # the first one builds what is then remembered
        async with ClerkClient("sk_test_counted", base_url="http://clerk", transport=Pages(users)) as client:
            calls = 0

            def count(_: object, event: str, __: object) -> None:
                nonlocal calls
                calls += event == "call"

            sys.setprofile(count)
            answer = await list_all(calls_on(client), asked, Caller(), cap=10_000)
            sys.setprofile(None)
            assert answer.value["read"] == users
            counted[users] = calls
    assert (counted[3000] - counted[1000]) / 2000 <= 32, counted
