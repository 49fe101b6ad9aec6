"""How each common host is told of a server that is reached over HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from clerk_mcp.instance import name_in_hosts


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to run, or to put where."""

    host: str
    where: str
    text: str


def _sse(url: str, instance: str | None) -> str:
    """Return the address of legacy SSE beside an MCP endpoint's."""
    below = f"/{instance}" if instance else ""
    return f"{url.removesuffix(f'/mcp{below}')}/sse{below}"


def recipes(
    url: str, auth: Literal["none", "bearer", "oauth", "clerk-key"], instance: str | None = None
) -> list[Recipe]:
    """Return one for each host.

    Args:
        url: the MCP endpoint's address, such as `https://mcp.example.com/mcp`.
        auth: what it asks callers for; with `oauth` and `none`, hosts need no credential beforehand.
        instance: the name of the instance that is reached there, where it has one.
    """
    name = name_in_hosts(instance)
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
    yaml_headers = f'\n    headers:\n      Authorization: "{bearer}"' if credential else ""
    # Its `openclaw mcp login clerk` opens the browser.
    openclaw = {"auth": "oauth"} if auth == "oauth" else {}

    def servers(*section: str, **entry: Any) -> str:
        found: dict[str, Any] = {name: {**entry, **headers}}
        for each in reversed(section):
            found = {each: found}
        return _json(found)

    known = [
        Recipe("Claude Code", "Run in a terminal", f"claude mcp add --transport http {name} {url}{flag}"),
        Recipe("Claude Desktop", "claude_desktop_config.json", _json({"mcpServers": {name: bridge}})),
        Recipe("Cursor", "~/.cursor/mcp.json", servers("mcpServers", url=url)),
        Recipe("VS Code", ".vscode/mcp.json", servers("servers", type="http", url=url)),
        Recipe("Codex", "~/.codex/config.toml", f'[mcp_servers.{name}]\nurl = "{url}"{token}'),
        Recipe("Gemini CLI", "~/.gemini/settings.json", servers("mcpServers", httpUrl=url)),
        Recipe("Qwen Code", "~/.qwen/settings.json", servers("mcpServers", httpUrl=url)),
        Recipe("opencode", "~/.config/opencode/opencode.json", servers("mcp", type="remote", url=url)),
        Recipe(
            "GitHub Copilot CLI",
            "~/.copilot/mcp-config.json",
            servers("mcpServers", type="http", url=url, tools=["*"]),
        ),
        Recipe("Devin Desktop", "~/.config/devin/mcp_config.json", servers("mcpServers", url=url)),
        Recipe("Antigravity", "~/.gemini/antigravity/mcp_config.json", servers("mcpServers", serverUrl=url)),
        Recipe("Zed", "~/.config/zed/settings.json", servers("context_servers", url=url)),
        Recipe("Kiro", "~/.kiro/settings/mcp.json", servers("mcpServers", url=url)),
        Recipe("Warp", "~/.warp/.mcp.json", servers("mcpServers", url=url)),
        Recipe("Amp", "~/.config/amp/settings.json", servers("amp.mcpServers", url=url)),
        Recipe("Hermes", "~/.hermes/config.yaml", f"mcp_servers:\n  {name}:\n    url: {url}{yaml_headers}"),
        Recipe(
            "OpenClaw",
            "~/.openclaw/openclaw.json",
            servers("mcp", "servers", url=url, transport="streamable-http", **openclaw),
        ),
        Recipe(
            "Hosts that know only SSE",
            "Their list of servers",
            servers("mcpServers", url=_sse(url, instance)),
        ),
    ]
    if credential is None:
        # Connectors can open a browser, and have no place for a header.
        known.insert(1, Recipe("Claude on the web and on phones", "Settings, Connectors, Add custom", url))
    return known


def _json(value: object) -> str:
    return json.dumps(value, indent=2)
