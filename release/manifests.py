"""What hosts and the MCP registry read about the server, made from the project's own declarations."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final, get_args

import anyio
from mcp import Client

from clerk_mcp.serve import make_server
from clerk_mcp.settings import Settings, load, variable
from clerk_tools.catalog import operations

ROOT: Final = Path(__file__).parent.parent
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]

REPOSITORY: Final[str] = PROJECT["urls"]["Repository"]
REGISTRY_NAME: Final = "io.github." + REPOSITORY.removeprefix("https://github.com/")
"""The name in the MCP registry, whose namespace belongs to the repository's owner. The registry looks for the
same name in the README of the package."""

OFFERED: Final = ("clerk_secret_key", "sandbox", "read_only", "toolsets", "confirm", "audit_log")
"""The settings that a host should ask its user for; all others are for those who read the documents."""

_TITLES: Final = {
    "clerk_secret_key": "Clerk secret key",
    "sandbox": "Sandbox",
    "read_only": "Read only",
    "toolsets": "Toolsets",
    "confirm": "Confirmation",
    "audit_log": "Audit trail",
}


def _is_secret(name: str) -> bool:
    return "SecretStr" in str(Settings.model_fields[name].annotation)


def _choices(name: str) -> list[str]:
    return [choice for choice in get_args(Settings.model_fields[name].annotation) if isinstance(choice, str)]


def server_json() -> dict[str, Any]:
    """The registry's `server.json`, in the schema of 2025-12-11."""
    return {
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": REGISTRY_NAME,
        "title": "Clerk",
        "description": PROJECT["description"],
        "repository": {"url": REPOSITORY, "source": "github"},
        "version": PROJECT["version"],
        "packages": [
            {
                "registryType": "pypi",
                "identifier": PROJECT["name"],
                "version": PROJECT["version"],
                "runtimeHint": "uvx",
                "transport": {"type": "stdio"},
                "environmentVariables": [_variable(name) for name in OFFERED],
            }
        ],
    }


def _variable(name: str) -> dict[str, Any]:
    info = Settings.model_fields[name]
    is_switch = info.annotation is bool
    described: dict[str, Any] = {
        "name": variable(name),
        "description": info.description,
        "format": "boolean" if is_switch else "string",
    }
    if _is_secret(name):
        described["isSecret"] = True
    if choices := _choices(name):
        described |= {"choices": choices, "default": info.default}
    elif is_switch:
        described["default"] = "false"
    return described


def bundle_manifest() -> dict[str, Any]:
    """The `manifest.json` of the MCP bundle, in version 0.4: the host's own uv installs what is needed."""
    return {
        "manifest_version": "0.4",
        "name": PROJECT["name"],
        "display_name": "Clerk",
        "version": PROJECT["version"],
        "description": PROJECT["description"],
        "author": {"name": "The clerk-mcp authors"},
        "license": PROJECT["license"],
        "keywords": PROJECT["keywords"],
        "server": {
            "type": "uv",
            "entry_point": "main.py",
            "mcp_config": {
                "command": "uv",
                "args": ["run", "--directory", "${__dirname}", "main.py"],
                "env": {variable(name): f"${{user_config.{name}}}" for name in OFFERED},
            },
        },
        "tools": anyio.run(_tools),
        "user_config": {name: _option(name) for name in OFFERED},
        "compatibility": {
            "platforms": ["darwin", "win32", "linux"],
            "runtimes": {"python": PROJECT["requires-python"]},
        },
    }


async def _tools() -> list[dict[str, Any]]:
    """Every tool, as the server itself lists it."""
    async with Client(make_server(load({"sandbox": True, "toolsets": "all"}))) as client:
        listed = (await client.list_tools()).tools
    if missing := set(operations()) - {tool.name for tool in listed}:
        raise SystemExit(
            f"the server does not list {', '.join(sorted(missing))}: unset CLERK_MCP_* and try again"
        )
    return [{"name": tool.name, "description": tool.description} for tool in listed]


def _option(name: str) -> dict[str, Any]:
    info = Settings.model_fields[name]
    default = info.default if info.default not in (None, ()) else ""
    option: dict[str, Any] = {
        "type": "boolean" if info.annotation is bool else "string",
        "title": _TITLES[name],
        "description": info.description,
        "required": False,
    }
    # Without a default, a host hands on the name of an option that its user left empty.
    option["default"] = default
    return {**option, "sensitive": True} if _is_secret(name) else option


def bundle_pyproject(wheel: str) -> str:
    """The bundle's `pyproject.toml`: the wheel beside it, and nothing else."""
    return (
        "[project]\n"
        'name = "clerk-mcp-bundle"\n'
        f'version = "{PROJECT["version"]}"\n'
        f'requires-python = "{PROJECT["requires-python"]}"\n'
        'dependencies = ["clerk-mcp"]\n'
        "\n"
        "[tool.uv]\n"
        "package = false\n"
        "\n"
        "[tool.uv.sources]\n"
        f'clerk-mcp = {{ path = "{wheel}" }}\n'
    )
