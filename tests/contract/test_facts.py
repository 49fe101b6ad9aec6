"""Facts: read from a document, kept in a file, compared with the catalogue."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clerk_tools.catalog import operations
from clerk_tools.contract.facts import (
    ArgumentFacts,
    Difference,
    Facts,
    FactsError,
    OperationFacts,
    Returns,
    Shape,
    call_of,
    diff,
    facts_of_catalog,
    from_json,
    held_against,
    to_json,
    with_path_names,
)
from clerk_tools.contract.on_purpose import ON_PURPOSE, reason_for, sorted_out
from clerk_tools.contract.openapi import facts_of_document
from clerk_tools.operation import FIRST_DOCUMENT, FIRST_VERSION, UNDOCUMENTED
from tests.contract.make import DOCUMENTS, reference_facts
from tests.contract.openapi import document_of


def operation_in(node: dict[str, Any], *, path: str = "/x", **document: Any) -> OperationFacts:
    """The facts of a document's only operation, `X`."""
    whole = {"openapi": "3.1.0", "paths": {path: {"post": {"operationId": "X", **node}}}, **document}
    return facts_of_document(whole).operations["X"]


def body(schema: dict[str, Any], media_type: str = "application/json", **rest: Any) -> dict[str, Any]:
    return {"requestBody": {"content": {media_type: {"schema": schema}}, **rest}}


def differences(document: str) -> list[Difference]:
    """What a document says otherwise than those of our operations that are held against it."""
    ours = {id: one for id, one in operations().items() if one.spec.document == document}
    theirs = reference_facts(document).operations
    return diff(facts_of_catalog(ours), Facts({id: theirs[id] for id in ours}))


def drift_from(document: str) -> list[Difference]:
    """What a document says otherwise than all of our operations that it is old enough for."""
    facts = reference_facts(document)
    return diff(facts_of_catalog(held_against(facts.version)), facts)


def differences_from_today() -> list[Difference]:
    """What today's description of the first version says otherwise than our first operations."""
    ours = {id: one for id, one in operations().items() if one.spec.document == FIRST_DOCUMENT}
    return diff(facts_of_catalog(ours), reference_facts(f"clerk-{FIRST_VERSION}"))


def test_every_operation_is_in_the_document_that_it_names() -> None:
    for id, operation in operations().items():
        document = operation.spec.document
        assert document == UNDOCUMENTED or id in reference_facts(document).operations


def test_what_is_called_undocumented_is_in_no_document() -> None:
    facts = [reference_facts(document) for document in DOCUMENTS]
    calls = {call_of(one) for each in facts for one in each.operations.values()}
    theirs = {
        (call_of(one), a.name) for each in facts for one in each.operations.values() for a in one.arguments
    }
    found = set()
    for operation in operations().values():
        spec = operation.spec
        call = call_of(OperationFacts(id=spec.id, method=spec.method, path=spec.path))
        if spec.document == UNDOCUMENTED:
            assert call not in calls
            found.add(spec.id)
        for argument in spec.arguments:
            if argument.undocumented:
                assert (call, argument.name) not in theirs
                found.add(argument.name)
    assert found == {"DeleteInvitation", "idp_certificates", "timezone"}


def test_nothing_of_the_first_document_is_lost() -> None:
    first = {id for id, one in operations().items() if one.spec.document == FIRST_DOCUMENT}
    assert first == reference_facts(FIRST_DOCUMENT).operations.keys()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_catalogue_says_what_each_document_says_or_names_the_difference(document: str) -> None:
    found = differences(document)
    if document == FIRST_DOCUMENT:
        # What is younger than the document has to be as today's description of its version has it.
        wrong_today = {(one.operation, one.argument) for one in differences_from_today()}
        younger = {
            (one.operation, one.argument) for one in found if one.text.startswith("only in the catalogue")
        }
        found = [one for one in found if (one.operation, one.argument) not in younger - wrong_today]
    version = reference_facts(document).version
    assert [str(one) for one in found if not reason_for(one, version)] == []


def test_every_difference_that_is_named_is_there() -> None:
    found = [one for document in DOCUMENTS for one in [*differences(document), *drift_from(document)]]
    assert set(ON_PURPOSE) <= {(one.operation, one.argument) for one in found}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_document_is_drifted_from_by_nothing_but_what_is_meant(document: str) -> None:
    version = reference_facts(document).version
    assert [str(one) for one in sorted_out(drift_from(document), version).wrong] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_operation_argument_or_value_of_a_document_is_missing_but_for_a_reason(document: str) -> None:
    version = reference_facts(document).version
    assert [str(one) for one in sorted_out(drift_from(document), version).lacking] == []


@pytest.mark.parametrize("document", [one for one in DOCUMENTS if one != FIRST_DOCUMENT])
def test_the_version_of_an_operation_is_the_lowest_whose_document_has_it(document: str) -> None:
    version = reference_facts(document).version
    there = {call_of(one) for one in reference_facts(document).operations.values()}
    for operation in operations().values():
        spec = operation.spec
        if spec.document not in (FIRST_DOCUMENT, UNDOCUMENTED):
            call = call_of(OperationFacts(id=spec.id, method=spec.method, path=spec.path))
            assert (call in there) == (spec.version <= version)


def test_a_path_argument_is_called_what_our_path_calls_it() -> None:
    theirs = OperationFacts(
        id="getKey",
        method="GET",
        path="/keys/{keyID}",
        arguments=(ArgumentFacts("keyID", "path", True, Shape(type="string")),),
    )
    ours = with_path_names(theirs, "/keys/{key_id}")
    assert (ours.path, ours.arguments[0].name) == ("/keys/{key_id}", "key_id")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_facts_survive_their_json_form(name: str) -> None:
    facts = reference_facts(name)
    assert from_json(json.loads(json.dumps(to_json(facts)))) == facts


def test_a_document_made_of_facts_has_those_facts() -> None:
    facts = reference_facts()
    assert facts_of_document(document_of(facts)) == facts


def test_a_field_that_its_schema_requires_is_required_though_the_body_is_not() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a"]}
    read = operation_in(body(schema, required=False))
    assert [(a.name, a.place, a.required) for a in read.arguments] == [
        ("a", "body", True),
        ("b", "body", False),
    ]


def test_an_array_body_is_one_argument_named_for_the_collection_of_its_path() -> None:
    schema = {"type": "array", "items": {"type": "string"}}
    read = operation_in(body(schema, required=True), path="/o/{id}/invitations/bulk")
    assert read.array_body
    assert [(a.name, a.required) for a in read.arguments] == [("invitations", True)]


def test_a_binary_field_of_a_form_is_a_file() -> None:
    schema = {"properties": {"file": {"type": "string", "format": "binary"}, "by": {"type": "string"}}}
    read = operation_in(body(schema, "multipart/form-data"))
    assert [(a.name, a.place, a.required) for a in read.arguments] == [
        ("file", "file", False),
        ("by", "body", False),
    ]


def test_the_only_field_of_a_required_form_is_required() -> None:
    schema = {"properties": {"file": {"type": "string", "format": "binary"}}}
    assert operation_in(body(schema, "multipart/form-data", required=True)).arguments[0].required


def test_references_and_parameters_of_the_path_are_followed() -> None:
    limit = {"name": "limit", "in": "query", "schema": {"$ref": "#/components/schemas/a~1b"}}
    document = {
        "openapi": "3.0.3",
        "paths": {
            "/x": {
                "parameters": [
                    {"$ref": "#/components/parameters/Limit"},
                    {"name": "q", "in": "query", "schema": {}},
                ],
                "get": {"parameters": [{"name": "q", "in": "query", "schema": {"type": "boolean"}}]},
            }
        },
        "components": {
            "parameters": {"Limit": limit},
            "schemas": {"a/b": {"type": "integer", "minimum": 1.0}},
        },
    }
    read = facts_of_document(document).operations["GET /x"]
    assert {a.name: a.shape for a in read.arguments} == {
        "limit": Shape(type="integer", minimum=1),
        "q": Shape(type="boolean"),
    }


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "nullable": True},
        {"type": ["string", "null"]},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"oneOf": [{"type": "string"}], "nullable": True},
        {"allOf": [{"type": "string"}], "nullable": True},
    ],
)
def test_every_way_to_write_a_nullable_string_is_the_same_fact(schema: dict[str, Any]) -> None:
    read = operation_in(body({"properties": {"a": schema}}))
    assert read.arguments[0].shape == Shape(type="string", nullable=True)


def test_null_among_the_values_makes_a_field_nullable() -> None:
    read = operation_in(body({"properties": {"a": {"type": "string", "enum": ["x", None]}}}))
    assert read.arguments[0].shape == Shape(type="string", nullable=True, enum=("x",))


def test_parts_of_a_schema_are_merged_and_the_later_one_refines() -> None:
    base = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["b"]}
    schema = {
        "allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"a": {"type": "integer"}}}],
        "required": ["a"],
    }
    read = operation_in(body(schema), components={"schemas": {"Base": base}})
    assert [(a.name, a.required, a.shape.type) for a in read.arguments] == [
        ("a", True, "integer"),
        ("b", True, "string"),
    ]


def test_a_schema_that_holds_itself_is_read_once() -> None:
    tree = {"type": "object", "properties": {"child": {"allOf": [{"$ref": "#/components/schemas/Tree"}]}}}
    tree_ref = {"$ref": "#/components/schemas/Tree"}
    answer = {"responses": {"200": {"content": {"application/json": {"schema": tree_ref}}}}}
    read = operation_in(body(tree_ref) | answer, components={"schemas": {"Tree": tree}})
    assert [(a.name, a.shape) for a in read.arguments] == [("child", Shape())]
    assert read.responses == {"200": Shape(ref="Tree")}


@pytest.mark.parametrize(
    ("answer", "returns"),
    [
        ({"204": {}}, Returns(None, "empty")),
        ({"200": {}}, Returns(None, None)),
        ({"400": {"content": {"application/json": {"schema": {"type": "object"}}}}}, Returns(None, None)),
        ({200: {"content": {"text/html": {"schema": {"type": "string"}}}}}, Returns(None, "text")),
        ({"200": {"content": {"application/json": {"schema": {"type": "object"}}}}}, Returns(None, "object")),
    ],
)
def test_what_is_returned_follows_from_the_success(answer: dict[Any, Any], returns: Returns) -> None:
    assert operation_in({"responses": answer}).returns == returns


KEYWORDS = [
    "openapi", "paths", "/x", "get", "post", "parameters", "requestBody", "responses", "200", "content",
    "application/json", "schema", "$ref", "type", "items", "properties", "required", "allOf", "anyOf", "enum",
    "name", "in", "default", "minimum", "components", "schemas",
]  # fmt: skip
WORDS = st.sampled_from(
    ["3.0.0", "path", "query", "string", "array", "null", "#/paths", "#/components/schemas/x"]
)
LEAVES = st.none() | st.booleans() | st.floats() | WORDS
NODES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=4),
    max_leaves=20,
)


@given(NODES, NODES)
def test_whatever_a_document_holds_it_has_facts_or_a_fact_error(operation: Any, schema: Any) -> None:
    parameter = {"name": "a", "in": "query", "schema": schema}
    form = {"content": {"multipart/form-data": {"schema": schema}}}
    item = {"get": operation, "post": {"parameters": [parameter]}, "put": {"requestBody": form}}
    for method, node in item.items():
        document = {
            "openapi": "3.1.0",
            "paths": {"/x": {method: node}},
            "components": {"schemas": {"x": schema}},
        }
        with contextlib.suppress(FactsError):
            facts = facts_of_document(document)
            assert from_json(json.loads(json.dumps(to_json(facts)))) == facts


def test_one_name_in_two_places_is_an_error() -> None:
    parameter = {"name": "id", "in": "path", "schema": {"type": "string"}}
    with pytest.raises(FactsError, match="POST /x: `id` is both a path and a body argument"):
        operation_in({"parameters": [parameter], **body({"properties": {"id": {"type": "string"}}})})
