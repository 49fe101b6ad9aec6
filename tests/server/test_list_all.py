"""One call over all pages of a list."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from mcp_types import CallToolResult

from clerk_mcp.offering.policy import Policy, Selection
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.transport import SandboxTransport
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect
from tests.calling import call, error_of, text_of
from tests.server.loopback import Received
from tests.server.loopback import answer as json_answer
from tests.server.scripted import always, in_data, server_on
from tests.server.worlds import world

USERS = "Users_listSortedByCreationDate"
READING_LISTS = [
    id
    for id, o in operations().items()
    if o.spec.is_list and o.spec.effect is Effect.READ and not o.spec.deprecated
]

pytestmark = pytest.mark.anyio


async def test_every_page_is_read_and_each_record_counted_once() -> None:
    async with world(sandbox=Sandbox(users=1200)) as here:
        total = (await call(here.client, "Users_getTotalCount"))["total_count"]
        counted = await call(here.client, "list_all", operation=USERS, group="count")
        assert counted == {"read": total, "matched": total}
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
        given = {
            argument.name: await _known(here.client, argument.name)
            for argument in operations()[operation].spec.arguments
            if argument.required
        }
        whole = await call(here.client, "list_all", operation=operation, arguments=given)
        first = await call(here.client, operation, **given)
        assert whole["items"][: len(first["items"])] == first["items"]


async def _known(client: Any, argument: str) -> str:
    match argument:
        case "template_type":
            return "email"
        case "user_id":
            return str((await call(client, USERS, query="priya"))["items"][0]["id"])
        case "organization_id":
            return str((await call(client, "Organizations_listSortedByCreationDate"))["items"][0]["id"])
        case "provider":
            return "oauth_google"
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


async def test_a_slip_in_a_fields_name_is_pointed_out() -> None:
    async with world() as here:
        answer = await call(here.client, "list_all", operation=USERS, where='frist_name == "Priya"')
        assert answer["matched"] == 0
        assert answer["unknown_fields"] == ["frist_name"]


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
        ({"operation": USERS, "group": "sum(x)"}, "group"),
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
    """Refuses everything from the third request on."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if len(self.sandbox.received) >= 2:
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
        assert "2 came twice" in answer["note"]


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
