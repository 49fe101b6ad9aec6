"""The console, over HTTP: what each screen says, and to whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import anyio
import pytest

from clerk_mcp.hosting.activity import KEPT, MINUTES, Activity
from clerk_mcp.hosting.console import PAGES
from clerk_mcp.hosting.console.standing import settings_in_force, what_may_run
from clerk_mcp.hosting.html import Html, join, tag
from clerk_mcp.hosting.tokens import issue
from clerk_mcp.instance import kind_of_key
from clerk_mcp.serve import make_policy
from clerk_mcp.settings import load
from clerk_tools.catalog import operations
from tests.processes import RedisServer
from tests.server.web import COUNT, Served, serving

pytestmark = pytest.mark.anyio

LIVE, TEST = "sk_live_console", "sk_test_console"


def told(**flags: Any) -> str:
    settings = load(flags)
    kind = "own" if settings.auth == "clerk-key" else kind_of_key(settings.key or "").value
    return " ".join(
        # One of its literals, as a text.
        what_may_run(settings, "sandbox" if settings.sandbox else kind, make_policy(settings))  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("flags", "said", "not_said"),
    [
        ({"clerk_secret_key": LIVE}, ["LIVE", "may change production", "asked about first"], ["only read"]),
        (
            {"clerk_secret_key": LIVE, "read_only": True},
            ["LIVE", "only read here", "the server is read-only", "0 write, 0 destroy"],
            ["change production", "asked", "others"],
        ),
        (
            {"clerk_secret_key": LIVE, "tools": "Users_getUserDetails"},
            ["only read here", "nothing else may run", f"1 of {len(operations())} operations"],
            ["change production", "read-only"],
        ),
        (
            {"clerk_secret_key": LIVE, "tools": "Users_getUserDetails", "any_path": True},
            ["may change production", "call_path"],
            ["only read here"],
        ),
        ({"clerk_secret_key": LIVE, "confirm": "never"}, ["Nobody is asked"], ["asked about first"]),
        ({"clerk_secret_key": TEST}, ["test (development)", "Nobody is asked"], ["change production"]),
        ({"clerk_secret_key": TEST, "confirm": "always"}, ["asked about first"], ["Nobody"]),
        ({"clerk_secret_key": TEST, "confirm": "person"}, ["yes of a person"], ["Nobody"]),
        ({"clerk_secret_key": TEST, "confirm": "every-change"}, ["Each change needs"], ["Nobody is asked"]),
        ({"sandbox": True, "max_changes": "5/60"}, ["sandbox", "5/60"], ["production instance whose"]),
        ({"auth": "clerk-key"}, ["key each caller brings", "none is kept"], ["LIVE"]),
        ({"sandbox": True, "audit_log": Path("/t/x")}, ["kept in the trail /t/x"], ["No trail"]),
        ({"sandbox": True}, ["No trail of calls is kept"], []),
    ],
)
def test_what_may_run_is_true_for_the_settings(
    flags: Mapping[str, Any], said: list[str], not_said: list[str]
) -> None:
    text = told(**flags)
    assert [words for words in said if words not in text] == []
    assert [words for words in not_said if words in text] == []


def test_each_setting_says_where_it_came_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(LIVE)
    monkeypatch.setenv("CLERK_MCP_CONFIRM", "always")
    monkeypatch.setenv("CLERK_MCP_MODE", "search")
    monkeypatch.setenv("CLERK_SECRET_KEY_FILE", str(key))
    sources = {
        name: (value, source)
        for name, value, source in settings_in_force(load({"read_only": True, "mode": "all"}))
    }
    assert sources["--read-only"] == ("yes", "flag --read-only")
    assert sources["--mode"] == ("all", "flag --mode"), "a flag wins over its variable"
    assert sources["--confirm"] == ("always", "variable CLERK_MCP_CONFIRM")
    assert sources["CLERK_SECRET_KEY_FILE"] == (str(key), "variable CLERK_SECRET_KEY_FILE")
    assert sources["CLERK_SECRET_KEY"] == ("set, not shown", f"file {key}")
    assert sources["--drain"] == ("10", "default")


async def test_no_secret_of_the_settings_is_on_any_page() -> None:
    flags = {
        "clerk_secret_key": "sk_test_neverShown",
        "clerk_api_url": "http://127.0.0.1:9/v1",
        "state_key": "neverShown" * 4,
        "redis_url": "redis://user:neverShown@127.0.0.1:9/0?password=neverShown",
    }
    async with serving(**flags) as served:
        for path in PAGES:
            page = (await served.get(path)).text
            assert "neverShown" not in page, path
        now = (await served.get("/")).text
    assert "redis://…@127.0.0.1:9/0" in now
    assert "set, not shown" in now
    assert "ready, but" in now, "Clerk is out of reach"


async def test_who_may_not_look_sees_what_may_run_and_nothing_of_how_it_runs(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    reader, looker = issue(file, "ada", ["read"]), issue(file, "grace", ["console"])
    async with serving(auth="bearer", token_file=file) as served:
        seen = {
            name: (await served.get("/", authorization=f"Bearer {token}")).text
            for name, token in (("reader", reader), ("looker", looker))
        }
    assert "What may run here" in seen["reader"]
    assert "What may run here" in seen["looker"]
    assert "Settings in force" not in seen["reader"]
    assert "Settings in force" in seen["looker"]
    assert str(file) in seen["looker"]
    assert str(file) not in seen["reader"]


async def test_replicas_see_one_another_through_redis_and_only_those_of_the_same_instance(
    tmp_path: Path,
) -> None:
    redis = RedisServer(tmp_path)
    redis.start()
    try:
        async with serving(redis_url=redis.url) as here:
            async with (
                serving(redis_url=redis.url),
                serving(redis_url=redis.url, clerk_secret_key=TEST, clerk_api_url="http://127.0.0.1:9/v1"),
            ):
                both = await _until(here, "2<ul>")
            alone = await _until(here, "1<ul>")
            redis.stop()
            lost = (await here.get("/")).text
    finally:
        redis.stop()
    assert both.count("(this one)") == alone.count("(this one)") == 1
    assert "Redis cannot be asked" in lost
    async with serving() as served:
        assert "known only to itself" in (await served.get("/")).text


async def _until(served: Served, shown: str) -> str:
    """Return the first screen once it shows something; a sign of life is left soon after the start."""
    with anyio.fail_after(20):
        while shown not in (page := (await served.get("/")).text):
            await anyio.sleep(0.05)
    return page


class Outline(HTMLParser):
    """What a screen reader goes by."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.seen if tag == name]


async def test_every_screen_has_landmarks_headings_labels_and_names() -> None:
    async with serving() as served:
        for path in (*PAGES, "/signin"):
            answer = await served.get(path)
            if answer.status_code == 404:
                continue
            page = Outline(answer.text)
            assert [len(page.all(name)) for name in ("main", "h1", "title")] == [1, 1, 1], path
            ids = [attributes["id"] for _, attributes in page.seen if "id" in attributes]
            assert len(ids) == len(set(ids)), path
            assert {each["for"] for each in page.all("label") if "for" in each} <= set(ids), path
            for section in page.all("section"):
                assert section["aria-labelledby"] in ids, path
            assert all(th.get("scope") in ("col", "row") for th in page.all("th")), path


async def test_no_script_or_style_of_elsewhere_can_run_on_any_page() -> None:
    async with serving() as served:
        for path in PAGES:
            answer = await served.get(path)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert "javascript:" not in answer.text, path
            page = Outline(answer.text)
            assert not page.all("style"), path
            assert all(script.get("src") for script in page.all("script")), path
            named = {name for _, attributes in page.seen for name in attributes}
            assert not {name for name in named if name == "style" or name.startswith("on")}, path


def test_text_never_becomes_markup() -> None:
    hostile = "</td><script>alert(1)</script>\"'&"
    made = tag("p", hostile, tag("b", hostile), title=hostile, data_x=hostile)
    assert "<script" not in made
    assert Outline(made).all("p") == [{"title": hostile, "data-x": hostile}]
    assert join(Html("<i>"), "<i>", None, 3) == "<i>&lt;i&gt;3"


# ── Tools ──


def ids_of(html: str) -> set[str]:
    return {str(each["id"]) for each in Outline(html).all("details") if each.get("class") == "tool"}


async def test_tools_are_all_that_may_run_with_the_servers_own_prompts_and_resources() -> None:
    async with serving() as served:
        everything = (await served.get("/tools")).text
    assert ids_of(everything) >= {
        *operations(),
        "list_all",
        "run_each",
        "preview_change",
        "search_operations",
    }
    assert "call_path" not in ids_of(everything), "it is switched off"
    assert "clean-up-invitations" in everything
    assert "clerk://users/{user_id}" in everything
    assert "Try Users_getTotalCount" in everything
    assert "Try Users_deleteUserById" not in everything
    async with serving(read_only=True, any_path=True) as served:
        reading = (await served.get("/tools")).text
    assert "Users_getTotalCount" in ids_of(reading)
    assert "call_path" in ids_of(reading)
    assert not ids_of(reading) & {"Users_deleteUserById", "run_each", "preview_change", "change"}
    assert "clean-up-invitations" not in reading


async def test_tools_are_those_of_the_scopes_and_all_for_who_may_look(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    reader, looker = issue(file, "ada", ["read"]), issue(file, "grace", ["console"])
    async with serving(auth="bearer", token_file=file) as served:
        pages = [
            (await served.get("/tools", authorization=f"Bearer {token}")).text for token in (reader, looker)
        ]
    of_reader, of_looker = map(ids_of, pages)
    assert "Users_getTotalCount" in of_reader & of_looker
    assert "Users_deleteUserById" in of_looker - of_reader


# ── Activity ──


def rows_of(html: str) -> list[list[str]]:
    """The cells of a page's `cards`, as text."""
    found = re.findall(r"<tr role=\"row\">(<td.*?)</tr>", html)
    return [
        [unescape(re.sub("<[^>]+>", "", cell)) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for row in found
    ]


async def test_activity_shows_each_call_with_who_what_on_what_and_how_it_ended(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    agent, looker = issue(file, "ada", ["read"]), issue(file, "grace", ["console"])
    async with serving(auth="bearer", token_file=file) as served:
        as_agent, as_looker = ({"authorization": f"Bearer {token}"} for token in (agent, looker))
        hostile = "user_<script>alert(1)</script>"
        await served.call("Users_getUserDetails", {"user_id": hostile}, **as_agent)
        await served.call("Users_deleteUserById", {"user_id": "user_1"}, **as_agent)
        await served.call("read", {"operation": COUNT, "arguments": {}}, **as_agent)
        await served.call("list_all", {"operation": "Users_listSortedByCreationDate"}, **as_agent)
        await served.call("<b>no tool</b>", {}, **as_agent)
        page = (await served.get("/activity", **as_looker)).text
        narrowed = {
            query: len(rows_of((await served.get(f"/activity?{query}", **as_looker)).text))
            for query in ("caller=ADA", "caller=bob", "outcome=error", "operation=count", "code=no_such")
        }
        assert (await served.get("/activity", **as_agent)).status_code == 403
    assert "<script>alert" not in page
    assert "<b>no tool" not in page
    assert [row[1:5] for row in rows_of(page)] == [
        ["ada", "<b>no tool</b>", "–", "refused unknown_tool"],
        ["ada", "list_all", "Users_listSortedByCreationDate", "ok "],
        ["ada", COUNT, "–", "ok "],
        ["ada", "Users_deleteUserById", "user_1", "refused insufficient_scope"],
        ["ada", "Users_getUserDetails", hostile, "error resource_not_found"],
    ]
    assert narrowed == {
        "caller=ADA": 5,
        "caller=bob": 0,
        "outcome=error": 1,
        "operation=count": 1,
        "code=no_such": 0,
    }
    assert "Last hour: 5 calls, 3 failed or refused" in page
    assert 'href="/activity?code=resource_not_found"' in page


async def test_questions_that_wait_for_a_person_stand_on_top_with_a_way_to_answer_for_approvers(
    tmp_path: Path,
) -> None:
    file = tmp_path / "tokens"
    agent = {"authorization": f"Bearer {issue(file, 'ada', ['all'])}"}
    looker = {"authorization": f"Bearer {issue(file, 'grace', ['console'])}"}
    approver = {"authorization": f"Bearer {issue(file, 'joan', ['console', 'approve'])}"}
    async with serving(auth="bearer", token_file=file, confirm="person") as served:
        assert "Waiting for a person" not in (await served.get("/activity", **looker)).text
        listed = await served.call("Users_listSortedByCreationDate", {"limit": 1}, **agent)
        [user] = listed.json()["result"]["structuredContent"]["items"]
        await served.call("Users_deleteUserById", {"user_id": user["id"]}, **agent)
        seen = {
            name: (await served.get("/activity", **who)).text
            for name, who in (("looker", looker), ("approver", approver))
        }
    for page in seen.values():
        assert "Waiting for a person: 1" in page
        assert page.index("Waiting for a person") < page.index("Last hour")
        assert rows_of(page)[0][1:3] == ["ada", "Users_deleteUserById"]
        assert rows_of(page)[1][2:5:2] == ["Users_deleteUserById", "asked "]
    assert 'href="/questions/' in seen["approver"]
    assert "/questions/" not in seen["looker"]


def test_activity_keeps_a_bounded_number_of_calls_and_little_of_each() -> None:
    now = 0.0
    activity = Activity(lambda: now)
    for number in range(KEPT + 500):
        now = number * 60.0
        activity.note("c" * 10_000, "t" * 10_000, {"x": "y" * 100_000}, "error", "e" * 10_000, 0.01)
    kept = list(activity.newest_first())
    assert len(kept) == KEPT
    assert activity.count == KEPT + 500
    assert kept[0].at == now
    assert max(len(call.caller + call.operation + call.target + call.code) for call in kept) <= 400
    assert [minute.calls for minute in activity.last_hour()] == [1] * MINUTES


@pytest.mark.parametrize("arguments", [None, [], "x", {"user_id": 3}, {"operation": {}}, {"arguments": 1}])
@pytest.mark.parametrize("name", ["Users_getUserDetails", "read", "list_all", "", "None"])
def test_activity_takes_whatever_callers_send(name: str, arguments: object) -> None:
    activity = Activity()
    activity.note("ada", name, arguments, "error", "", 0.0)
    [kept] = activity.newest_first()
    assert (kept.operation, kept.target) == (name, "")


# ── What people stumbled over ──


async def test_tools_say_what_their_marks_mean_and_show_what_is_typed_as_code() -> None:
    async with serving() as served:
        page = (await served.get("/tools")).text
        form = (await served.get("/try?tool=Users_listSortedByCreationDate")).text
    assert "cannot be taken back, or cuts people off" in page
    assert "A <code>username</code> that is cleared" in page
    for shown in (page, form):
        assert "`" not in re.sub(r'data-search="[^"]*"', "", shown)


async def test_signing_in_speaks_of_the_tokens_that_are_good_here(tmp_path: Path) -> None:
    async with serving(auth="bearer", token_file=_tokens(tmp_path)) as served:
        with_token = (await served.get("/signin")).text
    issuer = {"auth": "oauth", "oauth_issuer": "https://issuer.example.com", "oauth_audience": "clerk"}
    async with serving(**issuer, public_url="https://mcp.example.com") as served:
        with_issuer = (await served.get("/signin", host="mcp.example.com")).text
    assert "clerk-mcp token new" in with_token
    assert "OAuth" not in with_token
    assert "OAuth issuer" in with_issuer
    assert "clerk-mcp token new" not in with_issuer


def _tokens(tmp_path: Path) -> Path:
    issue(tmp_path / "tokens", "somebody", ["read"])
    return tmp_path / "tokens"


async def test_nobody_is_sent_to_answer_what_they_asked_themselves(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    both = {"authorization": f"Bearer {issue(file, 'ada', ['all', 'console', 'approve'])}"}
    async with serving(auth="bearer", token_file=file, confirm="person") as served:
        listed = await served.call("Users_listSortedByCreationDate", {"limit": 1}, **both)
        [user] = listed.json()["result"]["structuredContent"]["items"]
        await served.call("Users_deleteUserById", {"user_id": user["id"]}, **both)
        page = (await served.get("/activity", **both)).text
    assert "somebody else" in rows_of(page)[0]
    assert 'href="/questions/' not in page
