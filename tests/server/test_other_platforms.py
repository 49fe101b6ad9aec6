"""The whole of the start on Windows and macOS, as far as `tests.server.emulated` can stand in for them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from tests.calling import text_of

ROOT = Path(__file__).parents[2]
START = """
import sys
from tests.server.emulated import become
become(sys.argv[1])
from clerk_mcp.cli import main
for command in " ".join(sys.argv[2:]).split(" + "):
    sys.argv = ["clerk-mcp", *command.split()]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
"""
"""Runs commands on a platform, one after the other where there is a plus between them."""
CONFIG = {
    "win32": "AppData/Roaming/Claude/claude_desktop_config.json",
    "darwin": "Library/Application Support/Claude/claude_desktop_config.json",
}


@pytest.fixture(params=["win32", "darwin"])
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def command_on(platform: str, *arguments: str) -> list[str]:
    return [sys.executable, "-X", "warn_default_encoding", "-c", START, platform, *arguments]


def environment(home: Path) -> dict[str, str]:
    foreign = ("CLERK_", "XDG_", "APPDATA", "LOCALAPPDATA", "PYTHON", "CLAUDE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"HOME": str(home), "USERPROFILE": str(home), "PYTHONPATH": str(ROOT)}


def run(platform: str, home: Path, *commands: str) -> str:
    done = subprocess.run(
        command_on(platform, " + ".join(commands)),
        cwd=home,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode("utf-8")


@contextmanager
def running(platform: str, home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command_on(platform, *arguments),
        cwd=home,
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.anyio
async def test_a_host_is_served_over_pipes_with_a_trail_that_reads_the_same(
    platform: str, home: Path
) -> None:
    trail = home / "audit.jsonl"
    command, *arguments = command_on(platform, "--sandbox", "--audit-log", str(trail))
    host = StdioServerParameters(command=command, args=arguments, env=environment(home))
    async with Client(host) as client:
        listed = await client.list_tools()
        made = await client.call_tool(
            "Users_createNewUser", {"email_address": ["new@example.com"], "first_name": "Łucja 🙂"}
        )
    assert "Users_createNewUser" in [tool.name for tool in listed.tools]
    assert json.loads(text_of(made))["name"] == "Łucja 🙂"
    written = trail.read_bytes()
    assert b"\r" not in written
    assert written.endswith(b"\n")


@pytest.mark.anyio
async def test_a_question_is_agreed_to_once_also_for_a_server_that_starts_later(
    platform: str, home: Path
) -> None:
    command, *arguments = command_on(platform, "--sandbox", "--confirm", "always")
    state = {"CLERK_MCP_STATE_KEY": "s" * 32}
    host = StdioServerParameters(command=command, args=arguments, env=environment(home) | state)
    async with Client(host) as client:
        asked = json.loads(text_of(await client.call_tool("Webhooks_deleteSvixApp", {})))
        token = {"confirm": asked["confirm"]}
        done = await client.call_tool("Webhooks_deleteSvixApp", token)
        assert not done.is_error, text_of(done)
    async with Client(host) as client:
        again = await client.call_tool("Webhooks_deleteSvixApp", token)
    assert json.loads(text_of(again))["error"]["code"] == "confirm_used"


def test_instances_runs_credentials_and_a_trail_are_kept_in_files(platform: str, home: Path) -> None:
    config, trail = home / "config.toml", home / "trail.jsonl"
    (home / "vault").write_text("sk_test_sandboxOfAProgram")
    program = json.dumps([sys.executable, "-c", f"print(open({str(home / 'vault')!r}).read())"])
    config.write_text(f"[instances.dev]\nsandbox = true\n[instances.kept]\nkey_command = {program}\n")
    config.chmod(0o600)
    items = json.dumps([{"user_id": f"user_{name}"} for name in ("one", "two")], separators=(",", ":"))
    shown = run(
        platform,
        home,
        f"--config {config} --instance dev call Users_getTotalCount",
        f"--config {config} --instance kept install cursor --print",
        f"call --sandbox --audit-log {trail} CreateMachine name=mill",
        f"call --sandbox --yes run_each operation=Users_markBanned items={items}",
        f"audit {trail}",
    )
    assert '"total_count"' in shown
    assert '"kept"' in shown
    assert f"written to {home / '.clerk-mcp' / 'secrets'}" in shown
    assert '"failed":2' in shown
    assert list((home / ".clerk-mcp" / "runs").iterdir())
    assert trail.read_bytes().count(b"\n") == 2
    assert "\tCreateMachine\t" in shown


def hello(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    assert process.stdout
    message: dict[str, Any] = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    # Hosts on Windows may end their lines as files do there, and begin with a byte-order mark.
    process.stdin.write("\ufeff" + json.dumps(message) + "\r\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["result"]["serverInfo"]["name"] == "clerk-mcp"


@pytest.mark.parametrize("ending", ["stdin closed", "SIGINT", "SIGTERM"])
def test_a_server_over_pipes_ends_at_once_and_quietly(platform: str, ending: str, home: Path) -> None:
    with running(platform, home, "--sandbox") as process:
        hello(process)
        assert process.stdin
        assert process.stderr
        if ending == "stdin closed":
            process.stdin.close()
        else:
            process.send_signal(signal.Signals[ending])
        assert process.wait(timeout=10) == 0
        assert "Traceback" not in process.stderr.read()


def test_the_first_minutes_of_somebody_new(platform: str, home: Path) -> None:
    config = home / CONFIG[platform]
    config.parent.mkdir(parents=True)
    before = b'{\r\n  "mcpServers": {}\r\n}\r\n'
    config.write_bytes(before)
    shown = run(
        platform,
        home,
        "--version",
        "tools",
        "call --sandbox Users_createNewUser first_name=Łucja username=lucja",
        "install claude-desktop --sandbox",
    )
    for said in ("clerk-mcp, version", "Users_markBanned", '"name":"Łucja"'):
        assert said in shown
    after = config.read_bytes()
    assert b"--sandbox" in after
    assert after.count(b"\r\n") == after.count(b"\n")
    assert json.loads(run(platform, home, "doctor --sandbox --json"))["ok"]
    assert "→" in run(platform, home, "uninstall claude-desktop", "demo")
    assert config.read_bytes() == before


def test_it_is_hosted_with_tokens_until_it_is_interrupted(platform: str, home: Path) -> None:
    tokens = home / "tokens"
    made = [f"token new {name} --scope read --token-file {tokens}" for name in ("ada", "bob")]
    token = run(platform, home, *made).split()[-1]
    flags = ["--transport", "http", "--port", "0", "--auth", "bearer", "--token-file", str(tokens)]
    with running(platform, home, "--sandbox", *flags) as process:
        assert process.stderr
        greeting = ""
        while not (found := re.search(r"http://[\d.]+:\d+", greeting)):
            greeting = process.stderr.readline()
            assert greeting, "the server ended before it said where it is"
        assert httpx2.get(f"{found[0]}/healthz").status_code == 200
        asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        headers = {"accept": "application/json, text/event-stream"}
        refused = httpx2.post(f"{found[0]}/mcp", json=asked, headers=headers)
        headers["authorization"] = f"Bearer {token}"
        listed = httpx2.post(f"{found[0]}/mcp", json=asked, headers=headers)
        assert (refused.status_code, listed.status_code) == (401, 200)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert "Traceback" not in process.stderr.read()


def test_what_windows_cannot_do_safely_is_refused_and_not_done_unsafely(home: Path) -> None:
    done = subprocess.run(
        command_on("win32", "--sandbox", "--files-dir", str(home)),
        cwd=home,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "cannot be offered safely on this platform" in done.stderr
