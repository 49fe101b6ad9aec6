"""The languages of `list_all`: what they mean, and what they refuse."""

from __future__ import annotations

import itertools
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clerk_mcp.bulk.conditions import BadCondition, condition
from clerk_mcp.bulk.grouping import Tally, grouping


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


USER: dict[str, Any] = {
    "id": "user_1",
    "first_name": "Ravi",
    "username": None,
    "banned": False,
    "logins": 7,
    "created_at": _ms("2026-03-15T10:00:00"),
    "last_sign_in_at": None,
    "public_metadata": {"plan": "pro", "seats": 3, "billing-id": "b_1", "tags": ["vip", "beta"]},
    "email_addresses": [
        {"email_address": "Ravi@Acme.com", "verified": True},
        {"email_address": "r@home.example", "verified": False},
    ],
    "phone_numbers": [],
}


@pytest.mark.parametrize(
    "text",
    [
        'first_name == "Ravi"',
        "first_name = 'Ravi'",
        'first_name != "ravi"',
        "banned == false",
        "not banned == true",
        "logins > 6 and logins <= 7",
        "logins >= 6.5",
        "logins in (1, 7)",
        'public_metadata.plan in ["pro", "team"]',
        'public_metadata.plan not in ("free")',
        "public_metadata.billing-id == 'b_1'",
        'public_metadata.tags contains "VIP"',
        'public_metadata.tags == "beta"',
        'email_addresses.email_address contains "@acme.com"',
        'not email_addresses.email_address contains "@other"',
        'email_addresses.email_address not contains "@other"',
        "last_sign_in_at == null",
        "username == null",
        "phone_numbers == null",
        "nothing.at.all == null",
        "created_at != null",
        'created_at >= "2026-03-15"',
        'created_at < "2026-03-15T10:00:01Z"',
        'created_at > "2026-03-15T11:59:00+02:00"',
        'banned == true or logins == 7 and first_name == "Ravi"',
        'first_name startswith "rA"',
        'email_addresses.email_address endswith "@ACME.com"',
        'email_addresses.email_address not endswith "@other.com"',
        'domain(email_addresses.email_address) == "Acme.com"',
        'domain(email_addresses.email_address) in ("x.com", "home.example")',
        'month(created_at) == "2026-03"',
        "month(last_sign_in_at) == null",
        '(banned == true or logins == 7) and (not (first_name == "Priya"))',
    ],
)
def test_a_condition_holds(text: str) -> None:
    assert condition(text).holds([USER])


@pytest.mark.parametrize(
    "text",
    [
        'first_name == "Priya"',
        'logins == "7"',
        "banned == 0",
        "first_name < 5",
        "last_sign_in_at < 5",
        'last_sign_in_at > "2020-01-01"',
        "created_at == null",
        "phone_numbers != null",
        'email_addresses.email_address != "r@home.example"',
        'created_at < "2026-03-15"',
        "logins == true",
    ],
)
def test_a_condition_does_not_hold(text: str) -> None:
    assert not condition(text).holds([USER])


def test_ages_count_from_now() -> None:
    yesterday = [{"created_at": int((time.time() - 86_400) * 1000)}]
    assert condition('created_at > "2 days ago"').holds(yesterday)
    assert condition('created_at < "23 hours ago"').holds(yesterday)
    assert not condition('created_at < "1 week ago"').holds(yesterday)


def test_times_as_text_compare_as_times() -> None:
    assert condition('seen < "2026-01-01T00:30:00Z"').holds([{"seen": "2026-01-01T01:00:00+01:00"}])


def test_a_field_is_looked_for_in_each_form_of_a_record() -> None:
    raw, seen = {"first_name": "Ravi"}, {"name": "Ravi Patel"}
    assert condition('name == "Ravi Patel" and first_name == "Ravi"').holds([raw, seen])


def test_a_condition_tells_its_fields() -> None:
    assert condition("a == 1 and (b.c == 2 or a == 3)").fields == ("a", "b.c")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the name of a field"),
        ("status", "=="),
        ("status ==", "a value"),
        ("status == pending", "in quotes"),
        ("status == 'a' or", "the name of a field"),
        ("status == 'a' status == 'b'", "and"),
        ("(status == 'a'", "`)`"),
        ("status in 'a'", "a list"),
        ("status < null", "null"),
        ("status ~ 'a'", "character 8"),
        ("status == 'a", "character 11"),
        ("__import__('os').system('id')", "character 17"),
        ("__import__('os')", "the name of a field"),
        ("a..b == 1", "a dot between"),
        ("status not == 'a'", "contains"),
        ("status startswith 5", "text in quotes"),
        ("upper(status) == 'A'", "domain"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(BadCondition, match=re.escape(says)):
        condition(text)


HOSTILE = {
    "deep parentheses": "(" * 500,
    "deep not": "not " * 240 + "a == 1",
    "many comparisons": " or ".join(["a==1"] * 140),
    "a long text": "a == '" + "x" * 10_000 + "'",
    "a huge number": "a == " + "9" * 900,
    "a huge exponent": "a == 1e999999999",
    "a huge fraction": "a == 0." + "1" * 900,
    "a deep path": ".".join("a" * 400) + " == 1",
    "a catastrophic pattern": "a == '" + "a" * 500 + "!",
    "blanks": "a ==" + " " * 900 + "~",
    "quotes without end": "'\"" * 400,
    "a huge list": "a in (" + ",".join(["1"] * 490),
    "dots": "." * 900,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_conditions_are_an_error(text: str) -> None:
    with pytest.raises(BadCondition):
        condition(text)
    with pytest.raises(BadCondition):
        grouping(text)


@given(
    st.text(max_size=60),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        ),
    ),
)
def test_any_text_is_a_condition_or_an_error_and_any_record_has_an_answer(text: str, value: object) -> None:
    try:
        holds = condition(text).holds
    except BadCondition:
        holds = condition('a.b == 1 or a < 5 or a > "2026-01-01" or not b contains "x" or c == null').holds
    assert holds([{"a": value, "b": value}]) in (True, False)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("count by first_name", [["Ravi"]]),
        ("count by username", [[None]]),
        ("count by month(created_at)", [["2026-03"]]),
        ("count by year(created_at), banned", [["2026"], [False]]),
        ("count by day(created_at)", [["2026-03-15"]]),
        ("count by day(last_sign_in_at)", [[None]]),
        ("count by month(first_name)", [[None]]),
        ("count by domain(email_addresses.email_address)", [["acme.com", "home.example"]]),
        ("count by public_metadata.tags", [["vip", "beta"]]),
        ("count by public_metadata", [["(object)"]]),
        ("count", []),
    ],
)
def test_a_grouping_takes_its_values_from_a_record(text: str, values: list[list[Any]]) -> None:
    tally = Tally(grouping(text))
    combinations, _ = tally.entry([USER])
    assert combinations == list(itertools.product(*values))


def _groups(text: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    tally = Tally(grouping(text))
    for record in records:
        tally.add(tally.entry([record]))
    return tally.groups()


SALES: list[dict[str, Any]] = [
    {"by": "a", "sum": 3, "at": _ms("2026-01-05")},
    {"by": "b", "sum": 5, "at": _ms("2026-01-06")},
    {"by": "b", "sum": 1, "at": _ms("2026-04-01")},
    {"by": "c", "at": _ms("2026-04-02")},
]


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("count by by2", [{"by2": None, "count": 4}]),
        ("sum(sum), count by by", None),
    ],
)
def test_words_of_the_language_are_no_fields(text: str, groups: list[Any] | None) -> None:
    if groups is None:
        with pytest.raises(BadCondition):
            grouping(text)
    else:
        assert _groups(text, SALES) == groups


def test_aggregates_stand_beside_the_count() -> None:
    records = [{**record, "who": record["by"]} for record in SALES]
    found = _groups("sum(sum), avg(sum), min(sum), max(sum), count by who", records)
    assert found[0] == {"who": "b", "sum(sum)": 6, "avg(sum)": 3.0, "min(sum)": 1, "max(sum)": 5, "count": 2}
    assert found[-1] == {
        "who": "c", "sum(sum)": 0, "avg(sum)": None, "min(sum)": None, "max(sum)": None, "count": 1
    }  # fmt: skip


def test_having_and_top_choose_among_the_groups() -> None:
    records = [{"who": record["by"], **record} for record in SALES]
    assert _groups("count by who having count > 1", records) == [{"who": "b", "count": 2}]
    assert _groups("count by who top 2", records) == [{"who": "b", "count": 2}, {"who": "a", "count": 1}]
    assert _groups("sum(sum) by who having who != 'b' top 1", records) == [{"who": "a", "sum(sum)": 3}]
    assert _groups("count by month(at) top 1", records) == [{"month(at)": "2026-01", "count": 2}]


def test_the_latest_of_times_is_written_as_a_time() -> None:
    records = [{"made_at": _ms("2026-01-05")}, {"made_at": _ms("2026-02-05")}]
    tally = Tally(grouping("count, max(made_at)"))
    for record in records:
        tally.add(tally.entry([record]))
    assert tally.totals() == {"max(made_at)": "2026-02-05T00:00:00Z"}


def test_empty_periods_between_are_shown() -> None:
    found = _groups("count by month(at)", SALES)
    assert [(group["month(at)"], group["count"]) for group in found] == [
        ("2026-01", 2), ("2026-02", 0), ("2026-03", 0), ("2026-04", 2)
    ]  # fmt: skip
    weeks = [group["week(at)"] for group in _groups("count by week(at)", SALES)]
    assert weeks[:2] == ["2026-W02", "2026-W03"]
    assert len(weeks) == len(set(weeks)) == 13


def test_an_hour_is_a_part_of_a_time() -> None:
    assert _groups("count by hour(at)", SALES[:1]) == [{"hour(at)": "2026-01-05T00", "count": 1}]


def test_centuries_of_hours_are_not_filled_in() -> None:
    found = _groups("count by hour(at)", [{"at": 0}, {"at": 10**30}])
    assert len(found) == 2


def test_a_list_that_somebody_wrote_into_their_metadata_does_not_multiply() -> None:
    hostile = {"a": list(range(200)), "b": list(range(200)), "c": list(range(200))}
    tally = Tally(grouping("count by a, b, c"))
    tally.add(tally.entry([hostile]))
    assert len(tally.groups()) == 100
    assert tally.cut == 1


def test_groups_are_bounded_and_the_rest_counted() -> None:
    tally = Tally(grouping("count by id"))
    for number in range(10_050):
        tally.add(tally.entry([{"id": number}]))
    assert (len(tally.groups()), tally.others) == (10_000, 50)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "by a",
        "count by",
        "count by a,",
        "count by a b",
        "count by century(a)",
        "count by a, b, c, d",
        "count by a, a",
        "sum a",
        "sum(a",
        "median(a)",
        "count by a having b > 1",
        "count by a top",
        "count by a top 0",
        "count by a top -1",
        "count by a top 10 having count > 1",
    ],
)
def test_what_is_no_grouping_is_refused(text: str) -> None:
    with pytest.raises(BadCondition):
        grouping(text)


@pytest.mark.parametrize("moment", [10**30, -(10**30), 0])
def test_a_time_outside_of_the_calendar_is_its_nearest_end(moment: int) -> None:
    ((group),) = _groups("count by year(at)", [{"at": moment}])
    year = group["year(at)"]
    assert year in ("9999", "1970", "1", "0001")
