"""With `--output-schemas` every operation is listed with what its answers hold, and its answers fit that."""

from __future__ import annotations

import json
import os
import textwrap
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from clerk_mcp.answering import SecretValues
from clerk_mcp.offering import Policy, Selection, output_schema
from clerk_sandbox.examples import example_calls, filled_in
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


async def test_no_operation_is_listed_with_an_output_schema_by_default() -> None:
    async with world(policy=EVERYTHING) as here:
        tools = (await here.client.list_tools()).tools
        assert len(tools) >= len(operations())
        assert not [tool.name for tool in tools if tool.output_schema]


async def test_every_answer_fits_its_schema_which_names_its_fields() -> None:
    async with world(policy=EVERYTHING, output_schemas=True, max_bytes=10**7, secrets=INLINE) as here:
        found = await _answers(here)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        _write(found)
        return
    for id, answer in found.items():
        spec = operations()[id].spec
        assert not _unnamed(spec, answer), f"UPDATE_SNAPSHOTS=1 writes {shown.__file__}"


async def test_raw_fields_questions_and_errors_fit_too() -> None:
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
