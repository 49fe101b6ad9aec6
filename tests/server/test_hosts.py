"""`clerk-mcp install` and `uninstall`, as a person runs them on the files of their hosts."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from clerk_mcp.cli import cli
from clerk_mcp.commands.install.host_files import BrokenFile, Section, entries, with_entry
from clerk_mcp.commands.install.hosts import HOSTS, Host, Launch, path_here, resolved

pytestmark = pytest.mark.usefixtures("home")

KEY = "sk_test_sandboxNotAnInstance"

FILES = {
    "json": '{\n    "mcpServers": {\n        "other": {"command": "x"}\n    },\n    "theme": "dark"\n}\n',
    "jsonc": """\
// My settings
{
\t"theme": "One", // keep this
\t/* servers */
\t"SECTION": {
\t\t// mine
\t\t"other": { "command": "x", "args": ["a",], }, // and this
\t},
\t"url": "https://example.com//path",
}
""",
    "yaml": """\
# goose
GOOSE_MODEL: "x"   # a model
extensions:
  developer:
    enabled: true
    args:
      - a   # the first
      - b
# the end
""",
    "toml": 'model = "x" # a model\n\n[mcp_servers.other]\ncommand = "x"\n\n[tui]\na = 1 # last\n',
}
"""By format, a file as somebody keeps it."""


def clerk_mcp(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def config(host_id: str, text: str | None = None) -> Path:
    """The host's file, made with this text, or with what is typical of its format."""
    host = HOSTS[host_id]
    path = path_here(host)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(typical(host, FILES[host.format]) if text is None else text, newline="")
    return path


def typical(host: Host, text: str) -> str:
    """A text in which the host's entries stand under their own name."""
    *outer, section = host.section
    text = text.replace("SECTION", section)
    for name in outer:
        text = f'{{\n"{name}": {text.rstrip()}\n}}\n'
    return text


def parsed(host_id: str, path: Path) -> Any:
    """What the host reads."""
    text = path.read_text()
    match HOSTS[host_id].format:
        case "yaml":
            return yaml.safe_load(text)
        case "toml":
            return tomllib.loads(text)
    return json.loads(text)


def held(host_id: str, path: Path) -> Any:
    """The entries that the host reads."""
    found = parsed(host_id, path)
    for name in HOSTS[host_id].section:
        found = found[name]
    return found


@pytest.mark.parametrize("host_id", HOSTS)
def test_an_entry_comes_and_goes_and_leaves_everything_else_as_it_was(host_id: str) -> None:
    path = config(host_id)
    before = path.read_text()
    done = clerk_mcp("install", host_id, "--sandbox")
    assert done.exit_code == 0, done.output
    after = path.read_text()
    assert "--sandbox" in after
    assert [line for line in before.splitlines() if line.strip() and line not in after] == []
    assert clerk_mcp("uninstall", host_id).exit_code == 0
    assert path.read_text().rstrip("\n") == before.rstrip("\n")


@pytest.mark.parametrize("host_id", HOSTS)
def test_a_host_without_a_file_gets_one_that_it_can_read(host_id: str) -> None:
    host = HOSTS[host_id]
    assert clerk_mcp("install", host_id, "--sandbox").exit_code == 0
    entry = held(host_id, path_here(host))["demo"]
    launch = host.launch(entry)
    assert launch is not None
    assert launch.is_ours
    assert launch.args[-1] == "--sandbox"


@pytest.mark.parametrize(
    ("host_id", "platform", "path"),
    [
        (
            "claude-desktop",
            "macos",
            "/home/ada/Library/Application Support/Claude/claude_desktop_config.json",
        ),
        ("claude-desktop", "linux", "/home/ada/.config/Claude/claude_desktop_config.json"),
        ("claude-desktop", "windows", "/roaming/Claude/claude_desktop_config.json"),
        ("claude-code", "windows", "/home/ada/.claude.json"),
        ("vscode", "macos", "/home/ada/Library/Application Support/Code/User/mcp.json"),
        ("vscode", "windows", "/roaming/Code/User/mcp.json"),
        ("zed", "macos", "/home/ada/.config/zed/settings.json"),
        ("zed", "windows", "/roaming/Zed/settings.json"),
        ("goose", "linux", "/home/ada/.config/goose/config.yaml"),
        ("goose", "windows", "/roaming/Block/goose/config/config.yaml"),
        ("codex", "linux", "/home/ada/.codex/config.toml"),
    ],
)
def test_each_platform_has_its_own_place(host_id: str, platform: Any, path: str) -> None:
    assert HOSTS[host_id].path(platform, {"APPDATA": "/roaming"}, Path("/home/ada")) == Path(path)


@pytest.mark.parametrize(
    ("host_id", "variable", "path"),
    [
        ("claude-code", "CLAUDE_CONFIG_DIR", "/elsewhere/.claude.json"),
        ("codex", "CODEX_HOME", "/elsewhere/config.toml"),
        ("gemini-cli", "GEMINI_CLI_HOME", "/elsewhere/.gemini/settings.json"),
        ("goose", "XDG_CONFIG_HOME", "/elsewhere/goose/config.yaml"),
        ("openclaw", "OPENCLAW_HOME", "/elsewhere/.openclaw/openclaw.json"),
        ("openclaw", "OPENCLAW_STATE_DIR", "/elsewhere/openclaw.json"),
        ("openclaw", "OPENCLAW_CONFIG_PATH", "/elsewhere"),
    ],
)
def test_a_host_that_was_moved_is_found_where_its_variable_says(
    host_id: str, variable: str, path: str
) -> None:
    assert HOSTS[host_id].path("macos", {variable: "/elsewhere"}, Path("/home/ada")) == Path(path)


def test_claude_desktop_from_the_windows_store_has_a_place_of_its_own(tmp_path: Path) -> None:
    package = tmp_path / "Packages" / "Claude_pzs8sxrjxfjjc"
    package.mkdir(parents=True)
    environ = {"LOCALAPPDATA": str(tmp_path), "APPDATA": "/roaming"}
    roaming = package / "LocalCache" / "Roaming"
    config = HOSTS["claude-desktop"].path("windows", environ, Path("/home/ada"))
    assert config == roaming / "Claude" / "claude_desktop_config.json"
    assert HOSTS["zed"].path("windows", environ, Path("/home/ada")) == Path("/roaming/Zed/settings.json")


def test_codex_may_name_a_variable_with_where_it_comes_from() -> None:
    entry = {"command": "clerk-mcp", "env_vars": [{"name": "CLERK_SECRET_KEY", "source": "remote"}, "OTHER"]}
    launch = HOSTS["codex"].launch(entry)
    assert launch is not None
    assert launch.from_env == ("CLERK_SECRET_KEY", "OTHER")


def test_the_file_as_it_was_is_kept_beside_it() -> None:
    path = config("cursor")
    before = path.read_bytes()
    clerk_mcp("install", "cursor", "--sandbox")
    (backup,) = path.parent.glob("mcp.json.*.bak")
    assert backup.read_bytes() == before


def test_installing_twice_changes_nothing_the_second_time() -> None:
    path = config("cursor")
    clerk_mcp("install", "cursor", "--sandbox")
    once = path.read_bytes()
    assert "already" in clerk_mcp("install", "cursor", "--sandbox").output
    assert path.read_bytes() == once
    assert len(list(path.parent.glob("*.bak"))) == 1


def test_a_dry_run_shows_the_difference_and_changes_nothing() -> None:
    path = config("vscode")
    before = path.read_bytes()
    done = clerk_mcp("install", "vscode", "--sandbox", "--dry-run")
    assert done.exit_code == 0
    assert '+\t\t"demo": {' in done.stdout.splitlines()
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_serving_flags_become_the_entrys_arguments_with_absolute_paths(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.chdir(home)
    path = config("cursor")
    done = clerk_mcp(
        "--read-only", "install", "cursor", "--toolsets", "users,jwks", "--audit-log", "trail.jsonl"
    )
    assert done.exit_code == 0, done.output
    args = entries(path.read_text(), "jsonc", ("mcpServers",))["clerk"]["args"]
    assert args == ["--toolsets", "users,jwks", "--read-only", "--audit-log", str(home / "trail.jsonl")]


def test_settings_that_do_not_hold_are_refused_before_they_are_written() -> None:
    path = config("cursor")
    before = path.read_bytes()
    for wrong in (["--max-result-bytes", "1"], ["--transport", "http"]):
        done = clerk_mcp("install", "cursor", *wrong)
        assert done.exit_code == 2
        assert done.stderr
        assert path.read_bytes() == before


@pytest.mark.parametrize("host_id", HOSTS)
def test_a_key_is_not_written_unless_told_to(host_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_SECRET_KEY", KEY)
    path = config(host_id)
    clerk_mcp("install", host_id)
    assert KEY not in path.read_text()
    assert "CLERK_SECRET_KEY" in path.read_text()
    shown = clerk_mcp("install", host_id, "--with-key", "--dry-run")
    assert KEY not in shown.output
    assert clerk_mcp("install", host_id, "--with-key").exit_code == 0
    assert KEY in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    clerk_mcp("install", host_id)
    assert KEY not in path.read_text()


def test_a_key_file_is_named_where_there_is_one(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    (home / "key").write_text(KEY)
    monkeypatch.setenv("CLERK_SECRET_KEY_FILE", "~/key")
    printed = json.loads(clerk_mcp("install", "cursor", "--print").stdout)
    assert printed["mcpServers"]["clerk"]["env"] == {"CLERK_SECRET_KEY_FILE": str(home / "key")}


def test_a_host_that_hands_on_no_variables_is_told_of_a_file_and_its_user_how_to_make_it(home: Path) -> None:
    done = clerk_mcp("install", "claude-desktop")
    assert f"cat > {home}/.clerk-mcp/key" in done.stderr
    (entry,) = parsed("claude-desktop", path_here(HOSTS["claude-desktop"]))["mcpServers"].values()
    assert entry["env"] == {"CLERK_SECRET_KEY_FILE": f"{home}/.clerk-mcp/key"}


def test_with_key_without_a_key_is_refused() -> None:
    done = clerk_mcp("install", "cursor", "--with-key")
    assert done.exit_code == 2
    assert "CLERK_SECRET_KEY" in done.stderr


def test_what_the_host_keeps_in_our_entry_survives_a_second_install() -> None:
    ours = {
        "command": "clerk-mcp",
        "args": ["--sandbox"],
        "disabled": True,
        "autoApprove": ["Users_getTotalCount"],
    }
    path = config("windsurf", json.dumps({"mcpServers": {"clerk": ours}}))
    assert clerk_mcp("install", "windsurf").exit_code == 0
    entry = json.loads(path.read_text())["mcpServers"]["clerk"]
    assert (entry["disabled"], entry["autoApprove"], entry["args"]) == (True, ["Users_getTotalCount"], [])


@pytest.mark.parametrize(
    ("host_id", "text", "said"),
    [
        ("claude-desktop", '{"mcpServers": {', "line 1"),
        ("claude-desktop", '{"mcpServers": {}, }', "line 1"),
        ("claude-desktop", "[]", "not one object"),
        ("claude-desktop", '{"mcpServers": []}', '"mcpServers" holds no entries'),
        ("zed", '{\n  "a": 1\n  "b": 2\n}', "is not the JSON"),
        ("zed", '{"context_servers": {"a": 1,, "b": 2}}', "line 1, column 28"),
        ("openclaw", "{mcp: {servers: {}}}", "openclaw mcp set"),
        ("openclaw", '{"mcp": []}', '"mcp" holds no entries'),
        ("goose", "a: 1\nextensions: [\n", "line 3"),
        ("goose", "- a\n", "not a mapping"),
        ("goose", "extensions: {a: {cmd: x}}\n", "layout"),
        ("codex", "a = \n", "line 1"),
        ("cursor", '{"mcpServers": {"clerk": {"command": "npx", "args": ["something-else"]}}}', "--name"),
        ("cursor", '{"mcpServers": {"clerk": {"url": "https://example.com/mcp"}}}', "--name"),
        (
            "cursor",
            '{"mcpServers": {"clerk": {"command": "clerk-mcp"}, "clerk": {"command": "clerk-mcp"}}}',
            "twice",
        ),
    ],
)
def test_a_file_that_cannot_be_changed_safely_is_left_alone(host_id: str, text: str, said: str) -> None:
    path = config(host_id, text)
    done = clerk_mcp("install", host_id)
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert "Nothing was changed." in done.stderr
    assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]


def test_a_read_only_file_and_one_that_is_not_text_are_left_alone() -> None:
    path = config("cursor")
    path.chmod(0o444)
    done = clerk_mcp("install", "cursor", "--sandbox")
    assert (done.exit_code, "read-only" in done.stderr) == (2, True)
    path.chmod(0o644)
    path.write_bytes(b"\xff\xfe{")
    done = clerk_mcp("install", "cursor", "--sandbox")
    assert (done.exit_code, "UTF-8" in done.stderr) == (2, True)
    assert path.read_bytes() == b"\xff\xfe{"


def test_another_server_is_not_taken_out_in_place_of_ours() -> None:
    path = config("cursor")
    before = path.read_bytes()
    refused = clerk_mcp("uninstall", "cursor", "--name", "other")
    assert (refused.exit_code, "another server" in refused.stderr) == (2, True)
    assert "no entry" in clerk_mcp("uninstall", "cursor").stdout
    assert path.read_bytes() == before


def test_an_unknown_host_and_none_at_all_get_the_list_of_known_ones() -> None:
    for arguments in (["install", "cursr"], ["uninstall", "cursr"], ["install"]):
        done = clerk_mcp(*arguments)
        assert done.exit_code == 2
        assert all(id in done.stderr for id in HOSTS)
    assert "Did you mean cursor?" in clerk_mcp("install", "cursr").stderr


def test_for_any_other_host_the_entry_is_printed() -> None:
    printed = json.loads(clerk_mcp("install", "--print", "--read-only").stdout)
    entry = printed["mcpServers"]["clerk"]
    assert entry["args"] == ["--read-only"]
    assert entry["env"] == {"CLERK_SECRET_KEY": "${CLERK_SECRET_KEY}"}


def test_a_linked_file_stays_a_link(home: Path) -> None:
    path = config("cursor")
    kept = home / "dotfiles.json"
    path.rename(kept)
    path.symlink_to(kept)
    assert clerk_mcp("install", "cursor", "--sandbox").exit_code == 0
    assert path.is_symlink()
    assert "demo" in kept.read_text()


def test_windows_line_ends_and_a_byte_order_mark_stay() -> None:
    path = config("cursor", '\ufeff{\r\n  "mcpServers": {\r\n    "other": {} // mine\r\n  }\r\n}\r\n')
    before = path.read_bytes()
    assert clerk_mcp("install", "cursor", "--sandbox").exit_code == 0
    after = path.read_bytes()
    assert after.startswith(b"\xef\xbb\xbf{")
    assert after.count(b"\n") == after.count(b"\r\n") == before.count(b"\n") + 6
    clerk_mcp("uninstall", "cursor")
    assert path.read_bytes() == before


def test_references_are_filled_in_as_the_host_would() -> None:
    launch = Launch(
        "clerk-mcp", env={"A": "${X}", "B": "${env:X}", "C": "$X", "D": "${Y:-z}"}, from_env=("X",)
    )
    assert resolved(launch, {"X": "1"}).env == {"A": "1", "B": "1", "C": "1", "D": "z", "X": "1"}
    with pytest.raises(LookupError, match="X"):
        resolved(launch, {})


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=4), v, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(st.text(max_size=6), values, max_size=4)
servers = st.dictionaries(st.text(max_size=6).filter(lambda n: n != "clerk"), values, max_size=3)


@given(
    documents,
    servers,
    st.sampled_from([("mcpServers",), ("mcp", "servers")]),
    st.sampled_from([None, 0, 1, 2, 4, "\t"]),
    st.booleans(),
)
def test_any_json_keeps_all_but_the_entry(
    document: dict[str, Any], others: dict[str, Any], section: Section, indent: Any, escaped: bool
) -> None:
    def holding(entries: dict[str, Any]) -> dict[str, Any]:
        outer, *inner = section
        return {**document, outer: {"beside": 1, inner[0]: entries} if inner else entries}

    text = json.dumps(holding(others), indent=indent, ensure_ascii=escaped)
    entry = {"command": "clerk-mcp", "args": ["--sandbox"]}
    with_it = with_entry(text, "json", section, "clerk", entry)
    assert json.loads(with_it) == holding({**others, "clerk": entry})
    assert with_entry(with_it, "json", section, "clerk", entry) == with_it
    assert json.loads(with_entry(with_it, "json", section, "clerk", None)) == json.loads(text)


@given(
    st.text(max_size=60) | st.text(alphabet='{}[]",:/*1 \n-x#&', max_size=40),
    st.sampled_from(["json", "jsonc", "yaml", "toml"]),
)
def test_any_text_is_changed_rightly_or_refused(text: str, form: Any) -> None:
    try:
        changed = with_entry(text, form, ("s",), "clerk", {"command": "clerk-mcp"})
    except BrokenFile:
        return
    assert entries(changed, form, ("s",))["clerk"] == {"command": "clerk-mcp"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_each_shell(shell: str) -> None:
    done = clerk_mcp("completion", shell)
    assert done.exit_code == 0
    assert f"_CLERK_MCP_COMPLETE={shell}_complete" in done.stdout


@pytest.mark.parametrize("command", ["call", "tools"])
def test_operation_names_complete(command: str) -> None:
    words = {
        "_CLERK_MCP_COMPLETE": "bash_complete",
        "COMP_WORDS": f"clerk-mcp {command} users_getu",
        "COMP_CWORD": "2",
    }
    done = CliRunner().invoke(cli, env=words, prog_name="clerk-mcp")
    assert done.stdout.split() == ["plain,Users_getUserDetails"]
