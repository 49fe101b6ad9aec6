"""Credentials: those handed out reach the model only where the operator says so, those taken in never."""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import CallToolResult

from clerk_mcp.answering.secret_values import default_mode
from clerk_mcp.hosting.tokens import issue
from clerk_mcp.serve import make_server
from clerk_mcp.settings import load
from clerk_sandbox.examples import example_calls
from clerk_sandbox.sandbox import TEST_KEY, Sandbox
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Envelope, Spec
from tests.calling import call, error_of, text_of
from tests.server.loopback import Received, Script, answer, loopback
from tests.server.scripted import always, in_data, of_sandbox, server_on

pytestmark = pytest.mark.anyio


@pytest.fixture
def lax_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps rights in another way")
@pytest.mark.usefixtures("lax_umask")
async def test_what_the_server_keeps_is_its_owners_alone_whatever_the_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    trail = tmp_path / "audit.jsonl"
    minting = "OAuthApplications_createNewApplication"
    settings = load({"sandbox": True, "secrets": "file", "audit_log": trail})
    async with Client(make_server(settings)) as client:
        await call(client, minting, **VALID[minting])
    issue(tmp_path / ".clerk-mcp" / "tokens", "ada", ["read"])
    kept = [trail, *(tmp_path / ".clerk-mcp").rglob("*"), tmp_path / ".clerk-mcp"]
    assert len(kept) == 5
    assert {path.name: stat.S_IMODE(path.stat().st_mode) & 0o077 for path in kept} == {
        path.name: 0 for path in kept
    }


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps rights in another way")
def test_laxer_rights_are_pointed_out_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    secrets = tmp_path / ".clerk-mcp" / "secrets"
    secrets.mkdir(parents=True)
    trail = tmp_path / "audit.jsonl"
    trail.touch()
    for path in (secrets, secrets.parent):
        path.chmod(0o775)
    trail.chmod(0o644)
    make_server(load({"sandbox": True, "secrets": "file", "audit_log": trail}))
    for path, mode in ((secrets.parent, 700), (secrets, 700), (trail, 600)):
        assert f"others than its owner may use {path}: chmod {mode} {path}" in caplog.text


VALID = example_calls()
SPECS = [operation.spec for operation in operations().values()]
HANDING_OUT = [spec for spec in SPECS if spec.secret]
LISTING = [spec for spec in HANDING_OUT if spec.is_list and spec.effect is Effect.READ and not spec.mints]
"""What is read for other reasons: the credential only comes along."""
LOST_UNLESS_SHOWN = [spec for spec in HANDING_OUT if spec.mints and spec.effect is not Effect.READ]
"""What is called for the sake of a credential that Clerk shows once."""
TO_A_FILE = [spec for spec in HANDING_OUT if spec not in LISTING]
TAKING_IN = [spec for spec in SPECS if spec.private]
# What default views leave out, and give to who asks by name.
BY_NAME = {
    "PhoneNumbers_getDetails": {"fields": ["backup_codes"]},
    "Users_getOAuthAccessToken": {"fields": ["token", "token_secret", "id_token"]},
    "ListEnterpriseConnectionTestRuns": {"fields": ["id_token", "access_token", "saml_response"]},
}

# Clerk answers with the secret and nothing else.
NOTHING_ELSE = {"api_key_secret", "machine_secret_key"}

CODES = ["bc-sentinel-1", "bc-sentinel-2"]


def handed_out(spec: Spec, number: int) -> dict[str, Any]:
    """A record with a value of its own for each of its credentials."""
    values = {name: CODES if name == "backup_codes" else f"{name}-sentinel-{number}" for name in spec.secret}
    return values if spec.returns in NOTHING_ELSE else {"id": f"x_{number}", "status": "pending", **values}


def handing_out() -> Script:
    """Answer every operation with credentials, in its own envelope."""

    async def script(received: Received) -> bytes:
        spec = spec_of(received)
        records = [handed_out(spec, 1), handed_out(spec, 2)]
        match spec.envelope:
            case Envelope.ARRAY:
                return answer(value=records)
            case Envelope.PAGE:
                return answer(value=in_data(records, 2))
            case _:
                return answer(value=records[0])

    return script


def spec_of(received: Received) -> Spec:
    path = received.target.partition("?")[0].removeprefix("/v1").split("/")
    fits = [
        spec
        for spec in SPECS
        if spec.method == received.method
        and len(parts := spec.path.split("/")) == len(path)
        and all(part == sent or part[:1] == "{" for part, sent in zip(parts, path, strict=True))
    ]
    return max(fits, key=lambda spec: -spec.path.count("{"))


def everything_in(result: CallToolResult) -> str:
    """All that a model gets to see, as text."""
    return text_of(result) + json.dumps(result.structured_content, ensure_ascii=False)


# ── Handed out ──


async def test_a_file_keeps_what_the_model_must_not_see(tmp_path: Path, era: str) -> None:
    directory = tmp_path / "new" / "secrets"
    async with server_on(handing_out(), era, secrets="file", secrets_dir=directory) as client:
        for spec in TO_A_FILE:
            before = set(directory.glob("*")) if directory.exists() else set()
            result = await client.call_tool(spec.id, {**VALID[spec.id], **BY_NAME.get(spec.id, {})})
            assert not result.is_error, text_of(result)
            assert "sentinel" not in everything_in(result), spec.id
            (path,) = set(directory.glob("*")) - before
            assert str(path) in json.loads(text_of(result))["secrets"]
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            kept = json.loads(path.read_text())
            assert kept.pop("operation") == spec.id
            expected = [handed_out(spec, n) for n in ((1, 2) if spec.is_list else (1,))]
            records = kept["items"] if spec.is_list else [kept]
            assert records == [{k: v for k, v in one.items() if k != "status"} for one in expected]
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


async def test_reading_a_list_writes_no_file_and_says_how_to_see_the_rest(tmp_path: Path, era: str) -> None:
    directory = tmp_path / "secrets"
    async with server_on(handing_out(), era, secrets="file", secrets_dir=directory) as client:
        for spec in LISTING:
            for fields in ({}, {"fields": ["*"]}, {"fields": list(spec.secret)}):
                result = await client.call_tool(spec.id, {**VALID[spec.id], **fields})
                assert "sentinel" not in everything_in(result), spec.id
                if fields:
                    assert "--secrets inline" in json.loads(text_of(result))["secrets"]
            result = await client.call_tool("list_all", {"operation": spec.id, "arguments": VALID[spec.id]})
            assert "sentinel" not in everything_in(result), spec.id
    assert LISTING
    assert not directory.exists()


async def test_redacted_values_are_nowhere_and_the_answer_says_so(tmp_path: Path, era: str) -> None:
    async with server_on(handing_out(), era, secrets="redact", secrets_dir=tmp_path / "none") as client:
        for spec in (spec for spec in HANDING_OUT if spec not in LOST_UNLESS_SHOWN):
            result = await client.call_tool(spec.id, {**VALID[spec.id], **BY_NAME.get(spec.id, {})})
            assert "sentinel" not in everything_in(result), spec.id
            assert json.loads(text_of(result))["secrets"] == f"{', '.join(spec.secret)} kept back"
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("spec", LOST_UNLESS_SHOWN, ids=lambda spec: spec.id)
async def test_no_credential_is_made_that_nobody_would_get(spec: Spec, era: str) -> None:
    sandbox = Sandbox()
    async with server_on(of_sandbox(sandbox), era, secrets="redact", confirm="always") as client:
        error = await error_of(client, spec.id, **VALID[spec.id])
    assert error["code"] == "secret_undeliverable"
    assert "--secrets" in error["hint"]
    assert sandbox.requests == []


RAW_USER = {
    "id": "user_1",
    "email_addresses": [{"id": "idn_1", "verification": {"status": "unverified", "nonce": "nonce-sentinel"}}],
    "external_accounts": [
        {"verification": {"external_verification_redirect_url": "https://x.example/sentinel"}}
    ],
    "last_active_token": {"object": "token", "jwt": "jwt-sentinel"},
    "backup_codes": CODES,
    "notes": "see eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEifQ.sentinelsentinel",
    "private_metadata": {"token": "of the customer's own", "stripe": "sk_live_sentinelsentinel"},
}


@pytest.mark.parametrize(
    "fields", [["*"], ["email_addresses", "last_active_token"], ["private_metadata.stripe"]]
)
async def test_raw_fields_show_no_credential_by_name_or_by_form(fields: list[str], era: str) -> None:
    async with server_on(always(value=RAW_USER), era, secrets="redact") as client:
        result = await client.call_tool("Users_getUserDetails", {"user_id": "user_1", "fields": fields})
    assert "sentinel" not in everything_in(result)
    if fields == ["*"]:
        shown = json.loads(text_of(result))
        assert shown["private_metadata"]["token"] == "of the customer's own"
        assert shown["email_addresses"][0]["verification"]["status"] == "unverified"


async def test_inline_gives_them_to_the_model(tmp_path: Path, era: str) -> None:
    async with server_on(handing_out(), era, secrets="inline", secrets_dir=tmp_path / "none") as client:
        for spec in HANDING_OUT:
            chosen = {"fields": list(spec.secret)} if spec.effect is Effect.READ else {}
            answered = await call(client, spec.id, **VALID[spec.id], **chosen)
            first = answered["items"][0] if spec.is_list else answered
            assert handed_out(spec, 1).items() >= {name: first[name] for name in spec.secret}.items()
            assert "secrets" not in answered
    assert not (tmp_path / "none").exists()


def test_files_are_the_default_on_stdio_and_nothing_over_http() -> None:
    assert default_mode("stdio") == "file"
    assert default_mode("http") == "redact"
    assert default_mode("sse") == "redact"


@pytest.mark.parametrize("spec", TO_A_FILE, ids=lambda spec: spec.id)
async def test_nothing_is_sent_where_no_file_can_be_written(tmp_path: Path, spec: Spec) -> None:
    sandbox = Sandbox()
    (tmp_path / "in the way").write_text("a file")
    directory = tmp_path / "in the way" / "secrets"
    async with server_on(of_sandbox(sandbox), secrets="file", secrets_dir=directory) as client:
        error = await error_of(client, spec.id, **VALID[spec.id])
    assert error["code"] == "secrets_unwritable"
    assert "--secrets-dir" in error["hint"]
    assert sandbox.requests == []


async def test_what_is_lost_to_a_directory_that_vanished_meanwhile_is_said(tmp_path: Path) -> None:
    directory = tmp_path / "secrets"

    async def vanish(received: Received) -> bytes:
        directory.rmdir()
        directory.write_text("a file")
        return answer(value=handed_out(spec_of(received), 1))

    async with server_on(vanish, secrets="file", secrets_dir=directory) as client:
        answered = await call(client, "SigninTokens_createToken", user_id="user_1")
    assert answered["id"] == "x_1"
    assert "lost" in answered["secrets"]
    assert "sentinel" not in json.dumps(answered)


async def test_an_existing_directory_keeps_its_mode_and_no_file_is_written_over(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    async with server_on(handing_out(), secrets="file", secrets_dir=tmp_path) as client:
        for _ in range(3):
            await call(client, "Webhooks_generateSvixDashboardUrl")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert len(list(tmp_path.iterdir())) == 3


async def test_the_umask_cannot_open_the_file_to_others(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with server_on(handing_out(), secrets="file", secrets_dir=tmp_path / "s") as client:
            await call(client, "Webhooks_createSvixApp")
    finally:
        os.umask(before)
    (path,) = (tmp_path / "s").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


USER_WITH_CODES = {
    "id": "user_1",
    "phone_numbers": [
        {"id": "idn_1", "phone_number": "+12015550101", "backup_codes": CODES},
        {"id": "idn_2"},
    ],
    "public_metadata": {"backup_codes": "a customer's own word"},
}


@pytest.mark.parametrize("fields", [["*"], ["backup_codes"]])
async def test_backup_codes_are_kept_back_wherever_a_user_may_come_to_have_them(fields: list[str]) -> None:
    user = {**USER_WITH_CODES, "backup_codes": CODES}
    async with server_on(always(value=[user]), secrets="redact") as client:
        for tool, given in (
            ("Users_listSortedByCreationDate", {"fields": fields}),
            ("list_all", {"operation": "Users_listSortedByCreationDate", "fields": fields}),
            ("list_all", {"operation": "Users_listSortedByCreationDate", "group": "count by backup_codes"}),
        ):
            assert "sentinel" not in everything_in(await client.call_tool(tool, given))


@pytest.mark.parametrize("fields", [["*"], ["phone_numbers"], ["phone_numbers.backup_codes"]])
@pytest.mark.parametrize("tool", ["Users_listSortedByCreationDate", "Users_getUserDetails"])
async def test_backup_codes_in_a_user_are_credentials_too(
    tmp_path: Path, tool: str, fields: list[str]
) -> None:
    body = [USER_WITH_CODES] if tool.startswith("Users_list") else USER_WITH_CODES
    given = {"fields": fields} | ({} if tool.startswith("Users_list") else {"user_id": "user_1"})
    async with server_on(always(value=body), secrets="redact") as client:
        result = await client.call_tool(tool, given)
    assert "sentinel" not in everything_in(result)
    assert json.loads(text_of(result))["secrets"] == "phone_numbers[0].backup_codes kept back"
    async with server_on(always(value=body), secrets="file", secrets_dir=tmp_path) as client:
        assert "sentinel" not in everything_in(await client.call_tool(tool, given))
    kept = [json.loads(path.read_text()) for path in tmp_path.iterdir()]
    assert [one["phone_numbers[0].backup_codes"] for one in kept] == ([CODES] if "user_id" in given else [])
    async with server_on(always(value=body), secrets="inline") as client:
        assert "bc-sentinel-2" in text_of(await client.call_tool(tool, given))


async def test_an_access_token_goes_to_the_file_with_the_account_it_is_for(tmp_path: Path) -> None:
    async with server_on(of_sandbox(Sandbox()), secrets="file", secrets_dir=tmp_path) as client:
        tool = "Users_getOAuthAccessToken"
        (account,) = (await call(client, tool, **VALID[tool]))["items"]
    (path,) = tmp_path.iterdir()
    kept = json.loads(path.read_text())
    assert kept["external_account_id"] == account["external_account_id"]
    assert kept["token"]
    assert "token" not in account


@pytest.mark.parametrize("name", ["client_secret", "password_digest", "token_secret", "totp_secret"])
async def test_a_credential_that_no_document_mentions_does_not_get_through_either(name: str) -> None:
    body = {"id": "user_1", name: "sentinel-1", "external_accounts": [{"id": "idn_1", name: "sentinel-2"}]}
    async with server_on(always(value=body), secrets="redact") as client:
        for fields in (["*"], [name], ["external_accounts"]):
            result = await client.call_tool("Users_getUserDetails", {"user_id": "user_1", "fields": fields})
            assert "sentinel" not in everything_in(result)
            assert name in json.loads(text_of(result))["secrets"]


async def test_metadata_is_a_customers_own_and_stays_as_it_is() -> None:
    async with server_on(always(value=USER_WITH_CODES), secrets="redact") as client:
        user = await call(client, "Users_getUserDetails", user_id="user_1", fields=["*"])
    assert user["public_metadata"] == USER_WITH_CODES["public_metadata"]


@pytest.mark.parametrize("body", [b'{"id": "sit_1", "token": "token-sentinel-1", "ur', b'"token-sentinel-1"',
                                  b'["token-sentinel-1"]', b"token-sentinel-1"])  # fmt: skip
async def test_a_credential_in_a_broken_answer_does_not_leak(body: bytes) -> None:
    async with server_on(always(body=body), secrets="redact") as client:
        for spec in HANDING_OUT:
            assert "sentinel" not in everything_in(await client.call_tool(spec.id, VALID[spec.id])), spec.id


# ── Taken in ──

GIVEN = "given-in-confidence-4711"


def confidential(spec: Spec) -> dict[str, Any]:
    """Valid arguments, with every credential that the operation takes."""
    arrays = {a.name for a in spec.arguments if a.type == "array"}
    return VALID[spec.id] | {name: [GIVEN] if name in arrays else GIVEN for name in spec.private}


async def echo(received: Received) -> bytes:
    """An object that repeats everything it was sent, as no Clerk does, it is hoped."""
    sent = json.loads(received.body)
    return answer(
        value={"id": "x_1", "object": "user", "username": f"was {GIVEN}", "public_metadata": sent, **sent}
    )


async def echo_in_error(received: Received) -> bytes:
    text = received.body.decode()
    error = {
        "code": "form_param_value_invalid",
        "message": text,
        "long_message": text,
        "meta": {"param_name": text},
    }
    return answer(422, {"errors": [error]})


@pytest.mark.parametrize("script", [echo, echo_in_error], ids=["in an object", "in an error"])
async def test_what_was_taken_in_does_not_come_back(script: Script, era: str) -> None:
    async with server_on(script, era, secrets="inline") as client:
        for spec in TAKING_IN:
            everything = {"fields": ["*"]} if spec.effect is Effect.READ else {}
            result = await client.call_tool(spec.id, confidential(spec) | everything)
            assert GIVEN not in everything_in(result), spec.id


def wrongly_given(name: str) -> Iterator[Any]:
    yield {GIVEN: GIVEN}
    yield [[GIVEN]]
    if name != "backup_codes":
        yield [GIVEN, GIVEN]


@pytest.mark.parametrize("spec", TAKING_IN, ids=lambda spec: spec.id)
async def test_a_refused_argument_is_not_repeated(spec: Spec) -> None:
    sandbox = Sandbox()
    async with server_on(of_sandbox(sandbox)) as client:
        for name in spec.private:
            for wrong in wrongly_given(name):
                result = await client.call_tool(spec.id, VALID[spec.id] | {name: wrong})
                assert result.is_error
                assert json.loads(text_of(result))["error"]["code"] == "invalid_arguments"
                assert GIVEN not in everything_in(result), name
    assert sandbox.requests == []


async def test_a_question_before_destroying_does_not_repeat_them_either() -> None:
    given = confidential(operations()["Users_updateUserAttributes"].spec) | {"clear": ["username"]}
    async with server_on(of_sandbox(Sandbox()), confirm="always") as client:
        result = await client.call_tool("Users_updateUserAttributes", given)
    assert "preview" in text_of(result)
    assert GIVEN not in everything_in(result)


async def test_nothing_confidential_is_logged(tmp_path: Path) -> None:
    """The whole program as hosts run it, at its most talkative."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("CLERK_")}
    options = ("--log-level", "debug", "--secrets", "inline", "--retry-budget", "0")
    for script, specs in ((echo, TAKING_IN), (echo_in_error, TAKING_IN), (handing_out(), HANDING_OUT)):
        async with loopback(script) as upstream:
            server = StdioServerParameters(
                command=sys.executable,
                args=["-m", "clerk_mcp", *options],
                env=environ | {"CLERK_SECRET_KEY": TEST_KEY, "CLERK_API_URL": upstream.url},
            )
            log = tmp_path / "stderr"
            with log.open("w") as errlog:
                async with Client(stdio_client(server, errlog=errlog)) as client:
                    for spec in specs:
                        await client.call_tool(spec.id, confidential(spec))
            logged = log.read_text()
            assert specs[0].id in logged
            for confidence in (GIVEN, "sentinel", TEST_KEY):
                assert confidence not in logged
    assert logging.getLogger("httpx2").level >= logging.WARNING
