"""Calls that are larger than any needs to be: refused before anything is done with them, and in few words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from clerk_mcp.auditing import load
from clerk_mcp.serve import make_server
from clerk_mcp.settings import load as settings_of
from clerk_tools.catalog import operations
from clerk_tools.parsing import InvalidArguments, parse
from tests.calling import text_of
from tests.e2e.test_last_answers import MODERN
from tests.server.web import serving

pytestmark = pytest.mark.anyio

LIST = "Users_listSortedByCreationDate"
MERGE = "Users_mergeUserMetadataAttributes"


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


TOO_MUCH: dict[str, tuple[str, dict[str, Any], str]] = {
    "a list": (LIST, {"email_address": [1] * 1_000_000}, "`email_address` holds a list of 1000000 entries"),
    "a list as text": (LIST, {"email_address": json.dumps([1] * 300_000)}, "holds a list of 300000 entries"),
    "names": (
        LIST,
        {f"x{n}": 1 for n in range(100_000)},
        "100000 arguments are more than any",
    ),
    "names in an object": (
        MERGE,
        {"user_id": "user_1", "public_metadata": {f"x{n}": n for n in range(100_000)}},
        "all arguments together may hold 10000 values",
    ),
    "depth": (MERGE, {"user_id": "u", "public_metadata": nested(150)}, "nested deeper than 100 levels"),
    "text": (LIST, {"query": "x" * 2_000_000}, "`query` is 2000000 characters long"),
    "text in a list": (LIST, {"email_address": ["x" * 2_000_000]}, "a text of more than 1000000 characters"),
    "fields": (LIST, {"fields": "a," * 1_000_000}, "`fields` must name at most 200 fields"),
    "a list of fields": (LIST, {"fields": ["a"] * 1_000_000}, "`fields` must name at most 200 fields"),
    "arguments of a read": (
        "read",
        {"operation": LIST, "arguments": {"email_address": ["x"] * 100_000}},
        "`arguments` holds a list of 100000 entries",
    ),
    "ids to describe": (
        "describe_operation",
        {"ids": ["x"] * 100_000},
        "`ids` holds a list of 100000",
    ),
    "a condition": (
        "list_all",
        {"operation": LIST, "where": "x" * 2_000_000},
        "`where` is 2000000",
    ),
}


@pytest.mark.parametrize(("tool", "arguments", "words"), TOO_MUCH.values(), ids=TOO_MUCH)
async def test_what_is_larger_than_any_call_needs_is_refused_in_few_words(
    tool: str, arguments: dict[str, Any], words: str
) -> None:
    async with Client(make_server(settings_of({"sandbox": True}))) as client:
        result = await client.call_tool(tool, arguments)
    assert result.is_error
    error = result.structured_content["error"]
    assert error["code"] == "invalid_arguments"
    assert words in error["message"]
    assert len(text_of(result)) < 2000


async def test_a_tool_name_without_end_is_unknown_and_repeated_in_part() -> None:
    async with Client(make_server(settings_of({"sandbox": True}))) as client:
        with pytest.raises(MCPError) as refused:
            await client.call_tool("Users_" * 1_000_000, {})
    assert len(refused.value.error.message) < 300


def test_a_similar_name_is_sought_for_the_first_problems_only(monkeypatch: pytest.MonkeyPatch) -> None:
    from clerk_tools import parsing

    sought: list[str] = []

    def nearest(name: str, _: object) -> None:
        sought.append(name)

    monkeypatch.setattr(parsing, "nearest", nearest)
    with pytest.raises(InvalidArguments) as refused:
        parse(operations()[LIST], {f"x{n}": 1 for n in range(100)})
    assert len(sought) == 10
    assert "90 more of them do not fit" in str(refused.value)


async def test_arguments_are_not_read_where_the_operation_is_refused_anyway(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from clerk_mcp.calling import calls

    def parse(*_: object) -> None:
        raise AssertionError("read")

    monkeypatch.setattr(calls, "parse", parse)
    async with Client(make_server(settings_of({"sandbox": True, "read_only": True}))) as client:
        result = await client.call_tool("Users_deleteUserById", {"user_id": 1, "nonsense": 2})
    assert result.structured_content["error"]["code"] == "read_only"


async def test_a_refusal_is_in_the_trail_whether_its_arguments_fit_or_not(tmp_path: Path) -> None:
    trail = tmp_path / "audit.jsonl"
    settings = settings_of({"sandbox": True, "read_only": True, "audit_log": trail})
    async with Client(make_server(settings)) as client:
        await client.call_tool("Users_deleteUserById", {"user_id": "user_1"})
        await client.call_tool("Users_deleteUserById", {"user_id": ["x"] * 2000})
    fits, does_not = load(trail).calls
    assert (fits["outcome"], fits["target"]) == ("refused", {"user_id": "user_1"})
    assert (does_not["outcome"], does_not["arguments"]) == ("refused", {})


async def test_an_image_that_begins_again_and_again_is_looked_at_once() -> None:
    async with Client(make_server(settings_of({"sandbox": True}))) as client:
        arguments = {"user_id": "user_1", "file": "data:" * 160_000}
        result = await client.call_tool("Users_setProfileImage", arguments)
    assert result.structured_content["error"]["code"] == "invalid_image"


CUT = {
    "an argument": (
        "Users_updateUserAttributes",
        r'{"user_id": "u", "first_name": "Ada \ud83d"}',
        "first_name",
    ),
    "inside of one": (MERGE, r'{"user_id": "u", "public_metadata": {"a": ["\ud83d"]}}', "public_metadata"),
}


@pytest.mark.parametrize(("tool", "arguments", "named"), CUT.values(), ids=CUT)
@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
async def test_half_an_emoji_is_a_clear_error_in_both_eras(
    tool: str, arguments: str, named: str, version: str
) -> None:
    params: dict[str, Any] = {"name": tool, "arguments": {}}
    if version == "2026-07-28":
        params["_meta"] = MODERN
    request = json.dumps({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params})
    headers = {"mcp_protocol_version": version, "mcp_method": "tools/call", "mcp_name": tool}
    async with serving() as served:
        body = request.replace('"arguments": {}', f'"arguments": {arguments}').encode()
        answered = (await served.post(body, **headers)).json()
    assert answered["id"] == 7
    assert "half a character" in json.dumps(answered)
    if "result" in answered:
        assert answered["result"]["structuredContent"]["error"]["param"] == named
