"""What holds for every request, whatever the operation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from clerk_sandbox.sandbox import LIVE_KEY, Sandbox
from clerk_sandbox.transport import SandboxTransport
from tests.sandbox.clock import Clock

pytestmark = pytest.mark.anyio


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(
        transport=SandboxTransport(sandbox),
        base_url="https://api.clerk.com/v1",
        headers={"Authorization": f"Bearer {sandbox.key}"},
    ) as client:
        yield client


def error_of(response: httpx2.Response) -> tuple[int, str]:
    body = response.json()
    (error,) = body["errors"]
    assert error["message"]
    assert error["long_message"]
    assert isinstance(error["meta"], dict)
    assert len(body["clerk_trace_id"]) == 32
    return response.status_code, error["code"]


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "authorization_header_format_invalid"),
        ("Basic c2s6", "authorization_header_format_invalid"),
        ("Bearer", "authorization_header_format_invalid"),
        ("Bearer sk_test_somebody_else", "clerk_key_invalid"),
        (f"Bearer {LIVE_KEY}", "clerk_key_invalid"),
    ],
)
async def test_a_request_needs_the_instance_s_own_key(
    sandbox: Sandbox, authorization: str | None, code: str
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    async with httpx2.AsyncClient(transport=SandboxTransport(sandbox), headers=headers) as client:
        assert error_of(await client.get("https://api.clerk.com/v1/users")) == (401, code)


async def test_the_interstitial_needs_no_key_and_is_a_page(sandbox: Sandbox) -> None:
    async with httpx2.AsyncClient(transport=SandboxTransport(sandbox)) as client:
        page = await client.get("https://api.clerk.com/v1/public/interstitial?frontendApi=a%22b")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert 'a"b' not in page.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("GET", "/users/u/nothing"),
        ("PUT", "/users"),
        ("DELETE", "/users"),
        ("GET", "/organizations//memberships"),
        ("GET", "/../users"),
    ],
)
async def test_an_unknown_route_is_not_found(http: httpx2.AsyncClient, method: str, path: str) -> None:
    url = httpx2.URL("https://api.clerk.com", raw_path=("/v1" + path).encode())
    assert error_of(await http.request(method, url)) == (404, "resource_not_found")


async def test_an_encoded_slash_stays_inside_its_segment(http: httpx2.AsyncClient) -> None:
    url = httpx2.URL("https://api.clerk.com", raw_path=b"/v1/users/..%2Forganizations")
    missing = await http.get(url)
    assert error_of(missing) == (404, "resource_not_found")
    assert "../organizations" in missing.json()["errors"][0]["long_message"]


async def test_a_fixed_segment_wins_over_an_id(http: httpx2.AsyncClient) -> None:
    assert (await http.get("users/count")).json()["object"] == "total_count"


async def test_an_api_version_that_never_was_is_refused(http: httpx2.AsyncClient) -> None:
    for version in ("2021-02-05", "2025-11-10"):
        assert (await http.get("users", headers={"Clerk-API-Version": version})).status_code == 200
    refused = await http.get("users", headers={"Clerk-API-Version": "2023-01-01"})
    assert error_of(refused) == (400, "api_version_invalid")


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("users", "text/plain"),
        ("users", "application/x-www-form-urlencoded"),
        ("users", "multipart/form-data; boundary=x"),
        ("users/user_x/profile_image", "application/json"),
    ],
)
async def test_a_body_of_the_wrong_content_type_is_refused(
    http: httpx2.AsyncClient, path: str, content_type: str
) -> None:
    refused = await http.post(path, content=b"{}", headers={"Content-Type": content_type})
    assert error_of(refused) == (415, "unsupported_content_type")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b"[]",
        b'"text"',
        b"null",
        b"[{}",
        b'{"first_name":NaN}',
        b'{"first_name":"\\ud800"}',
        b'{"username":"endless","public_metadata":{"n":1e999}}',
        b'{"public_metadata":' + b"[" * 100_000,
        b'{"username":"deep_one","public_metadata":' + b'{"a":' * 100 + b"1" + b"}" * 101,
    ],
)
async def test_a_body_that_is_no_json_object_is_invalid(http: httpx2.AsyncClient, body: bytes) -> None:
    refused = await http.post("users", content=body, headers={"Content-Type": "application/json"})
    assert error_of(refused) == (400, "request_body_invalid")


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"shoe_size": 43}, "form_param_unknown", "shoe_size"),
        ({"first_name": 1}, "form_param_format_invalid", "first_name"),
        ({"email_address": "a@b.example"}, "form_param_format_invalid", "email_address"),
        ({"email_address": ["a@b.example", 5]}, "form_param_format_invalid", "email_address[1]"),
        ({"skip_password_checks": "true"}, "form_param_format_invalid", "skip_password_checks"),
        ({"public_metadata": []}, "form_param_format_invalid", "public_metadata"),
        ({"password_digest": "x", "password_hasher": "rot13"}, "form_param_value_invalid", "password_hasher"),
    ],
)
async def test_body_parameters_are_checked_by_name_type_and_value(
    http: httpx2.AsyncClient, body: dict[str, Any], code: str, param: str
) -> None:
    refused = await http.post("users", json=body)
    assert error_of(refused) == (422, code)
    assert refused.json()["errors"][0]["meta"]["param_name"] == param


async def test_a_required_body_parameter_that_is_missing_is_named(http: httpx2.AsyncClient) -> None:
    for body in (b"", b"{}", b'{"email_address":null}'):
        headers = {"Content-Type": "application/json"}
        refused = await http.post("invitations", content=body, headers=headers)
        assert error_of(refused) == (422, "form_param_missing")
        assert refused.json()["errors"][0]["meta"]["param_name"] == "email_address"


async def test_unknown_query_parameters_are_ignored(http: httpx2.AsyncClient) -> None:
    assert (await http.get("users?colour=green")).json() == (await http.get("users")).json()


@pytest.mark.parametrize("name", ["email_address[]", "email_address[0]"])
async def test_a_bracketed_array_filter_is_ignored_and_everybody_comes_back(
    http: httpx2.AsyncClient, name: str
) -> None:
    everybody = await http.get("users/count")
    bracketed = await http.get("users/count", params={name: "nadia.brandt@fernhill.example"})
    assert bracketed.json() == everybody.json()


async def test_a_limit_above_500_is_quietly_read_as_10(http: httpx2.AsyncClient) -> None:
    assert len((await http.get("users?limit=500")).json()) > 10
    assert len((await http.get("users?limit=501")).json()) == 10


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "form_param_value_invalid"),
        ("limit=-1", "form_param_value_invalid"),
        ("offset=-1", "form_param_value_invalid"),
        ("limit=ten", "form_param_format_invalid"),
    ],
)
async def test_a_page_that_cannot_be_is_refused(http: httpx2.AsyncClient, query: str, code: str) -> None:
    assert error_of(await http.get(f"users?{query}")) == (422, code)


@pytest.mark.parametrize("path", ["sessions", "clients", "invitations"])
async def test_paginated_puts_a_bare_list_into_the_envelope_that_counts(
    http: httpx2.AsyncClient, path: str
) -> None:
    bare = (await http.get(path, params={"limit": 2})).json()
    page = (await http.get(path, params={"limit": 2, "paginated": "true"})).json()
    assert page["data"] == bare
    assert page["total_count"] > 2


async def test_a_user_s_oauth_tokens_are_paginated_too(http: httpx2.AsyncClient) -> None:
    (ingrid,) = (await http.get("users?username=ingrid")).json()
    path = f"users/{ingrid['id']}/oauth_access_tokens/oauth_google"
    bare = (await http.get(path)).json()
    assert (await http.get(f"{path}?paginated=true")).json() == {"data": bare, "total_count": 1}


async def test_what_is_nested_as_deep_as_may_be_does_not_break_what_shows_it(
    sandbox: Sandbox, http: httpx2.AsyncClient
) -> None:
    metadata = b'{"a":' * 99 + b"1" + b"}" * 99
    body = b'{"username":"deep_one","public_metadata":' + metadata + b"}"
    assert (await http.post("users", content=body, headers={"Content-Type": "application/json"})).is_success
    assert "deep_one" in str(sandbox.snapshot())
    assert sandbox.requests[0]["body"]["username"] == "deep_one"


@pytest.mark.parametrize(
    "part",
    [
        b"",
        b"Content-Disposition: form-data; name=file\r\n\r\nhi",
        b"Content-Disposition: form-data; name=other\r\n\r\nhi",
        b"Content-Disposition: form-data; name=file\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 2000,
    ],
    ids=["empty", "no-image", "other-field", "mail-in-mail"],
)
async def test_a_form_without_an_image_is_refused(http: httpx2.AsyncClient, part: bytes) -> None:
    (user,) = (await http.get("users?limit=1")).json()
    refused = await http.post(
        f"users/{user['id']}/profile_image",
        content=b"--x\r\n" + part + b"\r\n--x--",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert error_of(refused)[0] in (400, 422)


async def test_users_stay_a_bare_list_even_paginated(http: httpx2.AsyncClient) -> None:
    assert isinstance((await http.get("users?paginated=true")).json(), list)


async def test_an_operation_that_was_retired_is_gone(clock: Clock) -> None:
    snapshot = Sandbox(clock=clock).snapshot()
    snapshot["settings"]["retired_operations"] = ["Clients_listSortedByCreationDate"]
    sandbox = Sandbox(data=snapshot, clock=clock)
    async with httpx2.AsyncClient(
        transport=SandboxTransport(sandbox), headers={"Authorization": f"Bearer {sandbox.key}"}
    ) as client:
        gone = await client.get("https://api.clerk.com/v1/clients")
    assert error_of(gone) == (410, "operation_deprecated")


async def test_every_answer_has_a_trace_id_of_its_own(http: httpx2.AsyncClient) -> None:
    ids = {(await http.get("users/nobody")).json()["clerk_trace_id"] for _ in range(3)}
    assert len(ids) == 3


async def test_the_sandbox_remembers_what_it_received_but_not_the_key(
    sandbox: Sandbox, http: httpx2.AsyncClient
) -> None:
    await http.post("users?a=1&a=2", json={"username": "newcomer"})
    (received,) = sandbox.requests
    assert received["method"] == "POST"
    assert received["path"] == "/v1/users"
    assert received["query"] == {"a": ["1", "2"]}
    assert received["body"] == {"username": "newcomer"}
    assert received["operation"] == "Users_createNewUser"
    assert received["status"] == 200
    assert sandbox.key not in str(received)
