"""The documents say what is true now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_generated_parts_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_map_names_only_files_that_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    known = {
        path.name
        for root in ("tools", "server", "sandbox", "tests", "docs")
        for path in (ROOT / root).rglob("*")
    }
    named = {word.rpartition("/")[2] for word in text.replace("`", " ").split() if word.endswith(".py")}
    assert named <= known
