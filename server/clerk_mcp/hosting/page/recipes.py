"""How each common host is told of a server that is reached over HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to run, or to put where."""

    host: str
    where: str
    text: str


def recipes(origin: str, auth: Literal["none", "bearer", "oauth", "clerk-key"]) -> list[Recipe]:
    """One for each host.

    Args:
        origin: of the server, such as `https://mcp.example.com`.
        auth: what it asks callers for; with `oauth` and `none`, hosts need no credential beforehand.
    """
    url = f"{origin}/mcp"
    credential = {"bearer": "YOUR_TOKEN", "clerk-key": "YOUR_CLERK_SECRET_KEY"}.get(auth)
    bearer = f"Bearer {credential}"
    headers: dict[str, Any] = {"headers": {"Authorization": bearer}} if credential else {}
    flag = f' --header "Authorization: {bearer}"' if credential else ""
    bridge: dict[str, Any] = {"command": "npx", "args": ["-y", "mcp-remote", url]}
    if credential:
        # In a variable, because of its space: Claude Desktop on Windows tears such an argument apart.
        bridge["args"] += ["--header", "Authorization:${AUTHORIZATION}"]
        bridge["env"] = {"AUTHORIZATION": bearer}
    token = '\nbearer_token_env_var = "CLERK_MCP_TOKEN"' if credential else ""
    return [
        Recipe("Claude Code", "Run in a terminal", f"claude mcp add --transport http clerk {url}{flag}"),
        Recipe(
            "Claude Desktop",
            "claude_desktop_config.json",
            _json({"mcpServers": {"clerk": bridge}}),
        ),
        Recipe("Cursor", "~/.cursor/mcp.json", _json({"mcpServers": {"clerk": {"url": url, **headers}}})),
        Recipe(
            "VS Code",
            ".vscode/mcp.json",
            _json({"servers": {"clerk": {"type": "http", "url": url, **headers}}}),
        ),
        Recipe("Codex", "~/.codex/config.toml", f'[mcp_servers.clerk]\nurl = "{url}"{token}'),
        Recipe(
            "Gemini CLI",
            "~/.gemini/settings.json",
            _json({"mcpServers": {"clerk": {"httpUrl": url, **headers}}}),
        ),
        Recipe(
            "Hosts that know only SSE",
            "Their list of servers",
            _json({"mcpServers": {"clerk": {"url": f"{origin}/sse", **headers}}}),
        ),
    ]


def _json(value: object) -> str:
    return json.dumps(value, indent=2)
