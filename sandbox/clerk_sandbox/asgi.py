"""The sandbox as an ASGI app: Clerk's API under /v1, and three routes of the sandbox's own.

`POST /_sandbox/reset` returns to the seed, `GET /_sandbox/requests` lists what was received, and
`GET /_sandbox/snapshot` answers the whole state. They take no key: the server listens on loopback only.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from clerk_sandbox.exchange import ConnectionReset, WireAnswer, exchange
from clerk_sandbox.sandbox import Sandbox

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

ABORT = "clerk_sandbox.abort"
"""Where in a scope the server puts the function that breaks the connection."""


def make_app(sandbox: Sandbox) -> App:
    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        body = await read_all(receive)
        if body is None:
            return
        method, path = scope["method"], scope["raw_path"].decode("latin-1").partition("?")[0]
        own = own_route(sandbox, method, path)
        if own is None:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            try:
                own = await exchange(
                    sandbox, method, path, scope["query_string"].decode("latin-1"), headers, body
                )
            except ConnectionReset:
                scope[ABORT]()
                # The server calls an app that returns without an answer broken, unless the client is gone.
                await receive()
                return
        await send(
            {
                "type": "http.response.start",
                "status": own.status,
                "headers": [(name.encode(), value.encode()) for name, value in own.headers.items()],
            }
        )
        await send({"type": "http.response.body", "body": own.body})

    return app


def own_route(sandbox: Sandbox, method: str, path: str) -> WireAnswer | None:
    match method, path:
        case "POST", "/_sandbox/reset":
            sandbox.reset()
            return WireAnswer(204, {}, b"")
        case "GET", "/_sandbox/requests":
            return as_json(sandbox.requests)
        case "GET", "/_sandbox/snapshot":
            return as_json(sandbox.snapshot())
        case _:
            return None


def as_json(value: Any) -> WireAnswer:
    body = json.dumps(value).encode()
    return WireAnswer(200, {"content-type": "application/json", "content-length": str(len(body))}, body)


async def read_all(receive: Receive) -> bytes | None:
    """Return the body, or None where the caller went away before the end of it: half a request is never
    executed."""
    chunks = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


async def lifespan(receive: Receive, send: Send) -> None:
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": message["type"] + ".complete"})
    await send({"type": "lifespan.shutdown.complete"})
