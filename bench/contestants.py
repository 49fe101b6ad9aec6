"""Who runs: the floor, ours and the peers, each as a command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.upstream import USER_ID

from clerk_mcp.offering import ready_entries

OUT: Final = Path(__file__).parent / "out"
PEERS: Final = OUT / "peers"
_NODE_MODULES: Final = PEERS / "node" / "node_modules" / ".bin"


@dataclass(frozen=True)
class Contestant:
    """One server: how to start it, and how to have it read one user."""

    name: str
    command: list[str]
    tool: str = "Users_getUserDetails"
    arguments: dict[str, Any] = field(default_factory=lambda: {"user_id": USER_ID})
    http: tuple[str, ...] | None = ()
    """What to add to the command before `--port N`; None where it speaks stdio only."""
    environ: dict[str, str] = field(default_factory=dict)
    handshake_only: bool = False
    answers_on_stream: bool = False
    """Over HTTP it answers on its session's stream, and lists nothing here."""

    @property
    def call(self) -> dict[str, Any]:
        """The params of its `tools/call`."""
        return {"name": self.tool, "arguments": self.arguments}

    @property
    def environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(_NOT_HANDED_ON)}
        return inherited | self.environ

    def over_http(self, port: int, *more: str) -> list[str]:
        return [*self.command, *(self.http or ()), "--port", str(port), *more]


_NOT_HANDED_ON: Final = ("CLERK_", "OTEL_", "PYTHONDONTWRITEBYTECODE")
"""What variables begin with that no server is started with here. The last would have this checkout compiled
at every start, for want of bytecode, and the SDK not."""

FLOOR: Final = "floor"
"""Lists one tool: the SDK lists them all again inside every call on 2026-07-28, ours does not."""
FLOOR_109: Final = "floor, 109 tools"
FLOOR_OUR_LOOP: Final = "floor on uvloop"
OURS: Final = "ours"
FASTMCP: Final = "FastMCP"
NODE: Final = ("openapi-mcp-server", "agent-toolkit")
OTHERS: Final = (FASTMCP, *NODE)
AIOHTTP: Final = PEERS / "aiohttp"
"""Where aiohttp's client is, which the transport is measured beside; it is no part of any environment."""
UNBOUND: Final = "1000000"
"""Calls a second that a caller may make of ours over HTTP."""


def floor(upstream: str) -> list[Contestant]:
    """The bare server: with one tool, with all, and with one on the event loop and parser of ours."""
    listing = OUT / "tools.json"
    listing.write_text(json.dumps([*ready_entries().values()]))
    command = [sys.executable, "-m", "bench.floor", upstream, str(listing)]
    one = ["--only", "Users_getUserDetails"]
    return [
        Contestant(FLOOR, [*command, *one]),
        Contestant(FLOOR_109, command),
        Contestant(FLOOR_OUR_LOOP, [*command, *one, "--our-loop"]),
    ]


def ours(upstream: str, *command: str) -> Contestant:
    """The server as shipped but for its rate budget, which is off."""
    return Contestant(
        OURS,
        list(command) or [sys.executable, "-m", "clerk_mcp"],
        http=("--transport", "http", "--calls-per-second", UNBOUND),
        environ={
            "CLERK_SECRET_KEY": "sk_test_bench",
            "CLERK_API_URL": upstream,
            "CLERK_MCP_RATE_BUDGET": "off",
        },
    )


def peers(upstream: str, document: Path) -> tuple[list[Contestant], list[str]]:
    """What a user would otherwise run, and a line on each that cannot run here."""
    found, missing = [], []
    python = PEERS / "python" / "bin" / "python"
    if python.exists():
        script = str(Path(__file__).with_name("fastmcp_peer.py"))
        found.append(Contestant(FASTMCP, [str(python), script, upstream, str(document)]))
    else:
        missing.append("FastMCP is left out: it could not be installed.")
    node = shutil.which("node")
    if node and (_NODE_MODULES / "openapi-mcp-server").exists():
        found.append(
            Contestant(
                "openapi-mcp-server",
                [
                    *(node, str(_NODE_MODULES / "openapi-mcp-server"), "--disable-abbreviation", "true"),
                    *("--api-base-url", upstream, "--openapi-spec", str(document)),
                ],
                tool="users-get-user-details",
                http=("--transport", "http"),
                answers_on_stream=True,
                handshake_only=True,
            )
        )
        found.append(
            Contestant(
                "agent-toolkit",
                [
                    *(node, str(_NODE_MODULES / "local-mcp"), "--secret-key", "sk_test_bench"),
                    *("--api-url", upstream.removesuffix("/v1")),
                ],
                tool="getUser",
                arguments={"userId": USER_ID},
                http=None,
                handshake_only=True,
            )
        )
    else:
        missing.append(
            "@ivotoby/openapi-mcp-server and @clerk/agent-toolkit are left out: "
            + ("they could not be installed." if node else "Node is not here.")
        )
    return found, missing


def install_peers() -> None:
    """Put the peers into environments of their own; one that cannot be had is left out."""
    PEERS.mkdir(parents=True, exist_ok=True)
    wanted = Path(__file__).with_name("peers")
    python, node = PEERS / "python", PEERS / "node"
    pip = [str(python / "bin" / "python"), "-m", "pip", "install", "--quiet", "-r"]
    _install(python, [sys.executable, "-m", "venv", str(python)], [*pip, str(wanted / "requirements.txt")])
    aiohttp = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(AIOHTTP), "aiohttp==3.14.5"]
    _install(AIOHTTP, aiohttp)
    if shutil.which("npm"):
        node.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(wanted / name, node)
        _install(node, ["npm", "ci", "--silent", "--no-audit", "--no-fund", "--prefix", str(node)])


def _install(place: Path, *steps: list[str]) -> None:
    if (place / "ready").exists():
        return
    if all(subprocess.run(step, check=False).returncode == 0 for step in steps):
        (place / "ready").touch()
    else:
        shutil.rmtree(place)
