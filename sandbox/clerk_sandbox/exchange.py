"""One request to the sandbox and its answer as bytes, with whatever failure is due."""

from collections.abc import Mapping
from dataclasses import dataclass

import anyio

from clerk_sandbox.faults import REFUSALS
from clerk_sandbox.sandbox import Sandbox

GARBAGE = b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"


class ConnectionReset(Exception):
    """The connection breaks here; `executed` says whether the request took effect."""

    def __init__(self, executed: bool) -> None:
        super().__init__(
            "connection reset " + ("after" if executed else "before") + " the request took effect"
        )
        self.executed = executed


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """An answer as bytes, as both the transport and the server send it."""

    status: int
    headers: dict[str, str]
    body: bytes


async def exchange(
    sandbox: Sandbox, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> WireAnswer:
    """Answer one request, with whatever failure is due.

    Raises:
        ConnectionReset: the caller has to break the connection.
    """
    fault = sandbox.faults.draw() if sandbox.faults else None
    kind = fault.kind if fault else ""
    if kind == "reset-before":
        raise ConnectionReset(executed=False)
    refusal = sandbox.faults.refusal(kind) if sandbox.faults and kind in REFUSALS else None
    answer = sandbox.handle(method, path, query, headers, body, refusal=refusal)
    # Now, because the answer refers to state that the next request may change.
    content, content_type = answer.body, answer.content_type
    if kind == "reset-after":
        raise ConnectionReset(executed=True)
    if fault and fault.delay_s:
        await anyio.sleep(fault.delay_s)
    if kind == "truncated":
        content = content[: len(content) // 2]
    elif kind == "garbage":
        content, content_type = GARBAGE, "text/html"
    sent = {
        "content-length": str(len(content)),
        **{name.lower(): value for name, value in answer.headers.items()},
    }
    if content:
        sent["content-type"] = content_type
    return WireAnswer(answer.status, sent, content)
