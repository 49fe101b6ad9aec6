"""The plugins: one source for four hosts, judged by the hosts' own validators where those are here."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from release.plugins import SKILLS, plugins, write_plugins

from clerk_mcp.commands.install.hosts import HOSTS
from clerk_tools.catalog import operations
from tests.e2e.test_real_hosts import REAL, Machine

SKILL_FILES = sorted(SKILLS.glob("*/SKILL.md"))


@pytest.fixture
def written(tmp_path: Path) -> dict[str, Path]:
    return {path.name: path for path in write_plugins(tmp_path / "plugins")}


def test_each_plugin_is_whole_and_starts_the_server(written: dict[str, Path]) -> None:
    assert set(written) == {"claude-code", "gemini-cli", "codex", "cursor"}
    for host_id, directory in written.items():
        for name, value in plugins()[host_id].items():
            assert json.loads((directory / name).read_text()) == value
        (entry,) = [
            inner["clerk"]
            for value in plugins()[host_id].values()
            if isinstance(inner := value.get("mcpServers"), dict)
        ]
        launch = HOSTS[host_id].launch(entry)
        assert launch is not None
        assert launch.server_args == []
        assert "sk_" not in json.dumps(entry)
        found = sorted(path.parent.name for path in directory.glob("skills/*/SKILL.md"))
        assert found == [path.parent.name for path in SKILL_FILES]


@pytest.mark.parametrize("path", SKILL_FILES, ids=lambda path: path.parent.name)
def test_a_skill_names_tools_that_there_are_and_says_when_it_is_for(path: Path) -> None:
    _, head, body = path.read_text().split("---\n", 2)
    about: dict[str, Any] = yaml.safe_load(head)
    assert set(about) == {"name", "description"}
    assert about["name"] == path.parent.name
    assert "Use " in about["description"]
    assert len(about["description"]) <= 1024
    tools = set(re.findall(r"`([A-Z]\w+_\w+)`", body))
    assert tools
    assert tools <= set(operations())


def machine_of(host_id: str, home: Path) -> Machine:
    return Machine(home, next(host for host in REAL if host.id == host_id))


def judged(machine: Machine, *arguments: str) -> str:
    """What a validator says of a plugin that it takes."""
    done = subprocess.run(
        [machine.program, *arguments],
        cwd=machine.folder,
        env=machine.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_claude_code_takes_its_plugin(written: dict[str, Path], tmp_path: Path) -> None:
    said = judged(machine_of("claude-code", tmp_path), "plugin", "validate", str(written["claude-code"]))
    assert "passed" in said
    assert "warning" not in said.lower()


def test_gemini_cli_takes_its_extension(written: dict[str, Path], tmp_path: Path) -> None:
    said = judged(machine_of("gemini-cli", tmp_path), "extensions", "validate", str(written["gemini-cli"]))
    assert "successfully validated" in said


def test_codex_installs_its_plugin_from_a_marketplace(written: dict[str, Path], tmp_path: Path) -> None:
    machine = machine_of("codex", tmp_path)
    market = tmp_path / "market"
    (market / ".agents" / "plugins").mkdir(parents=True)
    written["codex"].rename(market / "clerk")
    listing = {
        "name": "local",
        "plugins": [{"name": "clerk", "source": {"source": "local", "path": "./clerk"}}],
    }
    (market / ".agents" / "plugins" / "marketplace.json").write_text(json.dumps(listing))
    judged(machine, "plugin", "marketplace", "add", str(market))
    judged(machine, "plugin", "add", "clerk@local")
    assert "clerk" in judged(machine, "plugin", "list")
    # What Codex keeps of a plugin is what it starts: the skills and the entry are in it.
    kept = list((tmp_path / ".codex" / "plugins").rglob("SKILL.md"))
    assert len(kept) == len(SKILL_FILES)
