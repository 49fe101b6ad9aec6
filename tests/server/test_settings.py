"""Settings: from flags and variables, each in one place, and never guessed at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clerk_mcp.serve import check, make_policy
from clerk_mcp.serve.clients import make_change_bound
from clerk_mcp.settings import (
    HOLDS_BACK,
    Settings,
    SettingsError,
    flag,
    load,
    refuse_without_effect,
    variable,
)


def problems_of(**flags: object) -> str:
    with pytest.raises(SettingsError) as refused:
        load(flags)
    return str(refused.value)


def test_a_flag_wins_over_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_MCP_MAX_RESULT_BYTES", "5000")
    assert load().max_result_bytes == 5000
    assert load({"max_result_bytes": "7000"}).max_result_bytes == 7000


def test_a_flag_that_was_not_given_leaves_the_variable_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_MCP_READ_ONLY", "true")
    assert load({"read_only": None}).read_only is True


@pytest.mark.parametrize(
    "name",
    [
        "CLERK_MCP_READONLY",
        "CLERK_MCP_READ_ONY",
        "CLERK_MCP_read_onlly",
        "CLERK_READ_ONLY",
        "CLERKMCP_READ_ONLY",
    ],
)
def test_a_mistyped_safety_switch_is_never_ignored(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "true")
    said = problems_of()
    assert name in said
    assert "CLERK_MCP_READ_ONLY?" in said


@pytest.mark.parametrize("value", ["yess", "", "ture", "2", "read-only"])
def test_a_switch_that_is_neither_on_nor_off_stops_the_start(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLERK_MCP_READ_ONLY", value)
    assert "--read-only (CLERK_MCP_READ_ONLY)" in problems_of()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("transport", "htp", "must be stdio, http or sse, not htp"),
        ("port", "x", "must be a whole number, not x"),
        ("port", "65536", "must be at most 65535, not 65536"),
        ("max_result_bytes", "5", "must be at least 2000, not 5"),
        ("session_idle", "0", "must be above 0, not 0"),
        ("retry_budget", "many", "must be a number, not many"),
        ("read_only", "maybe", "must be true or false, not maybe"),
        ("read_only", "", "must be true or false, and is empty"),
    ],
)
def test_a_value_that_does_not_fit_is_told_what_it_must_be(name: str, value: str, said: str) -> None:
    assert problems_of(**{name: value}) == f"{flag(name)} ({variable(name)}) {said}"


@pytest.mark.parametrize("name", ["port", "auth", "toolsets", "max_changes", "rate_budget"])
def test_a_key_in_the_place_of_something_else_is_not_quoted(name: str) -> None:
    given = {"sandbox": True, "transport": "http", name: "sk_live_inTheWrongPlace0123"}
    with pytest.raises(SettingsError) as refused:
        check(load(given))
    assert "(a credential)" in str(refused.value)
    assert "inTheWrongPlace" not in str(refused.value)


@pytest.mark.parametrize("value", ["auto", "5", "5/0", "fast"])
def test_a_bound_of_changes_is_told_by_its_own_name(value: str) -> None:
    with pytest.raises(SettingsError, match=rf"^--max-changes .* must be off, .* 500/3600, not {value}$"):
        make_change_bound(load({"sandbox": True, "max_changes": value}), "")


def test_the_variables_of_clerks_other_tools_are_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLERK_PUBLISHABLE_KEY", "CLERK_JWT_KEY", "CLERK_WEBHOOK_SIGNING_SECRET"):
        monkeypatch.setenv(name, "anything")
    assert load().clerk_secret_key is None


def test_a_malformed_key_in_a_file_names_the_file_and_not_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    file.write_text("pk_test_of_another_kind\n")
    monkeypatch.setenv("CLERK_SECRET_KEY_FILE", str(file))
    said = problems_of()
    assert str(file) in said
    assert "pk_test" not in said


def test_a_problem_names_no_flag_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_MCP_STATE_KEY", "short")
    assert problems_of().startswith("CLERK_MCP_STATE_KEY must have at least 32 bytes")


def test_every_problem_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_MCP_CONFIRM", "sometimes")
    monkeypatch.setenv("CLERK_MCP_MAX_QUEUE", "-1")
    said = problems_of()
    assert "--confirm" in said
    assert "--max-queue" in said


def test_names_are_separated_by_commas() -> None:
    assert load({"toolsets": "users, sessions"}).toolsets == ("users", "sessions")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8787/v1", "http://[::1]/v1", "http://localhost/v1"])
def test_plain_http_is_for_this_machine(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_API_URL", url + "/")
    assert load().clerk_api_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/v1",
        "https://",
        "api.clerk.com",
        "https://u:p@h/v1",
        "https://h/v1?x=1",
        "file:///etc",
    ],
)
def test_an_address_that_would_leak_the_key_or_lead_nowhere_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLERK_API_URL", url)
    assert "CLERK_API_URL" in problems_of()


def test_the_key_shows_in_no_rendering_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_SECRET_KEY", "sk_test_sandbox_never_shown")
    settings = load()
    assert "never_shown" not in f"{settings!r}{settings}{settings.model_dump_json()}"
    assert settings.key == "sk_test_sandbox_never_shown"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_is_for(name: str) -> None:
    assert Settings.model_fields[name].description
    assert flag(name).startswith("--")
    assert variable(name).startswith("CLERK_")


# ── Values that are none, and keys that are others ──


@pytest.mark.parametrize("name", [name for name in Settings.model_fields if name not in HOLDS_BACK])
@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_empty_value_is_no_value(name: str, nothing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable(name), nothing)
    assert getattr(load(), name) == Settings.model_fields[name].default
    assert load({"sandbox": True}).sandbox


@pytest.mark.parametrize("name", HOLDS_BACK)
def test_what_holds_agents_back_is_refused_without_a_value(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable(name), "")
    with pytest.raises(SettingsError, match=flag(name)):
        make_policy(load())


def test_an_empty_directory_setting_does_not_open_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLERK_MCP_FILES_DIR", "")
    monkeypatch.setenv("CLERK_MCP_SECRETS_DIR", "")
    settings = load()
    assert settings.files_dir is None
    assert settings.secrets_dir == Settings.model_fields["secrets_dir"].default


def test_blanks_around_a_value_are_not_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLERK_API_URL", " https://api.clerk.com/v1 ")
    monkeypatch.setenv("CLERK_MCP_CONFIRM", " always ")
    assert (load().clerk_api_url, load().confirm) == ("https://api.clerk.com/v1", "always")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("${CLERK_SECRET_KEY}", "nobody filled in"),
        ("$CLERK_SECRET_KEY", "nobody filled in"),
        ("${env:CLERK_SECRET_KEY}", "nobody filled in"),
        ("${input:clerk-key}", "nobody filled in"),
        ("%CLERK_SECRET_KEY%", "nobody filled in"),
        ("{{CLERK_SECRET_KEY}}", "nobody filled in"),
        ("pk_test_Y2xlcmsu", "publishable"),
        ('"sk_test_sandboxQuoted"', "quotes"),
        ("Bearer sk_test_sandbox", "Bearer"),
        ("whsec_MfKQ9r8G", "webhook"),
        ("ak_2x4y6z", "your own API"),
        ("cmcp_abc", "access token of this server"),
        ("eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "JWT"),
        ("-----BEGIN PUBLIC KEY-----", "PEM"),
        ("sk_live_51" + "H" * 97, "Stripe"),
        ("sk-proj-abcdef", "another service"),
        ("YOUR_SECRET_KEY", "an example"),
        ("sk_test_...", "an example"),
        ("hunter2", "must start with"),
    ],
)
@pytest.mark.parametrize("place", ["variable", "file"])
def test_what_is_no_key_of_clerks_is_recognised_and_named_and_not_shown(
    given: str, said: str, place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if place == "variable":
        monkeypatch.setenv("CLERK_SECRET_KEY", given)
    else:
        (tmp_path / "key").write_text(given)
        monkeypatch.setenv("CLERK_SECRET_KEY_FILE", str(tmp_path / "key"))
    problem = problems_of()
    assert said in problem
    assert problem.startswith("CLERK_SECRET_KEY")
    assert given not in problem


def test_a_key_file_may_begin_with_a_byte_order_mark_and_not_be_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"\xef\xbb\xbfsk_test_sandboxMarked\r\n")
    monkeypatch.setenv("CLERK_SECRET_KEY_FILE", str(file))
    assert load().key == "sk_test_sandboxMarked"
    file.write_text("\n")
    assert "is empty" in problems_of()
    file.write_text("sk_test_" + "x" * 5000)
    assert "more than 4096 bytes" in problems_of()


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="is about a file without end")
@pytest.mark.parametrize("variable", ["CLERK_SECRET_KEY_FILE", "CLERK_MCP_CONFIG"])
def test_a_file_without_end_is_not_read_to_it(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "/dev/zero")
    if variable == "CLERK_MCP_CONFIG":
        monkeypatch.setenv("CLERK_MCP_INSTANCE", "dev")
    assert re.search(r"more than 4096 bytes|larger than 100000 bytes", problems_of())


@pytest.mark.parametrize(
    "url", ["https://api.clerk.com/v1\r\nX: y", "https://api.clerk.com\t/v1", "https://a b/", "https://a\\b/"]
)
def test_an_address_with_characters_that_no_request_can_carry_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLERK_SECRET_KEY", "sk_test_sandboxAddress")
    monkeypatch.setenv("CLERK_API_URL", url)
    assert "must be a plain URL" in problems_of()


@pytest.mark.parametrize(
    "url", ["https://a.example/../..", "https://a.example/x/./y", "https://a.example/%2e"]
)
def test_a_public_address_that_climbs_is_refused(url: str) -> None:
    assert "--public-url" in problems_of(transport="http", public_url=url)


@pytest.mark.parametrize("version", ["2025-99-99", "2025-11\n-10", "２０２５-11-10", "2025-11-1"])
def test_an_api_version_that_is_no_date_is_refused(version: str) -> None:
    assert "--clerk-api-version" in problems_of(sandbox=True, clerk_api_version=version)


@pytest.mark.parametrize(
    "origin", ["*", "https://a.example/", "https://a.example/x", "a.example", "", "null"]
)
def test_an_allowed_origin_that_no_browser_sends_is_refused(origin: str) -> None:
    assert "--allowed-origin" in problems_of(transport="http", allowed_origin=f"https://ok.example,{origin}")


@pytest.mark.parametrize(
    "host", ["https://x/", "a.example/mcp", "*", "a b", "", "a.example:http", "u@a.example"]
)
def test_an_allowed_host_that_no_request_names_is_refused(host: str) -> None:
    assert "--allowed-host" in problems_of(transport="http", allowed_host=f"ok.example,{host}")


def test_hosts_and_origins_as_they_are_sent_are_taken() -> None:
    settings = load(
        {
            "allowed_host": "mcp.example.com,mcp.example.com:8443,mcp.example.com:*,[::1]:*,10.0.0.1",
            "allowed_origin": "https://app.example.com,http://localhost:6274,vscode-webview://abc",
        }
    )
    assert len(settings.allowed_host) == 5
    assert len(settings.allowed_origin) == 3


def test_variables_about_http_are_left_to_other_servers_where_stdio_was_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLERK_MCP_AUTH", "bearer")
    with pytest.raises(SettingsError, match="--auth"):
        refuse_without_effect(load())
    refuse_without_effect(load({"transport": "stdio"}), {"transport"})
    refuse_without_effect(load({"transport": "http"}))
    with pytest.raises(SettingsError, match="--oauth-issuer"):
        refuse_without_effect(load({"transport": "http", "oauth_issuer": "https://a.example"}))
