"""Reading a trail from its end: the newest calls of a file of any length, by reading little of it.

A screen of a trail with millions of lines costs what one of a hundred does. What fits seldom is looked for in
so many bytes at a time; `Found.before` says where the search goes on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from clerk_mcp.auditing.trail import UNFINISHED, NoSuchEntry, RecordedCall, moment, record

BLOCK: Final = 65_536
"""Bytes read at once."""
MOST_BYTES: Final = 8_000_000
"""Bytes that one search goes through."""
_ENTRY: Final = re.compile(r"\w{1,40}", re.ASCII)
_ENDED: Final = re.compile(rb'"entry":"(\w{1,40})","stage":"after"', re.ASCII)
_OUT_OF_ORDER: Final = timedelta(minutes=10)
"""By how much the lines of several processes may be out of the order of their times."""


@dataclass(slots=True)
class Row:
    """A call, or all calls of a run that were found."""

    call: RecordedCall
    """The newest of them."""
    outcomes: Counter[str] = field(default_factory=Counter)
    began: str = ""
    """The time of the oldest of them."""

    @property
    def count(self) -> int:
        """How many calls it stands for."""
        return self.outcomes.total()


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, the newest first."""

    rows: list[Row]
    before: int | None
    """The place in the file before which there is more to search; None where there is not."""
    bytes_read: int


def newest(
    path: Path,
    fits: Callable[[RecordedCall], bool],
    *,
    before: int | None = None,
    since: datetime | None = None,
    most: int = 100,
    most_bytes: int = MOST_BYTES,
    runs_as_one: bool = True,
) -> Found:
    """Find the newest calls that fit.

    Args:
        before: the place in the file to search backwards from, of an earlier search; its end if left out.
        since: a time before which nothing fits, so that the search ends there.
        most: rows; the calls of a run are one.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = size if before is None else max(0, min(before, size))
        search = _Search(file, start, size)
        rows: list[Row] = []
        runs: dict[str, Row] = {}
        for place, call in search.calls():
            if call and since is not None and moment(call["time"]) < since - _OUT_OF_ORDER:
                return Found(rows, None, search.bytes_read)
            if call and fits(call):
                row = runs.get(call.get("run", "")) if runs_as_one else None
                if row is None:
                    row = Row(call)
                    rows.append(row)
                    if "run" in call:
                        runs[call["run"]] = row
                row.outcomes[call["outcome"]] += 1
                row.began = call["time"]
            if place and (len(rows) >= most or start - place >= most_bytes):
                return Found(rows, place, search.bytes_read)
        return Found(rows, None, search.bytes_read)


def one(path: Path, entry: str) -> RecordedCall:
    """Find one call by its entry, wherever in the file it is.

    Raises:
        NoSuchEntry: there is none.
        OSError: the file cannot be read.
    """
    found: RecordedCall | None = None
    if _ENTRY.fullmatch(entry):
        with path.open("rb") as file:
            for line in _lines_with(file, f'"entry":"{entry}"'.encode(), 0):
                known = record(line.decode("utf-8", "replace"))
                if known is not None and known["entry"] == entry:
                    found = _joined(found, known) if found else known
    if found is None:
        raise NoSuchEntry(f"no entry {entry[:40]}")
    return found


def calls_of_run(path: Path, run: str) -> list[RecordedCall]:
    """Find all calls of a run, in the order in which they began; other lines are hardly looked at.

    Raises:
        OSError: the file cannot be read.
    """
    calls: dict[str, RecordedCall] = {}
    if _ENTRY.fullmatch(run):
        needle = f'"run":"{run}"'.encode()
        with path.open("rb") as file:
            for line in file:
                # How a call ended does not name its run.
                if needle not in line and not _ends_one_of(calls, line):
                    continue
                known = record(line.decode("utf-8", "replace"))
                if known is None:
                    continue
                before = calls.get(known["entry"])
                if before or known.get("run") == run:
                    calls[known["entry"]] = _joined(before, known) if before else known
    return list(calls.values())


def _ends_one_of(calls: Container[str], line: bytes) -> bool:
    found = _ENDED.search(line)
    return found is not None and found[1].decode() in calls


class _Search:
    """Goes through the calls of a file backwards."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self.bytes_read = 0
        self._file = file
        self._start = start
        self._size = size
        self._ends: dict[str, RecordedCall] = {}

    def calls(self) -> Iterator[tuple[int, RecordedCall | None]]:
        """Give the place of each line, the last one first, and the call that begins there, if one does."""
        for place, line in self._lines():
            known = record(line.decode("utf-8", "replace"))
            if known is None:
                yield place, None
            elif known.get("stage") == "after":
                self._ends[known["entry"]] = known
                yield place, None
            elif known["outcome"] == UNFINISHED:
                end = self._ends.pop(known["entry"], None) or self._end_after(known["entry"])
                yield place, _joined(known, end) if end else known
            else:
                yield place, known

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        at, rest = self._start, b""
        while at > 0:
            count = min(BLOCK, at)
            at -= count
            self._file.seek(at)
            block = self._file.read(count) + rest
            self.bytes_read += count
            # The first part may be the end of a line that begins in the block before.
            rest, *lines = block.split(b"\n")
            place = at + len(block)
            for line in reversed(lines):
                place -= len(line)
                if line:
                    yield place, line
                place -= 1
        if rest:
            yield 0, rest

    def _end_after(self, entry: str) -> RecordedCall | None:
        """Find how a call ended whose last line lies behind the place at which the search began."""
        if self._start == self._size:
            return None
        for line in _lines_with(self._file, f'"entry":"{entry}","stage":"after"'.encode(), self._start):
            return record(line.decode("utf-8", "replace"))
        return None


def _joined(before: RecordedCall, after: RecordedCall) -> RecordedCall:
    # The time of a call is when it began.
    return {**before, **after, "time": before["time"]}


def _lines_with(file: BinaryIO, needle: bytes, start: int) -> Iterator[bytes]:
    """Give the lines from a place on in which something stands; the others are not looked into."""
    file.seek(start)
    rest = b""
    while block := file.read(16 * BLOCK):
        whole, _, rest = (rest + block).rpartition(b"\n")
        if needle in whole:
            yield from (line for line in whole.split(b"\n") if needle in line)
    if needle in rest:
        yield rest
