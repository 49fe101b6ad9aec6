"""From the environment and from files: what is there, what is not known, and what does not fit."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from clerk_mcp.settings.configuration import KEYS, Entry
from clerk_mcp.settings.fields import PREFIX, Settings, named, variable
from clerk_mcp.settings.values import MOST_BYTES, SettingsError, at_home, problem_with_key
from clerk_tools.catalog import nearest


def validated(values: Mapping[str, Any], entry: Entry | None = None) -> Settings:
    """Make settings of these values, over those of the environment.

    Raises:
        SettingsError: a value does not fit.
    """
    try:
        return Settings.model_validate({**from_environment(), **values})
    except ValidationError as error:
        raise SettingsError(
            *(_problem(details["loc"], _what_it_must_be(details), entry) for details in error.errors())
        ) from None


def from_environment() -> dict[str, str]:
    """Return the values of the variables that are set, by the names of their fields, in whichever case."""
    values = {name.upper(): value for name, value in os.environ.items()}
    return {name: values[variable(name)] for name in Settings.model_fields if variable(name) in values}


def given_in_environment() -> set[str]:
    """Return the fields whose variables are set, and not to nothing."""
    return {name for name, value in from_environment().items() if value.strip()}


_HOLD_BACK: Final = ("READONLY", "CONFIRM", "TOOLSETS", "EXCLUDE", "AUDITLOG")
"""Endings of what holds agents back, without underscores."""


def _is_meant_for_us(name: str) -> bool:
    letters = name.upper().replace("_", "")
    return name.upper().startswith(PREFIX) or ("CLERK" in letters and letters.endswith(_HOLD_BACK))


def refuse_unknown(environ: Mapping[str, str]) -> None:
    # A mistyped safety switch that is quietly ignored is worse than no start at all.
    known = {variable(name) for name in Settings.model_fields}
    problems = []
    for name in sorted(n for n in environ if _is_meant_for_us(n) and n.upper() not in known):
        meant = _nearest(name, known)
        problems.append(f"{name} is not a setting" + (f"; did you mean {meant}?" if meant else ""))
    if problems:
        raise SettingsError(*problems)


def _nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the variable that was most likely meant; compared without what all of them begin with."""
    shortened = {other.removeprefix(PREFIX).removeprefix("CLERK_"): other for other in known}
    bare = re.sub(r"^(CLERK_?MCP_?|.*CLERK_)", "", name.upper())
    close = nearest(bare, shortened, likeness=0.65)
    return shortened[close] if close else None


_MUST: Final = {
    "literal_error": "must be {expected}",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "greater_than": "must be above {gt}",
}
"""By pydantic's kind of error, what a value must be."""


def _what_it_must_be(error: ErrorDetails) -> str:
    """Say what a value must be, and, of those that hold no secret, what it is."""
    rule = _MUST.get(error["type"])
    if rule is None:
        return error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    bounds = {name: _plain(value) for name, value in error.get("ctx", {}).items()}
    given = error["input"]
    return f"{rule.format_map(bounds)}, {'and is empty' if given == '' else f'not {given}'}"


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).replace("'", "")


def _problem(location: tuple[int | str, ...], message: str, entry: Entry | None = None) -> str:
    name = str(location[0])
    if entry and name in entry.settings:
        key = next(key for key, (_, _, field) in KEYS.items() if field == name)
        return f"{entry.place(key)} {message}"
    return f"{named(name)} {message}"


def read_key(path: Path, place: str = "") -> str:
    by_variable = "clerk_secret_key_file" in given_in_environment()
    named = f"CLERK_SECRET_KEY_FILE {path}" if by_variable else f"The key file {path}"
    named = f"{place} {path}" if place else named
    try:
        with at_home(path).open("rb") as file:
            # What is a file without end, such as a device, would fill the memory.
            content = file.read(MOST_BYTES + 1)
        # Editors on Windows put a byte-order mark before the text.
        key = content.decode("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise SettingsError(f"{named} cannot be read: {reason}") from None
    if len(content) > MOST_BYTES:
        raise SettingsError(f"{named}: it has more than {MOST_BYTES} bytes, and must hold the key alone")
    if not key:
        raise SettingsError(f"{named}: the file is empty")
    if problem := problem_with_key(key):
        raise SettingsError(f"{named}: a key {problem}")
    return key
