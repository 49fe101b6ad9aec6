"""The shape of the code: what may import what, and where output goes."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = {"clerk_tools": "tools", "clerk_mcp": "server", "clerk_sandbox": "sandbox"}
MAY_IMPORT = {
    "clerk_tools": set(),
    "clerk_mcp": {"clerk_tools", "clerk_sandbox"},
    "clerk_sandbox": {"clerk_tools"},
}


def files_of(package: str) -> list[Path]:
    return sorted((ROOT / SOURCES[package] / package).rglob("*.py"))


def imported_by(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


@pytest.mark.parametrize("package", SOURCES)
def test_imports_go_one_way(package: str) -> None:
    for path in files_of(package):
        ours = {name.partition(".")[0] for name in imported_by(path)} & set(SOURCES) - {package}
        assert ours <= MAY_IMPORT[package], path


ROOMS = {
    "upstream": set(),
    "offering": set(),
    "answering": {"upstream", "offering"},
    "confirming": {"upstream", "answering"},
    "auditing": {"upstream", "offering", "answering", "confirming"},
    "calling": {"upstream", "offering", "answering", "confirming", "auditing"},
    "protocol": {"upstream", "offering", "answering", "confirming", "calling"},
    "hosting": {"upstream", "offering", "calling", "protocol"},
    "commands": {
        "upstream",
        "offering",
        "answering",
        "auditing",
        "confirming",
        "calling",
        "protocol",
        "hosting",
    },
}
"""The rooms of the server, from the bottom up, and which others each looks into."""

SERVER = ROOT / "server" / "clerk_mcp"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_looks_only_into_rooms_below_it(room: str) -> None:
    for path in sorted((SERVER / room).rglob("*.py")):
        used = {name.split(".")[1] for name in imported_by(path) if name.startswith("clerk_mcp.")}
        assert used & set(ROOMS) - {room} <= ROOMS[room], path


def test_a_room_has_one_door() -> None:
    """From outside, only a room's package is imported; `cli` alone opens the subcommands one by one."""
    for path in files_of("clerk_mcp"):
        here = path.relative_to(SERVER).parts[0]
        for name in imported_by(path):
            _, _, inside = name.partition("clerk_mcp.")
            room, _, module = inside.partition(".")
            if room in ROOMS and room != here and module:
                assert (room, here) == ("commands", "cli.py"), f"{path} imports {name}"


def test_the_declarations_do_no_input_or_output_and_know_nothing_of_mcp() -> None:
    forbidden = {
        "mcp",
        "mcp_types",
        "httpx2",
        "anyio",
        "asyncio",
        "os",
        "socket",
        "subprocess",
        "logging",
        "pathlib",
    }
    for path in files_of("clerk_tools"):
        assert not {name.partition(".")[0] for name in imported_by(path)} & forbidden, path


def test_serving_stdio_imports_nothing_that_only_people_or_hosts_need() -> None:
    code = (
        "import sys; from clerk_mcp.settings import load; from clerk_mcp.serve import make_server;"
        "make_server(load({'sandbox': True})); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {
        "rich",
        "yaml",
        "clerk_mcp.commands.demo",
        "clerk_mcp.commands.drift",
        "clerk_mcp.hosting",
        "clerk_tools.contract",
        "prometheus_client",
    }


def test_the_installed_packages_have_names_of_their_own() -> None:
    """Installing the distribution must never put a package called `tools` or `server` on anybody's path."""
    for name in ("tools", "server", "sandbox"):
        assert not (ROOT / name / "__init__.py").exists()
