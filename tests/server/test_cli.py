"""The command, as a person types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clerk_mcp.settings import WITHOUT_FLAG, Settings, flag
from clerk_tools.catalog import RESOURCES, operations
from tests.forks import clerk_mcp


def call(*arguments: str) -> Any:
    done = clerk_mcp("call", "--sandbox", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_demo_tells_a_whole_story_with_a_mistake_and_a_question() -> None:
    done = clerk_mcp("demo")
    assert done.returncode == 0, done.stderr
    assert "\x1b[" not in done.stdout
    assert done.stdout.count("→ ") == done.stdout.count("← ") >= 8
    assert '"invalid_arguments"' in done.stdout
    assert "The user declines." in done.stdout
    assert '"status":"revoked"' in done.stdout
    assert done.stderr == ""


def test_tools_lists_all_109_as_a_table_in_a_pipe() -> None:
    rows = [line.split("\t") for line in clerk_mcp("tools").stdout.splitlines()]
    assert [row[1] for row in rows] == list(operations())


def test_tools_takes_the_filters_of_serving() -> None:
    listed = json.loads(clerk_mcp("tools", "--json", "--toolsets", "users", "--read-only").stdout)
    assert {row["effect"] for row in listed} == {"read"}
    assert {row["resource"] for row in listed} == {"users"}


def test_tools_with_a_name_shows_what_an_agent_sees() -> None:
    shown = json.loads(clerk_mcp("tools", "Users_markBanned").stdout)
    assert shown["inputSchema"]["required"] == ["user_id"]
    mistyped = clerk_mcp("tools", "Users_markBaned")
    assert mistyped.returncode == 2
    assert "Did you mean Users_markBanned?" in mistyped.stderr


def test_toolsets_help_lists_them_with_their_size() -> None:
    lines = clerk_mcp("--toolsets", "help").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["core", "all", *RESOURCES]
    assert all(line.endswith("bytes") for line in lines)


def test_help_shows_every_setting_once_and_only_where_it_is_at_home() -> None:
    shown = clerk_mcp("--help").stdout
    flags = [flag(name) for name in Settings.model_fields if name not in WITHOUT_FLAG]
    listed = [line.split()[0] for line in shown.splitlines() if line.startswith("  --")]
    assert [name for name in listed if name != "--version"] == flags
    assert "--read-only" not in clerk_mcp("call", "--help").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["doctr"], "There is no command doctr. Did you mean doctor?"),
        (["xyzzy"], "There is no command xyzzy. There are audit, call"),
        (
            ["call", "--sandbox", "Users_markBaned"],
            "Did you mean Users_markBanned? clerk-mcp tools lists all",
        ),
        (["tools", "xyzzy"], "Unknown tool: xyzzy. clerk-mcp tools lists all"),
        (["call", "--sandbox", "Users_getTotalCount", "x"], "'x' is not NAME=VALUE, such as limit=5"),
        (["install", "cursor", "--name", "a b"], '--name must be letters, digits, - and _, not "a b"'),
        (["install", "cursor", "--name", ""], '--name must be letters, digits, - and _, not ""'),
        (
            ["compare", "dev", "prod", "--config", "none.toml"],
            "is dev and prod, and there is no configuration file none.toml",
        ),
        (["audit", __file__], "holds no record of a call: is it the file of --audit-log?"),
        (["sandbox", "--host", "0.0.0.0"], "--host 0.0.0.0: the sandbox listens on loopback only"),
        (["sandbox", "--data", __file__], "is no snapshot of a sandbox, which is JSON"),
    ],
)
def test_what_somebody_mistypes_is_named_with_the_way_on(words: list[str], said: str) -> None:
    done = clerk_mcp(*words)
    assert said in done.stderr
    assert done.returncode == (0 if words[0] == "audit" else 2)


def test_call_runs_an_operation_from_pairs_and_from_json() -> None:
    assert len(call("Users_listSortedByCreationDate", "limit=3")["items"]) == 3
    assert len(call("Users_listSortedByCreationDate", "--json-args", '{"limit": 2}')["items"]) == 2


def test_call_runs_list_all_as_an_agent_can_and_tools_shows_it() -> None:
    users = "operation=Users_listSortedByCreationDate"
    counted = call("list_all", users, "where=two_factor_enabled == true", "group=count")
    assert 1 <= counted["matched"] < counted["read"]
    everybody = call("list_all", users, "group=count", "--list-all-cap", "7")
    assert everybody["matched"] == 7
    assert "where" in json.loads(clerk_mcp("tools", "list_all").stdout)["inputSchema"]["properties"]


def test_call_stops_a_wrong_call_with_the_message_that_an_agent_gets() -> None:
    done = clerk_mcp("call", "--sandbox", "Users_listSortedByCreationDate", "limit=501")
    assert done.returncode == 2
    assert "from 1 to 500" in json.loads(done.stderr)["error"]["message"]
    for arguments in (["no-equals-sign"], ["--json-args", "[1]"], ["--json-args", "{"]):
        done = clerk_mcp("call", "--sandbox", "Users_getTotalCount", *arguments)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_call_exits_1_on_an_error_of_clerks() -> None:
    done = clerk_mcp("call", "--sandbox", "Users_getUserDetails", "user_id=user_nobody")
    assert done.returncode == 1
    assert json.loads(done.stderr)["error"]["code"] == "resource_not_found"


def test_settings_may_stand_before_the_subcommand() -> None:
    done = clerk_mcp("--sandbox", "--read-only", "call", "Users_getTotalCount")
    assert json.loads(done.stdout)["total_count"] > 20
    refused = clerk_mcp("--sandbox", "--read-only", "call", "Webhooks_deleteSvixApp")
    assert json.loads(refused.stderr)["error"]["code"] == "read_only"


@pytest.mark.parametrize("option", ["--toolsets", "--tools", "--exclude"])
def test_a_selection_that_matches_nothing_stops_the_start(option: str) -> None:
    done = clerk_mcp("--sandbox", option, "Userz_*")
    assert done.returncode == 2
    assert "'Userz_*' matches nothing" in done.stderr


@pytest.mark.parametrize("blank", ["", " ", "users,"])
def test_a_selection_left_blank_is_not_everything(blank: str) -> None:
    assert clerk_mcp("--sandbox", "--toolsets", blank).returncode == 2


def test_the_audit_trail_is_written_shown_and_taken_back(tmp_path: Path) -> None:
    trail = tmp_path / "trail.jsonl"
    user = call("Users_listSortedByCreationDate", "limit=1")["items"][0]["id"]
    update = ["Users_updateUserAttributes", f"user_id={user}", "first_name=Robin"]
    done = clerk_mcp("call", "--sandbox", "--audit-log", str(trail), "--audit-before", *update)
    assert done.returncode == 0, done.stderr
    (shown,) = recorded(trail)
    assert (shown["operation"], shown["outcome"]) == ("Users_updateUserAttributes", "ok")
    undo = clerk_mcp("audit", str(trail), "--undo", shown["entry"])
    assert undo.returncode == 0, undo.stderr
    assert undo.stdout.startswith("clerk-mcp call Users_updateUserAttributes --json-args")
    assert "Robin" not in undo.stdout
    assert trail.stat().st_mode & 0o777 == 0o600


def test_an_entry_or_a_trail_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = clerk_mcp("audit", str(tmp_path / "none"))
    assert missing.returncode == 2
    assert "none cannot be read" in missing.stderr
    (tmp_path / "empty").touch()
    assert "no entry abc" in clerk_mcp("audit", str(tmp_path / "empty"), "--undo", "abc").stderr
    assert clerk_mcp("audit", str(tmp_path / "empty"), "--since", "noon").returncode == 2


def test_drift_finds_nothing_in_the_reference_and_a_planted_change(tmp_path: Path) -> None:
    from tests.contract.make import reference_facts
    from tests.contract.openapi import document_of

    document = document_of(reference_facts())
    same = tmp_path / "same.json"
    same.write_text(json.dumps(document))
    assert clerk_mcp("drift", str(same)).returncode == 0
    del document["paths"]["/jwks"]
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(document))
    found = clerk_mcp("drift", str(changed))
    assert found.returncode == 1
    assert "Jwks_getJsonWebKeySet" in found.stdout


# ── At a terminal, and without one ──


def at_a_terminal(*arguments: str, until: str = "", answer: str = "", **environ: str) -> str:
    """What the command shows on a terminal of 80 columns; it is ended once that holds `until`.

    Args:
        answer: what is typed there.
    """
    pty = pytest.importorskip("pty", reason="Windows has no such terminals")
    ours, its = pty.openpty()
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("CLERK_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "clerk_mcp", *arguments],
        env=inherited | {"COLUMNS": "80", "NO_COLOR": "1"} | environ,
        stdin=its,
        stdout=its,
        stderr=its,
    )
    os.close(its)
    os.write(ours, answer.encode())
    shown = b""
    try:
        while not (until and until.encode() in shown):
            shown += os.read(ours, 65536)
    except OSError:
        pass  # on Linux, how a terminal ends
    finally:
        process.terminate()
        process.wait(timeout=20)
        os.close(ours)
    return shown.decode().replace("\r\n", "\n")


DELETING = ("call", "--sandbox", "--confirm", "always", "Webhooks_deleteSvixApp")


def test_without_a_terminal_a_question_is_a_failure_that_says_how_to_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    done = clerk_mcp(*DELETING)
    assert done.returncode == 1
    assert "--yes" in done.stderr
    assert "Svix" in done.stderr
    confirmation = f"confirm={json.loads(done.stdout)['confirm']}"
    assert clerk_mcp(*DELETING, confirmation).returncode == 0, "another process, and the same user"
    again = clerk_mcp(*DELETING, confirmation)
    assert again.returncode == 1
    assert "was used already" in again.stderr
    agreed = clerk_mcp(*DELETING, "--yes")
    assert agreed.returncode == 0, agreed.stderr
    wrong = clerk_mcp(*DELETING, "--yes", "nonsense=1")
    assert wrong.returncode == 2


def test_in_a_terminal_it_says_that_it_waits_for_a_host_and_what_to_try() -> None:
    shown = at_a_terminal("--sandbox", until="clerk-mcp call")
    assert "waits for a host" in shown
    assert "clerk-mcp demo" in shown


def test_a_host_that_starts_it_is_told_nothing_of_the_kind() -> None:
    assert "waits for a host" not in clerk_mcp("--sandbox").stderr


def recorded(trail: Path) -> list[dict[str, Any]]:
    """The changes of a trail; what was read for them stands there too."""
    calls = [json.loads(line) for line in clerk_mcp("audit", str(trail), "--json").stdout.splitlines()]
    return [call for call in calls if call["effect"] != "read"]


def renamed(trail: Path, name: str) -> None:
    user = call("Users_listSortedByCreationDate", "limit=1")["items"][0]["id"]
    update = ["Users_updateUserAttributes", f"user_id={user}", f"first_name={name}"]
    done = clerk_mcp("call", "--sandbox", "--audit-log", str(trail), "--audit-before", *update)
    assert done.returncode == 0, done.stderr


def test_on_80_columns_the_trail_keeps_entries_and_operations_whole(tmp_path: Path) -> None:
    trail = tmp_path / "trail.jsonl"
    renamed(trail, "Robin")
    shown = at_a_terminal("audit", str(trail))
    entry = recorded(trail)[-1]["entry"]
    first = next(line for line in shown.splitlines() if entry in line)
    assert "Users_updateUserAttributes" in first
    assert len(first) <= 80
    wide = at_a_terminal("audit", str(trail), COLUMNS="240").splitlines()
    assert wide[0].split()[:5] == ["time", "entry", "instance", "caller", "operation"]
    assert any(entry in line for line in wide)
    assert "No call fits." in at_a_terminal("audit", str(trail), "--outcome", "declined")


def test_the_first_letters_of_an_entry_are_enough_and_the_undo_is_recorded(tmp_path: Path) -> None:
    trail = tmp_path / "trail.jsonl"
    renamed(trail, "Robin")
    entry = recorded(trail)[-1]["entry"]
    undone = clerk_mcp("--sandbox", "audit", str(trail), "--undo", entry[:5], "--yes")
    assert undone.returncode == 0, undone.stderr
    calls = recorded(trail)
    assert [call["operation"] for call in calls] == ["Users_updateUserAttributes"] * 2
    assert calls[1]["session"] == f"undo of {entry}"
    for given in ("", "zzzz"):
        missing = clerk_mcp("audit", str(trail), "--undo", given)
        assert (missing.returncode, "has no entry" in missing.stderr) == (2, True)


def test_letters_that_several_entries_begin_with_name_them(tmp_path: Path) -> None:
    trail = tmp_path / "trail.jsonl"
    line = '{"time":"2026-07-28T09:30:00Z","entry":"%s","stage":"only","operation":"X","outcome":"ok"}\n'
    trail.write_text(line % "abc1" + line % "abc2" + line % "abc")
    several = clerk_mcp("audit", str(trail), "--undo", "ab")
    assert (several.returncode, "abc1, abc2" in several.stderr) == (2, True)
    assert "X is not an operation" in clerk_mcp("audit", str(trail), "--undo", "abc").stderr


@pytest.mark.parametrize("outcome", ["weird", "OK", ""])
def test_an_outcome_that_there_is_not_is_refused_with_those_that_there_are(
    outcome: str, tmp_path: Path
) -> None:
    (tmp_path / "trail").touch()
    done = clerk_mcp("audit", str(tmp_path / "trail"), "--outcome", outcome)
    assert done.returncode == 2
    assert "unfinished" in done.stderr


@pytest.mark.parametrize("name", ["No_such", "get_weather", "create_issue"])
def test_an_unknown_tool_with_nothing_near_is_not_said_to_be_another(name: str) -> None:
    done = clerk_mcp("call", "--sandbox", name)
    assert done.returncode == 2
    assert "Did you mean" not in done.stderr
