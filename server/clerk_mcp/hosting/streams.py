"""When event streams end while a server drains: after the answers that are still to come on them.

The SDK streams with sse-starlette, which ends every stream as soon as uvicorn is asked to stop, and with it
the answers that are still to come. Its `AppStatus`, tested with sse-starlette 3.2 to 3.7, has a switch for
that. A version without it (before 3.2) ends streams at once: draining then protects only what is
answered without a stream.
"""

from __future__ import annotations

import logging
from typing import Final

try:
    from sse_starlette.sse import AppStatus
except ImportError:  # pragma: no cover
    AppStatus = None  # type: ignore[assignment,misc]

_log = logging.getLogger(__name__)

_SWITCHES: Final = ("enable_automatic_graceful_drain", "should_exit")


def can_be_kept() -> bool:
    """Tell whether this sse-starlette leaves it to us when streams end."""
    return all(hasattr(AppStatus, switch) for switch in _SWITCHES)


def keep_streams() -> None:
    """Let event streams go on when the server is asked to stop, until `end_streams`."""
    if not can_be_kept():
        _log.warning("this sse-starlette ends event streams at once when the server is asked to stop")
        return
    AppStatus.enable_automatic_graceful_drain = False
    AppStatus.should_exit = False


def end_streams() -> None:
    """End all event streams of this process."""
    if can_be_kept():
        AppStatus.should_exit = True
