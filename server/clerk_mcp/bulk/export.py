"""What a `list_all` finds, written to a file: none of it goes through the model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

import anyio.to_thread

from clerk_mcp.answering import Answer, answers, cut_text
from clerk_mcp.bulk.grouping import Tally
from clerk_mcp.bulk.links import KEPT_S, Links, NoRoom
from clerk_mcp.bulk.progress import Progress
from clerk_mcp.bulk.reading import Forms, Reading
from clerk_mcp.bulk.tables import BadTable, Table, format_of
from clerk_mcp.bulk.wanted import Wanted
from clerk_mcp.calling import Caller, Calls
from clerk_mcp.upstream import UploadError
from clerk_tools.argument import JsonObject
from clerk_tools.parsing import InvalidArguments, Problem

_MOST_COLUMNS_NAMED: Final = 40
_LONGEST_NAME: Final = 60


async def export(
    calls: Calls,
    wanted: Wanted,
    caller: Caller,
    cap: int,
    progress: Progress | None,
    links: Links | None = None,
) -> Answer:
    """Read what is wanted and write it to a file, whole or not at all.

    It goes below the operator's directory; over HTTP it waits for its caller to fetch it.

    Raises:
        InvalidArguments: the file's name or a field cannot be meant, or there is no directory for files.
    """
    files, to = calls.client.files, wanted.to or ""
    if files is None and links is None:
        raise InvalidArguments(
            [
                Problem(
                    "to",
                    "`to`: this server offers no directory for files; the operator can, with --files-dir",
                )
            ]
        )
    try:
        ending = format_of(to)
    except BadTable as bad:
        raise InvalidArguments([Problem("to", f"`to`: {bad}")]) from None
    sink = _Rows(wanted)
    try:
        reading = Reading(calls, wanted, caller, cap, sink, progress, within=float("inf"))
        failed = await reading.read()
        if failed and not reading.count:
            return failed
        if sink.tally and wanted.grouping and wanted.grouping.keys:
            for group in sink.tally.groups():
                sink.table.add(group)
        elif sink.tally:
            sink.table.add({"count": reading.matched, **sink.tally.totals()})
        if failed or not reading.complete:
            return _not_whole(reading, failed)
        chunks = sink.table.chunks(ending)
        if files:
            written = await anyio.to_thread.run_sync(lambda: files.write(to, chunks, over=wanted.overwrite))
            return _told(reading, sink.table, str(files.directory / to), written)
        return await _offered(reading, sink.table, links, caller, _plain_name(to), chunks)
    except UploadError as error:
        return answers.error(error.code, error.message, param="to")
    except NoRoom as full:
        return answers.error("file_unwritable", f"The file was not made: {full}.", param="to")
    except OSError as error:
        return answers.error("file_unwritable", f"The file cannot be kept ({error.strerror}).", param="to")
    finally:
        sink.table.close()


async def _offered(
    reading: Reading, table: Table, links: Links | None, caller: Caller, name: str, chunks: Iterator[bytes]
) -> Answer:
    """Let the file wait for its caller, and tell where."""
    if links is None:
        raise NoRoom("there is no place for it")
    address, written = await links.offer(caller.name, name, chunks)
    told = _told(reading, table, name, written).value
    how = f"{_HOW_TO_FETCH} {links.files.where}".strip()
    return answers.answer({"url": address, "expires_in_seconds": KEPT_S, **told, "how": how})


_HOW_TO_FETCH: Final = (
    "Fetch it with GET and the credentials of this server's MCP address, once; nobody else can."
)


def _plain_name(to: str) -> str:
    """Return the name of a file that no header can be broken with."""
    stem = re.sub(r"[^A-Za-z0-9_.-]", "_", PurePosixPath(to).stem)[:_LONGEST_NAME]
    return f"{stem or 'export'}{PurePosixPath(to).suffix.lower()}"


class _Rows:
    """Takes rows of a table, or what a grouping counts."""

    def __init__(self, wanted: Wanted) -> None:
        self.table = Table()
        self.tally = Tally(wanted.grouping) if wanted.grouping else None
        self._fields = wanted.fields

    def keep(self, forms: Forms) -> Any:
        return self.tally.entry(forms) if self.tally else forms.shown(self._fields) or {}

    def take(self, place: int, kept: Any) -> None:
        if self.tally:
            self.tally.add(kept)
        else:
            self.table.add(kept)


def _not_whole(reading: Reading, failed: Answer | None) -> Answer:
    return answers.error(
        "export_incomplete",
        f"Nothing was written: {reading.count} records were read, and not all. "
        f"{why_incomplete(reading, failed).partition(' Go on')[0]}",
        hint="Try again, or narrow it with `where`; the operator sets the cap with --list-all-cap.",
    )


def _told(reading: Reading, table: Table, path: str, written: int) -> Answer:
    out: JsonObject = {
        "path": path,
        "rows": table.count,
        "columns": table.columns[:_MOST_COLUMNS_NAMED],
        "bytes": written,
        "read": reading.count - reading.repeated,
        "pages": reading.pages,
        **reading.notes,
    }
    if reading.repeated or len(reading.totals) > 1:
        out["note"] = what_changed(reading)
    return answers.answer(out)


def why_incomplete(reading: Reading, failed: Answer | None) -> str:
    """Say why not all was read, and how to go on."""
    go_on = "Go on with next_offset as `offset` in `arguments`."
    if reading.parents is not None:
        go_on = "Go on with next_offset as `offset` in `arguments`: it counts parents."
    if failed:
        error = failed.value["error"]
        wait = f" Wait {error['retry_after']} s." if "retry_after" in error else ""
        return f"Stopped by an error ({error['code']}: {cut_text(error['message'], 200)}).{wait} {go_on}"
    if reading.late:
        return f"Stopped in order to answer in time; counts are of what was read. {go_on}"
    return f"Stopped at this server's cap of {reading.count} records; counts are of these. {go_on}"


def what_changed(reading: Reading) -> str:
    """Say that the list was another at its end than at its beginning."""
    totals = reading.totals
    how = f" from {totals[0]} to {totals[-1]} records" if len(totals) > 1 else ""
    twice = f" {reading.repeated} came twice and count once." if reading.repeated else ""
    return f"The list changed{how} while it was read.{twice} Some may be missing: read again to be exact."
