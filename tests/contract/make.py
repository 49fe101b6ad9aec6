"""Write the reference facts anew: `python -m tests.contract.make OPENAPI_FILE`."""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from clerk_mcp.commands.drift import read
from clerk_tools.contract.facts import Facts, from_json, to_json
from clerk_tools.contract.openapi import facts_of_document

FACTS = Path(__file__).with_name("clerk-v1.facts.json")


@cache
def reference_facts() -> Facts:
    """What Clerk's Backend API v1 is, as its OpenAPI document has it."""
    return from_json(json.loads(FACTS.read_text("utf-8")))


def lines(facts: Facts) -> str:
    """The facts as JSON with one operation or shape on a line, so that a change shows as its line."""
    groups = [f'"{name}": {{\n{_entries(group)}\n}}' for name, group in to_json(facts).items()]
    return "{\n" + ",\n".join(groups) + "\n}\n"


def _entries(group: dict[str, Any]) -> str:
    return ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in group.items())


if __name__ == "__main__":
    FACTS.write_text(lines(facts_of_document(read(sys.argv[1]))), "utf-8")
