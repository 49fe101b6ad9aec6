"""Builds and checks what is handed out: wheel, sdist, `server.json`, the MCP bundle and the plugins.

python -m release.build           into dist/
python -m release.build --check   exit 1 where server.json is stale
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import jsonschema

from release.manifests import PROJECT, ROOT, bundle_manifest, bundle_pyproject, server_json
from release.plugins import pack_plugins
from release.registry_schema import SERVER_JSON

PACKAGES: Final = {"clerk_mcp", "clerk_sandbox", "clerk_tools"}
_PACKER: Final = ["npm", "exec", "--yes", "--package=@anthropic-ai/mcpb@2.1.2", "--", "mcpb"]
"""The official packer of MCP bundles; it needs Node."""


class Unfit(Exception):
    """What was built is not fit to be handed out."""


def say(line: str) -> None:
    """Tell whoever builds."""
    sys.stdout.write(f"{line}\n")


def build_python(target: Path) -> Path:
    """Build wheel and sdist into a directory and check both. Returns the wheel."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603  # our own command
    stem = f"clerk_mcp-{PROJECT['version']}"
    wheel = target / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    if stray := {name.partition("/")[0] for name in names} - PACKAGES - {f"{stem}.dist-info"}:
        raise Unfit(f"{wheel.name} would install {', '.join(sorted(stray))}")
    if f"{stem}.dist-info/licenses/LICENSE" not in names:
        raise Unfit(f"{wheel.name} has no licence")
    with tarfile.open(target / f"{stem}.tar.gz") as sources:
        missing = {"LICENSE", "README.md", "pyproject.toml"} - {
            name.removeprefix(f"{stem}/") for name in sources.getnames()
        }
    if missing:
        raise Unfit(f"{stem}.tar.gz lacks {', '.join(sorted(missing))}")
    return wheel


def fresh_server_json() -> str:
    """The text of `server.json`, checked against the registry's schema."""
    value = server_json()
    jsonschema.validate(value, SERVER_JSON)
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def build_bundle(wheel: Path, target: Path, tell: Callable[[str], None] = say) -> Path | None:
    """Pack the wheel as an MCP bundle with the official packer, which validates its manifest.

    Returns:
        The bundle; None where there is no Node, or the packer cannot be had.
    """
    if shutil.which("npm") is None or not _packer_is_there():
        tell("MCP bundle: skipped, for it needs Node and the packer @anthropic-ai/mcpb from npm")
        return None
    bundle = target / f"clerk-mcp-{PROJECT['version']}.mcpb"
    with tempfile.TemporaryDirectory() as directory:
        inside = Path(directory)
        shutil.copy(wheel, inside)
        shutil.copy(ROOT / "release" / "bundle" / "main.py", inside)
        shutil.copy(ROOT / "LICENSE", inside)
        (inside / "pyproject.toml").write_text(bundle_pyproject(wheel.name), encoding="utf-8")
        (inside / "manifest.json").write_text(
            json.dumps(bundle_manifest(), indent=2, ensure_ascii=False), encoding="utf-8"
        )
        done = subprocess.run(  # noqa: S603  # our own command
            [*_PACKER, "pack", str(inside), str(bundle)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise Unfit(f"the bundle is not valid:\n{done.stdout}{done.stderr}")
    return bundle


def _packer_is_there() -> bool:
    done = subprocess.run([*_PACKER, "--version"], capture_output=True, check=False)  # noqa: S603  # our own command
    return done.returncode == 0


def main(check: bool) -> int:
    """Build everything, or only check what is committed. Returns the exit status."""
    committed = ROOT / "server.json"
    fresh = fresh_server_json()
    if check:
        stale = not committed.exists() or committed.read_text(encoding="utf-8") != fresh
        if stale:
            sys.stderr.write("server.json is stale: run make dist\n")
        return int(stale)
    committed.write_text(fresh, encoding="utf-8")
    target = ROOT / "dist"
    try:
        wheel = build_python(target)
        bundle = build_bundle(wheel, target)
        plugins = pack_plugins(target)
    except Unfit as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    for path in (
        wheel,
        wheel.with_name(f"clerk_mcp-{PROJECT['version']}.tar.gz"),
        bundle,
        plugins,
        committed,
    ):
        if path:
            say(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
