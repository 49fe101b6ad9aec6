"""What the short ways take of the MCP SDK's insides, which a later version may change without notice.

Only this module imports them. `misfit` says whether the installed SDK is one that they were tested with: it
is asked before a short way is taken, and where it is not, everything goes the SDK's own way.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Final

__all__ = [
    "ERROR_CODE_HTTP_STATUS",
    "MCP_PROTOCOL_VERSION_HEADER",
    "Connection",
    "InboundLadderRejection",
    "RequestBodyLimitMiddleware",
    "ServerMessageMetadata",
    "ServerRunner",
    "TransportContext",
    "cancelled_request_id_from_params",
    "check_accept_headers",
    "classify_inbound_request",
    "coerce_request_id",
    "find_duplicated_routing_header",
    "misfit",
    "modern_error_data",
    "progress_token_from_params",
]

TESTED: Final = ((2, 3), (2, 4))
"""The versions of `mcp` that the short ways were tested with: from the first one on, before the second."""

_missing = ""
try:
    from mcp.server.connection import Connection
    from mcp.server.runner import ServerRunner, modern_error_data
    from mcp.server.streamable_http import check_accept_headers
    from mcp.server.transport_security import RequestBodyLimitMiddleware
    from mcp.shared.dispatcher import coerce_request_id
    from mcp.shared.inbound import (
        ERROR_CODE_HTTP_STATUS,
        MCP_PROTOCOL_VERSION_HEADER,
        InboundLadderRejection,
        classify_inbound_request,
        find_duplicated_routing_header,
    )
    from mcp.shared.jsonrpc_dispatcher import cancelled_request_id_from_params, progress_token_from_params
    from mcp.shared.message import ServerMessageMetadata
    from mcp.shared.transport_context import TransportContext
except ImportError as error:
    _missing = str(error)


def misfit() -> str | None:
    """Say why the short ways do not fit the installed SDK; None where they do."""
    if _missing:
        return _missing
    installed = version("mcp")
    numbers = tuple(int(number) for number in re.findall(r"\d+", installed)[:2])
    first, beyond = TESTED
    return None if first <= numbers < beyond else f"mcp {installed} is not one that they were tested with"
