"""Whether a connection holds bytes that came after the end of an answer.

Such bytes would be read as the answer to the next request on the connection. httpx2 does not tell of them, so
this looks into `httpcore2`, tested with 2.16, where h11 keeps what it has received and not parsed. What comes
later than that is httpcore2's own business: it uses no idle connection that has become readable.

Where the inside has changed nobody can tell, and `Connections` keeps no connection: slower, but safe.
"""

from __future__ import annotations

from typing import Any, Final

import httpx2

_PATH: Final = ("_pool", "connections", "_connection", "_h11_state", "trailing_data")
"""From a transport to its one connection, direct or through a proxy, and to h11's unparsed bytes."""


class Unknowable(Exception):
    """This httpcore2 is another inside than the one that is looked into here."""


def has_leftovers(transport: httpx2.AsyncBaseTransport) -> bool:
    """Look whether anything followed the last answer that a transport brought; it has one connection at most.

    Raises:
        Unknowable: nobody can tell.
    """
    pool, connections, inner, state, trailing = _PATH
    try:
        held: list[Any] = getattr(getattr(transport, pool), connections)
        return any(_bytes_of(getattr(getattr(one, inner), state), trailing) for one in held)
    except (AttributeError, TypeError, ValueError) as changed:
        raise Unknowable from changed


def _bytes_of(state: Any, trailing: str) -> bool:
    data, ended = getattr(state, trailing)
    if not isinstance(data, bytes):
        raise TypeError("trailing data is no bytes any more")
    return bool(data) or bool(ended)
