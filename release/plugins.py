"""Plugins for hosts that have them: each a directory with the server's entry and the same skills.

Claude Code, Codex and Cursor read a manifest in a directory of their own name, Gemini CLI one beside the
skills. The skills are those of `release/skills`; the entry is what `clerk-mcp install` would write, but with
`uvx`, for whoever installs a plugin may have nothing else.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from clerk_mcp.commands.install.hosts import HOSTS, KEY, Launch
from clerk_mcp.instance import OWN_NAME
from clerk_mcp.settings import Settings
from release.manifests import PROJECT, REPOSITORY, ROOT

SKILLS: Final = ROOT / "release" / "skills"
NAME: Final = "clerk"
_LAUNCH: Final = Launch("uvx", ["clerk-mcp"], from_env=(KEY,))

_ABOUT: Final[dict[str, Any]] = {
    "name": NAME,
    "version": PROJECT["version"],
    "description": PROJECT["description"],
}
_ORIGIN: Final[dict[str, Any]] = {
    "author": {"name": "clerk-mcp contributors", "url": REPOSITORY},
    "homepage": REPOSITORY,
    "repository": REPOSITORY,
    "license": PROJECT["license"],
    "keywords": ["clerk", "users", "organizations", "authentication", "mcp"],
}


def plugins() -> dict[str, dict[str, Any]]:
    """The files of each plugin beside the skills, by host and path; each is JSON."""
    return {
        "claude-code": {
            ".claude-plugin/plugin.json": {**_ABOUT, **_ORIGIN},
            ".mcp.json": _servers("claude-code"),
        },
        "gemini-cli": {
            "gemini-extension.json": {
                **_ABOUT,
                **_servers("gemini-cli"),
                "settings": [
                    {
                        "name": "Clerk secret key",
                        "description": Settings.model_fields["clerk_secret_key"].description,
                        "envVar": KEY,
                        "sensitive": True,
                    }
                ],
            }
        },
        "codex": {
            ".codex-plugin/plugin.json": {
                **_ABOUT,
                **_ORIGIN,
                "skills": "./skills/",
                "mcpServers": "./.mcp.json",
            },
            ".mcp.json": _servers("codex"),
        },
        "cursor": {
            ".cursor-plugin/plugin.json": {**_ABOUT, "displayName": "Clerk", **_ORIGIN},
            "mcp.json": _servers("cursor"),
        },
    }


def _servers(host: str) -> dict[str, Any]:
    return {"mcpServers": {OWN_NAME: HOSTS[host].entry(OWN_NAME, _LAUNCH)}}


def write_plugins(target: Path) -> list[Path]:
    """Write each plugin into a directory of its own below `target`, and return those directories."""
    made = []
    for host, files in plugins().items():
        directory = target / host
        shutil.rmtree(directory, ignore_errors=True)
        for name, value in files.items():
            _write(directory / name, value)
        shutil.copytree(SKILLS, directory / "skills")
        shutil.copy(ROOT / "LICENSE", directory)
        made.append(directory)
    return made


def pack_plugins(target: Path) -> Path:
    """Pack all plugins into one archive, a directory for each host. Returns the archive."""
    archive = target / f"clerk-mcp-{PROJECT['version']}-plugins"
    with tempfile.TemporaryDirectory() as directory:
        write_plugins(Path(directory))
        return Path(shutil.make_archive(str(archive), "zip", directory))


def _write(path: Path, value: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
