"""The upstream of every measurement: one user, a page of 500, and nothing that takes time.

    python -m bench.upstream PORT

A bare ASGI function in a process of its own; what it answers is made once.
"""

import json
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

from tests.tools.clerk_objects import user

USER_ID = user(0)["id"]
ONE_USER = json.dumps(user(0), separators=(",", ":")).encode()
PAGE_OF_USERS = json.dumps([user(seed) for seed in range(500)], separators=(",", ":")).encode()

Message = MutableMapping[str, Any]


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """`GET …/users/…` answers one user, `GET …/users` five hundred."""
    if scope["type"] != "http":
        return
    body = PAGE_OF_USERS if scope["path"].endswith("/users") else ONE_USER
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    # As Clerk's edge does, it keeps idle connections for longer than anybody waits for their turn here.
    uvicorn.run(
        app,
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=600,
    )
