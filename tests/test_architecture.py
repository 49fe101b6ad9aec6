"""The shape of the code: what may import what, and where output goes."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from clerk_mcp.cli import FOR_PEOPLE
from clerk_tools.catalog import operations

ROOT = Path(__file__).parent.parent
SOURCES = {"clerk_tools": "tools", "clerk_mcp": "server", "clerk_sandbox": "sandbox"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
USED_UNSEEN = {"httptools", "uvloop"}
"""Imported by uvicorn and anyio where they are there, which they should be."""
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
    "bulk": {"upstream", "offering", "answering", "confirming", "auditing", "calling"},
    "protocol": {"upstream", "offering", "answering", "confirming", "calling", "bulk"},
    # It makes all that is below it from the settings.
    "serve": {"upstream", "offering", "answering", "auditing", "confirming", "calling", "bulk", "protocol"},
    # The pages for people show the trail, and what waits for a person: questions and credentials.
    "hosting": {
        "upstream",
        "offering",
        "answering",
        "auditing",
        "confirming",
        "calling",
        "bulk",
        "protocol",
        "serve",
    },
    "commands": {
        "upstream",
        "offering",
        "answering",
        "auditing",
        "confirming",
        "calling",
        "bulk",
        "protocol",
        "serve",
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


def third_party(path: Path) -> set[str]:
    tops = {name.partition(".")[0] for name in imported_by(path)}
    return tops - set(sys.stdlib_module_names) - set(SOURCES)


def plain(name: str) -> str:
    """A distribution's name as PyPI compares it."""
    return re.sub("[-_.]+", "-", name).lower()


def named_in(requirements: list[str]) -> set[str]:
    return {plain(re.split(r"[^\w.-]", each)[0]) for each in requirements}


BASE = named_in(PROJECT["dependencies"])
CLI = named_in(PROJECT["optional-dependencies"]["cli"])
SOURCE_OF = {
    module: {plain(name) for name in distributions}
    for module, distributions in packages_distributions().items()
}
"""The distributions that install a module."""


def test_every_package_that_is_imported_is_declared() -> None:
    """And what only the extra [cli] brings, only by the commands for people."""
    for path in (path for package in SOURCES for path in files_of(package)):
        allowed = BASE | CLI if "commands" in path.parts else BASE
        for module in third_party(path):
            assert SOURCE_OF[module] & allowed, f"{path} imports {module}"


def test_every_package_that_is_declared_is_imported() -> None:
    imported = {name for package in SOURCES for path in files_of(package) for name in third_party(path)}
    assert {source for module in imported for source in SOURCE_OF[module]} >= (BASE | CLI) - USED_UNSEEN


def test_the_command_knows_what_the_extra_for_people_installs() -> None:
    imported = {name for path in files_of("clerk_mcp") for name in third_party(path)}
    assert {name for name in imported if SOURCE_OF[name] & CLI} == FOR_PEOPLE


def test_a_command_that_lacks_the_extra_says_in_one_line_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules |= dict.fromkeys(sys.argv.pop(1).split(','));"
        "from clerk_mcp.cli import main; main()"
    )
    document = tmp_path / "openapi.yaml"
    document.write_text("openapi: 3.0.0")
    for name, *arguments in (["install", "cursor", "--print"], ["doctor"], ["drift", str(document)]):
        done = subprocess.run(
            [sys.executable, "-c", code, ",".join(FOR_PEOPLE), name, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
        assert done.stderr.startswith(f"clerk-mcp {name} needs ")
        assert 'pip install "clerk-mcp[cli]"' in done.stderr


def test_serving_stdio_imports_nothing_that_only_people_or_hosts_need() -> None:
    code = (
        "import sys; from clerk_mcp.settings import load; from clerk_mcp.serve import make_server;"
        "make_server(load({'sandbox': True})); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {
        *FOR_PEOPLE,
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


def strings_of(path: Path) -> Iterator[tuple[int, str]]:
    """The texts in a module's code, docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def test_what_an_operation_is_stands_in_its_class_alone() -> None:
    """Outside of the declarations no code knows an operation by its id, but the prompts, which are prose."""
    named = re.compile(rf"\b({'|'.join(map(re.escape, operations()))})\b")
    known_by_id = [
        f"{path.relative_to(SERVER)}:{line} names {found[1]}"
        for path in files_of("clerk_mcp")
        for line, text in strings_of(path)
        if path.name != "prompts.py" and (found := named.search(text))
    ]
    assert not known_by_id


NO_VERBS = re.compile(
    r"(A|All|An|Any|As|At|By|Each|Every|For|From|Here|How|If|In|Its?|No|None|Nothing|Of|On|One|That|The|Their"
    r"|There|These|They|This|Those|To|What|When|Where|Whether|Which|Who|Whose|Why|With|Without)\b"
)


def test_a_functions_docstring_begins_with_a_verb() -> None:
    """A property's may name the thing that it is."""
    others = [
        f"{path.relative_to(ROOT)}:{node.lineno} {said.splitlines()[0]}"
        for package in SOURCES
        for path in files_of(package)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (said := ast.get_docstring(node))
        and NO_VERBS.match(said)
        and not any("property" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]
    assert not others
