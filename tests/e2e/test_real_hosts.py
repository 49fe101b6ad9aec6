"""Real hosts: our command installs the entry, the host itself says what it makes of it, and it goes again.

`make hosts` fetches the programs from npm and PyPI into `.hosts` and runs this; elsewhere it is skipped, for
it takes minutes. Each program runs in a home of its own, without credentials and without a network. What was
seen goes into the table of docs/hosts.md.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clerk_mcp.commands.install.hosts import HOSTS, SANDBOX_NAME

ROOT = Path(__file__).parents[2]
SEEN = ROOT / "docs" / "parts" / "hosts_seen.json"
PROGRAMS = (ROOT / ".hosts" / "node_modules" / ".bin", ROOT / ".hosts" / "venv" / "bin")
PATIENCE_S = 120
"""For a program that starts for the first time in its home, on a machine with much to do."""

TRUSTED = "TRUST_FOLDER"


@dataclass(frozen=True)
class RealHost:
    """A host's program, and how it is asked about its servers."""

    id: str
    program: str
    listing: tuple[str, ...]
    """The arguments that list its servers."""
    connected: str | None
    """What it says of a server that it reached, as a pattern; None where nothing makes it connect."""
    connecting: Callable[[Machine], str] | None = None
    """Makes it connect and say so, where its listing does not."""
    before: str = "{}"
    """What its file holds beforehand."""
    prepare: Callable[[Path, Path], None] | None = None
    """What it needs first, of a home and the directory that it is started in."""


def trust(home: Path, folder: Path) -> None:
    """In a folder that nobody trusts, Gemini CLI and Qwen Code start no server."""
    for name in (".gemini", ".qwen"):
        (home / name).mkdir(exist_ok=True)
        (home / name / "trustedFolders.json").write_text(json.dumps({str(folder): TRUSTED}))


def through_app_server(machine: Machine) -> str:
    """What Codex says of its servers to an editor that asks; it starts them for that."""
    asked: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": {"clientInfo": {"name": "test", "version": "1"}}},
        {"method": "initialized"},
        {"id": 2, "method": "mcpServerStatus/list", "params": {}},
    ]
    with subprocess.Popen(
        [machine.program, "app-server"],
        cwd=machine.folder,
        env=machine.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        end = threading.Timer(PATIENCE_S, process.kill)
        end.start()
        process.stdin.write("".join(json.dumps(message) + "\n" for message in asked))
        process.stdin.flush()
        answer = next((line for line in process.stdout if json.loads(line).get("id") == 2), "")
        end.cancel()
        process.kill()
    return answer


REAL = [
    RealHost(
        "claude-code", "claude", ("mcp", "list"), r"demo: .*Connected", before='{\n  "numStartups": 3\n}\n'
    ),
    RealHost(
        "codex",
        "codex",
        ("mcp", "list"),
        r'"name":"clerk-mcp".*"Users_getTotalCount"',
        connecting=through_app_server,
        before='# mine\nmodel = "gpt-5"\n',
    ),
    RealHost("gemini-cli", "gemini", ("mcp", "list"), r"✓ demo: .*Connected", prepare=trust),
    RealHost("qwen-code", "qwen", ("mcp", "list"), r"✓\S* demo: .*Connected", prepare=trust),
    RealHost("opencode", "opencode", ("mcp", "list"), r"✓ demo\W.*connected"),
    RealHost("copilot-cli", "copilot", ("mcp", "list"), None),
    RealHost("amp", "amp", ("mcp", "list"), None),
    RealHost(
        "hermes",
        "hermes",
        ("mcp", "list"),
        r"Connected .*Tools discovered: \d+",
        connecting=lambda machine: machine.asked("mcp", "test", SANDBOX_NAME),
        before="# mine\nmodel: none\n",
    ),
    RealHost(
        "openclaw",
        "openclaw",
        ("mcp", "list"),
        r"demo: \d+ tools",
        connecting=lambda machine: machine.asked("mcp", "probe", SANDBOX_NAME),
        before='{\n  // mine\n  "mcp": {"servers": {}},\n}\n',
    ),
]


def program_of(host: RealHost) -> str:
    if not os.environ.get("REAL_HOSTS"):
        pytest.skip("real hosts take minutes: `make hosts` runs this")
    places = [*map(str, PROGRAMS), os.environ.get("PATH", "")]
    found = shutil.which(host.program, path=os.pathsep.join(places))
    if found is None:
        pytest.skip(f"{host.program} is not here: it could not be had, or was not tried (`make hosts`)")
    return found


class Machine:
    """A home with one host in it, and nothing else."""

    def __init__(self, home: Path, host: RealHost) -> None:
        self.home = home
        self.host = host
        self.program = program_of(host)
        self.folder = home / "work"
        self.folder.mkdir()
        # Nothing of this process's but where programs are. The proxy leads nowhere: there is no network.
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "USERPROFILE": str(home),
            "NO_COLOR": "1",
            "HTTP_PROXY": "http://127.0.0.1:9",
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1,localhost",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1",
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
        }

    def run(self, *command: str) -> str:
        """What a command says, on either stream."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE_S,
            check=False,
        )
        return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout.decode("utf-8", "replace"))

    def ours(self, *arguments: str) -> str:
        return self.run(sys.executable, "-m", "clerk_mcp", *arguments)

    def asked(self, *arguments: str) -> str:
        return self.run(self.program, *(arguments or self.host.listing))

    @property
    def file(self) -> Path:
        return HOSTS[self.host.id].path("linux", self.environ, self.home)


@pytest.mark.parametrize("host", REAL, ids=lambda host: host.id)
def test_a_real_host_sees_the_entry_come_and_go(host: RealHost, tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("the paths here are those of Linux")
    machine = Machine(tmp_path, host)
    if host.prepare:
        host.prepare(tmp_path, machine.folder)
    machine.file.parent.mkdir(parents=True, exist_ok=True)
    machine.file.write_text(host.before)
    assert SANDBOX_NAME not in machine.asked()
    said = machine.ours("install", host.id, "--sandbox", "--read-only")
    assert f'wrote "{SANDBOX_NAME}"' in said
    # Hosts wait a few seconds for a server; where a busy machine needs more, they are asked again.
    for _ in range(5):
        listed = machine.asked()
        assert SANDBOX_NAME in listed, listed
        listed = host.connecting(machine) if host.connecting else listed
        if host.connected is None or re.search(host.connected, listed, re.DOTALL):
            break
    else:
        pytest.fail(listed)
    assert f'took "{SANDBOX_NAME}"' in machine.ours("uninstall", host.id)
    assert SANDBOX_NAME not in machine.asked()

    # Some write into their file whenever they are asked; what counts is what we leave of it.
    before = machine.file.read_bytes()
    machine.ours("install", host.id, "--sandbox")
    assert machine.file.read_bytes() != before
    machine.ours("uninstall", host.id)
    assert machine.file.read_bytes() == before
    record(host, machine.asked("--version"))


def record(host: RealHost, version: str) -> None:
    """Note what was seen."""
    numbers = re.findall(r"\d+\.\d+\.\d+", version)
    known = json.loads(SEEN.read_text()) if SEEN.exists() else {}
    known[host.id] = {
        "version": numbers[0],
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "connected": host.connected is not None,
    }
    SEEN.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")
