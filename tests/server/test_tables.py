"""Files: what list_all writes, and what run_each reads."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from clerk_mcp.bulk import RunFiles, Runs
from clerk_mcp.bulk.tables import BadTable, harmless, read_table, table_of
from clerk_mcp.upstream import Files
from clerk_sandbox.sandbox import Sandbox
from tests.calling import call, error_of
from tests.server.worlds import World, world

pytestmark = pytest.mark.anyio

USERS = "Users_listSortedByCreationDate"
CREATE = "Users_createNewUser"


@asynccontextmanager
async def with_files(path: Path, **options: Any) -> AsyncIterator[World]:
    """A server whose directory for files is a path."""
    folder = path / "files"
    folder.mkdir(exist_ok=True)
    runs = Runs(RunFiles(path / "runs"), 1000, 45.0)
    async with world(runs=runs, files=Files(folder), **options) as here:
        yield here


# ── Writing ──


async def test_all_users_go_to_a_file_and_not_through_the_model(tmp_path: Path) -> None:
    async with with_files(tmp_path, sandbox=Sandbox(users=700)) as here:
        answer = await call(here.client, "list_all", operation=USERS, to="users.csv")
        written = tmp_path / "files" / "users.csv"
        rows = list(csv.DictReader(io.StringIO(written.read_text("utf-8"), newline="")))
        assert answer["rows"] == len(rows) == len(here.sandbox.instance.users)
        assert answer["bytes"] == written.stat().st_size
        assert answer["path"] == str(written)
        assert len(json.dumps(answer)) < 1500
        assert {row["id"] for row in rows} == {user["id"] for user in here.sandbox.instance.users}
        assert written.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("ending", ["jsonl", "json"])
async def test_a_file_of_json_holds_the_records_as_they_are_shown(ending: str, tmp_path: Path) -> None:
    async with with_files(tmp_path) as here:
        shown = await call(here.client, "list_all", operation=USERS, fields=["email_addresses", "banned"])
        await call(
            here.client, "list_all", operation=USERS, fields=["email_addresses", "banned"], to=f"u.{ending}"
        )
        text = (tmp_path / "files" / f"u.{ending}").read_text("utf-8")
        rows = json.loads(text) if ending == "json" else [json.loads(line) for line in text.splitlines()]
        assert rows == shown["items"]


async def test_groups_go_to_a_file_too(tmp_path: Path) -> None:
    async with with_files(tmp_path) as here:
        given = {"operation": USERS, "group": "count by banned"}
        shown = await call(here.client, "list_all", **given)
        await call(here.client, "list_all", **given, to="groups.jsonl")
        lines = (tmp_path / "files" / "groups.jsonl").read_text("utf-8").splitlines()
        assert [json.loads(line) for line in lines] == shown["groups"]


async def test_a_file_that_is_there_is_replaced_only_when_told(tmp_path: Path) -> None:
    async with with_files(tmp_path) as here:
        there = tmp_path / "files" / "users.csv"
        there.write_text("mine")
        error = await error_of(here.client, "list_all", operation=USERS, to="users.csv")
        assert error["code"] == "file_exists"
        assert there.read_text() == "mine"
        await call(here.client, "list_all", operation=USERS, to="users.csv", overwrite=True)
        assert there.read_text() != "mine"
        assert os.listdir(there.parent) == ["users.csv"]


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ("../users.csv", "not a path below"),
        ("users\n.csv", "nobody would see"),
        ("\x1b[31musers.csv", "nobody would see"),
        ("\u202evsc.csv", "nobody would see"),
        ("/etc/users.csv", "not a path below"),
        ("link/users.csv", "links are not followed"),
        ("nosuch/users.csv", "No such file"),
        ("users.xlsx", "must end in"),
        ("users", "must end in"),
    ],
)
async def test_a_file_elsewhere_is_refused_and_nothing_is_left(to: str, says: str, tmp_path: Path) -> None:
    async with with_files(tmp_path) as here:
        (tmp_path / "files" / "link").symlink_to(tmp_path)
        error = await error_of(here.client, "list_all", operation=USERS, to=to)
        assert error["param"] == "to"
        assert says in error["message"]
        assert os.listdir(tmp_path / "files") == ["link"]


async def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    async with with_files(tmp_path) as here:
        outside = tmp_path / "outside.csv"
        outside.write_text("mine")
        (tmp_path / "files" / "users.csv").symlink_to(outside)
        for overwrite in (False, True):
            await error_of(here.client, "list_all", operation=USERS, to="users.csv", overwrite=overwrite)
        assert outside.read_text() == "mine"
        assert (tmp_path / "files" / "users.csv").is_symlink()


async def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with with_files(tmp_path) as here:
        monkeypatch.setattr(os, "fsync", _full)
        error = await error_of(here.client, "list_all", operation=USERS, to="users.csv")
        assert "No space left" in error["message"]
        assert os.listdir(tmp_path / "files") == []


def _full(_: int) -> None:
    raise OSError(28, "No space left on device")


async def test_what_was_not_read_to_its_end_is_not_written(tmp_path: Path) -> None:
    async with with_files(tmp_path, sandbox=Sandbox(users=700), cap=600) as here:
        error = await error_of(here.client, "list_all", operation=USERS, to="users.csv")
        assert error["code"] == "export_incomplete"
        assert os.listdir(tmp_path / "files") == []


async def test_credentials_are_kept_back_from_files_too(tmp_path: Path) -> None:
    async with with_files(tmp_path) as here:
        operation = "Invitations_listAllNonRevoked"
        answer = await call(here.client, "list_all", operation=operation, fields=["*"], to="all.jsonl")
        assert "kept back" in answer["secrets"]
        assert "__clerk_ticket" not in (tmp_path / "files" / "all.jsonl").read_text()


async def test_without_a_directory_for_files_there_are_none() -> None:
    async with world() as here:
        error = await error_of(here.client, "list_all", operation=USERS, to="users.csv")
        assert "--files-dir" in error["message"]


@pytest.mark.parametrize("text", ["=1+1", "+49", "-1", "@sum", "\tx", "\rx", "\nx", "'=1", "''+1", "＝1"])
def test_formulas_are_made_harmless_and_come_back_as_they_were(text: str) -> None:
    assert harmless(text) == f"'{text}"
    table = table_of([{"a": text, "b": "'plain", text.strip(): "a column"}])
    content = b"".join(table.chunks(".csv"))
    table.close()
    assert read_table(content, "x.csv", 10).rows == [{"a": text, "b": "'plain", text.strip(): "a column"}]


# ── Reading ──


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "x.csv", "line 1 must name the columns"),
        (b"a,b\n", "x.csv", "no rows"),
        (b"a,a\n1,2\n", "x.csv", "each once"),
        (b"a,\n1,2\n", "x.csv", "every column"),
        (b"a,b\n1,2\n3\n", "x.csv", "line 3 has 1 cells, and line 1 has 2"),
        (b"a,b\n1,2,3\n", "x.csv", "line 2 has 3 cells"),
        (b"a\n\xff\xfe\n", "x.csv", "line 2 is not UTF-8"),
        (b'a\n"open\n', "x.csv", "is no CSV"),
        (b"a\n" + b"x\n" * 11, "x.csv", "more than the 10 rows"),
        (b'{"a": 1}\nnot json\n', "x.jsonl", "line 2 is no JSON"),
        (b"[1]\n", "x.jsonl", "line 1 must be a JSON object"),
        (b'{"a": 1}', "x.json", "array of objects"),
        (b"[" * 100_000, "x.json", "no JSON"),
        (b'[{"a": "\\ud83d"}]', "x.json", "entry 1 holds half a character"),
        (b'{"a": 1}\n{"\\ud83d": 1}\n', "x.jsonl", "line 2 holds half a character"),
        (b",".join(b"c%d" % n for n in range(2001)), "x.csv", "line 1 names 2001 columns"),
        (b"a\n1\n", "x.txt", "must end in"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(content: bytes, name: str, says: str) -> None:
    with pytest.raises(BadTable, match=says):
        read_table(content, name, 10)


def test_what_spreadsheets_write_is_read() -> None:
    assert read_table("\ufeffa;b\r\nä;1\r\n\r\n".encode(), "x.csv", 10).rows == [{"a": "ä", "b": "1"}]


OTHERS = """Email,First,Hash,Plan,Id
ada@import.example,Ada,$2b$12$KIXQ4S8jz6G1mZ0wQ0m6UeK0bI3GQZK6m8oP8e1b8o0M9dXb8pB3a,pro,old_1
grace@import.example,Grace,$2b$12$KIXQ4S8jz6G1mZ0wQ0m6UeK0bI3GQZK6m8oP8e1b8o0M9dXb8pB3a,,old_2
ada@import.example,Ada,$2b$12$KIXQ4S8jz6G1mZ0wQ0m6UeK0bI3GQZK6m8oP8e1b8o0M9dXb8pB3a,pro,old_1
"""
MAP = {
    "email_address": "Email",
    "first_name": "First",
    "password_digest": "Hash",
    "public_metadata.plan": "Plan",
    "external_id": "Id",
}


async def test_users_of_another_system_are_imported_with_their_hashes(tmp_path: Path) -> None:
    async with with_files(tmp_path) as here:
        (tmp_path / "files" / "others.csv").write_text(OTHERS)
        given = {
            "operation": CREATE,
            "file": "others.csv",
            "map": MAP,
            "arguments": {"password_hasher": "bcrypt"},
        }
        planned = await call(here.client, "run_each", **given)
        preview = planned["preview"]
        assert preview["items"] == 2
        assert preview["call"] == {
            "password_hasher": "bcrypt", "email_address": "ada@import.example", "first_name": "Ada",
            "password_digest": "[masked]", "public_metadata": {"plan": "pro"}, "external_id": "old_1",
        }  # fmt: skip
        assert preview["rejected"] == "others.rejected.csv"
        assert "the same call as item 1" in preview["because"][0]
        ran = await call(here.client, "run_each", confirm=planned["confirm"])
        assert ran["ok"] == 2
        found = await call(here.client, USERS, external_id=["old_1"])
        assert found["items"][0]["public_metadata"] == {"plan": "pro"}
        assert "$2b$" not in json.dumps([planned, ran])


async def test_rows_that_clerk_rejects_go_to_a_file_that_can_be_mended_and_run_again(tmp_path: Path) -> None:
    async with with_files(tmp_path) as here:
        rows = "email_address,external_id\nnew@import.example,n1\nnot an address,n2\n"
        (tmp_path / "files" / "more.csv").write_text(rows)
        planned = await call(here.client, "run_each", operation=CREATE, file="more.csv",
                             arguments={"skip_password_requirement": True})  # fmt: skip
        ran = await call(here.client, "run_each", confirm=planned["confirm"])
        assert (ran["ok"], ran["failed"], ran["rejected"]) == (1, 1, "more.rejected.csv")
        rejected = tmp_path / "files" / "more.rejected.csv"
        assert "not an address" in rejected.read_text()
        assert "form_param" in rejected.read_text()
        rejected.write_text(rejected.read_text().replace("not an address", "mended@import.example"))
        planned = await call(here.client, "run_each", operation=CREATE, file="more.rejected.csv",
                             arguments={"skip_password_requirement": True})  # fmt: skip
        assert (await call(here.client, "run_each", confirm=planned["confirm"]))["ok"] == 1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"file": "nosuch.csv"}, "No such file"),
        ({"file": "../others.csv"}, "not a path below"),
        ({"file": "others.csv", "map": {"email_address": "Emial"}}, "did you mean Email"),
        ({"file": "broken.csv"}, "line 2 has 3 cells"),
    ],
)
async def test_a_file_that_cannot_be_meant_is_refused(
    given: dict[str, Any], says: str, tmp_path: Path
) -> None:
    async with with_files(tmp_path) as here:
        (tmp_path / "files" / "others.csv").write_text(OTHERS)
        (tmp_path / "files" / "broken.csv").write_text("a,b\n1,2,3\n")
        error = await error_of(here.client, "run_each", operation=CREATE, **given)
        assert says in error["message"]
        assert here.received == []


async def test_at_the_terminal_files_are_where_its_user_is(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "clerk_mcp",
        "call",
        "--sandbox",
        "list_all",
        f"operation={USERS}",
        "to=u.csv",
    ]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CLERK_")}
    done = await anyio.run_process(command, cwd=tmp_path, env=inherited)
    written = (tmp_path / "u.csv").read_text("utf-8")
    assert json.loads(done.stdout)["rows"] == len(list(csv.reader(io.StringIO(written)))) - 1
