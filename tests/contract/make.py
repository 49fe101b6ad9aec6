"""Write the facts of a document anew: `python -m tests.contract.make OPENAPI_FILE`, named for the file."""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from clerk_mcp.commands.drift import read
from clerk_tools.catalog import operations
from clerk_tools.contract.facts import Facts, OperationFacts, from_json, to_json, with_path_names
from clerk_tools.contract.openapi import facts_of_document
from clerk_tools.operation import FIRST_DOCUMENT

HERE = Path(__file__).parent
DOCUMENTS = tuple(sorted(path.name.removesuffix(".facts.json") for path in HERE.glob("*.facts.json")))


def facts_file(document: str) -> Path:
    return HERE / f"{document}.facts.json"


@cache
def reference_facts(document: str = FIRST_DOCUMENT) -> Facts:
    """What Clerk's Backend API is, as one of its OpenAPI documents has it."""
    return from_json(json.loads(facts_file(document).read_text("utf-8")))


def facts_for(operation_id: str) -> OperationFacts | None:
    """What the document that an operation names says of it; None where no document has it."""
    spec = operations()[operation_id].spec
    if not spec.document:
        return None
    return with_path_names(reference_facts(spec.document).operations[operation_id], spec.path)


def lines(facts: Facts) -> str:
    """The facts as JSON with one operation or shape on a line, so that a change shows as its line."""
    groups = [
        f'"{name}": {{\n{_entries(group)}\n}}' if isinstance(group, dict) else f'"{name}": "{group}"'
        for name, group in to_json(facts).items()
    ]
    return "{\n" + ",\n".join(groups) + "\n}\n"


def _entries(group: dict[str, Any]) -> str:
    return ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in group.items())


if __name__ == "__main__":
    given = Path(sys.argv[1])
    facts_file(given.name.partition(".")[0]).write_text(lines(facts_of_document(read(str(given)))), "utf-8")
