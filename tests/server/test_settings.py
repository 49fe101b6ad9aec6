"""Settings: from flags and variables, each in one place, and never guessed at."""

from __future__ import annotations

from pathlib import Path

import pytest

from clerk_mcp.settings import Settings, SettingsError, flag, load, variable


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
