"""Settings as they are loaded: flags over the environment, and a key from its file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from clerk_mcp.settings.fields import Settings
from clerk_mcp.settings.of_instances import of_instances
from clerk_mcp.settings.reading import read_key, refuse_unknown, validated
from clerk_mcp.settings.values import SettingsError, at_home

DEFAULT_KEY_FILE: Final = Path("~/.clerk-mcp/key")
"""Where the key is looked for that neither variable names: many hosts hand on none of their own."""


def load(flags: Mapping[str, Any] | None = None) -> Settings:
    """Settings from `flags` (by field name; None means not given) over the environment.

    Raises:
        SettingsError: an unknown variable, a value that does not fit, or an unreadable key file.
    """
    refuse_unknown(os.environ)
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    settings = validated(given)
    sources = settings._sources
    sources.update((name, "flag" if name in given else "variable") for name in settings.model_fields_set)
    if settings.instance:
        return of_instances(settings, given)
    file = settings.clerk_secret_key_file or _default_key_file(settings)
    if file is None or settings.key:
        return settings
    with_key = load({**given, "clerk_secret_key_file": file, "clerk_secret_key": read_key(file)})
    with_key._sources.update({"clerk_secret_key_file": "default", **sources, "clerk_secret_key": "file"})
    return with_key


def _default_key_file(settings: Settings) -> Path | None:
    """Return the key file that is found by itself; None where no key is needed, or callers bring theirs."""
    if settings.sandbox or settings.auth == "clerk-key":
        return None
    try:
        file = at_home(DEFAULT_KEY_FILE)
        return file if file.is_file() else None
    except (OSError, SettingsError):
        return None
