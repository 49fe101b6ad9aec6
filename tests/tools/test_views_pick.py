"""The `fields` argument: chosen fields of Clerk's own objects."""

from copy import deepcopy

import pytest

from clerk_tools.views import pick, unknown_fields
from tests.tools.clerk_objects import clerk_id, user

ADA = clerk_id("user")


def test_named_fields_come_as_clerk_has_them_and_the_id_with_them() -> None:
    raw = user()
    assert pick(raw, ["private_metadata", "created_at"]) == {
        "id": ADA,
        "private_metadata": raw["private_metadata"],
        "created_at": raw["created_at"],
    }


def test_a_null_or_empty_field_that_was_asked_for_is_shown() -> None:
    assert pick(user(1), ["username", "passkeys"]) == {
        "id": clerk_id("user", 1),
        "username": None,
        "passkeys": [],
    }


def test_a_dot_goes_into_an_object() -> None:
    assert pick(user(), ["public_metadata.plan", "private_metadata.crm.owner"]) == {
        "id": ADA,
        "public_metadata": {"plan": "pro"},
        "private_metadata": {"crm": {"owner": "sales-emea"}},
    }


def test_a_dot_goes_into_every_object_of_a_list_and_gives_just_what_it_names() -> None:
    raw = user()
    assert pick(raw, ["email_addresses.verification.status", "email_addresses.reserved"])[
        "email_addresses"
    ] == [{"reserved": False, "verification": {"status": "verified"}}]


@pytest.mark.parametrize(
    "fields", [["public_metadata", "public_metadata.plan"], ["public_metadata.plan", "public_metadata"]]
)
def test_a_whole_value_wins_over_a_part_of_it(fields: list[str]) -> None:
    assert pick(user(), fields)["public_metadata"] == {"plan": "pro", "seats": 5}


def test_a_star_is_the_object_untouched() -> None:
    raw = user()
    assert pick(raw, ["*"]) is raw
    assert pick(raw, ["username", "*"]) is raw


def test_each_object_of_a_list_is_picked_from() -> None:
    assert pick([user(), user(4)], ["username"]) == [
        {"id": ADA, "username": "ada0"},
        {"id": clerk_id("user", 4), "username": "elif4"},
    ]


def test_picking_changes_nothing_in_the_original() -> None:
    raw = user()
    before = deepcopy(raw)
    pick(raw, ["email_addresses.id", "public_metadata.plan", "nickname"])
    assert raw == before


def test_names_that_are_not_there_give_nothing_and_are_reported() -> None:
    fields = ["nickname", "username", "public_metadata.colour", "first_name.initial"]
    assert pick(user(), fields) == {"id": ADA, "username": "ada0"}
    assert unknown_fields(user(), fields) == ["nickname", "public_metadata.colour", "first_name.initial"]


def test_a_field_that_one_record_of_a_list_has_is_known() -> None:
    assert unknown_fields([user(1), user(2)], ["public_metadata.plan", "public_metadata.colour"]) == [
        "public_metadata.colour"
    ]


def test_nothing_is_unknown_to_an_empty_list() -> None:
    assert unknown_fields([], ["anything"]) == []
    assert unknown_fields(user(1), ["passkeys.name"]) == []


def test_a_star_is_never_unknown() -> None:
    assert unknown_fields(user(), ["*"]) == []


@pytest.mark.parametrize("field", ["", ".", "a..b", "public_metadata.", "x." * 50_000])
def test_a_path_that_is_none_gives_nothing(field: str) -> None:
    assert pick(user(), [field]) == {"id": ADA}
    assert unknown_fields(user(), [field]) == [field]


@pytest.mark.parametrize("answer", [None, "<html>", 3])
def test_what_is_no_object_comes_back_as_it_is(answer: object) -> None:
    assert pick(answer, ["id"]) == answer
