"""The links that make VS Code and Cursor offer to add this server, at one click."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from clerk_mcp.commands.install.hosts import HOSTS, KEY, Launch

_SANDBOX = Launch("clerk-mcp", ["--sandbox"])
_OWN = Launch("clerk-mcp", from_env=(KEY,))

_ASKED = {
    "type": "promptString",
    "id": "clerk-secret-key",
    "description": "Secret key of your Clerk instance (sk_test_… or sk_live_…)",
    "password": True,
}
"""VS Code asks for the key when the server starts first, and keeps it in the system's key store."""


def install_links() -> str:
    """A table of the links, by host and by what the server runs on."""

    def row(host: str, link: Callable[[str, Launch], str], key: str) -> str:
        return f"| {host} | [Add]({link('demo', _SANDBOX)}) | [Add]({link('clerk', _OWN)}), {key} |"

    return "\n".join(
        [
            "| | the sandbox | your own instance |",
            "|---|---|---|",
            row("VS Code", _vscode, "asks for the key"),
            row("Cursor", _cursor, f"takes `{KEY}` from its environment"),
        ]
    )


def _vscode(name: str, launch: Launch) -> str:
    config = HOSTS["vscode"].entry(name, Launch(launch.command, launch.args))
    query = {"name": name}
    if launch.from_env:
        config["env"] = {KEY: f"${{input:{_ASKED['id']}}}"}
        query["inputs"] = _json([_ASKED])
    query["config"] = _json(config)
    return f"https://insiders.vscode.dev/redirect/mcp/install?{urlencode(query, quote_via=quote)}"


def _cursor(name: str, launch: Launch) -> str:
    config = base64.b64encode(_json(HOSTS["cursor"].entry(name, launch)).encode()).decode()
    return f"https://cursor.com/en/install-mcp?{urlencode({'name': name, 'config': config})}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
