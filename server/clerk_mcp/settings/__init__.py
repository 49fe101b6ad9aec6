"""Every setting, as flag and variable; the configuration file with instances by name."""

from __future__ import annotations

from clerk_mcp.settings.configuration import ConfigurationError, read_entries
from clerk_mcp.settings.fields import (
    HOLDS_BACK,
    PREFIX,
    UNPREFIXED,
    WITHOUT_FLAG,
    Settings,
    Source,
    flag,
    sections,
    variable,
)
from clerk_mcp.settings.loading import DEFAULT_KEY_FILE, load
from clerk_mcp.settings.of_instances import shared_keys
from clerk_mcp.settings.reading import given_in_environment
from clerk_mcp.settings.values import KEY_PATTERN, SettingsError, at_home, is_loopback, problem_with_key
from clerk_mcp.settings.without_effect import ONLY_A_PERSON, people_sign_in, refuse_without_effect

__all__ = [
    "DEFAULT_KEY_FILE",
    "HOLDS_BACK",
    "KEY_PATTERN",
    "ONLY_A_PERSON",
    "PREFIX",
    "UNPREFIXED",
    "WITHOUT_FLAG",
    "ConfigurationError",
    "Settings",
    "SettingsError",
    "Source",
    "at_home",
    "flag",
    "given_in_environment",
    "is_loopback",
    "load",
    "people_sign_in",
    "problem_with_key",
    "read_entries",
    "refuse_without_effect",
    "sections",
    "shared_keys",
    "variable",
]
