"""The configuration files of hosts, in their formats: read, and changed by one entry.

Whatever else stands in a file stays as it is, comments included.
"""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from collections.abc import Mapping
from typing import Any, Literal, Protocol

import tomlkit
import yaml
from tomlkit.exceptions import TOMLKitError

from clerk_mcp.commands.install.json_edit import BrokenFile, JsonText, Section

__all__ = ["BrokenFile", "Format", "Section", "entries", "with_entry"]

Format = Literal["json", "jsonc", "yaml", "toml"]
"""`jsonc` is JSON with comments and trailing commas; plain `json` has neither."""


class _Document(Protocol):
    """A file's text: sections of named entries."""

    @property
    def value(self) -> dict[str, Any]: ...

    def put(self, section: Section, name: str, value: Any) -> str: ...

    def remove(self, section: Section, name: str) -> str: ...


class _Yaml:
    """Changes whole lines, at the places that PyYAML's nodes tell. A section has one name."""

    def __init__(self, text: str) -> None:
        self._text = text
        try:
            self._root = yaml.compose(text, yaml.SafeLoader)
            self._value = yaml.safe_load(text)
        except yaml.MarkedYAMLError as error:
            line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
            raise BrokenFile(f"{line}{error.problem}") from None
        except (yaml.YAMLError, RecursionError) as error:
            raise BrokenFile(f"it is not YAML: {error}") from None

    @property
    def value(self) -> dict[str, Any]:
        if not isinstance(self._value or {}, dict):
            raise BrokenFile("its outermost value is not a mapping")
        return self._value or {}

    def put(self, section: Section, name: str, value: Any) -> str:
        [key] = section
        text = self._put(key, name, value)
        return re.sub(r"\r?\n", "\r\n", text) if "\r\n" in self._text else text

    def _put(self, section: str, name: str, value: Any) -> str:
        pair = _pair(self._root, section)
        if pair is None:
            gap = "" if not self._text or self._text.endswith("\n") else "\n"
            return f"{self._text}{gap}{_block({section: {name: value}})}"
        key, members = pair
        if not members.value or isinstance(members, yaml.ScalarNode):
            block = _block({section: {name: value}}).rstrip("\n")
            return f"{self._text[: key.start_mark.index]}{block}{self._text[members.end_mark.index :]}"
        begin, end = self._lines(members, name) or (self._end(members),) * 2
        block = textwrap.indent(_block({name: value}), " " * members.value[0][0].start_mark.column)
        lines = self._text.splitlines(keepends=True)
        if begin and not lines[begin - 1].endswith("\n"):
            lines[begin - 1] += "\n"
        return "".join([*lines[:begin], block, *lines[end:]])

    def remove(self, section: Section, name: str) -> str:
        key, members = _pair(self._root, *section) or (None, None)
        begin, end = (members and self._lines(members, name)) or (0, 0)
        if key and members and len(members.value) == 1:
            # A key without a value would be null, which is no list of entries.
            begin = key.start_mark.line
        lines = self._text.splitlines(keepends=True)
        return "".join([*lines[:begin], *lines[end:]])

    def _lines(self, members: yaml.Node, name: str) -> tuple[int, int] | None:
        """Return the lines of a member, from the first up to the one after its last."""
        pair = _pair(members, name)
        return (pair[0].start_mark.line, self._end(pair[1])) if pair else None

    def _end(self, node: yaml.Node) -> int:
        """Return the line after a block. PyYAML ends one at the next token; comments before that are not
        its own."""
        lines = self._text.splitlines()
        line = node.end_mark.line + (node.end_mark.column > 0)
        while line > node.start_mark.line + 1 and not lines[line - 1].partition("#")[0].strip():
            line -= 1
        return line


def _pair(mapping: yaml.Node | None, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    pairs = mapping.value if isinstance(mapping, yaml.MappingNode) else ()
    return next(((key, value) for key, value in pairs if key.value == name), None)


def _block(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=2**16)


class _Toml:
    """Changes whole lines: those of an entry's tables, or new ones at the end. A section has one name."""

    def __init__(self, text: str) -> None:
        self._text = text
        try:
            self._data: Any = tomlkit.parse(text)
        except TOMLKitError as error:
            raise BrokenFile(str(error)) from None

    @property
    def value(self) -> dict[str, Any]:
        return dict(self._data.unwrap())

    def put(self, section: Section, name: str, value: Any) -> str:
        [table] = section
        block = tomlkit.dumps({table: {name: value}})
        lines = self._text.splitlines(keepends=True)
        newline = "\r\n" if "\r\n" in self._text else "\n"
        block = block.replace("\n", newline)
        if place := self._tables(table, name):
            return "".join([*lines[: place[0]], block, *lines[place[1] :]])
        text = self.remove(section, name)
        end = "" if not text or text.endswith("\n") else newline
        return f"{text}{end}{newline if text.strip() else ''}{block}"

    def remove(self, section: Section, name: str) -> str:
        [table] = section
        place = self._tables(table, name)
        if place is None:
            self._data.get(table, {}).pop(name, None)
            return tomlkit.dumps(self._data)
        lines = self._text.splitlines(keepends=True)
        begin, end = place
        # The blank line before an entry came with it.
        begin -= begin > 0 and not lines[begin - 1].strip()
        return "".join([*lines[:begin], *lines[end:]])

    def _tables(self, section: str, name: str) -> tuple[int, int] | None:
        """Find the lines of an entry's tables: the first, and the one after the last; None if it has none."""
        lines = self._text.splitlines()
        headers = {number: path for number, line in enumerate(lines) if (path := _header(line))}
        own = [number for number, path in headers.items() if path[:2] == (section, name)]
        if not own:
            return None
        later = [number for number in headers if number > own[-1]]
        between = [number for number in headers if own[0] < number < own[-1] and number not in own]
        end = later[0] if later else len(lines)
        # Comments and blank lines before another table are not the entry's.
        while end > own[-1] + 1 and not lines[end - 1].partition("#")[0].strip():
            end -= 1
        return None if between else (own[0], end)


def _header(line: str) -> tuple[str, ...]:
    """Return the names in a table's header; none where a line is something else."""
    if not line.lstrip().startswith("[") or line.lstrip().startswith("[["):
        return ()
    try:
        found: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    path = []
    while isinstance(found, dict) and found:
        (name, found), *_ = found.items()
        path.append(name)
    return tuple(path)


def _read(text: str, form: Format) -> _Document:
    if form == "yaml":
        return _Yaml(text)
    if form == "toml":
        return _Toml(text)
    if form == "json" and text.strip():
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            raise BrokenFile(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
        except RecursionError:
            raise BrokenFile("it is nested too deeply") from None
    return JsonText(text)


def entries(text: str, form: Format, section: Section) -> dict[str, Any]:
    """Return the entries of a section by name; none where the text or the section is missing.

    Raises:
        BrokenFile: the text is not of its format, or the section holds something else than entries.
    """
    return _entries(_read(text, form).value, section)


def _entries(value: Mapping[str, Any], section: Section) -> dict[str, Any]:
    found: Any = value
    for name in section:
        found = found.get(name)
        if found is None:
            return {}
        if not isinstance(found, Mapping):
            raise BrokenFile(f'"{name}" holds no entries')
    return dict(found)


def with_entry(text: str, form: Format, section: Section, name: str, entry: dict[str, Any] | None) -> str:
    """Return the text with one entry set, or, where `entry` is None, removed.

    Raises:
        BrokenFile: see `entries`; or the text cannot be changed without changing more.
    """
    wanted = entries(text, form, section)
    if wanted.get(name) == entry:
        return text
    document = _read(text, form)
    others = _without(document.value, section)
    if entry is None:
        new = document.remove(section, name)
        del wanted[name]
    else:
        new = document.put(section, name, entry)
        wanted[name] = entry
    if not _says(new, form, section, wanted, others):
        raise BrokenFile("its layout is one that this program cannot change")
    return new


def _says(text: str, form: Format, section: Section, wanted: dict[str, Any], others: dict[str, Any]) -> bool:
    """Tell whether a changed text holds the entries that are wanted, and all else as it was."""
    try:
        value = _read(text, form).value
        return _without(value, section) == others and _entries(value, section) == wanted
    except BrokenFile:
        return False


def _without(value: Mapping[str, Any], section: Section) -> dict[str, Any]:
    """Return a document without a section, and without the objects that hold nothing else."""
    name, *inner = section
    left = {other: held for other, held in value.items() if other != name}
    beside = _without(value[name], tuple(inner)) if inner and name in value else {}
    return {**left, name: beside} if beside else left
