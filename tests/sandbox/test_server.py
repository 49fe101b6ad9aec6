"""The sandbox as a server of its own, over real connections on loopback."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx2
import pytest

from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.serve import Server
from tests.sandbox.server import serving


def client_of(server: Server, sandbox: Sandbox) -> httpx2.Client:
    return httpx2.Client(base_url=server.origin, headers={"Authorization": f"Bearer {sandbox.key}"})


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx2.Client]:
    with serving(sandbox) as server, client_of(server, sandbox) as client:
        yield client


def test_the_api_answers_under_v1_as_it_does_in_process(http: httpx2.Client) -> None:
    created = http.post("/v1/users", json={"username": "näh_nicht"})
    assert created.status_code == 422
    created = http.post("/v1/users", json={"username": "over_http", "first_name": "Zoë"})
    assert created.json()["first_name"] == "Zoë"
    (found,) = http.get("/v1/users", params={"username": "over_http"}).json()
    assert found == created.json()
    assert http.get("/users").status_code == 404
    assert http.get("/v1/users", headers={"Authorization": "Bearer no"}).status_code == 401
    empty = http.patch("/v1/instance", json={"test_mode": True})
    assert (empty.status_code, empty.content) == (204, b"")


def test_reset_returns_to_the_seed(http: httpx2.Client) -> None:
    before = http.get("/v1/users/count").json()
    http.post("/v1/users", json={"username": "short_lived"})
    assert http.get("/v1/users/count").json() != before
    assert http.post("/_sandbox/reset").status_code == 204
    assert http.get("/v1/users/count").json() == before


def test_requests_lists_what_was_received(http: httpx2.Client) -> None:
    http.get("/v1/users?limit=3")
    http.post("/v1/nowhere", json={})
    received = http.get("/_sandbox/requests").json()
    assert [(one["method"], one["path"], one["status"]) for one in received] == [
        ("GET", "/v1/users", 200),
        ("POST", "/v1/nowhere", 404),
    ]
    assert received[0]["query"] == {"limit": ["3"]}


def test_a_snapshot_starts_another_sandbox(http: httpx2.Client) -> None:
    http.post("/v1/users", json={"username": "remembered"})
    snapshot = http.get("/_sandbox/snapshot").json()
    other = Sandbox(data=snapshot)
    assert other.instance.user_by("username", "remembered") is not None


@pytest.mark.parametrize(("faults", "executed"), [("reset-before=1", False), ("reset-after=1", True)])
def test_a_reset_breaks_the_connection_without_an_answer(faults: str, executed: bool) -> None:
    sandbox = Sandbox(faults=faults)
    with serving(sandbox) as server, client_of(server, sandbox) as client:
        for _ in range(3):
            with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
                client.post("/v1/users", json={"username": "newcomer"})
    assert (sandbox.instance.user_by("username", "newcomer") is not None) == executed


@pytest.mark.parametrize("length", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
def test_half_a_request_is_never_executed(sandbox: Sandbox, length: bytes) -> None:
    (user, *_) = sandbox.instance.users
    head = f"POST /v1/users/{user['id']}/ban HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sandbox.key}\r\n"
    with serving(sandbox) as server, client_of(server, sandbox) as client:
        with socket.create_connection(server.socket.getsockname()) as connection:
            connection.sendall(head.encode() + length + b"\r\n\r\n")
        for _ in range(3):
            client.get("/v1/users/count")
    assert user["banned"] is False
    assert {request["operation"] for request in sandbox.requests} == {"Users_getTotalCount"}


def test_other_faults_arrive_over_the_wire(sandbox: Sandbox) -> None:
    for faults, status, is_json in (
        ("429=1", 429, True),
        ("truncated=1", 200, False),
        ("garbage=1", 200, False),
    ):
        faulty = Sandbox(faults=faults)
        with serving(faulty) as server, client_of(server, faulty) as client:
            answer = client.get("/v1/users")
        assert answer.status_code == status
        try:
            json.loads(answer.text)
        except json.JSONDecodeError:
            assert not is_json
        else:
            assert is_json


def test_it_listens_on_loopback_only(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="loopback only"):
        Server(sandbox, host="0.0.0.0")


def test_run_prints_the_base_url_and_the_key_and_ends_quietly_when_interrupted() -> None:
    program = "from clerk_sandbox import sandbox, serve; serve.run('127.0.0.1', 0, sandbox.Sandbox())"
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert process.stdout is not None
    base_url = process.stdout.readline().split()[-1]
    key = process.stdout.readline().split()[-1]
    answer = httpx2.get(f"{base_url}/users/count", headers={"Authorization": f"Bearer {key}"})
    assert answer.json()["object"] == "total_count"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in errors
