"""Several instances: the configuration file, what each of them may do, and that nothing crosses."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from mcp import Client

from clerk_mcp.cli import cli
from clerk_mcp.serve import make_calls, make_server
from clerk_mcp.settings import Settings, SettingsError, load
from clerk_mcp.settings.configuration import KEYS

LIVE = "sk_live_sandbox1"
TEST = "sk_test_sandbox1"
TWO_SANDBOXES = "[instances.dev]\nsandbox = true\n[instances.prod]\nsandbox = true\n"

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the configuration file."""

    def writing(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return writing


def key_in(tmp_path: Path, name: str, key: str) -> Path:
    path = tmp_path / name
    path.write_text(f"{key}\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def problems_of(path: Path, **flags: Any) -> str:
    with pytest.raises(SettingsError) as refused:
        load({"config": path, "instance": "all", **flags})
    return str(refused.value)


# ── A file that is wrong ──

WRONG = (
    ("[instances.prod]\nkey_file = 1\n", r"line 2: prod\.key_file must be a text"),
    ("[instances.prod]\nsandbox = true\nreadonly = true\n", r"line 3: prod\.readonly .* mean read_only\?"),
    (
        "[instances.prod]\nsandbox = true\nread_only = 'yes'\n",
        r"line 3: prod\.read_only must be true or",
    ),
    ("[instances.prod]\nsandbox = true\ntoolsets = 'users'\n", r"line 3: prod\.toolsets must be a list"),
    ("[instances.prod]\nsandbox = true\ntoolsets = [1]\n", r"line 3: prod\.toolsets must be a list of texts"),
    ("[instances.prod]\nsandbox = true\ntoolsets = []\n", r"line 3: prod\.toolsets is empty"),
    ("[instances.prod]\nsandbox = true\nconfirm = 'perso'\n", r"line 3: prod\.confirm must be live, "),
    ("[instances.prod]\nsandbox = true\nkind = 'production'\n", r"line 3: prod\.kind must be live or test"),
    ("[instances.prod]\nsandbox = true\napi_url = 'ftp://x'\n", r"line 3: prod\.api_url must be a plain URL"),
    ("[instances.prod]\nkey_env = '$KEY'\n", r"line 2: prod\.key_env must be the name of a variable"),
    ("[instances.prod]\nkey_env = 'NOT_SET_KEY'\n", r"line 2: prod\.key_env is NOT_SET_KEY, .* is not set"),
    ("[instances.prod]\nkey_file = 'gone.key'\n", r"line 2: prod\.key_file .*gone\.key cannot be read"),
    ("[instances.prod]\nread_only = true\n", r"line 1: prod needs one of key_file .* it has none"),
    ("[instances.prod]\nsandbox = true\nkey_env = 'A'\n", r"prod needs one of .* key_env and sandbox"),
    ("[instances.prod]\nkey = 'sk_live_abcdefgh1'\n", r"line 2: prod\.key is not .* this file holds no keys"),
    ("[instances.prod]\nkey_file = 'sk_live_abcdefgh1'\n", r"line 2: prod\.key_file is a credential"),
    ("[instances.Prod]\nsandbox = true\n", r"line 1: Prod cannot be the name of an instance"),
    ("[instances.all]\nsandbox = true\n", r"line 1: all cannot be the name"),
    ("[instances]\nprod = 1\n", r"prod must be a table, \[instances\.prod\]"),
    ("instances = 1\n", r"line 1: instances must be tables"),
    ("[instance.prod]\nsandbox = true\n", r"line 1: instance is nothing .* did you mean \[instances\]\?"),
    ("", r"it names no instance"),
    ("[instances.prod\n", r"is not TOML: .*line 1"),
    (f"[instances.prod]\nmax_changes = {'9' * 5000}\n", r"is not TOML: .*4300 digits"),
    ("#" * 100_001, r"is larger than 100000 bytes"),
    (
        "[instances.prod]\nkey_file = 'k'\napi_url = \"https://x.example\\r\\ny\"\n",
        r"3: prod\.api_url .* nobody sees",
    ),
    ('[instances.prod]\nkey_command = ["\\u001b[31mx"]\n', r"2: prod\.key_command .* nobody sees"),
    ('[instances.prod]\nsandbox = true\naudit_log = "a\\u0000b"\n', r"3: prod\.audit_log .* nobody sees"),
    (
        "[instances.prod]\nkey_command = 'op read x'\n",
        r"line 2: prod\.key_command must be a list of texts, the",
    ),
    ("[instances.prod]\nkey_command = ['op', 'sk_live_abcdefgh1']\n", r"prod\.key_command is a credential"),
    (
        "[instances.a]\nkey_command = ['v']\n[instances.b]\nkey_command = ['v']\n",
        r"line 4: b and a have one key, the program v",
    ),
    (
        "[instances.a]\nkey_env = 'K'\n[instances.b]\nkey_env = 'K'\n",
        r"line 4: b and a have one key, the variable K",
    ),
)


@pytest.mark.parametrize(("text", "says"), WRONG, ids=[says for _, says in WRONG])
def test_whatever_is_wrong_in_the_file_is_refused_by_its_place(text: str, says: str, write: Write) -> None:
    path = write(text)
    told = problems_of(path)
    assert re.search(says, told)
    assert str(path) in told
    assert "sk_live_abcdefgh1" not in told


def test_everything_that_is_wrong_is_said_at_once(write: Write) -> None:
    told = problems_of(write("[instances.a]\nsandbox = 1\n[instances.b]\nsandbox = true\nmodes = 'all'\n"))
    assert "a.sandbox" in told
    assert "b.modes" in told


def test_each_key_of_a_table_stands_for_a_setting_of_the_server() -> None:
    fields = {field for _, _, field in KEYS.values() if field}
    assert fields <= set(Settings.model_fields)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("prd", r"has no instance prd; did you mean prod\?"),
        ("xyz", r"has no instance xyz; it has dev, prod"),
        ("", r"--instance .* is empty"),
        ("dev,", r"--instance .* is empty"),
    ],
)
def test_an_instance_that_is_not_there_is_refused(asked: str, says: str, write: Write) -> None:
    with pytest.raises(SettingsError, match=says):
        load({"config": write(TWO_SANDBOXES), "instance": asked})


def test_an_instance_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is prod, and there is no configuration file"):
        load({"config": tmp_path / "none.toml", "instance": "prod"})


def test_the_file_alone_chooses_nothing_and_says_so(write: Write) -> None:
    path = write(TWO_SANDBOXES)
    done = CliRunner().invoke(cli, ["--config", str(path)])
    assert done.exit_code == 2
    assert "--config (CLERK_MCP_CONFIG) has no effect without --instance" in done.output


def test_without_a_key_the_instances_of_the_users_file_are_named(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLERK_MCP_CONFIG", str(write(TWO_SANDBOXES)))
    with pytest.raises(SettingsError, match="choose one with --instance dev or --instance prod"):
        make_calls(load())


def test_a_file_that_others_may_change_is_refused(write: Write) -> None:
    path = write(TWO_SANDBOXES)
    path.chmod(0o666)  # umask aside
    assert f"chmod go-w {path}" in problems_of(path)


def test_two_instances_with_one_key_are_refused_wherever_the_key_is(write: Write, tmp_path: Path) -> None:
    key_in(tmp_path, "a.key", LIVE)
    key_in(tmp_path, "b.key", LIVE)
    told = problems_of(write("[instances.a]\nkey_file = 'a.key'\n[instances.b]\nkey_file = 'b.key'\n"))
    assert "a and b have one key" in told
    assert LIVE not in told


def test_one_instance_alone_is_refused_where_another_of_the_file_has_its_key(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_in(tmp_path, "a.key", LIVE)
    monkeypatch.setenv("B_KEY", LIVE)
    path = write(
        "[instances.a]\nkey_file = 'a.key'\n[instances.b]\nkey_env = 'B_KEY'\n"
        "[instances.c]\nkey_file = 'gone.key'\n[instances.d]\nkey_env = 'B_KEY'\n"
        "api_url = 'http://127.0.0.1:2/v1'\n[instances.e]\nsandbox = true\n"
    )
    for name in ("a", "b"):
        told = problems_of(path, instance=name)
        assert "a and b have one key" in told
        assert LIVE not in told
    assert load({"config": path, "instance": "d"}).key == LIVE, "at another address it is another instance"
    assert load({"config": path, "instance": "e"}).sandbox


# ── A key that a program writes ──


def program_in(tmp_path: Path, code: str) -> str:
    """A key_command that runs some Python, as it stands in the file."""
    path = tmp_path / "vault.py"
    path.write_text(code, encoding="utf-8")
    return json.dumps([sys.executable, str(path), "op://Work/Clerk key; echo $HOME\nexit"])


def test_a_program_writes_the_key_and_gets_its_arguments_without_a_shell(
    write: Write, tmp_path: Path
) -> None:
    command = program_in(
        tmp_path,
        "import pathlib, sys\n"
        "assert sys.stdin.read() == ''\n"
        "pathlib.Path('seen').write_text(sys.argv[1])\n"
        "print('a note that nobody reads', file=sys.stderr)\n"
        f"print('{TEST}')\n",
    )
    path = write(f"[instances.dev]\nkey_command = {command}\nkind = 'test'\n")
    settings = load({"config": path, "instance": "dev"})
    assert settings.key == TEST
    assert (tmp_path / "seen").read_text() == "op://Work/Clerk key; echo $HOME\nexit"
    assert TEST not in repr(settings)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("print('sk_test_secret hush')", "what it wrote must start with sk_test_"),
        ("print('pk_test_hush')", "this is a publishable key"),
        ("", "wrote nothing"),
        ("import sys; sys.exit('hush')", "failed with status 1: run it by hand"),
        ("print('sk_test_hush'); raise SystemExit(3)", "failed with status 3"),
        ("while True: print('hush' * 1000)", "wrote more than 4096 bytes"),
        ("import sys; sys.stdout.buffer.write(b'hush' + bytes([255]))", "wrote what is no text"),
        ("import time; print('hush', flush=True); time.sleep(60)", "gave no answer within 0.5 s"),
    ],
)
def test_a_program_that_gives_no_key_is_named_and_what_it_wrote_is_not_shown(
    code: str, says: str, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "time" in code:
        monkeypatch.setattr("clerk_mcp.settings.key_command.WITHIN_S", 0.5)
    told = problems_of(write(f"[instances.dev]\nkey_command = {program_in(tmp_path, code)}\n"))
    assert says in told
    assert f"line 2: dev.key_command ({sys.executable} …)" in told
    assert "hush" not in told


def test_a_program_that_is_not_there_is_said_to_need_its_whole_path(write: Write) -> None:
    told = problems_of(write("[instances.dev]\nkey_command = ['no-such-vault', 'read']\n"))
    assert "cannot be run: No such file" in told
    assert "give its whole path" in told


def test_the_program_of_an_instance_that_nobody_chose_is_not_run(write: Write, tmp_path: Path) -> None:
    command = program_in(tmp_path, "import pathlib; pathlib.Path('ran').touch()")
    path = write(f"[instances.dev]\nsandbox = true\n[instances.prod]\nkey_command = {command}\n")
    assert load({"config": path, "instance": "dev"}).sandbox
    assert not (tmp_path / "ran").exists()


# ── What an instance may do ──


@pytest.mark.parametrize(
    ("key", "table", "flags", "read_only"),
    [
        (LIVE, "", {}, True),
        (LIVE, "read_only = false", {}, False),
        (LIVE, "read_only = false", {"read_only": True}, True),
        (TEST, "", {}, False),
        (TEST, "read_only = true", {}, True),
    ],
)
def test_a_production_instance_only_reads_unless_the_file_says_otherwise(
    key: str, table: str, flags: dict[str, Any], *, read_only: bool, write: Write, tmp_path: Path
) -> None:
    key_in(tmp_path, "its.key", key)
    path = write(f"[instances.one]\nkey_file = 'its.key'\n{table}\n")
    assert load({"config": path, "instance": "one", **flags}).read_only is read_only


def test_no_variable_opens_a_production_instance(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLERK_MCP_READ_ONLY", "false")
    key_in(tmp_path, "its.key", LIVE)
    assert load({"config": write("[instances.one]\nkey_file = 'its.key'\n"), "instance": "one"}).read_only


def test_the_key_comes_from_where_the_table_says_and_flags_go_before_it(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLERK_SECRET_KEY", "sk_live_anothers")
    monkeypatch.setenv("CLERK_API_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("ITS_KEY", TEST)
    monkeypatch.setenv("CLERK_MCP_CONFIRM", "never")
    path = write(
        "[instances.one]\nkey_env = 'ITS_KEY'\napi_url = 'http://127.0.0.1:2/v1'\nconfirm = 'always'\n"
        "toolsets = ['users']\n"
    )
    one = load({"config": path, "instance": "one", "toolsets": "domains"})
    assert (one.key, one.clerk_api_url, one.confirm) == (TEST, "http://127.0.0.1:2/v1", "always")
    assert one.toolsets == ("domains",)
    assert one.from_file == {"clerk_api_url", "confirm"}


def test_a_kind_that_its_key_is_not_of_is_refused(write: Write, tmp_path: Path) -> None:
    key_in(tmp_path, "its.key", LIVE)
    told = problems_of(write("[instances.dev]\nkey_file = 'its.key'\nkind = 'test'\n"))
    assert "line 3: dev.kind is test, and its key is a live key" in told


def test_a_selection_of_the_file_that_matches_nothing_names_its_line(write: Write) -> None:
    path = write("[instances.dev]\nsandbox = true\ntoolsets = ['usrs']\n")
    done = CliRunner().invoke(cli, ["--config", str(path), "--instance", "dev", "tools"])
    assert re.search(r"line 3: dev\.toolsets: 'usrs' matches nothing; did you mean users\?", done.output)


@pytest.mark.parametrize("beside", [{"sandbox": True}, {"transport": "http", "auth": "clerk-key"}])
def test_what_would_be_another_instance_does_not_go_with_it(beside: dict[str, Any], write: Write) -> None:
    assert "exclude each other" in problems_of(write(TWO_SANDBOXES), **beside)


def test_stdio_serves_one_instance(write: Write) -> None:
    with pytest.raises(SettingsError, match="one instance only here, of dev, prod"):
        make_server(load({"config": write(TWO_SANDBOXES), "instance": "all"}))


# ── Nothing crosses ──


async def deletion(client: Client, **more: str) -> dict[str, Any]:
    users = await client.call_tool("Users_listSortedByCreationDate", {"limit": 1})
    assert users.structured_content
    user = users.structured_content["items"][0]["id"]
    answer = await client.call_tool("Users_deleteUserById", {"user_id": user, **more})
    return answer.structured_content or {}


@pytest.mark.anyio
async def test_a_confirmation_of_one_instance_is_refused_by_the_other(write: Write, tmp_path: Path) -> None:
    """The two sandboxes have the same key, the same users and, on stdio, the same seals."""
    path, trail = write(TWO_SANDBOXES), tmp_path / "trail.jsonl"
    flags = {"config": path, "confirm": "always", "ask": "preview", "audit_log": trail}
    servers = {name: make_server(load({**flags, "instance": name})) for name in ("dev", "prod")}
    async with Client(servers["dev"]) as dev, Client(servers["prod"]) as prod:
        assert 'Runs "dev", a sandbox' in (dev.instructions or "")
        asked = await deletion(dev)
        assert asked["preview"]["instance"] == "dev"
        crossed = await deletion(prod, confirm=asked["confirm"])
        assert crossed["error"]["code"] == "confirm_other_key"
        assert "deleted" in json.dumps(await deletion(dev, confirm=asked["confirm"]))
    lines = [json.loads(line) for line in trail.read_text().splitlines() if line]
    heads = [(line["instance"], line["outcome"]) for line in lines if line["stage"] == "only"]
    assert ("dev", "previewed") in heads
    assert ("prod", "refused") in heads


@pytest.mark.anyio
async def test_a_plan_of_one_instance_does_not_run_on_the_other(write: Write, tmp_path: Path) -> None:
    flags = {"config": write(TWO_SANDBOXES), "runs_dir": tmp_path / "runs"}
    servers = {name: make_server(load({**flags, "instance": name})) for name in ("dev", "prod")}
    async with Client(servers["dev"]) as dev, Client(servers["prod"]) as prod:
        users = (await dev.call_tool("Users_listSortedByCreationDate", {"limit": 2})).structured_content or {}
        items = [{"user_id": user["id"]} for user in users["items"]]
        plan = await dev.call_tool("run_each", {"operation": "Users_lockUser", "items": items})
        planned = plan.structured_content or {}
        assert '"dev"' in json.dumps(planned)
        crossed = await prod.call_tool("run_each", {"confirm": planned["confirm"]})
        assert crossed.is_error
        for user in users["items"]:
            shown = await prod.call_tool(
                "Users_getUserDetails", {"user_id": user["id"], "fields": ["locked"]}
            )
            assert (shown.structured_content or {})["locked"] is False
        assert not (await dev.call_tool("run_each", {"confirm": planned["confirm"]})).is_error


def test_a_call_of_one_instance_is_not_taken_back_on_another(write: Write, tmp_path: Path) -> None:
    trail, run = tmp_path / "trail.jsonl", CliRunner()
    common = ["--config", str(write(TWO_SANDBOXES))]
    dev = [*common, "--instance", "dev", "--audit-log", str(trail), "--audit-before"]
    users = json.loads(run.invoke(cli, [*dev, "call", "Users_listSortedByCreationDate", "--json"]).stdout)
    update = ["Users_updateUserAttributes", f"user_id={users['items'][0]['id']}", "first_name=Robin"]
    assert run.invoke(cli, [*dev, "call", *update]).exit_code == 0
    shown = run.invoke(cli, ["audit", str(trail), "--instance", "dev", "--operation", update[0], "--json"])
    [entry] = [json.loads(line)["entry"] for line in shown.stdout.splitlines()]
    assert not run.invoke(cli, ["audit", str(trail), "--instance", "prod", "--json"]).stdout
    undoing = [*common, "audit", str(trail), "--undo", entry, "--yes", "--instance"]
    refused = run.invoke(cli, [*undoing, "prod"])
    assert refused.exit_code == 2
    assert "was made on dev, and this is prod: choose it with --instance dev" in refused.output
    assert run.invoke(cli, [*undoing, "dev"]).exit_code == 0


# ── doctor and install ──


def doctor(home: Path, *arguments: str) -> dict[str, dict[str, Any]]:
    done = CliRunner().invoke(cli, [*arguments, "doctor", "--json"])
    return {each["check"]: each for each in json.loads(done.stdout)["findings"]}


def users_file(home: Path, text: str) -> Path:
    path = home / ".clerk-mcp" / "config.toml"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_doctor_looks_at_all_instances(home: Path) -> None:
    users_file(
        home,
        "[instances.dev]\nsandbox = true\n[instances.prod]\nkey_file = 'prod.key'\n"
        "api_url = 'http://127.0.0.1:1/v1'\n[instances.stage]\nkey_env = 'NOT_SET_KEY'\n",
    )
    key_in(home / ".clerk-mcp", "prod.key", LIVE).chmod(0o644)
    found = doctor(home)
    assert found["dev: key"]["message"] == "none is needed: sandbox = true"
    assert found["dev: clerk"]["level"] == "ok"
    assert "prod: start" in found
    # The last of its two findings: who can read the key.
    assert "others can read" in found["prod: key"]["message"]
    assert found["prod: network"]["level"] == "problem"
    assert "stage.key_env is NOT_SET_KEY" in found["config"]["message"]
    assert "key" not in found, "nobody needs a key beside those of the file"


def test_doctor_names_what_is_wrong_in_the_file_and_instances_with_one_key(home: Path) -> None:
    users_file(home, "[instances.dev]\nsandbox = true\nreadonly = true\n")
    assert "dev.readonly is not a setting" in doctor(home)["config"]["message"]
    users_file(home, "[instances.a]\nkey_env = 'A'\n[instances.b]\nkey_file = 'b.key'\n")
    key_in(home / ".clerk-mcp", "b.key", TEST)
    done = CliRunner(env={"A": TEST}).invoke(cli, ["doctor", "--json"])
    assert done.stdout.count("a and b have one key") == 1


def test_doctor_runs_the_program_that_has_a_key_and_says_where_the_key_is_from(home: Path) -> None:
    command = program_in(home, f"print('{TEST}')")
    users_file(
        home,
        f"[instances.dev]\nkey_command = {command}\napi_url = 'http://127.0.0.1:1/v1'\n"
        "[instances.stage]\nkey_command = ['no-such-vault']\n",
    )
    found = doctor(home)
    assert found["dev: key"]["message"] == f"a test key, from the program {sys.executable}"
    assert "stage.key_command (no-such-vault …) cannot be run" in found["config"]["message"]
    shown = CliRunner().invoke(cli, ["--instance", "dev", "doctor", "--json"]).stdout
    (key,) = (row for row in json.loads(shown)["settings"] if row["name"] == "clerk_secret_key")
    assert key["source"] == f"the program {sys.executable}"
    assert TEST not in shown


@pytest.mark.parametrize("host", ["claude-code", "claude-desktop", "codex"])
def test_install_names_the_entry_for_the_instance_and_says_no_more_than_that(host: str, home: Path) -> None:
    config = users_file(home, "[instances.prod]\nkey_file = 'prod.key'\ntoolsets = ['users']\n")
    key_in(config.parent, "prod.key", LIVE)
    done = CliRunner().invoke(cli, ["install", host, "--instance", "prod", "--print"])
    assert done.exit_code == 0, done.output
    assert "clerk-prod" in done.stdout
    assert re.search(r'"--instance",\s*"prod"', done.stdout)
    for word in (LIVE, "CLERK_SECRET_KEY", "--read-only", "--toolsets", "--config"):
        assert word not in done.stdout


def test_an_entry_of_another_file_names_it_and_hands_on_the_variable_of_its_key(
    write: Write, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITS_KEY", TEST)
    path = write("[instances.dev]\nkey_env = 'ITS_KEY'\n")
    common = ["--config", str(path), "install"]
    entry = CliRunner().invoke(cli, [*common, "claude-code", "--instance", "dev", "--print"]).stdout
    assert str(path) in entry
    assert "${ITS_KEY" in entry
    assert TEST not in entry
    refused = CliRunner().invoke(cli, [*common, "claude-desktop", "--instance", "dev", "--print"])
    assert "hands on no variables, and the key of dev is in ITS_KEY" in refused.output
    several = CliRunner().invoke(cli, [*common, "claude-code", "--instance", "all", "--print"])
    assert several.exit_code == 0, "one is all that there is"
