"""One operation over many items: planned, agreed to once, run, gone on with."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx2
import pytest
from mcp.client.context import ClientRequestContext
from mcp_types import ElicitRequestParams, ElicitResult

from clerk_mcp.answering import Formatter, SecretValues
from clerk_mcp.auditing import AuditLog, Filter, load
from clerk_mcp.bulk import RunFiles, Runs
from clerk_mcp.calling import Calls
from clerk_mcp.commands.undo_run import take_run_back
from clerk_mcp.confirming import Confirmer, Seals, UsedInProcess
from clerk_mcp.instance import Instance, Kind, fingerprint
from clerk_mcp.offering.policy import Policy, Selection
from clerk_mcp.upstream import Budget, ClerkClient, Limit
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.transport import SandboxTransport
from tests.calling import call, error_of
from tests.forks import clerk_mcp
from tests.server.worlds import World, world

pytestmark = pytest.mark.anyio

USERS = "Users_listSortedByCreationDate"
MERGE = "Users_mergeUserMetadataAttributes"
EXAMPLE = {"operation": USERS, "where": 'domain(email_addresses.email_address) == "example.com"'}
PRO = {"public_metadata": {"plan": "pro"}}
INVITE = "Invitations_createNewInvitation"


@asynccontextmanager
async def runs_in(
    path: Path, *, within: float = 45.0, cap: int = 1000, **options: Any
) -> AsyncIterator[World]:
    """A server that keeps its runs below a path."""
    runs = Runs(RunFiles(path / "runs"), cap, within)
    try:
        async with world(runs=runs, **options) as here:
            yield here
    finally:
        await runs.close()


async def begun(here: World, **plan: Any) -> Any:
    """A plan made and run: what the run answers."""
    planned = await call(here.client, "run_each", **plan)
    return await call(here.client, "run_each", confirm=planned["confirm"])


def writes(here: World) -> list[str]:
    return [r.path for r in here.sandbox.received if r.method != "GET"]


async def test_a_plan_changes_nothing_and_says_what_would_happen(tmp_path: Path) -> None:
    async with runs_in(tmp_path, sandbox=Sandbox(users=60)) as here:
        planned = await call(
            here.client, "run_each", operation=MERGE, arguments=PRO, over={"operation": USERS}
        )
        assert writes(here) == []
        preview = planned["preview"]
        assert preview["items"] == len(here.sandbox.instance.users)
        assert preview["effects"] == {"write": preview["items"]}
        assert preview["call"]["public_metadata"] == {"plan": "pro"}
        assert len(preview["first"]) == 3
        assert len(preview["last"]) == 2
        assert "Nothing was done yet" in planned["message"]


async def test_two_calls_change_everybody_who_is_meant_once_and_nobody_else(tmp_path: Path) -> None:
    async with runs_in(tmp_path, sandbox=Sandbox(users=300)) as here:
        meant = await call(here.client, "list_all", **EXAMPLE, fields=["id"], group="count by id")
        ran = await begun(here, operation=MERGE, arguments=PRO, over=EXAMPLE)
        assert (ran["ok"], ran["failed"], ran["unknown"], ran["left"]) == (meant["matched"], 0, 0, 0)
        assert ran["message"] == "Done."
        assert sorted(writes(here)) == sorted(set(writes(here)))
        tagged = {u["id"] for u in here.sandbox.instance.users if u["public_metadata"].get("plan") == "pro"}
        ids = {group["id"] for group in meant["groups"]}
        changed = {path.split("/")[3] for path in writes(here)}
        assert changed == ids <= tagged


async def test_items_are_given_as_arguments_and_failures_grouped_by_cause(tmp_path: Path) -> None:
    async with runs_in(tmp_path) as here:
        items = [{"email_address": f"new{n}@example.com"} for n in range(5)]
        items += [{"email_address": "not an address"}, {"email_address": "nor this"}]
        ran = await begun(here, operation="Invitations_createNewInvitation", items=items)
        assert (ran["ok"], ran["failed"]) == (5, 2)
        (cause,) = ran["failures"]
        assert cause["count"] == 2
        assert set(cause["items"]) == {"not an address", "nor this"}


async def test_a_run_is_shown_to_who_began_it(tmp_path: Path) -> None:
    async with runs_in(tmp_path) as here:
        items = [{"email_address": "new@example.com"}]
        ran = await begun(here, operation="Invitations_createNewInvitation", items=items)
        seen = await call(here.client, "run_each", run=ran["run"])
        assert seen == ran
        assert len(writes(here)) == 1


@pytest.mark.parametrize(
    ("given", "param", "says"),
    [
        ({}, "operation", "required"),
        ({"operation": "Users_nosuch", "items": [{}]}, "operation", "no operation"),
        ({"operation": USERS, "items": [{}]}, "operation", "only reads"),
        ({"operation": "Users_setProfileImage", "items": [{}]}, "operation", "a file for each"),
        ({"operation": MERGE}, "items", "give one of"),
        ({"operation": MERGE, "items": [{"user_id": "user_u"}], "over": EXAMPLE}, "items", "give one of"),
        ({"operation": MERGE, "items": []}, "items", "give one of"),
        ({"operation": MERGE, "items": [{"user_id": "user_u"}, {"usr_id": "v"}]}, "items", "item 2"),
        (
            {"operation": MERGE, "items": [{"user_id": "user_u"}, {"user_id": "user_u"}]},
            "items",
            "the same call as item 1",
        ),
        ({"operation": MERGE, "items": [{"email_address": "a@b.example"}]}, "items", "item 1"),
        (
            {"operation": MERGE, "over": {"operation": USERS, "where": 'id == "none"'}},
            "over",
            "nothing to run",
        ),
        ({"operation": MERGE, "over": {"operation": USERS, "where": "id =="}}, "where", "expected"),
        ({"operation": MERGE, "over": {"operation": USERS, "group": "count"}}, "over", "not group"),
        ({"operation": MERGE, "over": EXAMPLE, "map": {"user_id": "idd"}}, "map", "no field"),
        ({"operation": MERGE, "over": EXAMPLE, "map": {"usr_id": "id"}}, "map", "did you mean user_id"),
        ({"operation": MERGE, "over": EXAMPLE, "map": {"user_id": 5}}, "map", "as text"),
        ({"operation": MERGE, "over": EXAMPLE, "map": {"user_id.x": "id"}}, "map", "no way into an object"),
        ({"operation": MERGE, "over": EXAMPLE, "map": {"public_metadata..x": "id"}}, "map", "no way into"),
        ({"run": "run_0123456789abcdef"}, "run", "no such run"),
        ({"run": "../../etc/passwd"}, "run", "no such run"),
    ],
)
async def test_what_cannot_be_run_is_refused_by_name_before_anything_is_changed(
    given: dict[str, Any], param: str, says: str, tmp_path: Path
) -> None:
    async with runs_in(tmp_path) as here:
        error = await error_of(here.client, "run_each", **given)
        assert (error["code"], error["param"]) == ("invalid_arguments", param)
        assert says in error["message"]
        assert writes(here) == []


async def test_a_run_larger_than_the_operator_allows_is_refused(tmp_path: Path) -> None:
    async with runs_in(tmp_path, cap=20) as here:
        error = await error_of(here.client, "run_each", operation=MERGE, over={"operation": USERS})
        assert "--run-cap" in error["message"]
        items = [{"user_id": f"u{n}"} for n in range(21)]
        assert (
            "--run-cap" in (await error_of(here.client, "run_each", operation=MERGE, items=items))["message"]
        )


async def test_the_policy_is_asked_of_the_operation_and_of_what_its_arguments_do(tmp_path: Path) -> None:
    items = [{"user_id": "user_u"}]
    async with runs_in(tmp_path, policy=Policy(Selection.of(exclude=[MERGE]))) as here:
        assert (await error_of(here.client, "run_each", operation=MERGE, items=items))[
            "code"
        ] == "not_selected"
    async with runs_in(tmp_path, policy=Policy(Selection.of(), read_only=True)) as here:
        assert (await error_of(here.client, "run_each", operation=MERGE, items=items))["code"] == "read_only"
        assert "run_each" not in [tool.name for tool in (await here.client.list_tools()).tools]


# ── The token ──


async def test_a_token_is_good_once(tmp_path: Path) -> None:
    async with runs_in(tmp_path) as here:
        items = [{"email_address": "new@example.com"}]
        planned = await call(
            here.client, "run_each", operation="Invitations_createNewInvitation", items=items
        )
        await call(here.client, "run_each", confirm=planned["confirm"])
        error = await error_of(here.client, "run_each", confirm=planned["confirm"])
        assert error["code"] == "confirm_used"
        assert len(writes(here)) == 1


@pytest.mark.parametrize("alter", ["end", "id", "nothing of it", "another plan's seal"])
async def test_an_altered_token_runs_nothing(alter: str, tmp_path: Path) -> None:
    async with runs_in(tmp_path) as here:
        plan = {"operation": "Invitations_createNewInvitation"}
        first = await call(here.client, "run_each", **plan, items=[{"email_address": "a@example.com"}])
        other = await call(here.client, "run_each", **plan, items=[{"email_address": "b@example.com"}])
        id, _, seal = first["confirm"].partition(".")
        token = {
            "end": first["confirm"][:-2] + "xx",
            "id": f"run_{'0' * 16}.{seal}",
            "nothing of it": "yes",
            "another plan's seal": f"{id}.{other['confirm'].partition('.')[2]}",
        }[alter]
        error = await error_of(here.client, "run_each", confirm=token)
        assert error["code"] in ("confirm_altered", "confirm_other_arguments")
        assert writes(here) == []


async def test_a_token_with_other_items_beside_it_runs_nothing(tmp_path: Path) -> None:
    async with runs_in(tmp_path) as here:
        plan = {"operation": "Invitations_createNewInvitation", "items": [{"email_address": "a@example.com"}]}
        planned = await call(here.client, "run_each", **plan)
        other = {**plan, "items": [{"email_address": "b@example.com"}]}
        error = await error_of(here.client, "run_each", **other, confirm=planned["confirm"])
        assert error["code"] == "confirm_other_arguments"
        assert writes(here) == []
        assert (await call(here.client, "run_each", **plan, confirm=planned["confirm"]))["ok"] == 1


async def test_when_the_list_has_changed_nothing_runs_and_the_difference_is_told(tmp_path: Path) -> None:
    async with runs_in(tmp_path) as here:
        planned = await call(here.client, "run_each", operation=MERGE, arguments=PRO, over=EXAMPLE)
        await call(
            here.client,
            "Users_createNewUser",
            email_address=["late@example.com"],
            skip_password_requirement=True,
        )
        before = writes(here)
        error = await error_of(here.client, "run_each", confirm=planned["confirm"])
        assert error["code"] == "plan_changed"
        assert "1 new, such as late@example.com" in error["message"]
        assert writes(here) == before


# ── Agreement ──


def _answering(action: str, asked: list[str]) -> Any:
    async def elicit(_: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        asked.append(params.message)
        content = {"confirm": True} if action == "accept" else None
        return ElicitResult(action=action, content=content)

    return elicit


@pytest.mark.parametrize("era", ["2026-07-28", "legacy"])
@pytest.mark.parametrize("action", ["accept", "decline"])
async def test_a_person_is_asked_once_for_all(era: str, action: str, tmp_path: Path) -> None:
    asked: list[str] = []
    elicit = _answering(action, asked)
    async with runs_in(tmp_path, confirm=True, era=era, elicitation_callback=elicit) as here:
        planned = await call(here.client, "run_each", operation=MERGE, arguments=PRO, over=EXAMPLE)
        assert asked == []
        result = await here.client.call_tool("run_each", {"confirm": planned["confirm"]})
        assert len(asked) == 1
        assert f"{planned['preview']['items']} items" in asked[0]
        assert bool(result.is_error) is (action == "decline")
        assert len(writes(here)) == (planned["preview"]["items"] if action == "accept" else 0)


@pytest.mark.parametrize("era", ["2026-07-28", "legacy"])
async def test_a_question_that_is_closed_unanswered_gives_a_token_that_runs_the_plan(
    era: str, tmp_path: Path
) -> None:
    asked: list[str] = []
    elicit = _answering("cancel", asked)
    async with runs_in(tmp_path, confirm=True, era=era, elicitation_callback=elicit) as here:
        planned = await call(here.client, "run_each", operation=MERGE, arguments=PRO, over=EXAMPLE)
        shown = await call(here.client, "run_each", confirm=planned["confirm"])
        assert "closed without an answer" in shown["message"]
        assert writes(here) == []
        used = await error_of(here.client, "run_each", confirm=planned["confirm"])
        assert used["code"] == "confirm_used"
        ran = await call(here.client, "run_each", confirm=shown["confirm"])
        assert ran["ok"] == len(writes(here)) == planned["preview"]["items"]
        assert len(asked) == 2


async def test_what_destroys_is_run_with_the_one_agreement(tmp_path: Path) -> None:
    async with runs_in(tmp_path, confirm=True) as here:
        over = {"operation": "Invitations_listAllNonRevoked", "where": 'status == "pending"'}
        planned = await call(here.client, "run_each", operation="Invitations_revokeInvitation", over=over)
        assert "cannot be taken back" in planned["preview"]["back"]
        ran = await call(here.client, "run_each", confirm=planned["confirm"])
        assert ran["ok"] == planned["preview"]["items"] > 0


UPDATE = "Users_updateUserAttributes"


def one_that_destroys(here: World) -> list[dict[str, Any]]:
    """Twenty items, of which the tenth empties a name."""
    users = [user["id"] for user in here.sandbox.instance.users][:20]
    items: list[dict[str, Any]] = [{"user_id": user, "first_name": "Ada"} for user in users]
    items[9] = {"user_id": users[9], "clear": ["last_name"]}
    return items


async def test_what_destroys_does_not_hide_among_what_only_changes(tmp_path: Path) -> None:
    asked: list[str] = []

    async def ask(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="decline")

    async with runs_in(tmp_path, confirm=True, elicitation_callback=ask) as here:
        items = one_that_destroys(here)
        planned = await call(here.client, "run_each", operation=UPDATE, items=items)
        assert planned["preview"]["effects"] == {"write": 19, "destroy": 1}
        assert planned["preview"]["destroys"] == {"items": [items[9]["user_id"]], "call": items[9]}
        await error_of(here.client, "run_each", confirm=planned["confirm"])
        assert f"1 of them destroy, for good: {items[9]['user_id']}." in asked[0]
        assert writes(here) == []


# ── Longer than a host waits ──


async def test_a_long_run_answers_in_time_and_goes_on_by_itself(tmp_path: Path) -> None:
    gate = _Gate(Sandbox())
    async with runs_in(tmp_path, within=0, sandbox=gate.sandbox, transport=gate) as here:
        ran = await begun(here, operation=MERGE, arguments=PRO, over={"operation": USERS})
        assert ran["left"] > 0
        assert f"run {ran['run']}" in ran["message"]
        gate.open.set()
        while ran["left"]:
            await anyio.sleep(0.01)
            ran = await call(here.client, "run_each", run=ran["run"])
        assert ran["ok"] == ran["items"] == len(set(writes(here))) == len(writes(here))


async def test_a_run_can_be_ended_between_two_items_and_gone_on_with(tmp_path: Path) -> None:
    gate = _Gate(Sandbox())
    async with runs_in(tmp_path, within=0, sandbox=gate.sandbox, transport=gate, max_in_flight=1) as here:
        ran = await begun(here, operation=MERGE, arguments=PRO, over={"operation": USERS})
        await gate.reached.wait()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_open_soon, gate)
            ended = await call(here.client, "run_each", run=ran["run"], stop=True)
        assert 0 < ended["left"] < ended["items"]
        while ended["left"]:
            ended = await call(here.client, "run_each", run=ran["run"])
            await anyio.sleep(0.01)
        assert len(set(writes(here))) == len(writes(here)) == ended["items"]


async def _open_soon(gate: _Gate) -> None:
    await anyio.sleep(0.05)
    gate.open.set()


class _Gate(SandboxTransport):
    """Lets no write through before it is opened."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.open = anyio.Event()
        self.reached = anyio.Event()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method != "GET":
            self.reached.set()
            await self.open.wait()
        return await super().handle_async_request(request)


class _Away(SandboxTransport):
    """Refuses connections for writes after the first few."""

    def __init__(self, sandbox: Sandbox, through: int) -> None:
        super().__init__(sandbox)
        self.left = through

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method != "GET":
            self.left -= 1
            if self.left < 0:
                raise httpx2.ConnectError("nobody there", request=request)
        return await super().handle_async_request(request)


async def test_while_clerk_is_away_a_run_stops_and_goes_on_later_after_a_restart_too(tmp_path: Path) -> None:
    sandbox = Sandbox()
    away = _Away(sandbox, 7)
    async with runs_in(tmp_path, sandbox=sandbox, transport=away, retry_budget=0) as here:
        ran = await begun(here, operation=MERGE, arguments=PRO, over={"operation": USERS})
        assert ran["ok"] == 7
        assert ran["left"] == ran["items"] - 7
        assert "unreachable" in ran["message"]
    # Another process, with another key for its seals.
    async with runs_in(tmp_path, sandbox=sandbox) as here:
        rest = await call(here.client, "run_each", run=ran["run"])
        assert (rest["ok"], rest["left"]) == (ran["items"], 0)
        assert len(set(writes(here))) == len(writes(here)) == ran["items"]


class _Loses(SandboxTransport):
    """Executes some writes and loses their answers."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if request.method != "GET" and len(self.sandbox.received) % 5 == 0:
            raise httpx2.ReadError("gone", request=request)
        return response


async def test_what_may_have_been_executed_is_told_as_unknown_and_never_sent_again(tmp_path: Path) -> None:
    sandbox = Sandbox()
    async with runs_in(tmp_path, sandbox=sandbox, transport=_Loses(sandbox)) as here:
        ran = await begun(here, operation=MERGE, arguments=PRO, over={"operation": USERS}, stop_after=100)
        assert ran["unknown"] > 0
        assert ran["ok"] + ran["unknown"] == ran["items"]
        assert "read each before repeating" in ran["message"]
        await call(here.client, "run_each", run=ran["run"])
        assert len(set(writes(here))) == len(writes(here))


async def test_a_run_stops_after_an_unusual_number_of_failures(tmp_path: Path) -> None:
    async with runs_in(tmp_path, max_in_flight=1) as here:
        items = [{"user_id": f"user_none{n}", **PRO} for n in range(40)]
        planned = await call(here.client, "run_each", operation=MERGE, items=items)
        ran = await call(here.client, "run_each", confirm=planned["confirm"], stop_after=4)
        assert (ran["failed"], ran["left"]) == (4, 36)
        assert "4 items failed" in ran["message"]


async def test_runs_are_their_owners_alone_and_never_half_written(tmp_path: Path) -> None:
    async with runs_in(tmp_path) as here:
        items = [{"email_address": "new@example.com"}]
        await call(here.client, "run_each", operation="Invitations_createNewInvitation", items=items)
        (kept,) = (tmp_path / "runs").iterdir()
        assert kept.stat().st_mode & 0o077 == 0
        assert kept.parent.stat().st_mode & 0o077 == 0


async def test_where_runs_cannot_be_kept_nothing_is_run(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("in the way")
    async with runs_in(tmp_path) as here:
        items = [{"email_address": "new@example.com"}]
        error = await error_of(
            here.client, "run_each", operation="Invitations_createNewInvitation", items=items
        )
        assert error["code"] == "runs_unavailable"
        assert writes(here) == []


@pytest.mark.parametrize(
    "kept",
    [b"", b"{", b"[]\n", b"{}\n", b'{"items": []}\n', b"\0", b"\xff\xfe", b'%s{"item": 99, "mark": null}\n',
     b'%s{"item": 0, "mark": 5}\n', b'%s{"mark": {"outcome": "ok"}}\n'],
)  # fmt: skip
async def test_what_something_else_has_written_where_runs_are_kept_is_not_run(
    kept: bytes, tmp_path: Path
) -> None:
    async with runs_in(tmp_path) as here:
        items = [{"email_address": "new@example.com"}]
        planned = await call(here.client, "run_each", operation=INVITE, items=items)
        (file,) = (tmp_path / "runs").iterdir()
        file.write_bytes(kept.replace(b"%s", file.read_bytes()))
        error = await error_of(here.client, "run_each", confirm=planned["confirm"])
        assert (error["code"], writes(here)) == ("runs_unavailable", [])
        assert "not as this server wrote it" in error["message"]


@pytest.mark.parametrize("now", ["other@example.com", "no\ud800"])
async def test_a_token_is_for_the_plan_that_was_shown_and_not_for_what_is_kept_of_it(
    now: str, tmp_path: Path
) -> None:
    async with runs_in(tmp_path) as here:
        items = [{"email_address": "new@example.com"}]
        planned = await call(here.client, "run_each", operation=INVITE, items=items)
        (file,) = (tmp_path / "runs").iterdir()
        kept = json.loads(file.read_text())
        kept["items"][0]["arguments"]["email_address"] = now
        file.write_text(json.dumps(kept) + "\n")
        error = await error_of(here.client, "run_each", confirm=planned["confirm"])
        assert (error["code"], writes(here)) == ("confirm_altered", [])


async def test_a_line_that_was_cut_off_costs_nothing(tmp_path: Path) -> None:
    async with runs_in(tmp_path) as here:
        items = [{"email_address": f"new{n}@example.com"} for n in range(3)]
        ran = await begun(here, operation="Invitations_createNewInvitation", items=items)
        (kept,) = (tmp_path / "runs").glob("*.jsonl")
        with kept.open("a") as file:
            file.write('{"item": 1, "ma')
    async with runs_in(tmp_path, sandbox=here.sandbox) as again:
        assert await call(again.client, "run_each", run=ran["run"]) == ran


# ── The trail ──


async def test_each_item_is_in_the_trail_with_its_run_and_what_it_changed(tmp_path: Path) -> None:
    audit = AuditLog(tmp_path / "audit.jsonl")
    async with runs_in(tmp_path, audit=audit) as here:
        ran = await begun(here, operation=MERGE, arguments=PRO, over=EXAMPLE)
        calls = [entry for entry in load(audit.path).calls if entry.get("run") == ran["run"]]
        assert len(calls) == ran["items"]
        assert {entry["outcome"] for entry in calls} == {"ok"}
        assert all(entry["was"].keys() == {"public_metadata"} for entry in calls)
        # What was there before was read with the list: no item costs a read of its own.
        assert here.received.count("Users_getUserDetails") == 0


def _calls_of(sandbox: Sandbox, audit: AuditLog) -> Calls:
    client = ClerkClient(sandbox.key, base_url="http://sandbox/v1", transport=SandboxTransport(sandbox))
    confirmer = Confirmer(
        "never", Instance(Kind.SANDBOX), fingerprint(sandbox.key), Seals(None, UsedInProcess())
    )
    secrets = SecretValues("redact", Path())
    return Calls(client, Formatter(60_000, secrets), Policy(Selection.of()), confirmer, audit)


async def _taken_back(trail: Path, run: str, calls: Calls) -> int:
    """Take a run back as the command does; its exit status."""
    runs = Runs(RunFiles(trail.parent / "runs of the terminal"))
    return await anyio.to_thread.run_sync(take_run_back, trail, run, calls, runs)


async def test_a_whole_run_is_taken_back_by_one_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit = AuditLog(tmp_path / "audit.jsonl")
    async with runs_in(tmp_path, audit=audit, sandbox=Sandbox(users=40)) as here:
        users = here.sandbox.instance.users
        before = {user["id"]: dict(user["public_metadata"]) for user in users}
        ran = await begun(here, operation=MERGE, arguments=PRO, over=EXAMPLE)
        assert {user["id"]: user["public_metadata"] for user in users} != before
    shown = await anyio.to_thread.run_sync(take_run_back, audit.path, ran["run"], None, None)
    assert shown == 0
    assert f"--undo {ran['run']} --yes" in capsys.readouterr().out
    calls = _calls_of(here.sandbox, audit)
    assert await _taken_back(audit.path, ran["run"], calls) == 0
    assert {user["id"]: user["public_metadata"] for user in here.sandbox.instance.users} == before
    told = json.loads(capsys.readouterr().out)
    assert told == {"run": ran["run"], "restored": ran["items"], "failed": 0, "by": told["by"]}
    trail = load(audit.path)
    assert sum(Filter(run=ran["run"]).fits(call) for call in trail.calls) == ran["items"]
    # Once more, and nothing is left to do.
    assert await _taken_back(audit.path, ran["run"], calls) == 0
    assert json.loads(capsys.readouterr().out) == {
        "run": ran["run"],
        "restored": 0,
        "already_as_before": ran["items"],
        "failed": 0,
    }


async def test_taking_a_run_back_reads_a_hundred_objects_at_once(tmp_path: Path) -> None:
    audit = AuditLog(tmp_path / "audit.jsonl")
    async with runs_in(tmp_path, audit=audit, sandbox=Sandbox(users=230)) as here:
        ran = await begun(here, operation=MERGE, arguments=PRO, over={"operation": USERS})
    here.sandbox.received.clear()
    calls = _calls_of(here.sandbox, audit)
    assert await _taken_back(audit.path, ran["run"], calls) == 0
    sent = Counter(request.operation for request in here.sandbox.received)
    assert sent == {MERGE: ran["items"], USERS: math.ceil(ran["items"] / 100)}


async def test_what_was_changed_since_a_run_is_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit = AuditLog(tmp_path / "audit.jsonl")
    async with runs_in(tmp_path, audit=audit, sandbox=Sandbox(users=40)) as here:
        users = here.sandbox.instance.users
        before = {user["id"]: dict(user["public_metadata"]) for user in users}
        ran = await begun(here, operation=MERGE, arguments=PRO, over=EXAMPLE)
        tagged = [u["id"] for u in users if u["public_metadata"] != before[u["id"]]]
        mine, other = tagged[:2]
        await call(here.client, MERGE, user_id=mine, public_metadata={"plan": "enterprise"})
        await call(here.client, MERGE, user_id=other, public_metadata={"seats": 3})
    calls = _calls_of(here.sandbox, audit)
    assert await _taken_back(audit.path, ran["run"], calls) == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["failed"] == 1
    assert f"{mine}: changed since" in told.err
    after = {user["id"]: user["public_metadata"] for user in users}
    assert after.pop(mine)["plan"] == "enterprise"
    assert after.pop(other) == before[other] | {"seats": 3}
    assert after == {id: metadata for id, metadata in before.items() if id in after}


async def test_where_no_run_can_be_kept_none_is_taken_back_and_the_setting_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit = AuditLog(tmp_path / "audit.jsonl")
    async with runs_in(tmp_path, audit=audit) as here:
        ran = await begun(here, operation=MERGE, arguments=PRO, over=EXAMPLE)
    (tmp_path / "runs of the terminal").write_text("a file, and no directory")
    here.sandbox.received.clear()
    assert await _taken_back(audit.path, ran["run"], _calls_of(here.sandbox, audit)) == 1
    said = capsys.readouterr().err
    assert "Where runs are kept cannot be used" in said
    assert "--runs-dir" in said
    assert MERGE not in {request.operation for request in here.sandbox.received}


async def test_two_changes_of_one_object_are_taken_back_the_last_one_first(tmp_path: Path) -> None:
    audit = AuditLog(tmp_path / "audit.jsonl")
    async with runs_in(tmp_path, audit=audit, audit_before=True, max_in_flight=1) as here:
        user = next(iter(here.sandbox.instance.users))
        before = user["first_name"]
        items = [{"user_id": user["id"], "first_name": name} for name in ("Ada", "Bea", "Cleo")]
        ran = await begun(here, operation="Users_updateUserAttributes", items=items)
        assert user["first_name"] != before
    calls = _calls_of(here.sandbox, audit)
    assert await _taken_back(audit.path, ran["run"], calls) == 0
    assert user["first_name"] == before


async def test_what_cannot_be_taken_back_of_a_run_is_counted_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit = AuditLog(tmp_path / "audit.jsonl")
    async with runs_in(tmp_path, audit=audit) as here:
        items = [{"email_address": f"new{n}@example.com"} for n in range(3)]
        ran = await begun(here, operation="Invitations_createNewInvitation", items=items)
    assert await anyio.to_thread.run_sync(take_run_back, audit.path, ran["run"], None, None) == 1
    assert "1 of 1 calls cannot be taken back: The mail was sent" in capsys.readouterr().err
    assert await anyio.to_thread.run_sync(take_run_back, audit.path, "run_none", None, None) == 2


# ── Bounds ──


async def test_a_callers_changes_are_bounded_single_ones_and_those_of_runs_alike(tmp_path: Path) -> None:
    changes = Budget(Limit(4, 3600))
    async with runs_in(tmp_path, changes=changes, max_in_flight=1) as here:
        await call(here.client, "Invitations_createNewInvitation", email_address="one@example.com")
        items = [{"email_address": f"new{n}@example.com"} for n in range(5)]
        ran = await begun(here, operation="Invitations_createNewInvitation", items=items)
        assert (ran["ok"], ran["left"]) == (3, 2)
        assert "too_many_changes" in ran["message"]
        assert "Wait 3" in ran["message"]
        again = {"email_address": "two@example.com"}
        error = await error_of(here.client, "Invitations_createNewInvitation", **again)
        assert error["code"] == "too_many_changes"
        assert error["retry_after"] > 3000
        assert await call(here.client, USERS)
        assert len(writes(here)) == 4


async def test_the_terminal_plans_asks_and_runs_in_one_command(tmp_path: Path) -> None:
    items = json.dumps([{"email_address": "a@example.com"}, {"email_address": "b@example.com"}])
    command = ("call", "--sandbox", "run_each", "operation=Invitations_createNewInvitation", f"items={items}")
    home = {"HOME": str(tmp_path)}
    refused = await anyio.to_thread.run_sync(lambda: clerk_mcp(*command, **home))
    assert refused.returncode == 1
    assert "Nothing was done" in refused.stderr
    ran = json.loads(
        (await anyio.to_thread.run_sync(lambda: clerk_mcp(*command, "--yes", HOME=str(tmp_path)))).stdout
    )
    assert (ran["ok"], ran["left"]) == (2, 0)
