"""What differs between two instances: at the terminal, and as a tool where both are served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from clerk_mcp.auditing import load
from clerk_mcp.bulk.comparing import HIDDEN, compared
from clerk_mcp.cli import cli
from clerk_mcp.hosting.tokens import issue
from clerk_sandbox.sandbox import Sandbox
from tests.sandbox.server import serving
from tests.server.web import serving_instances

SECRET = "sk_live_notforanybodys"
"""A credential that stands where none should."""


def send(sandbox: Sandbox, method: str, path: str, body: Any) -> None:
    head = {"authorization": f"Bearer {sandbox.key}", "content-type": "application/json"}
    head["clerk-api-version"] = "2025-11-10"
    answer = sandbox.handle(method, f"/v1{path}", "", head, json.dumps(body).encode())
    assert answer.status < 300, answer


def changed(live: Sandbox) -> None:
    """Make the production instance differ from the development one, as they do."""
    send(live, "POST", "/redirect_urls", {"url": "https://only.example/back"})
    send(live, "PATCH", "/instance/organization_settings", {"max_allowed_memberships": 50})
    claims = {"id": "{{user.id}}", "token": SECRET}
    send(live, "POST", "/jwt_templates", {"name": "billing", "claims": claims})
    role = {"name": "Auditor", "key": "org:second_auditor", "description": "Looks"}
    send(live, "POST", "/organization_roles", role)
    send(live, "POST", "/oauth_applications", {"name": "Reports", "redirect_uris": ["https://a.example/cb"]})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A configuration file of a development and a production instance, on loopback."""
    dev, live = Sandbox(), Sandbox(live=True, seed=7)
    changed(live)
    template = {"name": "billing", "claims": {"id": "{{user.id}}", "aud": "{{org.id}}"}}
    send(dev, "POST", "/jwt_templates", template)
    send(dev, "POST", "/redirect_urls", {"url": "http://localhost:3000/back"})
    send(
        dev, "POST", "/oauth_applications", {"name": "Reports", "redirect_uris": ["http://localhost:3000/cb"]}
    )
    directory = tmp_path_factory.mktemp("compare")
    with ExitStack() as stack:
        text = ""
        for name, sandbox in (("dev", dev), ("prod", live)):
            (directory / f"{name}.key").write_text(sandbox.key, encoding="utf-8")
            url = stack.enter_context(serving(sandbox)).base_url
            text += f'[instances.{name}]\nkey_file = "{name}.key"\napi_url = "{url}"\n'
        path = directory / "config.toml"
        # What agents may do there keeps nothing from whoever is at the terminal.
        path.write_text(f'{text}toolsets = ["users"]\n', encoding="utf-8")
        path.chmod(0o600)
        yield path


def run(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["compare", "--config", str(file), *arguments])


@pytest.fixture(scope="module")
def found(file: Path) -> dict[str, Any]:
    done = run(file, "dev", "prod", "--json")
    assert done.exit_code == 1, done.output
    assert SECRET not in done.output
    return dict(json.loads(done.stdout))


def differences(found: dict[str, Any], part: str, name: str | None = None) -> list[dict[str, Any]]:
    return [one for one in found["differences"] if one["part"] == part and one.get("name") == name]


def test_everything_that_is_asked_for_is_compared(found: dict[str, Any]) -> None:
    parts = "instance, protect, communication, OAuth settings, organization settings, organization roles,"
    parts += (
        " organization permissions, role sets, JWT templates, redirect URLs, domains, OAuth applications,"
    )
    parts += " enterprise connections"
    assert set(found["same"]) == set(parts.split(", "))
    assert "not_compared" not in found


def test_a_setting_that_differs_is_shown_with_both_values(found: dict[str, Any]) -> None:
    [one] = differences(found, "organization settings")
    assert (one["field"], one["values"]["prod"]) == ("max_allowed_memberships", 50)
    assert one["values"]["dev"] != 50


@pytest.mark.parametrize(
    ("part", "name", "where"),
    [
        ("redirect URLs", "https://only.example/back", "prod"),
        ("redirect URLs", "http://localhost:3000/back", "dev"),
        ("organization roles", "org:second_auditor", "prod"),
    ],
)
def test_what_only_one_has_is_named(part: str, name: str, where: str, found: dict[str, Any]) -> None:
    assert differences(found, part, name) == [{"part": part, "name": name, "only_in": where}]


def test_objects_are_matched_by_name_and_only_what_differs_in_them_is_told(found: dict[str, Any]) -> None:
    told = {one["field"]: one["values"] for one in differences(found, "OAuth applications", "Reports")}
    assert set(told) == {"redirect_uris", "callback_url"}
    assert told["redirect_uris"] == {"dev": ["http://localhost:3000/cb"], "prod": ["https://a.example/cb"]}


def test_claims_are_compared_by_their_own_names_and_credentials_are_not(
    found: dict[str, Any],
) -> None:
    told = {one["field"]: one["values"] for one in differences(found, "JWT templates", "billing")}
    assert told == {
        "claims.aud": {"dev": "{{org.id}}", "prod": None},
        "claims.token": {"dev": None, "prod": HIDDEN},
    }


def test_what_is_the_same_but_for_ids_hosts_and_times_is_no_difference(found: dict[str, Any]) -> None:
    # The two sandboxes share no id: their seeds differ.
    for part in ("organization permissions", "role sets", "enterprise connections"):
        assert found["same"][part]
        assert not [one for one in found["differences"] if one["part"] == part]


def test_a_table_says_it_to_people(file: Path) -> None:
    done = run(file, "dev", "prod")
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert lines[0] == ["part", "name", "field", "dev", "prod"]
    assert ["redirect URLs", "https://only.example/back", "", "–", "only here"] in lines
    assert SECRET not in done.output


def test_two_that_are_alike_have_no_difference(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[instances.a]\nsandbox = true\n[instances.b]\nsandbox = true\n", encoding="utf-8")
    path.chmod(0o600)
    done = run(path, "a", "b", "--json")
    assert (done.exit_code, json.loads(done.stdout)["differences"]) == (0, [])
    assert "0 differences" in run(path, "a", "b").stderr
    assert run(path, "a", "a").exit_code == 2
    assert "did you mean" in run(path, "a", "bb").output


def test_every_operation_that_is_compared_only_reads_without_arguments() -> None:
    for spec in compared():
        assert spec.effect == "read", spec.id
        assert not any(argument.required for argument in spec.arguments), spec.id


# ── The tool ──

FILE = "[instances.dev]\nsandbox = true\n[instances.prod]\nsandbox = true\n"


@pytest.fixture
def served(tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "config.toml"
    path.write_text(FILE, encoding="utf-8")
    path.chmod(0o600)
    # So that the client holds every answer against what is listed.
    return {"config": path, "instance": "all", "audit_log": tmp_path / "trail.jsonl", "output_schemas": True}


@pytest.mark.anyio
async def test_the_tool_compares_where_both_are_served(served: dict[str, Any]) -> None:
    async with serving_instances(**served) as server:
        async with server.client(instance="dev") as dev:
            listed = {tool.name: tool for tool in (await dev.list_tools()).tools}
            assert listed["compare"].output_schema
            await dev.call_tool("RedirectUrLs_createNewUrl", {"url": "https://new.example"})
        async with server.client(instance="prod") as prod:
            answer = (await prod.call_tool("compare", {"other": "dev"})).structured_content or {}
            assert answer["differences"] == [
                {"part": "redirect URLs", "name": "https://new.example", "only_in": "dev"}
            ]
            assert answer.keys() <= listed["compare"].output_schema["properties"].keys()
            wrong = (await prod.call_tool("compare", {"other": "prod"})).structured_content or {}
            assert "another instance than prod: dev" in json.dumps(wrong)
    reads = {(made["instance"], made["operation"]) for made in load(served["audit_log"]).calls}
    assert {("dev", "GetInstance"), ("prod", "GetInstance")} <= reads


@pytest.mark.anyio
async def test_a_caller_compares_only_what_they_may_read(served: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    of_dev, of_both = issue(file, "dev", ["dev:read"]), issue(file, "both", ["dev:read", "prod:read"])
    async with serving_instances(**served, auth="bearer", token_file=file) as server:
        for token, code in ((of_dev, "not_comparable"), (of_both, None)):
            async with server.client(token=token, instance="dev") as client:
                answer = (await client.call_tool("compare", {"other": "prod"})).structured_content or {}
                assert answer.get("error", {}).get("code") == code
                if code:
                    assert "prod:clerk:read" in answer["error"]["message"]


@pytest.mark.anyio
async def test_one_instance_alone_has_nothing_to_be_compared_with(served: dict[str, Any]) -> None:
    async with (
        serving_instances(**{**served, "instance": "dev"}) as server,
        server.client(instance="dev") as dev,
    ):
        assert "compare" not in [tool.name for tool in (await dev.list_tools()).tools]
