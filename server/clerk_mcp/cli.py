"""The command `clerk-mcp`: serves by default; its subcommands are for people.

Imports are kept inside the functions that need them: a host waits for every one that is not.
"""

from __future__ import annotations

import gc
import io
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, get_args, get_origin

import click

from clerk_mcp.settings import (
    WITHOUT_FLAG,
    Settings,
    SettingsError,
    at_home,
    flag,
    load,
    sections,
)

if TYPE_CHECKING:
    from clerk_mcp.calling import Calls
    from clerk_mcp.confirming import Questions
    from clerk_mcp.serve import Pages

INSTALL_FOR_PEOPLE = 'pip install "clerk-mcp[cli]"'


def settings_options() -> list[click.Parameter]:
    """Return one option for each setting, for a subcommand. Its help leaves them out: they would bury its
    own."""
    return [*_hidden_options()]


@cache
def _hidden_options() -> tuple[click.Option, ...]:
    """Make them once for four subcommands: every start makes them, whichever command it is for."""
    return tuple(_option_of(name, hidden=True) for name in Settings.model_fields if name not in WITHOUT_FLAG)


def _shown_options(*without: str) -> list[click.Parameter]:
    """Return one option for each setting, which the help of a command shows."""
    left_out = (*WITHOUT_FLAG, *without)
    return [_option_of(name, hidden=False) for name in Settings.model_fields if name not in left_out]


def _option_of(name: str, *, hidden: bool) -> click.Option:
    info = Settings.model_fields[name]
    switch = {"is_flag": True, "flag_value": True}
    words = switch if info.annotation is bool else {"metavar": _metavar(info.annotation)}
    said = f"{info.description}{_default(info.default)}"
    return click.Option([flag(name), name], default=None, help=said, hidden=hidden, **words)


def _default(value: Any) -> str:
    """Return what a setting is where nobody gives it, as help shows it; nothing where that is nothing."""
    return (
        ""
        if value in (None, (), False)
        else f"  [default: {value:g}]"
        if isinstance(value, float)
        else f"  [default: {value}]"
    )


def _metavar(annotation: Any) -> str:
    """Return what a setting takes: its words, where it takes words, or else its kind."""
    kinds = (annotation, *get_args(annotation))
    words = [word for kind in kinds if get_origin(kind) is Literal for word in get_args(kind)]
    known = next((_KINDS[kind] for kind in kinds if kind in _KINDS), "TEXT")
    return "|".join(words) or known


_KINDS: Final = {Path: "PATH", int: "NUMBER", float: "NUMBER", tuple[str, ...]: "A,B,…"}


FOR_PEOPLE = frozenset({"rich", "tomlkit", "tree_sitter", "tree_sitter_json", "yaml"})
"""The modules that only the extra [cli] installs: a server does without them."""


def _write_options(
    command: click.Command, context: click.Context, formatter: click.HelpFormatter, *, own_first: bool
) -> None:
    """Write a command's own options, and the settings by what they are about."""
    options = [one for one in command.get_params(context) if isinstance(one, click.Option)]
    records = {option.name: option.get_help_record(context) for option in options}
    settings = {title: [records.pop(name, None) for name in names] for title, names in sections().items()}
    own = {"Options": list(records.values())}
    for title, rows in (own | settings if own_first else settings | own).items():
        if shown := [row for row in rows if row]:
            with formatter.section(title):
                formatter.write_dl(shown)


class _Cli(click.Group):
    """Shows the commands first, then the settings by what they are about."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command; where it lacks the extra [cli], say what to install, and exit 2."""
        try:
            return super().invoke(context)
        except ModuleNotFoundError as missing:
            if (missing.name or "").partition(".")[0] not in FOR_PEOPLE:
                raise
            command = f"clerk-mcp {context.invoked_subcommand or ''}".strip()
            _fail(SettingsError(f"{command} needs {missing.name}; install it with: {INSTALL_FOR_PEOPLE}"))

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant; where there is none, name the nearest, or all of them."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            from clerk_tools.catalog import nearest

            meant = nearest(args[0], self.commands)
            advice = f"Did you mean {meant}?" if meant else f"There are {', '.join(sorted(self.commands))}."
            context.fail(f"There is no command {args[0]}. {advice}")
        return super().resolve_command(context, args)

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(context, formatter)
        _write_options(self, context, formatter, own_first=False)


class _Install(click.Command):
    """Shows the hosts, its own options, and the settings that an entry may have."""

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        from clerk_mcp.commands.install.hosts import HOSTS

        with formatter.section("Hosts"):
            formatter.write_dl([(host.id, host.title) for host in HOSTS.values()])
        _write_options(self, context, formatter, own_first=True)


def _fail(error: SettingsError) -> NoReturn:
    for problem in error.problems:
        click.echo(problem, err=True)
    sys.exit(2)


@click.group(
    cls=_Cli,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    params=_shown_options(),
)
@click.version_option(package_name="clerk-mcp")
@click.pass_context
def cli(context: click.Context, /, **flags: Any) -> None:
    """Serve Clerk's Backend API to AI agents over MCP.

    Needs CLERK_SECRET_KEY, or CLERK_SECRET_KEY_FILE, or --sandbox to try it without an account.

    Every setting is a variable too: --read-only is CLERK_MCP_READ_ONLY=true. The key, CLERK_API_URL and
    CLERK_MCP_STATE_KEY are variables only; without any of them the key is looked for in ~/.clerk-mcp/key.
    The commands tools, call, doctor and install take the settings as well.
    """
    if context.invoked_subcommand is not None:
        return
    if flags["toolsets"] == "help":
        from clerk_mcp.commands.call import list_toolsets

        sys.exit(list_toolsets())
    try:
        from clerk_mcp.serve import check, serve_stdio

        settings = load(flags)
        check(settings, _given(context, flags))
        if settings.transport == "stdio":
            _say_that_it_waits()
            serve_stdio(settings, _loopback_pages)
        else:
            from clerk_mcp.hosting import serve_http

            serve_http(settings)
    except SettingsError as error:
        _fail(error)


def _loopback_pages(calls: Calls, questions: Questions | None) -> Pages:
    """Make the pages for a person on this machine; imported when the first is needed."""
    from clerk_mcp.hosting import Loopback

    return Loopback(calls, questions)


def _say_that_it_waits() -> None:
    """Tell a person at a terminal what this is for: it would look as if it hung."""
    if sys.stdin is not None and sys.stdin.isatty():
        click.echo(
            "clerk-mcp waits for a host (Claude, Cursor, …) to speak MCP to it on stdin; Ctrl-C ends it.\n"
            "To put it into a host:  clerk-mcp install\n"
            "To see what it does:    clerk-mcp demo\n"
            "To call a tool:         clerk-mcp tools, then clerk-mcp call --sandbox TOOL",
            err=True,
        )


token_file_option = click.option(
    "--token-file", type=click.Path(path_type=Path), help="The server's --token-file"
)


@cli.group(short_help="Make, list and revoke access tokens of a hosted server.")
def token() -> None:
    """Access tokens of a server with --auth bearer."""


@token.command("new")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=("read",),
    show_default=True,
    help="read, write, destroy, secrets or all of these, with + between: read+write; for people: console,"
    " approve",
)
@click.option("--expires", help="Until when it holds: 2026-12-31, or an age such as 90d  [default: for ever]")
@token_file_option
def new_token(name: str, scopes: tuple[str, ...], expires: str | None, token_file: Path | None) -> None:
    """Make a token for NAME, print it this once, and keep its hash in the token file."""
    from clerk_mcp.hosting import issue, read_tokens

    with _token_file(token_file) as path:
        click.echo(issue(path, name, scopes, expires))
        made = next(known for known in read_tokens(path) if known.name == name)
        click.echo(f"Shown only now; its hash is in {path}. It may {made.words}.", err=True)
        click.echo(f"To take it back: clerk-mcp token revoke {name}{_if_given(token_file)}", err=True)


@token.command("list")
@token_file_option
def list_tokens(token_file: Path | None) -> None:
    """List the names of the tokens, what each may do, and until when."""
    from clerk_mcp.hosting import read_tokens

    with _token_file(token_file) as path:
        tokens = read_tokens(path) if path.exists() else []
        for known in tokens:
            click.echo(f"{known.name}\t{known.words}")
        if not tokens:
            click.echo(f"{path} holds no token; clerk-mcp token new NAME makes one", err=True)


@token.command("revoke")
@click.argument("name")
@token_file_option
def revoke_token(name: str, token_file: Path | None) -> None:
    """Take the token of NAME out of the token file; servers that read this file refuse it from then on."""
    from clerk_mcp.hosting import revoke

    with _token_file(token_file) as path:
        revoke(path, name)
        click.echo(
            f"{name} is out of {path}. A server with a copy of the file has to be given the new one.",
            err=True,
        )


@contextmanager
def _token_file(given: Path | None) -> Iterator[Path]:
    """Give the token file to work on; what is wrong with it ends the command with one line."""
    from clerk_mcp.hosting import TokenFileError

    try:
        yield at_home(load({"token_file": given}).token_file)
    except SettingsError as error:
        _fail(error)
    except (TokenFileError, ValueError) as error:
        _fail(SettingsError(str(error)))


def _if_given(token_file: Path | None) -> str:
    return f" --token-file {shlex.quote(str(token_file))}" if token_file else ""


def _given(context: click.Context, flags: dict[str, Any]) -> dict[str, Any]:
    """Return the settings given to a subcommand: its own flags over those that stand before its name."""
    before = context.parent.params if context.parent else {}
    own = {name: value for name, value in flags.items() if value is not None}
    return {name: value for name, value in (before | own).items() if value is not None}


def _settings(context: click.Context, flags: dict[str, Any]) -> Settings:
    try:
        return load(_given(context, flags))
    except SettingsError as error:
        _fail(error)


def _moment(_: click.Context, __: click.Parameter, value: str | None) -> Any:
    from clerk_mcp.auditing import moment

    try:
        return moment(value) if value else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _outcome(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    from clerk_mcp.auditing import OUTCOMES

    if value is None or value in OUTCOMES:
        return value
    raise click.BadParameter(f"{value!r} is none of {', '.join(OUTCOMES)}")


as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON")


def _operations(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    from clerk_tools.catalog import operations

    return [id for id in [*operations(), "list_all", "run_each"] if id.lower().startswith(begun.lower())]


@cli.command(params=settings_options())
@click.argument("name", required=False, shell_complete=_operations)
@as_json_option
@click.pass_context
def tools(context: click.Context, /, name: str | None, as_json: bool, **flags: Any) -> None:
    """List the tools by resource, or show one with its schema."""
    from clerk_mcp.commands.call import describe_tool, list_tools
    from clerk_mcp.serve import check, refuse_several

    settings = _settings(context, flags)
    if name is not None:
        sys.exit(describe_tool(name, as_json=as_json))
    try:
        refuse_several(settings)
        policy = check(settings, _given(context, flags))
    except SettingsError as error:
        _fail(error)
    sys.exit(list_tools(policy, as_json=as_json))


@cli.command(short_help="Run one operation the way an agent's call does.", params=settings_options())
@click.argument("operation", shell_complete=_operations)
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]…")
@click.option("--json-args", help="Arguments as one JSON object")
@click.option("--yes", is_flag=True, help="Agree beforehand to what would be asked")
@click.option("--dry-run", is_flag=True, help="Show what the change would send and do; only reads are made")
@as_json_option
@click.pass_context
def call(
    context: click.Context,
    /,
    operation: str,
    arguments: tuple[str, ...],
    json_args: str | None,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    **flags: Any,
) -> None:
    """Run one operation, or list_all, the way an agent's call does, and print its answer.

    A question before something is destroyed is put to you; where there is no terminal, only --yes answers it.
    Exits 1 on an error of Clerk's and where nothing was done, 2 on a wrong call.
    """
    from clerk_mcp.commands.call import arguments_of, run_call
    from clerk_mcp.serve import check, make_calls, make_runs
    from clerk_mcp.telemetry import to_stderr

    settings = _settings(context, flags)
    to_stderr("warning")
    try:
        check(settings, _given(context, flags))
        given = arguments_of(arguments, json_args)
        if settings.files_dir is None and settings.transport == "stdio" and given.keys() & {"to", "file"}:
            # At a terminal files are where its user is.
            settings = settings.model_copy(update={"files_dir": Path.cwd()})
        # Whoever is at the terminal is asked there.
        calls, _ = make_calls(settings.model_copy(update={"ask": "elicit"}))
        cap = settings.list_all_cap
        runs = make_runs(settings, within=float("inf"))
        sys.exit(
            run_call(
                calls,
                operation,
                given,
                list_all_cap=cap,
                runs=runs,
                as_json=as_json,
                agreed=yes,
                dry_run=dry_run,
            )
        )
    except SettingsError as error:
        _fail(error)
    except ValueError as error:
        _fail(SettingsError(str(error)))


@cli.command(short_help="Show what differs between two instances.", params=settings_options())
@click.argument("one")
@click.argument("other")
@as_json_option
@click.pass_context
def compare(context: click.Context, /, one: str, other: str, as_json: bool, **flags: Any) -> None:
    """Show what differs between two instances of the configuration file, and exit 1 where something does.

    Settings, roles, permissions, JWT templates, redirect URLs, domains, OAuth applications and enterprise
    connections, matched by key, name or URL. Credentials are not compared.
    """
    from clerk_mcp.commands.compare import run_compare
    from clerk_mcp.telemetry import to_stderr

    to_stderr("warning")
    if one == other:
        _fail(SettingsError(f"{one} and {other} are one instance: name two"))
    settings = _settings(context, {**flags, "instance": f"{one},{other}"})
    sys.exit(run_compare(settings, as_json=as_json))


@cli.command(short_help="Find what is wrong, and say how to mend it.", params=settings_options())
@as_json_option
@click.pass_context
def doctor(context: click.Context, /, as_json: bool, **flags: Any) -> None:
    """Check the key, Clerk, the settings and the hosts. What is wrong is said with the way to mend it, and
    makes the exit status 1."""
    from clerk_mcp.commands.doctor import run_doctor

    sys.exit(run_doctor(_given(context, flags), as_json=as_json))


def _hosts(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    from clerk_mcp.commands.install.hosts import HOSTS

    return [id for id in HOSTS if id.startswith(begun)]


config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The host's file, such as .mcp.json of a project",
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Show the difference, and change nothing")


# Its own --config is the host's file; the server's stands before the subcommand.
@cli.command(cls=_Install, short_help="Connect a host to this server.", params=_shown_options("config"))
@click.argument("host_id", metavar="[HOST]", required=False, shell_complete=_hosts)
@click.option(
    "--name", help="The entry's name  [default: clerk; clerk-prod with --instance prod; demo with --sandbox]"
)
@config_option
@click.option("--with-key", is_flag=True, help="Write the key itself into the file")
@click.option("--replace", is_flag=True, help="Forget the settings that the entry has")
@dry_run_option
@click.option("--print", "only_print", is_flag=True, help="Print the entry, and change nothing")
@click.pass_context
def install(
    context: click.Context,
    /,
    host_id: str | None,
    name: str | None,
    config: Path | None,
    dry_run: bool,
    only_print: bool,
    with_key: bool,
    replace: bool,
    **flags: Any,
) -> None:
    """Make HOST start this server, with the settings in force here, given as flags or as variables.

    Without HOST it shows the hosts on this machine and asks.

    Changes one entry of the host's own configuration, and keeps the file as it was beside it. An entry that
    is there keeps its other settings. The key is not written: the entry names a variable or a file for it.
    """
    from clerk_mcp.commands.install.install import Options, main_install

    options = Options(name, config, with_key, replace, dry_run, only_print)
    try:
        sys.exit(main_install(host_id, _given(context, flags), options))
    except SettingsError as error:
        _fail(error)


@cli.command(short_help="Take this server out of a host.")
@click.argument("host_id", metavar="HOST", shell_complete=_hosts)
@click.option("--name", help="Only the entry of this name")
@config_option
@dry_run_option
def uninstall(host_id: str, name: str | None, config: Path | None, dry_run: bool) -> None:
    """Take this server's entries out of HOST's configuration."""
    from clerk_mcp.commands.install.install import main_uninstall

    try:
        sys.exit(main_uninstall(host_id, name=name, config=config, dry_run=dry_run))
    except SettingsError as error:
        _fail(error)


@cli.command(short_help="Print what completes commands in a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for a shell.

    bash and zsh: eval "$(clerk-mcp completion bash)"; fish: clerk-mcp completion fish | source
    """
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    if script is not None:
        click.echo(script(cli, {}, "clerk-mcp", "_CLERK_MCP_COMPLETE").source())


@cli.command(short_help="Compare the tools with a Clerk OpenAPI document.")
@click.argument("openapi_file", type=click.Path(path_type=Path))
@click.option(
    "--since", help="What came after an API version (2025-11-10), or after an older document's file"
)
@click.option("--reasons", is_flag=True, help="Show what differs on purpose too, and why")
def drift(openapi_file: Path, since: str | None, *, reasons: bool) -> None:
    """Compare the tools with a Clerk OpenAPI document (YAML or JSON); exit 1 where they differ."""
    from clerk_mcp.commands.drift import run_drift

    sys.exit(run_drift(str(openapi_file), since, with_reasons=reasons))


@cli.command(short_help="Walk through a real session on the sandbox.")
def demo() -> None:
    """Walk through a real session on the sandbox, as an agent's host would see it."""
    from clerk_mcp.commands.demo import run_demo

    sys.exit(run_demo())


@cli.command(short_help="Run the sandbox as an HTTP server of its own.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address to listen on")
@click.option(
    "--port",
    default=8787,
    show_default=True,
    type=click.IntRange(0, 65535),
    metavar="NUMBER",
    help="Port to listen on; 0 takes a free one",
)
@click.option("--live", is_flag=True, help="Behave as a production instance")
@click.option(
    "--rate-limits/--no-rate-limits", default=True, show_default=True, help="Answer 429 as Clerk does"
)
@click.option("--faults", help="Shares of faults, such as '429=0.05,reset-after=0.01,slow=0.02:3s'")
@click.option(
    "--seed",
    default=0,
    show_default=True,
    metavar="NUMBER",
    help="Faults of one seed are the same in every run",
)
@click.option(
    "--users",
    default=0,
    type=click.IntRange(0, 1_000_000),
    metavar="NUMBER",
    help="Add this many users, at most a million",
)
@click.option("--data", type=click.Path(path_type=Path), help="Start from this JSON snapshot")
def sandbox(host: str, port: int, data: Path | None, **options: Any) -> None:
    """Run the sandbox as an HTTP server of its own, for anything that talks to Clerk."""
    from clerk_sandbox.sandbox import Sandbox
    from clerk_sandbox.serve import run
    from clerk_sandbox.snapshots import read_snapshot

    if data and (options["users"] or options["live"]):
        _fail(SettingsError("--data is a whole instance: --users and --live do not go with it"))
    try:
        snapshot = read_snapshot(data) if data else None
        run(host, port, Sandbox(data=snapshot, **options))
    except OSError as error:
        _fail(SettingsError(f"{error.filename or f'{host}:{port}'}: {error.strerror}"))
    except ValueError as error:
        _fail(SettingsError(str(error)))


@cli.command(short_help="Show an audit trail, or take a call back.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--since", callback=_moment, help="From this time on: 2026-07-28T09:30, or an age such as 2h")
@click.option("--until", callback=_moment, help="Up to this time, or age")
@click.option("--operation", help="One operation, or a pattern with *")
@click.option("--target", help="An id that the call was about, or that it made")
@click.option("--outcome", callback=_outcome, help="How the call ended: ok, error, unknown, declined, …")
@click.option("--run", help="The calls of one run of run_each")
@click.option("--instance", help="An instance's calls; with --undo, the instance to take them back on")
@click.option(
    "--undo",
    "entry",
    help="Show the call that takes this entry back; its first letters are enough. Of a run: all of it",
)
@click.option("--yes", is_flag=True, help="Run it, and record it in FILE")
@as_json_option
@click.pass_context
def audit(
    context: click.Context, /, file: Path, entry: str | None, yes: bool, as_json: bool, **filters: Any
) -> None:
    """Print an audit trail as a table, or take one of its calls back."""
    if entry is None:
        from clerk_mcp.auditing import Filter
        from clerk_mcp.commands.audit import show

        sys.exit(show(file, Filter(**filters), as_json=as_json))
    from clerk_mcp.commands.call import take_back

    calls, runs = None, None
    if yes:
        from clerk_mcp.serve import make_calls, make_runs
        from clerk_mcp.telemetry import to_stderr

        to_stderr("warning")
        try:
            flags = {"audit_log": file, "instance": filters["instance"]}
            settings = _settings(context, flags)
            calls, _ = make_calls(settings)
            runs = make_runs(settings)
        except SettingsError as error:
            _fail(error)
    if entry.startswith("run_"):
        from clerk_mcp.commands.undo_run import take_run_back

        sys.exit(take_run_back(file, entry, calls, runs))
    sys.exit(take_back(file, entry, calls, as_json=as_json))


def _print_any_character() -> None:
    """Let no character that is to be printed stop a command.

    What Windows takes for the encoding of a pipe or a file has neither arrows nor most names of people, and
    whoever reads JSON expects UTF-8.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            in_utf8 = sys.platform != "win32" or stream.isatty() or "PYTHONIOENCODING" in os.environ
            stream.reconfigure(encoding=None if in_utf8 else "utf-8", errors="backslashreplace")


def main() -> None:
    """Entry point. Imports make many objects and no garbage: collecting begins after them."""
    gc.disable()
    _print_any_character()
    try:
        cli()
    finally:
        gc.enable()
