"""`clerk-mcp token new`, and what a token file may look like."""

from __future__ import annotations

import re
import shlex
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clerk_mcp.cli import cli
from clerk_mcp.hosting.tokens import TokenFile, TokenFileError, issue, parse_scopes, read

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


# ── List, revoke, expire ──


def token(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["token", *map(str, arguments)])


def test_a_token_without_scopes_may_read_and_the_way_back_is_said(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    made = run("ada", "--token-file", file)
    assert made.exit_code == 0
    assert "It may read." in made.stderr
    back = made.stderr.splitlines()[-1].partition("clerk-mcp ")[2]
    secret = made.stdout.strip()
    assert TokenFile(file).find(secret)
    revoked = CliRunner().invoke(cli, back.split())
    assert revoked.exit_code == 0, revoked.output
    assert TokenFile(file).find(secret) is None


@pytest.mark.parametrize("written", ["read+write", "read,write", "read write", "clerk:read+clerk:write"])
def test_a_list_of_scopes_is_read_alike_wherever_it_stands(written: str, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    assert run("ada", "--scope", written, "--token-file", file).exit_code == 0
    assert read(file)[0].scopes == {"clerk:read", "clerk:write"}
    assert file.read_text().splitlines()[-1].endswith(" read+write")
    assert parse_scopes(written) == read(file)[0].scopes


def test_tokens_are_listed_with_what_they_may_and_never_themselves(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    secret = issue(file, "ada", "read+write")
    issue(file, "import", "all", "90d")
    rows = token("list", "--token-file", file).stdout.splitlines()
    assert rows[0] == "ada\tread+write"
    assert rows[1].startswith("import\tread+write+destroy+secrets, until ")
    assert secret not in str(rows)
    assert "token new" in token("list", "--token-file", tmp_path / "none").stderr


def test_revoking_takes_one_line_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    ada, bob = issue(file, "ada", "read"), issue(file, "ada.b", "read")
    file.write_text(f"{file.read_text()}# ada is on leave\n")
    file.chmod(0o640)
    assert token("revoke", "ada", "--token-file", file).exit_code == 0
    known = TokenFile(file)
    assert known.find(ada) is None
    assert known.find(bob) is not None
    assert "# ada is on leave\n" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    missing = token("revoke", "ada.c", "--token-file", file)
    assert (missing.exit_code, "did you mean ada.b?" in missing.stderr) == (2, True)


def test_a_token_ends_when_it_was_to(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    secret = issue(file, "ada", "read", "1h")
    assert TokenFile(file).find(secret) is not None
    line = file.read_text()
    file.write_text(re.sub(r"expires=\S+", "expires=2020-01-01", line))
    assert TokenFile(file).find(secret) is None
    assert "nothing any more, since 2020-01-01" in token("list", "--token-file", file).stdout


@pytest.mark.parametrize("expires", ["yesterday", "2020-01-01", "0d", "99999999d", " ", "-1d"])
def test_an_end_that_is_none_is_refused(expires: str, tmp_path: Path) -> None:
    done = run("ada", "--expires", expires, "--token-file", tmp_path / "tokens")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "tokens").exists()


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    secret = issue(file, "ada", "read")
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().partition(b"\n")[2])
    assert TokenFile(file).find(secret) is not None
    issue(file, "bob", "read")
    assert [token.name for token in read(file)] == ["ada", "bob"]


def test_the_command_that_a_server_without_tokens_suggests_works(tmp_path: Path) -> None:
    file = tmp_path / "my tokens"
    serving = ["--sandbox", "--transport", "http", "--port", "0", "--auth", "bearer"]
    refused = CliRunner().invoke(cli, [*serving, "--token-file", str(file)])
    suggested = shlex.split(refused.stderr.partition("make one with: clerk-mcp ")[2])
    assert CliRunner().invoke(cli, suggested).exit_code == 0
    assert [token.name for token in read(file)] == ["NAME"]
