"""Directories and files that are for one user alone: keys, tokens, credentials, the audit trail."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

HOME: Final = ".clerk-mcp"
"""The name of the directory where the server keeps its own unless it is told otherwise."""

_OTHERS: Final = 0o077
_MAY_CHANGE: Final = 0o022


def make_directory(directory: Path) -> None:
    """Make a directory, and those above it that are missing, for their owner alone whatever the umask.

    Raises:
        OSError: it cannot be made.
    """
    missing = [one for one in (directory, *directory.parents) if not one.exists()]
    for one in reversed(missing):
        try:
            one.mkdir(mode=0o700)
        except FileExistsError:
            continue
        one.chmod(0o700)


def in_home(paths: Iterable[Path]) -> list[Path]:
    """List those of some paths that are in the server's own directory, and the directories they are in."""
    own = [path for path in paths if HOME in path.parts[:-1]]
    above = [parent for path in own for parent in path.parents if HOME in parent.parts]
    return list(dict.fromkeys([*reversed(above), *own]))


def open_to_others(path: Path) -> str | None:
    """Say that others than its owner may use a file or directory, and how to end that; None if nobody may."""
    if os.name != "posix":
        return None
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    # Names of files tell nobody anything, and earlier versions let others list them here.
    if not mode & (_MAY_CHANGE if path.name == HOME else _OTHERS):
        return None
    return f"others than its owner may use {path}: chmod {'700' if path.is_dir() else '600'} {path}"
