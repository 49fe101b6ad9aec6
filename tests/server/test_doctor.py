"""`clerk-mcp doctor`, as a person runs it on a machine where something is wrong, or nothing."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner, Result

from clerk_mcp.cli import cli
from clerk_mcp.commands import checks
from clerk_tools.catalog import operations
from tests.processes import RedisServer
from tests.server.loopback import Received, answer, in_turn, loopback

pytestmark = pytest.mark.usefixtures("home")

TEST_KEY = "sk_test_sandboxNotAnInstance"
RSA_KEY = {"kty": "RSA", "kid": "one", "n": "AQAB" * 86, "e": "AQAB"}
LIVE_KEY = "sk_live_sandboxNotAnInstance"


@pytest.fixture
def taken_port() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


def doctor(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["doctor", *arguments])


def findings(*arguments: str) -> dict[str, list[dict[str, Any]]]:
    """The report by check."""
    report: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(doctor("--json", *arguments).stdout)["findings"]:
        report.setdefault(finding["check"], []).append(finding)
    return report


def cursor_starts(command: str, *args: str, **env: str) -> None:
    path = Path.home() / ".cursor" / "mcp.json"
    path.parent.mkdir()
    entry = {"command": command, "args": args, "env": env}
    path.write_text(json.dumps({"mcpServers": {"clerk": entry, "other": {"command": "false"}}}))


def test_all_is_well_on_the_sandbox() -> None:
    done = doctor("--sandbox")
    assert done.exit_code == 0, done.output
    levels = {line.split()[0] for line in done.stdout.partition("\n\n")[0].splitlines()}
    assert levels == {"ok"}
    assert "\x1b[" not in done.stdout


def test_a_missing_key_is_a_problem_with_its_fix() -> None:
    done = doctor()
    assert done.exit_code == 1
    (found,) = findings()["key"]
    assert found["level"] == "problem"
    assert "CLERK_SECRET_KEY" in found["fix"]


def test_a_live_key_that_may_write_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_SECRET_KEY", LIVE_KEY)
    monkeypatch.setenv("CLERK_API_URL", "http://127.0.0.1:9/v1")
    assert findings()["key"][0]["level"] == "warning"
    assert findings("--read-only")["key"][0]["level"] == "ok"
    assert LIVE_KEY not in doctor("--json").output


def test_a_key_file_that_others_can_read_is_a_warning(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    file = home / "key"
    file.write_text(TEST_KEY)
    file.chmod(0o644)
    monkeypatch.setenv("CLERK_SECRET_KEY_FILE", str(file))
    monkeypatch.setenv("CLERK_API_URL", "http://127.0.0.1:9/v1")
    kind, keeping = findings()["key"]
    assert (kind["level"], kind["message"]) == ("ok", f"a test key, from {file}")
    assert (keeping["level"], keeping["fix"]) == ("warning", f"chmod 600 {file}")
    monkeypatch.setenv("CLERK_SECRET_KEY", TEST_KEY)
    assert "wins" in findings()["key"][1]["message"]


def test_wrong_settings_are_named_and_the_rest_is_still_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_MCP_READONLY", "1")
    report = findings("--sandbox", "--port", "99999")
    assert [finding["level"] for finding in report["settings"]] == ["problem"]
    assert "CLERK_MCP_READ_ONLY" in report["settings"][0]["message"]
    assert "version" in report


def test_settings_that_would_stop_the_start_are_a_problem() -> None:
    (found,) = findings("--sandbox", "--toolsets", "userz")["start"]
    assert (found["level"], "'userz' matches nothing" in found["message"]) == ("problem", True)


@pytest.mark.parametrize(
    ("url", "step"),
    [
        ("https://nowhere.invalid/v1", "name: nowhere.invalid"),
        ("http://127.0.0.1:9/v1", "connection: 127.0.0.1"),
    ],
)
def test_without_a_network_it_says_which_step_failed(
    url: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLERK_SECRET_KEY", TEST_KEY)
    monkeypatch.setenv("CLERK_API_URL", url)
    for proxy in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(proxy, raising=False)
    (found,) = findings()["network"]
    assert found["level"] == "problem"
    assert found["message"].startswith(step)
    assert found["fix"]
    assert doctor().exit_code == 1


JWKS: dict[str, Any] = {"keys": []}
NOT_THE_KEY = {"errors": [{"code": "clerk_key_invalid"}]}
NOT_THE_VERSION = {"errors": [{"code": "api_version_invalid"}]}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("said", "check", "level", "message"),
    [
        (answer(200, JWKS), "clerk", "ok", "accepted"),
        (answer(401, NOT_THE_KEY), "clerk", "problem", "refuses the key"),
        (answer(400, NOT_THE_VERSION), "clerk", "problem", "refuses API version 2021-02-05"),
        (answer(503), "clerk", "warning", "503"),
        (answer(404), "clerk", "problem", "not Clerk's API"),
        (None, "network", "problem", "gives no answer"),
    ],
)
async def test_what_clerk_answers_is_judged(
    said: bytes | None, check: str, level: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLERK_SECRET_KEY", TEST_KEY)
    async with loopback(in_turn(*[said] * 9)) as clerk:
        monkeypatch.setenv("CLERK_API_URL", clerk.url)
        (found,) = (await anyio.to_thread.run_sync(findings))[check]
    assert found["level"] == level
    assert message in found["message"]
    assert {request.target for request in clerk.requests} == {"/v1/jwks"}


VERSIONS = sorted({operation.spec.version for operation in operations().values()})


def test_every_version_that_calls_are_sent_with_is_tried() -> None:
    tried = findings("--sandbox")["api version"]
    assert [one["message"] for one in tried] == [f"{version} is accepted" for version in VERSIONS[1:]]


@pytest.mark.anyio
async def test_a_version_that_clerk_refuses_is_named_with_what_cannot_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def script(received: Received) -> bytes:
        if received.headers["clerk-api-version"] == VERSIONS[-1]:
            return answer(400, NOT_THE_VERSION)
        return answer(200, JWKS)

    monkeypatch.setenv("CLERK_SECRET_KEY", TEST_KEY)
    async with loopback(script) as clerk:
        monkeypatch.setenv("CLERK_API_URL", clerk.url)
        *taken, refused = (await anyio.to_thread.run_sync(findings))["api version"]
    assert {one["level"] for one in taken} <= {"ok"}
    lost = [one for one in operations().values() if one.spec.version == VERSIONS[-1]]
    assert (refused["level"], refused["message"]) == (
        "warning",
        f"{VERSIONS[-1]} is not accepted (400): {len(lost)} operations cannot run",
    )


def test_a_version_that_is_given_is_the_only_one_tried() -> None:
    report = findings("--sandbox", "--clerk-api-version", "2025-11-10")
    assert report["clerk"][0]["message"] == "the key and API version 2025-11-10 are accepted"
    assert "api version" not in report
    refused = findings("--sandbox", "--clerk-api-version", "1999-01-01")["clerk"][0]
    assert (refused["level"], refused["message"]) == ("problem", "Clerk refuses API version 1999-01-01")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("minutes", "level", "message"),
    [(0, "ok", "agrees"), (-5, "warning", "ahead of"), (5, "warning", "behind")],
)
async def test_the_clock_is_compared_with_clerks(
    minutes: int, level: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(_: Received) -> bytes:
        there = datetime.now(UTC) + timedelta(minutes=minutes)
        return answer(200, JWKS, headers={"Date": format_datetime(there, usegmt=True)})

    monkeypatch.setenv("CLERK_SECRET_KEY", TEST_KEY)
    async with loopback(script) as clerk:
        monkeypatch.setenv("CLERK_API_URL", clerk.url)
        (found,) = (await anyio.to_thread.run_sync(findings))["clock"]
    assert found["level"] == level
    assert message in found["message"]


def test_settings_are_listed_with_where_they_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_MCP_LOG_LEVEL", "warning")
    monkeypatch.setenv("CLERK_MCP_STATE_KEY", "x" * 32)
    rows = json.loads(doctor("--sandbox", "--json", "--toolsets", "users").stdout)["settings"]
    sources = {row["name"]: (row["value"], row["source"]) for row in rows}
    assert sources["toolsets"] == (["users"], "--toolsets")
    assert sources["log_level"] == ("warning", "CLERK_MCP_LOG_LEVEL")
    assert sources["state_key"] == ("(set)", "CLERK_MCP_STATE_KEY")
    assert sources["port"] == (8000, "default")
    assert "log_level = warning  (CLERK_MCP_LOG_LEVEL)" in doctor("--sandbox").stdout


def test_the_port_is_tried_where_the_server_would_listen(taken_port: int) -> None:
    serving = ["--sandbox", "--transport", "http", "--port"]
    (taken,) = findings(*serving, str(taken_port))["port"]
    assert (taken["level"], "taken" in taken["message"]) == ("problem", True)
    assert findings(*serving, "0")["port"][0]["level"] == "ok"
    assert "port" not in findings("--sandbox", "--port", str(taken_port))


def test_a_server_that_everybody_could_reach_needs_a_way_to_tell_callers_apart() -> None:
    (found,) = findings("--sandbox", "--transport", "http", "--host", "0.0.0.0", "--port", "0")["auth"]
    assert (found["level"], "--auth" in found["message"]) == ("problem", True)


def test_redis_is_asked_where_replicas_share_one(redis: RedisServer, taken_port: int) -> None:
    (found,) = findings("--sandbox", "--redis-url", redis.url)["redis"]
    assert found["level"] == "ok"
    (found,) = findings("--sandbox", "--redis-url", f"redis://:hunter2@127.0.0.1:{taken_port}")["redis"]
    assert found["level"] == "problem"
    assert "replicas" in found["fix"]
    assert "hunter2" not in str(found)


def test_what_waits_for_a_person_in_one_process_is_pointed_out(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = ("--sandbox", "--transport", "http", "--port", "0", "--confirm", "person")
    (found,) = findings(*serving)["replicas"]
    assert (found["level"], found["message"].startswith("questions that wait")) == ("ok", True)
    (found,) = findings(*serving, "--redis-url", redis.url)["replicas"]
    assert (found["level"], "CLERK_MCP_STATE_KEY" in found["fix"]) == ("warning", True)
    monkeypatch.setenv("CLERK_MCP_STATE_KEY", "k" * 43)
    assert "replicas" not in findings(*serving, "--redis-url", redis.url)
    assert "replicas" not in findings("--sandbox", "--confirm", "person")


@pytest.mark.parametrize("query", ["foo=bar", "ssl_cert_reqs=none", "db=hunter2"])
def test_a_redis_address_with_odd_options_is_a_problem_and_not_quoted(query: str) -> None:
    report = findings("--sandbox", "--redis-url", f"redis://:hunter2@127.0.0.1:6379?{query}")
    assert report["redis"][0]["level"] == report["start"][0]["level"] == "problem"
    assert "hunter2" not in str(report["redis"] + report["start"])


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("keys", "level", "message"),
    [
        (answer(200, {"keys": [RSA_KEY]}), "ok", "1 of use here"),
        (answer(200, {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}), "problem", "no key"),
        (answer(200, {"keys": "none"}), "problem", "cannot be fetched"),
        (answer(200, body=b"[" * 100_000), "problem", "cannot be fetched"),
        (b"HTTP/1.1 200 Said\r\ncontent-length: 9\r\n\r\n{", "problem", "no answer within"),
        (answer(404), "problem", "cannot be fetched"),
    ],
    ids=["one", "of no use", "no list", "deep", "slow", "none"],
)
async def test_the_issuer_of_tokens_is_asked_for_its_keys(
    keys: bytes, level: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clerk_mcp.hosting.oauth._PATIENCE_S", 1)

    async def script(received: Received) -> bytes:
        metadata = {"issuer": server.url, "jwks_uri": f"{server.url}/keys"}
        return keys if received.target.endswith("/keys") else answer(200, metadata)

    async with loopback(script) as server:
        arguments = (
            *("--sandbox", "--transport", "http", "--port", "0", "--auth", "oauth"),
            *(
                "--oauth-issuer",
                server.url,
                "--oauth-audience",
                "clerk",
                "--public-url",
                "https://mcp.example",
            ),
        )
        (found,) = (await anyio.to_thread.run_sync(partial(findings, *arguments)))["issuer"]
    assert found["level"] == level
    assert message in found["message"]


def test_a_hosts_entry_is_really_started() -> None:
    cursor_starts(sys.executable, "-m", "clerk_mcp", "--sandbox", "--read-only")
    (found,) = findings("--sandbox")["cursor"]
    assert found["level"] == "ok"
    assert '"clerk" starts: ' in found["message"]


@pytest.mark.parametrize(
    ("args", "env", "said"),
    [
        (["-m", "clerk_mcp"], {}, "No Clerk key"),
        (["-m", "clerk_mcp", "--sandbox", "--reed-only"], {}, "No such option"),
        (["-m", "clerk_mcp"], {"CLERK_SECRET_KEY_FILE": "/nowhere/key"}, "cannot be read"),
        (["-c", "print('hello')", "clerk-mcp"], {}, ""),
    ],
)
def test_a_hosts_entry_that_does_not_start_says_why(args: list[str], env: dict[str, str], said: str) -> None:
    cursor_starts(sys.executable, *args, **env)
    (found,) = findings("--sandbox")["cursor"]
    assert found["level"] == "problem"
    assert "does not start: " in found["message"]
    assert said in found["message"]


def test_a_program_that_is_not_there_is_a_problem() -> None:
    cursor_starts("/nowhere/clerk-mcp", "--sandbox")
    (found,) = findings("--sandbox")["cursor"]
    assert found["level"] == "problem"


def test_a_hosts_entry_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_HOST_PATIENCE_S", 0.3)
    cursor_starts(sys.executable, "-c", "import sys; sys.stdin.read()", "clerk-mcp")
    (found,) = findings("--sandbox")["cursor"]
    assert (found["level"], "says nothing" in found["message"]) == ("problem", True)


def test_an_entry_whose_key_only_the_host_has_is_not_tried() -> None:
    cursor_starts("clerk-mcp", CLERK_SECRET_KEY="${env:CLERK_SECRET_KEY}")
    (found,) = findings("--sandbox")["cursor"]
    assert found["level"] == "warning"
    assert "CLERK_SECRET_KEY" in found["fix"]


def test_a_host_without_an_entry_is_offered_one_and_a_broken_file_is_a_problem(home: Path) -> None:
    (home / ".claude.json").write_text("{}")
    (home / ".codex").mkdir()
    (home / ".codex" / "config.toml").write_text("model = ")
    report = findings("--sandbox")
    assert "clerk-mcp install claude-code" in report["hosts"][0]["fix"]
    assert report["codex"][0]["level"] == "problem"
    assert "line 1" in report["codex"][0]["message"]
