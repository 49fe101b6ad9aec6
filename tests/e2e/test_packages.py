"""What is handed out, as somebody gets it who has nothing else: built here, used in an empty directory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from release.build import PACKAGES, build_bundle, build_python, fresh_server_json
from release.manifests import PROJECT, REGISTRY_NAME, ROOT, bundle_manifest, server_json
from release.registry_schema import SERVER_JSON

from clerk_tools.catalog import operations
from tests.calling import text_of

UV = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
UVX = shutil.which("uvx") or shutil.which("uvx", path=str(Path(sys.executable).parent))
FOREIGN = ("CLERK_", "XDG_", "VIRTUAL_ENV", "PYTHON")
"""Variables of this environment that a newcomer does not have."""
needs_uv = pytest.mark.skipif(UV is None or UVX is None, reason="uv is not there")


def run(command: list[str], cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody without this checkout, and with a home of their own."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("CLERK_", "XDG_", "VIRTUAL_ENV", "PYTHON"))
    }
    return subprocess.run(
        command,
        cwd=cwd,
        env={**kept, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not os.environ.get("PACKAGES"):
        pytest.skip("to build and install takes a minute: `make packages` runs this")
    return build_python(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the commands of an environment that holds the wheel and what it asks for."""
    place = tmp_path_factory.mktemp("installed") / "venv"
    if UV:
        steps = [[UV, "venv", "-q", "-p", sys.executable, str(place)]]
        steps += [[UV, "pip", "install", "-q", "--python", str(place), f"{wheel}[cli]"]]
    else:
        steps = [[sys.executable, "-m", "venv", str(place)]]
        steps += [[str(place / "bin" / "python"), "-m", "pip", "install", "-q", f"{wheel}[cli]"]]
    for step in steps:
        done = run(step, place.parent)
        assert done.returncode == 0, done.stderr
    return place / ("Scripts" if sys.platform == "win32" else "bin")


@pytest.fixture(scope="session")
def bundle(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    told: list[str] = []
    packed = build_bundle(wheel, tmp_path_factory.mktemp("bundle"), told.append)
    return packed or pytest.skip(told[0])


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An empty directory that is also the home."""
    return tmp_path


def test_the_wheel_installs_its_three_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
        metadata = archive.read(f"clerk_mcp-{PROJECT['version']}.dist-info/METADATA").decode()
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES
    assert "License-Expression: MIT" in metadata
    # The MCP registry takes a package for ours when its description says so.
    assert f"mcp-name: {REGISTRY_NAME}" in metadata


def test_the_sdist_is_the_repository_and_its_tests_run_from_it(wheel: Path, empty: Path) -> None:
    with tarfile.open(wheel.with_name(f"clerk_mcp-{PROJECT['version']}.tar.gz")) as sources:
        sources.extractall(empty, filter="data")
    [unpacked] = empty.iterdir()
    held = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    tracked = run(["git", "ls-files", "-z"], ROOT)
    if tracked.returncode == 0:
        assert set(filter(None, tracked.stdout.split("\0"))) <= held
    steps = run(["make", "--dry-run", "test"], unpacked)
    assert "-m pytest" in steps.stdout, steps.stderr
    sources_of_ours = os.pathsep.join(str(unpacked / name) for name in ("tools", "server", "sandbox"))
    collected = run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"],
        unpacked,
        PYTHONPATH=sources_of_ours,
    )
    assert collected.returncode == 0, collected.stdout[-3000:]


def test_a_newcomer_gets_through_the_first_five_minutes(installed: Path, empty: Path) -> None:
    def clerk_mcp(*arguments: str) -> str:
        done = run([str(installed / "clerk-mcp"), *arguments], empty, HOME=str(empty), USERPROFILE=str(empty))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert PROJECT["version"] in clerk_mcp("--version")
    report = clerk_mcp("doctor", "--sandbox").partition("\n\n")[0]
    assert {line.split()[0] for line in report.splitlines()} == {"ok"}
    assert [row["tool"] for row in json.loads(clerk_mcp("tools", "--json"))] == list(operations())
    called = json.loads(clerk_mcp("call", "--sandbox", "Users_listSortedByCreationDate", "limit=2"))
    assert len(called["items"]) == 2
    shown = clerk_mcp("install", "cursor", "--sandbox", "--dry-run")
    assert f'+      "command": "{installed / "clerk-mcp"}",' in shown.splitlines()
    assert "Restart" not in shown
    assert list(empty.iterdir()) == []


def test_what_install_writes_is_what_doctor_then_starts(installed: Path, empty: Path) -> None:
    command = str(installed / "clerk-mcp")
    for host in ("claude-code", "goose", "codex"):
        assert run([command, "install", host, "--sandbox"], empty, HOME=str(empty)).returncode == 0
    report = json.loads(run([command, "doctor", "--sandbox", "--json"], empty, HOME=str(empty)).stdout)
    started = {f["check"] for f in report["findings"] if '"demo" starts' in f["message"]}
    assert started == {"claude-code", "goose", "codex"}
    assert report["ok"]


@needs_uv
def test_uvx_runs_the_wheel(wheel: Path, empty: Path) -> None:
    done = run([str(UVX), "-q", "--from", str(wheel), "clerk-mcp", "--version"], empty)
    if done.returncode and "fetch" in done.stderr:
        pytest.skip("the packages that the wheel asks for cannot be had here")
    assert PROJECT["version"] in done.stdout, done.stderr


@needs_uv
def test_pipx_installs_the_wheel(wheel: Path, empty: Path) -> None:
    pipx = [shutil.which("pipx") or ""] if shutil.which("pipx") else [str(UVX), "-q", "pipx"]
    if run([*pipx, "--version"], empty).returncode:
        pytest.skip("pipx cannot be had here")
    done = run(
        [*pipx, "install", f"{wheel}[cli]"],
        empty,
        PIPX_HOME=str(empty / "p"),
        PIPX_BIN_DIR=str(empty / "bin"),
    )
    assert done.returncode == 0, done.stderr
    assert PROJECT["version"] in run([str(empty / "bin" / "clerk-mcp"), "--version"], empty).stdout


def test_server_json_is_fresh_and_fits_the_registrys_schema() -> None:
    committed = (ROOT / "server.json").read_text(encoding="utf-8")
    assert committed == fresh_server_json()
    key = next(v for v in json.loads(committed)["packages"][0]["environmentVariables"] if "KEY" in v["name"])
    assert key["isSecret"] is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "clerk-mcp"),
        ("description", "x" * 101),
        ("version", "latest"),
        ("packages", [{"identifier": "clerk-mcp"}]),
        (
            "packages",
            [
                {
                    "registryType": "pypi",
                    "identifier": "x",
                    "transport": {"type": "stdio"},
                    "version": "latest",
                }
            ],
        ),
    ],
)
def test_the_check_of_server_json_notices_what_the_registry_refuses(name: str, value: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**server_json(), name: value}, SERVER_JSON)


def test_the_bundle_asks_for_the_key_as_a_secret_and_lists_every_tool() -> None:
    manifest = bundle_manifest()
    assert manifest["user_config"]["clerk_secret_key"]["sensitive"] is True
    assert {tool["name"] for tool in manifest["tools"]} >= set(operations())
    asked = {f"${{user_config.{name}}}" for name in manifest["user_config"]}
    assert set(manifest["server"]["mcp_config"]["env"].values()) == asked


@needs_uv
@pytest.mark.anyio
async def test_the_official_packer_accepts_the_bundle_and_the_bundle_serves(
    bundle: Path, empty: Path
) -> None:
    inside = empty / "unpacked"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(inside)  # noqa: S202  # our own
    manifest = json.loads((inside / "manifest.json").read_text())
    start = manifest["server"]["mcp_config"]
    chosen = {"sandbox": "true", "read_only": "false", "confirm": "live"}
    host = StdioServerParameters(
        command=str(UV),
        args=[arg.replace("${__dirname}", str(inside)) for arg in start["args"]],
        env={
            name: chosen.get(text.removeprefix("${user_config.").removesuffix("}"), "")
            for name, text in start["env"].items()
        }
        | {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)},
    )
    async with Client(host) as client:
        listed = [tool.name for tool in (await client.list_tools()).tools]
        called = await client.call_tool("Users_getTotalCount", {})
    assert listed == [tool["name"] for tool in manifest["tools"]]
    assert json.loads(text_of(called))["total_count"] > 20
