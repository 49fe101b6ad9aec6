"""The settings of the instances that the configuration file names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from clerk_mcp.instance import Kind, fingerprint, kind_of_key
from clerk_mcp.settings.configuration import ConfigurationError, Entry, chosen, read_entries
from clerk_mcp.settings.fields import Settings, Source, named
from clerk_mcp.settings.key_command import key_from
from clerk_mcp.settings.reading import read_key, validated
from clerk_mcp.settings.values import SettingsError, at_home, problem_with_key


def of_instances(base: Settings, given: Mapping[str, Any]) -> Settings:
    """Return the settings of the instance that is chosen, or those around the instances that are.

    Args:
        base: what flags and the environment say.
        given: the flags alone.
    """
    if base.sandbox:
        raise SettingsError(
            "--instance and --sandbox exclude each other: an instance of the file may have sandbox = true"
        )
    if base.transport != "stdio" and base.auth == "clerk-key":
        raise SettingsError("--instance and --auth clerk-key exclude each other: callers bring their keys")
    if "" in base.instance:
        raise SettingsError(f"{named('instance')} is empty: give the name of an instance")
    path = at_home(base.config)
    if not path.exists():
        raise SettingsError(
            f"{named('instance')} is {' and '.join(base.instance)}, and there is no configuration file"
            f" {path}: write one, or name it with --config"
        )
    problems: list[str] = []
    served: list[Settings] = []
    try:
        everything = read_entries(path)
        entries = chosen(everything, base.instance, path)
    except ConfigurationError as error:
        raise SettingsError(*error.problems) from None
    for entry in entries:
        try:
            served.append(_of_instance(entry, base, given))
        except SettingsError as error:
            problems += error.problems
    problems += shared_keys(served, everything.values(), base.clerk_api_url)
    if problems:
        raise SettingsError(*problems)
    if len(served) == 1:
        return served[0]
    around = base.model_copy(update={"clerk_secret_key": None, "clerk_secret_key_file": None})
    around._served = tuple(served)
    return around


def _of_instance(entry: Entry, base: Settings, given: Mapping[str, Any]) -> Settings:
    """Return the settings of one instance: flags before its table, and that before the environment.

    Its key comes from where the table says and from nowhere else. What only reads by any of the three only
    reads; and so does a live instance, unless its table says otherwise.
    """
    key, file = _key_of(entry)
    kind = kind_of_key(key) if key else Kind.SANDBOX
    if entry.values.get("kind", kind) != kind:
        raise SettingsError(f"{entry.place('kind')} is {entry.values['kind']}, and its key is a {kind} key")
    table = entry.settings
    table["read_only"] = table.get("read_only", kind is Kind.LIVE) or base.read_only
    if "audit_log" in table:
        table["audit_log"] = _beside(entry, table["audit_log"])
    flags = {name: value for name, value in given.items() if name != "sandbox"}
    values = {**table, **flags, "read_only": table["read_only"], "instance": (entry.name,)}
    values |= {"clerk_secret_key": key, "clerk_secret_key_file": file}
    settings = validated(values, entry)
    decided = {name for name in table if name not in given and name in entry.settings}
    if settings.read_only and not (base.read_only or given.get("read_only")):
        decided.add("read_only")
    settings._sources.update(base._sources)
    settings._sources.update((name, "file") for name in decided)
    settings._sources["clerk_secret_key"] = _source(entry)
    return settings.of(entry, decided)


def _key_of(entry: Entry) -> tuple[str | None, Path | None]:
    """Return the key of an instance, and the file that it is in; neither for a sandbox."""
    if name := entry.values.get("key_env"):
        key = os.environ.get(name, "").strip()
        if not key:
            raise SettingsError(f"{entry.place('key_env')} is {name}, and this variable is not set")
        if problem := problem_with_key(key):
            raise SettingsError(f"{entry.place('key_env')} is {name}: its value {problem}")
        return key, None
    if command := entry.values.get("key_command"):
        return key_from(command, entry.place("key_command"), entry.file.absolute().parent), None
    if "key_file" not in entry.values:
        return None, None
    file = _beside(entry, entry.values["key_file"])
    return read_key(file, entry.place("key_file")), file


def _beside(entry: Entry, path: str) -> Path:
    """Return a path of the file, which is meant from where the file is."""
    return entry.file.absolute().parent / at_home(Path(path))


def _source(entry: Entry) -> Source:
    ways: tuple[tuple[str, Source], ...] = (
        ("key_file", "file"),
        ("key_env", "variable"),
        ("key_command", "program"),
    )
    return next((source for key, source in ways if key in entry.values), "default")


def shared_keys(served: Iterable[Settings], others: Iterable[Entry] = (), api_url: str = "") -> list[str]:
    """Name the instances that have one key, where one of them is served: under two names it would be one
    instance.

    Args:
        others: what else the file has; their keys are compared where they can be read without a program.
        api_url: where they are, unless their tables say otherwise.
    """
    by_mark: dict[str, set[str]] = {}
    served = list(served)
    names = {one.instance_name for one in served}
    for one in served:
        if one.key:
            by_mark.setdefault(_mark(one.key, one.clerk_api_url), set()).add(str(one.instance_name))
    for entry in others:
        key = None if entry.name in names else _readable_key(entry)
        mark = _mark(key, entry.values.get("api_url", api_url).rstrip("/")) if key else ""
        if mark in by_mark:
            by_mark[mark].add(entry.name)
    return [
        f"{served[0].config}: {' and '.join(sorted(alike))} have one key, and would be one instance under"
        " two names: give each its own"
        for alike in by_mark.values()
        if len(alike) > 1
    ]


def _mark(key: str, url: str) -> str:
    """Return what is the same for two instances only where they are one."""
    return fingerprint(f"{url}\n{key}")


def _readable_key(entry: Entry) -> str | None:
    """Return the key of an instance that nobody chose; None where it cannot be had, or a program has it."""
    if "key_command" in entry.values:
        # It may ask somebody to unlock a vault.
        return None
    try:
        return _key_of(entry)[0]
    except SettingsError:
        return None
