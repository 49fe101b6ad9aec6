"""Which calls reach Clerk: every operation, under every policy, with either key, for every kind of client.

The expectations are stated here from what Clerk documents about each operation, and not read off the
catalogue, so that a wrong `effect` shows.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.client.session import ElicitationFnT
from mcp_types import INTERNAL_ERROR, ElicitRequestParams, ElicitResult, ErrorData, InputRequiredResult

from clerk_mcp.answering.answers import Answer, Formatter
from clerk_mcp.answering.secret_values import SecretValues
from clerk_mcp.bulk import RunFiles, Runs
from clerk_mcp.calling.calls import Caller, Calls
from clerk_mcp.confirming.confirmer import Confirmer, ConfirmWhen
from clerk_mcp.confirming.seals import Seals
from clerk_mcp.instance import Instance, fingerprint, kind_of_key
from clerk_mcp.offering.policy import Policy, Selection
from clerk_mcp.protocol import Presentation
from clerk_mcp.protocol.server import build_server
from clerk_mcp.serve import make_server
from clerk_mcp.settings import load
from clerk_mcp.upstream.client import ClerkClient
from clerk_sandbox.examples import example_calls, filled_in
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.transport import SandboxTransport
from clerk_tools.catalog import operations
from tests.calling import call, error_of, text_of
from tests.conftest import ERAS, Connect
from tests.effects import (
    DESTROY_BY_EXAMPLE,
    DESTROYING_ARGUMENTS,
    DESTROYS_THOUGH_NOT_DELETE,
    KEEPS_ALL,
    KWAME,
    READS_THOUGH_POST,
    Destroying,
    make_losable,
)

pytestmark = pytest.mark.anyio

Effect = Literal["reads", "writes", "destroys"]
Rule = Literal["read-only", "live", "always", "person", "never"]
Says = Literal["yes", "no", "cannot ask"]


def effect_of(row: str) -> Effect:
    if row not in operations() or row in DESTROYS_THOUGH_NOT_DELETE or row in DESTROY_BY_EXAMPLE:
        return "destroys"
    method = operations()[row].spec.method
    if method == "GET" or row in READS_THOUGH_POST:
        return "reads"
    return "destroys" if method == "DELETE" else "writes"


def asks(effect: Effect, rule: Rule, live: bool) -> bool:
    """Whether somebody must agree to a call first."""
    return effect == "destroys" and (rule == "always" or (rule == "live" and live))


def reaches(effect: Effect, rule: Rule, live: bool, word: Says) -> bool:
    """Whether a call gets to Clerk at its first try."""
    if rule == "read-only":
        return effect == "reads"
    return word == "yes" or not asks(effect, rule, live)


def rows() -> list[tuple[str, str, dict[str, Any]]]:
    """Every update with arguments that destroy, and every operation with its example."""
    risky = [(str(row), row.id, row.arguments) for row in DESTROYING_ARGUMENTS if not row.live_only]
    return [*((id, id, arguments) for id, arguments in example_calls().items()), *risky]


def changes() -> list[tuple[str, str, dict[str, Any]]]:
    """The examples that change something: enough where only who is asked, and how, is another."""
    return [(row, id, given) for row, id, given in rows() if row == id and effect_of(row) != "reads"]


def test_the_documented_effects_are_those_of_the_catalogue() -> None:
    named = {"read": "reads", "write": "writes", "destroy": "destroys"}
    for id, operation in operations().items():
        if id not in DESTROY_BY_EXAMPLE:
            assert named[operation.spec.effect] == effect_of(id)


@dataclass
class World:
    """A server on a sandbox of its own, and a client whose user always says the same."""

    sandbox: Sandbox
    client: Client
    asked: list[str]

    def reached(self, operation: str) -> int:
        return sum(request.operation == operation for request in self.sandbox.received)


def says(word: Says) -> ElicitationFnT | None:
    """A user who fills in the form, and ticks the box or does not; None is a client that cannot ask."""

    async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        return ElicitResult(action="accept", content={"confirm": word == "yes"})

    return None if word == "cannot ask" else answer


@dataclass
class CallsOnSandbox:
    """The path of every call to a sandbox."""

    sandbox: Sandbox
    calls: Calls


def calls_on(sandbox: Sandbox, rule: Rule = "live") -> CallsOnSandbox:
    kind = kind_of_key(sandbox.key)
    mode: ConfirmWhen = "live" if rule == "read-only" else rule
    clerk = ClerkClient(sandbox.key, base_url="http://sandbox/v1", transport=SandboxTransport(sandbox))
    confirmer = Confirmer(mode, Instance(kind), fingerprint(sandbox.key), Seals(None))
    policy = Policy(Selection.of(("all",)), read_only=rule == "read-only")
    calls = Calls(clerk, Formatter(60_000, SecretValues("inline", Path())), policy, confirmer)
    return CallsOnSandbox(sandbox, calls)


@asynccontextmanager
async def world(
    rule: Rule, live: bool, era: str, user: ElicitationFnT | None, runs: Runs | None = None
) -> AsyncIterator[World]:
    sandbox = Sandbox(live=live)
    make_losable(sandbox)
    calls = calls_on(sandbox, rule).calls
    asked: list[str] = []

    async def ask(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult | ErrorData:
        asked.append(params.message)
        assert user
        return await user(context, params)

    shown = Presentation(runs=runs)
    server = build_server(calls, kind_of_key(sandbox.key).words, calls.client, shown)
    async with Client(server, mode=era, elicitation_callback=ask if user else None) as client:
        yield World(sandbox, client, asked)


def situations() -> list[tuple[Rule, bool, str, Says]]:
    """Every rule on either key, in either era; with each kind of user, where anybody is asked at all."""
    rules: tuple[Rule, ...] = ("read-only", "live", "always", "never")
    words: tuple[Says, ...] = ("no", "yes", "cannot ask")
    return [
        (rule, live, era, word)
        for rule, live, era in itertools.product(rules, (True, False), ERAS)
        for word in (words if asks("destroys", rule, live) else words[:1])
    ]


@pytest.mark.parametrize(("rule", "live", "era", "word"), situations())
async def test_a_call_reaches_clerk_exactly_where_the_policy_and_the_user_let_it(
    rule: Rule, live: bool, era: str, word: Says
) -> None:
    token = ""
    everything = era == ERAS[-1] and word == "no"
    async with world(rule, live, era, says(word)) as here:
        as_it_was = copy.deepcopy(here.sandbox.instance)
        for row, id, given in rows() if everything else changes():
            if row != id:
                # Each on the same company: what one of them takes away, another may be about.
                here.sandbox.instance = copy.deepcopy(as_it_was)
            arguments = filled_in(given, token)
            reached, asked = here.reached(id), len(here.asked)
            result = await here.client.call_tool(id, arguments)
            value = json.loads(text_of(result))
            if "already" in value:
                here.sandbox.instance = copy.deepcopy(as_it_was)
                result = await here.client.call_tool(id, arguments)
                value = json.loads(text_of(result))
            effect = effect_of(row)
            expected = reaches(effect, rule, live, word)
            question = asks(effect, rule, live) and word != "cannot ask"
            assert (row, here.reached(id) - reached) == (row, int(expected)), text_of(result)
            assert (row, len(here.asked) - asked) == (row, int(question)), text_of(result)
            if not expected and rule == "read-only":
                assert value["error"]["code"] == "read_only"
            elif not expected and word == "no":
                assert value["error"]["code"] == "declined"
            elif not expected:
                again = await here.client.call_tool(id, {**arguments, "confirm": value["confirm"]})
                assert (row, here.reached(id) - reached) == (row, 1), text_of(again)
            token = value.get("jwt", token)


WRITER = frozenset({"clerk:read", "clerk:write"})


@pytest.mark.parametrize("row", DESTROYING_ARGUMENTS, ids=str)
async def test_who_may_write_may_not_destroy_by_an_update(row: Destroying) -> None:
    here = calls_on(Sandbox(live=True))
    make_losable(here.sandbox)
    async with here.calls.client:
        answer = await here.calls.run(row.id, row.arguments, Caller(scopes=WRITER))
    assert isinstance(answer, Answer)
    assert answer.value["error"]["scope"] == "clerk:destroy"
    assert {request.method for request in here.sandbox.received} <= {"GET"}


@pytest.mark.parametrize(("id", "arguments"), KEEPS_ALL)
async def test_who_may_write_may_make_an_update_that_loses_nothing(
    id: str, arguments: dict[str, Any]
) -> None:
    here = calls_on(Sandbox(live=True))
    async with here.calls.client:
        answer = await here.calls.run(id, arguments, Caller(scopes=WRITER))
    assert isinstance(answer, Answer)
    assert not answer.is_error
    assert here.sandbox.received[-1].operation == id


async def test_nulls_for_what_a_model_does_not_mean_change_nothing() -> None:
    """One family of models sends null for every optional argument, and means that it has no value for it."""
    sandbox = Sandbox(live=True)
    kwame = sandbox.instance.users[KWAME["user_id"]]
    before = {name: kwame[name] for name in ("last_name", "username", "external_id", "public_metadata")}
    spec = operations()["Users_updateUserAttributes"].spec
    nulls = {argument.name: None for argument in spec.arguments if not argument.required}
    here = calls_on(sandbox)
    async with Client(build_server(here.calls, "live", lifespan=here.calls.client)) as client:
        await call(client, spec.id, **{**nulls, **KWAME, "first_name": "X"})
    assert sandbox.received[-1].body == {"first_name": "X"}
    assert {name: kwame[name] for name in before} == before


DELETION = example_calls()["Users_deleteUserById"]


async def closes(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    """Cancel at once, as hosts do that claim to ask and have no window for it."""
    return ElicitResult(action="cancel")


async def fails(context: ClientRequestContext, params: ElicitRequestParams) -> ErrorData:
    return ErrorData(code=INTERNAL_ERROR, message="no window to ask in")


async def test_a_question_that_is_closed_unanswered_leads_to_a_preview_whose_token_runs_the_call(
    era: str,
) -> None:
    async with world("live", True, era, closes) as here:
        preview = await call(here.client, "Users_deleteUserById", **DELETION)
        assert "closed without an answer" in preview["message"]
        assert "Hassan El-Amin" in preview["preview"]["target"]
        assert not here.reached("Users_deleteUserById")
        await call(here.client, "Users_deleteUserById", **DELETION, confirm=preview["confirm"])
        assert here.reached("Users_deleteUserById") == 1


@pytest.mark.parametrize("many", [False, True], ids=["one call", "a run over many"])
@pytest.mark.parametrize(
    ("user", "code"),
    [
        (says("yes"), None),
        (says("no"), "declined"),
        (closes, "person_needed"),
        (fails, "person_needed"),
        (None, "person_needed"),
    ],
    ids=["agrees", "declines", "closes it", "fails to ask", "cannot ask"],
)
async def test_with_confirm_person_only_a_persons_yes_reaches_clerk(
    era: str, user: ElicitationFnT | None, code: str | None, many: bool, tmp_path: Path
) -> None:
    if era == "2026-07-28" and user is fails:
        pytest.skip("a client of 2026-07-28 that fails to ask does not call again")
    runs = Runs(RunFiles(tmp_path), 100, 45.0)
    async with world("person", False, era, user, runs) as here:
        tool, arguments = "Users_deleteUserById", DELETION
        if many:
            plan = await call(here.client, "run_each", operation=tool, items=[DELETION])
            tool, arguments = "run_each", {"confirm": plan["confirm"]}
        result = await here.client.call_tool(tool, arguments)
        value = json.loads(text_of(result))
        assert value.get("error", {}).get("code") == code
        assert here.reached("Users_deleteUserById") == int(code is None)
        if code == "person_needed":
            assert "confirm" not in value
            assert "--confirm person" in value["error"]["hint"]
    await runs.close()


async def test_with_confirm_person_an_agent_that_agrees_by_itself_is_refused() -> None:
    async with world("live", True, "2026-07-28", None) as asking:
        preview = await call(asking.client, "Users_deleteUserById", **DELETION)
    async with world("person", True, "2026-07-28", None) as here:
        for token in (preview["confirm"], "yes", "anything"):
            error = await error_of(here.client, "Users_deleteUserById", **DELETION, confirm=token)
            assert error["code"] == "person_needed"
        assert not here.reached("Users_deleteUserById")


async def test_with_ask_preview_a_host_that_claims_to_ask_is_not_asked(era: str) -> None:
    async def never(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        raise AssertionError("asked")

    server = make_server(load({"sandbox": True, "confirm": "always", "ask": "preview"}))
    async with Client(server, mode=era, elicitation_callback=never) as client:
        preview = await call(client, "Webhooks_deleteSvixApp")
        assert await call(client, "Webhooks_deleteSvixApp", confirm=preview["confirm"])


@pytest.mark.parametrize(
    ("id", "says"),
    [
        ("UsersBan", "banned already"),
        ("RemoveUserPassword", "no password"),
        ("DeleteBackupCode", "no backup codes"),
        ("DeleteTOTP", "no authenticator app"),
        ("Sessions_revokeSession", "revoked already"),
        ("Users_markBanned", "banned already"),
        ("Users_disableMfa", "no second factor"),
        ("Invitations_revokeInvitation", "revoked already"),
        ("OrganizationInvitations_revokeInvitation", "revoked already"),
        ("EmailSmsTemplates_revertTemplate", "Clerk's text already"),
        ("Users_deleteProfileImage", "no image"),
        ("Organizations_removeLogo", "no logo"),
    ],
)
async def test_what_is_so_already_is_said_to_be_and_nothing_is_sent_or_asked(id: str, says: str) -> None:
    async with world("live", True, "2026-07-28", None) as here:
        arguments = example_calls()[id]
        preview = await call(here.client, id, **arguments)
        if "confirm" in preview:
            await call(here.client, id, **arguments, confirm=preview["confirm"])
        before = here.reached(id)
        again = await call(here.client, id, **arguments)
        assert says in again["already"]
        assert "confirm" not in again
        assert here.reached(id) == before


async def test_a_token_for_what_has_become_so_meanwhile_sends_nothing() -> None:
    async with world("live", True, "2026-07-28", None) as here:
        user = DELETION
        one, other = [await call(here.client, "Users_markBanned", **user) for _ in range(2)]
        await call(here.client, "Users_markBanned", **user, confirm=one["confirm"])
        again = await call(here.client, "Users_markBanned", **user, confirm=other["confirm"])
        assert "banned already" in again["already"]
        assert here.reached("Users_markBanned") == 1


@pytest.mark.parametrize(
    "id", ["AllowlistBlocklist_addIdentifier", "AllowlistBlocklist_addIdentifierToAllowList"]
)
async def test_an_entry_of_a_list_names_the_switch_that_makes_it_count(id: str) -> None:
    async with world("never", True, "2026-07-28", None) as here:
        added = await call(here.client, id, identifier="new@example.org")
        assert "InstanceSettings_updateRestrictions" in added["only_while"]


async def test_a_question_that_is_declined_sends_nothing(era: str) -> None:
    async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        return ElicitResult(action="decline")

    async with world("live", True, era, answer) as here:
        error = await error_of(here.client, "Users_deleteUserById", **DELETION)
        assert error["code"] == "declined"
        assert "nothing was sent to Clerk" in error["message"]
        assert not here.reached("Users_deleteUserById")


async def test_a_client_of_the_handshake_era_that_fails_to_ask_gets_a_preview() -> None:
    async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ErrorData:
        return ErrorData(code=INTERNAL_ERROR, message="no window to ask in")

    async with world("live", True, "legacy", answer) as here:
        preview = await call(here.client, "Users_deleteUserById", **DELETION)
        assert not here.reached("Users_deleteUserById")
        await call(here.client, "Users_deleteUserById", **DELETION, confirm=preview["confirm"])
        assert here.reached("Users_deleteUserById") == 1


async def test_a_yes_on_2026_holds_for_the_call_that_was_asked_about_and_once() -> None:
    async with world("live", True, "2026-07-28", says("yes")) as here:
        session = here.client.session
        asked = await session.call_tool("Users_deleteUserById", DELETION, allow_input_required=True)
        assert isinstance(asked, InputRequiredResult)
        assert asked.input_requests
        yes = ElicitResult(action="accept", content={"confirm": True})
        agreed: dict[str, Any] = {
            "input_responses": dict.fromkeys(asked.input_requests, yes),
            "request_state": asked.request_state,
        }

        async def error_code(operation: str, arguments: dict[str, Any]) -> str:
            result = await session.call_tool(operation, arguments, **agreed)
            return str(json.loads(text_of(result))["error"]["code"])

        other_user = example_calls()["Users_markBanned"]
        assert await error_code("Users_deleteUserById", other_user) == "confirm_other_arguments"
        assert await error_code("Users_markBanned", DELETION) == "confirm_other_operation"
        assert not here.reached("Users_deleteUserById")
        done = await session.call_tool("Users_deleteUserById", DELETION, **agreed)
        assert not done.is_error
        assert await error_code("Users_deleteUserById", DELETION) == "confirm_used"
        assert here.reached("Users_deleteUserById") == 1


async def test_the_question_says_what_a_person_needs_to_decide() -> None:
    async with world("live", True, "legacy", says("no")) as here:
        await here.client.call_tool("Users_deleteUserById", DELETION)
        (question,) = here.asked
    assert "LIVE" in question
    assert "“Hassan El-Amin” (hassan.elamin@example.com)" in question
    assert "removes no memberships" in question


async def listed_operations(client: Client) -> list[str]:
    """The operations among the listed tools; the server has tools of its own beside them."""
    return [tool.name for tool in (await client.list_tools()).tools if tool.name in operations()]


async def test_the_settings_reach_the_policy(connect: Connect) -> None:
    async with connect(read_only=True) as client:
        assert {effect_of(id) for id in await listed_operations(client)} == {"reads"}
    async with connect(toolsets=("jwks", "clients"), exclude=("Clients_*",)) as client:
        assert await listed_operations(client) == ["Jwks_getJsonWebKeySet"]
        error = await error_of(client, "Users_deleteUserById", **DELETION)
        assert error["code"] == "not_selected"
    async with connect(confirm="always") as client:
        assert "confirm" in await call(client, "Users_deleteUserById", **DELETION)


async def test_a_token_left_blank_is_none(connect: Connect) -> None:
    async with connect(confirm="always") as client:
        for blank in ("", " ", None):
            assert "preview" in await call(client, "Users_deleteUserById", **DELETION, confirm=blank)


async def test_no_other_tool_leads_around_the_policy(connect: Connect) -> None:
    listing, deletion = "Users_listSortedByCreationDate", "Users_deleteUserById"
    async with connect(exclude=(listing,)) as client:
        assert (await error_of(client, "list_all", operation=listing))["code"] == "not_selected"
        assert (await error_of(client, "read", operation=listing))["code"] == "not_selected"
    async with connect(read_only=True) as client:
        refused = await error_of(client, "change", operation=deletion, arguments=DELETION)
        assert refused["code"] == "read_only"
    async with connect(confirm="always") as client:
        asked = await call(client, "change", operation=deletion, arguments=DELETION)
        assert asked["preview"]["operation"] == deletion
