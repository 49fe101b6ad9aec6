"""`clerk-mcp token new`, and what a token file may look like."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clerk_mcp.cli import cli
from clerk_mcp.hosting.tokens import TokenFile, TokenFileError, issue, read

HASH = "0" * 64


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["token", "new", *map(str, arguments)])


def test_a_token_is_printed_once_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "tokens"
    result = run("ada", "--scope", "read", "--scope", "write", "--token-file", file)
    assert result.exit_code == 0
    token = result.stdout.strip()
    assert token not in file.read_text()
    found = TokenFile(file).find(token)
    assert found is not None
    assert (found.name, found.scopes) == ("ada", frozenset({"clerk:read", "clerk:write"}))


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    issue(file, "ada", ["read"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_second_token_leaves_the_first_and_the_comments_in_place(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    first = issue(file, "ada", ["read"])
    file.write_text(f"{file.read_text()}# the nightly import")
    second = issue(file, "import", ["all"])
    tokens = TokenFile(file)
    assert [token.name for token in map(tokens.find, (first, second)) if token] == ["ada", "import"]
    assert "# the nightly import\n" in file.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ada", "--scope", "reed"], "'reed' is not a scope"),
        (["a b", "--scope", "read"], "cannot be a name"),
        (["taken", "--scope", "read"], "has a token named taken"),
    ],
)
def test_what_cannot_be_a_token_is_said_in_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    file = tmp_path / "tokens"
    issue(file, "taken", ["read"])
    result = run(*arguments, "--token-file", file)
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert [token.name for token in read(file)] == ["taken"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ada cmcp_the-token-itself read", "line 1: expected NAME"),
        (f"ada sha256:{HASH}", "line 1: expected NAME"),
        (f"\nada sha256:{HASH} everything", "line 2: 'everything' is not a scope"),
        (f"ada sha256:{HASH} read\nada sha256:{HASH} write", "ada is there twice"),
    ],
)
def test_a_malformed_file_is_refused_without_showing_what_it_holds(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "tokens"
    file.write_text(text)
    with pytest.raises(TokenFileError) as refused:
        TokenFile(file)
    assert said in str(refused.value)
    assert "the-token-itself" not in str(refused.value)
