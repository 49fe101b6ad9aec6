"""Finding out what a call that destroys would hit, by the few reads that its operation asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from clerk_mcp.upstream import Reply, Unanswered
from clerk_tools.argument import Place
from clerk_tools.hits import MOST_READS, Hit, shown
from clerk_tools.operation import Effect, Operation

SendRead = Callable[[Operation], Awaitable[Reply]]
"""Runs one operation that reads; may raise `Unanswered`."""


class TargetMissing(Exception):
    """Clerk answered 404 for the very thing that was to be destroyed."""

    def __init__(self, reply: Reply) -> None:
        super().__init__("the target does not exist")
        self.reply = reply


class _Reads:
    """The reads that one question may make: a `Look`."""

    def __init__(self, read: SendRead) -> None:
        self._read = read
        self._left = MOST_READS
        self.complete = True

    async def at(self, operation: Operation | None, *, is_target: bool = False) -> Any:
        """Read; see `Look`.

        Raises:
            TargetMissing: `is_target`, and Clerk does not know it.
        """
        if not self._left:
            return None
        self._left -= 1
        try:
            reply = await self._read(operation) if operation else None
        except Unanswered:
            reply = None
        if reply is not None and is_target and reply.status == 404:
            raise TargetMissing(reply)
        if reply is None or reply.is_error or reply.value is None:
            self.complete = False
            return None
        return reply.value


async def find_hit(operation: Operation, read: SendRead) -> Hit:
    """Return what `operation`, which destroys, would hit.

    Raises:
        TargetMissing: there is no such thing.
    """
    look = _Reads(read)
    found = await operation.hit(look)
    ids = shown_ids(operation)
    named = f"{found.target}, {ids}" if found.target and ids else found.target or ids or "the instance"
    complete = look.complete and bool(found.target)
    shown = replace(found, target=named, complete=complete, harmless=found.harmless and complete)
    return shown if shown.harmless else shown.and_also(_changes(operation))


def _changes(operation: Operation) -> str:
    """Return what else an update does than destroy, as a clause."""
    if operation.spec.effect is not Effect.WRITE:
        return ""
    given = [a for a in operation.spec.arguments if a.name in operation.model_fields_set]
    others = [a.name for a in given if a.place is Place.BODY and not operation.endangers(a)]
    return f"changes {', '.join(others)}" if others else ""


def shown_ids(operation: Operation) -> str:
    """Return the path arguments as they were given."""
    values = [getattr(operation, a.name) for a in operation.spec.arguments if a.place is Place.PATH]
    return " / ".join(shown(value) for value in values)
