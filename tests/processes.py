"""Programs that tests start, and where they listen."""

from __future__ import annotations

import random
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path


def free_port() -> int:
    """A port to listen on later, and again after a restart.

    Not one that the system would hand out: it would give it to any outgoing connection meanwhile.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class RedisServer:
    """A real Redis on a socket of its own."""

    def __init__(self, directory: Path) -> None:
        self.socket = directory / "redis.sock"
        self.url = f"unix://{self.socket}"

    def start(self) -> None:
        command = ["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--save", ""]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while self.ask("PING") != "PONG\n":
            assert self.process.poll() is None, "redis-server did not start"
            time.sleep(0.01)

    def ask(self, *command: str) -> str:
        arguments = ["redis-cli", "-s", str(self.socket), *command]
        return subprocess.run(arguments, capture_output=True, text=True, check=False).stdout

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
