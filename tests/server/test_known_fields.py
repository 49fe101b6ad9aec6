"""The fields that a mistyped name is compared with are those that records have."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import Any

import pytest

from clerk_mcp.bulk.fields import names_of
from clerk_tools.catalog import operations
from clerk_tools.views import known
from tests.calling import call
from tests.server.test_list_all import READING_LISTS, arguments_for
from tests.server.worlds import World, world

pytestmark = pytest.mark.anyio


async def _found(here: World) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for operation in READING_LISTS:
        given: dict[str, Any] = {"operation": operation, "arguments": await arguments_for(here, operation)}
        raw = await call(here.client, "list_all", **given, fields=["*"])
        seen = await call(here.client, "list_all", **given)
        names = {name for answer in (raw, seen) for name in names_of(answer["items"])}
        found.setdefault(operations()[operation].spec.returns, set()).update(names)
    return {kind: names for kind, names in sorted(found.items()) if names}


async def test_the_known_fields_are_those_of_clerks_answers_and_of_the_views() -> None:
    async with world(max_bytes=10_000_000) as here:
        found = await _found(here)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        _write(found)
        return
    assert {kind: set(names.split()) for kind, names in known.KNOWN.items()} == found


def _write(found: dict[str, set[str]]) -> None:
    path = Path(known.__file__)
    head, _, _ = path.read_text("utf-8").partition("KNOWN: Final")
    lines = ["KNOWN: Final[dict[str, str]] = {"]
    for kind, names in found.items():
        wrapped = textwrap.wrap(" ".join(sorted(names)), 100, break_on_hyphens=False)
        lines += [f'    "{kind}": """', *(f"        {line}" for line in wrapped), '    """,']
    path.write_text(head + "\n".join([*lines, "}", ""]), "utf-8")
