"""Several instances on one port: each at its own address, with tokens of its own."""

from __future__ import annotations

import json
import re
import sys
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from clerk_mcp.hosting.switchboard import instance_of
from clerk_mcp.hosting.tokens import issue, parse_scopes
from clerk_sandbox.examples import example_calls
from tests.server.people import Browser
from tests.server.web import COUNT, Served, serving_instances

pytestmark = pytest.mark.anyio

FILE = "[instances.dev]\nsandbox = true\n[instances.prod]\nsandbox = true\nread_only = true\n"
DEV, PROD = "/mcp/dev", "/mcp/prod"
DELETE = "Users_deleteUserById"
DELETION = example_calls()[DELETE]
MINT = "OAuthApplications_createNewApplication"
MINTING = example_calls()[MINT]


def settings(tmp_path: Path, text: str = FILE, **more: Any) -> dict[str, Any]:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return {"config": file, "instance": "all", **more}


async def asked(server: Served, path: str, tool: str = COUNT, **headers: str) -> tuple[int, str]:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": {}}}
    answer = await server.post(message, path=path, **headers)
    return answer.status_code, answer.text + answer.headers.get("www-authenticate", "")


async def test_each_instance_has_its_address_and_what_the_file_says_of_it(tmp_path: Path) -> None:
    async with serving_instances(**settings(tmp_path)) as server:
        for path, changes in ((DEV, True), (f"{PROD}/", False)):
            listed = (await server.post(path=path)).json()["result"]["tools"]
            assert any(tool["name"] == "Users_deleteUserById" for tool in listed) is changes
        assert (await server.post(path="/mcp")).status_code == 404
        assert "/mcp/NAME" in (await server.post(path="/mcp")).text
        assert (await server.post(path="/mcp/other")).status_code == 404
        assert (await server.get("/readyz")).text == "dev: ready\nprod: ready\n"
        assert (await server.get("/healthz")).status_code == 200
        shown = await server.get("/")
        assert 'href="/instances/prod/"' in shown.text
        page = await server.get("/instances/prod/connect")
        assert f"{server.url}/mcp/prod" in page.text
        assert f"{server.url}/sse/prod" in page.text
        assert (await server.get("/instances/prod/metrics")).status_code == 200


async def test_hosts_are_told_to_call_each_instance_by_its_own_name(tmp_path: Path) -> None:
    """As `install --instance prod` does: entries of one name would replace one another."""
    text = "[instances.prod]\nsandbox = true\n[instances.mcp]\nsandbox = true\n"
    async with serving_instances(**settings(tmp_path, text)) as server:
        for name in ("prod", "mcp"):
            page = unescape((await server.get(f"/instances/{name}/connect")).text)
            assert f"claude mcp add --transport http clerk-{name} {server.url}/mcp/{name}" in page
            assert f"[mcp_servers.clerk-{name}]" in page
            assert f'"clerk-{name}": {{' in page
            assert f"  clerk-{name}:\n" in page
            assert f"{server.url}/sse/{name}" in page
            assert '"clerk":' not in page


async def test_the_console_says_where_the_key_of_an_instance_is_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEV_KEY", "sk_test_sandbox1")
    # In two parts, for a key in the file is refused.
    writes = "print('sk_test' '_sandbox2')"
    text = (
        "[instances.dev]\nkey_env = 'DEV_KEY'\napi_url = 'http://127.0.0.1:1/v1'\n[instances.vault]\n"
        f'key_command = {json.dumps([sys.executable, "-c", writes])}\napi_url = "http://127.0.0.1:1/v1"\n'
    )
    async with serving_instances(**settings(tmp_path, text)) as server:
        for name, place in (("dev", "variable DEV_KEY"), ("vault", f"program {sys.executable}")):
            page = (await server.get(f"/instances/{name}/")).text
            (row,) = (row for row in page.split("<tr>") if "<code>CLERK_SECRET_KEY</code>" in row)
            assert place in row
            assert "sk_test" not in page


async def test_a_page_of_elsewhere_reaches_no_instance(tmp_path: Path) -> None:
    async with serving_instances(**settings(tmp_path)) as server:
        for path in (DEV, "/instances/dev/", "/"):
            assert (await server.get(path, origin="https://evil.example")).status_code == 403, path
            assert (await server.get(path, host="evil.example")).status_code == 421, path


async def test_legacy_sse_leads_back_to_its_instance(tmp_path: Path) -> None:
    async with (
        serving_instances(**settings(tmp_path)) as server,
        server.client("sse", instance="prod") as client,
    ):
        assert 'Runs "prod", a sandbox' in (client.instructions or "")
        assert not (await client.call_tool(COUNT)).is_error


async def test_a_token_of_one_instance_is_refused_by_the_other(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    of_dev = issue(file, "dev", ["dev:all"])
    reads_both = issue(file, "both", ["dev:read+prod:clerk:read"])
    of_none = issue(file, "old", ["all"])
    async with serving_instances(**settings(tmp_path, auth="bearer", token_file=file)) as server:

        def bearer(token: str) -> dict[str, str]:
            return {"authorization": f"Bearer {token}"}

        assert (await asked(server, DEV, **bearer(of_dev)))[0] == 200
        status, said = await asked(server, PROD, **bearer(of_dev))
        assert status == 403
        assert 'scope="prod:clerk:read"' in said
        for path in (DEV, PROD):
            assert (await asked(server, path, **bearer(reads_both)))[0] == 200
            assert (await asked(server, path, **bearer(of_none)))[0] == 403
            assert (await asked(server, path))[0] == 401
        status, said = await asked(server, DEV, "Users_lockUser", **bearer(reads_both))
        assert status == 403
        assert 'scope="dev:clerk:write"' in said
        assert (await server.get("/instances/prod/metrics", **bearer(of_dev))).status_code == 403


async def test_a_session_of_one_instance_is_none_of_the_other(tmp_path: Path) -> None:
    async with serving_instances(**settings(tmp_path, stateful=True)) as server:
        hello = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"},
            },
        }
        opened = await server.post(hello, path=DEV)
        session = {"mcp_session_id": opened.headers["mcp-session-id"]}
        assert (await server.post(path=DEV, **session)).status_code == 200
        assert (await server.post(path=PROD, **session)).status_code == 404


async def test_where_to_sign_in_is_told_for_each_instance(tmp_path: Path) -> None:
    oauth = {
        "auth": "oauth",
        "oauth_issuer": "https://issuer.example.com",
        "oauth_audience": "clerk",
        "public_url": "https://mcp.example.com/clerk",
    }
    async with serving_instances(**settings(tmp_path, **oauth)) as server:
        status, said = await asked(server, PROD, host="mcp.example.com")
        assert status == 401
        place = "https://mcp.example.com/clerk/.well-known/oauth-protected-resource/mcp/prod"
        assert f'resource_metadata="{place}"' in said
        for prefix in ("/clerk", ""):
            for path in (
                f"{prefix}/.well-known/oauth-protected-resource/mcp/prod",
                f"{prefix}/.well-known/oauth-protected-resource/clerk/mcp/prod",
            ):
                told = (await server.get(path, host="mcp.example.com")).json()
                assert told["resource"] == "https://mcp.example.com/clerk/mcp/prod", path
                assert told["scopes_supported"][0] == "prod:clerk:read"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/mcp/prod", ("prod", "/mcp")),
        ("/mcp/prod/server-card", ("prod", "/mcp/server-card")),
        ("/sse/prod", ("prod", "/sse")),
        ("/instances/prod", ("prod", "/")),
        ("/instances/prod/messages/", ("prod", "/messages/")),
        ("/instances/prod/../dev", ("prod", "/../dev")),
        (
            "/.well-known/oauth-protected-resource/x/mcp/prod",
            ("prod", "/.well-known/oauth-protected-resource/mcp"),
        ),
        ("/mcp", ("", "/mcp")),
        ("/healthz", ("", "/healthz")),
    ],
)
def test_a_path_says_which_instance_it_is_for(path: str, found: tuple[str, str]) -> None:
    assert instance_of(path) == found


@pytest.mark.parametrize(
    ("given", "scopes"),
    [
        ("prod:read", {"prod:clerk:read"}),
        ("prod:clerk:read+dev:write", {"prod:clerk:read", "dev:clerk:write"}),
        ("prod:approve", {"prod:clerk:approve"}),
        ("prod:all", {f"prod:clerk:{each}" for each in ("read", "write", "destroy", "secrets")}),
    ],
)
def test_scopes_are_bound_to_an_instance_by_its_name(given: str, scopes: set[str]) -> None:
    assert parse_scopes(given) == scopes


@pytest.mark.parametrize("given", ["Prod:read", "prod:reed", ":read", "prod:", "a:b:read", "prod:clerk:all2"])
def test_what_is_no_scope_of_an_instance_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="is not a scope"):
        parse_scopes(given)


# ── Approvals and credentials of a named instance ──

WRITABLE = FILE.replace("read_only = true", "")


async def test_who_may_approve_on_one_instance_answers_nothing_of_the_other(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    agent = issue(file, "agent", ["dev:all", "prod:all"])
    of = {name: issue(file, f"of-{name}", [f"{name}:approve"]) for name in ("dev", "prod")}
    given = settings(tmp_path, WRITABLE, auth="bearer", token_file=file, confirm="person")
    async with serving_instances(**given) as server:
        async with server.client(token=agent, instance="prod") as client:
            asked = (await client.call_tool(DELETE, DELETION)).structured_content or {}
            link = asked["link"]
            assert link.startswith(f"{server.url}/instances/prod/questions/")
            async with Browser(of["dev"]) as browser:
                assert (await browser.open(link)).status_code in (401, 403)
                there = await browser.open(link.replace("/instances/prod/", "/instances/dev/"))
                assert there.status_code == 404
            async with Browser(of["prod"]) as browser:
                page = await browser.open(link)
                assert "prod" in page.text
                style = re.search(r'href="([^"]*page.css)"', page.text)
                assert style
                assert (await browser.http.get(f"{server.url}{style[1]}")).status_code == 200
                listed = await browser.open(f"{server.url}/instances/prod/questions")
                assert link.removeprefix(server.url) in listed.text
                elsewhere = await browser.http.get(link.replace("/instances/prod/", "/instances/dev/"))
                assert elsewhere.url.path == "/instances/dev/signin", "a sign-in is one instance's alone"
                assert (await browser.answer(link, "agree")).status_code == 200
            assert "link" not in ((await client.call_tool(DELETE, DELETION)).structured_content or {})
        async with server.client(token=agent, instance="dev") as client:
            assert "link" in ((await client.call_tool(DELETE, DELETION)).structured_content or {})


async def test_a_credential_of_one_instance_is_fetched_below_that_and_not_below_another(
    tmp_path: Path,
) -> None:
    file = tmp_path / "tokens"
    agent = issue(file, "agent", ["dev:all", "prod:all"])
    async with serving_instances(**settings(tmp_path, WRITABLE, auth="bearer", token_file=file)) as server:
        async with server.client(token=agent, instance="prod") as client:
            made = (await client.call_tool(MINT, MINTING)).structured_content or {}
        link = made["secrets"].rpartition(" ")[2]
        assert link.startswith(f"{server.url}/instances/prod/credentials/")
        async with Browser(agent) as browser:
            there = await browser.open(link.replace("/instances/prod/", "/instances/dev/"))
            assert there.status_code == 404
            page = await browser.open(link)
            assert "client_secret" in (await browser.send(page, {})).text


@pytest.mark.parametrize("prefix", ["", "/clerk"])
async def test_without_authentication_the_one_time_link_of_an_instance_opens_below_its_path(
    prefix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    public = {"public_url": f"http://127.0.0.1{prefix}"} if prefix else {}
    given = settings(tmp_path, WRITABLE, confirm="person", **public)
    async with serving_instances(**given) as server, server.client(instance="prod") as client:
        asked = (await client.call_tool(DELETE, DELETION)).structured_content or {}
        own = re.findall(r"a person has to agree; open (\S+)", caplog.text)[-1]
        assert f"{prefix}/instances/prod/questions/" in own
        # A proxy stands there for whom 127.0.0.1 without a port is this server.
        own, shared = (url.replace("http://127.0.0.1/", f"{server.url}/") for url in (own, asked["link"]))
        async with Browser() as browser, Browser() as stranger:
            assert (await stranger.open(shared)).status_code == 403
            assert (await stranger.open(own.replace("/prod/", "/dev/"))).status_code == 403
            assert (await browser.answer(own, "agree")).status_code == 200
            assert (await stranger.open(own)).status_code == 403
        assert "link" not in ((await client.call_tool(DELETE, DELETION)).structured_content or {})
