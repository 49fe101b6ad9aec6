"""One call over all pages of a list."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest
from mcp import Client
from mcp_types import CallToolResult

from clerk_mcp.bulk.conditions import condition
from clerk_mcp.bulk.filters import filters
from clerk_mcp.bulk.grouping import Tally, grouping
from clerk_mcp.offering.policy import Policy, Selection
from clerk_mcp.serve import make_server
from clerk_mcp.settings import load
from clerk_sandbox.sandbox import TEST_KEY, Sandbox
from clerk_sandbox.transport import SandboxTransport
from clerk_tools.argument import Query, arg
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Paged
from tests.calling import call, error_of, text_of
from tests.server.loopback import Received, loopback
from tests.server.loopback import answer as json_answer
from tests.server.scripted import always, in_data, pages_of, server_on
from tests.server.worlds import World, world

USERS = "Users_listSortedByCreationDate"
ORGANIZATIONS = "Organizations_listSortedByCreationDate"
MEMBERS = "OrganizationMemberships_getAllMembers"
SESSIONS = "Sessions_listSortedByCreationDate"
READING_LISTS = [id for id, o in operations().items() if o.spec.is_list and o.spec.effect is Effect.READ]

pytestmark = pytest.mark.anyio


async def test_every_page_is_read_and_each_record_counted_once() -> None:
    async with world(sandbox=Sandbox(users=1200)) as here:
        total = (await call(here.client, "Users_getTotalCount"))["total_count"]
        counted = await call(here.client, "list_all", operation=USERS, group="count")
        assert counted == {"read": total, "matched": total, "pages": 3}
        assert here.received.count(USERS) == 3


async def test_how_many_never_signed_in_by_month_takes_one_call_and_few_bytes() -> None:
    async with world(sandbox=Sandbox(users=700)) as here:
        result = await here.client.call_tool(
            "list_all",
            {"operation": USERS, "where": "last_sign_in_at == null", "group": "count by month(created_at)"},
        )
        answer = json.loads(text_of(result))
        assert len(text_of(result)) < 1000
        assert sum(group["count"] for group in answer["groups"]) == answer["matched"]
        months = [group["month(created_at)"] for group in answer["groups"]]
        assert months == sorted(set(months))
        raw = [user for user in here.sandbox.instance.users if user["last_sign_in_at"] is None]
        assert answer["matched"] == len(raw)


async def test_members_are_counted_by_role_the_most_first() -> None:
    async with world() as here:
        organization = (await call(here.client, "Organizations_listSortedByCreationDate"))["items"][-1]["id"]
        arguments = {"organization_id": organization}
        members = "OrganizationMemberships_getAllMembers"
        listed = (await call(here.client, members, **arguments, limit=500))["items"]
        answer = await call(
            here.client, "list_all", operation=members, arguments=arguments, group="count by role"
        )
        counts = {group["role"]: group["count"] for group in answer["groups"]}
        assert counts == {role: [m["role"] for m in listed].count(role) for role in counts}
        assert list(counts.values()) == sorted(counts.values(), reverse=True)


@pytest.mark.usefixtures("one_time")
async def test_records_are_shown_by_their_view_or_the_fields_asked_for() -> None:
    async with world() as here:
        by_view = await call(here.client, "list_all", operation=USERS)
        assert by_view["items"] == (await call(here.client, USERS, limit=500))["items"]
        by_fields = await call(
            here.client, "list_all", operation=USERS, where='name contains "priya"', fields=["first_name"]
        )
        assert [item["first_name"] for item in by_fields["items"]] == ["Priya"]
        assert {name for item in by_fields["items"] for name in item} == {"id", "first_name"}


async def test_the_operations_own_filters_are_passed_on() -> None:
    async with world() as here:
        answer = await call(
            here.client,
            "list_all",
            operation="Invitations_listAllNonRevoked",
            arguments='{"status": "pending"}',
        )
        assert {item["status"] for item in answer["items"]} == {"pending"}


@pytest.mark.parametrize("operation", READING_LISTS)
async def test_every_list_can_be_read_whole(operation: str) -> None:
    async with world() as here:
        given = await arguments_for(here, operation)
        whole = await call(here.client, "list_all", operation=operation, arguments=given)
        first = await call(here.client, operation, **given)
        assert whole["items"][: len(first["items"])] == first["items"]


async def arguments_for(here: World, operation: str) -> dict[str, Any]:
    """What a list requires, of the demo instance."""
    arguments = operations()[operation].spec.arguments
    return {a.name: await _known(here.client, a.name) for a in arguments if a.required}


async def _known(client: Any, argument: str) -> str:
    match argument:
        case "template_type":
            return "email"
        case "user_id" | "subject":
            return str((await call(client, USERS, query="priya"))["items"][0]["id"])
        case "organization_id":
            return str((await call(client, "Organizations_listSortedByCreationDate"))["items"][0]["id"])
        case "provider":
            return "oauth_google"
        case "statement_id":
            return str((await call(client, "GetBillingStatementList"))["items"][0]["id"])
        case "directory_id" | "scim_directory_id":
            return str((await call(client, "ListDirectories"))["items"][0]["id"])
        case "enterprise_connection_id":
            return str((await call(client, "ListEnterpriseConnections", active=True))["items"][0]["id"])
        case _:
            raise LookupError(argument)


async def test_beyond_the_cap_the_answer_says_so_and_where_to_go_on() -> None:
    async with world(sandbox=Sandbox(users=700), cap=600) as here:
        first = await call(here.client, "list_all", operation=USERS, group="count")
        assert first["read"] == 600
        assert first["complete"] is False
        rest = await call(
            here.client,
            "list_all",
            operation=USERS,
            arguments={"offset": first["next_offset"]},
            group="count",
        )
        assert "complete" not in rest
        assert first["read"] + rest["read"] == len(here.sandbox.instance.users)


async def test_following_next_offset_shows_every_match_once_within_any_limit() -> None:
    async with world(sandbox=Sandbox(users=300), max_bytes=5000) as here:
        ids: list[str] = []
        offset: int | None = 0
        while offset is not None:
            result = await here.client.call_tool(
                "list_all",
                {"operation": USERS, "where": 'id contains "a"', "arguments": {"offset": offset}},
            )
            assert len(text_of(result).encode()) <= 5000
            page = json.loads(text_of(result))
            ids += [item["id"] for item in page["items"]]
            offset = page.get("next_offset")
        expected = {user["id"] for user in here.sandbox.instance.users if "a" in user["id"].lower()}
        assert len(ids) == len(set(ids))
        assert set(ids) == expected


async def test_too_many_groups_are_cut_with_a_note() -> None:
    async with world(sandbox=Sandbox(users=300), max_bytes=3000) as here:
        result = await here.client.call_tool("list_all", {"operation": USERS, "group": "count by id"})
        assert len(text_of(result).encode()) <= 3000
        assert "groups by size" in json.loads(text_of(result))["note"]


@pytest.mark.parametrize(
    ("given", "param", "meant"),
    [
        ({"where": 'frist_name == "Priya"'}, "where", "first_name"),
        ({"where": "last_sigin_at == null", "group": "count"}, "where", "last_sign_in_at"),
        ({"where": 'email_addresses.emial_address contains "a"'}, "where", "email_addresses.email_address"),
        ({"group": "count by month(creatd_at)"}, "group", "created_at"),
        ({"group": "avg(creatd_at)"}, "group", "created_at"),
        ({"fields": ["id", "usrname"]}, "fields", "username"),
    ],
)
async def test_a_field_that_no_record_has_is_refused_after_one_page_with_the_one_that_was_meant(
    given: dict[str, Any], param: str, meant: str
) -> None:
    async with world(sandbox=Sandbox(users=1200)) as here:
        error = await error_of(here.client, "list_all", operation=USERS, **given)
        assert (error["code"], error["param"]) == ("invalid_arguments", param)
        assert f"did you mean {meant}?" in error["message"]
        assert here.received.count(USERS) == 1


async def test_a_key_of_metadata_that_no_record_has_is_pointed_out() -> None:
    async with world() as here:
        answer = await call(here.client, "list_all", operation=USERS, where='public_metadata.plam == "pro"')
        assert answer["matched"] == 0
        assert answer["unknown_fields"] == ["public_metadata.plam"]


async def test_nothing_is_said_of_credentials_that_no_view_would_have_shown() -> None:
    async with world() as here:
        passkeys = {"operation": USERS, "where": "passkeys.id != null"}
        assert "secrets" not in await call(here.client, "list_all", **passkeys)
        assert "secrets" not in await call(here.client, "list_all", operation=USERS, fields=["first_name"])
        assert "passkeys" in (await call(here.client, "list_all", **passkeys, fields=["passkeys"]))["secrets"]


async def test_credentials_are_kept_back_as_from_a_direct_call() -> None:
    async with world() as here:
        operation = "Invitations_listAllNonRevoked"
        text = text_of(await here.client.call_tool("list_all", {"operation": operation, "fields": ["*"]}))
        assert "__clerk_ticket" not in text
        assert "kept back" in text
        found = await call(here.client, "list_all", operation=operation, where='url contains "ticket"')
        assert found["matched"] == 0


@pytest.mark.parametrize(
    ("arguments", "param"),
    [
        ({"operation": "Users_listSorted"}, "operation"),
        ({"operation": "Users_getUserDetails"}, "operation"),
        ({"operation": "OrganizationInvitations_bulkCreateAndSend"}, "operation"),
        ({"operation": USERS, "where": "status =="}, "where"),
        ({"operation": USERS, "group": "median(x)"}, "group"),
        ({"operation": USERS, "below": {"where": "id != null"}}, "below"),
        ({"operation": MEMBERS, "below": {"group": "count"}}, "below"),
        ({"operation": MEMBERS, "below": {"where": "id =="}}, "where"),
        ({"operation": USERS, "arguments": {"emial_address": "a@b.example"}}, "emial_address"),
        ({"operation": USERS, "having": "x"}, "having"),
        ({"operation": USERS, "arguments": {"offset": -5}}, "offset"),
        ({"operation": USERS, "arguments": {"offset": "soon"}}, "offset"),
        ({"operation": USERS, "arguments": {"offset": True}}, "offset"),
        ({"operation": USERS, "arguments": {"fields": {"id": 1}}}, "fields"),
    ],
)
async def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    arguments: dict[str, Any], param: str
) -> None:
    async with world() as here:
        error = await error_of(here.client, "list_all", **arguments)
        assert (error["code"], error["param"]) == ("invalid_arguments", param)
        assert here.received == []


async def test_clerks_error_is_the_answer() -> None:
    async with world() as here:
        error = await error_of(
            here.client,
            "list_all",
            operation="OrganizationMemberships_getAllMembers",
            arguments={"organization_id": "org_none"},
        )
        assert error["code"] == "resource_not_found"


class _GivesUp(SandboxTransport):
    """Refuses the third page."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if "offset=1000" in str(request.url):
            return httpx2.Response(403, json={"errors": []}, request=request)
        return await super().handle_async_request(request)


async def test_an_error_on_a_later_page_leaves_what_was_read() -> None:
    sandbox = Sandbox(users=1200)
    async with world(sandbox=sandbox, transport=_GivesUp(sandbox)) as here:
        answer = await call(here.client, "list_all", operation=USERS, group="count")
        assert answer["read"] == answer["next_offset"] == 1000
        assert "authorization_invalid" in answer["note"]


async def test_an_error_is_told_also_where_the_answer_is_cut() -> None:
    sandbox = Sandbox(users=1200)
    async with world(sandbox=sandbox, transport=_GivesUp(sandbox), max_bytes=3000) as here:
        answer = await call(here.client, "list_all", operation=USERS)
        assert answer["read"] == 1000
        assert "authorization_invalid" in answer["note"]
        assert f"Cut to {answer['next_offset']} of 1000 records" in answer["note"]


class _Grows(SandboxTransport):
    """Somebody signs up between the pages."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if "/count" in str(request.url):
            return response
        number = len(self.sandbox.received)
        given = json.dumps(
            {"email_address": [f"late{number}@example.com"], "skip_password_requirement": True}
        )
        headers = {"authorization": f"Bearer {self.sandbox.key}", "content-type": "application/json"}
        self.sandbox.handle("POST", "/v1/users", "", headers, given.encode())
        return response


async def test_a_record_that_comes_again_since_the_list_grew_counts_once() -> None:
    sandbox = Sandbox(users=1100)
    before = len(sandbox.instance.users)
    async with world(sandbox=sandbox, transport=_Grows(sandbox)) as here:
        answer = await call(here.client, "list_all", operation=USERS, group="count")
        assert answer["read"] == answer["matched"] == before
        assert " came twice and count once." in answer["note"]


async def test_a_total_that_changes_meanwhile_is_told() -> None:
    totals = iter([700, 698])

    async def script(received: Received) -> bytes:
        start = 500 if "offset=500" in received.target else 0
        page = [{"id": f"org_{n}", "name": "n"} for n in range(start, start + (198 if start else 500))]
        return json_answer(value=in_data(page, next(totals)))

    async with server_on(script) as client:
        answer = await call(
            client, "list_all", operation="Organizations_listSortedByCreationDate", group="count"
        )
    assert answer["read"] == 698
    assert "from 700 to 698 records" in answer["note"]


@pytest.mark.parametrize(("operation", "filters"), [("RedirectUrLs_listAll", {}),
                         ("EmailSmsTemplates_listSortedByPosition", {"template_type": "email"})])  # fmt: skip
async def test_next_offset_leads_on_in_lists_that_clerk_does_not_page_too(
    operation: str, filters: dict[str, Any]
) -> None:
    records = [{"id": f"x_{n}", "slug": f"slug-{n}", "url": "u" * 200, "name": "n" * 200} for n in range(60)]
    ids: list[str] = []
    offset: int | None = 0
    async with server_on(always(value=records), max_result_bytes=5000) as client:
        while offset is not None:
            arguments = {**filters, "offset": offset}
            page = await call(client, "list_all", operation=operation, arguments=arguments)
            ids += [item.get("id") or item["slug"] for item in page["items"]]
            assert page.get("next_offset", offset + 1) > offset
            offset = page.get("next_offset")
    assert len(ids) == len(set(ids)) == len(records)


@pytest.mark.parametrize(
    "given",
    [
        {"fields": "id, first_name"},
        {"arguments": {"fields": ["id", "first_name"]}},
        {"arguments": {"fields": "first_name", "limit": 3, "offset": "0"}, "where": "", "group": " "},
        {"arguments": {"fields": ["last_name"]}, "fields": ["first_name"]},
    ],
)
async def test_what_models_send_is_understood(given: dict[str, Any]) -> None:
    async with world() as here:
        answer = await call(here.client, "list_all", operation=f" {USERS} ", **given)
        assert answer["matched"] == len(here.sandbox.instance.users)
        assert {name for item in answer["items"] for name in item} == {"id", "first_name"}


@pytest.mark.parametrize("name", ["é" * 4000, "x" * 6000, '"' * 4000])
async def test_names_of_fields_that_nothing_has_stay_within_the_limit(name: str) -> None:
    async with world(max_bytes=3000) as here:
        result = await here.client.call_tool("list_all", {"operation": USERS, "fields": [name] * 50})
        assert len(text_of(result).encode()) <= 3000
        assert result.is_error
        in_metadata = {"operation": USERS, "fields": [f"public_metadata.{name}"] * 50}
        result = await here.client.call_tool("list_all", in_metadata)
        assert len(text_of(result).encode()) <= 3000
        assert json.loads(text_of(result))["unknown_fields"]


async def test_the_policy_holds_for_the_operation_behind_it() -> None:
    policy = Policy(Selection.of(toolsets=["organizations"]))
    async with world(policy=policy) as here:
        assert (await error_of(here.client, "list_all", operation=USERS))["code"] == "not_selected"
        assert await call(here.client, "list_all", operation="Organizations_listSortedByCreationDate")


async def test_it_is_listed_only_where_there_is_something_to_list() -> None:
    async with world(policy=Policy(Selection.of(tools=["Users_getUserDetails"]))) as here:
        assert [tool.name for tool in (await here.client.list_tools()).tools] == ["Users_getUserDetails"]


async def test_progress_grows_with_each_page() -> None:
    seen: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)

    async with world(sandbox=Sandbox(users=1200)) as here:
        result = await here.client.call_tool(
            "list_all", {"operation": USERS, "group": "count"}, progress_callback=on_progress
        )
        assert isinstance(result, CallToolResult)
        assert seen == sorted(set(seen))
        assert len(seen) == 3


class _InFlight(SandboxTransport):
    """Notes how many requests were under way at once."""

    most = now = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.now += 1
        self.most = max(self.most, self.now)
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        self.now -= 1
        return await super().handle_async_request(request)


@pytest.mark.parametrize("max_in_flight", [20, 5, 1])
async def test_pages_are_read_at_once_and_a_fifth_of_the_calls_in_flight_is_left_to_others(
    max_in_flight: int,
) -> None:
    sandbox = Sandbox(users=9000)
    transport = _InFlight(sandbox)
    async with world(sandbox=sandbox, transport=transport, cap=10_000, max_in_flight=max_in_flight) as here:
        answer = await call(here.client, "list_all", operation=USERS, group="count")
    assert answer["matched"] == len(sandbox.instance.users)
    assert transport.most == max(1, max_in_flight * 4 // 5)


async def test_pages_read_at_once_give_what_pages_read_one_by_one_give() -> None:
    sandbox = Sandbox(users=3000)
    given = {"operation": USERS, "fields": ["created_at"], "where": 'id contains "a"'}
    found = []
    for max_in_flight in (1, 20):
        async with world(sandbox=sandbox, max_bytes=1_000_000, max_in_flight=max_in_flight) as here:
            found.append(await call(here.client, "list_all", **given))
    assert found[0] == found[1]
    expected = {user["id"] for user in sandbox.instance.users if "a" in user["id"].lower()}
    assert {item["id"] for item in found[0]["items"]} == expected


async def test_without_a_total_pages_are_read_at_once_all_the_same() -> None:
    sandbox = Sandbox(users=4000)
    transport = _InFlight(sandbox)
    filtered = {"arguments": {"organization_id": ["-org_none"]}}
    async with world(sandbox=sandbox, transport=transport) as here:
        answer = await call(here.client, "list_all", operation=USERS, group="count", **filtered)
    assert answer["matched"] == len(sandbox.instance.users)
    assert transport.most > 1


async def test_the_last_page_of_a_list_whose_length_is_a_multiple_is_not_asked_for_twice() -> None:
    records = [{"id": f"org_{n}", "name": "n"} for n in range(1500)]
    asked: list[str] = []
    pages = pages_of(records, in_data)

    async def script(received: Received) -> bytes | None:
        asked.append(received.target)
        return await pages(received)

    async with server_on(script) as client:
        answer = await call(client, "list_all", operation=ORGANIZATIONS, group="count")
    assert answer == {"read": 1500, "matched": 1500, "pages": 3}
    assert len(asked) == 3


def _users(number: int) -> list[dict[str, Any]]:
    return [{"id": f"user_{n}", "object": "user", "banned": False} for n in range(number)]


async def test_reading_on_waits_for_nothing_but_the_first_page() -> None:
    """The number of users is asked for, and connections are made, while the first page is under way."""
    pages, others = pages_of(_users(4990)), 9
    asked: list[str] = []
    beside, all_asked = anyio.Event(), anyio.Event()

    async def script(received: Received) -> bytes | None:
        asked.append(received.target)
        if "/count" in received.target:
            beside.set()
            return json_answer(value={"object": "total_count", "total_count": 4990})
        if "offset=0" in received.target:
            await beside.wait()
            while upstream.connections < others:
                await anyio.sleep(0.001)
        else:
            if len(asked) == 2 + others:
                all_asked.set()
            await all_asked.wait()
        return await pages(received)

    async with loopback(script) as upstream:
        settings = {"clerk_secret_key": TEST_KEY, "clerk_api_url": upstream.url}
        with anyio.fail_after(20):
            async with Client(make_server(load(settings))) as client:
                answer = await call(client, "list_all", operation=USERS, group="count")
    assert answer == {"read": 4990, "matched": 4990, "pages": 1 + others}
    assert len(asked) == 2 + others
    assert upstream.connections == others


async def _connections_for(
    number: int, *, envelope: Callable[[list[Any], int], object] = lambda page, _: page, **asked: Any
) -> int:
    """How many connections are made for a list of so many records, where their count is there first."""
    pages = pages_of(_users(number), envelope)
    counted = anyio.Event()

    async def script(received: Received) -> bytes | None:
        if "/count" in received.target:
            counted.set()
            return json_answer(value={"object": "total_count", "total_count": number})
        if "/users" in received.target:
            await counted.wait()
            await anyio.wait_all_tasks_blocked()
        return await pages(received)

    async with loopback(script) as upstream:
        settings = {"clerk_secret_key": TEST_KEY, "clerk_api_url": upstream.url}
        with anyio.fail_after(20):
            async with Client(make_server(load(settings))) as client:
                answer = await call(client, "list_all", group="count", **asked)
    assert answer["read"] == number
    return upstream.connections


async def test_a_short_list_opens_no_connections_that_it_does_not_need() -> None:
    banned: dict[str, Any] = {"operation": USERS, "arguments": {"banned": True}}
    # One for the page, one for the count beside it.
    assert await _connections_for(3, **banned) == 2
    assert await _connections_for(2300, **banned) == 4
    assert await _connections_for(3, envelope=in_data, operation=ORGANIZATIONS) == 1


async def test_the_first_list_imports_no_declaration_of_other_resources() -> None:
    code = f"""
import anyio, sys
from mcp import Client
from clerk_mcp.serve import make_server
from clerk_mcp.settings import load
from tests.server.loopback import answer, loopback

async def no_users(_):
    return answer(value=[])

async def main():
    async with loopback(no_users) as upstream:
        settings = load({{"clerk_secret_key": "{TEST_KEY}", "clerk_api_url": upstream.url}})
        async with Client(make_server(settings)) as client:
            done = await client.call_tool("list_all", {{"operation": "{USERS}", "group": "count"}})
    assert not done.is_error, done
    print(*[name for name in sys.modules if name.startswith("clerk_tools.resources.")])

anyio.run(main)
"""
    command = [sys.executable, "-c", code]
    done = await anyio.run_process(command, cwd=Path(__file__).parents[2])
    # The declarations of users stand on those of sessions.
    assert set(done.stdout.decode().split()) == {
        "clerk_tools.resources.sessions",
        "clerk_tools.resources.users",
    }


async def test_a_list_that_one_page_holds_does_not_wait_for_its_count() -> None:
    pages = pages_of(_users(3))
    answered = anyio.Event()

    async def script(received: Received) -> bytes | None:
        if "/count" in received.target:
            await answered.wait()
            return None
        return await pages(received)

    async with server_on(script) as client:
        answer = await call(client, "list_all", operation=USERS, group="count")
        answered.set()
    assert answer == {"read": 3, "matched": 3, "pages": 1}


async def test_who_signs_up_after_the_users_were_counted_is_read_though_the_last_page_was_full() -> None:
    pages = pages_of(_users(1001))

    async def script(received: Received) -> bytes | None:
        if "/count" in received.target:
            return json_answer(value={"object": "total_count", "total_count": 1000})
        return await pages(received)

    async with server_on(script) as client:
        answer = await call(client, "list_all", operation=USERS, group="count")
    assert answer["read"] == 1001
    assert "The list changed" in answer["note"]


async def test_a_list_that_shrinks_while_it_is_read_is_said_to_have_changed() -> None:
    sandbox = Sandbox(users=1200)

    class _Shrinks(SandboxTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            response = await super().handle_async_request(request)
            if "/count" in str(request.url):
                headers = {"authorization": f"Bearer {sandbox.key}"}
                gone = next(iter(sandbox.instance.users))["id"]
                sandbox.handle("DELETE", f"/v1/users/{gone}", "", headers, b"")
            return response

    async with world(sandbox=sandbox, transport=_Shrinks(sandbox)) as here:
        answer = await call(here.client, "list_all", operation=USERS, group="count")
    assert "The list changed" in answer["note"]


async def test_a_count_keeps_no_records() -> None:
    """What is held of a record is what it adds to a count."""
    tally = Tally(grouping("count by banned"))
    user = {"banned": False, "public_metadata": {"x": "y" * 10_000}}
    kept = tally.entry([user])
    assert len(json.dumps(kept)) < 100


async def test_the_admins_of_every_organization_take_one_call() -> None:
    async with world() as here:
        organizations = (await call(here.client, ORGANIZATIONS, limit=500))["items"]
        expected = []
        for organization in organizations:
            members = await call(here.client, MEMBERS, organization_id=organization["id"], limit=500)
            same = members.get("in_each", {})
            expected += [{**m, **same} for m in members["items"] if m["role"] == "org:admin"]
        answer = await call(here.client, "list_all", operation=MEMBERS, where='role == "org:admin"')
        assert answer["items"] == expected
        assert answer["parents"] == len(organizations)


async def test_lists_below_parents_are_counted_by_parent_and_the_parents_are_chosen() -> None:
    async with world() as here:
        every = await call(here.client, "list_all", operation=MEMBERS, group="count by organization_id")
        name = (await call(here.client, ORGANIZATIONS))["items"][0]["name"]
        one = await call(
            here.client, "list_all", operation=MEMBERS, below={"where": f'name == "{name}"'}, group="count"
        )
        assert one["parents"] == 1
        assert one["matched"] in [group["count"] for group in every["groups"]]


async def test_the_sessions_of_every_user_found_tell_whose_they_are() -> None:
    async with world() as here:
        answer = await call(
            here.client, "list_all", operation=SESSIONS, below={"where": 'name startswith "priya"'},
            where='status == "active"',
        )  # fmt: skip
        users = await call(here.client, "list_all", operation=USERS, where='name startswith "priya"')
        assert answer["parents"] == users["matched"] > 0
        assert {item["user_id"] for item in answer["items"]} <= {user["id"] for user in users["items"]}


async def test_without_below_a_list_that_requires_no_parent_is_read_as_it_is() -> None:
    async with world() as here:
        assert "parents" not in await call(here.client, "list_all", operation=SESSIONS)
        assert here.received == [SESSIONS]


async def test_lists_below_parents_go_on_where_the_cap_ended_them() -> None:
    async with world(cap=12) as here:
        seen: list[str] = []
        offset: int | None = 0
        while offset is not None:
            page = await call(here.client, "list_all", operation=MEMBERS, arguments={"offset": offset})
            seen += [item["id"] for item in page["items"]]
            assert page.get("next_offset", offset + 1) > offset, page
            offset = page.get("next_offset")
        assert len(seen) == len(set(seen))


@pytest.mark.parametrize(
    ("operation", "where", "sent"),
    [
        ("Invitations_listAllNonRevoked", 'status == "pending"', {"status": "pending"}),
        ("Invitations_listAllNonRevoked", 'status == "pending" or id == "x"', {}),
        ("Invitations_listAllNonRevoked", 'not status == "pending"', {}),
        ("Invitations_listAllNonRevoked", 'status == "nonsense"', {}),
        (USERS, 'username == "priya" and banned == false', {"username": "priya"}),
        (USERS, 'username == "+priya"', {}),
        (USERS, 'external_id in ("a", "b")', {"external_id": ["a", "b"]}),
        (USERS, '(external_id == "a,b")', {}),
    ],
)
async def test_what_clerk_can_filter_is_sent_as_a_filter(
    operation: str, where: str, sent: dict[str, Any]
) -> None:
    async with world() as here:
        await call(here.client, "list_all", operation=operation, where=where)
        query = here.sandbox.received[0].query
        given = {name: values for name, values in query.items() if name not in ("limit", "offset", "banned")}
        assert {name: values if len(values) > 1 else values[0] for name, values in given.items()} == sent


def test_a_time_in_a_condition_becomes_a_filter_where_there_is_one() -> None:
    class Listing(Paged, id="Things_list", get="/things", lists="user"):
        """Things."""

        created_at_after: Query[int] = arg(optional=True)
        created_at_before: Query[int] = arg(optional=True)
        last_active_at_since: Query[int] = arg(optional=True)

    text = (
        'created_at >= "2026-05-01" and created_at < "2026-06-01" and last_active_at > "2026-05-20T13:00:00Z"'
    )
    assert filters(Listing.spec, {}, condition(text).must) == {
        "created_at_after": 1777593600000 - 1,
        "created_at_before": 1780272000000 + 1,
        "last_active_at_since": 1779235200000,
    }
    assert filters(Listing.spec, {"created_at_after": 5}, condition('created_at > "2026-05-01"').must) == {}


async def test_a_month_that_is_not_counted_whole_is_named() -> None:
    async with world() as here:
        answer = await call(
            here.client, "list_all", operation=USERS, where='created_at > "1999 days ago"',
            group="count by month(created_at)",
        )  # fmt: skip
        assert "is not counted whole" in answer["note"]


async def test_periods_without_records_are_there_from_the_beginning_asked_for_until_now() -> None:
    async with world() as here:
        for more in ("", ", banned"):
            answer = await call(
                here.client,
                "list_all",
                operation=USERS,
                where='created_at > "40 weeks ago"',
                group=f"count by week(created_at){more}",
            )
            weeks = dict.fromkeys(group["week(created_at)"] for group in answer["groups"])
            assert len(weeks) == 41
            assert sum(group["count"] for group in answer["groups"]) == answer["matched"]
        asked = {"created_at_after": "2026-01-15T12:00:00Z", "created_at_before": "2026-03-01"}
        answer = await call(
            here.client, "list_all", operation=USERS, arguments=asked, group="count by month(created_at)"
        )
        assert [g["month(created_at)"] for g in answer["groups"]] == ["2026-01", "2026-02"]
        assert "The first month is not counted whole" in answer["note"]


async def test_times_in_raw_fields_are_written_as_views_write_them() -> None:
    async with world() as here:
        user = (await call(here.client, USERS, limit=1))["items"][0]
        mine = {"user_id": user["id"], "public_metadata": {"since_at": 1_700_000_000_000}}
        await call(here.client, "Users_mergeUserMetadataAttributes", **mine)
        asked = ["created_at", "email_addresses.created_at", "public_metadata"]
        (one,) = (await call(here.client, USERS, user_id=user["id"], fields=asked))["items"]
        found = await call(
            here.client, "list_all", operation=USERS, where=f"id == '{user['id']}'", fields=asked
        )
        assert found["items"] == [one]
        assert one["created_at"] == user["created_at"]
        assert one["email_addresses"][0]["created_at"].endswith("Z")
        assert one["public_metadata"]["since_at"] == 1_700_000_000_000


async def test_the_same_key_over_and_over_is_refused() -> None:
    async with world() as here:
        three = "count by unsafe_metadata.a, unsafe_metadata.a, unsafe_metadata.a"
        error = await error_of(here.client, "list_all", operation=USERS, group=three)
        assert "each of them once" in error["message"]
