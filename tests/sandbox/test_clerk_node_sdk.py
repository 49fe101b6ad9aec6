"""Clerk's own Node SDK against the sandbox on a real port: each method as `clerk_node/methods.mjs` has it."""

from __future__ import annotations

import pytest

from tests.sandbox.clerk_sdks import NODE_FAULTS, Result, node_is_missing, node_results


@pytest.fixture(scope="module")
def results() -> list[Result]:
    if missing := node_is_missing():
        pytest.skip(missing)
    return node_results()


def test_every_method_is_answered_as_the_sdk_wants_it(results: list[Result]) -> None:
    failed = {result.method: result.problem for result in results if result.problem is not None}
    unexplained = {method: problem for method, problem in failed.items() if method not in NODE_FAULTS}
    assert unexplained == {}


def test_what_is_called_the_sdks_own_fault_fails(results: list[Result]) -> None:
    answered = {result.method for result in results if result.problem is None}
    assert answered & NODE_FAULTS.keys() == set()
    assert NODE_FAULTS.keys() <= {result.method for result in results}
