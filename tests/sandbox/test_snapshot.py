"""Snapshots, seeds and resets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clerk_sandbox.demo_data import PASSWORD
from clerk_sandbox.sandbox import LIVE_KEY, TEST_KEY, Sandbox
from clerk_sandbox.snapshots import read_snapshot
from tests.sandbox.clerk import Clerk
from tests.sandbox.clock import Clock

pytestmark = pytest.mark.anyio


def test_the_demo_data_are_the_same_on_each_start(clock: Clock) -> None:
    assert Sandbox(clock=clock).snapshot() == Sandbox(clock=clock).snapshot()


def test_another_seed_makes_other_ids_and_more_users_leave_the_demo_s_alone(clock: Clock) -> None:
    def ids(sandbox: Sandbox) -> list[str]:
        return [user["id"] for user in list(sandbox.instance.users)[:25]]

    assert not set(ids(Sandbox(clock=clock))) & set(ids(Sandbox(clock=clock, seed=1)))
    assert ids(Sandbox(clock=clock)) == ids(Sandbox(clock=clock, users=50))
    assert len(Sandbox(clock=clock, users=50).instance.users) == 75


async def test_a_sandbox_goes_on_from_a_snapshot_where_the_other_one_stood(clock: Clock) -> None:
    first = Clerk(Sandbox(clock=clock))
    (nadia,) = await first.call("Users_listSortedByCreationDate", username=["nadia"])
    await first.call("Users_createNewUser", username="newcomer", created_at="2020-01-01T00:00:00Z")
    await first.call("Users_markBanned", user_id=nadia["id"])
    saved = json.loads(json.dumps(first.sandbox.snapshot()))

    second = Clerk(Sandbox(data=saved, clock=clock))
    assert second.sandbox.snapshot() == saved
    for clerk in (first, second):
        await clerk.call("Users_verifyPassword", user_id=nadia["id"], password=PASSWORD)
        await clerk.call("Users_createNewUser", username="another")
        await clerk.call("Users_deleteUserById", user_id=nadia["id"])
    assert second.sandbox.snapshot() == first.sandbox.snapshot()


async def test_a_reset_returns_to_the_start_be_it_demo_or_snapshot(clock: Clock) -> None:
    demo = Sandbox(clock=clock)
    for sandbox in (demo, Sandbox(data=demo.snapshot(), clock=clock)):
        before = sandbox.snapshot()
        clerk = Clerk(sandbox)
        for user in await clerk.call("Users_listSortedByCreationDate", limit=500):
            await clerk.call("Users_deleteUserById", user_id=user["id"])
        await clerk.call("InstanceSettings_updateRestrictions", allowlist=True)
        assert sandbox.snapshot() != before
        sandbox.reset()
        assert sandbox.snapshot() == before
        assert sandbox.requests == []


def test_a_snapshot_stays_as_it_was_taken(clock: Clock) -> None:
    sandbox = Sandbox(clock=clock)
    snapshot = sandbox.snapshot()
    next(iter(sandbox.instance.users))["public_metadata"]["changed"] = True
    assert snapshot == Sandbox(clock=clock).snapshot()


@pytest.mark.parametrize(
    "data", [[], "text", {}, {"users": []}, {"seed": 0, "live": False, "settings": {}, "tables": []}]
)
def test_what_is_no_snapshot_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match="not a snapshot"):
        Sandbox(data=data)


@pytest.mark.parametrize(
    ("place", "value", "complaint"),
    [
        (["live"], "yes", 'it has "yes" for live'),
        (["tables"], None, "tables is no object"),
        (["credentials"], {"user_1": 3}, "credentials has 3 for user_1"),
        (["settings", "max_allowed_memberships"], "5", 'settings has "5" for max_allowed_memberships'),
        (["tables", "users"], {}, "tables has {} for users"),
        (["tables", "domains"], [], "none of its domains is the primary one"),
        (["tables", "users", 0], 7, r"users\[0\] is no object"),
        (["tables", "users", 0, "created_at"], None, r"users\[0\] has null for created_at"),
        (["tables", "users", 0, "email_addresses"], [{}], r"users\[0\].email_addresses\[0\] has no id"),
        (["tables", "users", 1, "username"], "NADIA", "two users have the same username"),
        (["tables", "sessions", 0, "user_id"], "user_gone", "user_id that is not in users"),
    ],
)
def test_the_first_thing_wrong_with_a_snapshot_is_named(
    place: list[str | int], value: object, complaint: str
) -> None:
    snapshot: Any = Sandbox().snapshot()
    *path, last = place
    holder = snapshot
    for step in path:
        holder = holder[step]
    holder[last] = value
    with pytest.raises(ValueError, match=complaint):
        Sandbox(data=snapshot)


@pytest.mark.parametrize("text", ["", "null", "[]", "{", "[" * 100_000])
def test_a_file_that_holds_no_object_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "saved.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"saved\.json"):
        read_snapshot(file)


def test_a_live_instance_has_a_live_key_and_its_snapshot_too(clock: Clock) -> None:
    live = Sandbox(live=True, clock=clock)
    assert (Sandbox(clock=clock).key, live.key) == (TEST_KEY, LIVE_KEY)
    assert Sandbox(data=live.snapshot(), clock=clock).key == LIVE_KEY
