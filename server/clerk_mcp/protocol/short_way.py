"""What the short ways over HTTP and over stdio share: one request, handed to its handler and answered.

Between a request and its handler the SDK puts streams, tasks, a dispatcher and, over stdio, threads; most of
the time of a call goes there. `tools/call` and `tools/list` need none of it. Imported only where `misfit` has
nothing to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import anyio
from mcp.server.lowlevel import Server
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp_types import JSONRPCError, JSONRPCRequest, JSONRPCResponse, RequestId

from clerk_mcp.protocol.insides import (
    Connection,
    InboundLadderRejection,
    ServerMessageMetadata,
    ServerRunner,
    TransportContext,
    classify_inbound_request,
    modern_error_data,
)

METHODS: Final = ("tools/call", "tools/list")
"""What goes the short way."""


@dataclass(eq=False)
class Exchange:
    """The SDK's `DispatchContext` of a request to which one answer goes back and nothing else can."""

    transport: TransportContext
    request_id: RequestId
    message_metadata: ServerMessageMetadata | None = None
    cancel_requested: anyio.Event = field(default_factory=anyio.Event)
    can_send_request: bool = False

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> NoReturn:
        raise NoBackChannelError(method)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Drop a notification, as the SDK does where it has no way to the client."""

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Drop it as well."""


def connection_of_envelope(
    asked: JSONRPCRequest, headers: Mapping[str, str] | None = None
) -> Connection | None:
    """Read what a request of 2026-07-28 says of its client; None where it says so wrongly."""
    route = classify_inbound_request({"method": asked.method, "params": asked.params}, headers=headers)
    if isinstance(route, InboundLadderRejection):
        return None
    return Connection.from_envelope(route.protocol_version, route.client_info, route.client_capabilities)


async def answer(
    server: Server[Any], asked: JSONRPCRequest, connection: Connection, exchange: Exchange
) -> JSONRPCResponse | JSONRPCError:
    """Have the server handle one request.

    Args:
        server: its lifespan must yield nothing, for requests here see none of it.
        connection: what is known of the client.
        exchange: the way back to it, beside the answer.
    """
    try:
        # The SDK's `serve_one` closes the connection's stack of clean-ups as well. Nothing of ours stands
        # there, and to open and close a shielded scope for it takes 20 µs.
        runner = ServerRunner(server, connection, None)
        result = await runner.on_request(exchange, asked.method, asked.params)
    except Exception as problem:  # noqa: BLE001 the SDK logs what it does not know
        return JSONRPCError(jsonrpc="2.0", id=asked.id, error=modern_error_data(problem))
    return JSONRPCResponse(jsonrpc="2.0", id=asked.id, result=result)
