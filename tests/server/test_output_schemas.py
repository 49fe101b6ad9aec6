"""With `--output-schemas` every tool is listed with what its answers hold, and its answers fit that.

The SDK's client holds every answer against what was listed; all tests in `worlds` do so too.
"""

from __future__ import annotations

import json
import os
import re
import textwrap
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from clerk_mcp.answering import SecretValues
from clerk_mcp.bulk import RunFiles, Runs
from clerk_mcp.offering import Policy, Selection, output_schema
from clerk_mcp.protocol.own_tools import OWN_TOOLS
from clerk_mcp.protocol.surface import Presentation, answer_schema
from clerk_mcp.settings import Settings
from clerk_mcp.upstream import Files
from clerk_sandbox.examples import example_calls, filled_in
from clerk_sandbox.sandbox import Sandbox
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Envelope, Spec
from clerk_tools.views import kinds, shown, view_as_data
from tests.server.worlds import World, world

pytestmark = pytest.mark.anyio

EVERYTHING = Policy(Selection.of(["all"]))
INLINE = SecretValues("inline", Path())


async def _answers(here: World) -> dict[str, dict[str, Any]]:
    """The structured answer to the example of every operation; the SDK's client holds it against the schema
    that was listed."""
    await here.client.list_tools()
    found = {}
    token = ""
    for id, arguments in example_calls().items():
        result = await here.client.call_tool(id, filled_in(arguments, token))
        assert not result.is_error, (id, result.content)
        found[id] = result.structured_content or {}
        token = found[id].get("jwt", token)
    return found


@pytest.mark.parametrize("mode", ["all", "search"])
async def test_every_tool_is_listed_with_an_output_schema_or_by_default_none_is(mode: Any) -> None:
    assert Presentation.of(Settings()).output_schemas is False
    for wanted in (False, True):
        async with world(mode, policy=EVERYTHING, output_schemas=wanted) as here:
            tools = (await here.client.list_tools()).tools
            assert {tool.name for tool in tools if tool.output_schema} == {
                tool.name for tool in tools if wanted
            }


async def test_every_answer_fits_its_schema_which_names_its_fields() -> None:
    async with world(policy=EVERYTHING, max_bytes=10**7, secrets=INLINE) as here:
        found = await _answers(here)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        _write(found)
        return
    for id, answer in found.items():
        spec = operations()[id].spec
        assert not _unnamed(spec, answer), f"UPDATE_SNAPSHOTS=1 writes {shown.__file__}"


async def test_answers_that_are_cut_to_the_smallest_size_fit_too() -> None:
    async with world(policy=EVERYTHING, max_bytes=2_000, secrets=INLINE) as here:
        await _answers(here)


async def test_errors_fit_too() -> None:
    async with world(policy=Policy(Selection.of(["all"]), read_only=True)) as here:
        for id, model in operations().items():
            # Those that only read are refused for what they are given, all others for what they do.
            result = await here.client.call_tool(id, {"no_such_argument": [{}]})
            assert result.is_error, id
            jsonschema.validate(result.structured_content, answer_schema(model.spec))


async def test_raw_fields_and_questions_fit_too() -> None:
    async with world(policy=EVERYTHING, confirm=True) as here:
        for id, arguments in example_calls().items():
            spec = operations()[id].spec
            raw = spec.effect is Effect.READ and spec.envelope not in (Envelope.TEXT, Envelope.EMPTY)
            if not raw and not spec.can_destroy:
                continue
            # Nothing destroys anything here: it is asked about.
            result = await here.client.call_tool(id, arguments | ({"fields": ["*"]} if raw else {}))
            jsonschema.validate(result.structured_content, output_schema(spec))


def test_every_view_that_is_a_function_has_its_fields_written_down() -> None:
    answered = {operation.spec.returns for operation in operations().values()}
    missing = [kind for kind in kinds() & answered if view_as_data(kind) is None and kind not in shown.SHOWN]
    assert not missing


def _unnamed(spec: Spec, answer: dict[str, Any]) -> set[str]:
    if spec.envelope in (Envelope.TEXT, Envelope.EMPTY):
        return set()
    schema = output_schema(spec)
    if spec.is_list:
        named = schema["properties"]["items"]["items"]["properties"]
        return {name for item in answer["items"] for name in item} - set(named)
    return set(answer) - set(schema["properties"]) - _beside(spec)


NOTES = {"note", "only_while", "secrets"}


def _beside(spec: Spec) -> set[str]:
    """What an answer says beside the view: notes, a credential, what a change has set, that it is gone."""
    return {*NOTES, "deleted", *spec.secret, *(argument.name for argument in spec.arguments)}


def _write(found: dict[str, dict[str, Any]]) -> None:
    names: dict[str, set[str]] = {}
    for id, answer in found.items():
        spec = operations()[id].spec
        if spec.envelope in (Envelope.TEXT, Envelope.EMPTY) or view_as_data(spec.returns):
            continue
        for item in answer["items"] if spec.is_list else [answer]:
            marked = {f"{name}{_mark(value)}" for name, value in item.items() if name not in NOTES}
            names.setdefault(spec.returns, set()).update(marked)
    path = Path(shown.__file__)
    head, _, _ = path.read_text("utf-8").partition("SHOWN: Final")
    lines = ["SHOWN: Final[dict[str, str]] = {"]
    for kind, marked in sorted(names.items()):
        wrapped = textwrap.wrap(" ".join(sorted(marked)), 100, break_on_hyphens=False)
        lines += [f'    "{kind}": """', *(f"        {line}" for line in wrapped), '    """,']
    path.write_text(head + "\n".join([*lines, "}", ""]), "utf-8")


def _mark(value: object) -> str:
    return "[]" if isinstance(value, list) else "{}" if isinstance(value, dict) else ""


def test_no_schema_is_larger_than_4_kilobytes() -> None:
    sizes = [len(json.dumps(output_schema(one.spec), separators=(",", ":"))) for one in operations().values()]
    assert max(sizes) < 4_000


# ── The server's own tools ──

USERS = "Users_listSortedByCreationDate"
MERGE = "Users_mergeUserMetadataAttributes"
TAG = {"operation": MERGE, "arguments": {"public_metadata": {"plan": "pro"}}}
EVERYBODY = {"over": {"operation": USERS}}

OWN_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("list_all", {"operation": USERS}),
    ("list_all", {"operation": USERS, "fields": ["*"]}),
    ("list_all", {"operation": USERS, "fields": ["banned", "no_such"]}),
    ("list_all", {"operation": USERS, "group": "count"}),
    ("list_all", {"operation": USERS, "group": "count, max(created_at) by month(created_at), banned"}),
    ("list_all", {"operation": USERS, "to": "users.csv"}),
    ("list_all", {"operation": "OrganizationMemberships_getAllMembers", "below": {}}),
    (
        "list_all",
        {"operation": "OrganizationMemberships_getAllMembers", "arguments": {"organization_id": "x"}},
    ),
    ("run_each", TAG | EVERYBODY),
    ("run_each", {"operation": MERGE, "items": [{"user_id": "user_nobody"}]}),
    ("run_each", {"operation": MERGE, "file": "users.csv", "map": {"user_id": "id"}}),
    ("run_each", {"operation": MERGE, "file": "nothing.csv"}),
    ("run_each", {"run": "run_nobody"}),
    ("preview_change", TAG),
    ("preview_change", {"operation": USERS}),
    *(
        ("preview_change", {"operation": id, "arguments": given})
        for id, given in example_calls().items()
        if operations()[id].spec.effect is not Effect.READ
    ),
    ("call_path", {"method": "GET", "path": "/comets"}),
    ("call_path", {"method": "POST", "path": "/comets", "body": {"a": 1}}),
    ("search_operations", {"query": "ban a user and revoke their sessions"}),
    ("search_operations", {"query": "bake a cake"}),
    ("search_operations", {"query": "run many at once", "limit": 20}),
    ("describe_operation", {"ids": [USERS, MERGE, "list_all", "run_each", "Users_updateUserAttributes"]}),
    ("read", {"operation": USERS}),
    ("change", {"operation": "Users_markBanned", "arguments": {"user_id": "user_nobody"}}),
]


@pytest.mark.parametrize("max_bytes", [2_000, 10**6])
@pytest.mark.parametrize("confirm", [False, True])
async def test_answers_of_the_servers_own_tools_fit_and_their_fields_are_named(
    confirm: bool, max_bytes: int, tmp_path: Path
) -> None:
    runs = Runs(RunFiles(tmp_path / "runs"))
    options: Any = {"runs": runs, "files": Files(tmp_path), "confirm": confirm, "max_bytes": max_bytes}
    policy = Policy(Selection.of(["all"]), any_path=True)
    async with world(policy=policy, sandbox=Sandbox(users=200), **options) as here:
        for tool, arguments in OWN_CALLS:
            await _held_against(here, tool, arguments)
            if tool == "run_each" and "confirm" in (planned := await _held_against(here, tool, arguments)):
                ran = await _held_against(here, tool, {"confirm": planned["confirm"]})
                await _held_against(here, tool, {"run": ran.get("run", "")})
    await runs.close()


ANYTHING = {"read", "change", "call_path"}
"""Tools that answer what the operation behind them does."""


async def _held_against(here: World, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    answer = (await here.client.call_tool(tool, arguments)).structured_content or {}
    schema = answer_schema(OWN_TOOLS[tool].spec)
    jsonschema.validate(answer, schema)
    unnamed = {name for name in answer if not re.fullmatch(r"(sum|avg|min|max)\(.*\)", name)} - {"error"}
    assert tool in ANYTHING or unnamed <= schema["properties"].keys(), (arguments, answer)
    for found in answer.get("operations", []):
        assert found.keys() <= schema["properties"]["operations"]["items"]["properties"].keys()
    return answer
