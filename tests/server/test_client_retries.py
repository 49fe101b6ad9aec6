"""What is tried again, what never is, and what is said of a call that failed."""

from __future__ import annotations

import asyncio
from email.utils import formatdate

import anyio
import httpx2
import pytest

from clerk_mcp.upstream.client import ClerkClient, Failure, Unanswered
from clerk_tools.operation import Request
from tests.server.loopback import Received, answer, in_turn
from tests.server.test_client import KEY, USER, call, get_user, update_user, upstream

pytestmark = pytest.mark.anyio

OK = answer(200, USER)
DELETE = call("Users_deleteUserById", user_id="user_1")
CREATE = call("Users_createNewUser", email_address=["ada@acme.dev"])
READS_BY_POST = call("Clients_verifyClientToken", token="eyJ")
COUNTS_AT_CLERK = call("Users_verifyPassword", user_id="user_1", password="correct horse")


def busy(retry_after: str | None = "0") -> bytes:
    return answer(429, headers={"retry-after": retry_after} if retry_after else {})


@pytest.mark.parametrize("request_", [get_user(), update_user(), DELETE, CREATE], ids=lambda r: r.spec.method)
async def test_what_the_rate_limiter_refused_is_repeated_whatever_it_does(request_: Request) -> None:
    async with upstream(in_turn(busy(), busy(None), OK)) as (server, client):
        reply = await client.send(request_)
    assert (reply.status, reply.tries) == (200, 3)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("retry_after", "date", "least", "most"),
    [
        ("0.3", None, 0.3, 0.5),
        (formatdate(1_800_000_001, usegmt=True), formatdate(1_800_000_000, usegmt=True), 1.0, 1.2),
        (formatdate(0, usegmt=True), None, 0.0, 0.2),
        ("soon", None, 0.0, 0.2),
        ("nan", None, 0.0, 0.2),
        ("-5", None, 0.0, 0.2),
    ],
    ids=["seconds", "date", "date-past", "nonsense", "nan", "negative"],
)
async def test_the_wait_is_the_one_that_clerk_asks_for(
    retry_after: str, date: str | None, least: float, most: float
) -> None:
    said = answer(429, headers={"retry-after": retry_after, **({"date": date} if date else {})})
    # A longer wait than `most` would exceed the budget, and the refusal be the answer.
    async with upstream(in_turn(said, OK), retry_budget=most) as (_, client):
        reply = await client.send(get_user())
    assert reply.status == 200
    assert reply.waited >= least


async def test_a_wait_beyond_the_retry_budget_is_told_at_once_instead() -> None:
    async with upstream(in_turn(busy("31"))) as (server, client):
        reply = await client.send(CREATE)
    assert (reply.status, reply.retry_after, reply.tries) == (429, 31.0, 1)
    assert len(server.requests) == 1


async def test_a_refusal_that_does_not_end_says_when_to_come_back() -> None:
    async def always_busy(_: Received) -> bytes:
        return busy(None)

    async with upstream(always_busy, retry_budget=0.2) as (server, client):
        reply = await client.send(get_user())
    assert reply.status == 429
    assert reply.tries == len(server.requests) > 1
    assert reply.retry_after


async def test_tries_are_bounded_even_where_no_wait_is_asked_for() -> None:
    async def always_busy(_: Received) -> bytes:
        return busy("0")

    async with upstream(always_busy) as (server, client):
        reply = await client.send(get_user())
    assert reply.tries == len(server.requests) == 10


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("request_", [get_user(), READS_BY_POST], ids=["get", "post"])
async def test_a_read_is_repeated_after_a_server_error(status: int, request_: Request) -> None:
    async with upstream(in_turn(answer(status), OK)) as (_, client):
        reply = await client.send(request_)
    assert (reply.status, reply.tries) == (200, 2)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize(
    "request_", [update_user(), DELETE, CREATE, COUNTS_AT_CLERK], ids=lambda r: r.spec.id
)
async def test_a_write_is_not_repeated_after_a_server_error_and_its_outcome_is_unknown(
    status: int, request_: Request
) -> None:
    async with upstream(in_turn(answer(status))) as (server, client):
        reply = await client.send(request_)
    assert (reply.status, reply.outcome_unknown, reply.tries) == (status, True, 1)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422])
async def test_a_refusal_by_clerk_is_final_and_certain(status: int) -> None:
    async with upstream(in_turn(answer(status))) as (server, client):
        reply = await client.send(update_user())
    assert (reply.status, reply.outcome_unknown) == (status, False)
    assert len(server.requests) == 1


async def test_a_read_survives_connections_that_break_at_any_point() -> None:
    cut = answer(200, USER)[:-5]

    async def script(received: Received) -> bytes | None:
        match received.connection:
            case 1:
                return None
            case 2:
                received.writer.write(cut)
                return None
            case _:
                return OK

    async with upstream(script) as (_, client):
        reply = await client.send(get_user())
    assert (reply.value, reply.tries) == (USER, 3)


async def test_a_write_whose_answer_never_came_is_unknown_and_not_repeated() -> None:
    async with upstream(in_turn(None)) as (server, client):
        with pytest.raises(Unanswered) as failure:
            await client.send(update_user())
    assert (failure.value.failure.code, failure.value.failure.outcome) == ("connection_lost", "unknown")
    assert len(server.requests) == 1


async def test_a_write_whose_answer_broke_off_after_its_status_is_known_to_be_done() -> None:
    async def script(received: Received) -> None:
        received.writer.write(OK[:-5])

    async with upstream(script) as (server, client):
        with pytest.raises(Unanswered) as failure:
            await client.send(update_user())
    assert (failure.value.failure.code, failure.value.failure.outcome) == ("answer_lost", "done")
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [302, 422])
async def test_a_refusal_whose_body_broke_off_is_still_a_refusal(status: int) -> None:
    async def script(received: Received) -> None:
        received.writer.write(answer(status, {"errors": []})[:-5])

    async with upstream(script) as (_, client):
        reply = await client.send(update_user())
    assert (reply.status, reply.value) == (status, None)


async def never(_: Received) -> bytes | None:
    await asyncio.sleep(60)
    return None


async def test_a_read_that_times_out_is_repeated() -> None:
    async def script(received: Received) -> bytes | None:
        return await never(received) if received.connection == 1 else OK

    async with upstream(script, timeout=httpx2.Timeout(5, read=0.05)) as (_, client):
        reply = await client.send(get_user())
    assert reply.tries == 2


async def test_a_write_that_times_out_is_unknown_and_not_repeated() -> None:
    async with upstream(never, timeout=httpx2.Timeout(5, read=0.05)) as (server, client):
        with pytest.raises(Unanswered) as failure:
            await client.send(update_user())
    assert (failure.value.failure.code, failure.value.failure.outcome) == ("timeout", "unknown")
    assert len(server.requests) == 1


class RefusesFirst(httpx2.AsyncBaseTransport):
    """Fails before a byte is sent, so many times, and then answers."""

    def __init__(self, failures: int, kind: type[httpx2.TransportError]) -> None:
        self.left = failures
        self.kind = kind

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.left:
            self.left -= 1
            raise self.kind("refused", request=request)
        return httpx2.Response(200, json=USER)


@pytest.mark.parametrize("kind", [httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout])
async def test_even_a_write_is_repeated_while_no_byte_of_it_was_sent(
    kind: type[httpx2.TransportError],
) -> None:
    async with ClerkClient(KEY, transport=RefusesFirst(2, kind), backoff=0.01) as client:
        reply = await client.send(CREATE)
    assert (reply.status, reply.tries) == (200, 3)


async def test_a_clerk_that_cannot_be_reached_is_named_as_such_with_nothing_run() -> None:
    async with upstream(in_turn()) as (server, _):
        pass
    async with ClerkClient(KEY, base_url=server.url, backoff=0.01, retry_budget=0.1) as client:
        with pytest.raises(Unanswered) as failure:
            await client.send(CREATE)
    assert (failure.value.failure.code, failure.value.failure.outcome) == ("unreachable", "not_run")
    assert failure.value.failure.tries > 1
    assert failure.value.failure.retry_after


async def test_a_waiting_caller_is_told_how_long_it_has_waited_and_why() -> None:
    told: list[tuple[float, str]] = []

    async def on_wait(seconds: float, reason: str) -> None:
        told.append((seconds, reason))

    async with upstream(in_turn(busy("1.2"), OK)) as (_, client):
        await client.send(get_user(), on_wait=on_wait)
    ((seconds, reason),) = told
    assert seconds >= 1.0
    assert "another try" in reason


async def test_a_session_whose_calls_all_wait_to_try_again_leaves_room_for_another() -> None:
    async def script(received: Received) -> bytes:
        return busy("20") if received.method == "PATCH" else OK

    failures: list[Failure] = []

    async with upstream(script, max_in_flight=2, max_queue=2) as (server, client):

        async def update() -> None:
            try:
                await client.send(update_user(), owner="busy")
            except Unanswered as unanswered:
                failures.append(unanswered.failure)

        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(update)
            while len(server.requests) < 4:
                await anyio.sleep(0.005)
            assert (await client.send(get_user(), owner="other")).status == 200
            tasks.cancel_scope.cancel()
    (refused,) = failures
    assert (refused.code, refused.outcome, refused.tries) == ("queue_full", "not_run", 1)
    assert len(server.requests) == 5


async def test_others_run_while_one_waits_to_try_again() -> None:
    finished: list[str] = []

    async def script(received: Received) -> bytes:
        return busy("0.3") if received.target.endswith("slow") and len(server.requests) == 1 else OK

    async with upstream(script, max_in_flight=1) as (server, client):

        async def run(user_id: str) -> None:
            await client.send(get_user(user_id))
            finished.append(user_id)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run("slow"))
            await asyncio.sleep(0.05)
            tasks.create_task(run("quick"))
    assert finished == ["quick", "slow"]
