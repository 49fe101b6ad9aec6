"""The pages on stdio: a small server on this machine, which lives no longer than what waits there."""

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

from clerk_mcp.answering import LIFETIME_S, Kept
from clerk_mcp.calling import Calls
from clerk_mcp.confirming import Address, Brought, Question, Questions
from clerk_mcp.hosting.addresses import TrustedAddresses
from clerk_mcp.hosting.bounds import HeadBounds
from clerk_mcp.hosting.person.one_time import OneTimeLinks
from clerk_mcp.hosting.person.pages import PersonPages

logger = logging.getLogger(__name__)

_LOOK_S: Final = 1.0
_LINGER_S: Final = 20
"""Seconds for which the pages stay after nothing waits any more, so that the last can be read."""
_PATIENCE_S: Final = 5.0
"""How long opening a browser may take: one that runs in the foreground goes on for as long as it is open."""
_MAX_HEADER_BYTES: Final = 16_384


class Loopback:
    """Serves the pages while something waits for a person; implements `Door` and `Courier`."""

    def __init__(self, calls: Calls, questions: Questions | None) -> None:
        """`questions` are None where nobody is asked in a browser."""
        self._questions = questions
        self._credentials = calls.formatter.secrets.kept
        self._brought: list[str] = []
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
        if await _is_opened(address.own, "a person has to agree"):
            return Brought("A page for it was opened in the user's browser: ask them to answer there.", True)
        return Brought()

    async def bring(self, kept: Kept, base: str) -> str:
        self._serve()
        self._brought.append(kept.id)
        own = f"{self._base}/credentials/{kept.id}{self._links.query(kept.id, kept.expires_at)}"
        within = f"within {LIFETIME_S // 60} minutes, or it is lost"
        if await _is_opened(own, "a credential waits for a person"):
            return (
                f"A page that shows it once was opened in the user's browser: ask them to take it {within}."
            )
        return (
            "Tell the user to open the address that this server has written to its log, which shows it once,"
            f" {within}."
        )

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
            unused = 0.0 if await self._is_needed() else unused + _LOOK_S

    async def _is_needed(self) -> bool:
        try:
            if self._questions and await self._questions.pending():
                return True
            if self._credentials:
                self._brought = [id for id in self._brought if await self._credentials.look(id)]
        except OSError:
            # Redis does not answer, and what waits there may be answered or fetched when it does again.
            return True
        return bool(self._brought)


class _Quiet(uvicorn.Server):
    """uvicorn that leaves signals to the process it runs in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _is_opened(address: str, why: str) -> bool:
    """Open an address in the user's browser; where that cannot be done, write it to the log."""
    opened = True
    with anyio.move_on_after(_PATIENCE_S):
        opened = await anyio.to_thread.run_sync(open_in_browser, address, abandon_on_cancel=True)
    if not opened:
        # Past the agent: hosts show what is logged to their users.
        logger.warning("%s; open %s", why, address)
    return opened


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
