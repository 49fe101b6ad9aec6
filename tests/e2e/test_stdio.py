"""The server as hosts run it: a subprocess that speaks MCP over stdin and stdout."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from clerk_sandbox.examples import example_calls, filled_in
from clerk_tools.catalog import operations
from tests.calling import listed_by_default, text_of
from tests.forks import clerk_mcp

COMMAND = [sys.executable, "-m", "clerk_mcp"]
SANDBOX = StdioServerParameters(
    command=sys.executable, args=["-m", "clerk_mcp", "--sandbox", "--secrets", "redact"]
)


@pytest.mark.anyio
async def test_a_host_lists_the_first_operations_in_their_order_and_what_finds_the_rest(era: str) -> None:
    async with Client(SANDBOX, mode=era) as client:
        listed = await client.list_tools()
    assert [tool.name for tool in listed.tools] == listed_by_default()
    assert listed.next_cursor is None


@pytest.mark.anyio
async def test_every_operation_succeeds_with_valid_arguments(era: str) -> None:
    calls = example_calls()
    assert set(calls) == set(operations())
    failed = {}
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "clerk_mcp", "--sandbox", "--secrets", "inline"]
    )
    token = ""
    async with Client(server, mode=era) as client:
        for tool, arguments in calls.items():
            result = await client.call_tool(tool, filled_in(arguments, token))
            if tool == "Sessions_createSessionTokenFromTemplate":
                token = json.loads(text_of(result))["jwt"]
            if result.is_error:
                failed[tool] = text_of(result)
            else:
                assert json.loads(text_of(result)) == result.structured_content
    assert failed == {}


def test_without_a_key_it_says_in_three_lines_how_to_give_one() -> None:
    done = clerk_mcp()
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 3
    assert "CLERK_SECRET_KEY" in done.stderr
    assert "--sandbox" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "key", ["sk_test_a b", "sk_test_a\nb", "pk_test_abc", "", "sk_test_ü", "sk_test_abc\n"]
)
def test_a_malformed_key_stops_the_start_and_is_never_printed(key: str) -> None:
    done = clerk_mcp(CLERK_SECRET_KEY=key)
    assert done.returncode == 2
    assert "CLERK_SECRET_KEY must" in done.stderr
    assert not key.strip() or key not in done.stderr


def test_a_key_file_may_end_in_a_line_break(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk_test_sandbox_from_a_file\n")
    assert clerk_mcp(CLERK_SECRET_KEY_FILE=str(file)).returncode == 0


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = clerk_mcp(CLERK_SECRET_KEY_FILE=str(tmp_path / "nothing"))
    assert done.returncode == 2
    assert str(tmp_path / "nothing") in done.stderr


@pytest.mark.parametrize(
    ("arguments", "environ", "named"),
    [
        ([], {"CLERK_MCP_SANDBOXX": "1"}, "did you mean CLERK_MCP_SANDBOX?"),
        ([], {"CLERK_MCP_SANDBOX": "yess"}, "CLERK_MCP_SANDBOX"),
        ([], {"CLERK_MCP_SANDBOX": ""}, "CLERK_MCP_SANDBOX"),
        (["--sandbx"], {}, "Did you mean"),
        (["--sandbox", "--max-result-bytes", "lots"], {}, "--max-result-bytes"),
        ([], {"CLERK_API_URL": "http://clerk.example.com/v1"}, "CLERK_API_URL"),
        ([], {"CLERK_API_URL": "ftp://127.0.0.1/v1"}, "CLERK_API_URL"),
    ],
)
def test_a_setting_that_is_not_known_or_does_not_fit_stops_the_start(
    arguments: list[str], environ: dict[str, str], named: str
) -> None:
    done = clerk_mcp(*arguments, **environ)
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def started(unspoken: subprocess.Popen[str]) -> subprocess.Popen[str]:
    """A server that has answered its handshake."""
    shake_hands(unspoken)
    return unspoken


@pytest.fixture
def unspoken() -> Iterator[subprocess.Popen[str]]:
    """A server that nothing was said to."""
    with subprocess.Popen(
        [*COMMAND, "--sandbox"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def shake_hands(process: subprocess.Popen[str], **capabilities: Any) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": capabilities,
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    answer = exchange(process, hello)
    assert answer["result"]["serverInfo"]["name"] == "clerk-mcp"


def exchange(process: subprocess.Popen[str], message: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


@pytest.mark.parametrize("ending", ["stdin closed", "SIGTERM", "SIGINT"])
def test_the_server_ends_at_once_and_quietly(ending: str, started: subprocess.Popen[str]) -> None:
    assert started.stdin
    assert started.stdout
    assert started.stderr
    if ending == "stdin closed":
        started.stdin.close()
    else:
        started.send_signal(signal.Signals[ending])
    assert started.wait(timeout=10) == 0
    assert started.stdout.read() == ""
    assert "Traceback" not in started.stderr.read()


def test_a_broken_line_is_answered_and_the_next_one_served(started: subprocess.Popen[str]) -> None:
    assert started.stdin
    assert started.stdout
    broken = {
        "this is not JSON": (None, -32700),
        # Half an emoji: what is left of one when a model's text is cut.
        r'{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "\ud83d"}}': (7, -32700),
        r'{"jsonrpc": "2.0", "id": 7, "result": {"answer": "\ud83d"}}': (None, -32700),
        '{"a":' * 50_000: (None, -32700),
        '[{"jsonrpc": "2.0", "id": 7, "method": "tools/list"}]': (None, -32600),
        '{"jsonrpc": "2.0", "id": "seven", "method": "tools/list", "params": []}': ("seven", -32600),
    }
    for line, (id, code) in broken.items():
        started.stdin.write(f"\n{line}\n")
        started.stdin.flush()
        answer = json.loads(started.stdout.readline())
        assert (answer["id"], answer["error"]["code"]) == (id, code)
    answer = exchange(started, {"jsonrpc": "2.0", "id": 8, "method": "tools/list"})
    assert len(answer["result"]["tools"]) == len(listed_by_default())


@pytest.mark.parametrize("elicitation", [{}, {"form": {}}, {"url": {}}, None], ids=str)
def test_a_client_that_shows_forms_is_asked_before_something_is_destroyed(
    elicitation: dict[str, Any] | None,
) -> None:
    """`{}` is how a client said so before 2025-11-25, and how many still do."""
    shows_forms = elicitation is not None and "url" not in elicitation
    deletion = {"name": "Users_deleteUserById", "arguments": example_calls()["Users_deleteUserById"]}
    with subprocess.Popen(
        [*COMMAND, "--sandbox", "--confirm", "always"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        shake_hands(process, **({} if elicitation is None else {"elicitation": elicitation}))
        called = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": deletion}
        asked = exchange(process, called)
        if shows_forms:
            assert asked["method"] == "elicitation/create"
            agreed = {"action": "accept", "content": {"confirm": True}}
            done = exchange(process, {"jsonrpc": "2.0", "id": asked["id"], "result": agreed})
            assert json.loads(done["result"]["content"][0]["text"])["deleted"] is True
        else:
            assert "confirm" in json.loads(asked["result"]["content"][0]["text"])
        process.kill()


def test_mcp_json_has_an_entry_that_works_as_it_stands() -> None:
    entries = json.loads((Path(__file__).parents[2] / "mcp.json").read_text())["mcpServers"]
    for name, entry in entries.items():
        done = subprocess.run(
            [entry["command"], *entry["args"]],
            env=os.environ
            | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
            | entry.get("env", {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        # A host that does not fill in ${CLERK_SECRET_KEY} hands it over as it stands: that is no key.
        assert done.returncode == (0 if name == "demo" else 2)


HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    },
}


def test_a_byte_order_mark_before_a_message_is_passed_over(unspoken: subprocess.Popen[str]) -> None:
    """Some programs on Windows begin all that they write with one; any message may then carry it."""
    assert unspoken.stdin
    assert unspoken.stdout
    for message in (HELLO, {"jsonrpc": "2.0", "id": 2, "method": "ping"}):
        unspoken.stdin.write("\ufeff" + json.dumps(message) + "\n")
        unspoken.stdin.flush()
        answer = json.loads(unspoken.stdout.readline())
        assert answer["id"] == message["id"]
        assert "result" in answer
    unspoken.stdin.write("\ufeff\n\ufeffnonsense\n")
    unspoken.stdin.flush()
    assert json.loads(unspoken.stdout.readline())["error"]["code"] == -32700


USERS = "Users_listSortedByCreationDate"


def asked(process: subprocess.Popen[str], params: Any) -> dict[str, Any]:
    return exchange(process, {"jsonrpc": "2.0", "id": 8, "method": "tools/call", "params": params})


def test_arguments_in_another_form_are_read_as_meant(started: subprocess.Popen[str]) -> None:
    everybody = len(asked(started, {"name": USERS})["result"]["structuredContent"]["items"])
    nothing: list[Any] = [[], "", "{}", None, [{}]]
    for arguments in nothing:
        answer = asked(started, {"name": USERS, "arguments": arguments})
        assert len(answer["result"]["structuredContent"]["items"]) == everybody
    three: list[Any] = ['{"limit": 3}', [{"limit": 3}], '[{"limit": 3}]']
    for arguments in three:
        answer = asked(started, {"name": USERS, "arguments": arguments})
        assert len(answer["result"]["structuredContent"]["items"]) == 3


def test_what_nobody_can_read_is_refused_with_what_to_send(started: subprocess.Popen[str]) -> None:
    unreadable: list[Any] = [5, True, "limit=3", "[1]", [1, 2], [{"limit": 1}, {"limit": 2}]]
    for arguments in unreadable:
        answer = asked(started, {"name": USERS, "arguments": arguments})
        assert answer["error"]["code"] == -32602
        assert '{"limit": 5}' in answer["error"]["message"]
    no_objects: list[Any] = [[], "{}", 5]
    for params in no_objects:
        answer = asked(started, params)
        assert answer["id"] == 8
        assert '"arguments": {' in answer["error"]["message"]


def with_streams(redirection: str) -> subprocess.CompletedProcess[str]:
    """The server in a shell that closes some of its streams."""
    if sys.platform == "win32":
        pytest.skip("a shell of Windows closes no streams")
    command = f"{shlex.join([*COMMAND, '--sandbox'])} {redirection}"
    return subprocess.run(
        ["/bin/sh", "-c", command],
        input=json.dumps(HELLO) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("closed", ["stdin", "stdout"])
def test_a_stream_that_is_closed_from_the_start_is_one_line(closed: str) -> None:
    done = with_streams("<&-" if closed == "stdin" else ">&-")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"{closed} closed: a host speaks to this server over stdin and stdout"
    ]


def test_without_stderr_it_serves_and_logs_nowhere() -> None:
    done = with_streams("2>&-")
    assert json.loads(done.stdout)["id"] == 1


def test_a_host_that_closes_stdout_costs_one_line(unspoken: subprocess.Popen[str]) -> None:
    assert unspoken.stdin
    assert unspoken.stdout
    assert unspoken.stderr
    unspoken.stdout.close()
    unspoken.stdin.write(json.dumps(HELLO) + "\n")
    unspoken.stdin.flush()
    assert unspoken.wait(timeout=20) == 0
    lines = [line for line in unspoken.stderr.read().splitlines() if line]
    assert len(lines) == 1
    assert "the host is gone" in lines[0]
