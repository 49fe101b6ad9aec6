"""One change of a file that belongs to somebody else: shown first, backed up, made whole or not at all."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

BOM: Final = "\ufeff"
_KEYS: Final = re.compile(r"\b(sk_(?:test|live)_)[^\s\"']+")


class CannotChange(Exception):
    """Nothing was changed; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a file holds, and what it shall hold."""

    path: Path
    before: bytes | None
    """None where there is no file."""
    after: str | None
    """None where there shall be none."""

    @property
    def is_none(self) -> bool:
        return self.before == (None if self.after is None else self.after.encode())

    def diff(self) -> str:
        """Return the difference as a unified diff, with Clerk's keys masked: it is for a screen."""
        lines = difflib.unified_diff(
            (self.before or b"").decode().splitlines(keepends=True),
            (self.after or "").splitlines(keepends=True),
            str(self.path) if self.before is not None else os.devnull,
            str(self.path) if self.after is not None else os.devnull,
        )
        return _KEYS.sub(r"\1…", "".join(line if line.endswith("\n") else f"{line}\n" for line in lines))

    def write(self, *, private: bool) -> Path | None:
        """Replace the file at once or not at all.

        Args:
            private: take away everybody else's permission to read it.

        Returns:
            Where the file as it was is kept; None where there was none.

        Raises:
            CannotChange: the file cannot be written, or changed in the meantime.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if _bytes_of(self.path) != self.before:
                raise CannotChange(f"{self.path} changed just now: run this again.")
            backup = self._backup() if self.before is not None else None
            if self.after is None:
                self.path.unlink()
            else:
                _replace(self.path, self.after, self._mode(private))
        except OSError as error:
            reason = error.strerror or str(error)
            raise CannotChange(f"{self.path} cannot be written: {reason}.") from None
        return backup

    def _mode(self, private: bool) -> int:
        mode = stat.S_IMODE(self.path.stat().st_mode) if self.before is not None else 0o644
        return mode & 0o700 if private else mode

    def _backup(self) -> Path:
        moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        backup = self.path.with_name(f"{self.path.name}.{moment}.bak")
        shutil.copy2(self.path, backup)
        return backup


def _replace(path: Path, text: str, mode: int) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(descriptor)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def backups(path: Path) -> list[Path]:
    """Return what `Change.write` kept of a file, the newest first."""
    pattern = re.compile(re.escape(path.name) + r"\.\d{8}-\d{6}-\d{6}\.bak")
    return sorted((p for p in path.parent.iterdir() if pattern.fullmatch(p.name)), reverse=True)


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def read_text(path: Path) -> tuple[bytes | None, str]:
    """Return a file as it is, and its text without a byte-order mark; None and nothing where there is no
    file.

    Raises:
        CannotChange: it cannot be read.
    """
    try:
        before = _bytes_of(path)
        return before, (before or b"").decode().removeprefix(BOM)
    except OSError as error:
        raise CannotChange(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CannotChange(f"{path} is not UTF-8 text: save it as UTF-8.") from None


def refuse_read_only(path: Path) -> None:
    """
    Raises:
        CannotChange: the file is there, and its owner does not let it be written.
    """
    # Replacing a file takes no permission on the file itself; the one it has says whether to.
    if path.exists() and not (path.stat().st_mode & stat.S_IWUSR and os.access(path, os.W_OK)):
        raise CannotChange(
            f"{path} is read-only: allow writing (chmod u+w), or edit it by hand; --print shows the entry."
        )
