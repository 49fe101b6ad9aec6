"""The right operation comes first, in the words that people use."""

from __future__ import annotations

from typing import Final

import pytest

from clerk_tools.catalog import RESOURCES, operations
from clerk_tools.operation import Effect
from clerk_tools.searching import find, operation_meant, search
from tests.tools.search_held_out import HELD_OUT
from tests.tools.search_questions import SEEN
from tests.tools.search_scores import asked, found, shares

_FILLER: Final = "zzxqv"


def _found(question: str, limit: int = 3) -> list[str]:
    return [spec.id for spec in search(question, limit=limit)]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Users_markBaned", "Users_markBanned"),
        ("Organizations_getById", "Organizations_getByIdOrSlug"),
        ("Users_update", "Users_updateUserAttributes"),
        ("list_users", "Users_listSortedByCreationDate"),
        ("banUser", "Users_markBanned"),
        ("xyz", None),
    ],
)
def test_a_wrong_name_leads_to_the_operation_that_was_meant(name: str, meant: str | None) -> None:
    assert operation_meant(name) == meant


def test_there_is_a_question_for_every_operation_and_150_in_all() -> None:
    assert set(SEEN) == set(operations())
    assert set(HELD_OUT) <= set(operations())
    assert sum(map(len, SEEN.values())) + sum(map(len, HELD_OUT.values())) >= 150


def test_the_right_operation_is_first_for_90_percent_and_among_three_for_98() -> None:
    first, among_three = shares(SEEN)
    assert first >= 0.90
    assert among_three >= 0.98


@pytest.mark.parametrize(
    ("question", "today"),
    [
        ("list invitations of an organization that are pending", "OrganizationInvitations_list"),
        ("pending organization invitations", "OrganizationInvitations_list"),
    ],
)
def test_a_deprecated_operation_stands_behind_the_one_that_took_its_place(question: str, today: str) -> None:
    assert operations()["OrganizationInvitations_listPending"].spec.deprecated
    assert _found(question)[0] == today


def test_questions_that_nobody_prepared_it_for_are_answered_nearly_as_well() -> None:
    first, among_three = shares(HELD_OUT)
    assert first >= 0.85
    assert among_three >= 0.95


@pytest.mark.parametrize("id", operations())
def test_an_id_finds_its_operation(id: str) -> None:
    assert _found(id, limit=1) == [id]
    assert _found(f"  {id.upper()} ", limit=1) == [id]


@pytest.mark.parametrize(
    ("misspelt", "id"),
    [
        ("delete orgnization", "Organizations_deleteOrganization"),
        ("impersonat", "ActorTokens_createToken"),
        ("list invitatons", "Invitations_listAllNonRevoked"),
    ],
)
def test_misspelt_words_are_understood(misspelt: str, id: str) -> None:
    assert id in _found(misspelt)


def test_only_what_is_allowed_is_found() -> None:
    found = search("delete a user", allowed=lambda spec: spec.effect is Effect.READ, limit=len(operations()))
    assert found
    assert all(spec.effect is Effect.READ for spec in found)


@pytest.mark.parametrize(
    ("said", "same"),
    [
        ("a user's phone nubmer", "a user's phone number"),
        ("cancelled organisation invitations", "canceled organization invitations"),
        ("customisation of the organisation", "customization of the organization"),
        ('delete the role "billing manager"', "delete the role"),
        ("take $20 off for a customer", "take 20 dollars off for a customer"),
        ("we don't have webhooks", "we do not have webhooks"),
    ],
)
def test_other_ways_of_writing_the_same_are_the_same(said: str, same: str) -> None:
    assert _found(said, limit=10) == _found(same, limit=10)


@pytest.mark.parametrize(
    ("question", "id"),
    [
        ("delete a revoked invitation for good", "DeleteInvitation"),
        ("which teams have a verified domain", "ListAllOrganizationDomains"),
        ("can customers see their invoices", "GetBillingStatementList"),
    ],
)
def test_how_something_is_said_tells_what_is_meant(question: str, id: str) -> None:
    assert _found(question)[0] == id


@pytest.mark.parametrize("nothing", ["", "   ", "the", "!?", _FILLER, "日本語"])
def test_what_means_nothing_finds_nothing(nothing: str) -> None:
    assert search(nothing) == []


def test_a_long_question_is_read_to_its_bound() -> None:
    assert search("delete user " + _FILLER * 10_000)[0].id == "Users_deleteUserById"


def test_the_same_question_has_the_same_answer_whatever_was_asked_before() -> None:
    before = _found("kick someone out", limit=10)
    _found("something else")
    assert _found("kick someone out", limit=10) == before


def test_words_are_not_arguments_and_reach_no_schema() -> None:
    described = [o.spec for o in operations().values() if o.spec.words]
    assert len({spec.resource for spec in described}) >= len(RESOURCES) - 3
    assert not any("words" in spec.input_schema for spec in described)


NOT_IN_THE_API = (
    "undo a wrong update",
    "require MFA",
    "send an email to a user",
    "export the audit log",
    "change the theme",
    "set the password policy",
    "resend an invitation",
    "who changed this user",
    "translate the sign-in page",
    "merge two users",
    "restore a deleted user",
    "make 2fa mandatory for the whole company",
    "enforce two-step verification",
    "rollback a change",
)


@pytest.mark.parametrize("question", NOT_IN_THE_API)
def test_what_no_operation_does_is_said_to_be_so(question: str) -> None:
    gap = find(question).gap
    assert gap is not None
    assert gap.instead.startswith(("No operation", "What is deleted"))


def test_what_operations_do_is_hardly_ever_taken_for_what_none_does() -> None:
    questions = asked(SEEN, HELD_OUT)
    wrong = [question for question in questions if found(question).gap]
    assert len(wrong) <= 0.015 * len(questions), wrong


def test_an_answer_about_something_else_is_known_by_its_share() -> None:
    assert find("give me the weather").share < 0.3
    assert find("ban a user").share > 0.9
