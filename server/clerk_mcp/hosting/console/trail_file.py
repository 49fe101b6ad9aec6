"""One server's trail, as the console looks at it: what of it is shown, and who may take calls back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread
from starlette.requests import Request

from clerk_mcp.auditing import RecordedCall
from clerk_mcp.hosting.signin import may
from clerk_mcp.protocol import IDENTITY

_READERS = 2
"""Searches of the trail at once: each reads megabytes, in a thread."""

T = TypeVar("T")


class TrailFile:
    """The file, and the rules of who sees what of it."""

    def __init__(self, path: Path, instance: str | None, *, apart: bool) -> None:
        """
        Args:
            instance: how the trail names the one that this server reaches, where it names any.
            apart: whether who may see the calls of this instance may see those of no other.
        """
        self.path = path
        self._instance = instance
        self._apart = apart
        self._readers = anyio.Semaphore(_READERS)

    async def look(self, search: Callable[[Path], T]) -> T:
        """Read the file in a thread.

        Raises:
            OSError: it cannot be read.
        """
        async with self._readers:
            return await anyio.to_thread.run_sync(search, self.path)

    def is_shown(self, call: RecordedCall) -> bool:
        """Tell whether those who look here may see a call."""
        return not self._apart or call.get("instance") == self._instance

    def made_elsewhere(self, call: RecordedCall) -> str:
        """Say that a call was made on an instance that is not reached here; empty where it was not."""
        there = call.get("instance")
        if there in (None, self._instance):
            return ""
        return f"It was made on {there}, which this server does not reach."

    def why_not(self, request: Request, entry: str) -> str:
        """Tell why whoever looks may not take a call or a run back here; empty where they may."""
        if request.scope[IDENTITY].scopes is None:
            return (
                "Here everybody on this machine may look, and nobody may change. Take it back in a terminal:"
                f" {self.command(entry)} --yes. Or serve with --auth bearer, and sign in with a token that"
                " has the scopes console and write."
            )
        return "" if may(request, "clerk:write") else "Your token lacks the scope write."

    def command(self, entry: str) -> str:
        """Return the command that shows what taking a call or a run back would do."""
        return f"clerk-mcp audit {self.path} --undo {entry}"

    def unreadable(self, error: OSError) -> str:
        """Say that the file cannot be read."""
        return f"The trail {self.path} cannot be read: {error.strerror}."
