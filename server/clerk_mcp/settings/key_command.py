"""A key that a program writes, such as one of a password manager: run without a shell, and never quoted."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import IO, Final

from clerk_mcp.settings.values import MOST_BYTES, SettingsError, at_home, problem_with_key

WITHIN_S: Final = 30.0
"""How long the program may take: somebody may have to unlock a vault, and hosts wait for this server."""


def key_from(command: Sequence[str], place: str, directory: Path) -> str:
    """Run a program, and return the key that it wrote.

    Args:
        command: the program and its arguments; `~` counts in the program's own path.
        place: where it is named, in words.
        directory: what relative paths are meant from.

    Raises:
        SettingsError: it gave no key; what it wrote is not shown, for a key may be in it.
    """
    program = str(at_home(Path(command[0]))) if command[0].startswith("~") else command[0]
    named = f"{place} ({command[0]} …)"
    try:
        process = subprocess.Popen(  # noqa: S603  # the operator's own, from a file that only they can change
            [program, *command[1:]],
            cwd=directory,
            # On stdio the host speaks through ours.
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no program can be called so"
        raise SettingsError(
            f"{named} cannot be run: {reason}. Hosts know few directories of programs: give its whole path"
        ) from None
    try:
        written = _written(process, named)
    finally:
        process.kill()
        process.wait()
    try:
        key = written.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise SettingsError(f"{named} wrote what is no text") from None
    if not key:
        raise SettingsError(f"{named} wrote nothing")
    if problem := problem_with_key(key):
        raise SettingsError(f"{named}: what it wrote {problem}")
    return key


def _written(process: subprocess.Popen[bytes], named: str) -> bytes:
    """Read what a program writes, within bounds.

    Raises:
        SettingsError: it went beyond them, or failed.
    """
    found: list[bytes] = []
    until = time.monotonic() + WITHIN_S
    # In a thread: another process may hold the pipe open after the program itself was killed.
    reader = Thread(target=_read, args=(process.stdout, found), daemon=True)
    reader.start()
    reader.join(WITHIN_S)
    if not found:
        raise SettingsError(f"{named} gave no answer within {WITHIN_S:g} s")
    if len(found[0]) > MOST_BYTES:
        raise SettingsError(f"{named} wrote more than {MOST_BYTES} bytes: it must write the key alone")
    try:
        status = process.wait(max(0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise SettingsError(f"{named} did not end within {WITHIN_S:g} s") from None
    if status:
        raise SettingsError(f"{named} failed with status {status}: run it by hand to see why")
    return found[0]


def _read(pipe: IO[bytes] | None, found: list[bytes]) -> None:
    if pipe is not None:
        with pipe:
            found.append(pipe.read(MOST_BYTES + 1))
