"""An entry's command line as settings, and back: what it says now, what it shall say, and what differs."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from clerk_mcp.settings import (
    PREFIX,
    UNPREFIXED,
    WITHOUT_FLAG,
    Settings,
    SettingsError,
    at_home,
    flag,
    variable,
)

Values = dict[str, str | bool]
"""Settings by field name, as a command line gives them: text, or True for a switch."""

_ON: Final = ("1", "true", "t", "yes", "y", "on")
"""How pydantic reads a switch that is on."""

_KEYS: Final = ("clerk_secret_key", "clerk_secret_key_file")
_BY_VARIABLE: Final = ("clerk_api_url",)
"""What has no flag and is no secret: it goes into the entry's environment."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an entry says."""

    values: Values
    unknown: tuple[str, ...]
    """Words of its command line that are no settings of this version."""


def values_of(args: Sequence[str], env: Mapping[str, str]) -> Said:
    """Return the settings of an entry, the key aside: from its variables, and its arguments for this
    server."""
    by_flag = {flag(name): name for name in Settings.model_fields if name not in WITHOUT_FLAG}
    values: Values = {}
    for given, value in env.items():
        name = UNPREFIXED.get(given, given.removeprefix(PREFIX).lower())
        if name not in Settings.model_fields or name in _KEYS:
            continue
        if Settings.model_fields[name].annotation is not bool:
            values[name] = value
        elif value.strip().lower() in _ON:
            values[name] = True
    unknown = []
    words = list(args)
    while words:
        word, equals, value = words.pop(0).partition("=")
        field = by_flag.get(word)
        if field is None:
            unknown.append(word)
        elif Settings.model_fields[field].annotation is bool:
            values[field] = True
        elif equals or words:
            values[field] = value if equals else words.pop(0)
    return Said(values, tuple(unknown))


def is_setting(variable_name: str) -> bool:
    """Tell whether a variable of an entry is about this server."""
    return variable_name in UNPREFIXED or variable_name.startswith(PREFIX)


def values_in_force(settings: Settings, given: Iterable[str]) -> Values:
    """Return what an entry has to say so that the server runs with these settings, the key aside.

    Paths become absolute, for a host starts the server in a directory of its own.

    Args:
        given: fields that were given as flags: these are said even where they are the default.

    Raises:
        SettingsError: a setting is a secret, and must not stand where the entry does.
    """
    values: Values = {}
    for name, info in Settings.model_fields.items():
        value = getattr(settings, name)
        if name in _KEYS or not (name in set(given) or value != info.default):
            continue
        if name in settings.from_file:
            # The entry names the instance, and the file says the rest.
            continue
        if name == "state_key" or (name == "redis_url" and urlsplit(str(value)).password):
            raise SettingsError(
                f"{variable(name)} is a secret, and would stand in the host's file for all to read:"
                " unset it, or set it where the host is started, and run this without it"
            )
        if value is None or value is False or value == ():
            continue
        values[name] = True if value is True else _text(value)
    return values


def _text(value: Any) -> str:
    if isinstance(value, Path):
        return os.path.abspath(at_home(value))
    return (
        ",".join(value)
        if isinstance(value, tuple)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def args_of(values: Values) -> list[str]:
    """Return the command line that gives these settings."""
    args: list[str] = []
    # What install may have chosen by itself stands first, and what somebody gave after it.
    for name in sorted(Settings.model_fields, key=lambda name: name != "mode"):
        value = values.get(name)
        if value is None or name in WITHOUT_FLAG:
            continue
        is_switch = Settings.model_fields[name].annotation is bool
        args += [flag(name)] if is_switch else [flag(name), str(value)]
    return args


def env_of(values: Values) -> dict[str, str]:
    """Return the variables that give those settings which have no flag."""
    return {variable(name): str(values[name]) for name in _BY_VARIABLE if name in values}


def differences(old: Values, new: Values) -> list[str]:
    """Return what changes from one to the other, a line for each setting."""
    lines = []
    for name in Settings.model_fields:
        before, after = old.get(name), new.get(name)
        if str(before) == str(after):
            continue
        words = [_named(name, value) for value in (before, after) if value is not None]
        verb = "new" if before is None else "gone" if after is None else "changed"
        lines.append(f"{verb}: {' → '.join(words)}")
    return lines


def _named(name: str, value: str | bool) -> str:
    if name in WITHOUT_FLAG:
        return f"{variable(name)}={value}"
    return (
        flag(name) if Settings.model_fields[name].annotation is bool else shlex.join([flag(name), str(value)])
    )
