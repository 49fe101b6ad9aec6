"""The examples run: our own process, and clients that other people wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from tests.calling import listed_by_default
from tests.server.web import serving

ROOT = Path(__file__).parent.parent.parent
LISTED = len(listed_by_default())

EXAMPLES = {
    "plain_mcp.py": ".venv",
    "langchain_tools.py": ".venv-examples-mcp1",
    "openai_agents.py": ".venv-examples-mcp2",
    "pydantic_ai_toolset.py": ".venv-examples-mcp2",
}
"""By example, the environment that it runs in: LangChain's adapters still pin mcp below 2, and so speak the
handshake era."""


def python_of(environment: str) -> Path:
    if environment == ".venv":
        return Path(sys.executable)
    if not (ROOT / environment / "ready").exists():
        pytest.skip(f"{environment} is not there: `make examples` makes it where packages can be installed")
    return ROOT / environment / "bin" / "python"


def test_every_example_is_run() -> None:
    assert {path.name for path in (ROOT / "examples").glob("*.py")} == EXAMPLES.keys()


@pytest.mark.parametrize(("example", "environment"), EXAMPLES.items(), ids=EXAMPLES)
def test_a_client_lists_all_tools_and_reads_and_writes_and_is_told_the_next_step_after_an_error(
    example: str, environment: str, tmp_path: Path
) -> None:
    own_commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [python_of(environment), ROOT / "examples" / example],
        cwd=tmp_path,
        env={"PATH": own_commands, "HOME": str(tmp_path), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{LISTED} tools" in done.stdout
    assert "Helen Mossbrook is user_" in done.stdout
    assert "her plan is now pro" in done.stdout
    assert "Find the right id with Users_listSortedByCreationDate." in done.stdout


CONVERTERS = {
    ".venv-examples-mcp1": {
        "langchain_for_gemini", "langchain_for_openai", "google_genai", "google_genai_schema",
    },
    ".venv-examples-mcp2": {"openai_agents", "pydantic_ai_for_openai", "pydantic_ai_for_gemini"},
}  # fmt: skip
"""What converts tools for models, by the environment that it is installed in."""

NO_GEMINI_TAKES_IT = {
    "name": "no_text",
    "description": "A list of values that are no texts",
    "inputSchema": {"type": "object", "properties": {"a": {"type": "boolean", "enum": [True]}}},
}


@pytest.mark.anyio
@pytest.mark.parametrize("environment", CONVERTERS)
async def test_what_frameworks_convert_tools_with_takes_every_tool_whole(environment: str) -> None:
    python = python_of(environment)
    async with serving(toolsets="all", any_path=True) as served, served.client() as client:
        tools = (await client.list_tools()).tools
    listing = [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in tools]
    assert len(listing) > LISTED
    done = await anyio.run_process(
        [python, ROOT / "tests" / "e2e" / "hosts" / "converters.py"],
        input=json.dumps([*listing, NO_GEMINI_TAKES_IT]).encode(),
    )
    found = {name: refused for name, refused in json.loads(done.stdout).items() if refused is not None}
    assert found.keys() == CONVERTERS[environment]
    # That the converters look at all.
    assert found.pop("langchain_for_gemini", {"no_text": ""}).keys() == {"no_text"}
    assert not any(found.values()), found
