"""The pages on stdio: a small server on this machine, which lives no longer than the questions do."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import webbrowser
from collections.abc import Iterator
from typing import Final

import anyio
import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from clerk_mcp.calling import Calls
from clerk_mcp.confirming import Address, Brought, Question, Questions
from clerk_mcp.hosting.addresses import TrustedAddresses
from clerk_mcp.hosting.bounds import HeadBounds
from clerk_mcp.hosting.person.one_time import OneTimeLinks
from clerk_mcp.hosting.person.pages import PersonPages

logger = logging.getLogger(__name__)

_LOOK_S: Final = 1.0
_LINGER_S: Final = 20
"""Seconds for which the pages stay after the last question, so that its answer can be read."""
_PATIENCE_S: Final = 5.0
"""How long opening a browser may take: one that runs in the foreground goes on for as long as it is open."""
_MAX_HEADER_BYTES: Final = 16_384


class Loopback:
    """Serves the pages while there are questions; implements `Door`."""

    def __init__(self, calls: Calls, questions: Questions) -> None:
        self._questions = questions
        self._links = OneTimeLinks()
        self._pages = PersonPages(calls, questions, self._links)
        self._base = ""
        self._task: asyncio.Task[None] | None = None

    @property
    def hint(self) -> str:
        return (
            "Tell the user to answer in the window that was opened in their browser, or, where none was, to"
            " open the address that this server has written to its log."
        )

    async def address(self, question: Question, base: str) -> Address:
        self._serve()
        shared = f"{self._base}/questions/{question.id}"
        return Address(shared, f"{shared}{self._links.query(question.id, question.expires_at)}")

    async def open(self, address: Address) -> Brought:
        own, opened = address.own, True
        with anyio.move_on_after(_PATIENCE_S):
            opened = await anyio.to_thread.run_sync(open_in_browser, own, abandon_on_cancel=True)
        if opened:
            return Brought("A page for it was opened in the user's browser: ask them to answer there.", True)
        # Past the agent: hosts show what is logged to their users.
        logger.warning("a person has to agree; open %s", own)
        return Brought()

    async def close(self) -> None:
        """End the server, if it runs."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _serve(self) -> None:
        if self._task and not self._task.done():
            return
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        self._base = f"http://127.0.0.1:{port}"
        own = [Middleware(TrustedAddresses, hosts=[f"127.0.0.1:{port}"], origins=[self._base])]
        own.append(Middleware(HeadBounds, max_bytes=_MAX_HEADER_BYTES))
        config = uvicorn.Config(
            Starlette(routes=list(self._pages.routes()), middleware=own),
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            limit_concurrency=50,
        )
        self._task = asyncio.create_task(self._run(_Quiet(config), listener))

    async def _run(self, server: uvicorn.Server, listener: socket.socket) -> None:
        with contextlib.closing(listener):
            try:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(server.serve, [listener])
                    await self._until_unused()
                    server.should_exit = True
            finally:
                # One that is cancelled leaves its listener with the event loop, which would take the next
                # socket of the same number for it.
                for each in getattr(server, "servers", ()):
                    each.close()

    async def _until_unused(self) -> None:
        unused = 0.0
        while unused < _LINGER_S:
            await anyio.sleep(_LOOK_S)
            unused = 0.0 if await self._questions.pending() else unused + _LOOK_S


class _Quiet(uvicorn.Server):
    """uvicorn that leaves signals to the process it runs in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def open_in_browser(address: str) -> bool:
    """Open an address in the user's browser; False where there is none with a window of its own."""
    if not _has_window():
        return False
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False


def _has_window() -> bool:
    """Tell whether a browser would open a window, and not take over a terminal."""
    try:
        name = str(getattr(webbrowser.get(), "name", ""))
    except webbrowser.Error:
        return False
    return name.rpartition("/")[2] not in _IN_TERMINALS


_IN_TERMINALS: Final = ("www-browser", "links", "elinks", "lynx", "w3m")
