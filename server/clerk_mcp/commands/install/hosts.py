"""The hosts that `clerk-mcp install` knows: where each keeps its configuration, and what an entry is there.

Paths and shapes are those of the hosts' own documentation.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from clerk_mcp.commands.install.host_files import Format
from clerk_mcp.settings import SettingsError

KEY: Final = "CLERK_SECRET_KEY"
KEY_FILE: Final = "CLERK_SECRET_KEY_FILE"
OWN_NAME: Final = "clerk"
SANDBOX_NAME: Final = "demo"
"""What entries are called. Claude takes 64 characters for `mcp__ENTRY__TOOL`, and the longest tool has 52."""

Platform = Literal["macos", "linux", "windows"]
EntryForm = Literal["plain", "typed", "goose", "codex"]


@dataclass(frozen=True, slots=True)
class Launch:
    """How a host starts this server."""

    command: str
    args: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    from_env: tuple[str, ...] = ()
    """Variables that the host is to take from its own environment."""

    @property
    def is_ours(self) -> bool:
        """Whether what it starts is this server, as far as a command line shows."""
        return self.server_args is not None

    @property
    def server_args(self) -> list[str] | None:
        """The arguments that this server gets; None where what is started is another."""
        words = [Path(self.command.replace("\\", "/")).name.removesuffix(".exe"), *self.args]
        start = next((i for i, word in enumerate(words) if word in ("clerk-mcp", "clerk_mcp")), None)
        return None if start is None else words[start + 1 :]


@dataclass(frozen=True, slots=True)
class Host:
    """A program that starts MCP servers."""

    id: str
    title: str
    format: Format
    section: str
    """The key under which servers stand, by name."""
    paths: Mapping[Platform, str]
    entry_form: EntryForm = "plain"
    reference: str | None = None
    """How an entry refers to a variable of the host's environment, `NAME` standing for its name."""
    msix: str | None = None
    """The name, as a pattern, of its Windows package, which sees an %APPDATA% of its own."""
    tool_name: str = "mcp__ENTRY__TOOL"
    """How it calls a tool to its model."""
    longest_name: int = 64
    """Characters that such a name may have; the models of most providers take no longer one."""

    def path(self, platform: Platform, environ: Mapping[str, str], home: Path) -> Path:
        """Where the user's configuration is."""
        appdata = environ.get("APPDATA") or home / "AppData" / "Roaming"
        places = {
            "home": home,
            "config": environ.get("XDG_CONFIG_HOME") or home / ".config",
            "appdata": self._packaged(environ, home) or appdata,
            "claude": environ.get("CLAUDE_CONFIG_DIR") or home,
            "codex": environ.get("CODEX_HOME") or home / ".codex",
            "gemini": environ.get("GEMINI_CLI_HOME") or home,
        }
        return Path(self.paths[platform].format_map(places))

    def _packaged(self, environ: Mapping[str, str], home: Path) -> Path | None:
        local = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
        found = sorted((local / "Packages").glob(self.msix)) if self.msix else []
        return found[0] / "LocalCache" / "Roaming" if found else None

    def too_long(self, name: str, tools: Iterable[str]) -> list[str]:
        """The tools whose names, in an entry called `name`, are longer than this host takes."""
        return [tool for tool in tools if len(self.called(name, tool)) > self.longest_name]

    def called(self, name: str, tool: str) -> str:
        """What a tool of an entry is called here."""
        return self.tool_name.replace("ENTRY", name).replace("TOOL", tool)

    @property
    def takes_variables(self) -> bool:
        """Whether an entry can have the key from the host's environment."""
        return self.reference is not None or self.entry_form in ("goose", "codex")

    def entry(self, name: str, launch: Launch) -> dict[str, Any]:
        """The entry that starts a server in this host."""
        if self.entry_form == "goose":
            return {
                "enabled": True,
                "type": "stdio",
                "name": name,
                "description": "Runs Clerk's Backend API",
                "cmd": launch.command,
                "args": launch.args,
                "envs": launch.env,
                "env_keys": list(launch.from_env),
                "timeout": 300,
            }
        entry: dict[str, Any] = {"type": "stdio"} if self.entry_form == "typed" else {}
        entry |= {"command": launch.command, "args": launch.args}
        env = dict(launch.env)
        if self.entry_form == "codex" and launch.from_env:
            entry["env_vars"] = list(launch.from_env)
        elif self.reference:
            env |= {name: self.reference.replace("NAME", name) for name in launch.from_env}
        return {**entry, "env": env} if env else entry

    def launch(self, entry: object) -> Launch | None:
        """What an entry starts; None where it starts no program."""
        entry = entry if isinstance(entry, Mapping) else {}
        command, args = entry.get("cmd" if self.entry_form == "goose" else "command"), entry.get("args") or []
        if not isinstance(command, str) or not isinstance(args, list):
            return None
        env = entry.get("envs" if self.entry_form == "goose" else "env") or {}
        from_env = entry.get("env_keys" if self.entry_form == "goose" else "env_vars") or []
        return Launch(
            command,
            [str(arg) for arg in args],
            {str(k): str(v) for k, v in env.items()} if isinstance(env, Mapping) else {},
            # Codex takes tables beside names: {name = "…", source = "…"}.
            tuple(str(given.get("name") if isinstance(given, Mapping) else given) for given in from_env),
        )


def _everywhere(path: str) -> Mapping[Platform, str]:
    return {"macos": path, "linux": path, "windows": path}


_SUPPORT: Final = "{home}/Library/Application Support"

HOSTS: Final[Mapping[str, Host]] = {
    host.id: host
    for host in (
        Host(
            "claude-desktop",
            "Claude Desktop",
            "json",
            "mcpServers",
            {
                "macos": f"{_SUPPORT}/Claude/claude_desktop_config.json",
                "linux": "{config}/Claude/claude_desktop_config.json",
                "windows": "{appdata}/Claude/claude_desktop_config.json",
            },
            msix="Claude_*",
        ),
        Host(
            "claude-code",
            "Claude Code",
            "json",
            "mcpServers",
            _everywhere("{claude}/.claude.json"),
            entry_form="typed",
            # Without the default, the key of somebody who has set none would be the text of the reference.
            reference="${NAME:-}",
        ),
        Host(
            "cursor",
            "Cursor",
            "jsonc",
            "mcpServers",
            _everywhere("{home}/.cursor/mcp.json"),
            reference="${env:NAME}",
            tool_name="ENTRYTOOL",
            longest_name=60,
        ),
        Host(
            "vscode",
            "VS Code",
            "jsonc",
            "servers",
            {
                "macos": f"{_SUPPORT}/Code/User/mcp.json",
                "linux": "{config}/Code/User/mcp.json",
                "windows": "{appdata}/Code/User/mcp.json",
            },
            entry_form="typed",
            reference="${env:NAME}",
        ),
        Host(
            "windsurf",
            "Windsurf",
            "json",
            "mcpServers",
            _everywhere("{home}/.codeium/windsurf/mcp_config.json"),
            reference="${env:NAME}",
        ),
        Host(
            "zed",
            "Zed",
            "jsonc",
            "context_servers",
            {
                "macos": "{home}/.config/zed/settings.json",
                "linux": "{config}/zed/settings.json",
                "windows": "{appdata}/Zed/settings.json",
            },
        ),
        Host(
            "goose",
            "goose",
            "yaml",
            "extensions",
            {
                "macos": "{config}/goose/config.yaml",
                "linux": "{config}/goose/config.yaml",
                "windows": "{appdata}/Block/goose/config/config.yaml",
            },
            entry_form="goose",
        ),
        Host("codex", "Codex", "toml", "mcp_servers", _everywhere("{codex}/config.toml"), entry_form="codex"),
        Host(
            "gemini-cli",
            "Gemini CLI",
            "jsonc",
            "mcpServers",
            _everywhere("{gemini}/.gemini/settings.json"),
            reference="$NAME",
        ),
    )
}

OTHER: Final = Host("other", "Your host", "json", "mcpServers", {}, reference="${NAME}")
"""The form that most other hosts take."""


def platform_here() -> Platform:
    """Which of the three the paths of this machine follow."""
    return {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")  # type: ignore[return-value]  # the table's own values


def path_here(host: Host) -> Path:
    """Where a host's configuration is for the user who runs this.

    Raises:
        SettingsError: nobody knows where that user's home is.
    """
    try:
        return host.path(platform_here(), os.environ, Path.home())
    except RuntimeError:
        raise SettingsError(
            "There is no home directory to look for hosts in: set HOME, or name the host's file with --config"
        ) from None


def command_here() -> list[str]:
    """The command that starts this installation, found without the PATH, which hosts often lack."""
    script = Path(sys.executable).parent / ("clerk-mcp.exe" if sys.platform == "win32" else "clerk-mcp")
    on_path = shutil.which("clerk-mcp")
    if on_path and Path(on_path).resolve() == script.resolve():
        # Such as ~/.local/bin/clerk-mcp, which outlives an upgrade of what it points to.
        return [os.path.abspath(on_path)]
    return [str(script)] if script.exists() else [sys.executable, "-m", "clerk_mcp"]


def is_temporary_installation() -> bool:
    """Whether this runs from a cache that is emptied some day, as with uvx and `pipx run`."""
    return bool({".cache", "Caches", "cache", "Cache"} & set(Path(sys.prefix).parts))


_REFERENCE: Final = re.compile(r"\$\{(?:env:)?(?P<braced>\w+)(?::-(?P<default>[^}]*))?\}|\$(?P<bare>\w+)")


def resolved(launch: Launch, environ: Mapping[str, str]) -> Launch:
    """The launch with the variables that it refers to, as the host would fill them in.

    Raises:
        LookupError: a variable is not set, or only the host can tell (VS Code's inputs); it is the message.
    """

    def value(match: re.Match[str]) -> str:
        name, default = match["braced"] or match["bare"], match["default"]
        if (found := environ.get(name, default)) is None:
            raise LookupError(name)
        return found

    def text(given: str) -> str:
        if "${input:" in given:
            raise LookupError(given)
        return _REFERENCE.sub(value, given)

    handed_on = {name: text(f"${{{name}}}") for name in launch.from_env}
    env = handed_on | {name: text(given) for name, given in launch.env.items()}
    return Launch(text(launch.command), [text(arg) for arg in launch.args], env)
