"""Rows of a file as the items of a run, and a file of those that were rejected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

import anyio.to_thread

from clerk_mcp.bulk.planning import Wrong
from clerk_mcp.bulk.run_store import Run
from clerk_mcp.bulk.tables import MOST_BYTES, PROBLEM, BadTable, Rows, format_of, read_table, table_of
from clerk_mcp.calling import Calls
from clerk_mcp.upstream import Files, UploadError
from clerk_tools.argument import JsonObject
from clerk_tools.parsing import InvalidArguments, Problem

_MOST_NUMBERED: Final = 100
"""Files of rejected rows beside one file."""
_NAMED: Final = 3


async def read_rows(calls: Calls, path: str, most: int) -> Rows:
    """Read a file below the operator's directory.

    Raises:
        InvalidArguments: there is no such directory or file, or it is no table.
    """
    files = calls.client.files
    if files is None:
        raise _invalid("this server offers no directory for files; the operator can, with --files-dir")
    try:
        format_of(path.strip())
        return await anyio.to_thread.run_sync(_read, files, path.strip(), most)
    except UploadError as error:
        raise _invalid(error.message) from None
    except BadTable as bad:
        raise _invalid(f"{path[:100]}: {bad}") from None


def _read(files: Files, path: str, most: int) -> Rows:
    return read_table(files.read(path, MOST_BYTES), path, most)


async def reject(calls: Calls, path: str, wrong: Sequence[Wrong]) -> JsonObject | None:
    """Write the rows that cannot be called to a file, and say so; None where there are none.

    Raises:
        InvalidArguments: the file cannot be written.
    """
    if not wrong:
        return None
    rows = [{**one.row, PROBLEM: one.reason} for one in wrong]
    return {
        "wrong": len(wrong),
        "rejected": await _write(calls, path.strip(), rows),
        "because": [f"row {one.number}: {one.reason}" for one in wrong[:_NAMED]],
    }


async def reject_failed(calls: Calls, run: Run) -> JsonObject:
    """Write the rows of a run that failed at Clerk to a file, and say so."""
    path = str(run.source["file"]).strip()
    try:
        table = await read_rows(calls, path, len(run.items) + 1_000_000)
        failed: list[Mapping[str, Any]] = [
            {**table.rows[run.items[number].row - 1], PROBLEM: f"{mark['code']}: {mark['message']}"}
            for number, mark in sorted(run.marks.items())
            if mark["outcome"] == "error"
        ]
        return {"rejected": await _write(calls, path, failed)}
    except (InvalidArguments, IndexError):
        return {"note": f"{path} cannot be read again, so that there is no file of the rows that failed."}


async def _write(calls: Calls, path: str, rows: Sequence[Mapping[str, Any]]) -> str:
    files = calls.client.files
    ending = PurePosixPath(path).suffix
    stem = path[: -len(ending)]
    table = table_of(dict(row) for row in rows)
    try:
        if files is None:
            raise _invalid("this server offers no directory for files")
        for number in range(1, _MOST_NUMBERED):
            name = f"{stem}.rejected{'' if number == 1 else f'-{number}'}{ending}"
            chunks = list(table.chunks(ending.lower()))
            try:
                await anyio.to_thread.run_sync(files.write, name, chunks)
            except UploadError as error:
                if error.code != "file_exists":
                    raise _invalid(error.message) from None
                continue
            return name
        raise _invalid(f"there are {_MOST_NUMBERED} files of rejected rows beside it already")
    finally:
        table.close()


def _invalid(message: str) -> InvalidArguments:
    return InvalidArguments([Problem("file", f"`file`: {message}")])
