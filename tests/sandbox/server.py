"""A sandbox on a real loopback port, for tests of what only a network shows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.serve import Server


@contextmanager
def serving(sandbox: Sandbox) -> Iterator[Server]:
    """The server runs in a thread of its own until the block is left. Its port takes connections at once."""
    import asyncio

    server = Server(sandbox)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve_forever()), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        assert not thread.is_alive(), "the server did not stop"
