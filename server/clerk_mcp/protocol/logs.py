"""Log lines for clients that ask: by `logging/setLevel` up to 2025-11-25, now by a key of each request.

MCP has marked this as going away, in favour of stderr and OpenTelemetry, which this server has as well: it is
here for hosts that show it. A client gets what its own tool calls had logged, before their answers.
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final

import mcp_types as types

from clerk_mcp.protocol.identity import SESSION, Context

_LEVELS: Final[dict[str, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "notice": logging.INFO + 5,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "alert": logging.CRITICAL,
    "emergency": logging.CRITICAL,
}
_NAMES: Final[dict[int, types.LoggingLevel]] = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warning",
    logging.ERROR: "error",
    logging.CRITICAL: "critical",
}
_MOST_LINES: Final = 100
"""Of one tool call; a run over a thousand items would send as many."""
_MOST_SESSIONS: Final = 2000
"""Whose levels are kept, the latest."""
_STDIO: Final = "stdio"

_lines: ContextVar[list[logging.LogRecord] | None] = ContextVar("clerk_mcp_log_lines", default=None)
"""Where the lines of this call go; None where nobody asked for them."""


class _Collector(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        lines = _lines.get()
        if lines is not None and len(lines) < _MOST_LINES:
            lines.append(record)


_COLLECTOR: Final = _Collector()


class ClientLogs:
    """The levels that clients have asked for, and the lines on their way to them."""

    def __init__(self) -> None:
        self._levels: OrderedDict[str, int] = OrderedDict()

    async def set_level(self, context: Context, params: types.SetLevelRequestParams) -> types.EmptyResult:
        """Answer `logging/setLevel`. Without a session there is nothing to keep it for, and no way back."""
        if session := _session(context):
            self._levels[session] = _LEVELS[params.level]
            self._levels.move_to_end(session)
            if len(self._levels) > _MOST_SESSIONS:
                self._levels.popitem(last=False)
        return types.EmptyResult()

    def level(self, context: Context) -> int | None:
        """Return the lowest level that the sender of this request wants to see; None for no lines at all."""
        asked = context.meta.get(types.LOG_LEVEL_META_KEY) if context.meta else None
        if asked is not None:
            return _LEVELS.get(str(asked))
        return self._levels.get(_session(context) or "") if self._levels else None

    @asynccontextmanager
    async def told(self, context: Context, level: int) -> AsyncIterator[None]:
        """Send a client what is logged within, at its end."""
        logger = logging.getLogger("clerk_mcp")
        if _COLLECTOR not in logger.handlers:
            logger.addHandler(_COLLECTOR)
        lines: list[logging.LogRecord] = []
        before = _lines.set(lines)
        try:
            yield
        finally:
            _lines.reset(before)
            for record in lines:
                if record.levelno >= level:
                    await context.session.send_notification(_notification(record), context.request_id)


def _session(context: Context) -> str | None:
    return context.request.scope.get(SESSION) if context.request else _STDIO


def _notification(record: logging.LogRecord) -> types.LoggingMessageNotification:
    # Without the traceback, which may hold anything: that is for the operator alone.
    text = record.getMessage()
    return types.LoggingMessageNotification(
        params=types.LoggingMessageNotificationParams(
            level=_NAMES.get(record.levelno, "info"), logger=record.name, data=_data(text)
        )
    )


def _data(text: str) -> Any:
    """Return a line as it is, or the object that it writes out."""
    if text.startswith("{"):
        try:
            return json.loads(text)
        except ValueError:
            pass
    return text
