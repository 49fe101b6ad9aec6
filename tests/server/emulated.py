"""Another platform, as far as it can be had on this one: what the product's own modules see of it.

    python -c "from tests.server.emulated import become; become('win32'); …"

Only imports made by the product's packages are answered differently, so that the standard library and the
packages of others go on with the platform that is really there. Emulated are the names of the platform,
functions, flags and signals that it lacks, modules that it has not or has alone, line ends, the encoding of
text files and pipes, and an event loop that cannot handle signals. Not emulated are drive letters, files that
cannot be replaced while they are open, and the console.
"""

from __future__ import annotations

import asyncio
import builtins
import io
import os
import signal
import sys
import warnings
from types import ModuleType
from typing import Any, Final

OURS: Final = ("clerk_mcp", "clerk_sandbox", "clerk_tools")
ABSENT_MODULES: Final = {
    "win32": {"fcntl", "grp", "pwd", "resource", "termios", "uvloop"},
    "darwin": set[str](),
}
ABSENT_NAMES: Final = {
    "win32": {
        "os": {
            *("O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK"),
            *("chown", "fchmod", "fchown", "fork", "get_blocking", "geteuid", "getpgid", "getuid", "killpg"),
            *("mkfifo", "set_blocking"),
        },
        "signal": {"SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGUSR1", "setitimer"},
    },
    "darwin": {"os": {"O_PATH", "sched_getaffinity"}, "signal": {"SIGRTMIN"}},
}
LINE_END: Final = {"win32": "\r\n", "darwin": "\n"}


class Seen(ModuleType):
    """A module as the other platform has it."""

    def __init__(self, real: ModuleType, absent: set[str], **instead: Any) -> None:
        super().__init__(real.__name__)
        vars(self).update(_real=real, _absent=absent, _instead=instead)

    def __getattr__(self, name: str) -> Any:
        if name in self._absent:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} on this platform")
        if name in self._instead:
            return self._instead[name]
        return getattr(self._real, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._real, name, value)


def become(platform: str) -> None:
    """Let the product's modules, none of which may have been imported yet, run on another platform."""
    assert not any(name.partition(".")[0] in OURS for name in sys.modules), "too late"
    absent = ABSENT_NAMES[platform]
    seen = {
        "sys": Seen(sys, set(), platform=platform),
        "os": Seen(
            os,
            absent["os"],
            name="nt" if platform == "win32" else "posix",
            linesep=LINE_END[platform],
            supports_dir_fd=set[object](),
        ),
        "signal": Seen(signal, absent["signal"]),
        **({"msvcrt": _msvcrt()} if platform == "win32" else {}),
    }
    really = builtins.__import__

    def imported(name: str, globals: Any = None, *more: Any, **options: Any) -> Any:
        importer = str((globals or {}).get("__name__", "")).partition(".")[0]
        if importer not in OURS:
            return really(name, globals, *more, **options)
        if name in ABSENT_MODULES[platform]:
            raise ModuleNotFoundError(f"No module named {name!r} on this platform", name=name)
        return seen[name] if name in seen else really(name, globals, *more, **options)

    builtins.__import__ = imported
    _write_lines_as(LINE_END[platform])
    # Elsewhere a text file without a named encoding is read in whatever the user's language has.
    warnings.filterwarnings("error", category=EncodingWarning)
    if platform == "win32":
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding="cp1252")
        _handle_no_signals()


def _msvcrt() -> ModuleType:
    """Make what Windows locks files with, of what is here."""
    import fcntl

    module = ModuleType("msvcrt")
    vars(module).update(
        LK_NBLCK=2, locking=lambda descriptor, *_: fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    )
    return module


def _write_lines_as(line_end: str) -> None:
    really = io.open

    def opened(file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None,
               newline: Any = None, closefd: bool = True, opener: Any = None) -> Any:  # fmt: skip
        text = "b" not in mode
        if text and newline is None and set(mode) & set("wax+"):
            newline = line_end
        return really(file, mode, buffering, encoding, errors, newline, closefd, opener)

    builtins.open = io.open = opened


def _handle_no_signals() -> None:
    def refuse(*_: object) -> None:
        raise NotImplementedError

    for name in ("add_signal_handler", "remove_signal_handler"):
        setattr(asyncio.SelectorEventLoop, name, refuse)
