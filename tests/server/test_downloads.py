"""`list_all … to` over HTTP: a link that its caller alone can fetch, once, for some minutes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from clerk_mcp.bulk.links import KEPT_S, MOST_OF_ONE, NoRoom, Waiting, WaitingInProcess
from clerk_mcp.hosting.tokens import issue
from clerk_sandbox.asgi import make_app
from clerk_sandbox.sandbox import Sandbox
from tests.calling import call, error_of
from tests.processes import RedisServer
from tests.server.web import Served, hosting, serving, serving_instances

pytestmark = pytest.mark.anyio

USERS = {"operation": "Users_listSortedByCreationDate", "fields": ["id", "first_name"]}


@asynccontextmanager
async def _served(directory: Path, **flags: Any) -> AsyncIterator[tuple[Served, str, str]]:
    file = directory / "tokens"
    ada, bob = (issue(file, name, ["read"]) for name in ("ada", "bob"))
    async with serving(auth="bearer", token_file=file, **flags) as served:
        yield served, ada, bob


async def _export(served: Served, token: str, to: str) -> Any:
    async with served.client(token=token) as client:
        return await call(client, "list_all", **USERS, to=to)


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_only_who_asked_for_a_file_fetches_it_and_only_once(tmp_path: Path) -> None:
    async with _served(tmp_path) as (served, ada, bob):
        told = await _export(served, ada, 'some "people"\r\n.csv')
        path = urlsplit(told["url"]).path
        assert told["expires_in_seconds"] == KEPT_S
        assert "Only the process on" in told["how"]
        assert (await served.get(path)).status_code == 401
        assert (await served.get(path, **_bearer(bob))).status_code == 404
        fetched = await served.get(path, **_bearer(ada))
        assert fetched.status_code == 200
        assert fetched.headers["content-type"].startswith("text/csv")
        assert fetched.headers["content-disposition"] == 'attachment; filename="some__people___.csv"'
        assert fetched.headers["cache-control"] == "no-store"
        header, *rows = fetched.text.splitlines()
        assert header == "id,first_name"
        assert (len(rows), len(fetched.content)) == (told["rows"], told["bytes"])
        assert (await served.get(path, **_bearer(ada))).status_code == 404
        assert (await served.get("/files/none", **_bearer(ada))).status_code == 404


async def test_a_look_at_the_head_does_not_use_a_link_up(tmp_path: Path) -> None:
    import httpx2

    async with _served(tmp_path) as (served, ada, _):
        path = urlsplit((await _export(served, ada, "a.json"))["url"]).path
        async with httpx2.AsyncClient() as http:
            assert (await http.head(served.url + path, headers=_bearer(ada))).status_code == 405
        assert len((await served.get(path, **_bearer(ada))).json()) > 1


async def test_a_name_that_is_no_table_is_refused_and_files_of_one_caller_are_bounded(tmp_path: Path) -> None:
    async with _served(tmp_path) as (served, ada, bob):
        async with served.client(token=ada) as client:
            assert (await error_of(client, "list_all", **USERS, to="a.exe"))["param"] == "to"
            for _ in range(MOST_OF_ONE):
                await call(client, "list_all", **USERS, to="a.jsonl")
            assert (await error_of(client, "list_all", **USERS, to="a.jsonl"))["code"] == "file_unwritable"
        assert (await _export(served, bob, "a.jsonl"))["rows"]


async def test_every_replica_has_a_file_that_waits_in_redis(tmp_path: Path, redis: RedisServer) -> None:
    shared = {"redis_url": redis.url, "state_key": "k" * 43}
    async with (
        _served(tmp_path, **shared) as (one, ada, bob),
        serving(auth="bearer", token_file=tmp_path / "tokens", **shared) as other,
    ):
        told = await _export(one, ada, "a.json")
        path = urlsplit(told["url"]).path
        assert "Only the process" not in told["how"]
        assert (await other.get(path, **_bearer(bob))).status_code == 404
        assert len((await other.get(path, **_bearer(ada))).json()) == told["rows"]
        assert (await one.get(path, **_bearer(ada))).status_code == 404


async def test_what_was_fetched_or_is_over_makes_room_for_more_in_redis_too(
    tmp_path: Path, redis: RedisServer
) -> None:
    async with _served(tmp_path, redis_url=redis.url, state_key="k" * 43) as (served, ada, _):
        paths = [urlsplit((await _export(served, ada, "a.json"))["url"]).path for _ in range(MOST_OF_ONE)]
        async with served.client(token=ada) as client:
            error = await error_of(client, "list_all", **USERS, to="a.json")
        assert "wait already: fetch them first" in error["message"]
        assert (await served.get(paths[0], **_bearer(ada))).status_code == 200
        assert (await _export(served, ada, "a.json"))["rows"]
        # As if the time of all that wait were over.
        (waiting,) = redis.ask("KEYS", "*files-waiting*").split()
        for id in redis.ask("ZRANGE", waiting, "0", "-1").split():
            redis.ask("ZADD", waiting, "1", id)
        assert (await _export(served, ada, "a.json"))["rows"]
        assert redis.ask("ZCARD", waiting).strip() == "1"


async def test_a_link_of_one_clerk_key_is_none_for_another() -> None:
    keys = ("sk_test_sandbox_of_ada", "sk_test_sandbox_of_bob")
    apps = {key: make_app(Sandbox(key=key)) for key in keys}

    async def clerk(scope: Any, receive: Any, send: Any) -> None:
        key = dict(scope["headers"])[b"authorization"].decode().removeprefix("Bearer ")
        await apps[key](scope, receive, send)

    ada, bob = keys
    async with hosting(clerk) as url, serving(auth="clerk-key", clerk_api_url=f"{url}/v1") as served:
        told = await _export(served, ada, "a.json")
        path = urlsplit(told["url"]).path
        assert (await served.get(path)).status_code == 401
        assert (await served.get(path, **_bearer(bob))).status_code == 404
        assert len((await served.get(path, **_bearer(ada))).json()) == told["rows"]
        assert (await served.get(path, **_bearer(ada))).status_code == 404


@pytest.mark.parametrize("shared", [False, True])
async def test_a_link_of_one_instance_is_none_of_another(
    tmp_path: Path, redis: RedisServer, shared: bool
) -> None:
    config, tokens = tmp_path / "config.toml", tmp_path / "tokens"
    config.write_text("[instances.dev]\nsandbox = true\n[instances.prod]\nsandbox = true\n", "utf-8")
    config.chmod(0o600)
    ada, bob = issue(tokens, "ada", ["dev:read", "prod:read"]), issue(tokens, "bob", ["dev:read"])
    flags: dict[str, Any] = {"redis_url": redis.url, "state_key": "k" * 43} if shared else {}
    async with serving_instances(
        config=config, instance="all", auth="bearer", token_file=tokens, **flags
    ) as served:
        async with served.client(token=ada, instance="prod") as client:
            told = await call(client, "list_all", **USERS, to="a.json")
        path = urlsplit(told["url"]).path
        assert "/prod/" in path
        assert (await served.get(path.replace("/prod/", "/dev/"), **_bearer(ada))).status_code == 404
        # Who may use the other instance alone does not get as far as to look.
        assert (await served.get(path, **_bearer(bob))).status_code == 403
        assert len((await served.get(path, **_bearer(ada))).json()) == told["rows"]


async def test_a_file_is_forgotten_after_its_time() -> None:
    now = 0.0
    files = WaitingInProcess(lambda: now)
    id = await files.keep(Waiting("ada", "a.csv", b"x"))
    now = KEPT_S + 1.0
    assert await files.take(id, "ada") is None
    with pytest.raises(NoRoom, match="too many"):
        await files.keep(Waiting("ada", "a.csv", bytes(65_000_000)))
