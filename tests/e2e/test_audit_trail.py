"""The trail of a real server process, which is killed at the worst moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from clerk_mcp.auditing.trail import UNFINISHED, load
from clerk_mcp.auditing.undoing import Undo, undo
from clerk_mcp.hosting.tokens import issue
from clerk_mcp.serve import make_server
from clerk_mcp.settings import SettingsError
from clerk_mcp.settings import load as load_settings
from clerk_sandbox.examples import example_calls
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.serve import Server
from tests.calling import call, error_of
from tests.conftest import Connect
from tests.server.loopback import Received, answer
from tests.server.scripted import server_on
from tests.server.web import serving as serving_http

pytestmark = pytest.mark.anyio

UPDATE = "Users_updateUserAttributes"
ARGUMENTS = example_calls()[UPDATE]


@asynccontextmanager
async def serving(sandbox: Sandbox) -> AsyncIterator[Server]:
    server = Server(sandbox)
    with closing(server.socket):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve_forever)
            try:
                yield server
            finally:
                server.should_exit = server.force_exit = True


@contextmanager
def host_of(server: Server, key: str, *flags: str) -> Iterator[subprocess.Popen[str]]:
    """A server process that is spoken to by hand: an SDK client would wait for answers that never come."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("CLERK_")}
    with subprocess.Popen(
        [sys.executable, "-m", "clerk_mcp", *flags],
        env={**environ, "CLERK_SECRET_KEY": key, "CLERK_API_URL": server.base_url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def tell(process: subprocess.Popen[str], method: str, params: dict[str, Any], id: int | None = None) -> None:
    assert process.stdin
    message = {"jsonrpc": "2.0", "method": method, "params": params, **({"id": id} if id else {})}
    process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()


def begin(process: subprocess.Popen[str]) -> None:
    """Shake hands, and call the update without waiting for its answer."""
    assert process.stdout
    client = {"name": "host", "version": "1"}
    opening = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
    tell(process, "initialize", opening, id=1)
    assert '"serverInfo"' in process.stdout.readline(), "the server did not start; its stderr says why"
    tell(process, "notifications/initialized", {})
    tell(process, "tools/call", {"name": UPDATE, "arguments": ARGUMENTS}, id=2)


async def until_received(sandbox: Sandbox, operation: str) -> None:
    with anyio.fail_after(20):
        while not any(r.operation == operation for r in sandbox.received):
            await anyio.sleep(0.01)


async def test_a_server_killed_between_the_two_lines_of_a_write_leaves_a_trail_that_tells_the_truth(
    tmp_path: Path,
) -> None:
    path = tmp_path / "audit.jsonl"
    # Executed at once, answered late: the process dies when the write has happened and it cannot know.
    sandbox = Sandbox(faults="slow=1:60s")
    async with serving(sandbox) as server:
        with host_of(server, sandbox.key, "--audit-log", str(path)) as process:
            await anyio.to_thread.run_sync(begin, process)
            await until_received(sandbox, UPDATE)
            written_before_it_was_sent = path.read_text()
            process.kill()
            process.wait()
    assert path.read_text() == written_before_it_was_sent
    (cut_short,) = load(path).calls
    assert cut_short["operation"] == UPDATE
    assert cut_short["target"]["user_id"] == ARGUMENTS["user_id"]
    assert cut_short["stage"] == "before"
    assert cut_short["outcome"] == UNFINISHED


async def test_an_update_cut_short_can_be_taken_back_from_what_the_trail_kept(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    sandbox = Sandbox(faults="slow=1:0.2s")
    user = sandbox.instance.users[ARGUMENTS["user_id"]]
    name = user["first_name"]
    async with serving(sandbox) as server:
        with host_of(server, sandbox.key, "--audit-log", str(path), "--audit-before") as process:
            await anyio.to_thread.run_sync(begin, process)
            await until_received(sandbox, UPDATE)
            process.kill()
            process.wait()
    assert user["first_name"] != name
    _read, update = load(path).calls
    back = undo(update)
    assert isinstance(back, Undo)
    assert back.arguments == {"user_id": ARGUMENTS["user_id"], "first_name": name}


async def test_an_unaudited_write_does_not_happen_but_reading_does(connect: Connect, tmp_path: Path) -> None:
    directory = tmp_path / "logs"
    directory.mkdir()
    user = {"user_id": ARGUMENTS["user_id"]}
    async with connect(audit_log=directory / "audit.jsonl") as client:
        (directory / "audit.jsonl").unlink()
        directory.rmdir()
        error = await error_of(client, UPDATE, **ARGUMENTS)
        assert error["code"] == "audit_unavailable"
        assert (await call(client, "Users_getUserDetails", **user))["name"] == "Carlos Mendoza"


async def test_the_trail_says_what_agreed_to_a_call_and_what_stopped_one(
    connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "audit.jsonl"
    deletion = example_calls()["Users_deleteUserById"]
    async with connect(audit_log=path, confirm="always") as client:
        await call(client, UPDATE, **ARGUMENTS)
        preview = await call(client, "Users_deleteUserById", **deletion)
        await call(client, "Users_deleteUserById", **deletion, confirm=preview["confirm"])
        await error_of(client, "Users_deleteUserById", **deletion, confirm=preview["confirm"])
    told = [
        (c["operation"], c["outcome"], c["confirmation"]) for c in load(path).calls if c["effect"] != "read"
    ]
    assert told == [
        (UPDATE, "ok", "not required"),
        ("Users_deleteUserById", "previewed", "no token"),
        ("Users_deleteUserById", "ok", "token"),
        ("Users_deleteUserById", "refused", "confirm_used"),
    ]
    assert preview["confirm"] not in path.read_text()


@pytest.mark.parametrize(
    ("flags", "reason"),
    [({"read_only": True}, "read_only"), ({"exclude": "*_delete*"}, "not_selected")],
)
async def test_a_call_that_is_not_allowed_leaves_a_line_that_says_why(
    connect: Connect, tmp_path: Path, flags: dict[str, Any], reason: str
) -> None:
    path = tmp_path / "audit.jsonl"
    deletion = example_calls()["Users_deleteUserById"]
    async with connect(audit_log=path, **flags) as client:
        assert (await error_of(client, "Users_deleteUserById", **deletion))["code"] == reason
        # Whoever may not make the call learns that, and not what would be wrong with it.
        assert (await error_of(client, "Users_deleteUserById"))["code"] == reason
    refused, unreadable = load(path).calls
    for recorded in (refused, unreadable):
        assert (recorded["outcome"], recorded["confirmation"]) == ("refused", reason)
    assert (refused["target"], unreadable["target"]) == (deletion, {})


def test_a_log_that_cannot_be_written_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--audit-log: .* cannot be written"):
        make_server(load_settings({"sandbox": True, "audit_log": tmp_path / "none" / "audit.jsonl"}))


async def test_the_reads_for_a_question_are_in_the_trail(connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    deletion = example_calls()["Users_deleteUserById"]
    async with connect(audit_log=path, confirm="always") as client:
        await client.call_tool("Users_deleteUserById", deletion)
    *reads, asked = load(path).calls
    assert (asked["operation"], asked["outcome"]) == ("Users_deleteUserById", "previewed")
    assert reads
    for read in reads:
        assert (read["effect"], read["outcome"]) == ("read", "ok")
        assert read["confirmation"] == "read for Users_deleteUserById"
        assert deletion["user_id"] in (*read["target"].values(), read["arguments"].get("user_id"))


async def test_a_call_that_is_called_back_while_it_waits_its_turn_was_not_run(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    sent, go_on = anyio.Event(), anyio.Event()

    async def script(_: Received) -> bytes:
        sent.set()
        await go_on.wait()
        return answer(200, {"object": "user", "id": "user_1"})

    async with (
        server_on(script, audit_log=path, max_in_flight=1) as client,
        anyio.create_task_group() as calls,
    ):
        calls.start_soon(client.call_tool, "Users_lockUser", {"user_id": "user_1"})
        await sent.wait()
        with anyio.CancelScope() as waiting:
            calls.start_soon(cancel_when, waiting, lambda: len(path.read_text().splitlines()) == 2)
            await client.call_tool("Users_lockUser", {"user_id": "user_2"})
        go_on.set()
    by_target = {recorded["target"]["user_id"]: recorded["outcome"] for recorded in load(path).calls}
    assert by_target == {"user_1": "ok", "user_2": "not_run"}


async def cancel_when(scope: anyio.CancelScope, so_far: Callable[[], bool]) -> None:
    while not so_far():
        await anyio.sleep(0.01)
    # The line is written; now the call has to get as far as waiting.
    await anyio.sleep(0.1)
    scope.cancel()


SECRETS = """
password passwd pwd passphrase passcode passkey secret secret_key secretKey client_secret
clientsecret token access_token accessToken accesstoken refresh_token id_token session_token bearer
jwt id_jwt otp totp totp_secret onetimecode recovery_code recovery_codes backup_codes backupCodes
verification_code cookie cookies set-cookie session_cookie api_key apikey X-Api-Key access_key
private_key signing_key signingKey encryption_key authorization Authorization credential credentials
password_digest passwordHash password_salt pin mnemonic seed_phrase security_answer
connection_string dsn webhook_secret magic_link csrf_token nonce
"""


async def test_the_trail_holds_no_credential_under_any_name_that_people_give_them(
    connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "audit.jsonl"
    kept = {"plan": "gold", "token_count": 3, "password_enabled": True, "first_name": "Ada", "key": "k"}
    metadata = {
        **dict.fromkeys(SECRETS.split(), "in-clear-1234"),
        "deeper": [{"otp": "in-clear-5678"}],
        **kept,
    }
    user = example_calls()["Users_deleteUserById"]["user_id"]
    async with connect(audit_log=path) as client:
        await call(client, "Users_mergeUserMetadataAttributes", user_id=user, private_metadata=metadata)
    text = path.read_text()
    assert "in-clear" not in text
    (recorded,) = load(path).calls
    assert kept.items() <= recorded["arguments"]["private_metadata"].items()


async def test_whoever_may_only_destroy_does_not_learn_whom(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.json"
    path = tmp_path / "audit.jsonl"
    only, both = issue(tokens, "cleaner", ["destroy"]), issue(tokens, "admin", ["read", "destroy"])
    deletion = example_calls()["Users_deleteUserById"]
    settings = {"auth": "bearer", "token_file": tokens, "confirm": "always", "audit_log": path}
    async with serving_http(**settings) as served:
        previews = [
            (await served.call("Users_deleteUserById", deletion, authorization=f"Bearer {token}")).json()
            for token in (only, both)
        ]
    hidden, shown = (preview["result"]["structuredContent"] for preview in previews)
    assert hidden["confirm"]
    assert shown["confirm"]
    assert deletion["user_id"] in hidden["preview"]["target"]
    assert "“" in shown["preview"]["target"]
    assert "“" not in json.dumps(hidden, ensure_ascii=False)
    assert "@" not in json.dumps(hidden)
    assert [read["caller"] for read in load(path).calls if read["effect"] == "read"] != []
    assert all(read["caller"] == "admin" for read in load(path).calls if read["effect"] == "read")
