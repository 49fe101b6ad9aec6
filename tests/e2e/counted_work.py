"""How much work a tool call and a listing are, counted in function calls: the same on every machine.

    python -m tests.e2e.counted_work [--write]

The server as shipped, over HTTP's ASGI interface, with a Clerk on loopback that always answers one user.
Prints the Python functions called for one request of each kind; `--write` makes them the figures to keep to.
They are those of Python 3.11: later versions count fewer.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from mcp_types import CLIENT_CAPABILITIES_META_KEY, PROTOCOL_VERSION_META_KEY

from tests.tools.clerk_objects import user

FIGURES = Path(__file__).with_name("counted_work.json")
ONE_USER = json.dumps(user()).encode()
ERAS = (HANDSHAKE, MODERN) = ("2025-11-25", "2026-07-28")
PARAMS: dict[str, dict[str, Any]] = {
    "tools/call": {"name": "Users_getUserDetails", "arguments": {"user_id": user()["id"]}},
    "tools/list": {},
}


class Clerk(BaseHTTPRequestHandler):
    """Answers one user to everything."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(ONE_USER)))
        self.end_headers()
        self.wfile.write(ONE_USER)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def request(era: str, method: str) -> tuple[dict[str, Any], bytes]:
    """The ASGI scope and the body of one request."""
    params = PARAMS[method]
    headers = {
        "host": "127.0.0.1",
        "accept": "application/json, text/event-stream",
        "content-type": "application/json",
        "mcp-protocol-version": era,
    }
    if era == MODERN:
        params = {**params, "_meta": {PROTOCOL_VERSION_META_KEY: era, CLIENT_CAPABILITIES_META_KEY: {}}}
        headers |= {"mcp-method": method} | ({"mcp-name": params["name"]} if "name" in params else {})
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/mcp",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
    }
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return scope, json.dumps(message).encode()


async def served(app: Any, era: str, method: str) -> None:
    """One request through the application; it must succeed."""
    scope, body = request(era, method)
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    assert sent[0]["status"] == 200, sent
    assert '"isError":true' not in sent[1]["body"].decode()


async def functions_called(app: Any, era: str, method: str) -> int:
    """By one request; the least of several, for a wake-up of the event loop may come in between."""
    calls = 0

    def count(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls += event == "call"

    least = sys.maxsize
    for number in range(25):
        # Each comes in a turn of the loop of its own, as over a connection.
        await asyncio.sleep(0)
        calls = 0
        sys.setprofile(count)
        await served(app, era, method)
        sys.setprofile(None)
        # The first ones build what is then remembered.
        least = min(least, calls) if number >= 5 else least
    return least


async def counted(upstream: str) -> dict[str, int]:
    from clerk_mcp.hosting.web import Web
    from clerk_mcp.settings import load
    from clerk_mcp.telemetry import to_stderr

    os.environ |= {"CLERK_SECRET_KEY": "sk_test_counted", "CLERK_API_URL": upstream}
    settings = load({"rate_budget": "off", "calls_per_second": 1e6})
    to_stderr(settings.log_level)
    app = Web(settings).app
    async with app.router.lifespan_context(app):
        found = {
            f"{method} {era}": await functions_called(app, era, method) for method in PARAMS for era in ERAS
        }
        # Twenty at once leave twenty connections to Clerk open, which must cost the next call nothing.
        await asyncio.gather(*(served(app, MODERN, "tools/call") for _ in range(20)))
        found["tools/call beside 20 open connections"] = await functions_called(app, MODERN, "tools/call")
        return found


def main() -> None:
    clerk = ThreadingHTTPServer(("127.0.0.1", 0), Clerk)
    threading.Thread(target=clerk.serve_forever, daemon=True).start()
    found = asyncio.run(counted(f"http://127.0.0.1:{clerk.server_port}/v1"))
    print(json.dumps(found, indent=2))  # noqa: T201 the result is what this prints
    if "--write" in sys.argv:
        FIGURES.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
