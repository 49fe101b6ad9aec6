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

from clerk_mcp.commands.install.host_files import Format, Section
from clerk_mcp.settings import SettingsError

KEY: Final = "CLERK_SECRET_KEY"
KEY_FILE: Final = "CLERK_SECRET_KEY_FILE"
SANDBOX_NAME: Final = "demo"
"""What an entry with a sandbox is called. Claude takes 64 characters for `mcp__ENTRY__TOOL`, and the longest
tool has 52."""

Platform = Literal["macos", "linux", "windows"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What the members of an entry are called."""

    command: str = "command"
    args: str | None = "args"
    """None where the command and its arguments are one list."""
    env: str = "env"
    from_env: str | None = None
    """The list of variables that the host takes from its own environment, where an entry has one."""
    before: Mapping[str, Any] = field(default_factory=dict)
    """Members that say nothing of this server, at the beginning; `NAME` stands for the entry's name."""
    after: Mapping[str, Any] = field(default_factory=dict)
    """The same at the end."""
    complete: bool = False
    """Whether empty members stand there too."""


_PLAIN: Final = Shape()
_TYPED: Final = Shape(before={"type": "stdio"})
_GOOSE: Final = Shape(
    command="cmd",
    env="envs",
    from_env="env_keys",
    before={
        "enabled": True,
        "type": "stdio",
        "name": "NAME",
        "description": "Runs Clerk's Backend API",
    },
    after={"timeout": 300},
    complete=True,
)
_CODEX: Final = Shape(from_env="env_vars")
_OPENCODE: Final = Shape(args=None, env="environment", before={"type": "local"}, after={"enabled": True})
_COPILOT: Final = Shape(before={"type": "local"}, after={"tools": ["*"]})


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
    section: Section
    """The keys that lead to the servers by name, from the outermost."""
    paths: Mapping[Platform, str]
    shape: Shape = _PLAIN
    reference: str | None = None
    """How an entry refers to a variable of the host's environment, `NAME` standing for its name."""
    msix: str | None = None
    """The name, as a pattern, of its Windows package, which sees an %APPDATA% of its own."""
    tool_name: str = "mcp__ENTRY__TOOL"
    """How it calls a tool to its model."""
    longest_name: int = 64
    """Characters that such a name may have; the models of most providers take no longer one."""
    most_tools: int | None = None
    """So many tools of all servers together it takes, where it says so."""
    formerly: str = ""
    """What it was called until lately."""
    own_command: str = ""
    """Its own command that sets an entry, where its file may have a form that is not changed here."""

    def path(self, platform: Platform, environ: Mapping[str, str], home: Path) -> Path:
        """Tell where the user's configuration is."""
        appdata = environ.get("APPDATA") or home / "AppData" / "Roaming"
        places = {
            "home": home,
            "config": environ.get("XDG_CONFIG_HOME") or home / ".config",
            "appdata": self._packaged(environ, home) or appdata,
            "claude": environ.get("CLAUDE_CONFIG_DIR") or home,
            "codex": environ.get("CODEX_HOME") or home / ".codex",
            "gemini": environ.get("GEMINI_CLI_HOME") or home,
            "hermes": environ.get("HERMES_HOME") or home / ".hermes",
            "openclaw": _openclaw_file(environ, home),
        }
        return Path(self.paths[platform].format_map(places))

    def _packaged(self, environ: Mapping[str, str], home: Path) -> Path | None:
        local = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
        found = sorted((local / "Packages").glob(self.msix)) if self.msix else []
        return found[0] / "LocalCache" / "Roaming" if found else None

    def too_long(self, name: str, tools: Iterable[str]) -> list[str]:
        """Return the tools whose names, in an entry called `name`, are longer than this host takes."""
        return [tool for tool in tools if len(self.called(name, tool)) > self.longest_name]

    def called(self, name: str, tool: str) -> str:
        """Return what a tool of an entry is called here."""
        return self.tool_name.replace("ENTRY", name).replace("TOOL", tool)

    @property
    def takes_variables(self) -> bool:
        """Whether an entry can have the key from the host's environment."""
        return self.reference is not None or self.shape.from_env is not None

    def entry(self, name: str, launch: Launch) -> dict[str, Any]:
        """Return the entry that starts a server in this host."""
        shape = self.shape
        entry = {key: name if value == "NAME" else value for key, value in shape.before.items()}
        if shape.args is None:
            entry[shape.command] = [launch.command, *launch.args]
        else:
            entry |= {shape.command: launch.command, shape.args: launch.args}
        if shape.from_env and (launch.from_env or shape.complete):
            entry[shape.from_env] = list(launch.from_env)
        env = dict(launch.env)
        if self.reference:
            env |= {name: self.reference.replace("NAME", name) for name in launch.from_env}
        if env or shape.complete:
            entry[shape.env] = env
        return {**entry, **shape.after}

    def launch(self, entry: object) -> Launch | None:
        """Return what an entry starts; None where it starts no program."""
        shape = self.shape
        entry = entry if isinstance(entry, Mapping) else {}
        command = entry.get(shape.command)
        args = entry.get(shape.args) or [] if shape.args else None
        if args is None and isinstance(command, list) and command:
            command, *args = command
        if not isinstance(command, str) or not isinstance(args, list):
            return None
        env = entry.get(shape.env) or {}
        from_env = (entry.get(shape.from_env) if shape.from_env else None) or []
        return Launch(
            command,
            [str(arg) for arg in args],
            {str(k): str(v) for k, v in env.items()} if isinstance(env, Mapping) else {},
            # Codex takes tables beside names: {name = "…", source = "…"}.
            tuple(str(given.get("name") if isinstance(given, Mapping) else given) for given in from_env),
        )


def _openclaw_file(environ: Mapping[str, str], home: Path) -> Path:
    """Return OpenClaw's file: named itself, or in a directory or a home that is named."""
    if file := environ.get("OPENCLAW_CONFIG_PATH"):
        return Path(file)
    own = environ.get("OPENCLAW_STATE_DIR")
    return (Path(own) if own else Path(environ.get("OPENCLAW_HOME") or home) / ".openclaw") / "openclaw.json"


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
            ("mcpServers",),
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
            ("mcpServers",),
            _everywhere("{claude}/.claude.json"),
            shape=_TYPED,
            # Without the default, the key of somebody who has set none would be the text of the reference.
            reference="${NAME:-}",
        ),
        Host(
            "cursor",
            "Cursor",
            "jsonc",
            ("mcpServers",),
            _everywhere("{home}/.cursor/mcp.json"),
            reference="${env:NAME}",
            tool_name="ENTRYTOOL",
            longest_name=60,
        ),
        Host(
            "vscode",
            "VS Code",
            "jsonc",
            ("servers",),
            {
                "macos": f"{_SUPPORT}/Code/User/mcp.json",
                "linux": "{config}/Code/User/mcp.json",
                "windows": "{appdata}/Code/User/mcp.json",
            },
            shape=_TYPED,
            reference="${env:NAME}",
        ),
        Host(
            "devin-desktop",
            "Devin Desktop",
            "json",
            ("mcpServers",),
            {
                "macos": "{home}/.config/devin/mcp_config.json",
                "linux": "{config}/devin/mcp_config.json",
                "windows": "{appdata}/devin/mcp_config.json",
            },
            reference="${env:NAME}",
            most_tools=100,
            formerly="Windsurf",
        ),
        Host(
            "windsurf",
            "Windsurf",
            "json",
            ("mcpServers",),
            _everywhere("{home}/.codeium/windsurf/mcp_config.json"),
            reference="${env:NAME}",
            most_tools=100,
        ),
        Host(
            "zed",
            "Zed",
            "jsonc",
            ("context_servers",),
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
            ("extensions",),
            {
                "macos": "{config}/goose/config.yaml",
                "linux": "{config}/goose/config.yaml",
                "windows": "{appdata}/Block/goose/config/config.yaml",
            },
            shape=_GOOSE,
        ),
        Host("codex", "Codex", "toml", ("mcp_servers",), _everywhere("{codex}/config.toml"), shape=_CODEX),
        Host(
            "gemini-cli",
            "Gemini CLI",
            "jsonc",
            ("mcpServers",),
            _everywhere("{gemini}/.gemini/settings.json"),
            reference="$NAME",
            tool_name="mcp_ENTRY_TOOL",
            longest_name=63,
        ),
        Host(
            "qwen-code",
            "Qwen Code",
            "jsonc",
            ("mcpServers",),
            _everywhere("{home}/.qwen/settings.json"),
            reference="$NAME",
        ),
        Host(
            "opencode",
            "opencode",
            "jsonc",
            ("mcp",),
            _everywhere("{config}/opencode/opencode.json"),
            shape=_OPENCODE,
            reference="{env:NAME}",
            tool_name="ENTRY_TOOL",
        ),
        Host(
            "copilot-cli",
            "GitHub Copilot CLI",
            "json",
            ("mcpServers",),
            _everywhere("{home}/.copilot/mcp-config.json"),
            shape=_COPILOT,
            tool_name="ENTRY-TOOL",
        ),
        Host(
            "antigravity",
            "Antigravity",
            "json",
            ("mcpServers",),
            _everywhere("{home}/.gemini/antigravity/mcp_config.json"),
        ),
        Host(
            "kiro",
            "Kiro",
            "json",
            ("mcpServers",),
            _everywhere("{home}/.kiro/settings/mcp.json"),
            reference="${NAME}",
        ),
        Host("warp", "Warp", "json", ("mcpServers",), _everywhere("{home}/.warp/.mcp.json")),
        Host(
            "cline",
            "Cline (command line)",
            "json",
            ("mcpServers",),
            _everywhere("{home}/.cline/data/settings/cline_mcp_settings.json"),
        ),
        Host("amp", "Amp", "jsonc", ("amp.mcpServers",), _everywhere("{config}/amp/settings.json")),
        Host(
            "junie", "Junie (JetBrains)", "json", ("mcpServers",), _everywhere("{home}/.junie/mcp/mcp.json")
        ),
        Host(
            "hermes",
            "Hermes",
            "yaml",
            ("mcp_servers",),
            _everywhere("{hermes}/config.yaml"),
            tool_name="mcp_ENTRY_TOOL",
        ),
        Host(
            "openclaw",
            "OpenClaw",
            "jsonc",
            ("mcp", "servers"),
            _everywhere("{openclaw}"),
            # Its file may refer to variables too, but some versions read none of a file that has one unset.
            tool_name="ENTRY__TOOL",
            own_command="openclaw mcp set",
        ),
    )
}

OTHER: Final = Host("other", "Your host", "json", ("mcpServers",), {}, reference="${NAME}")
"""The form that most other hosts take."""


def platform_here() -> Platform:
    """Tell which of the three the paths of this machine follow."""
    return {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")  # type: ignore[return-value]  # the table's own values


def path_here(host: Host) -> Path:
    """Tell where a host's configuration is for the user who runs this.

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
    """Return the command that starts this installation, found without the PATH, which hosts often lack."""
    script = Path(sys.executable).parent / ("clerk-mcp.exe" if sys.platform == "win32" else "clerk-mcp")
    on_path = shutil.which("clerk-mcp")
    if on_path and Path(on_path).resolve() == script.resolve():
        # Such as ~/.local/bin/clerk-mcp, which outlives an upgrade of what it points to.
        return [os.path.abspath(on_path)]
    return [str(script)] if script.exists() else [sys.executable, "-m", "clerk_mcp"]


def is_temporary_installation() -> bool:
    """Tell whether this runs from a cache that is emptied some day, as with uvx and `pipx run`."""
    return bool({".cache", "Caches", "cache", "Cache"} & set(Path(sys.prefix).parts))


def is_here(host: Host) -> bool:
    """Tell whether a host has left traces on this machine: its file, or a directory of its own for it."""
    path = path_here(host)
    return path.is_file() or (path.parent.is_dir() and path.parent != Path.home())


_REFERENCE: Final = re.compile(
    r"\{env:(?P<curly>\w+)\}"
    r"|\$\{(?:env:)?(?P<braced>\w+)(?::-(?P<default>[^}]*))?\}"
    r"|\$(?P<bare>\w+)"
)


def resolved(launch: Launch, environ: Mapping[str, str]) -> Launch:
    """Return the launch with the variables that it refers to, as the host would fill them in.

    Raises:
        LookupError: a variable is not set, or only the host can tell (VS Code's inputs); it is the message.
    """

    def value(match: re.Match[str]) -> str:
        name, default = match["braced"] or match["bare"] or match["curly"], match["default"]
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
