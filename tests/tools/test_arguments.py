"""Arguments as models really send them: what is read as meant, what is refused, with which words."""

from __future__ import annotations

from typing import Any

import pytest

from clerk_sandbox.examples import example_calls
from clerk_tools.argument import Place
from clerk_tools.catalog import operations
from clerk_tools.operation import Spec
from clerk_tools.parsing import InvalidArguments, parse

SPECS = [operation.spec for operation in operations().values()]


def body_of(operation_id: str, **given: Any) -> Any:
    return parse(operations()[operation_id], given).to_request().json


def path_of(operation_id: str, **given: Any) -> str:
    return parse(operations()[operation_id], given).to_request().path


def refusal_of(operation_id: str, **given: Any) -> str:
    with pytest.raises(InvalidArguments) as refused:
        parse(operations()[operation_id], given)
    return str(refused.value)


MERGE = "Users_mergeUserMetadataAttributes"
LIST = "Users_listSortedByCreationDate"
UPDATE = "Users_updateUserAttributes"


@pytest.mark.parametrize(
    ("operation_id", "given", "meant"),
    [
        (MERGE, {"public_metadata": '{"plan": "pro"}'}, {"public_metadata": {"plan": "pro"}}),
        ("Users_createNewUser", {"email_address": "a@b.co"}, {"email_address": ["a@b.co"]}),
        ("Users_createNewUser", {"email_address": '["a@b", "c@d"]'}, {"email_address": ["a@b", "c@d"]}),
        ("Users_createNewUser", {"skip_password_checks": "TRUE"}, {"skip_password_checks": True}),
        ("Users_createNewUser", {"email_address": None, "first_name": "Ada"}, {"first_name": "Ada"}),
        ("SigninTokens_createToken", {"expires_in_seconds": "3600"}, {"expires_in_seconds": 3600}),
        ("SigninTokens_createToken", {"expires_in_seconds": 60.0}, {"expires_in_seconds": 60}),
        ("SigninTokens_createToken", {"user_id": " user_1 "}, {"user_id": "user_1"}),
        ("SigninTokens_createToken", {"expires_in_seconds": ["60"]}, {"expires_in_seconds": 60}),
        ("CreateWaitlistEntry", {"email_address": ["a@b.co"]}, {"email_address": "a@b.co"}),
    ],
)  # fmt: skip
def test_a_value_whose_meaning_is_clear_is_read_as_meant(
    operation_id: str, given: dict[str, Any], meant: dict[str, Any]
) -> None:
    path = {"user_id": "user_1"} if operation_id == MERGE else {}
    assert body_of(operation_id, **path, **given) == meant


def test_an_entry_of_a_bulk_call_may_be_lenient_too() -> None:
    entry = {
        "email_address": "a@b.co",
        "inviter_user_id": " user_1",
        "role": "org:member",
        "public_metadata": "{}",
    }
    body = body_of("OrganizationInvitations_bulkCreateAndSend", organization_id="org_1", invitations=[entry])
    assert body == [{**entry, "inviter_user_id": "user_1", "public_metadata": {}}]


def test_null_reads_as_left_out_for_every_optional_argument() -> None:
    for operation in operations().values():
        nulls = {a.name: None for a in operation.spec.arguments if not a.required}
        needed = {name: v for name, v in example_calls()[operation.spec.id].items() if name not in nulls}
        assert parse(operation, needed | nulls).to_request() == parse(operation, needed).to_request()


def test_what_clear_names_is_sent_as_null() -> None:
    assert body_of(UPDATE, user_id="user_1", clear=["first_name"]) == {"first_name": None}
    assert body_of(UPDATE, user_id="user_1", clear="first_name", last_name="X") == {
        "first_name": None,
        "last_name": "X",
    }


def test_clear_names_what_can_be_cleared_and_nothing_that_is_given() -> None:
    with pytest.raises(InvalidArguments, match="`clear` can only name: external_id, first_name"):
        body_of(UPDATE, user_id="user_1", clear=["password"])
    with pytest.raises(InvalidArguments, match="`clear` names what is also given: username"):
        body_of(UPDATE, user_id="user_1", clear=["username"], username="ada")


def test_what_was_left_out_is_not_sent_not_even_its_default() -> None:
    assert path_of(LIST) == "/users"
    assert body_of("Invitations_createNewInvitation", email_address="a@b.co") == {"email_address": "a@b.co"}


def test_null_inside_metadata_is_kept_for_it_removes_a_key() -> None:
    assert body_of(MERGE, user_id="user_1", public_metadata={"a": {"b": None}}) == {
        "public_metadata": {"a": {"b": None}}
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"limit": 501}, "`limit` must be an integer from 1 to 500"),
        ({"limit": "many"}, "`limit` must be an integer from 1 to 500"),
        ({"limit": True}, "`limit` must be an integer from 1 to 500"),
        ({"limit": 1.5}, "`limit` must be an integer from 1 to 500"),
        ({"offset": -1}, "`offset` must be an integer of at least 0"),
        ({"email_adress": ["a@b.co"]}, "did you mean `email_address`?"),
        ({"email_address": [1]}, "`email_address[0]` must be a string"),
        ({"email_address": {"a": 1}}, "`email_address` must be a list of strings"),
        ({"query": 7}, "`query` must be a string"),
    ],
)
def test_what_is_not_clear_is_refused_with_what_would_fit(given: dict[str, Any], said: str) -> None:
    assert said in refusal_of(LIST, **given)


def test_what_is_too_short_or_too_long_is_told_what_would_fit() -> None:
    said = refusal_of("createApiKey", name="x", subject="user_1", description="x" * 256)
    assert "`name` must be a string of at least 3 characters" in said
    assert "`description` must be a string of at most 255 characters" in said
    assert "`user_ids` must be a list of 1 to 50 strings" in refusal_of("UsersBan", user_ids=[])


def test_every_problem_is_named_at_once() -> None:
    said = refusal_of("createApiKey", nam="Acme", seconds_until_expiration="x")
    assert "`name` is required: a string" in said
    assert "`subject` is required" in said
    assert "did you mean `name`?" in said
    assert "`seconds_until_expiration` must be an integer" in said


def test_an_operation_without_arguments_says_that_it_takes_none() -> None:
    assert "it takes no arguments" in refusal_of("Jwks_getJsonWebKeySet", zzz=1)


def test_an_enum_lists_its_values() -> None:
    said = refusal_of("Sessions_listSortedByCreationDate", status="alive")
    assert '"active"' in said
    assert '"revoked"' in said


def test_a_problem_deep_inside_names_its_place() -> None:
    said = refusal_of(
        "OrganizationInvitations_bulkCreateAndSend", organization_id="org_1", invitations=[{"rol": "x"}]
    )
    assert "`invitations[0].role` is required" in said
    assert "did you mean `role`?" in said


@pytest.mark.parametrize("name", ["password", "totp_secret", "backup_codes"])
def test_a_refusal_never_repeats_a_value_that_may_be_a_secret(name: str) -> None:
    wrong = {"hunter2-secret": "hunter2-secret"}
    assert "hunter2" not in refusal_of(UPDATE, user_id="user_1", **{name: wrong})


@pytest.mark.parametrize("bad", ["", "   ", ".", "..", None])
def test_an_empty_id_or_one_that_would_climb_out_of_the_path_is_refused(bad: str | None) -> None:
    assert "`user_id`" in refusal_of("Users_getUserDetails", user_id=bad)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("../organizations/org_1", "/users/..%2Forganizations%2Forg_1"),
        ("a/b", "/users/a%2Fb"),
        ("a?b=c#d", "/users/a%3Fb%3Dc%23d"),
        ("%2e%2e", "/users/%252e%252e"),
        ("user_1\r\nHost: x", "/users/user_1%0D%0AHost%3A%20x"),
        ("ü", "/users/%C3%BC"),
    ],
)
def test_no_value_can_leave_its_segment_of_the_path(given: str, path: str) -> None:
    assert path_of("Users_getUserDetails", user_id=given) == path


EXAMPLES = example_calls()


@pytest.mark.parametrize("spec", [s for s in SPECS if "{" in s.path], ids=lambda s: s.id)
def test_hostile_ids_stay_in_their_segment_in_every_operation(spec: Spec) -> None:
    hostile = "x/../../y?z#%2f"
    given = {a.name: hostile for a in spec.arguments if a.place is Place.PATH and not a.enum}
    given |= {a.name: a.enum[0] for a in spec.arguments if a.place is Place.PATH and a.enum}  # type: ignore[misc]
    needed = {a.name for a in spec.arguments if a.required} - given.keys()
    given |= {name: EXAMPLES[spec.id][name] for name in needed}
    path = parse(operations()[spec.id], given).to_request().path
    assert path.count("/") == spec.path.count("/")
    assert "?" not in path


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({"email_address": ["a+b@c.co", "d@e.co"]}, "email_address=a%2Bb%40c.co&email_address=d%40e.co"),
        ({"order_by": "+created_at"}, "order_by=%2Bcreated_at"),
        ({"query": "x&limit=500"}, "query=x%26limit%3D500"),
        ({"email_address": []}, ""),
    ],
)
def test_query_values_are_encoded_and_lists_repeat_their_key(given: dict[str, Any], query: str) -> None:
    assert path_of(LIST, **given).partition("?")[2] == query


def test_false_is_sent() -> None:
    path = path_of("Organizations_listSortedByCreationDate", include_members_count=False)
    assert path.endswith("?include_members_count=false")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), {"deep": [float("-inf")]}])
def test_a_number_that_json_does_not_have_is_refused(bad: Any) -> None:
    assert "public_metadata" in refusal_of(MERGE, user_id="user_1", public_metadata={"n": bad})


def test_endless_nesting_is_refused_not_crashed_on() -> None:
    deep: Any = {}
    for _ in range(5000):
        deep = {"a": deep}
    assert "public_metadata" in refusal_of(MERGE, user_id="user_1", public_metadata=deep)
    assert "public_metadata" in refusal_of(MERGE, user_id="user_1", public_metadata="[" * 100_000)
