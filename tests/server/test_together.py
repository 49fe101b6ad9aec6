"""A run uses Clerk's own operations for many at once, and the outcome of each item stays true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clerk_mcp.bulk import RunFiles, Runs
from clerk_mcp.bulk.together import together
from clerk_mcp.offering.policy import Policy, Selection
from clerk_mcp.upstream.budget import Budget, Limit
from clerk_sandbox.sandbox import Sandbox
from clerk_tools.argument import Place
from clerk_tools.catalog import operations
from tests.calling import call
from tests.server.worlds import World, world

pytestmark = pytest.mark.anyio

INVITE = "Invitations_createNewInvitation"
PAIRS = [operation.spec for operation in operations().values() if operation.spec.together]


async def _run(here: World, operation: str, items: list[dict[str, Any]], **more: Any) -> Any:
    planned = await call(here.client, "run_each", operation=operation, items=items)
    return await call(here.client, "run_each", confirm=planned["confirm"], **more)


def _guests(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"email_address": f"guest{n}@x.example", **more} for n in range(count)]


@pytest.mark.parametrize("spec", PAIRS, ids=lambda spec: spec.id)
def test_both_take_the_same_of_each_and_do_the_same(spec: Any) -> None:
    many = together(spec)
    assert many is not None
    assert many.most in (10, 50)
    assert many.spec.effect is spec.effect
    assert bool(many.spec.sends_mail) is bool(spec.sends_mail)
    own = {a.name for a in spec.arguments if a.place is not Place.PATH}
    if not many.id:
        assert many.entries.items
        assert own == {a.name for a in many.entries.items.properties}


async def test_thirty_invitations_are_three_calls_and_all_of_them_are_there(tmp_path: Path) -> None:
    async with world(runs=Runs(RunFiles(tmp_path))) as here:
        answer = await _run(here, INVITE, _guests(30))
        assert (answer["ok"], answer["failed"], answer["left"]) == (30, 0, 0)
        assert here.received.count("CreateBulkInvitations") == 3
        assert here.received.count(INVITE) == 0
        invited = {one["email_address"]: one["id"] for one in here.sandbox.instance.invitations}
        kept = next(tmp_path.glob("run_*.jsonl")).read_text("utf-8").split("\n")[1:]
        marks = [json.loads(line) for line in kept if line]
        made = {m["item"]: m["mark"]["made"] for m in marks if "made" in (m["mark"] or {})}
        assert made == {n: invited[f"guest{n}@x.example"] for n in range(30)}


async def test_fifty_bans_are_one_call(tmp_path: Path) -> None:
    async with world(sandbox=Sandbox(users=80), runs=Runs(RunFiles(tmp_path))) as here:
        users = [user["id"] for user in here.sandbox.instance.users][:60]
        answer = await _run(here, "Users_markBanned", [{"user_id": id} for id in users])
        assert answer["ok"] == 60
        assert here.received.count("UsersBan") == 2
        assert all(here.sandbox.instance.users[id]["banned"] for id in users)


async def test_where_one_is_refused_the_others_are_made_and_it_alone_is_told(tmp_path: Path) -> None:
    async with world(runs=Runs(RunFiles(tmp_path))) as here:
        await call(here.client, INVITE, email_address="guest3@x.example")
        answer = await _run(here, INVITE, _guests(20))
        assert (answer["ok"], answer["failed"], answer["unknown"]) == (19, 1, 0)
        assert answer["failures"][0]["items"] == ["guest3@x.example"]
        made = [one["email_address"] for one in here.sandbox.instance.invitations]
        assert sorted(made) == sorted(set(made))


async def test_a_call_of_many_whose_end_nobody_knows_leaves_all_of_them_unknown(tmp_path: Path) -> None:
    sandbox = Sandbox(faults="reset-after=1")
    async with world(sandbox=sandbox, runs=Runs(RunFiles(tmp_path))) as here:
        answer = await _run(here, INVITE, _guests(10), stop_after=50)
        assert (answer["ok"], answer["unknown"], answer["left"]) == (0, 10, 0)
        assert here.received.count("CreateBulkInvitations") == 1


async def test_what_goes_to_different_parents_goes_in_different_calls(tmp_path: Path) -> None:
    async with world(runs=Runs(RunFiles(tmp_path))) as here:
        make = "Organizations_createNewOrganization"
        organizations = [await call(here.client, make, name=f"New {n}") for n in range(2)]
        items = [
            {**guest, "organization_id": one["id"], "role": "org:member"}
            for one in organizations
            for guest in _guests(2)
        ]
        answer = await _run(here, "OrganizationInvitations_createAndSend", items)
        assert answer["ok"] == 4
        assert here.received.count("OrganizationInvitations_bulkCreateAndSend") == 2


async def test_a_bound_on_changes_or_a_policy_without_it_makes_single_calls(tmp_path: Path) -> None:
    bound: dict[str, Any] = {"changes": Budget(Limit(100, 60))}
    closed: dict[str, Any] = {"policy": Policy(Selection.of(exclude=["CreateBulkInvitations"]))}
    for number, options in enumerate((bound, closed)):
        async with world(runs=Runs(RunFiles(tmp_path / str(number))), **options) as here:
            assert (await _run(here, INVITE, _guests(3)))["ok"] == 3
            assert here.received.count(INVITE) == 3
