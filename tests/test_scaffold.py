"""What the scaffold begins says what the document says, and leaves the rest open."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from release.scaffold import Found, camel, find, sandbox_module, snake, tools_module

from clerk_tools.contract.facts import Facts, diff, facts_of_catalog
from clerk_tools.operation import NEWEST_DOCUMENT, Operation
from clerk_tools.view import View
from tests.contract.make import reference_facts
from tests.contract.openapi import document_of

NO_WORDS = ("scopes[]",)
"""What our declarations have no words for: the length of an entry of an array."""

NEWEST = reference_facts(NEWEST_DOCUMENT)
OLDEST = reference_facts("clerk-2021-02-05")


def document(facts: Facts) -> dict[str, Any]:
    """The document with these facts, in which each operation has the first part of its path as its tag."""
    made = document_of(facts)
    made["info"]["version"] = facts.version
    for path, item in made["paths"].items():
        for node in item.values():
            node["tags"] = [path.split("/")[1]]
    return made


def begun(monkeypatch: pytest.MonkeyPatch) -> list[Found]:
    """Every operation of the newest document, as if the catalogue had none."""
    monkeypatch.setattr("release.scaffold.operations", dict)
    tags = sorted({one.path.split("/")[1] for one in NEWEST.operations.values()})
    return find([document(NEWEST), document(OLDEST)], tags, {})


def declared(resource: str, text: str) -> ModuleType:
    """The module that the text is; pydantic looks up types in it by name."""
    module = ModuleType(f"clerk_tools.resources.begun_{resource}")
    sys.modules[module.__name__] = module
    exec(compile(text, module.__name__, "exec"), vars(module))  # noqa: S102 # our own text
    return module


def test_what_is_begun_says_what_the_document_says(monkeypatch: pytest.MonkeyPatch) -> None:
    found = begun(monkeypatch)
    assert len(found) == len(NEWEST.operations)
    by_resource: dict[str, list[Found]] = {}
    for one in found:
        by_resource.setdefault(one.facts.path.split("/")[1], []).append(one)
    made: dict[str, type[Operation]] = {}
    for resource, some in by_resource.items():
        module = declared(resource, tools_module(f"new_{resource}", some, NEWEST))
        made |= {
            value.spec.id: value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Operation) and "spec" in vars(value)
        }
        assert all(isinstance(view, View) for view in getattr(module, "VIEWS", {}).values())
        compile(sandbox_module(f"new_{resource}", some, NEWEST), resource, "exec")
    found_wrong = [str(one) for one in diff(facts_of_catalog(made), NEWEST) if one.argument not in NO_WORDS]
    assert "\n".join(found_wrong) == ""


def test_the_version_is_the_lowest_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {one.facts.id: one.version for one in begun(monkeypatch)}
    assert versions["ListWaitlistEntries"] == "2021-02-05"
    assert versions["CreateBulkWaitlistEntries"] == "2026-05-12"


def test_nothing_is_begun_that_the_catalogue_has() -> None:
    assert not [
        one for one in find([document(NEWEST)], ["redirect_urls"], {}) if one.facts.path == "/redirect_urls"
    ]


def test_a_tag_that_no_operation_has_is_named() -> None:
    with pytest.raises(SystemExit, match="no operation has the tag 'nothing'"):
        find([document(NEWEST)], ["nothing"], {})


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("apiKeyID", "api_key_id"),
        ("API Keys", "api_keys"),
        ("statementID", "statement_id"),
        ("user_id", "user_id"),
    ],
)
def test_names_are_ours(theirs: str, ours: str) -> None:
    assert snake(theirs) == ours
    assert camel("api_key") == "ApiKey"
