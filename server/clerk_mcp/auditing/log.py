"""The audit trail: what was done to Clerk, by whom, with whose consent.

One file of JSON lines that any number of processes append to. A write leaves a line before it is made and
one after it, tied by `entry`; a read leaves one line after it; a call that was not made leaves one line that
says why. A `before` without an `after` means that nobody knows how the call ended.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, cast

import anyio.to_thread

from clerk_mcp.answering import is_usable
from clerk_mcp.offering import Refused
from clerk_mcp.upstream import Failure, Reply
from clerk_tools.argument import Place
from clerk_tools.credentials import holds_credential, is_credential_name
from clerk_tools.operation import Effect, Operation, Spec

_log = logging.getLogger(__name__)

MASK: Final = "[masked]"

Stage = Literal["before", "after", "only"]

NotMade = Literal["refused", "previewed", "declined", "cancelled"]
"""Why a call was not made."""

TAKEN: Final = "taken"
"""The outcome of a line that is no call: a person has fetched the credential that one had made."""

Outcome = Literal["ok", "error", "not_run", "unknown", "taken"] | NotMade
"""`ok` and `error` are Clerk's answers; `not_run` never reached Clerk; `unknown` may have been executed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One call, as far as its audit trail knows it before the call ends."""

    id: str
    spec: Spec
    head: dict[str, Any]
    """Who, what, to which target, with what, and who agreed."""
    is_read: bool
    started: float = field(default_factory=time.monotonic)


class AuditLog:
    """Appends to one file. Opened anew for each line, so that a file moved away or deleted is noticed."""

    def __init__(self, path: Path, instance: str | None = None) -> None:
        """`instance` is what each line calls the instance that the call was for."""
        self.path = path
        self._instance = instance

    def check(self) -> None:
        """Make the file if there is none; for the start of a server.

        Raises:
            Refused: `audit_unavailable`, with the reason.
        """
        try:
            _append(self.path, b"")
        except OSError as error:
            raise _unavailable(self.path, error) from None

    async def before(
        self,
        operation: Operation,
        *,
        session: str,
        caller: str,
        confirmation: str,
        was: Mapping[str, Any] | None = None,
        run: str | None = None,
    ) -> Entry:
        """Record a call that is about to be made.

        Args:
            confirmation: who or what agreed to it.
            was: for an update, the fields that it changes as they were; see `clerk_mcp.auditing.undoing`.
            run: the id of the run that the call belongs to.

        Raises:
            Refused: `audit_unavailable`: the line of a write is not safely on disk, so it must not be made.
        """
        entry = self._entry(operation, session, caller, confirmation)
        if was is not None:
            entry.head["was"] = masked(was)
        if run is not None:
            entry.head["run"] = run
        if not entry.is_read:
            try:
                await self._write("before", entry, {})
            except OSError as error:
                raise _unavailable(self.path, error) from None
        return entry

    async def after(self, entry: Entry, result: Reply | Failure) -> None:
        """Record how a call ended. The call was made: what goes wrong here is logged, never raised."""
        tail: dict[str, Any] = {"outcome": outcome_of(entry.spec, result)}
        if isinstance(result, Reply):
            tail |= {"status": result.status, "trace_id": result.trace_id, "made": _made(entry, result)}
        else:
            tail["error"] = result.code
        tail = {name: value for name, value in tail.items() if value is not None}
        tail["ms"] = round((time.monotonic() - entry.started) * 1000)
        await self._note("only" if entry.is_read else "after", entry, tail)

    async def not_made(
        self, call: Operation | Spec, *, session: str, caller: str, outcome: NotMade, reason: str
    ) -> None:
        """Record a call that was stopped before Clerk heard of it; a `Spec` if its arguments are unread."""
        entry = self._entry(call, session, caller, confirmation=reason)
        await self._note("only", entry, {"outcome": outcome})

    def _entry(self, call: Operation | Spec, session: str, caller: str, confirmation: str) -> Entry:
        spec = call if isinstance(call, Spec) else call.spec
        effect = spec.effect if isinstance(call, Spec) else call.actual_effect()
        given = {} if isinstance(call, Spec) else call.model_dump(mode="json", exclude_unset=True)
        head = {
            **({"instance": self._instance} if self._instance else {}),
            "session": session,
            "caller": caller,
            "operation": spec.id,
            "effect": effect.value,
            "target": _target(spec, given),
            "arguments": _arguments(spec, given),
            "confirmation": confirmation,
        }
        return Entry(secrets.token_hex(6), spec, head, effect is Effect.READ)

    async def taken(self, spec: Spec, *, caller: str, by: str, of: str) -> None:
        """Record that somebody fetched a credential.

        Args:
            caller: who had it made.
            by: who fetched it, in words.
            of: the id of the record that it is of; empty where there is none.

        Raises:
            Refused: `audit_unavailable`: it must not be shown.
        """
        entry = self._entry(spec, "credentials", caller, confirmation=f"fetched by {by}")
        entry.head["target"] = {"id": of} if of else {}
        try:
            await self._write("only", entry, {"outcome": TAKEN})
        except OSError as error:
            raise _unavailable(self.path, error) from None

    async def _note(self, stage: Stage, entry: Entry, tail: dict[str, Any]) -> None:
        try:
            await self._write(stage, entry, tail)
        except OSError as error:
            _log.error("audit line %s of %s could not be written: %s", stage, entry.id, error.strerror)

    async def _write(self, stage: Stage, entry: Entry, tail: dict[str, Any]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        head = {"operation": entry.spec.id} if stage == "after" else entry.head
        line = {"time": now, "entry": entry.id, "stage": stage, **head, **tail}
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        # Shielded: a cancelled call still happened, or still must not happen unrecorded.
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(_append, self.path, data)


def outcome_of(spec: Spec, result: Reply | Failure) -> Outcome:
    """Return what is known of a call's fate."""
    if isinstance(result, Failure):
        return "ok" if result.outcome == "done" else result.outcome
    if result.is_error:
        return "unknown" if result.outcome_unknown else "error"
    if is_usable(spec, result):
        return "ok"
    # A redirect or a proxy's page is no word of Clerk's, so that nobody knows whether a write was executed.
    return "error" if spec.effect is Effect.READ else "unknown"


def masked(value: Any) -> Any:
    """Copy a JSON value without credentials, known by their name or their form, at any depth."""
    if isinstance(value, Mapping):
        return {
            name: MASK if inner and is_credential_name(str(name)) else masked(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    if isinstance(value, str) and holds_credential(value):
        return MASK
    return value


def _target(spec: Spec, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the call is about: everything in its path, and the ids beside it."""
    about = [a.name for a in spec.arguments if a.place is Place.PATH or a.name.endswith("_id")]
    return {name: given[name] for name in about if given.get(name) is not None}


def _arguments(spec: Spec, given: Mapping[str, Any]) -> dict[str, Any]:
    shown = dict(given)
    for argument in spec.arguments:
        if argument.name in given and argument.name in spec.private:
            shown[argument.name] = MASK
        elif argument.name in given and argument.place is Place.FILE:
            shown[argument.name] = f"[{len(given[argument.name])} characters]"
    return cast(dict[str, Any], masked(shown))


def _made(entry: Entry, reply: Reply) -> str | None:
    """Return the id of what a write created: the answer's, where the call was not about it already."""
    made = reply.value.get("id") if isinstance(reply.value, dict) and not entry.is_read else None
    return made if isinstance(made, str) and made not in entry.head["target"].values() else None


def _unavailable(path: Path, error: OSError) -> Refused:
    return Refused(
        "audit_unavailable",
        f"The audit log {path} cannot be written ({error.strerror}), and no change is made without it.",
        "Reading still works. The operator must make the file writable again; nothing was sent to Clerk.",
    )


def _append(path: Path, data: bytes) -> None:
    """Put whole lines on disk. One `write` to a file opened for appending is not split by other processes."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    # A link could lead the trail elsewhere. Windows has the second flag only: line ends stay as they are.
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "not a regular file")
        if status.st_size:
            os.lseek(descriptor, -1, os.SEEK_END)
            if os.read(descriptor, 1) != b"\n":
                # Somebody was stopped in the middle of a line, by a full disk for instance.
                data = b"\n" + data
        if os.write(descriptor, data) != len(data):
            raise OSError(0, "the disk is full")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
