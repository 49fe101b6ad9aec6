"""What an entry in a host's file says of the settings: given, kept, changed, refused."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from clerk_mcp.cli import cli
from clerk_mcp.commands.install.host_files import entries
from clerk_mcp.commands.install.hosts import HOSTS, SANDBOX_NAME, path_here
from clerk_mcp.instance import OWN_NAME
from clerk_mcp.settings import Settings, flag, load, variable
from clerk_tools.catalog import operations
from tests.server.test_cli import at_a_terminal
from tests.server.test_hosts import FILES, config, typical

pytestmark = pytest.mark.usefixtures("home")


def clerk_mcp(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def installed(host_id: str, *arguments: str) -> Result:
    done = clerk_mcp("install", host_id, *arguments)
    assert done.exit_code == 0, done.output
    return done


def entry(host_id: str, name: str = OWN_NAME) -> Any:
    host = HOSTS[host_id]
    return entries(path_here(host).read_text(), host.format, host.section)[name]


def args(host_id: str, name: str = OWN_NAME) -> list[str]:
    launch = HOSTS[host_id].launch(entry(host_id, name))
    assert launch is not None
    assert launch.server_args is not None
    return launch.server_args


# ── Settings in force go into the entry ──


@pytest.mark.parametrize(
    ("variable", "value", "name", "words"),
    [
        ("CLERK_MCP_SANDBOX", "true", SANDBOX_NAME, ["--sandbox"]),
        ("CLERK_MCP_READ_ONLY", "true", OWN_NAME, ["--read-only"]),
        ("CLERK_MCP_TOOLSETS", "users, jwks", OWN_NAME, ["--toolsets", "users,jwks"]),
        ("CLERK_MCP_CONFIRM", "always", OWN_NAME, ["--confirm", "always"]),
        ("CLERK_MCP_RETRY_BUDGET", "7.5", OWN_NAME, ["--retry-budget", "7.5"]),
        ("clerk_mcp_read_only", "1", OWN_NAME, ["--read-only"]),
    ],
)
def test_a_setting_that_is_a_variable_here_is_said_in_the_entry(
    variable: str, value: str, name: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    installed("cursor")
    assert args("cursor", name) == words


def test_another_address_of_clerk_goes_into_the_entrys_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_API_URL", "http://127.0.0.1:8787/v1")
    installed("codex")
    assert entry("codex")["env"]["CLERK_API_URL"] == "http://127.0.0.1:8787/v1"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CLERK_MCP_STATE_KEY", "x" * 32),
        ("CLERK_MCP_REDIS_URL", "redis://:hunter2@127.0.0.1:6379"),
        ("CLERK_MCP_TRANSPORT", "http"),
        ("CLERK_MCP_PORT", "9000"),
        ("CLERK_MCP_AUTH", "bearer"),
    ],
)
def test_a_setting_that_cannot_go_into_the_entry_stops_it_by_name(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = config("cursor")
    before = path.read_bytes()
    monkeypatch.setenv(variable, value)
    done = clerk_mcp("install", "cursor")
    assert done.exit_code == 2
    assert variable in done.stderr or "over stdio" in done.stderr
    assert value not in done.stderr or len(value) < 10
    assert path.read_bytes() == before


def test_every_setting_finds_its_way_into_an_entry_or_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is added to the settings, no install leaves it out in silence."""
    values = {
        "clerk_api_url": "https://clerk.example.com/v1",
        "toolsets": "users",
        "tools": "Users_markBanned",
        "exclude": "Users_markBanned",
        "rate_budget": "5/10",
        "audit_log": "/var/trail.jsonl",
        "files_dir": str(Path.home()),
        "secrets_dir": "/var/secrets",
        "secrets": "inline",
        "log_level": "debug",
        "confirm": "never",
        "mode": "search",
        "redis_url": "redis://127.0.0.1:6379",
    }
    needs = {"audit_before": {"audit_log": "/var/trail.jsonl"}, "secrets_dir": {"secrets": "file"}}
    left_out = []
    for name, info in Settings.model_fields.items():
        if name.startswith("clerk_secret_key"):
            continue
        default = info.default
        other = "true" if info.annotation is bool else values.get(name)
        if other is None:
            other = str(default + 1) if isinstance(default, int | float) else "other"
        with monkeypatch.context() as here:
            for given, text in {**needs.get(name, {}), name: other}.items():
                here.setenv(variable(given), text)
            done = clerk_mcp("install", "--print")
        said = flag(name) in done.stdout or variable(name) in done.output
        if not said and "over stdio" not in done.stderr:
            left_out.append((name, done.output))
    assert left_out == []


# ── An entry keeps what it has ──


@pytest.mark.parametrize("host_id", ["cursor", "codex", "goose", "claude-code"])
def test_an_entry_keeps_its_settings_unless_told_otherwise(host_id: str) -> None:
    installed(host_id, "--read-only", "--toolsets", "users", "--max-queue", "7")
    installed(host_id)
    assert args(host_id) == ["--toolsets", "users", "--read-only", "--max-queue", "7"]
    done = installed(host_id, "--toolsets", "jwks")
    assert args(host_id) == ["--toolsets", "jwks", "--read-only", "--max-queue", "7"]
    assert '"clerk" changed: --toolsets users → --toolsets jwks' in done.stderr
    assert "--read-only" not in done.stderr


def test_a_restriction_goes_only_where_it_is_told_to_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed("cursor", "--read-only", "--toolsets", "users")
    with monkeypatch.context() as here:
        here.setenv("CLERK_MCP_READ_ONLY", "false")
        done = installed("cursor")
    assert args("cursor") == ["--toolsets", "users"]
    assert '"clerk" gone: --read-only' in done.stderr
    done = installed("cursor", "--replace", "--confirm", "always")
    assert args("cursor") == ["--confirm", "always"]
    assert '"clerk" gone: --toolsets users' in done.stderr
    assert '"clerk" new: --confirm always' in done.stderr


def test_settings_and_variables_that_somebody_wrote_by_hand_are_kept() -> None:
    by_hand = {
        "command": "uvx",
        "args": ["clerk-mcp", "--confirm=always", "--frobnicate"],
        "env": {
            "CLERK_MCP_READ_ONLY": "yes",
            "CLERK_SECRET_KEY_FILE": "/keys/clerk",
            "HTTPS_PROXY": "http://proxy.example:3128",
        },
    }
    config("cursor", json.dumps({"mcpServers": {"clerk": by_hand}}))
    done = installed("cursor")
    assert args("cursor") == ["--read-only", "--confirm", "always"]
    assert entry("cursor")["env"] == {
        "HTTPS_PROXY": "http://proxy.example:3128",
        "CLERK_SECRET_KEY_FILE": "/keys/clerk",
    }
    assert "left out, no setting: --frobnicate" in done.stderr


def test_a_dry_run_says_what_would_change() -> None:
    installed("cursor", "--read-only")
    done = installed("cursor", "--replace", "--dry-run")
    assert '"clerk" gone: --read-only' in done.stderr
    assert args("cursor") == ["--read-only"]


def test_doctor_prints_the_whole_command(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"command": "/gone/clerk-mcp", "args": ["--read-only", "--toolsets", "users"]}
    config("cursor", json.dumps({"mcpServers": {"mine": broken}}))
    config("windsurf", "{}")
    monkeypatch.setenv("CLERK_MCP_CONFIRM", "always")
    report = json.loads(clerk_mcp("doctor", "--sandbox", "--json").stdout)["findings"]
    fixes = {finding["check"]: finding["fix"] for finding in report}
    assert fixes["cursor"] == "clerk-mcp install cursor --name mine --toolsets users --read-only"
    assert fixes["hosts"] == "clerk-mcp install windsurf --sandbox --confirm always"
    clerk_mcp(*shlex.split(fixes["cursor"])[1:])
    assert args("cursor", "mine") == ["--toolsets", "users", "--read-only", "--confirm", "always"]


# ── What has no effect ──


@pytest.mark.parametrize(
    "given",
    [
        ["--audit-before"],
        ["--auth", "bearer"],
        ["--port", "9000"],
        ["--stateful"],
        ["--read-only", "--tools", "Users_deleteUserById"],
        ["--toolsets", "nosuch"],
        ["--files-dir", "/nowhere"],
        ["--secrets", "redact", "--secrets-dir", "/var/x"],
        ["--rate-budget", "fast"],
        ["--max-sessions", "5"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("command", [[], ["tools"], ["call", "Users_getTotalCount"], ["install", "cursor"]])
def test_what_would_have_no_effect_is_refused_by_name(command: list[str], given: list[str]) -> None:
    done = clerk_mcp(*command, "--sandbox", *given)
    assert done.exit_code == 2, done.output
    assert any(word in done.stderr for word in given[-2:])
    assert not path_here(HOSTS["cursor"]).exists()


def test_doctor_names_what_would_have_no_effect() -> None:
    report = json.loads(clerk_mcp("doctor", "--sandbox", "--json", "--audit-before").stdout)
    assert not report["ok"]
    assert "--audit-log" in str(report["findings"])


# ── Names that are too long ──


@pytest.mark.parametrize("host_id", HOSTS)
@pytest.mark.parametrize("name", [OWN_NAME, SANDBOX_NAME])
def test_no_default_entry_makes_a_name_that_is_too_long(host_id: str, name: str) -> None:
    assert HOSTS[host_id].too_long(name, [*operations(), "list_all"]) == []


def test_a_name_that_makes_tools_too_long_is_pointed_out() -> None:
    done = installed("claude-code", "--sandbox", "--name", "clerk-sandbox")
    assert "8 tools have more than the 64 characters" in done.stderr
    assert "at most 5 characters" in done.stderr
    assert (
        "characters"
        not in installed("claude-code", "--sandbox", "--name", "clerk-sandbox", "--mode", "search").stderr
    )
    assert "60 characters" in installed("cursor", "--sandbox", "--name", "clerk-production").stderr


# ── The file, to the byte ──

ODD = {
    "json": ["{}", '{"mcpServers": {}}', '{"theme":"dark"}', '{\n\t"theme": "dark"\n}'],
    "jsonc": ["{}", '{"SECTION": {}}', "// nothing yet\n{\n}\n"],
    "yaml": [
        "a: 1",
        "extensions: {}\n",
        "extensions:\n",
        "a: 1\r\nextensions:\r\n  b:\r\n    enabled: true\r\n",
        "# none\n",
    ],
    "toml": [
        'a = "x"',
        "[mcp_servers]\n",
        "\n\n",
        "[a]\r\nb = 1\r\n",
        '[mcp_servers.other]\ncommand = "x"\n\n# the end',
    ],
}
"""By format, files as people leave them."""


@pytest.mark.parametrize("host_id", HOSTS)
def test_a_file_is_as_it_was_after_two_installs_and_an_uninstall(host_id: str) -> None:
    host = HOSTS[host_id]
    for text in [FILES[host.format], *ODD[host.format]]:
        path = config(host_id, typical(host, text))
        before = path.read_bytes()
        installed(host_id, "--sandbox")
        once = path.read_bytes()
        installed(host_id, "--sandbox")
        assert path.read_bytes() == once
        installed(host_id, "--sandbox", "--read-only")
        installed(host_id, "--sandbox", "--replace")
        assert path.read_bytes() == once
        assert clerk_mcp("uninstall", host_id).exit_code == 0
        assert path.read_bytes() == before
        for kept in path.parent.glob("*.bak"):
            kept.unlink()


@pytest.mark.parametrize("host_id", ["goose", "codex"])
def test_an_entry_goes_cleanly_where_the_file_was_changed_in_between(host_id: str) -> None:
    host = HOSTS[host_id]
    path = config(host_id)
    before = path.read_text()
    installed(host_id, "--sandbox")
    for kept in path.parent.glob("*.bak"):
        kept.unlink()
    assert clerk_mcp("uninstall", host_id).exit_code == 0
    assert path.read_text() == before
    assert SANDBOX_NAME not in entries(path.read_text(), host.format, host.section)


@pytest.mark.parametrize("host_id", HOSTS)
def test_a_file_that_was_not_there_is_not_there_afterwards(host_id: str) -> None:
    path = path_here(HOSTS[host_id])
    installed(host_id, "--sandbox")
    assert clerk_mcp("uninstall", host_id).exit_code == 0
    assert not path.exists()
    assert "no entry" in clerk_mcp("uninstall", host_id).stdout
    assert not path.exists()


# ── Keys, and where they are found ──


def test_a_key_in_the_usual_file_is_found_without_a_variable(home: Path) -> None:
    (home / ".clerk-mcp").mkdir()
    (home / ".clerk-mcp" / "key").write_bytes(b"\xef\xbb\xbfsk_test_sandboxFound\r\n")
    assert load().key == "sk_test_sandboxFound"
    assert load({"sandbox": True}).key is None
    assert load({"auth": "clerk-key", "transport": "http"}).key is None
    installed("cursor")
    assert entry("cursor")["env"] == {"CLERK_SECRET_KEY_FILE": str(home / ".clerk-mcp" / "key")}


def test_without_a_home_there_is_a_line_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    pwd = pytest.importorskip("pwd", reason="Windows has a home wherever it is asked")

    def nobody(_: int) -> Any:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.delenv(name)
    for command in (
        ["install", "cursor"],
        ["uninstall", "cursor"],
        ["call", "--sandbox", "Users_getTotalCount"],
        ["token", "new", "ada"],
        ["doctor", "--sandbox"],
        ["--transport", "http", "--sandbox", "--auth", "bearer"],
    ):
        done = clerk_mcp(*command)
        assert done.exit_code in (1, 2), command
        assert isinstance(done.exception, SystemExit), command
        assert "HOME" in done.output, command
    assert clerk_mcp("call", "--sandbox", "--secrets", "redact", "Users_getTotalCount").exit_code == 0


def test_help_lists_the_hosts_and_the_settings_with_their_defaults() -> None:
    shown = clerk_mcp("install", "--help").stdout
    assert all(f"  {id} " in shown for id in HOSTS)
    assert "--read-only" in shown
    words = " ".join(shown.split())
    assert "[default: live]" in words
    assert "[default: 5000]" in words
    serving = " ".join(clerk_mcp("--help").stdout.split())
    assert "[default: 127.0.0.1]" in serving
    assert "[default: 30]" in serving


def test_a_suggestion_is_left_out_where_nothing_is_near() -> None:
    for far in ("emacs", "foo", "zzz"):
        assert "Did you mean" not in clerk_mcp("install", far).stderr
    assert "Did you mean vscode?" in clerk_mcp("install", "vs-code").stderr


# ── Hosts, and what each takes ──


@pytest.mark.parametrize("host_id", ["devin-desktop", "windsurf"])
def test_a_host_that_takes_fewer_tools_gets_the_mode_that_fits(host_id: str) -> None:
    done = installed(host_id, "--sandbox")
    assert args(host_id, SANDBOX_NAME) == ["--mode", "search", "--sandbox"]
    assert "takes 100 tools" in done.stderr
    few = installed(host_id, "--toolsets", "users")
    assert args(host_id) == ["--toolsets", "users"]
    assert "takes 100 tools" not in few.stderr
    told = installed(host_id, "--sandbox", "--name", "told", "--mode", "all")
    assert "--mode" in args(host_id, "told")
    assert "takes 100 tools" not in told.stderr


def test_opencode_and_copilot_have_entries_of_their_own_form() -> None:
    installed("opencode", "--read-only")
    made = entry("opencode")
    assert made["type"] == "local"
    assert made["command"][-1] == "--read-only"
    assert made["environment"] == {"CLERK_SECRET_KEY": "{env:CLERK_SECRET_KEY}"}
    assert made["enabled"] is True
    installed("copilot-cli", "--sandbox")
    assert entry("copilot-cli", SANDBOX_NAME)["tools"] == ["*"]


def test_what_somebody_switched_off_in_the_host_stays_off() -> None:
    installed("opencode", "--sandbox")
    path = path_here(HOSTS["opencode"])
    path.write_text(path.read_text().replace('"enabled": true', '"enabled": false'))
    installed("opencode", "--sandbox", "--read-only")
    assert entry("opencode", SANDBOX_NAME)["enabled"] is False


def test_without_a_name_it_lists_the_hosts_that_are_here_and_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    config("cursor", "{}")
    config("codex", "")
    unasked = clerk_mcp("install", "--sandbox")
    assert unasked.exit_code == 2
    assert "On this machine: cursor, codex." in unasked.stderr
    shown = at_a_terminal("install", "--sandbox", answer="2\n")
    assert f"1  Cursor  ({path_here(HOSTS['cursor'])})" in shown
    assert "Codex: wrote" in shown
    assert args("codex", SANDBOX_NAME) == ["--sandbox"]


def test_doctor_says_what_a_host_would_leave_out() -> None:
    here = {"command": sys.executable, "args": ["-m", "clerk_mcp", "--sandbox"]}
    config("windsurf", json.dumps({"mcpServers": {"demo": here}}))
    config("claude-code", json.dumps({"mcpServers": {"clerk-sandbox": here}}))
    report = json.loads(clerk_mcp("doctor", "--sandbox", "--json").stdout)["findings"]
    found = {finding["check"]: finding for finding in report}
    assert found["windsurf"]["level"] == found["claude-code"]["level"] == "warning"
    assert "takes 100" in found["windsurf"]["message"]
    assert "--mode search" in found["windsurf"]["fix"]
    assert "longer names" in found["claude-code"]["message"]
