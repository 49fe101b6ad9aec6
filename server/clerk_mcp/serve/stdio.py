"""One host served over stdin and stdout, until it has gone or a signal comes."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import anyio
from mcp.server.lowlevel import Server

from clerk_mcp.protocol import Pending, host_streams, reads_in_threads
from clerk_mcp.serve.pages import MakePages
from clerk_mcp.serve.server import server_and_calls
from clerk_mcp.settings import Settings, SettingsError
from clerk_mcp.telemetry import export_spans, to_stderr

logger = logging.getLogger("clerk_mcp")


def serve_stdio(settings: Settings, make_pages: MakePages | None = None) -> None:
    """Serve one host over stdin and stdout until stdin closes, or SIGTERM or SIGINT comes.

    Args:
        make_pages: called when the first question, or the first credential, goes to a person in a browser.

    Raises:
        SettingsError: a setting does not hold, or there is no stdin or stdout.
    """
    _need_standard_streams()
    to_stderr(settings.log_level)
    export_spans()
    server, calls = server_and_calls(settings, "stdio", make_pages)
    collect_from_here()
    # uvloop, which Windows has not, takes a seventh off the time of a call.
    anyio.run(
        _serve_stdio, server, Pending(calls.stop), backend_options={"use_uvloop": sys.platform != "win32"}
    )


def collect_from_here() -> None:
    """Begin to collect garbage, leaving aside for good what the start has made: many objects, no garbage.

    `cli.main` starts with collecting turned off.
    """
    gc.freeze()
    gc.enable()


def _need_standard_streams() -> None:
    closed = [name for name in ("stdin", "stdout") if getattr(sys, name) is None]
    if closed:
        raise SettingsError(
            f"{' and '.join(closed)} closed: a host speaks to this server over stdin and stdout"
        )
    if sys.stderr is None:
        # Its number would go to the next file or socket that is opened, and what is logged into that.
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


async def _serve_stdio(server: Server[Any], pending: Pending) -> None:
    in_threads = reads_in_threads()
    async with host_streams(server, pending) as (read, write):
        try:
            await _serve_streams(server, read, write, pending, in_threads)
        except anyio.get_cancelled_exc_class():
            if not in_threads:
                raise
            # Nobody cancels this but the SDK's tasks around it, when one of the two streams fails.
            logger.warning("the host is gone: stdout is closed")
            _end_now()


async def _serve_streams(
    server: Server[Any], read: Any, write: Any, pending: Pending, in_threads: bool
) -> None:
    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as serving:
            tasks.start_soon(_finish_on_signal, pending, serving)
            # Whichever way it ends, the client closes within, and gives writes under way their moment.
            await server.run(read, write, server.create_initialization_options())
        if serving.cancelled_caught and in_threads:
            _end_now()
        tasks.cancel_scope.cancel()


def _end_now() -> NoReturn:
    """End the process: the reader of stdin sits in a thread that nothing can interrupt."""
    sys.stderr.flush()
    os._exit(0)


async def _finish_on_signal(pending: Pending, serving: anyio.CancelScope) -> None:
    with _told_to_end() as told:
        await told.wait()
        await pending.finish()
        serving.cancel()


@contextmanager
def _told_to_end() -> Iterator[anyio.Event]:
    """Give an event that SIGTERM and SIGINT set; meanwhile they do nothing else."""
    loop, told = asyncio.get_running_loop(), anyio.Event()
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        for each in before:
            try:
                loop.add_signal_handler(each, told.set)
            except NotImplementedError:
                # The event loop of Windows handles no signals, Python does.
                signal.signal(each, lambda *_: loop.call_soon_threadsafe(told.set))
        yield told
    finally:
        for each, handler in before.items():
            with suppress(NotImplementedError):
                loop.remove_signal_handler(each)
            signal.signal(each, handler)
