"""`clerk-mcp install` and `uninstall`: this server's entry in a host's configuration."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from clerk_mcp.commands.install import host_files
from clerk_mcp.commands.install.file_change import BOM, CannotChange, Change, read_text, refuse_read_only
from clerk_mcp.commands.install.host_files import BrokenFile
from clerk_mcp.commands.install.hosts import (
    DEFAULT_KEY_FILE,
    HOSTS,
    KEY,
    KEY_FILE,
    OTHER,
    Host,
    Launch,
    command_here,
    is_temporary_installation,
    path_here,
    serving_args,
)
from clerk_mcp.settings import Settings, SettingsError
from clerk_tools.catalog import nearest

_KNOWN: Final = f"Known are {', '.join(HOSTS)}; for any other, clerk-mcp install --print shows the entry."


def _changed(host: Host, path: Path, edits: Mapping[str, dict[str, Any] | None]) -> Change:
    """The change that sets entries, or removes those that are None."""
    before, text = read_text(path)
    mark = BOM if before is not None and before.startswith(BOM.encode()) else ""
    try:
        for name, entry in edits.items():
            text = host_files.with_entry(text, host.format, host.section, name, entry)
    except BrokenFile as error:
        raise _broken(host, path, error) from None
    return Change(path, before, mark + text)


def _broken(host: Host, path: Path, error: BrokenFile) -> CannotChange:
    form = "JSON" if host.format in ("json", "jsonc") else host.format.upper()
    return CannotChange(f"{path} is not the {form} that {host.title} reads: {error}. Mend it and try again.")


def entries_of(host: Host, path: Path) -> dict[str, Any]:
    """All entries of a host's file, by name.

    Raises:
        CannotChange: the file cannot be read, or is broken.
    """
    try:
        return host_files.entries(read_text(path)[1], host.format, host.section)
    except BrokenFile as error:
        raise _broken(host, path, error) from None


def plan_install(host: Host, path: Path, name: str, launch: Launch) -> Change:
    """The change that makes a host start this server under a name.

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
    return _changed(host, path, {name: {**_kept(old), **entry} if old else entry})


def _kept(old: dict[str, Any]) -> dict[str, Any]:
    """What of an earlier entry stays: all but how it starts the server and where the key is."""
    ours = {"command", "cmd", "args", "env", "envs", "env_vars", "env_keys"}
    return {name: value for name, value in old.items() if name not in ours}


def plan_uninstall(host: Host, path: Path, name: str | None) -> tuple[Change, list[str]]:
    """The change that takes out the entries that start this server, or the one of a name, and their names.

    Raises:
        CannotChange: see its messages.
    """
    path = path.resolve()
    refuse_read_only(path)
    found = {n: started for n, entry in entries_of(host, path).items() if (started := host.launch(entry))}
    ours = [n for n, started in found.items() if started.is_ours and name in (None, n)]
    if name in found and not ours:
        raise CannotChange(f'"{name}" in {path} starts another server: remove it by hand.')
    return _changed(host, path, dict.fromkeys(ours)), ours


def launch_here(host: Host, settings: Settings, given: Mapping[str, Any], *, with_key: bool) -> Launch:
    """How a host shall start this installation with the settings given as flags.

    The key itself is written only where `with_key` says so. Otherwise the entry names a file that holds it,
    or a variable of the host's environment.

    Raises:
        SettingsError: a key is to be written and there is none, or the settings are not for stdio.
    """
    if settings.transport != "stdio":
        raise SettingsError(
            "Hosts start this server over stdio. To connect one to a server over HTTP, give it the URL."
        )
    command, *args = command_here()
    args += serving_args(given)
    if settings.sandbox:
        return Launch(command, args)
    if with_key:
        if settings.key is None:
            raise SettingsError(f"--with-key writes the key of {KEY} or {KEY_FILE}, and neither is set")
        return Launch(command, args, {KEY: settings.key})
    if settings.clerk_secret_key_file or not host.takes_variables:
        file = settings.clerk_secret_key_file or DEFAULT_KEY_FILE
        return Launch(command, args, {KEY_FILE: os.path.abspath(file.expanduser())})
    return Launch(command, args, from_env=(KEY,))


def show_entry(host: Host, name: str, launch: Launch) -> None:
    """Print an entry as the host's file would hold it."""
    form = host.format if host.format in ("yaml", "toml") else "json"
    click.echo(host_files.with_entry("", form, host.section, name, host.entry(name, launch)).rstrip("\n"))


def install(host: Host, path: Path, name: str, launch: Launch, *, dry_run: bool) -> int:
    """Put the entry into the host's file, and say what is left to do. Returns the exit status."""
    try:
        change = plan_install(host, path, name, launch)
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
        meant = nearest(id, HOSTS)
        guess = f"Did you mean {meant}? " if meant else ""
        raise SettingsError(f"Unknown host: {id}. {guess}{_KNOWN}")
    return host


def main_install(
    host_id: str | None,
    settings: Settings,
    given: Mapping[str, Any],
    *,
    name: str | None,
    config: Path | None,
    with_key: bool,
    dry_run: bool,
    only_print: bool,
) -> int:
    """`clerk-mcp install`. Returns the exit status.

    Raises:
        SettingsError: see `launch_here`; or the host is not known, or not named.
    """
    if host_id is None and not only_print:
        raise SettingsError(f"Which host? {_KNOWN}")
    host = _host(host_id) if host_id else OTHER
    launch = launch_here(host, settings, given, with_key=with_key)
    name = name or ("clerk-sandbox" if settings.sandbox else "clerk")
    if only_print:
        show_entry(host, name, launch)
        return 0
    return install(host, config or path_here(host), name, launch, dry_run=dry_run)


def main_uninstall(host_id: str, *, name: str | None, config: Path | None, dry_run: bool) -> int:
    """`clerk-mcp uninstall`. Returns the exit status.

    Raises:
        SettingsError: the host is not known.
    """
    host = _host(host_id)
    return uninstall(host, config or path_here(host), name, dry_run=dry_run)
