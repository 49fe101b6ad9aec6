"""`clerk-mcp install` and `uninstall`: this server's entry in a host's configuration."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from clerk_mcp.commands.install import host_files
from clerk_mcp.commands.install.entry_args import (
    Said,
    Values,
    args_of,
    differences,
    env_of,
    is_setting,
    values_in_force,
    values_of,
)
from clerk_mcp.commands.install.file_change import (
    BOM,
    CannotChange,
    Change,
    backups,
    read_text,
    refuse_read_only,
)
from clerk_mcp.commands.install.host_files import BrokenFile
from clerk_mcp.commands.install.hosts import (
    HOSTS,
    KEY,
    KEY_FILE,
    OTHER,
    SANDBOX_NAME,
    Host,
    Launch,
    command_here,
    is_here,
    is_temporary_installation,
    path_here,
)
from clerk_mcp.instance import name_in_hosts
from clerk_mcp.offering import Policy
from clerk_mcp.protocol import Surface
from clerk_mcp.serve import check
from clerk_mcp.settings import (
    DEFAULT_KEY_FILE,
    Settings,
    SettingsError,
    at_home,
    given_in_environment,
    load,
)
from clerk_tools.catalog import nearest

_KNOWN: Final = f"Known are {', '.join(HOSTS)}; for any other, clerk-mcp install --print shows the entry."


def _changed(host: Host, path: Path, edits: Mapping[str, dict[str, Any] | None]) -> Change:
    """Return the change that sets entries, or removes those that are None."""
    before, text = read_text(path)
    mark = BOM if before is not None and before.startswith(BOM.encode()) else ""
    if before is None and not any(edits.values()):
        return Change(path, None, None)
    try:
        for name, entry in edits.items():
            text = host_files.with_entry(text, host.format, host.section, name, entry)
    except BrokenFile as error:
        raise _broken(host, path, error) from None
    return Change(path, before, mark + text)


def _broken(host: Host, path: Path, error: BrokenFile) -> CannotChange:
    if host.own_command:
        return CannotChange(
            f"{path} cannot be changed here: {error}. {host.title} also reads what is not JSON, such as names"
            f" without quotes. Write it as JSON (comments may stay), or give the entry that --print shows to"
            f" {host.own_command}."
        )
    form = "JSON" if host.format in ("json", "jsonc") else host.format.upper()
    return CannotChange(f"{path} is not the {form} that {host.title} reads: {error}. Mend it and try again.")


def entries_of(host: Host, path: Path) -> dict[str, Any]:
    """Return all entries of a host's file, by name.

    Raises:
        CannotChange: the file cannot be read, or is broken.
    """
    try:
        return host_files.entries(read_text(path)[1], host.format, host.section)
    except BrokenFile as error:
        raise _broken(host, path, error) from None


def plan_install(host: Host, path: Path, name: str, launch: Launch) -> Change:
    """Return the change that makes a host start this server under a name.

    What else an entry of ours holds, such as a host's approvals, is kept.

    Raises:
        CannotChange: see its messages.
    """
    path = path.resolve()
    refuse_read_only(path)
    old = entries_of(host, path).get(name)
    started = host.launch(old)
    if old is not None and not (started and started.is_ours):
        raise CannotChange(
            f'{path} has another server under the name "{name}": choose another name with --name.'
        )
    entry = host.entry(name, launch)
    return _changed(host, path, {name: _renewed(old, entry) if old else entry})


_OURS: Final = ("type", "command", "cmd", "args", "env", "envs", "env_vars", "env_keys", "environment")
"""What of an entry says how this server is started and where its key is."""


def _renewed(old: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry with all that an earlier one holds beside how it starts the server, in the order of
    that."""
    kept = {name: value for name, value in old.items() if name not in _OURS}
    return {name: {**entry, **kept}[name] for name in (*old, *entry) if name in entry or name in kept}


def plan_uninstall(host: Host, path: Path, name: str | None) -> tuple[Change, list[str]]:
    """Return the change that takes out the entries that start this server, or the one of a name, and their
    names.

    Raises:
        CannotChange: see its messages.
    """
    path = path.resolve()
    refuse_read_only(path)
    found = {n: started for n, entry in entries_of(host, path).items() if (started := host.launch(entry))}
    ours = [n for n, started in found.items() if started.is_ours and name in (None, n)]
    if name in found and not ours:
        raise CannotChange(f'"{name}" in {path} starts another server: remove it by hand.')
    if not ours:
        return _changed(host, path, {}), []
    return _as_it_was(host, path, ours) or _changed(host, path, dict.fromkeys(ours)), ours


_MOST_BACKUPS: Final = 20
"""So many are looked at, of a file that is changed often."""


def _as_it_was(host: Host, path: Path, names: list[str]) -> Change | None:
    """Return the change back to a file as it was before these entries, to the byte.

    None where something else was changed since, or no backup of that time is there.
    """
    before, text = read_text(path)
    entries = entries_of(host, path)
    for backup in [*backups(path)[:_MOST_BACKUPS], None]:
        try:
            kept = read_text(backup)[1] if backup else ""
            if any(name in host_files.entries(kept, host.format, host.section) for name in names):
                continue
            again = kept
            for name in names:
                again = host_files.with_entry(again, host.format, host.section, name, entries[name])
        except (BrokenFile, CannotChange):
            continue
        if again == text:
            mark = BOM if before is not None and before.startswith(BOM.encode()) else ""
            return Change(path, before, mark + kept if backup else None)
    return None


@dataclass(frozen=True, slots=True)
class Options:
    """How `clerk-mcp install` is to go about it."""

    name: str | None = None
    """The entry's; by default `clerk`, `clerk-prod` for the instance `prod`, or `demo` for the sandbox."""
    config: Path | None = None
    """The host's file, where it is not the user's own."""
    with_key: bool = False
    replace: bool = False
    """Forget the settings that the entry has."""
    dry_run: bool = False
    only_print: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What an entry shall start, and what that changes."""

    launch: Launch
    changes: tuple[str, ...] = ()
    """Lines for the person: what differs from the entry as it is."""
    tools: tuple[str, ...] = ()
    """What the entry will list."""
    chose_search: bool = False
    """Whether the mode is one that nobody asked for, because the host takes fewer tools."""


def plan_launch(host: Host, given: Mapping[str, Any], old: Launch | None, options: Options) -> Plan:
    """Tell how a host shall start this installation with the settings in force here.

    An entry that is there keeps its other settings, and its variables. The key itself is written only where
    `with_key` says so: otherwise the entry names a file that holds it, or a variable of the host's.

    Args:
        given: settings given as flags, by field name.
        old: what the entry starts today, where it starts this server.

    Raises:
        SettingsError: a setting does not hold, has no effect, or must not stand in the file.
    """
    settings = load(given)
    if settings.transport != "stdio":
        raise SettingsError(
            "Hosts start this server over stdio. To connect one to a server over HTTP, give it the URL."
        )
    before = values_of(old.server_args or [], old.env) if old else Said({}, ())
    kept = {} if options.replace else _not_told(before.values, settings)
    if options.name is None and not settings.sandbox:
        # The name that is chosen here, `clerk`, is that of the user's own instance.
        kept.pop("sandbox", None)
    values = kept | values_in_force(settings, given)
    merged = load({**given, **kept})
    policy = check(merged, values)
    listed = _listed(merged, policy)
    # Only for an entry that is new: one that is there was tried, and keeps its settings.
    is_new = old is None or options.replace
    too_many = len(listed) > (host.most_tools or len(listed))
    chose_search = is_new and too_many and "mode" not in values
    if chose_search:
        values["mode"] = "search"
        listed = _listed(merged.model_copy(update={"mode": "search"}), policy)
    command, *args = command_here()
    launch = Launch(command, [*args, *args_of(values)], env_of(values))
    launch = _with_key(host, launch, merged, old, options)
    if old and not options.replace:
        launch = _with_foreign_variables(launch, old)
    changes = [
        *differences(before.values, values),
        *(f"left out, no setting: {word}" for word in before.unknown),
    ]
    if old and KEY in old.env and old.env[KEY].startswith(("sk_", "test_", "live_")) and not options.with_key:
        changes.append("gone: the key itself; --with-key writes it")
    return Plan(launch, tuple(changes) if old else (), tuple(listed), chose_search)


def _listed(settings: Settings, policy: Policy) -> list[str]:
    """Return the names of the tools that a host will see, as far as it does not depend on the host."""
    surface = Surface("all" if settings.mode == "all" else "search", policy, settings.list_all_cap)
    return [tool["name"] for tool in surface.tools(None, None)]


def _not_told(values: Values, settings: Settings) -> Values:
    return {name: value for name, value in values.items() if name not in settings.model_fields_set}


def _with_key(host: Host, launch: Launch, settings: Settings, old: Launch | None, options: Options) -> Launch:
    """Return the launch with where the key comes from."""
    if settings.entry:
        # The configuration file says where the key is; only a variable has to reach the server.
        key_env = settings.entry.values.get("key_env")
        if key_env and not host.takes_variables:
            raise SettingsError(
                f"{host.title} hands on no variables, and the key of {settings.entry.name} is in {key_env}:"
                " put it into a file, and name that as key_file"
            )
        if options.with_key:
            raise SettingsError(
                "--with-key and --instance exclude each other: the file says where the key is"
            )
        return replace(launch, from_env=(key_env,)) if key_env else launch
    if settings.sandbox:
        return launch
    if options.with_key:
        if settings.key is None:
            raise SettingsError(f"--with-key writes the key of {KEY} or {KEY_FILE}, and neither is set")
        return replace(launch, env={**launch.env, KEY: settings.key})
    earlier = old.env.get(KEY_FILE) if old and not options.replace else None
    if earlier and "clerk_secret_key_file" not in given_in_environment():
        return replace(launch, env={**launch.env, KEY_FILE: earlier})
    if settings.clerk_secret_key_file or not host.takes_variables:
        file = os.path.abspath(at_home(settings.clerk_secret_key_file or DEFAULT_KEY_FILE))
        return replace(launch, env={**launch.env, KEY_FILE: file})
    return replace(launch, from_env=(KEY,))


def _with_foreign_variables(launch: Launch, old: Launch) -> Launch:
    """Return the launch with what the entry has beside our settings, such as a proxy."""
    foreign = {name: value for name, value in old.env.items() if not is_setting(name)}
    others = tuple(name for name in old.from_env if not is_setting(name))
    return replace(launch, env=foreign | launch.env, from_env=(*launch.from_env, *others))


def install_command(host: Host, name: str, values: Values) -> str:
    """Return the whole command that makes an entry as it should be."""
    words = ["clerk-mcp", "install", host.id, *(() if name == default_name(values) else ("--name", name))]
    env = [f"{variable}={value}" for variable, value in env_of(values).items()]
    return shlex.join([*env, *words, *args_of(values)])


def default_name(values: Values) -> str:
    """Return what an entry with these settings is called where nobody names it."""
    instance = values.get("instance")
    if not instance and values.get("sandbox"):
        return SANDBOX_NAME
    return name_in_hosts(str(instance) if instance else None)


def show_entry(host: Host, name: str, launch: Launch) -> None:
    """Print an entry as the host's file would hold it."""
    form = host.format if host.format in ("yaml", "toml") else "json"
    click.echo(host_files.with_entry("", form, host.section, name, host.entry(name, launch)).rstrip("\n"))


def install(host: Host, path: Path, name: str, plan: Plan, *, dry_run: bool) -> int:
    """Put the entry into the host's file, and say what is left to do. Returns the exit status."""
    launch = plan.launch
    if plan.chose_search:
        click.echo(
            f"{host.title} takes {host.most_tools} tools of all its servers together, so the entry says"
            " --mode search: a few tools find and run all the others. --toolsets chooses fewer instead.",
            err=True,
        )
    _say_what_is_too_long(host, name, plan.tools)
    try:
        change = plan_install(host, path, name, launch)
        if not change.is_none:
            for line in plan.changes:
                click.echo(f'"{name}" {line}', err=True)
        if change.is_none:
            click.echo(f'{host.title} has this entry already: "{name}" in {change.path}')
        elif dry_run:
            _show(change)
            return 0
        else:
            was_there = change.path.parent.is_dir()
            backup = change.write(private=KEY in launch.env)
            _said(f'{host.title}: wrote "{name}" to {change.path}', backup)
            if not was_there:
                click.echo(f"Its directory was not there before: is {host.title} installed?", err=True)
    except CannotChange as refusal:
        click.echo(f"{refusal} Nothing was changed.", err=True)
        return 2
    _say_what_is_left(host, launch)
    return 0


def uninstall(host: Host, path: Path, name: str | None, *, dry_run: bool) -> int:
    """Take this server's entries out of the host's file. Returns the exit status."""
    try:
        change, names = plan_uninstall(host, path, name)
        if not names:
            click.echo(f"{host.title} has no entry of this server in {change.path}")
        elif dry_run:
            _show(change)
        else:
            quoted = ", ".join(json.dumps(n, ensure_ascii=False) for n in names)
            _said(f"{host.title}: took {quoted} out of {change.path}", change.write(private=False))
    except CannotChange as refusal:
        click.echo(f"{refusal} Nothing was changed.", err=True)
        return 2
    return 0


def _say_what_is_too_long(host: Host, name: str, tools: tuple[str, ...]) -> None:
    if long := host.too_long(name, tools):
        longest = max(long, key=len)
        room = host.longest_name - (len(host.called(name, longest)) - len(name))
        click.echo(
            f'With the name "{name}" {len(long)} tools have more than the {host.longest_name} characters that'
            f" {host.title} takes, such as {host.called(name, longest)}: it may leave them out or fail."
            f" A --name of at most {max(room, 1)} characters fits.",
            err=True,
        )


def _said(what: str, backup: Path | None) -> None:
    click.echo(what + (f" (as it was: {backup.name})" if backup else ""))


def _show(change: Change) -> None:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for line in change.diff().splitlines():
        click.echo(click.style(line, fg=colours.get(line[:1])))


def _say_what_is_left(host: Host, launch: Launch) -> None:
    if is_temporary_installation():
        click.echo(
            "This installation is temporary (uvx, pipx run), and the entry points into it: install it for"
            " good with uv tool install or pipx install, and run this again.",
            err=True,
        )
    if KEY in launch.from_env:
        click.echo(f"The key comes from {KEY} in the environment that {host.title} is started in.", err=True)
    file = launch.env.get(KEY_FILE)
    if file and not Path(file).exists():
        click.echo(
            f"The key comes from {file}, which is not there yet: put it there with\n"
            f"  mkdir -p {Path(file).parent} && (umask 077 && cat > {file})\n"
            "paste the key, and press Enter and Ctrl-D.",
            err=True,
        )
    click.echo(f"Restart {host.title} to see it; clerk-mcp doctor checks that it starts.", err=True)


def _host(id: str) -> Host:
    host = HOSTS.get(id)
    if host is None:
        meant = nearest(id, HOSTS, likeness=0.6)
        guess = f"Did you mean {meant}? " if meant else ""
        raise SettingsError(f"Unknown host: {id}. {guess}{_KNOWN}")
    return host


def main_install(host_id: str | None, given: Mapping[str, Any], options: Options) -> int:
    """`clerk-mcp install`. Returns the exit status.

    Args:
        given: settings given as flags, by field name.

    Raises:
        SettingsError: see `plan_launch`; or the host is not known, or not named.
    """
    host = _host(host_id) if host_id else OTHER if options.only_print else _asked_host()
    settings = load(given)
    if len(settings.served) > 1:
        raise SettingsError("An entry serves one instance: name one with --instance")
    name = options.name
    if name is None:
        name = default_name({"sandbox": settings.sandbox, "instance": settings.instance_name or ""})
    elif not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        # Hosts refuse such a name, or make another of it.
        raise SettingsError(f"--name must be letters, digits, - and _, not {json.dumps(name)}")
    if options.only_print:
        show_entry(host, name, plan_launch(host, given, None, options).launch)
        return 0
    path = options.config or path_here(host)
    try:
        old = host.launch(entries_of(host, path).get(name))
    except CannotChange as refusal:
        click.echo(f"{refusal} Nothing was changed.", err=True)
        return 2
    plan = plan_launch(host, given, old if old and old.is_ours else None, options)
    return install(host, path, name, plan, dry_run=options.dry_run)


def _asked_host() -> Host:
    """Return the host that somebody at a terminal chooses from those on this machine.

    Raises:
        SettingsError: there is no terminal, or no host.
    """
    here = [host for host in HOSTS.values() if is_here(host)]
    ids = ", ".join(host.id for host in here)
    if not here or not sys.stdin.isatty():
        found = f"On this machine: {ids}. " if here else ""
        raise SettingsError(f"Which host? {found}{_KNOWN}")
    click.echo("On this machine:")
    for number, host in enumerate(here, 1):
        click.echo(f"  {number}  {host.title}  ({path_here(host)})")
    chosen: int = click.prompt("Which one", type=click.IntRange(1, len(here)))
    return here[chosen - 1]


def main_uninstall(host_id: str, *, name: str | None, config: Path | None, dry_run: bool) -> int:
    """`clerk-mcp uninstall`. Returns the exit status.

    Raises:
        SettingsError: the host is not known.
    """
    host = _host(host_id)
    return uninstall(host, config or path_here(host), name, dry_run=dry_run)
