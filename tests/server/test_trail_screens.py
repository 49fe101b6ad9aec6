"""The trail in the console: searched from its end, one call whole, and taken back by whoever may."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest

from clerk_mcp.auditing import NoSuchEntry, RecordedCall, newest, one
from clerk_mcp.auditing.tail import BLOCK
from clerk_mcp.hosting.console.trail_screen import Sought
from clerk_mcp.hosting.signin import COOKIE
from clerk_mcp.hosting.tokens import issue
from tests.server.test_console import rows_of
from tests.server.web import COUNT, Served, serving, serving_instances

pytestmark = pytest.mark.anyio

START = datetime(2026, 7, 28, tzinfo=UTC)
HOSTILE = "<b>Mallory</b><script>alert(1)</script>"


def line(number: int, stage: str = "only", **more: Any) -> str:
    time = (START + timedelta(seconds=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    head = {"time": time, "entry": f"{number:012x}", "stage": stage, "operation": "Users_getUserDetails"}
    told = {} if stage == "before" else {"outcome": "ok"}
    return json.dumps(head | told | {"target": {"user_id": f"user_{number}"}} | more, separators=(",", ":"))


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{each}\n" for each in lines))
    return path


def everything(_: RecordedCall) -> bool:
    return True


def numbers(found: Any) -> list[int]:
    return [int(row.call["entry"], 16) for row in found.rows]


@pytest.fixture(scope="module")
def long_trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred thousand calls."""
    return written(tmp_path_factory.mktemp("trail") / "trail", *map(line, range(100_000)))


def test_the_newest_of_a_hundred_thousand_calls_cost_one_read(long_trail: Path) -> None:
    found = newest(long_trail, everything, most=100)
    assert numbers(found) == list(range(99_999, 99_899, -1))
    assert found.bytes_read == BLOCK


def test_screens_follow_one_another_without_a_gap_or_a_repetition(long_trail: Path) -> None:
    seen: list[int] = []
    before: int | None = None
    for _ in range(5):
        found = newest(long_trail, everything, most=333, before=before)
        seen, before = seen + numbers(found), found.before
        assert found.bytes_read <= 2 * BLOCK
    assert seen == list(range(99_999, 99_999 - 5 * 333, -1))


def test_what_fits_seldom_is_looked_for_in_a_bounded_part_and_the_search_goes_on_from_there(
    long_trail: Path,
) -> None:
    looked: list[str] = []

    def only_one(call: RecordedCall) -> bool:
        looked.append(call["entry"])
        return call["entry"] == f"{77_000:012x}"

    found, searches = newest(long_trail, only_one, most_bytes=20 * BLOCK), 1
    assert found.bytes_read <= 21 * BLOCK
    assert found.rows == []
    while found.before is not None and not found.rows:
        found, searches = (
            newest(long_trail, only_one, before=found.before, most_bytes=20 * BLOCK),
            searches + 1,
        )
    assert numbers(found) == [77_000]
    assert len(looked) == len(set(looked)) >= 23_000
    assert searches > 1
    since = START + timedelta(seconds=99_990)
    assert newest(long_trail, lambda _: False, since=since).bytes_read <= 5 * BLOCK


def test_a_call_is_whole_also_where_its_two_lines_are_on_two_screens(tmp_path: Path) -> None:
    path = written(
        tmp_path / "trail",
        line(1, "before"),
        *(line(number) for number in range(10, 13)),
        line(1, "after", outcome="error", status=422),
        line(2, "before"),
    )
    first = newest(path, everything, most=4)
    assert [row.call["outcome"] for row in first.rows] == ["unfinished", "ok", "ok", "ok"]
    second = newest(path, everything, before=first.before)
    assert [(row.call["outcome"], row.call.get("status")) for row in second.rows] == [("error", 422)]
    assert second.before is None
    assert one(path, f"{1:012x}")["status"] == 422
    assert one(path, f"{1:012x}")["time"] == "2026-07-28T00:00:01.000Z", "when it began"


def test_broken_lines_and_no_line_end_at_all_lose_no_call(tmp_path: Path) -> None:
    path = tmp_path / "trail"
    path.write_bytes(
        b"\xff\xfe not json\n\n"
        + line(1).encode()
        + b'\n{"cut of\n'
        + b"x" * (3 * BLOCK)
        + b"\n"
        + line(2).encode()
    )
    assert numbers(newest(path, everything)) == [2, 1]
    path.write_bytes(b"")
    assert newest(path, everything).rows == []
    for entry in ("", "x" * 50, "no such", '"', "000000000001"):
        with pytest.raises(NoSuchEntry):
            one(path, entry)


def test_the_calls_of_a_run_are_one_line_that_counts_how_they_ended(tmp_path: Path) -> None:
    ended = ["ok"] * 30 + ["error"] * 3
    path = written(
        tmp_path / "trail",
        line(0),
        *(line(at, run="run_1", outcome=outcome) for at, outcome in enumerate(ended, 1)),
        line(90),
    )
    found = newest(path, everything)
    assert [row.count for row in found.rows] == [1, 33, 1]
    assert found.rows[1].outcomes == {"ok": 30, "error": 3}
    assert found.rows[1].began == "2026-07-28T00:00:01.000Z"
    assert len(newest(path, Sought(run="run_1").fits, runs_as_one=False).rows) == 33


@pytest.mark.parametrize(
    ("query", "fitting"),
    [
        ({}, [3, 2, 1]),
        ({"operation": "delete"}, [2]),
        ({"caller": "ADA"}, [3, 1]),
        ({"target": "user_1"}, [1]),
        ({"target": "inv_made"}, [3]),
        ({"outcome": "refused"}, [2]),
        ({"text": "zoë"}, [1]),
        ({"text": "<script>"}, [1]),
        ({"since": "2026-07-28T00:00:02"}, [3, 2]),
        ({"until": "2026-07-28T00:00:02Z"}, [2, 1]),
        ({"since": "nonsense", "until": "99999999999d"}, [3, 2, 1]),
        ({"run": "run_9"}, [3]),
        ({"caller": "ada", "operation": "delete"}, []),
    ],
)
def test_the_trail_is_searched_by_each_field(
    query: dict[str, str], fitting: list[int], tmp_path: Path
) -> None:
    path = written(
        tmp_path / "trail",
        line(1, caller="ada", arguments={"first_name": "Zoë <script>"}),
        line(2, caller="bob", operation="Users_deleteUserById", outcome="refused"),
        line(3, caller="ada", made="inv_made", run="run_9"),
    )
    assert numbers(newest(path, Sought.of(query).fits)) == fitting


# ── Through HTTP ──


@asynccontextmanager
async def audited(
    tmp_path: Path, **flags: Any
) -> AsyncIterator[tuple[Served, Callable[..., dict[str, str]]]]:
    """A server with a trail in which an agent has renamed a user; and headers for whoever has some scopes."""
    file = tmp_path / "tokens"
    agent = {"authorization": f"Bearer {issue(file, 'agent', ['all'])}"}
    tokens: dict[str, str] = {}

    async with serving(
        auth="bearer", token_file=file, audit_log=tmp_path / "trail", audit_before=True, **flags
    ) as served:
        listed = await served.call("Users_listSortedByCreationDate", {"limit": 1}, **agent)
        [user] = listed.json()["result"]["structuredContent"]["items"]
        await served.call(
            "Users_updateUserAttributes", {"user_id": user["id"], "first_name": HOSTILE}, **agent
        )

        def signed_in(*scopes: str) -> dict[str, str]:
            name = "-".join(scopes)
            tokens[name] = tokens.get(name) or issue(file, name, [*scopes])
            return {"authorization": f"Bearer {tokens[name]}"}

        yield served, signed_in


def entry_of(tmp_path: Path) -> str:
    [entry] = {
        record["entry"]
        for record in map(json.loads, (tmp_path / "trail").read_text().splitlines())
        if record["operation"] == "Users_updateUserAttributes" and record["stage"] == "before"
    }
    return str(entry)


async def first_name(served: Served, headers: dict[str, str]) -> str:
    listed = await served.call("Users_listSortedByCreationDate", {"limit": 1}, **headers)
    return str(listed.json()["result"]["structuredContent"]["items"][0]["name"])


async def test_what_a_user_wrote_is_text_on_every_screen_of_the_trail(tmp_path: Path) -> None:
    async with audited(tmp_path) as (served, signed_in):
        headers, entry = signed_in("console", "read"), entry_of(tmp_path)
        for path in (
            f"/trail?text={HOSTILE}",
            f"/trail?caller={HOSTILE}",
            f"/trail/entry?id={entry}",
            f"/trail/entry?id={HOSTILE}",
            f"/undo?entry={entry}",
        ):
            page = (await served.get(path, **headers)).text
            assert "<script>alert" not in page, path
            assert "<b>Mallory" not in page, path
        whole = (await served.get(f"/trail/entry?id={entry}", **headers)).text
        text = unescape(re.sub("<[^>]+>", "\n", whole))
        assert HOSTILE in text
        assert "Before and after" in text
        assert "agent" in text


async def test_the_list_names_who_did_what_and_leads_to_each_call(tmp_path: Path) -> None:
    async with audited(tmp_path) as (served, signed_in):
        page = (await served.get("/trail?operation=update", **signed_in("console"))).text
        [row] = rows_of(page)
        wrong = (await served.get("/trail?since=yesterday&run=run_9", **signed_in("console"))).text
        assert "since: this is neither a time nor an age" in wrong
        assert "/undo/run?run=run_9" in wrong
        assert row[1:3] == ["agent", "Users_updateUserAttributes"]
        assert f"/trail/entry?id={entry_of(tmp_path)}" in page
        for path in ("/trail", f"/trail/entry?id={entry_of(tmp_path)}", f"/undo?entry={entry_of(tmp_path)}"):
            assert (await served.get(path, **signed_in("read", "write"))).status_code == 403, path
            assert (await served.get(path)).headers["location"].startswith("/signin"), path


async def test_a_call_is_taken_back_after_it_was_shown_what_that_would_do(tmp_path: Path) -> None:
    async with audited(tmp_path) as (served, signed_in), httpx2.AsyncClient() as http:
        headers, entry = signed_in("console", "read", "write"), entry_of(tmp_path)
        asked = (await served.get(f"/undo?entry={entry}", **headers)).text
        assert "Nothing has been sent yet" in asked
        assert await first_name(served, headers) != "", "looking changes nothing"
        before = await first_name(served, headers)
        own = {**headers, "origin": served.url}
        done = await http.post(f"{served.url}/undo", data={"entry": entry}, headers=own)
        assert "It is taken back" in done.text
        assert "Mallory" in before
        assert "Mallory" not in await first_name(served, headers)
        trail = (tmp_path / "trail").read_text()
        assert f"undo of {entry}" in trail
        assert "console-read-write" in trail


async def test_the_trail_says_why_a_call_was_not_made_and_what_lists_were_about(tmp_path: Path) -> None:
    async with audited(tmp_path) as (served, signed_in):
        ids = ["user_1", "user_2"]
        await served.call("Users_listSortedByCreationDate", {"user_id": ids}, **signed_in("read"))
        await served.call("Users_deleteUserById", {"user_id": "user_1"}, **signed_in("read"))
        refused, listed, *_ = rows_of((await served.get("/trail", **signed_in("console"))).text)
        assert refused[4] == "refused insufficient_scope"
        assert listed[3] == "user_1, user_2"
        entry = re.search(
            r"/trail/entry\?id=(\w+)", (await served.get("/trail", **signed_in("console"))).text
        )
        assert entry
        whole = (await served.get(f"/trail/entry?id={entry[1]}", **signed_in("console"))).text
        assert "<h1>Delete user</h1>" in whole
        assert entry[1] in whole
        assert "Why not made" in whole


@pytest.mark.parametrize(
    ("scopes", "headers", "status", "said"),
    [
        (("console", "read"), {}, 403, "lacks the scope write"),
        (("read", "write"), {}, 403, "Not for you"),
        (("console", "write"), {"origin": "https://evil.example"}, 403, "pages of that origin"),
        (("console", "write"), {"origin": "null"}, 403, ""),
        (("console", "write"), {"origin": "http://127.0.0.1:1"}, 403, "nothing was done"),
        (("console", "write"), {"sec-fetch-site": "cross-site"}, 403, "nothing was done"),
    ],
)
async def test_nothing_is_taken_back_for_who_may_not_or_from_elsewhere(
    scopes: tuple[str, ...], headers: dict[str, str], status: int, said: str, tmp_path: Path
) -> None:
    async with audited(tmp_path) as (served, signed_in), httpx2.AsyncClient() as http:
        before = (tmp_path / "trail").read_text().count("updateUserAttributes")
        answer = await http.post(
            f"{served.url}/undo",
            data={"entry": entry_of(tmp_path)},
            headers={"origin": served.url, **headers, **signed_in(*scopes)},
        )
        assert answer.status_code == status
        assert said in answer.text
        assert (tmp_path / "trail").read_text().count("updateUserAttributes") == before


async def test_a_read_only_server_takes_nothing_back_and_says_why(tmp_path: Path) -> None:
    async with audited(tmp_path):
        entry = entry_of(tmp_path)
    file = tmp_path / "tokens"
    headers = {"authorization": f"Bearer {issue(file, 'late', ['console', 'read', 'write'])}"}
    async with (
        serving(auth="bearer", token_file=file, audit_log=tmp_path / "trail", read_only=True) as served,
        httpx2.AsyncClient() as http,
    ):
        assert "this server only reads" in (await served.get(f"/undo?entry={entry}", **headers)).text
        own = {**headers, "origin": served.url}
        answer = await http.post(f"{served.url}/undo", data={"entry": entry}, headers=own)
    assert "It could not be taken back" in answer.text
    assert "read_only" in answer.text


async def test_without_authentication_the_trail_is_open_for_reading_only(tmp_path: Path) -> None:
    async with audited(tmp_path):
        entry = entry_of(tmp_path)
    async with serving(audit_log=tmp_path / "trail") as served, httpx2.AsyncClient() as http:
        assert len(rows_of((await served.get("/trail")).text)) >= 2
        asked = (await served.get(f"/undo?entry={entry}")).text
        assert f"--undo {entry}" in unescape(asked)
        assert "<button" not in asked
        own = {"origin": served.url}
        answer = await http.post(f"{served.url}/undo", data={"entry": entry}, headers=own)
        assert answer.status_code == 403
    async with serving() as served:
        assert "--audit-log FILE" in (await served.get("/trail")).text
        assert (await served.get("/trail/entry?id=1")).status_code == 404


async def test_who_sees_one_of_several_instances_sees_no_call_of_another(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[instances.dev]\nsandbox = true\n[instances.prod]\nsandbox = true\n")
    config.chmod(0o600)
    shared = tmp_path / "trail"
    params = {"name": COUNT, "arguments": {}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    async with serving_instances(config=config, instance="all", audit_log=shared) as served:
        for instance in ("dev", "prod"):
            await served.post(message, path=f"/mcp/{instance}")
        of_dev, of_prod = (json.loads(each)["entry"] for each in shared.read_text().splitlines())
        page = (await served.get("/instances/dev/trail")).text
        assert f'href="/instances/dev/trail/entry?id={of_dev}"' in page
        assert of_prod not in page
        assert (await served.get(f"/instances/dev/trail/entry?id={of_dev}")).status_code == 200
        assert (await served.get(f"/instances/dev/trail/entry?id={of_prod}")).status_code == 404
        assert (await served.get(f"/instances/dev/undo?entry={of_prod}")).status_code == 404
        assert "<b>dev</b>" in page


# ── Trying ──


async def test_what_reads_can_be_tried_and_is_a_call_like_any_other() -> None:
    async with serving() as served, httpx2.AsyncClient() as http:
        own = {"origin": served.url}
        form = (await served.get("/try?tool=Users_listSortedByCreationDate")).text
        assert 'name="a_limit"' in form
        tried = await http.post(
            f"{served.url}/try",
            data={
                "tool": "Users_listSortedByCreationDate",
                "a_limit": "2",
                "a_query": "",
                "a_user_id": "user_x,user_y",
            },
            headers=own,
        )
        assert "&quot;items&quot;" in tried.text
        wrong = await http.post(
            f"{served.url}/try",
            data={"tool": "Users_getUserDetails", "a_user_id": "<script>x</script>"},
            headers=own,
        )
        assert "It failed" in wrong.text
        assert "<script>x" not in wrong.text
        seen = rows_of((await served.get("/activity")).text)
        assert [row[2] for row in seen] == ["Users_getUserDetails", "Users_listSortedByCreationDate"]


@pytest.mark.parametrize(
    ("tool", "headers", "said"),
    [
        ("Users_deleteUserById", {}, "only what reads"),
        ("list_all", {}, "no such operation"),
        ("<b>", {}, "no such operation"),
        ("Users_getUserDetails", {"origin": "http://localhost:1"}, "nothing was done"),
    ],
)
async def test_nothing_else_can_be_tried(tool: str, headers: dict[str, str], said: str) -> None:
    async with serving() as served, httpx2.AsyncClient() as http:
        given = {"origin": served.url, **headers}
        answer = await http.post(f"{served.url}/try", data={"tool": tool}, headers=given)
    assert answer.status_code == 403
    assert said in answer.text


async def test_whoever_lacks_the_scope_to_read_can_try_nothing(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    token = issue(file, "grace", ["console"])
    async with serving(auth="bearer", token_file=file) as served, httpx2.AsyncClient() as http:
        own = {"origin": served.url}
        done = await http.post(f"{served.url}/signin", data={"token": token}, headers=own)
        assert COOKIE in done.cookies
        tried = await http.post(f"{served.url}/try", data={"tool": "Users_getUserDetails"}, headers=own)
    assert tried.status_code == 403
    assert "needs the scope clerk:read" in tried.text
