"""What the operator selects is what may run, and nothing that was mistyped opens a door."""

from itertools import combinations
from typing import Any

import pytest

from clerk_mcp.commands.call import toolset_sizes
from clerk_mcp.offering.policy import SCOPES, Policy, Refused, Selection, SelectionError
from clerk_tools.catalog import RESOURCES, operations
from clerk_tools.operation import Effect
from tests.effects import MINT_A_CREDENTIAL

ALL = Policy(Selection.of())


def selected(**options: list[str]) -> list[str]:
    return Policy(Selection.of(**options)).allowed(None)


def listed(**options: list[str]) -> list[str]:
    return Policy(Selection.of(**options)).listed(None)


def refusal(policy: Policy, operation: str, scopes: frozenset[str] | None = None) -> Refused:
    refused = policy.objection(operations()[operation].spec, scopes)
    assert refused
    return refused


def test_without_a_selection_every_operation_may_run_in_the_catalogues_order() -> None:
    assert selected() == list(operations())


def test_toolsets_select_by_resource() -> None:
    assert {operations()[id].spec.resource for id in selected(toolsets=["users", "organizations"])} == {
        "users",
        "organizations",
    }


def test_toolsets_and_tools_add_up_and_exclusion_comes_last() -> None:
    chosen = selected(
        toolsets=["sessions"], tools=["Users_*", "Sessions_revokeSession"], exclude=["*_delete*"]
    )
    assert "Sessions_getDetails" in chosen
    assert "Users_markBanned" in chosen
    assert not [id for id in chosen if "_delete" in id]
    assert {operations()[id].spec.resource for id in chosen} == {"users", "sessions"}


@pytest.mark.parametrize("toolsets", [[], ["core"], ["all"], ["core", "users"], [" all "]])
def test_core_and_all_keep_nothing_from_being_run(toolsets: list[str]) -> None:
    assert selected(toolsets=toolsets) == list(operations())
    assert "Users_markBanned" not in selected(toolsets=toolsets, exclude=["Users_*"])


def test_core_lists_the_first_operations_and_the_rest_on_demand() -> None:
    core = [id for id, operation in operations().items() if operation.spec.is_core]
    assert len(core) == 109
    assert listed() == listed(toolsets=["core"]) == core
    assert listed(toolsets=["all"]) == list(operations())
    users = [id for id, operation in operations().items() if operation.spec.resource == "users"]
    assert listed(toolsets=["users"]) == users
    assert set(listed(toolsets=["core", "users"])) == {*core, *users}
    assert "Users_markBanned" not in listed(exclude=["Users_*"])


def test_a_pattern_never_means_core_or_all() -> None:
    assert {operations()[id].spec.resource for id in selected(toolsets=["c*"])} == {"clients"}
    assert "Users_markBanned" not in selected(toolsets=["a*"])


def test_exclusion_alone_leaves_everything_else() -> None:
    assert set(operations()) - set(selected(exclude=["Users_*"])) == {
        id for id in operations() if id.startswith("Users_")
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"toolsets": ["user"]}, "--toolsets: 'user' matches nothing; did you mean users?"),
        ({"tools": ["Users_deleteUser"]}, "did you mean Users_deleteUserById?"),
        ({"tools": ["users_*"]}, "--tools: 'users_*' matches nothing"),
        ({"exclude": ["*_destroy*"]}, "--exclude: '*_destroy*' matches nothing"),
        ({"tools": ["Users_*", ""]}, "--tools: '' matches nothing"),
        ({"toolsets": ["jwks"], "exclude": ["Jwks_*"]}, "leave no operation"),
    ],
)
def test_what_matches_nothing_stops_the_start(options: dict[str, list[str]], message: str) -> None:
    with pytest.raises(SelectionError) as caught:
        Selection.of(**options)
    assert message in str(caught.value)


def test_an_operation_that_is_not_selected_is_refused_when_called_by_name() -> None:
    assert refusal(Policy(Selection.of(toolsets=["users"])), "Jwks_getJsonWebKeySet").code == "not_selected"


def test_read_only_lists_exactly_what_reads() -> None:
    listed = Policy(Selection.of(), read_only=True).allowed(None)
    assert listed == [id for id, operation in operations().items() if operation.spec.effect is Effect.READ]
    # By effect, not by verb: these POST and still only read. The last look like a check and leave traces at
    # Clerk: a wrong password counts towards locking the user, a backup code is used up, a check is recorded.
    assert {"Sessions_verifySession", "Clients_verifyClientToken"} <= set(listed)
    assert "EmailSmsTemplates_previewTemplate" in listed
    assert not {"Users_verifyPassword", "Users_verifyTotp", "ProxyChecks_verifyProxyConfiguration"} & set(
        listed
    )


def test_read_only_refuses_every_other_operation_by_name() -> None:
    policy = Policy(Selection.of(), read_only=True)
    for id, operation in operations().items():
        if operation.spec.effect is not Effect.READ:
            assert refusal(policy, id).code == "read_only"


@pytest.mark.parametrize("effect", list(Effect))
def test_a_scope_opens_the_operations_of_its_effect_and_no_other(effect: Effect) -> None:
    listed = ALL.allowed(frozenset({f"clerk:{effect}"}))
    assert listed == [
        id
        for id, operation in operations().items()
        if operation.spec.effect is effect and id not in MINT_A_CREDENTIAL
    ]


def test_a_caller_with_all_scopes_may_do_everything_and_one_with_none_nothing() -> None:
    assert ALL.allowed(frozenset(SCOPES)) == list(operations())
    assert ALL.allowed(frozenset()) == []


def test_an_operation_that_mints_a_credential_needs_the_secrets_scope_too() -> None:
    refused = refusal(ALL, "SigninTokens_createToken", frozenset({"clerk:read", "clerk:write"}))
    assert (refused.code, refused.scope) == ("insufficient_scope", "clerk:secrets")


def test_every_operation_that_mints_a_credential_declares_the_secret() -> None:
    assert {id for id, o in operations().items() if o.spec.mints} == MINT_A_CREDENTIAL
    assert all(operations()[id].spec.secret for id in MINT_A_CREDENTIAL)


def test_an_update_that_clears_the_username_needs_the_scope_to_destroy() -> None:
    spec = operations()["Users_updateUserAttributes"].spec
    writer = frozenset({"clerk:write"})
    assert ALL.objection(spec, writer) is None
    clearings: list[dict[str, Any]] = [{"username": blank} for blank in ("", " ", "\t\u00a0")]
    for arguments in [*clearings, {"clear": ["username"]}]:
        clearing = spec.model.model_validate({"user_id": "user_1", **arguments})
        refused = ALL.objection(spec, writer, clearing.actual_effect())
        assert refused
        assert refused.scope == "clerk:destroy"
    renaming = spec.model.model_validate({"user_id": "user_1", "username": "ada"})
    assert ALL.objection(spec, writer, renaming.actual_effect()) is None


def test_the_sizes_of_the_toolsets_cover_all_operations() -> None:
    sizes = toolset_sizes()
    assert [size.name for size in sizes] == ["core", "all", *RESOURCES]
    assert sizes[1].tools == sum(size.tools for size in sizes[2:]) == len(operations())
    assert all(size.bytes > 40 * size.tools for size in sizes)


@pytest.mark.parametrize("read_only", [False, True])
def test_what_a_caller_is_shown_is_what_no_call_of_theirs_is_refused_for(*, read_only: bool) -> None:
    policy = Policy(Selection.of(), read_only=read_only)
    sets = [frozenset(some) for count in range(len(SCOPES) + 1) for some in combinations(SCOPES, count)]
    for scopes in [None, *sets]:
        not_refused = [id for id, one in operations().items() if policy.objection(one.spec, scopes) is None]
        assert policy.allowed(scopes) == not_refused
