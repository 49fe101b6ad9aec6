"""The trail says what was done, by whom, with whose consent, and never more than is known."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clerk_mcp.auditing.log import MASK, AuditLog, masked
from clerk_mcp.auditing.trail import UNFINISHED, Filter, NoSuchEntry, load, moment
from clerk_mcp.auditing.undoing import NoUndo, Undo, earlier, undo, unmerge
from clerk_mcp.commands.audit import COLUMNS, show
from clerk_mcp.offering.policy import Refused
from clerk_mcp.upstream.client import ClerkClient, Failure, Reply, Unanswered
from clerk_sandbox.examples import example_calls, user_id
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.transport import SandboxTransport
from clerk_tools.catalog import operations
from clerk_tools.operation import Operation
from tests.calling import reads

pytestmark = pytest.mark.anyio

CALLS = example_calls()


def call(id: str, **arguments: Any) -> Operation:
    return operations()[id].model_validate(CALLS[id] | arguments)


def exactly(id: str, **arguments: Any) -> Operation:
    return operations()[id].model_validate(arguments)


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "audit.jsonl")


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[ClerkClient]:
    transport = SandboxTransport(sandbox)
    async with ClerkClient(sandbox.key, base_url="http://sandbox/v1", transport=transport) as client:
        yield client


async def record(
    log: AuditLog, client: ClerkClient, operation: Operation, confirmation: str = "not required"
) -> str:
    """Make a call as the server does, with `--audit-before`; gives the entry."""
    was = await earlier(operation, reads(client))
    entry = await log.before(operation, session="stdio", caller="ada", confirmation=confirmation, was=was)
    await log.after(entry, await client.send(operation.to_request()))
    return entry.id


def lines(log: AuditLog) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.path.read_text().splitlines()]


REPLY = Reply(200, {"id": "user_new"}, None, "application/json", "trace_1", None, 1, 0.0)


# ── Writing ──


async def test_a_write_leaves_a_line_before_and_a_line_after(log: AuditLog, client: ClerkClient) -> None:
    entry = await record(log, client, call("Users_markBanned"), "user via elicitation")
    before, after = lines(log)
    assert before == before | {
        "entry": entry,
        "stage": "before",
        "session": "stdio",
        "caller": "ada",
        "operation": "Users_markBanned",
        "effect": "destroy",
        "target": CALLS["Users_markBanned"],
        "arguments": CALLS["Users_markBanned"],
        "confirmation": "user via elicitation",
    }
    assert after == after | {"entry": entry, "stage": "after", "outcome": "ok", "status": 200}
    assert after["ms"] >= 0
    assert before["time"].endswith("Z")
    assert before["time"] <= after["time"]


async def test_a_read_leaves_one_line_after_it(log: AuditLog, client: ClerkClient) -> None:
    await record(log, client, call("Users_getUserDetails"))
    (line,) = lines(log)
    assert line == line | {"stage": "only", "effect": "read", "outcome": "ok", "caller": "ada"}


async def test_clerks_refusal_and_a_lost_answer_are_told_apart(log: AuditLog, client: ClerkClient) -> None:
    await record(log, client, call("Users_markBanned", user_id="user_nobody"))
    for outcome in ("not_run", "unknown"):
        entry = await log.before(call("Users_lockUser"), session="s", caller="c", confirmation="x")
        await log.after(entry, Failure("no_answer", "Clerk did not answer", outcome))
    failed = await log.before(call("Users_lockUser"), session="s", caller="c", confirmation="x")
    await log.after(failed, Reply(502, None, "", "", None, None, 1, 0.0, outcome_unknown=True))
    after = [line for line in lines(log) if line["stage"] == "after"]
    assert [line["outcome"] for line in after] == ["error", "not_run", "unknown", "unknown"]
    assert after[0]["status"] == 404
    assert after[0]["trace_id"]


@pytest.mark.parametrize(
    ("status", "value", "text"),
    [(302, None, None), (200, None, "<p>Sign in to this network</p>"), (200, [], None)],
    ids=["a redirect", "a proxy's page", "another shape"],
)
async def test_what_is_no_answer_of_clerks_is_not_told_as_a_success(
    log: AuditLog, status: int, value: Any, text: str | None
) -> None:
    reply = Reply(status, value, text, "text/html", None, None, 1, 0.0)
    for id in ("Users_lockUser", "Users_getUserDetails"):
        entry = await log.before(call(id), session="s", caller="c", confirmation="x")
        await log.after(entry, reply)
    assert [c["outcome"] for c in load(log.path).calls] == ["unknown", "error"]


async def test_a_call_that_was_stopped_leaves_a_line_that_says_why(log: AuditLog) -> None:
    await log.not_made(
        call("Users_deleteUserById"),
        session="s",
        caller="c",
        outcome="declined",
        reason="user via elicitation",
    )
    (line,) = lines(log)
    assert line == line | {"stage": "only", "outcome": "declined", "confirmation": "user via elicitation"}


@pytest.mark.parametrize("id", list(operations()))
async def test_no_credential_of_any_operation_reaches_the_log(log: AuditLog, id: str) -> None:
    canary = "c4n4ry-secret"
    spec = operations()[id].spec
    hidden = {name: [canary] if name == "backup_codes" else canary for name in spec.private}
    files = {name: "aGVsbG8=" * 1000 for name in ("file",) if name in CALLS[id]}
    entry = await log.before(call(id, **hidden | files), session="s", caller="c", confirmation="not required")
    await log.after(entry, REPLY)
    written = log.path.read_text()
    assert canary not in written
    assert len(written) < 3000
    assert all(lines(log)[0]["arguments"][name] == MASK for name in hidden)


async def test_credentials_inside_metadata_are_masked_at_any_depth(log: AuditLog) -> None:
    hidden = ("api_key", "accessToken", "clientSecret")
    metadata = {"crm": [{**dict.fromkeys(hidden, "s3cret"), "plan": "pro"}], "tokens": 3}
    merge = call("Users_mergeUserMetadataAttributes", unsafe_metadata={}, private_metadata=metadata)
    await log.before(merge, session="s", caller="c", confirmation="x", was={"private_metadata": metadata})
    (line,) = lines(log)
    shown = {"crm": [{**dict.fromkeys(hidden, MASK), "plan": "pro"}], "tokens": MASK}
    assert line["arguments"]["private_metadata"] == shown
    assert line["was"]["private_metadata"] == shown


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "password", "token", "a"]), inner, max_size=3)
    ),
)


@given(json_values)
def test_masking_keeps_everything_but_what_a_secret_name_holds(value: Any) -> None:
    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: without(v) for k, v in value.items() if k not in ("password", "token")}
        return [without(v) for v in value] if isinstance(value, list) else value

    assert without(masked(value)) == without(value)


async def test_the_log_is_readable_by_its_owner_only(log: AuditLog) -> None:
    mask = os.umask(0)
    try:
        log.check()
    finally:
        os.umask(mask)
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


async def refused(log: AuditLog, operation: Operation) -> Refused:
    with pytest.raises(Refused) as caught:
        await log.before(operation, session="s", caller="c", confirmation="x")
    return caught.value


async def test_where_the_log_cannot_be_written_writes_are_refused_and_reads_go_on(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "gone" / "audit.jsonl")
    refusal = await refused(log, call("Users_lockUser"))
    assert refusal.code == "audit_unavailable"
    assert "No such file or directory" in refusal.message
    entry = await log.before(call("Users_getUserDetails"), session="s", caller="c", confirmation="x")
    await log.after(entry, REPLY)
    with pytest.raises(Refused):
        log.check()


async def test_a_log_that_is_a_link_a_directory_or_a_device_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    for path in (link, tmp_path, Path("/dev/null")):
        assert (await refused(AuditLog(path), call("Users_lockUser"))).code == "audit_unavailable"
    assert not (tmp_path / "elsewhere").exists()


async def test_a_log_that_was_moved_away_is_begun_anew(log: AuditLog, client: ClerkClient) -> None:
    await record(log, client, call("Users_lockUser"))
    log.path.rename(log.path.with_suffix(".1"))
    await record(log, client, call("Users_removeLock"))
    assert [line["operation"] for line in lines(log)] == ["Users_removeLock"] * 2


def append_many(path: Path, caller: str) -> None:
    async def append() -> None:
        log = AuditLog(path)
        for _ in range(50):
            entry = await log.before(call("Users_lockUser"), session="s", caller=caller, confirmation="x")
            await log.after(entry, REPLY)

    anyio.run(append)


def test_several_processes_append_to_one_file_without_breaking_a_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=append_many, args=(path, f"caller-{n}")) for n in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    trail = load(path)
    assert not trail.broken
    assert Counter(call["caller"] for call in trail.calls) == {"caller-0": 50, "caller-1": 50}
    assert {call["outcome"] for call in trail.calls} == {"ok"}


def test_a_line_that_another_process_appends_at_the_same_moment_is_not_overwritten(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The two processes above meet at this moment by luck only; here the other one always comes in between.
    write = os.write

    def just_too_late(descriptor: int, data: bytes) -> int:
        monkeypatch.undo()
        append_one(log.path, "other")
        return write(descriptor, data)

    append_one(log.path, "earlier")
    monkeypatch.setattr(os, "write", just_too_late)
    append_one(log.path, "ours")
    assert [line["caller"] for line in lines(log)] == ["earlier", "other", "ours"]


def append_one(path: Path, caller: str) -> None:
    async def append() -> None:
        await AuditLog(path).before(call("Users_lockUser"), session="s", caller=caller, confirmation="x")

    anyio.run(append)


# ── Reading ──


async def test_a_call_without_its_second_line_is_shown_as_started(
    log: AuditLog, capsys: pytest.CaptureFixture[str]
) -> None:
    await log.before(call("Users_deleteUserById"), session="s", caller="ada", confirmation="token")
    assert load(log.path).calls[0]["outcome"] == UNFINISHED
    assert show(log.path, Filter()) == 0
    assert "started, outcome unknown" in capsys.readouterr().out


async def test_a_cut_last_line_is_passed_over_and_the_next_line_stays_whole(
    log: AuditLog, client: ClerkClient, capsys: pytest.CaptureFixture[str]
) -> None:
    await log.before(call("Users_lockUser"), session="s", caller="ada", confirmation="x")
    with log.path.open("a") as file:
        file.write('{"time":"2026-07-28T09:30:00.000Z","entry":"abc","st')
    await record(log, client, call("Users_removeLock"))
    trail = load(log.path)
    assert trail.broken == [2]
    assert [c["outcome"] for c in trail.calls] == [UNFINISHED, "ok"]
    assert show(log.path, Filter()) == 0
    assert "line 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line",
    ["", "null", "[]", "{}", '{"entry":1}', '{"entry":"a","operation":"b","time":"yesterday"}', "\x00\xff"],
)
def test_a_line_that_is_no_record_is_passed_over(log: AuditLog, line: str) -> None:
    log.path.write_text(f"{line}\n")
    trail = load(log.path)
    assert trail.calls == []
    assert trail.broken == ([1] if line else [])


async def test_the_trail_is_filtered_by_time_operation_target_and_outcome(
    log: AuditLog, client: ClerkClient
) -> None:
    await record(log, client, call("Users_lockUser"))
    await record(log, client, call("Users_markBanned", user_id="user_nobody"))
    created = await record(log, client, call("Users_createNewUser"))
    calls = load(log.path).calls
    banned = CALLS["Users_lockUser"]["user_id"]

    def chosen(**filters: Any) -> list[str]:
        return [call["operation"] for call in calls if Filter(**filters).fits(call)]

    assert chosen(operation="Users_mark*") == ["Users_markBanned"]
    assert chosen(outcome="error") == ["Users_markBanned"]
    assert chosen(target=banned) == ["Users_lockUser"]
    assert chosen(target=load(log.path).call(created)["made"]) == ["Users_createNewUser"]
    now = datetime.now(UTC)
    assert chosen(since=now - timedelta(minutes=1)) == [call["operation"] for call in calls]
    assert chosen(until=now - timedelta(minutes=1)) == []
    assert chosen(since=now + timedelta(minutes=1)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-28", "2026-07-28T00:00:00+00:00"),
        ("2026-07-28T09:30", "2026-07-28T09:30:00+00:00"),
        ("2026-07-28T09:30:00Z", "2026-07-28T09:30:00+00:00"),
        ("2026-07-28T09:30+02:00", "2026-07-28T09:30:00+02:00"),
        ("2h", "2026-07-28T10:00:00+00:00"),
        ("1w", "2026-07-21T12:00:00+00:00"),
    ],
)
def test_times_are_given_as_dates_or_as_ages(text: str, expected: str) -> None:
    assert moment(text, datetime(2026, 7, 28, 12, tzinfo=UTC)).isoformat() == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2 h", "26-7-28", "-1h"])
def test_a_time_that_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a time"):
        moment(text)


async def test_in_a_pipe_the_trail_is_tab_separated_or_json(
    log: AuditLog, client: ClerkClient, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = await record(log, client, call("Users_lockUser"))
    show(log.path, Filter())
    header, row = capsys.readouterr().out.splitlines()
    cells = dict(zip(header.split("\t"), row.split("\t"), strict=True))
    assert cells == cells | {"entry": entry, "operation": "Users_lockUser", "outcome": "ok", "caller": "ada"}
    show(log.path, Filter(), as_json=True)
    assert json.loads(capsys.readouterr().out)["entry"] == entry


async def test_what_an_agent_sent_reaches_no_terminal_as_control_sequences(
    log: AuditLog, capsys: pytest.CaptureFixture[str]
) -> None:
    operation = call("Users_lockUser", user_id="user_\x1b[2J\ttab")
    await log.before(operation, session="s", caller="c", confirmation="x")
    show(log.path, Filter())
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert {line.count("\t") for line in out.splitlines()} == {len(COLUMNS) - 1}


def test_a_trail_that_cannot_be_read_ends_with_2_and_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(tmp_path / "none.jsonl", Filter()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1


def test_an_unknown_entry_is_said_to_be_one(log: AuditLog) -> None:
    log.check()
    with pytest.raises(NoSuchEntry):
        load(log.path).call("abc")


# ── Undo ──

UPDATES = [
    call(
        "Users_updateUserAttributes", first_name="Carl", public_metadata={"plan": "none"}, external_id="x-1"
    ),
    call("Users_updateUserAttributes", clear=["last_name"]),
    call("Users_mergeUserMetadataAttributes", public_metadata={"a": {"b": 1}, "plan": None}),
    call("Organizations_updateOrganization", slug="fernhill-ltd", max_allowed_memberships=50),
    call("Organizations_mergeOrganizationMetadata"),
    call("OrganizationMemberships_updateMembershipProperties"),
    call("OrganizationMemberships_updateMembershipMetadata"),
    call("EmailAddresses_updateAddress"),
    call("PhoneNumbers_updateDetails"),
    call("SamlConnectionsBeta_updateConnectionById"),
    call("OAuthApplications_updateApplication", scopes="profile"),
    call("JwtTemplates_updateTemplateById", claims={"x": 1}),
    call("EmailSmsTemplates_updateTemplateByTypeAndSlug"),
    call("EmailSmsTemplates_toggleDeliveryByTypeAndSlug"),
    call("Domains_updateDomain"),
    call("ReplaceUserMetadata"),
    call("ReplaceOrganizationMetadata"),
    call("Signups_updateSignUpById"),
    call("InstanceSettings_updateOrganizationSettings"),
    call("UpdateInstanceProtect"),
    call("UpdateInstanceCommunication"),
    call("UpdateInstanceOAuthApplicationSettings"),
    exactly("updateApiKey", api_key_id=CALLS["updateApiKey"]["api_key_id"], scopes=["reports:read"]),
    call("UpdateEnterpriseConnection", name="Rowan"),
    call("UpdateMachine"),
    call("UpdateOrganizationDomain"),
    call("UpdateOrganizationPermission"),
    call("UpdateOrganizationRole"),
    call("UpdateDirectory"),
    call("UpdateSCIMDirectory"),
    exactly(
        "UpdateRoleSet", role_set_key_or_id=CALLS["UpdateRoleSet"]["role_set_key_or_id"], name="Resellers"
    ),
]
NOT_SHOWN = call("InstanceSettings_updateInstanceSettings")
"""Clerk has a read of its object, which shows none of what it changes."""


# Kept beside what was changed: no later call can make it as if nothing had happened.
TRACES = {
    "updated_at",
    "mfa_enabled_at",
    "mfa_disabled_at",
    "backup_code_enabled",
    "can_revert",
    "resource_type",
}


def state(sandbox: Sandbox) -> Any:
    def without_traces(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without_traces(inner) for name, inner in value.items() if name not in TRACES}
        return [without_traces(inner) for inner in value] if isinstance(value, list) else value

    snapshot = sandbox.snapshot()
    return without_traces({"tables": snapshot["tables"], "settings": snapshot["settings"]})


@pytest.mark.parametrize("update", UPDATES, ids=lambda update: update.spec.id)
async def test_undo_restores_what_an_update_changed(
    log: AuditLog, client: ClerkClient, sandbox: Sandbox, update: Operation
) -> None:
    before = state(sandbox)
    entry = await record(log, client, update)
    assert state(sandbox) != before
    back = undo(load(log.path).call(entry))
    assert isinstance(back, Undo)
    assert back.not_restored == ()
    restoring = operations()[back.operation].model_validate(back.arguments)
    assert (await client.send(restoring.to_request())).status == 200
    assert state(sandbox) == before


async def test_undo_says_that_clerk_does_not_show_what_was_changed(
    log: AuditLog, client: ClerkClient
) -> None:
    entry = await record(log, client, NOT_SHOWN)
    back = undo(load(log.path).call(entry))
    assert isinstance(back, NoUndo)
    assert "Clerk does not show" in back.reason


async def test_undo_names_what_it_cannot_restore(log: AuditLog, client: ClerkClient) -> None:
    entry = await record(
        log, client, call("Users_updateUserAttributes", first_name="Carl", password="a-new-long-password")
    )
    back = undo(load(log.path).call(entry))
    assert isinstance(back, Undo)
    assert back.arguments == {**back.arguments, "first_name": "Carlos"}
    assert back.not_restored == ("password",)


async def test_undo_never_writes_a_mask(log: AuditLog, client: ClerkClient, sandbox: Sandbox) -> None:
    nadia = user_id(sandbox.instance, "nadia.brandt@fernhill.example")
    sandbox.instance.users[nadia]["private_metadata"] = {"crm": {"api_key": "k"}}
    update = exactly("Users_updateUserAttributes", user_id=nadia, private_metadata={}, last_name="Brand")
    entry = await record(log, client, update)
    back = undo(load(log.path).call(entry))
    assert isinstance(back, Undo)
    assert back.arguments == {"user_id": nadia, "last_name": "Brandt"}
    assert back.not_restored == ("private_metadata",)


@pytest.mark.parametrize(
    ("id", "reason"),
    [
        ("Users_deleteUserById", "deletion cannot be taken back"),
        ("Users_markBanned", "sessions that the ban ended stay ended"),
        ("Sessions_revokeSession", "stays revoked"),
        ("SigninTokens_revokeToken", "stays revoked"),
        ("Invitations_createNewInvitation", "mail was sent"),
        ("OrganizationInvitations_bulkCreateAndSend", "mail was sent"),
        ("SigninTokens_createToken", "credential was handed out"),
        ("OAuthApplications_rotateSecret", "old client secret is gone"),
        ("EmailSmsTemplates_revertTemplate", "was not kept"),
        ("Users_createNewUser", "no earlier state"),
        ("Users_getUserDetails", "only read"),
        ("InstanceSettings_updateRestrictions", "does not show them"),
        ("Organizations_updateOrganizationLogo", "does not show them"),
    ],
)
async def test_where_there_is_no_way_back_undo_says_why(log: AuditLog, id: str, reason: str) -> None:
    assert reason in await no_way_back(log, call(id))


@pytest.mark.parametrize(
    ("id", "notify", "reason"),
    [
        ("AllowlistBlocklist_addIdentifierToAllowList", True, "mail was sent"),
        ("AllowlistBlocklist_addIdentifierToAllowList", False, "no earlier state"),
        ("Invitations_createNewInvitation", True, "mail was sent"),
        ("Invitations_createNewInvitation", False, "no earlier state"),
    ],
)
async def test_an_argument_decides_whether_mail_was_sent(
    log: AuditLog, id: str, notify: bool, reason: str
) -> None:
    assert reason in await no_way_back(log, call(id, notify=notify))


async def no_way_back(log: AuditLog, operation: Operation) -> str:
    """The reason that undo gives for a call that was made."""
    entry = await log.before(operation, session="s", caller="c", confirmation="x")
    await log.after(entry, REPLY)
    back = undo(load(log.path).call(entry.id))
    assert isinstance(back, NoUndo)
    return back.reason


async def test_a_call_that_changed_nothing_has_nothing_to_take_back(
    log: AuditLog, client: ClerkClient
) -> None:
    entry = await record(log, client, call("Users_updateUserAttributes", primary_email_address_id="idn_none"))
    assert undo(load(log.path).call(entry)) == NoUndo("Nothing to take back: the call changed nothing.")


async def test_an_update_of_unknown_outcome_can_be_taken_back_with_a_caution(
    log: AuditLog, client: ClerkClient
) -> None:
    update = call("Users_updateUserAttributes")
    was = await earlier(update, reads(client))
    entry = await log.before(update, session="s", caller="c", confirmation="x", was=was)
    back = undo(load(log.path).call(entry.id))
    assert isinstance(back, Undo)
    assert "not known whether" in back.caution


async def test_before_an_update_there_is_at_most_one_read_and_none_before_anything_else(
    client: ClerkClient, sandbox: Sandbox
) -> None:
    known = {update.spec.id for update in (*UPDATES, NOT_SHOWN)}
    for id in operations():
        sandbox.received.clear()
        was = await earlier(call(id), reads(client))
        assert [request.method for request in sandbox.received] == (["GET"] if id in known else [])
        assert (was is not None) is (id in known)


async def test_an_update_goes_on_without_its_earlier_values_where_they_cannot_be_read() -> None:
    async def unreadable(_: Operation) -> Reply:
        raise Unanswered(Failure("unreachable", "Clerk could not be reached", "not_run"))

    async def forbidden(_: Operation) -> Reply:
        return Reply(403, {"errors": []}, None, "application/json", None, None, 1, 0.0)

    for read in (unreadable, forbidden):
        assert await earlier(call("Users_updateUserAttributes"), read) is None


answers = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "id", "organization", "created_at", "verification", "public_metadata"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@settings(max_examples=500, deadline=None)
@example(call("Users_updateUserAttributes", created_at="2026-07-28T09:30:00Z"), {"created_at": 10**20})
@given(st.sampled_from(UPDATES), answers)
def test_whatever_clerk_answers_before_an_update_it_goes_on(update: Operation, value: Any) -> None:
    async def read(_: Operation) -> Reply:
        return Reply(200, value, None, "application/json", None, None, 1, 0.0)

    anyio.run(earlier, update, read)


async def test_a_domain_without_an_id_is_not_taken_for_the_one_that_is_updated() -> None:
    async def read(_: Operation) -> Reply:
        value = {"data": [{"name": "another.example"}], "total_count": 1}
        return Reply(200, value, None, "application/json", None, None, 1, 0.0)

    assert await earlier(call("Domains_updateDomain"), read) is None


objects = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(
        st.integers() | st.text(max_size=2),
        lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=3,
)
patches = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(
        st.none() | st.integers(),
        lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=3,
)


@given(objects, patches)
def test_an_unmerge_takes_any_merge_back(before: dict[str, Any], patch: dict[str, Any]) -> None:
    from clerk_sandbox.metadata import merged

    assert merged(merged(before, patch), unmerge(patch, before)) == before
