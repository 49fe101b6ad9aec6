"""Tables as files: CSV, JSON Lines and JSON, written and read.

A cell of a CSV file that a spreadsheet would take for a formula gets an apostrophe before it, which is taken
off again when the file is read.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from clerk_tools.argument import JsonObject
from clerk_tools.bounds import HALF, is_whole

FORMATS: Final = (".csv", ".jsonl", ".json")
MOST_BYTES: Final = 50_000_000
"""Of a file that is read."""

_IN_MEMORY: Final = 4_000_000
"""Bytes of a table that are held in memory while it is made; more go to a file without a name."""
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
"""What a spreadsheet takes for a formula (some take wide signs for one too), or would but for an apostrophe
that is the text's own."""
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_LONGEST_CELL: Final = 131_072
_MOST_COLUMNS: Final = 2000
PROBLEM: Final = "problem"
"""The column of a file of rejected rows that says what is wrong with each."""


class BadTable(ValueError):
    """A file that is no table; the message names the line and the fix."""


def format_of(path: str) -> str:
    """Return the ending of a path, which says its format.

    Raises:
        BadTable: it is none that is known.
    """
    ending = PurePosixPath(path).suffix.lower()
    if ending not in FORMATS:
        raise BadTable(f"the name must end in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}")
    return ending


# ── Writing ──


class Table:
    """Rows on their way to a file: the columns of a CSV file are known only after the last row."""

    def __init__(self) -> None:
        self._rows = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 closed by `close`
        self._columns: dict[str, None] = {}
        self.count = 0

    def add(self, row: Any) -> None:
        """Add a row: an object, or any other JSON value as its only cell."""
        record = row if isinstance(row, dict) else {"value": row}
        self._columns |= dict.fromkeys(_flat(record))
        self._rows.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        self.count += 1

    @property
    def columns(self) -> list[str]:
        """Those of a CSV file, in the order in which they turned up."""
        return list(self._columns)

    def chunks(self, ending: str) -> Iterator[bytes]:
        """Return the file in a format, piece by piece."""
        self._rows.seek(0)
        if ending == ".jsonl":
            yield from self._rows
        elif ending == ".json":
            yield b"["
            for number, line in enumerate(self._rows):
                yield (b",\n" if number else b"\n") + line.rstrip(b"\n")
            yield b"\n]\n"
        else:
            yield _csv_line([harmless(column) for column in self.columns])
            for line in self._rows:
                flat = _flat(json.loads(line))
                yield _csv_line([_cell(flat.get(column)) for column in self.columns])

    def close(self) -> None:
        """Let go of the rows."""
        self._rows.close()


def _flat(record: JsonObject, before: str = "") -> JsonObject:
    """Return an object as columns, with dots for those inside; a list is one cell."""
    flat: JsonObject = {}
    for name, value in record.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = value
    return flat


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case str():
            return harmless(value)
        case list() if all(isinstance(entry, str) for entry in value):
            return harmless(", ".join(value))
        case _:
            return json.dumps(value, ensure_ascii=False)


def harmless(text: str) -> str:
    """Return a cell's text that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def _csv_line(cells: Sequence[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().encode("utf-8", "replace")


def table_of(rows: Iterable[JsonObject]) -> Table:
    """Return a table of rows that are there already."""
    table = Table()
    for row in rows:
        table.add(row)
    return table


# ── Reading ──


@dataclass(frozen=True, slots=True)
class Rows:
    """A file that was read."""

    columns: list[str]
    rows: list[JsonObject]


def read_table(content: bytes, path: str, most: int) -> Rows:
    """Read a table.

    Args:
        path: for its ending.
        most: rows; a file with more is refused without being read to its end.

    Raises:
        BadTable: it is none, or has more rows.
    """
    ending = format_of(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadTable(f"line {line} is not UTF-8: save the file as UTF-8") from None
    rows = _csv_rows(text) if ending == ".csv" else _json_rows(text, ending)
    found: list[JsonObject] = []
    for row in rows:
        if len(found) >= most:
            raise BadTable(f"it has more than the {most} rows that a run may have: split it, or --run-cap")
        found.append(row)
    if not found:
        raise BadTable("it has no rows")
    return Rows(list(dict.fromkeys(name for row in found for name in row)), found)


def _csv_rows(text: str) -> Iterator[JsonObject]:
    csv.field_size_limit(_LONGEST_CELL)
    # Not through StringIO, which takes four bytes for each character.
    lines = (found.group() for found in _LINE.finditer(text))
    reader = csv.reader(lines, strict=True, delimiter=_delimiter(text))
    try:
        header = [_plain(name.strip()) for name in next(reader, [])]
        if len(header) > _MOST_COLUMNS:
            raise BadTable(f"line 1 names {len(header)} columns, and a table may have {_MOST_COLUMNS}")
        if not any(header):
            raise BadTable("line 1 must name the columns")
        if "" in header or len(set(header)) < len(header):
            raise BadTable("line 1 must name every column, and each once")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise BadTable(f"line {reader.line_num} has {len(cells)} cells, and line 1 has {len(header)}")
            yield {name: _plain(cell) for name, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        raise BadTable(f"line {reader.line_num} is no CSV: {error}") from None


def _delimiter(text: str) -> str:
    """Return what stands between the columns: spreadsheets of some countries write semicolons or tabs."""
    first = text.partition("\n")[0]
    return max((",", ";", "\t"), key=first.count)


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _json_rows(text: str, ending: str) -> Iterator[JsonObject]:
    if ending == ".json":
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            raise BadTable("it is no JSON") from None
        if not isinstance(values, list):
            raise BadTable("it must be a JSON array of objects")
        lines: Iterable[tuple[int, Any]] = enumerate(values, 1)
        what = "entry"
    else:
        lines = _json_lines(text)
        what = "line"
    for number, value in lines:
        if not isinstance(value, dict):
            raise BadTable(f"{what} {number} must be a JSON object")
        if not is_whole(json.dumps(value, ensure_ascii=False)):
            raise BadTable(f"{what} {number} {HALF}")
        yield value


def _json_lines(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(io.StringIO(text), 1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError):
            raise BadTable(f"line {number} is no JSON") from None
