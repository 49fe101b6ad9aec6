"""The first minutes of somebody new, really run, as text.

    python docs/recording.py

Builds the wheel, installs it in an empty home, runs `STEPS` there on a terminal, and writes what it showed
into `docs/first-minutes.md`. Needs `uv`, and packages that can be installed.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "first-minutes.md"
HOME: Final = "/home/ada"
"""What the recording shows in place of the home it was made in."""

_ESCAPES: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")
_SPINNER: Final = re.compile(r"(\r?[⠀-⣿][^\r\n]*)+(\r\n|\r)?")
_USER: Final = "user_NkcW5iI4vh3BRFjH2UQYbvuky02"


@dataclass(frozen=True)
class Step:
    """One command, and what is typed while it runs."""

    command: str
    typed: str = ""


INSTALLING: Final = Step('uv tool install --quiet "clerk-mcp[cli]"')
STEPS: Final = (
    Step("clerk-mcp doctor --sandbox"),
    Step("clerk-mcp tools --toolsets sessions"),
    Step("clerk-mcp call --sandbox Users_listSortedByCreationDate query=helen limit=1"),
    Step("clerk-mcp call --sandbox Users_listSortedByCreationDate email=helen limit=501"),
    Step(f"clerk-mcp call --sandbox Users_getUserDetails user_id={_USER}1"),
    Step(f"clerk-mcp call --sandbox --confirm always Users_deleteUserById user_id={_USER}", typed="n\n"),
    Step("clerk-mcp install claude-desktop --sandbox --dry-run"),
)


def run(step: Step, home: Path, environ: Mapping[str, str]) -> str:
    """What a terminal of 100 columns shows of a command, the command itself first."""
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        ["/bin/bash", "-c", step.command],
        cwd=home,
        env={**environ, "HOME": str(home), "TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    if step.typed:
        os.write(main, step.typed.encode())
    shown = b"".join(_chunks(main))
    os.close(main)
    process.wait()
    text = _SPINNER.sub("", _ESCAPES.sub("", shown.decode())).replace("\r\n", "\n").replace(str(home), HOME)
    if step.typed:
        # The terminal echoes what waits in it before anybody asked for it.
        text = text.removeprefix(step.typed).replace("[y/N]: ", f"[y/N]: {step.typed}")
    lines = [line.rstrip() for line in text.strip("\r\n").split("\n")]
    return "\n".join([f"$ {step.command}", *lines]).rstrip()


def _chunks(terminal: int) -> Iterable[bytes]:
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            # Linux's way to say that nobody has the other end open any more.
            return
        if not chunk:
            return
        yield chunk


def record() -> str:
    """The whole session, from the wheel on.

    Raises:
        SystemExit: the wheel could not be installed, such as where there is no uv.
    """
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory).resolve()
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(home)]
        subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        environ = {
            "PATH": f"{home}/.local/bin:{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            # The wheel just built stands in for the one that is published.
            "UV_FIND_LINKS": str(home),
            **{name: value for name, value in os.environ.items() if name.startswith(("UV_", "PIP_", "SSL_"))},
        }
        told = run(INSTALLING, home, environ)
        if not (home / ".local" / "bin" / "clerk-mcp").exists():
            raise SystemExit(f"nothing is recorded, for this installed nothing:\n{told}")
        return "\n\n".join([told, *(run(step, home, environ) for step in STEPS)])


if __name__ == "__main__":
    from generate import with_sections  # type: ignore[import-not-found]  # docs/ is no package

    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(
        with_sections(page, {"recording": lambda: f"```console\n{record()}\n```"}), encoding="utf-8"
    )
