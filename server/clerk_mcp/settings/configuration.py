"""The configuration file: instances by name, each with the place of its key and what agents may do there.

    [instances.dev]
    key_file = "~/.clerk-mcp/dev.key"

    [instances.prod]
    key_env = "CLERK_PROD_KEY"
    confirm = "person"
    toolsets = ["users"]

    [instances.stage]
    key_command = ["op", "read", "op://Work/Clerk stage/key"]

The file holds no keys, so that it can be shown. Whatever is wrong in it is refused by its line, its instance
and its key, for a mistyped `read_only` that counts for nothing would open what it was to close.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from clerk_tools.catalog import nearest
from clerk_tools.credentials import holds_credential

ALL: Final = "all"
"""In place of names: every instance of the file."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")
_RESERVED: Final = (ALL, "clerk")
"""`clerk:read` is a scope, and of no instance."""
_NAME_RULE: Final = "up to 31 small letters, digits, - and _, and neither `all` nor `clerk`"

_TEXTS: Final = "a list of texts"
KEYS: Final[Mapping[str, tuple[type, str, str]]] = {
    "key_file": (str, "a text", "clerk_secret_key_file"),
    "key_env": (str, "a text", "clerk_secret_key"),
    "key_command": (list, "a list of texts, the program first, for no shell reads it", ""),
    "sandbox": (bool, "true or false", "sandbox"),
    "kind": (str, "a text", ""),
    "api_url": (str, "a text", "clerk_api_url"),
    "api_version": (str, "a text", "clerk_api_version"),
    "read_only": (bool, "true or false", "read_only"),
    "any_path": (bool, "true or false", "any_path"),
    "confirm": (str, "a text", "confirm"),
    "toolsets": (list, _TEXTS, "toolsets"),
    "tools": (list, _TEXTS, "tools"),
    "exclude": (list, _TEXTS, "exclude"),
    "max_changes": (str, "a text", "max_changes"),
    "rate_budget": (str, "a text", "rate_budget"),
    "audit_log": (str, "a text", "audit_log"),
    "audit_before": (bool, "true or false", "audit_before"),
    "mode": (str, "a text", "mode"),
}
"""What a table may hold: the type of the value, that in words, and the setting that it stands for."""

_MOST_BYTES: Final = 100_000
"""Of the file: a hundred instances are far less."""
_KEYS_OF_KEYS: Final = ("key_file", "key_env", "key_command", "sandbox")
_KINDS: Final = ("live", "test")


class ConfigurationError(Exception):
    """The file does not hold; each of `problems` names the file, the line where it is known, and the fix."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Entry:
    """One instance of the file."""

    name: str
    values: Mapping[str, Any]
    """By the names of `KEYS`."""
    file: Path
    lines: Mapping[str, int | None] = field(default_factory=dict)
    """Where each of them stands, as far as it is known."""

    def place(self, key: str) -> str:
        """Tell where a key of its table stands, in words."""
        line = self.lines.get(key)
        return f"{self.file}, line {line}: {self.name}.{key}" if line else f"{self.file}: {self.name}.{key}"

    @property
    def settings(self) -> dict[str, Any]:
        """What the table says, by the names of settings; the key aside."""
        return {
            KEYS[name][2]: tuple(value) if isinstance(value, list) else value
            for name, value in self.values.items()
            if KEYS[name][2] and name != "key_env"
        }

    @property
    def key_place(self) -> str:
        """Where its key is, in words."""
        if "key_file" in self.values:
            return f"the file {self.values['key_file']}"
        if "key_command" in self.values:
            return f"the program {self.values['key_command'][0]}"
        return f"the variable {self.values['key_env']}" if "key_env" in self.values else "the sandbox"


def read_entries(path: Path) -> dict[str, Entry]:
    """Return the instances of a configuration file by their names.

    Raises:
        ConfigurationError: the file cannot be read, others may change it, or something in it is wrong.
    """
    import tomllib

    try:
        with path.open("rb") as file:
            # What is a file without end, such as a device, would fill the memory.
            content = file.read(_MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text file in UTF-8"
        raise ConfigurationError(f"{path} cannot be read: {reason}") from None
    if len(content) > _MOST_BYTES:
        raise ConfigurationError(f"{path} is larger than {_MOST_BYTES} bytes, and is no configuration file")
    if os.name == "posix" and mode & (stat.S_IWGRP | stat.S_IWOTH):
        # Whoever can change it decides where a key is sent, and what agents may do with it.
        raise ConfigurationError(f"{path}: others than its owner may change it: chmod go-w {path}")
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Not only its own error: a number of thousands of digits is another one.
        reason = str(error) if not holds_credential(str(error)) else "a credential stands in it"
        raise ConfigurationError(f"{path} is not TOML: {reason}") from None
    return _Reading(path, text).entries(document)


class _Reading:
    """One reading of a file, which gathers what is wrong."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._problems: list[str] = []

    def entries(self, document: Mapping[str, Any]) -> dict[str, Entry]:
        """Judge a whole document.

        Raises:
            ConfigurationError: with all that is wrong.
        """
        for name in document:
            if name != "instances":
                meant = nearest(name, ["instances"])
                told = (
                    "did you mean [instances]?" if meant else "instances are tables such as [instances.prod]"
                )
                self._say(self._line("", name), f"{_shown(name)} is nothing that this file has; {told}")
        tables = document.get("instances", {})
        entries = {}
        if not isinstance(tables, Mapping):
            self._say(self._line("", "instances"), "instances must be tables such as [instances.prod]")
            tables = {}
        elif not tables and not self._problems:
            self._say(None, "it names no instance: begin with a table such as [instances.dev]")
        for name, table in tables.items():
            if self._is_sound(name, table):
                entries[name] = Entry(name, table, self._path, {key: self._line(name, key) for key in table})
        self._refuse_shared_places(entries.values())
        if self._problems:
            raise ConfigurationError(*self._problems)
        return entries

    def _is_sound(self, name: str, table: Any) -> bool:
        before = len(self._problems)
        if not _NAME.fullmatch(name) or name in _RESERVED:
            self._say(self._line(name), f"{_shown(name)} cannot be the name of an instance: {_NAME_RULE}")
        elif not isinstance(table, Mapping):
            self._say(self._line("", name), f"{name} must be a table, [instances.{name}]")
        else:
            for key, value in table.items():
                self._judge(name, key, value)
            places = [key for key in _KEYS_OF_KEYS if table.get(key)]
            if len(places) != 1:
                what = f"it has {' and '.join(places)}" if places else "it has none of them"
                self._say(
                    self._line(name),
                    f"{name} needs one of key_file (a file with its key), key_env (the name of a variable"
                    f" with it), key_command (a program that writes it) and sandbox = true, and {what}",
                )
        return len(self._problems) == before

    def _judge(self, instance: str, key: str, value: Any) -> None:
        line, named = self._line(instance, key), f"{instance}.{_shown(key)}"
        if key not in KEYS:
            self._say(line, f"{named} is not a setting of an instance; {_advice(key, value)}")
            return
        kind, words, _ = KEYS[key]
        texts = value if isinstance(value, list) else [value] if isinstance(value, str) else []
        if not isinstance(value, kind) or not all(isinstance(text, str) for text in texts):
            self._say(line, f"{named} must be {words}")
        elif any(not text.strip() for text in texts) or value == []:
            self._say(line, f"{named} is empty: leave it out, or say what it is")
        elif not all(text.isprintable() for text in _shown_in_messages(key, texts)):
            self._say(line, f"{named} holds a character that nobody sees, such as a line break")
        elif any(holds_credential(text) for text in texts):
            self._say(line, f"{named} is a credential, and this file holds none: {_PLACES}")
        elif key == "kind" and value not in _KINDS:
            self._say(line, f"{named} must be live or test: what its key has to be")
        elif key == "key_env" and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", texts[0]):
            self._say(line, f"{named} must be the name of a variable, without $")

    def _refuse_shared_places(self, entries: Iterable[Entry]) -> None:
        seen: dict[tuple[str, str, str], str] = {}
        for entry in entries:
            for key in ("key_file", "key_env", "key_command"):
                if key not in entry.values:
                    continue
                given = entry.values[key]
                place = str(Path(given).expanduser()) if key == "key_file" else str(given)
                same = (key, place, entry.values.get("api_url", ""))
                if same in seen:
                    self._say(
                        self._line(entry.name, key),
                        f"{entry.name} and {seen[same]} have one key, {entry.key_place}: each instance has"
                        " one of its own",
                    )
                seen.setdefault(same, entry.name)

    def _say(self, line: int | None, problem: str) -> None:
        place = f"{self._path}, line {line}" if line else str(self._path)
        self._problems.append(f"{place}: {problem}")

    def _line(self, instance: str, key: str | None = None) -> int | None:
        """Return the number of the line where a table begins, or where a key of it stands; None where that
        is written in another form than usual."""
        header = rf"\[\s*\"?instances\"?\s*\.\s*[\"']?{re.escape(instance)}[\"']?\s*\]"
        assigned = None if key is None else rf"[\"']?{re.escape(key)}[\"']?\s*="
        top_table = None if key is None else rf"\[+\s*[\"']?{re.escape(key)}\b"
        within = not instance
        for number, line in enumerate(self._lines, 1):
            text = line.strip()
            if text.startswith("["):
                within = bool(re.match(header, text)) if instance else False
                if within and key is None:
                    return number
                if not instance and top_table and re.match(top_table, text):
                    return number
            elif within and assigned and re.match(assigned, text):
                return number
        return None


_PLACES: Final = (
    "put it into a file of its own and name that as key_file, name a variable as key_env, or a program that"
    " writes it as key_command"
)


def _shown_in_messages(key: str, texts: list[str]) -> list[str]:
    """Return what messages quote of a value. A program's arguments are not, and may be lines of a script."""
    return texts[:1] if key == "key_command" else texts


def _advice(key: str, value: Any) -> str:
    if isinstance(value, str) and holds_credential(value):
        return f"and this file holds no keys: {_PLACES}"
    meant = nearest(key.replace("-", "_").lower(), KEYS)
    return f"did you mean {meant}?" if meant else f"it has {', '.join(KEYS)}"


def _shown(name: str) -> str:
    """Return a name from the file, unless a credential was pasted in its place."""
    return "(a credential)" if holds_credential(name) else name if name.isprintable() else ascii(name)


def chosen(entries: Mapping[str, Entry], names: Iterable[str], path: Path) -> list[Entry]:
    """Return the instances of these names; `all` are all.

    Raises:
        ConfigurationError: one of them is not there.
    """
    names = list(names)
    if names == [ALL]:
        return list(entries.values())
    problems = []
    for name in dict.fromkeys(names):
        if name not in entries:
            meant = nearest(name, entries)
            told = f"did you mean {meant}?" if meant else f"it has {', '.join(entries)}"
            problems.append(f"--instance: {path} has no instance {_shown(name)}; {told}")
    if problems:
        raise ConfigurationError(*problems)
    return [entries[name] for name in dict.fromkeys(names)]
