"""The command as a process of its own that need not import everything anew: a fork of one that has.

Half a second of imports for each of some hundred commands would be a minute of every test run.
"""

from __future__ import annotations

import array
import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

_LARGEST: Final = 1_000_000
"""Bytes of one command with its environment."""


def clerk_mcp(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """What `clerk-mcp` does without a terminal, with no settings but these."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CLERK_")}
    return _forks().run([*arguments], inherited | environ)


@functools.cache
def _forks() -> Forks:
    forks = Forks()
    atexit.register(forks.stop)
    return forks


class Forks:
    """A process that forks for each command, started with the first."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen([sys.executable, "-m", "tests.forks"], stdin=theirs.fileno())
        self._socket = ours

    def run(
        self, arguments: list[str], environ: Mapping[str, str], cwd: str | Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `clerk-mcp` without a terminal, in this environment and no other, for up to a minute."""
        self._socket.settimeout(60)
        job = json.dumps({"arguments": arguments, "environ": dict(environ), "cwd": str(cwd or Path.cwd())})
        with TemporaryFile() as out, TemporaryFile() as err, Path(os.devnull).open("rb") as nothing:
            fds = [nothing.fileno(), out.fileno(), err.fileno()]
            socket.send_fds(self._socket, [job.encode()], fds)
            returned = int(self._socket.recv(100))
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode())
        return subprocess.CompletedProcess(arguments, returned, *texts)

    def stop(self) -> None:
        self._socket.close()
        self._process.wait()


def _serve() -> None:
    """Fork for each job that comes on stdin, and say how the fork ended; return in a fork."""
    channel = socket.socket(fileno=os.dup(0))
    for module in _modules("clerk_mcp", "clerk_sandbox", "clerk_tools"):
        importlib.import_module(module)
    gc.freeze()
    while True:
        message, fds, _, _ = socket.recv_fds(channel, _LARGEST, 3)
        if not message:
            os._exit(0)
        child = os.fork()
        if not child:
            channel.close()
            _become(json.loads(message), array.array("i", fds))
            return
        for fd in fds:
            os.close(fd)
        channel.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def _modules(*packages: str) -> list[str]:
    found = []
    for package in packages:
        path = importlib.import_module(package).__path__
        found += [one.name for one in pkgutil.walk_packages(path, package + ".")]
    return [name for name in found if name.rpartition(".")[2] not in ("__main__", "http")]


def _become(job: dict[str, Any], fds: array.array[int]) -> None:
    for own, given in enumerate(fds):
        os.dup2(given, own)
        os.close(given)
    os.environ.clear()
    os.environ.update(job["environ"])
    os.chdir(job["cwd"])
    sys.argv = ["clerk-mcp", *job["arguments"]]


if __name__ == "__main__":
    _serve()
    from clerk_mcp.cli import main

    main()
