"""`clerk-mcp drift`: what it finds in a document, and what it says of a file that is none."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from clerk_mcp.commands import drift
from clerk_tools.contract.openapi import facts_of_document
from clerk_tools.operation import FIRST_DOCUMENT
from tests.contract.make import DOCUMENTS, facts_file, lines, reference_facts
from tests.contract.openapi import document_of

REFERENCE = Path(__file__).parents[3] / "shared/reference/clerk-v1.openapi.yaml"

COUNT = len(reference_facts().operations)
DATED = tuple(name for name in DOCUMENTS if name != FIRST_DOCUMENT)
LACKING = "Not in the catalogue:"

Document = dict[str, Any]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def document() -> Document:
    return document_of(reference_facts())


def run_on(content: str | bytes, folder: Path) -> int:
    file = folder / "document"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return drift.run_drift(str(file))


def fields_of(document: Document, path: str, method: str) -> Document:
    schema: Document = document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    return schema


def parameter(document: Document, path: str, name: str) -> Document:
    return next(one for one in document["paths"][path]["get"]["parameters"] if one["name"] == name)


def rename_a_parameter(document: Document) -> None:
    parameter(document, "/users", "organization_id")["name"] = "organisation_id"


def move_a_parameter(document: Document) -> None:
    parameter(document, "/users", "query")["in"] = "header"


def rename_an_operation(document: Document) -> None:
    document["paths"]["/users"]["post"]["operationId"] = "CreateUser"


def add_a_required_field(document: Document) -> None:
    schema = fields_of(document, "/organizations", "post")
    schema["properties"]["country"] = {"type": "string"}
    schema["required"].append("country")


def require_a_field(document: Document) -> None:
    fields_of(document, "/users", "post")["required"] = ["first_name"]


def change_an_enum(document: Document) -> None:
    parameter(document, "/sessions", "status")["schema"]["enum"].append("asleep")


def change_a_bound(document: Document) -> None:
    parameter(document, "/organizations", "limit")["schema"]["maximum"] = 100


def drop_a_bound(document: Document) -> None:
    del parameter(document, "/organizations", "limit")["schema"]["maximum"]


def bound_a_list(document: Document) -> None:
    parameter(document, "/users", "user_id")["schema"]["maxItems"] = 50


def change_a_default(document: Document) -> None:
    parameter(document, "/users", "limit")["schema"]["default"] = 20


def allow_null(document: Document) -> None:
    fields_of(document, "/users", "post")["properties"]["backup_codes"]["nullable"] = True


def change_a_type(document: Document) -> None:
    fields_of(document, "/users", "post")["properties"]["created_at"]["type"] = "integer"


def change_the_items(document: Document) -> None:
    parameter(document, "/users", "user_id")["schema"]["items"]["type"] = "integer"


def change_a_nested_field(document: Document) -> None:
    bulk = fields_of(document, "/organizations/{organization_id}/invitations/bulk", "post")
    bulk["items"]["required"].remove("role")


def deprecate_an_operation(document: Document) -> None:
    document["paths"]["/users/{user_id}/ban"]["post"]["deprecated"] = True


def add_an_operation(document: Document) -> None:
    document["paths"]["/users/{user_id}/billing"] = {"get": {"operationId": "Users_getBilling"}}


def remove_an_operation(document: Document) -> None:
    del document["paths"]["/jwks"]


def move_an_operation(document: Document) -> None:
    document["paths"]["/keys"] = document["paths"].pop("/jwks")


def wrap_an_answer(document: Document) -> None:
    users = document["components"]["schemas"]["UsersListSortedByCreationDateResponse"]
    document["components"]["schemas"]["UsersListSortedByCreationDateResponse"] = {
        "type": "object",
        "properties": {"data": users, "total_count": {"type": "integer"}},
    }


CHANGES: list[tuple[Callable[[Document], None], list[str]]] = [
    (
        rename_a_parameter,
        [
            "Users_listSortedByCreationDate: argument `organisation_id`: only in the document "
            "(optional array in the query), which may be `organization_id` under another name",
        ],
    ),
    (
        move_a_parameter,
        [
            "Users_listSortedByCreationDate: argument `query`: "
            "document says in the header, catalogue says in the query"
        ],
    ),
    (
        rename_an_operation,
        [
            "Users_createNewUser: document says operation id CreateUser, "
            "catalogue says operation id Users_createNewUser"
        ],
    ),
    (
        add_a_required_field,
        [
            "Organizations_createNewOrganization: argument `country`: only in the document "
            "(required string in the body)"
        ],
    ),
    (
        require_a_field,
        ["Users_createNewUser: argument `first_name`: document says required, catalogue says optional"],
    ),
    (
        change_an_enum,
        ["Sessions_listSortedByCreationDate: argument `status`: document says one of "],
    ),
    (
        change_a_bound,
        [
            "Organizations_listSortedByCreationDate: argument `limit`: "
            "document says maximum 100, catalogue says maximum 500"
        ],
    ),
    (
        drop_a_bound,
        [
            "Organizations_listSortedByCreationDate: argument `limit`: "
            "document says no maximum, catalogue says maximum 500"
        ],
    ),
    (
        bound_a_list,
        [
            "Users_listSortedByCreationDate: argument `user_id`: "
            "document says max_items 50, catalogue says no max_items"
        ],
    ),
    (
        change_a_default,
        [
            "Users_listSortedByCreationDate: argument `limit`: "
            "document says default 20, catalogue says default 10"
        ],
    ),
    (
        allow_null,
        ["Users_createNewUser: argument `backup_codes`: document says may be null, catalogue says not null"],
    ),
    (
        change_a_type,
        ["Users_createNewUser: argument `created_at`: document says integer, catalogue says string"],
    ),
    (
        change_the_items,
        [
            "Users_listSortedByCreationDate: argument `user_id[]`: "
            "document says integer, catalogue says string"
        ],
    ),
    (
        change_a_nested_field,
        [
            "OrganizationInvitations_bulkCreateAndSend: argument `invitations[].role`: "
            "document says optional, catalogue says required"
        ],
    ),
    (deprecate_an_operation, ["Users_markBanned: document says deprecated, catalogue says not deprecated"]),
    (
        add_an_operation,
        ["Users_getBilling: only in the document (GET /users/{user_id}/billing)"],
    ),
    (remove_an_operation, ["Jwks_getJsonWebKeySet: only in the catalogue (GET /jwks)"]),
    (move_an_operation, ["Jwks_getJsonWebKeySet: document says GET /keys, catalogue says GET /jwks"]),
    (
        wrap_an_answer,
        [
            "Users_listSortedByCreationDate: "
            "document says the answer is page, catalogue says the answer is array"
        ],
    ),
]


@pytest.mark.parametrize("dump", [yaml.safe_dump, json.dumps])
def test_the_same_document_has_no_difference(
    dump: Callable[[Document], str], document: Document, tmp_path: Path, capsys: Capture
) -> None:
    assert run_on(dump(document), tmp_path) == 0
    assert_nothing_but_what_is_meant(capsys)


def assert_nothing_but_what_is_meant(capsys: Capture) -> None:
    (said,) = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"no difference, \d+ on purpose; {COUNT} operations in the document", said)


@pytest.mark.skipif(not REFERENCE.exists(), reason="the document itself is not beside this repository")
def test_the_reference_document_has_no_difference_and_the_facts_that_are_kept_of_it(capsys: Capture) -> None:
    assert drift.run_drift(str(REFERENCE)) == 0
    assert_nothing_but_what_is_meant(capsys)
    assert lines(facts_of_document(drift.read(str(REFERENCE)))) == facts_file(FIRST_DOCUMENT).read_text(
        "utf-8"
    )


@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_a_change_is_found_and_nothing_else(
    change: Callable[[Document], None],
    expected: list[str],
    document: Document,
    tmp_path: Path,
    capsys: Capture,
) -> None:
    change(document)
    assert run_on(json.dumps(document), tmp_path) == 1
    *found, _ = capsys.readouterr().out.splitlines()
    found = [line for line in found if line != LACKING]
    assert len(found) == len(expected)
    assert all(line.startswith(start) for line, start in zip(found, expected, strict=True))


def with_schema(schema: object, **schemas: object) -> str:
    """A document in JSON whose one operation takes a query argument of this schema."""
    get = {"operationId": "X", "parameters": [{"name": "a", "in": "query", "schema": schema}]}
    whole = {"openapi": "3.1.0", "paths": {"/x": {"get": get}}, "components": {"schemas": schemas}}
    return json.dumps(whole)


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def doubled(levels: int) -> dict[str, object]:
    """Schemas that each hold the next one twice."""
    return {
        f"S{level}": {"properties": {"left": ref(f"S{level + 1}"), "right": ref(f"S{level + 1}")}}
        for level in range(levels)
    } | {f"S{levels}": {"type": "string"}}


ALIASES = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60))

NOT_A_DOCUMENT = {
    "empty": ("", "this is not an OpenAPI 3 document"),
    "prose": ("Dear reader,", "this is not an OpenAPI 3 document"),
    "a list": ("[1, 2]", "this is not an OpenAPI 3 document"),
    "Swagger 2": ('swagger: "2.0"\npaths: {}', "this is not an OpenAPI 3 document"),
    "a version that is a number": ("openapi: 3.0\npaths: {}", "this is not an OpenAPI 3 document"),
    "bytes": (b"\xff\xfe\x00", "not text in UTF-8"),
    "broken JSON": ('{"openapi": ', "neither JSON nor YAML: Expecting value: line 1"),
    "broken YAML": ("a: [b\nc: d", "neither JSON nor YAML: did not find expected"),
    "two documents": ("--- a\n--- b\n", "neither JSON nor YAML: but found another document"),
    "a tag that runs code": ("!!python/object/apply:os.getcwd []", "could not determine a constructor"),
    "a number without end": ('{"openapi": ' + "9" * 5000 + "}", "neither JSON nor YAML: Exceeds the limit"),
    "deep JSON": ('{"a":' * 100_000, "nested too deeply"),
    "deep YAML": ("a: " + "[" * 100_000, "nested too deeply"),
    "merge keys that multiply": (MERGES, "merge keys (<<) are not supported"),
    "aliases that multiply": (
        ALIASES + "openapi: 3.0.0\npaths: {/x: {get: {parameters: "
        "[{name: a, in: query, schema: {default: *a59}}]}}}",
        "GET /x: the document is too large",
    ),
    "an alias that holds itself": (
        "openapi: 3.0.0\npaths: {/x: {get: {parameters: [{name: a, in: query, schema: &s {items: *s}}]}}}",
        "GET /x: nested too deeply",
    ),
    "no mapping of paths": ("openapi: 3.0.0\npaths: [a]", "`paths` must be an object, not an array"),
    "an operation that is a list": ("openapi: 3.0.0\npaths: {/x: {get: []}}", "`get` must be an object"),
    "one id twice": (
        "openapi: 3.0.0\npaths: {/x: {get: {operationId: X}, put: {operationId: X}}}",
        "PUT /x: operationId X is taken by another operation",
    ),
    "an id that is a list": ("openapi: 3.0.0\npaths: {/x: {get: {operationId: [X]}}}", "must be a string"),
    "a nameless parameter": (
        "openapi: 3.0.0\npaths: {/x: {get: {parameters: [{in: query}]}}}",
        "GET /x: a parameter needs a `name` and an `in`",
    ),
    "a schema that is text": (with_schema("string"), "GET /x: a value must be an object, not a string"),
    "properties that are a list": (with_schema({"properties": ["a"]}), "`properties` must be an object"),
    "an enum that is a number": (with_schema({"enum": 1}), "`enum` must be an array, not a number"),
    "a bound that is text": (with_schema({"minimum": "1"}), "`minimum` must be a number, not a string"),
    "a bound without end": (with_schema({"minimum": float("inf")}), "GET /x: a float is not a JSON value"),
    "a type that is a number": (with_schema({"type": [1]}), "`type` must hold strings only"),
    "a missing reference": (with_schema(ref("Nobody")), "$ref #/components/schemas/Nobody points at nothing"),
    "a reference elsewhere": (with_schema({"$ref": "file:///etc/passwd"}), "not point into this document"),
    "references in a circle": (with_schema(ref("A"), A=ref("B"), B=ref("A")), "leads back to itself"),
    "a schema made of itself": (with_schema(ref("A"), A={"allOf": [ref("A")]}), "is made of itself"),
    "references that multiply": (with_schema(ref("S0"), **doubled(60)), "references multiply without end"),
    "references without end": (
        with_schema(ref("A0"), **{f"A{n}": {"items": ref(f"A{n + 1}")} for n in range(5000)}, A5000={}),
        "GET /x: nested too deeply",
    ),
}


@pytest.mark.parametrize(("content", "problem"), NOT_A_DOCUMENT.values(), ids=NOT_A_DOCUMENT)
def test_what_is_no_document_is_refused_in_one_line(
    content: str | bytes, problem: str, tmp_path: Path, capsys: Capture
) -> None:
    assert run_on(content, tmp_path) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"{tmp_path / 'document'}: ")
    assert problem in said.err
    assert said.err.count("\n") == 1


def test_a_file_that_is_missing_a_folder_or_too_large_is_refused_in_one_line(
    tmp_path: Path, capsys: Capture
) -> None:
    assert drift.run_drift(str(tmp_path / "nothing")) == 2
    assert drift.run_drift(str(tmp_path)) == 2
    assert run_on(b" " * (16 * 2**20 + 1), tmp_path) == 2
    missing, folder, large = capsys.readouterr().err.splitlines()
    assert missing.endswith("No such file or directory")
    assert folder.endswith("Is a directory")
    assert "larger than 16 MiB" in large


def test_names_in_a_document_cannot_steer_the_terminal(
    document: Document, tmp_path: Path, capsys: Capture
) -> None:
    parameter(document, "/users", "query")["name"] = "q\x1b[2J\nUsers_x: \ud800"
    assert run_on(json.dumps(document), tmp_path) == 1
    said = capsys.readouterr().out
    assert "`q?[2J?Users_x: ?`" in said
    assert len(said.splitlines()) == 3  # a heading, the argument under its new name, the sum


def test_words_of_yaml_1_1_are_strings_as_they_are_in_json(tmp_path: Path) -> None:
    file = tmp_path / "document"
    file.write_text("on: [no, 2021-02-05, ~, true, false, 30, 1.5]\n")
    assert drift.read(str(file)) == {"on": ["no", "2021-02-05", None, True, False, 30, 1.5]}


def test_a_document_of_today_is_compared_route_by_route(
    document: Document, tmp_path: Path, capsys: Capture
) -> None:
    for path in document["paths"].values():
        for method, operation in path.items():
            operation["operationId"] = f"{method}_{operation['operationId']}"
    assert run_on(json.dumps(document), tmp_path) == 1
    *found, _ = capsys.readouterr().out.splitlines()
    assert len(found) == COUNT
    assert all(": document says operation id " in line for line in found)


def dated(version: str) -> Document:
    return document_of(reference_facts(f"clerk-{version}"))


@pytest.mark.parametrize("name", DATED)
def test_a_description_of_today_differs_only_on_purpose_and_by_what_it_has_more(
    name: str, tmp_path: Path, capsys: Capture
) -> None:
    run_on(json.dumps(document_of(reference_facts(name))), tmp_path)
    *found, summary = capsys.readouterr().out.splitlines()
    assert not found or found[0] == LACKING
    assert summary.startswith("no difference, ")


def test_what_is_only_in_the_catalogue_differs_from_a_document_with_a_version(
    tmp_path: Path, capsys: Capture
) -> None:
    document = dated("2021-02-05")
    parameter(document, "/users", "organization_id")["name"] = "organisation_id"
    run_on(json.dumps(document), tmp_path)
    first, heading, *_, summary = capsys.readouterr().out.splitlines()
    assert first == (
        "Users_listSortedByCreationDate: argument `organization_id`: only in the catalogue "
        "(optional array in the query), which may be `organisation_id` under another name"
    )
    assert heading == LACKING
    assert summary.startswith("1 difference, ")


def test_an_operation_that_is_younger_than_the_document_is_no_difference(
    tmp_path: Path, capsys: Capture
) -> None:
    run_on(json.dumps(dated("2021-02-05")), tmp_path)
    assert "only in the catalogue (" not in capsys.readouterr().out


def test_what_differs_on_purpose_is_shown_with_its_reason(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "document"
    file.write_text(json.dumps(dated("2026-05-12")))
    drift.run_drift(str(file), with_reasons=True)
    *_, given = capsys.readouterr().out.partition("On purpose:\n")
    (verify,) = [line for line in given.splitlines() if line.startswith("Sessions_verifySession: ")]
    assert verify.endswith("(gone from later versions; ours is sent with 2021-02-05, which takes it)")


def test_since_a_version_tells_what_came_and_whether_the_catalogue_has_it(
    tmp_path: Path, capsys: Capture
) -> None:
    document = dated("2026-05-12")
    document["paths"]["/comets"] = {"get": {"operationId": "ListComets"}}
    file = tmp_path / "document"
    file.write_text(json.dumps(document))
    assert drift.run_drift(str(file), since="2025-04-10") == 1
    came, lacking = capsys.readouterr().out.split(
        "Not in the catalogue, whenever it came; --since with an older document's file tells:\n"
    )
    assert "GetCommercePlanList (GET /billing/plans, since 2025-11-10)\n" in came
    assert "2021-02-05)" not in came
    assert "ListComets: only in the document (GET /comets)\n" in lacking


def test_since_an_older_document_tells_what_the_newer_one_alone_has(tmp_path: Path, capsys: Capture) -> None:
    document = dated("2026-05-12")
    older, newer = tmp_path / "older", tmp_path / "newer"
    document["paths"]["/planets"] = {"get": {"operationId": "ListPlanets"}}
    older.write_text(json.dumps(document))
    assert drift.run_drift(str(older), since=str(older)) == 0
    document["paths"]["/comets"] = {"get": {"operationId": "ListComets"}}
    parameter(document, "/users", "query")["name"] = "words"
    newer.write_text(json.dumps(document))
    capsys.readouterr()
    assert drift.run_drift(str(newer), since=str(older)) == 1
    found = capsys.readouterr().out.splitlines()
    assert len(found) == 3
    assert found[0].startswith("Users_listSortedByCreationDate: argument `words`: only in the document ")
    assert found[1:] == [
        "ListComets: only in the document (GET /comets)",
        "2 not in the catalogue that came after 2026-05-12",
    ]


def test_a_since_that_is_neither_is_refused_in_one_line(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "document"
    file.write_text(json.dumps(dated("2026-05-12")))
    assert drift.run_drift(str(file), since="yesterday") == 2
    assert capsys.readouterr().err == "yesterday: No such file or directory\n"
