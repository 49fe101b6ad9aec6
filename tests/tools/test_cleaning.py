"""Times, addresses and ids as people write them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from clerk_mcp.protocol.own_tools import OWN_TOOLS
from clerk_tools.argument import Argument, Query, arg
from clerk_tools.catalog import operations
from clerk_tools.cleaning import cleaned
from clerk_tools.operation import Operation, Spec
from clerk_tools.parsing import InvalidArguments, parse

USERS = operations()["Users_listSortedByCreationDate"]
CREATE = operations()["Users_createNewUser"]
INVITE = operations()["Invitations_createNewInvitation"]
JANUARY = 1_767_225_600_000


class Listing(Operation, id="Things_list", get="/things", lists="user"):
    """Things."""

    created_at_after: Query[int] = arg(optional=True)


@pytest.mark.parametrize(
    "given",
    ["2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", JANUARY, JANUARY // 1000,
     str(JANUARY), str(JANUARY // 1000), float(JANUARY), " 2026-01-01 "],
)  # fmt: skip
def test_a_time_is_a_date_iso_seconds_or_milliseconds(given: Any) -> None:
    assert parse(Listing, {"created_at_after": given}).created_at_after == JANUARY


@pytest.mark.parametrize("given", [20260101, 5, 10**15, "20260101"])
def test_a_number_that_is_no_time_is_refused_with_the_unit(given: Any) -> None:
    with pytest.raises(InvalidArguments, match="milliseconds"):
        parse(Listing, {"created_at_after": given})


@pytest.mark.parametrize(("age", "ms"), [("10 days ago", 864_000_000), (" 1 hour ago ", 3_600_000)])
def test_a_time_may_be_an_age(age: str, ms: int) -> None:
    now = int(time.time() * 1000)
    assert now - ms <= parse(Listing, {"created_at_after": age}).created_at_after <= now - ms + 60_000


@pytest.mark.parametrize("given", ["yesterday", "in 3 days", "2026-13-01", "days ago"])
def test_a_text_that_is_no_time_is_refused_with_what_would_do(given: str) -> None:
    with pytest.raises(InvalidArguments, match='"10 days ago"'):
        parse(Listing, {"created_at_after": given})


@pytest.mark.parametrize("given", [True, [], {}])
def test_what_is_no_time_at_all_is_refused_as_before(given: Any) -> None:
    with pytest.raises(InvalidArguments, match="created_at_after"):
        parse(Listing, {"created_at_after": given})


def test_a_time_that_clerk_keeps_to_the_day_is_that_day() -> None:
    asked = parse(USERS, {"last_active_at_since": "2026-01-01T13:30:00Z"})
    assert asked.model_dump(exclude_unset=True) == {"last_active_at_since": JANUARY}


@pytest.mark.parametrize("given", ["2026-01-01", JANUARY, JANUARY // 1000, "2026-01-01T00:00:00Z"])
def test_a_time_that_clerk_takes_as_text_is_written_out(given: Any) -> None:
    asked = parse(CREATE, {"email_address": ["a@x.example"], "created_at": given})
    assert asked.model_dump(exclude_unset=True)["created_at"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"email_address": "a@x.example,b@x.example"}, {"email_address": ["a@x.example", "b@x.example"]}),
        ({"email_address": ["a@x.example, b@x.example "]}, {"email_address": ["a@x.example", "b@x.example"]}),
        ({"email_address": " a@x.example"}, {"email_address": ["a@x.example"]}),
        ({"email_address": '["a@x.example"]'}, {"email_address": ["a@x.example"]}),
        ({"user_id": [" user_1 "]}, {"user_id": ["user_1"]}),
        ({"user_id": ["-user_1", "-user_2"]}, {"user_id": ["-user_1", "-user_2"]}),
        ({"phone_number": ["+4930 , +4940"]}, {"phone_number": ["+4930", "+4940"]}),
        ({"external_id": ["a,b"]}, {"external_id": ["a,b"]}),
        ({"email_address": ["", "a@x.example"]}, {"email_address": ["a@x.example"]}),
    ],
)
def test_blanks_go_and_a_comma_separates(given: dict[str, Any], sent: dict[str, Any]) -> None:
    assert parse(USERS, given).model_dump(exclude_unset=True) == sent


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        (INVITE, {"email_address": "a@x.example, b@x.example"}),
        (operations()["Users_getUserDetails"], {"user_id": "user_1,user_2"}),
    ],
)
def test_several_where_one_is_taken_are_refused(operation: type[Operation], given: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments, match="takes one"):
        parse(operation, given)


@pytest.mark.parametrize("given", ["", " ", [""], [" , "], ","])
def test_a_filter_of_nothing_is_not_taken_for_no_filter(given: Any) -> None:
    with pytest.raises(InvalidArguments, match="email_address"):
        parse(USERS, {"email_address": given})


def test_one_address_loses_its_blanks() -> None:
    asked = parse(INVITE, {"email_address": " a@x.example "})
    assert asked.model_dump(exclude_unset=True) == {"email_address": "a@x.example"}


def _says_so(argument: Argument) -> bool:
    return argument.type == "integer" or "RFC 3339" in argument.description


@pytest.mark.parametrize("spec", [o.spec for o in operations().values()], ids=lambda spec: spec.id)
def test_every_argument_that_is_a_moment_is_read_as_one(spec: Spec) -> None:
    moments = [a for a in spec.arguments if a.name.endswith(("_at", "_at_after", "_at_before", "_at_since"))]
    assert all(_says_so(a) for a in moments)
    for argument in moments:
        given = {argument.name: "2026-01-01"}
        assert cleaned(spec, given) != given, argument.name


def test_a_number_of_failures_is_no_moment() -> None:
    for own in OWN_TOOLS.values():
        numbers = {a.name: 3 for a in own.spec.arguments if a.type == "integer"}
        assert cleaned(own.spec, numbers) == numbers
