"""What cannot be taken back is asked about first, and only a real yes to this very call lets it pass."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clerk_mcp.confirming.confirmer import Confirmer, ConfirmWhen, needs_confirmation, what_is_shown
from clerk_mcp.confirming.decisions import Answered, Asker, Asking, AskInResult, CannotAsk, Decision, Go, Stop
from clerk_mcp.confirming.hits import TargetMissing, find_hit
from clerk_mcp.confirming.seals import (
    LIFETIME_S,
    Binding,
    Purpose,
    SealRefused,
    Seals,
)
from clerk_mcp.confirming.used import KEPT_S, UsedInDirectory, UsedInProcess, UsedInRedis
from clerk_mcp.confirming.wording import question_text
from clerk_mcp.instance import Instance, Kind, fingerprint
from clerk_mcp.upstream.client import ClerkClient, Failure, Reply, Unanswered
from clerk_mcp.upstream.redis_pool import redis_pool
from clerk_sandbox.examples import example_calls, user_id
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.transport import SandboxTransport
from clerk_tools.argument import Place
from clerk_tools.catalog import operations
from clerk_tools.hits import MOST_READS
from clerk_tools.operation import Effect, Operation
from tests.calling import reads
from tests.effects import DESTROYING_ARGUMENTS, KEEPS_ALL, Destroying, make_losable
from tests.processes import RedisServer

pytestmark = pytest.mark.anyio

STATE_KEY = "a-state-key-of-this-test-suite-only-0123456789"
CALLS = example_calls()
DESTROYING = [id for id, operation in operations().items() if operation.spec.effect is Effect.DESTROY]


def call(id: str, **arguments: Any) -> Operation:
    return operations()[id].model_validate(CALLS[id] | arguments)


DELETION = call("Users_deleteUserById")


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(live=True)


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[ClerkClient]:
    transport = SandboxTransport(sandbox)
    async with ClerkClient(sandbox.key, base_url="http://sandbox/v1", transport=transport) as client:
        yield client


async def unreadable(_: Operation) -> Reply:
    raise Unanswered(Failure("unreachable", "Clerk could not be reached", "not_run"))


def answering(status: int, value: Any) -> Callable[[Operation], Any]:
    async def read(_: Operation) -> Reply:
        return Reply(status, value, None, "application/json", "trace_1", None, 1, 0.0)

    return read


# ── The question ──


def test_every_operation_that_can_destroy_has_a_question_and_no_other_call_needs_one() -> None:
    assert {
        id
        for id, operation in operations().items()
        if operation.spec.effect is not Effect.WRITE and needs_confirmation(call(id), "always", Kind.TEST)
    } == set(DESTROYING)


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("Users_deleteUserById", "“Hassan El-Amin” (hassan.elamin@example.com)"),
        ("Users_markBanned", "“Dmitri Volkov” (dmitri.volkov@example.net)"),
        ("Users_deleteProfileImage", "“Carlos Mendoza”"),
        ("Users_disableMfa", "removes the authenticator app; removes the backup codes"),
        ("EmailAddresses_deleteById", "“chloe.dubois@example.com” of user “Chloe Dubois”"),
        ("PhoneNumbers_deletePhoneNumberById", "“+12015550131” of user “Aisha Karim”"),
        ("Sessions_revokeSession", "active session of user “Nadia Brandt”"),
        ("Organizations_deleteOrganization", "“Thistle Studio” (thistle-studio)"),
        ("Organizations_removeLogo", "organization “Fernhill”"),
        ("OrganizationMemberships_removeUserFromOrganization", "“Oliver Hartley”"),
        ("OrganizationInvitations_revokeInvitation", "to organization “Fernhill”"),
        ("Invitations_revokeInvitation", "invitation of “owner+clerk_test@lavender-lane.example”"),
        ("AllowlistBlocklist_deleteIdentifier", "“consultant@rowan.example”"),
        ("AllowlistBlocklist_deleteIdentifierFromBlocklist", "“spammer@example.org”"),
        ("SigninTokens_revokeToken", "sign-in token"),
        ("ActorTokens_revokeToken", "impersonation token"),
        ("SamlConnectionsBeta_deleteConnectionById", "1 user can no longer sign in"),
        ("OAuthApplications_deleteById", "“Fernhill Reports”"),
        ("OAuthApplications_rotateSecret", "client secret stops working at once"),
        ("JwtTemplates_deleteTemplateById", "“hasura”"),
        ("EmailSmsTemplates_revertTemplate", "template “Invitation”"),
        ("RedirectUrLs_removeById", "“fernhill://oauth-callback”"),
        ("Domains_deleteSatelliteDomain", "“fernhill-docs.example”"),
        ("BetaFeatures_updateInstanceDomain", "signs out all 25 users"),
        ("BetaFeatures_updateProductionInstanceDomain", "to “https://www.fernhill-plan.example”"),
        ("Webhooks_deleteSvixApp", "all webhooks stop"),
    ],
)
async def test_the_question_names_the_target_as_a_person_knows_it(
    sandbox: Sandbox, client: ClerkClient, id: str, words: str
) -> None:
    hit = await find_hit(call(id), reads(client))
    question = question_text(call(id), hit, Instance(Kind.LIVE))
    assert words in question
    assert "LIVE" in question
    assert id in question
    assert hit.complete
    assert len(sandbox.received) <= MOST_READS
    assert {request.method for request in sandbox.received} <= {"GET"}


async def test_deleting_a_user_counts_the_sessions_that_end_and_the_memberships_that_go(
    sandbox: Sandbox, client: ClerkClient
) -> None:
    nadia = user_id(sandbox.instance, "nadia.brandt@fernhill.example")
    active = [s for s in sandbox.instance.sessions if s["user_id"] == nadia and s["status"] == "active"]
    memberships = sandbox.instance.memberships_by_user[nadia]
    assert active
    assert memberships
    hit = await find_hit(call("Users_deleteUserById", user_id=nadia), reads(client))
    assert hit.target == f"user “Nadia Brandt” (nadia.brandt@fernhill.example), {nadia}"
    assert [clause.split()[:2] for clause in hit.also] == [
        ["ends", str(len(active))],
        ["removes", str(len(memberships))],
    ]


NOTHING_TO_READ = (
    "Webhooks_deleteSvixApp",
    "SigninTokens_revokeToken",
    "ActorTokens_revokeToken",
    "revokeM2MToken",
    "RevokeAgentTask",
    "revokeAdminPortalLinkToken",
)
"""No operation of Clerk's shows what these end."""


@pytest.mark.parametrize("id", DESTROYING)
@pytest.mark.parametrize("read", [unreadable, answering(403, {"errors": []}), answering(200, None)])
async def test_reads_that_fail_cost_the_question_its_details_and_not_the_ids(
    id: str, read: Callable[[Operation], Any]
) -> None:
    hit = await find_hit(call(id), read)
    in_path = [a.name for a in operations()[id].spec.arguments if a.place is Place.PATH]
    assert all(CALLS[id][name] in hit.target for name in in_path)
    asked_nothing = id in NOTHING_TO_READ
    assert hit.complete is asked_nothing
    assert ("could not be read" in question_text(call(id), hit, Instance(Kind.LIVE))) is not asked_nothing


ANSWER_NAMES = (
    *("data", "total_count", "organization", "id", "public_user_data", "first_name", "identifier", "name"),
    *("email_addresses", "phone_numbers", "email_address", "user_id", "user_count"),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(ANSWER_NAMES),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=500, deadline=None)
@example("EmailAddresses_deleteById", {"email_address": 1})
@example("PhoneNumbers_deletePhoneNumberById", {"phone_number": ["+12015550131"]})
@example("Sessions_revokeSession", {"user_id": ".."})
@given(st.sampled_from(DESTROYING), json_values)
def test_whatever_clerk_answers_there_is_a_question(id: str, value: Any) -> None:
    anyio.run(find_hit, call(id), answering(200, value))


async def test_a_name_cannot_forge_the_question(sandbox: Sandbox, client: ClerkClient) -> None:
    forger = sandbox.instance.users[user_id(sandbox.instance, "hassan.elamin@example.com")]
    forger["first_name"] = "Ada”\n\nTarget: a test user \u202egniht\x1b[2J" + "x" * 500
    question = question_text(DELETION, await find_hit(DELETION, reads(client)), Instance(Kind.LIVE))
    assert len([line for line in question.splitlines() if line.startswith("Target:")]) == 1
    assert not set(question) & set("\u202e\x1b")
    assert len(question) < 600


# ── Whether to ask ──


@pytest.mark.parametrize(
    ("mode", "kind", "asked"),
    [
        ("live", Kind.LIVE, True),
        ("live", Kind.TEST, False),
        ("live", Kind.SANDBOX, False),
        ("always", Kind.LIVE, True),
        ("always", Kind.TEST, True),
        ("always", Kind.SANDBOX, True),
        ("never", Kind.LIVE, False),
        ("never", Kind.TEST, False),
        ("never", Kind.SANDBOX, False),
    ],
)
def test_the_operator_and_the_kind_of_key_decide_whether_to_ask(
    mode: ConfirmWhen, kind: Kind, asked: bool
) -> None:
    assert needs_confirmation(DELETION, mode, kind) is asked


# ── Asking ──


class World:
    """A confirmer on a live sandbox, with a clock that a test may turn."""

    def __init__(self, client: ClerkClient, mode: ConfirmWhen = "live", kind: Kind = Kind.LIVE) -> None:
        self.now = 1_800_000_000.0
        self.client = client
        self.used = UsedInProcess(lambda: self.now)
        self.seals = Seals(STATE_KEY, self.used, lambda: self.now)
        self.confirmer = Confirmer(mode, Instance(kind), fingerprint("sk_live_sandbox1"), self.seals)

    async def decide(
        self, operation: Operation = DELETION, token: str | None = None, caller: str = "local", **asker: Any
    ) -> Decision:
        return await self.confirmer.decide(operation, caller, token, Asker(**asker), reads(self.client))

    async def shown(self) -> str:
        """What a person is shown before the deletion, in the words that seals are made of."""
        return what_is_shown(await find_hit(DELETION, reads(self.client)))

    async def token(self, operation: Operation = DELETION) -> str:
        decision = await self.decide(operation)
        assert isinstance(decision, Stop)
        return str(decision.answer.value["confirm"])


@pytest.fixture
def world(client: ClerkClient) -> World:
    return World(client)


@pytest.mark.parametrize("row", DESTROYING_ARGUMENTS, ids=str)
async def test_an_update_that_destroys_says_what_would_be_lost(
    sandbox: Sandbox, client: ClerkClient, row: Destroying
) -> None:
    make_losable(sandbox)
    update = operations()[row.id].model_validate(row.arguments)
    assert needs_confirmation(update, "live", Kind.LIVE)
    hit = await find_hit(update, reads(client))
    assert not hit.harmless
    assert row.says in question_text(update, hit, Instance(Kind.LIVE))
    assert len(sandbox.received) <= MOST_READS
    assert {request.method for request in sandbox.received} <= {"GET"}


@pytest.mark.parametrize(("id", "arguments"), KEEPS_ALL)
async def test_an_update_that_loses_nothing_is_not_asked_about(
    world: World, id: str, arguments: dict[str, Any]
) -> None:
    decision = await world.decide(operations()[id].model_validate(arguments))
    assert isinstance(decision, Go)


@pytest.mark.parametrize("row", DESTROYING_ARGUMENTS, ids=str)
@pytest.mark.parametrize(
    "read", [unreadable, answering(403, {"errors": []}), answering(200, None), answering(200, {})]
)
async def test_an_update_that_cannot_be_looked_at_is_asked_about(
    row: Destroying, read: Callable[[Operation], Any]
) -> None:
    assert not (await find_hit(operations()[row.id].model_validate(row.arguments), read)).harmless


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(DESTROYING_ARGUMENTS), json_values)
def test_whatever_clerk_answers_there_is_a_question_about_an_update(row: Destroying, value: Any) -> None:
    anyio.run(find_hit, operations()[row.id].model_validate(row.arguments), answering(200, value))


def refusal_code(decision: Decision) -> str:
    assert isinstance(decision, Stop)
    assert decision.outcome == "refused"
    assert decision.answer.is_error
    assert "nothing was sent" in decision.answer.value["error"]["message"]
    return str(decision.answer.value["error"]["code"])


async def test_a_client_that_cannot_ask_gets_a_preview_and_a_token(world: World, sandbox: Sandbox) -> None:
    decision = await world.decide()
    assert isinstance(decision, Stop)
    assert decision.outcome == "previewed"
    assert not decision.answer.is_error
    value = decision.answer.value
    assert value["preview"]["instance"] == "live"
    assert value["preview"]["operation"] == "Users_deleteUserById"
    assert "Hassan El-Amin" in value["preview"]["target"]
    assert value["expires_in_seconds"] == 300
    assert {request.method for request in sandbox.received} == {"GET"}


async def test_the_token_lets_the_same_call_pass_once(world: World) -> None:
    token = await world.token()
    assert await world.decide(token=token) == Go("token")
    assert refusal_code(await world.decide(token=token)) == "confirm_used"


async def test_the_same_call_may_be_written_in_another_way(world: World) -> None:
    token = await world.token()
    padded = call("Users_deleteUserById", user_id=f"  {CALLS['Users_deleteUserById']['user_id']} ")
    assert await world.decide(padded, token=f" {token}\n") == Go("token")


async def test_a_token_holds_for_nothing_else_and_is_not_used_up_by_trying(world: World) -> None:
    token = await world.token()
    other_user = call("Users_deleteUserById", user_id=CALLS["Users_markBanned"]["user_id"])
    same_user = call("Users_markBanned", user_id=CALLS["Users_deleteUserById"]["user_id"])
    assert refusal_code(await world.decide(other_user, token=token)) == "confirm_other_arguments"
    assert refusal_code(await world.decide(same_user, token=token)) == "confirm_other_operation"
    assert refusal_code(await world.decide(token=token, caller="mallory")) == "confirm_other_caller"
    elsewhere = Confirmer("live", Instance(Kind.LIVE), fingerprint("sk_live_sandbox2"), world.seals)
    decision = await elsewhere.decide(DELETION, "local", token, Asker(), reads(world.client))
    assert refusal_code(decision) == "confirm_other_key"
    assert await world.decide(token=token) == Go("token")


async def test_a_token_is_good_for_five_minutes(world: World) -> None:
    late, in_time = await world.token(), await world.token()
    world.now += LIFETIME_S - 1
    assert await world.decide(token=in_time) == Go("token")
    world.now += 1
    assert refusal_code(await world.decide(token=late)) == "confirm_expired"


async def test_any_replica_with_the_same_state_key_honours_a_token_and_no_other(world: World) -> None:
    token, binding = await world.token(), Binding.of(DELETION, fingerprint("sk_live_sandbox1"), "local")
    for key in (STATE_KEY + "x", None):
        with pytest.raises(SealRefused, match="was given out by another server process"):
            await Seals(key, world.used, lambda: world.now).redeem(token, Purpose.TOKEN, binding, world.shown)
    await Seals(STATE_KEY, world.used, lambda: world.now).redeem(token, Purpose.TOKEN, binding, world.shown)


def test_a_short_state_key_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        Seals("too-short", UsedInProcess())


SEALS = Seals(STATE_KEY, UsedInProcess())
BINDING = Binding.of(DELETION, "key", "local")
GOOD = anyio.run(SEALS.mint, Purpose.TOKEN, BINDING)


@given(st.integers(0, len(GOOD) - 1), st.characters())
def test_a_token_with_any_character_altered_is_refused(position: int, character: str) -> None:
    altered = GOOD[:position] + character + GOOD[position + 1 :]
    if altered.strip() != GOOD:
        # The first six characters tell whose seal it is; what follows is sealed.
        assert refused(altered) in ("confirm_altered", "confirm_other_server")


@given(st.text() | st.binary().map(lambda data: "v1." + data.hex()))
def test_what_was_never_a_token_is_refused(text: str) -> None:
    assert refused(text) == "confirm_altered"


def refused(token: str) -> str:
    with pytest.raises(SealRefused) as caught:
        anyio.run(SEALS.redeem, token, Purpose.TOKEN, BINDING)
    return caught.value.code


arguments = st.dictionaries(st.sampled_from(["first_name", "last_name", "external_id"]), st.text(max_size=3))


@given(arguments, arguments)
def test_two_calls_share_a_binding_exactly_when_they_send_the_same(
    ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    update = operations()["Users_updateUserAttributes"]
    one, other = (update.model_validate({"user_id": "user_1", **given}) for given in (ours, theirs))
    assert (Binding.of(one, "key", "local") == Binding.of(other, "key", "local")) is (ours == theirs)


async def test_a_client_of_2026_is_asked_inside_the_result_and_its_answer_holds_once(world: World) -> None:
    ask = await world.decide(way=Asking.IN_RESULT)
    assert isinstance(ask, AskInResult)
    assert "Hassan El-Amin" in ask.question
    agreed: dict[str, Any] = {"way": Asking.IN_RESULT, "state": ask.state, "answered": Answered.ACCEPTED}
    other_user = call("Users_deleteUserById", user_id=CALLS["Users_markBanned"]["user_id"])
    assert refusal_code(await world.decide(other_user, **agreed)) == "confirm_other_arguments"
    assert await world.decide(**agreed) == Go("user via elicitation")
    assert refusal_code(await world.decide(**agreed)) == "confirm_used"


async def test_a_yes_without_the_question_it_answers_is_asked_again(world: World) -> None:
    decision = await world.decide(way=Asking.IN_RESULT, answered=Answered.ACCEPTED)
    assert isinstance(decision, AskInResult)


async def test_a_sealed_question_does_not_pass_for_a_token_nor_a_token_for_an_answer(world: World) -> None:
    ask = await world.decide(way=Asking.IN_RESULT)
    assert isinstance(ask, AskInResult)
    assert refusal_code(await world.decide(token=ask.state)) == "confirm_altered"
    forged = await world.decide(way=Asking.IN_RESULT, state=await world.token(), answered=Answered.ACCEPTED)
    assert refusal_code(forged) == "confirm_altered"


@pytest.mark.parametrize("way", [Asking.LIVE, Asking.IN_RESULT])
async def test_a_no_is_reported_as_such_and_nothing_was_sent(
    world: World, sandbox: Sandbox, way: Asking
) -> None:
    async def elicit(_: str) -> Answered:
        return Answered.DECLINED

    decision = await world.decide(way=way, elicit=elicit)
    if isinstance(decision, AskInResult):
        decision = await world.decide(way=way, state=decision.state, answered=Answered.DECLINED)
    assert isinstance(decision, Stop)
    assert decision.outcome == "declined"
    assert decision.answer.value["error"]["code"] == "declined"
    assert "nothing was sent to Clerk" in decision.answer.value["error"]["message"]
    assert {request.method for request in sandbox.received} == {"GET"}


async def test_a_live_yes_lets_the_call_pass(world: World) -> None:
    questions: list[str] = []

    async def elicit(question: str) -> Answered:
        questions.append(question)
        return Answered.ACCEPTED

    assert await world.decide(way=Asking.LIVE, elicit=elicit) == Go("user via elicitation")
    assert "Hassan El-Amin" in questions[0]


async def test_a_client_that_fails_to_ask_gets_a_preview(world: World) -> None:
    async def elicit(_: str) -> Answered:
        raise CannotAsk("Method not found")

    decision = await world.decide(way=Asking.LIVE, elicit=elicit)
    assert isinstance(decision, Stop)
    assert decision.outcome == "previewed"


async def test_a_target_that_does_not_exist_is_said_so_and_nobody_is_asked(world: World) -> None:
    decision = await world.decide(call("Users_deleteUserById", user_id="user_nobody"), way=Asking.LIVE)
    assert isinstance(decision, Stop)
    assert decision.answer.value["error"]["code"] == "resource_not_found"
    assert decision.answer.value["error"]["trace_id"]


async def test_only_the_target_itself_counts_as_missing() -> None:
    with pytest.raises(TargetMissing):
        await find_hit(DELETION, answering(404, {"errors": []}))
    assert not (await find_hit(call("Invitations_revokeInvitation"), answering(404, {}))).complete


@pytest.mark.parametrize(
    ("mode", "kind", "agreed"),
    [
        ("never", Kind.LIVE, "operator: confirm=never"),
        ("live", Kind.TEST, "operator: confirm=live, no live key"),
    ],
)
async def test_what_is_not_asked_about_says_whose_decision_that_was(
    client: ClerkClient, sandbox: Sandbox, mode: ConfirmWhen, kind: Kind, agreed: str
) -> None:
    world = World(client, mode, kind)
    assert await world.decide() == Go(agreed)
    assert await world.decide(call("Users_getUserDetails")) == Go("not required")
    assert not sandbox.received


# ── Used tokens ──


class Unreachable:
    async def life(self) -> str:
        return "one"

    async def use(self, id: str) -> bool:
        raise OSError("connection refused")


async def test_without_the_store_of_used_tokens_nothing_is_let_through(client: ClerkClient) -> None:
    confirmer = Confirmer("live", Instance(Kind.LIVE), "key", Seals(STATE_KEY, Unreachable()))
    preview = await confirmer.decide(DELETION, "local", None, Asker(), reads(client))
    assert isinstance(preview, Stop)
    token = preview.answer.value["confirm"]
    decision = await confirmer.decide(DELETION, "local", token, Asker(), reads(client))
    assert refusal_code(decision) == "confirm_unavailable"


async def test_used_tokens_are_forgotten_when_they_have_long_expired() -> None:
    now = 0.0
    used = UsedInProcess(lambda: now)
    assert await used.use("one")
    now = 3600.0
    assert not await used.use("one")
    now = float(KEPT_S)
    assert await used.use("one")


async def test_a_token_used_on_one_replica_is_used_on_all_that_share_a_redis(redis: RedisServer) -> None:
    from redis.asyncio import Redis

    async with Redis.from_url(redis.url) as ours, Redis.from_url(redis.url) as theirs:
        token = await Seals(STATE_KEY, UsedInRedis(ours)).mint(Purpose.TOKEN, BINDING)
        await Seals(STATE_KEY, UsedInRedis(ours)).redeem(token, Purpose.TOKEN, BINDING)
        with pytest.raises(SealRefused, match="was used already"):
            await Seals(STATE_KEY, UsedInRedis(theirs)).redeem(token, Purpose.TOKEN, BINDING)


async def test_a_redis_that_is_down_lets_nothing_through() -> None:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    async with Redis(port=port, retry=Retry(NoBackoff(), 0)) as redis:
        seals = Seals(STATE_KEY, UsedInRedis(redis))
        with pytest.raises(SealRefused, match="could not be checked"):
            await seals.mint(Purpose.TOKEN, BINDING)
        with pytest.raises(SealRefused, match="could not be checked"):
            await seals.redeem(await Seals(STATE_KEY).mint(Purpose.TOKEN, BINDING), Purpose.TOKEN, BINDING)


async def refusal_of(seals: Seals, token: str) -> str:
    with pytest.raises(SealRefused) as caught:
        await seals.redeem(token, Purpose.TOKEN, BINDING)
    return caught.value.code


@pytest.mark.parametrize("lost_by", ["a flush", "a restart"])
async def test_what_redis_has_forgotten_lets_nothing_through_again(redis: RedisServer, lost_by: str) -> None:
    from redis.asyncio import Redis

    async with Redis(connection_pool=redis_pool(redis.url)) as store:
        seals = Seals(STATE_KEY, UsedInRedis(store))
        used, unused = [await seals.mint(Purpose.TOKEN, BINDING) for _ in range(2)]
        await seals.redeem(used, Purpose.TOKEN, BINDING)
        if lost_by == "a flush":
            redis.ask("FLUSHALL")
        else:
            redis.stop()
            redis.start()
        assert await refusal_of(seals, used) == "confirm_forgotten"
        assert await refusal_of(seals, unused) == "confirm_forgotten"
        await seals.redeem(await seals.mint(Purpose.TOKEN, BINDING), Purpose.TOKEN, BINDING)
        await store.connection_pool.disconnect()


async def test_a_server_that_starts_anew_with_its_state_key_takes_no_token_of_before() -> None:
    token = await Seals(STATE_KEY).mint(Purpose.TOKEN, BINDING)
    assert await refusal_of(Seals(STATE_KEY), token) == "confirm_forgotten"


@pytest.mark.parametrize("apart", [60.0, -60.0])
async def test_clocks_a_minute_apart_neither_keep_a_token_out_nor_let_it_in_twice(apart: float) -> None:
    now, used = 1_800_000_000.0, UsedInProcess(lambda: now)
    ours, theirs = Seals(STATE_KEY, used, lambda: now), Seals(STATE_KEY, used, lambda: now + apart)
    token = await ours.mint(Purpose.TOKEN, BINDING)
    await theirs.redeem(token, Purpose.TOKEN, BINDING)
    now += LIFETIME_S + min(-apart, 0) - 1
    assert await refusal_of(ours, token) == "confirm_used"


@pytest.mark.parametrize("back", [1.0, 120.0, 3600.0])
async def test_a_clock_that_is_set_back_lets_no_token_in_twice(back: float) -> None:
    now, passed = 1_800_000_000.0, 0.0
    seals = Seals(STATE_KEY, UsedInProcess(lambda: passed), lambda: now)
    token = await seals.mint(Purpose.TOKEN, BINDING)
    await seals.redeem(token, Purpose.TOKEN, BINDING)
    passed = LIFETIME_S + 1
    now += passed - back
    assert await refusal_of(seals, token) in ("confirm_used", "confirm_clock", "confirm_expired")


async def test_a_token_that_would_be_good_for_longer_than_ours_is_refused() -> None:
    now = 1_800_000_000.0
    used = UsedInProcess()
    from_the_future = await Seals(STATE_KEY, used, lambda: now + 3600).mint(Purpose.TOKEN, BINDING)
    assert await refusal_of(Seals(STATE_KEY, used, lambda: now), from_the_future) == "confirm_clock"


async def newcomer(client: ClerkClient, organization_id: str) -> str:
    """Somebody who is no member of an organization."""
    users = await client.send(call("Users_listSortedByCreationDate", limit=100).to_request())
    members = await client.send(
        call("OrganizationMemberships_getAllMembers", organization_id=organization_id, limit=100).to_request()
    )
    inside = {member["public_user_data"]["user_id"] for member in members.value["data"]}
    return next(str(user["id"]) for user in users.value if user["id"] not in inside)


@pytest.mark.parametrize("change", ["renamed", "grown"])
@pytest.mark.parametrize("way", [Asking.NONE, Asking.IN_RESULT, Asking.LIVE])
async def test_what_has_changed_since_it_was_shown_is_not_destroyed(
    world: World, client: ClerkClient, change: str, way: Asking
) -> None:
    deletion = call("Organizations_deleteOrganization")
    id = CALLS["Organizations_deleteOrganization"]["organization_id"]
    if change == "renamed":
        update = call("Organizations_updateOrganization", organization_id=id, name="Another Company")
    else:
        update = operations()["OrganizationMemberships_addUserToOrganization"].model_validate(
            {"organization_id": id, "user_id": await newcomer(client, id), "role": "org:admin"}
        )

    async def yes_at_last(_: str) -> Answered:
        assert (await client.send(update.to_request())).status == 200
        return Answered.ACCEPTED

    asked = await world.decide(deletion, way=way, elicit=yes_at_last)
    if way is Asking.LIVE:
        assert refusal_code(asked) == "confirm_changed"
        return
    assert (await client.send(update.to_request())).status == 200
    if isinstance(asked, AskInResult):
        decision = await world.decide(deletion, way=way, state=asked.state, answered=Answered.ACCEPTED)
    else:
        assert isinstance(asked, Stop)
        decision = await world.decide(deletion, token=asked.answer.value["confirm"])
    assert refusal_code(decision) == "confirm_changed"


async def test_what_is_gone_since_it_was_shown_is_said_to_be_gone(world: World, client: ClerkClient) -> None:
    token = await world.token()
    await client.send(DELETION.to_request())
    assert refusal_code_of_missing(await world.decide(token=token)) == "resource_not_found"


def refusal_code_of_missing(decision: Decision) -> str:
    assert isinstance(decision, Stop)
    return str(decision.answer.value["error"]["code"])


# ── A process for every call ──


async def test_a_token_is_good_once_across_processes_of_one_user(tmp_path: Path) -> None:
    first, second, third = (Seals.of_user(tmp_path / "own") for _ in range(3))
    token = await first.mint(Purpose.TOKEN, BINDING)
    await second.redeem(token, Purpose.TOKEN, BINDING)
    assert await refusal_of(third, token) == "confirm_used"
    assert await refusal_of(first, token) == "confirm_used"


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
async def test_what_is_kept_for_that_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        seals = Seals.of_user(tmp_path / "own")
        await seals.redeem(await seals.mint(Purpose.TOKEN, BINDING), Purpose.TOKEN, BINDING)
    finally:
        os.umask(before)
    kept = [tmp_path / "own", *(tmp_path / "own").rglob("*")]
    assert len(kept) == 5
    assert not [path for path in kept if path.stat().st_mode & 0o077]


async def test_losing_what_was_used_ends_all_that_was_given_out(tmp_path: Path) -> None:
    token = await Seals.of_user(tmp_path).mint(Purpose.TOKEN, BINDING)
    shutil.rmtree(tmp_path / "confirmations")
    assert await refusal_of(Seals.of_user(tmp_path), token) == "confirm_forgotten"


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
@pytest.mark.parametrize("spoil", ["readable by others", "empty", "a file in its place"])
async def test_where_the_users_directory_cannot_be_used_a_token_holds_within_the_process(
    tmp_path: Path, spoil: str, caplog: pytest.LogCaptureFixture
) -> None:
    own = tmp_path / "own"
    if spoil == "a file in its place":
        own.touch()
    else:
        own.mkdir()
        (own / "state-key").write_text("" if spoil == "empty" else STATE_KEY)
        (own / "state-key").chmod(0o644 if spoil == "readable by others" else 0o600)
    seals = Seals.of_user(own)
    token = await seals.mint(Purpose.TOKEN, BINDING)
    await seals.redeem(token, Purpose.TOKEN, BINDING)
    assert await refusal_of(seals, token) == "confirm_used"
    assert await refusal_of(Seals.of_user(own), token) == "confirm_other_server"
    assert "holds within this process only" in caplog.text


def test_of_many_processes_one_may_use_a_token(tmp_path: Path) -> None:
    program = (
        "import sys, anyio; from pathlib import Path\n"
        "from clerk_mcp.confirming.used import UsedInDirectory\n"
        "sys.stdin.readline()\n"
        "print(anyio.run(UsedInDirectory(Path(sys.argv[1])).use, 'ab'))"
    )
    UsedInDirectory(tmp_path).check()
    command = [sys.executable, "-c", program, str(tmp_path)]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    said = [racer.communicate("go\n")[0].strip() for racer in racers]
    assert sorted(said) == ["False", "False", "False", "True"]
