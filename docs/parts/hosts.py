"""What `clerk-mcp install` knows of each host, as a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from clerk_mcp.commands.install.hosts import HOSTS, KEY, Host
from clerk_mcp.hosting.console.recipes import recipes
from clerk_mcp.settings import DEFAULT_KEY_FILE

_SEEN: Final = Path(__file__).parent / "hosts_seen.json"
_PLATFORMS: Final = {"macos": "macOS", "linux": "Linux", "windows": "Windows"}


def table() -> str:
    """Each host with its file, and how the key gets from there to the server."""
    rows = [f"| {host.title} | `{host.id}` | {_files(host)} | {_key(host)} |" for host in HOSTS.values()]
    return "\n".join(["| host | `HOST` | its file | the key |", "|---|---|---|---|", *rows])


def seen() -> str:
    """What real hosts said of our entry, as tests/e2e/test_real_hosts.py notes it."""
    found = json.loads(_SEEN.read_text(encoding="utf-8")) if _SEEN.exists() else {}
    rows = [
        f"| {host.title} | {found[id]['version']} | {found[id]['date']} | ✓ | ✓ |"
        f" {'✓' if found[id]['connected'] else 'not asked: it lists without connecting'} | ✓ |"
        for id, host in HOSTS.items()
        if id in found
    ]
    head = "| host | version | tried | installed | listed | connected | uninstalled, to the byte |"
    return "\n".join([head, "|---|---|---|---|---|---|---|", *rows])


def _files(host: Host) -> str:
    paths: dict[str, list[str]] = {}
    for platform in host.paths:
        shown = host.path(platform, {"APPDATA": "%APPDATA%"}, Path("~")).as_posix()
        paths.setdefault(shown, []).append(_PLATFORMS[platform])
    if len(paths) == 1:
        return f"`{next(iter(paths))}`"
    return "<br>".join(f"{', '.join(platforms)}: `{path}`" for path, platforms in paths.items())


def _key(host: Host) -> str:
    if host.takes_variables:
        return f"`{KEY}` of the host's environment"
    return f"the file `{DEFAULT_KEY_FILE}`"


def over_http() -> str:
    """What each host is told of a hosted server whose callers bring a token."""
    lines = []
    for recipe in recipes("https://mcp.example.com/mcp", "bearer"):
        language = _language(recipe.text)
        lines += [f"**{recipe.host}** · {recipe.where}", "", f"```{language}", recipe.text, "```", ""]
    return "\n".join(lines[:-1])


def _language(text: str) -> str:
    first = text.splitlines()[0]
    if first.endswith(":"):
        return "yaml"
    return {"{": "json", "[": "toml", "h": "text"}.get(first[0], "sh")
