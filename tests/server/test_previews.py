"""What a change would do, shown without making it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clerk_mcp.answering import Formatter, SecretValues
from clerk_mcp.calling import Caller, Calls, preview_change
from clerk_mcp.confirming import Confirmer, Seals
from clerk_mcp.instance import Instance, Kind
from clerk_mcp.offering import Policy, Selection
from clerk_mcp.upstream import ClerkClient
from clerk_sandbox.examples import example_calls
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.transport import SandboxTransport
from clerk_tools.catalog import operations
from clerk_tools.hits import MOST_READS
from clerk_tools.operation import Effect
from tests.calling import call, error_of
from tests.effects import KWAME
from tests.forks import clerk_mcp
from tests.server.worlds import world

pytestmark = pytest.mark.anyio

EXAMPLES = example_calls()
CHANGING = [id for id, operation in operations().items() if operation.spec.effect is not Effect.READ]


async def previewed(
    sandbox: Sandbox, id: str, arguments: dict[str, Any], *, read_only: bool = False, **caller: Any
) -> Any:
    client = ClerkClient(sandbox.key, base_url="http://sandbox/v1", transport=SandboxTransport(sandbox))
    secrets = SecretValues("inline", Path())
    confirmer = Confirmer("live", Instance(Kind.LIVE), "key", Seals(None))
    async with client:
        calls = Calls(client, Formatter(60_000, secrets), Policy(Selection.of(), read_only), confirmer)
        return (await preview_change(calls, id, arguments, Caller(**caller))).value


async def test_of_every_change_nothing_is_sent_but_two_reads_at_most() -> None:
    for id in CHANGING:
        sandbox = Sandbox(live=True)
        shown = await previewed(sandbox, id, dict(EXAMPLES[id]))
        spec = operations()[id].spec
        assert (id, shown["request"]["method"]) == (id, spec.method)
        sent = [request.operation for request in sandbox.received]
        assert (id, len(sent) <= MOST_READS) == (id, True)
        assert all(operation and operations()[operation].spec.effect is Effect.READ for operation in sent)


async def test_an_update_shows_what_it_would_change_and_masks_what_is_secret() -> None:
    shown = await previewed(
        Sandbox(live=True),
        "Users_updateUserAttributes",
        {**KWAME, "first_name": "Zed", "password": "an old oak"},
    )
    assert shown["changes"]["first_name"] == {"before": "Kwame", "after": "Zed"}
    assert shown["request"]["body"] == {"first_name": "Zed", "password": "[masked]"}
    assert "an old oak" not in str(shown)
    assert shown["effect"] == "destroy"
    assert shown["asked_first"] is True


async def test_a_deletion_shows_its_target_and_what_goes_with_it() -> None:
    shown = await previewed(Sandbox(live=True), "Users_deleteUserById", EXAMPLES["Users_deleteUserById"])
    assert "Hassan El-Amin" in shown["target"]
    assert any("session" in clause for clause in shown["also"])
    assert "confirm" not in shown


async def test_what_mails_and_what_is_so_already_and_what_is_gone_is_said() -> None:
    sandbox = Sandbox(live=True)
    mail = "Invitations_createNewInvitation"
    assert (await previewed(sandbox, mail, {"email_address": "new@example.com"}))["sends_mail"] is True
    quiet = {"email_address": "new@example.com", "notify": False}
    assert "sends_mail" not in await previewed(sandbox, mail, quiet)
    assert "already" in await previewed(sandbox, "Users_markBanned", EXAMPLES["Users_markBanned"])
    gone = {"user_id": "user_2000000000000000000000000000"}
    assert "missing" in await previewed(sandbox, "Users_deleteUserById", gone)


async def test_what_would_be_refused_is_said_and_nothing_is_read() -> None:
    deletion = EXAMPLES["Users_deleteUserById"]
    sandbox = Sandbox(live=True)
    shown = await previewed(sandbox, "Users_deleteUserById", deletion, read_only=True)
    assert shown["refused"]["code"] == "read_only"
    scopes = frozenset({"clerk:read", "clerk:write"})
    shown = await previewed(sandbox, "Users_deleteUserById", deletion, scopes=scopes)
    assert shown["refused"]["code"] == "insufficient_scope"
    assert not sandbox.received


async def test_who_may_not_read_is_shown_nothing_of_what_is_there() -> None:
    scopes = frozenset({"clerk:destroy"})
    deletion = EXAMPLES["Users_deleteUserById"]
    shown = await previewed(Sandbox(live=True), "Users_deleteUserById", deletion, scopes=scopes)
    assert "Hassan" not in str(shown)


async def test_an_agent_finds_the_tool_and_runs_it_through_read_or_by_its_name() -> None:
    deletion = {
        "operation": "Users_deleteUserById",
        "arguments": EXAMPLES["Users_deleteUserById"],
    }
    async with world("search") as here:
        found = await call(here.client, "search_operations", query="dry run of a change")
        assert found["operations"][0]["id"] == "preview_change"
        through = await call(here.client, "read", operation="preview_change", arguments=deletion)
        directly = await call(here.client, "preview_change", **deletion)
        assert through == directly
        assert "Hassan El-Amin" in directly["target"]
        assert {request.method for request in here.sandbox.received} == {"GET"}


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("Users_getUserDetails", "only_reads"),
        ("list_all", "only_reads"),
        ("preview_change", "only_reads"),
        ("run_each", "invalid_arguments"),
        ("Users_deleteUser", "invalid_arguments"),
    ],
)
async def test_what_has_no_preview_says_so(operation: str, code: str) -> None:
    async with world("search") as here:
        error = await error_of(here.client, "preview_change", operation=operation)
        assert error["code"] == code
        assert not here.sandbox.received


async def test_a_server_that_only_reads_offers_no_preview_of_changes() -> None:
    async with world("auto", client_name="claude-code", policy=Policy(Selection.of(), True)) as here:
        assert "preview_change" not in [tool.name for tool in (await here.client.list_tools()).tools]


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("Webhooks_deleteSvixApp",), 0, "Nothing was changed"),
        (("Users_getUserDetails", "user_id=user_1"), 1, "changes nothing"),
        (("Users_markBanned", "usr=user_1"), 2, "user_id"),
        (("list_all",), 2, "Unknown tool"),
    ],
)
def test_at_the_terminal_a_dry_run_makes_no_change(
    arguments: tuple[str, ...], status: int, says: str
) -> None:
    done = clerk_mcp("call", "--sandbox", "--dry-run", "--yes", *arguments)
    assert done.returncode == status
    assert says in done.stdout + done.stderr
