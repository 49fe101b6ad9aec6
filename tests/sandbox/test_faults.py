"""Failures on demand, in process."""

from __future__ import annotations

import json
from collections import Counter

import anyio
import anyio.lowlevel
import httpx2
import pytest

from clerk_sandbox.faults import Faults
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.transport import SandboxTransport

pytestmark = pytest.mark.anyio


def client_of(sandbox: Sandbox) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=SandboxTransport(sandbox),
        base_url="https://api.clerk.com/v1",
        headers={"Authorization": f"Bearer {sandbox.key}"},
    )


def has_newcomer(sandbox: Sandbox) -> bool:
    return sandbox.instance.user_by("username", "newcomer") is not None


@pytest.mark.parametrize(
    ("faults", "codes"),
    [
        ("409=1", {"conflict", "resource_locked"}),
        ("429=1", {"too_many_requests"}),
        ("500=1", {"internal_clerk_error"}),
        ("503=1", {"service_unavailable"}),
        ("504=1", {"gateway_timeout"}),
    ],
)
async def test_a_refusal_has_clerk_s_error_and_runs_nothing(faults: str, codes: set[str]) -> None:
    sandbox = Sandbox(faults=faults)
    async with client_of(sandbox) as http:
        answers = [await http.post("users", json={"username": "newcomer"}) for _ in range(8)]
    assert {answer.status_code for answer in answers} == {int(faults[:3])}
    assert {answer.json()["errors"][0]["code"] for answer in answers} == codes
    assert all(answer.json()["clerk_trace_id"] for answer in answers)
    if faults == "429=1":
        assert answers[0].headers["retry-after"] == "1"
    assert not has_newcomer(sandbox)
    assert [(one["operation"], one["status"]) for one in sandbox.requests] == [
        ("Users_createNewUser", int(faults[:3]))
    ] * 8


async def test_a_reset_before_leaves_no_trace_and_one_after_has_done_the_work() -> None:
    before, after = Sandbox(faults="reset-before=1"), Sandbox(faults="reset-after=1")
    async with client_of(before) as http:
        with pytest.raises(httpx2.ConnectError):
            await http.post("users", json={"username": "newcomer"})
    async with client_of(after) as http:
        with pytest.raises(httpx2.ReadError):
            await http.post("users", json={"username": "newcomer"})
    assert (has_newcomer(before), has_newcomer(after)) == (False, True)


@pytest.mark.parametrize("faults", ["truncated=1", "garbage=1"])
async def test_a_broken_answer_is_no_json_although_the_work_was_done(faults: str) -> None:
    sandbox = Sandbox(faults=faults)
    async with client_of(sandbox) as http:
        answer = await http.post("users", json={"username": "newcomer"})
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert has_newcomer(sandbox)


async def test_a_slow_answer_comes_late_but_the_work_is_done_at_once() -> None:
    sandbox = Sandbox(faults="slow=1:3600s")
    async with client_of(sandbox) as http, anyio.create_task_group() as tasks:
        answered = anyio.Event()

        async def post() -> None:
            await http.post("users", json={"username": "newcomer"})
            answered.set()

        tasks.start_soon(post)
        while not has_newcomer(sandbox):
            await anyio.lowlevel.checkpoint()
        assert not answered.is_set()
        tasks.cancel_scope.cancel()


async def test_a_slow_answer_is_a_whole_one() -> None:
    async with client_of(Sandbox(faults="slow=1:0.01s")) as http:
        assert (await http.get("users/count")).json()["object"] == "total_count"


async def outcomes(sandbox: Sandbox, count: int) -> list[str]:
    found = []
    async with client_of(sandbox) as http:
        for _ in range(count):
            try:
                found.append(str((await http.get("users/count")).status_code))
            except httpx2.TransportError as error:
                found.append(type(error).__name__)
    return found


async def test_a_run_repeats_from_its_seed_and_differs_from_another() -> None:
    faults = "429=0.1,500=0.1,reset-before=0.05,reset-after=0.05"
    sandbox = Sandbox(faults=faults, seed=7)
    first = await outcomes(sandbox, 200)
    sandbox.reset()
    assert await outcomes(sandbox, 200) == first
    assert await outcomes(Sandbox(faults=faults, seed=8), 200) != first


async def test_faults_come_about_as_often_as_was_asked() -> None:
    seen = Counter(await outcomes(Sandbox(faults="429=0.2,500=0.1,reset-after=0.05"), 2000))
    assert set(seen) == {"200", "429", "500", "ReadError"}
    assert 320 < seen["429"] < 480
    assert 140 < seen["500"] < 260
    assert 60 < seen["ReadError"] < 145


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("418=0.1", "unknown fault '418'"),
        ("429", "kind=share"),
        ("429=often", "kind=share"),
        ("429=1.5", "from 0 to 1"),
        ("429=-0.1", "from 0 to 1"),
        ("429=nan", "from 0 to 1"),
        ("slow=0.1:soon", "kind=share"),
        ("slow=0.1:-1s", "not negative"),
        ("500=0.1:3s", "only slow"),
        ("429=0.6,500=0.6", "more than 1"),
    ],
)
def test_faults_that_make_no_sense_are_refused_by_name(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Faults.parse(text)
