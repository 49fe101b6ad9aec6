"""The twelve tasks of a day in docs/many.md: they work, in at most three calls, for the bytes it says."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from clerk_mcp.answering import SecretValues
from clerk_mcp.bulk import RunFiles, Runs
from clerk_mcp.upstream import Files
from tests.calling import text_of
from tests.server.worlds import world

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).parents[2] / "docs" / "many.md"
TEXT = PAGE.read_text("utf-8")
TASKS = {
    title: json.loads(calls)
    for title, calls in re.findall(r"^### ([^\n]+)\n\n```json\n(.+?)```", TEXT, re.MULTILINE | re.DOTALL)
}
MARKED = re.compile(r"(<!-- tasks:begin -->\n).*?(<!-- tasks:end -->)", re.DOTALL)
ROOM = 1.15
"""How much larger than the page says an answer may be: ids and dates of the demo data vary."""


def _filled(value: Any, answers: list[Any]) -> Any:
    """A call's arguments with what the page leaves to earlier answers."""
    if isinstance(value, dict):
        return {name: _filled(inner, answers) for name, inner in value.items()}
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    if value == "$thirty":
        return [{"email_address": f"guest{n}@example.com"} for n in range(30)]
    if value in ("$user", "$here", "$other"):
        return _who_moves(answers[0]["items"])[value]
    number, *way = value[1:].split(".")
    found = answers[int(number) - 1]
    for step in way:
        found = found[int(step)] if isinstance(found, list) else found[step]
    return found


def _who_moves(members: list[Any]) -> dict[str, str]:
    """Somebody, an organization they are in, and one they are not in."""
    for member in members:
        user, here = member["public_user_data"]["user_id"], member["organization"]["id"]
        theirs = {m["organization"]["id"] for m in members if m["public_user_data"]["user_id"] == user}
        others = [m["organization"]["id"] for m in members if m["organization"]["id"] not in theirs]
        # The last admin of an organization cannot be removed.
        alone = [m for m in members if m["organization"]["id"] == here]
        if others and len(alone) > 1:
            return {"$user": user, "$here": here, "$other": others[0]}
    raise LookupError("nobody can be moved")


async def _cost(calls: list[Any], tmp_path: Path) -> int:
    """The bytes of the answers, all of which must be successes."""
    (tmp_path / "files").mkdir(exist_ok=True)
    options: dict[str, Any] = {
        "runs": Runs(RunFiles(tmp_path / "runs")),
        "files": Files(tmp_path / "files"),
        "secrets": SecretValues("file", tmp_path / "secrets"),
    }
    answers: list[Any] = []
    cost = 0
    async with world(**options) as here:
        for tool, arguments in calls:
            result = await here.client.call_tool(tool, _filled(arguments, answers))
            assert not result.is_error, text_of(result)
            cost += len(text_of(result).encode())
            answers.append(json.loads(text_of(result)))
    last = answers[-1]
    assert (last.get("failed", 0), last.get("left", 0)) == (0, 0)
    return cost


def _stated() -> dict[str, tuple[int, int]]:
    rows = re.findall(r"^\| (.+?) \| (\d+) \| (\d+) \|$", TEXT, re.MULTILINE)
    return {title: (int(calls), int(size)) for title, calls, size in rows}


def test_there_are_twelve_and_none_takes_more_than_three_calls() -> None:
    section = TEXT.partition("## Twelve tasks of a day")[2].partition("### What they cost")[0]
    assert len(re.findall(r"^### ", section, re.MULTILINE)) == 12
    assert max(len(calls) for calls in TASKS.values()) <= 3


@pytest.mark.parametrize("title", TASKS)
async def test_a_task_works_as_the_page_says_and_costs_what_it_says(title: str, tmp_path: Path) -> None:
    cost = await _cost(TASKS[title], tmp_path)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        _write(title, len(TASKS[title]), cost)
        return
    calls, size = _stated()[title]
    assert calls == len(TASKS[title])
    assert cost <= size * ROOM


def _write(title: str, calls: int, cost: int) -> None:
    text = PAGE.read_text("utf-8")
    rows = dict(re.findall(r"^\| (.+?) (\| \d+ \| \d+ \|)$", text, re.MULTILINE))
    rows[title] = f"| {calls} | {cost} |"
    lines = ["", "| task | calls | bytes of the answers |", "|---|---|---|"]
    lines += [f"| {known} {rows[known]}" for known in TASKS if known in rows]
    PAGE.write_text(MARKED.sub(lambda m: m[1] + "\n".join([*lines, "", m[2]]), text), "utf-8")
