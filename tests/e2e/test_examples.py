"""The examples run: our own process, and clients that other people wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.calling import listed_by_default

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
