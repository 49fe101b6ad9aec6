"""The check of answers against the documented shapes."""

from typing import Any

import pytest

from clerk_tools.contract.facts import Shape
from tests.contract.make import facts_for, reference_facts
from tests.contract.shapes import ANSWERS, FIELDS, MAY_BE_MISSING, problems

SESSION: dict[str, Any] = {
    "object": "session",
    "id": "sess_1",
    "user_id": "user_1",
    "client_id": "client_1",
    "status": "active",
    "last_active_at": 1,
    "expire_at": 2,
    "abandon_at": 3,
    "updated_at": 4,
    "created_at": 5,
}
EMAIL: dict[str, Any] = {
    "object": "email_address",
    "email_address": "ada@example.com",
    "verification": {"status": "verified", "strategy": "admin"},
    "linked_to": [],
    "reserved": False,
    "created_at": 1,
    "updated_at": 1,
}


def of_session(**changed: Any) -> list[str]:
    return problems("Sessions_getDetails", 200, SESSION | changed)


def test_a_documented_answer_has_no_problems() -> None:
    assert of_session() == []


def test_fields_that_no_document_lists_are_fine() -> None:
    assert of_session(latest_activity={"city": "Paris"}) == []


def test_a_missing_field_is_a_problem_wherever_it_is() -> None:
    without = {name: value for name, value in SESSION.items() if name != "user_id"}
    assert problems("Sessions_getDetails", 200, without) == ["answer.user_id is missing"]
    assert problems("Sessions_listSortedByCreationDate", 200, [SESSION, without]) == [
        "answer[1].user_id is missing"
    ]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"id": 1}, "answer.id must be string, not int"),
        ({"expire_at": True}, "answer.expire_at must be integer, not bool"),
        ({"expire_at": 1.5}, "answer.expire_at must be integer, not float"),
        ({"id": None}, "answer.id may not be null"),
        (
            {"object": "sessions"},
            "answer.object must be one of session, not sessions",
        ),
    ],
)
def test_a_wrong_value_is_named(changed: dict[str, Any], problem: str) -> None:
    assert of_session(**changed) == [problem]


def test_null_is_fine_where_the_document_allows_it() -> None:
    assert of_session(actor=None) == []


def test_one_fitting_alternative_is_enough() -> None:
    phone = {**EMAIL, "object": "phone_number", "phone_number": "+15555550100"}
    assert problems("PhoneNumbers_getDetails", 200, phone) == []
    phone["verification"] = {"status": "verified", "strategy": "pigeon"}
    assert problems("PhoneNumbers_getDetails", 200, phone) != []


def test_an_empty_answer_has_no_body() -> None:
    assert problems("Webhooks_deleteSvixApp", 204, None) == []
    assert problems("Webhooks_deleteSvixApp", 204, {}) == ["there must be no body"]


def test_a_success_that_is_not_documented_is_a_problem() -> None:
    assert problems("Sessions_getDetails", 201, SESSION) == ["status 201 is not documented"]


@pytest.mark.parametrize("status", [404, 429])
def test_an_error_has_clerks_envelope_whether_or_not_its_status_is_documented(status: int) -> None:
    error = {"message": "not found", "code": "resource_not_found"}
    assert problems("Sessions_getDetails", status, {"errors": [error], "clerk_trace_id": "1"}) == []
    assert problems("Sessions_getDetails", status, {"error": "x"}) == ["answer.errors is missing"]


def test_the_keys_are_checked_though_the_document_leaves_them_out() -> None:
    assert problems("Jwks_getJsonWebKeySet", 200, {"keys": [{"kty": "RSA"}]}) == []
    assert problems("Jwks_getJsonWebKeySet", 200, {"keys": [{}]}) == ["answer.keys[0].kty is missing"]


def test_every_known_fault_of_the_document_is_still_in_it() -> None:
    for operation_id, status in ANSWERS:
        facts = facts_for(operation_id)
        assert facts
        assert facts.responses[str(status)] is None
    for document, fields in FIELDS.items():
        shapes = reference_facts(document).shapes
        assert all(shapes[name].properties[field] != shape for (name, field), shape in fields.items())
        assert all(field in shapes[name].required for name, field in MAY_BE_MISSING[document])
        assert Shape() not in fields.values()
