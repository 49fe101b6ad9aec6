"""How long a caller of many at once waits, and how they are told meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

ANSWER_WITHIN_S: Final = 45.0
"""Seconds after which no further page is asked for: many hosts give a tool a minute."""

Progress = Callable[[float, float | None, str], Awaitable[None]]
"""Told how far a call is: records so far, of how many where that is known, and in words."""
