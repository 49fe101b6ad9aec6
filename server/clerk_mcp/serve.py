"""From settings to a running server."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import anyio
from mcp.server.lowlevel import Server

from clerk_mcp.answering import (
    CredentialsInProcess,
    CredentialsInRedis,
    Formatter,
    SecretValues,
    default_mode,
)
from clerk_mcp.auditing import AuditLog
from clerk_mcp.bulk import (
    ANSWER_WITHIN_S,
    Links,
    RunFiles,
    Runs,
    RunsInRedis,
    WaitingInProcess,
    WaitingInRedis,
)
from clerk_mcp.calling import Calls
from clerk_mcp.confirming import (
    Confirmer,
    Desk,
    Door,
    LaterDoor,
    Questions,
    QuestionsInProcess,
    QuestionsInRedis,
    Seals,
    UsedInRedis,
)
from clerk_mcp.instance import Instance, Kind, kind_of_key
from clerk_mcp.offering import Policy, Refused, Selection, SelectionError
from clerk_mcp.private_files import in_home, open_to_others
from clerk_mcp.protocol import Pending, Presentation, build_server, host_streams, reads_in_threads
from clerk_mcp.settings import (
    ONLY_A_PERSON,
    ConfigurationError,
    Settings,
    SettingsError,
    at_home,
    read_entries,
    refuse_without_effect,
)
from clerk_mcp.telemetry import export_spans, to_stderr
from clerk_mcp.upstream import (
    Budget,
    ClerkClient,
    Files,
    OnDone,
    SealedStore,
    parse_rate_budget,
    redis_pool,
)

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from clerk_sandbox.transport import SandboxTransport

logger = logging.getLogger("clerk_mcp")

OWN_DIRECTORY: Final = Path("~/.clerk-mcp")
"""Where a user's own key for confirmations is kept, and what was used."""

NO_KEY = (
    "No Clerk key: CLERK_SECRET_KEY must be the secret key of your instance (sk_test_… or sk_live_…), or",
    "CLERK_SECRET_KEY_FILE a file that holds it, or ~/.clerk-mcp/key. The dashboard has it under API keys.",
    "To try without an account: clerk-mcp --sandbox, or CLERK_MCP_SANDBOX=true",
)
"""What somebody reads who starts the server without a key."""


@dataclass(frozen=True, slots=True)
class ClientMaker:
    """Makes clients that share the operator's settings and differ in their keys."""

    settings: Settings
    files: Files | None = None
    on_done: OnDone | None = None

    @classmethod
    def of(cls, settings: Settings, transport: str, on_done: OnDone | None = None) -> ClientMaker:
        """Make one for a transport; `on_done` is told how each call to Clerk ended.

        Raises:
            SettingsError: a setting does not hold.
        """
        return cls(settings, _files(settings, transport), on_done)

    def of_key(self, key: str) -> ClerkClient:
        """Make a client of the instance that a Clerk key opens."""
        return self._client(key, self.settings.clerk_api_url, budget=make_budget(self.settings, key))

    def of_sandbox(self) -> tuple[ClerkClient, str]:
        """Make a client of a sandbox of its own, and return it with its key."""
        from clerk_sandbox.sandbox import Sandbox
        from clerk_sandbox.transport import SandboxTransport

        sandbox = Sandbox()
        client = self._client(sandbox.key, "http://sandbox/v1", transport=SandboxTransport(sandbox))
        return client, sandbox.key

    def _client(
        self,
        key: str,
        base_url: str,
        *,
        budget: Budget | None = None,
        transport: SandboxTransport | None = None,
    ) -> ClerkClient:
        settings = self.settings
        return ClerkClient(
            key,
            base_url=base_url,
            api_version=settings.clerk_api_version,
            transport=transport,
            budget=budget,
            retry_budget=settings.retry_budget,
            max_in_flight=settings.max_in_flight,
            max_queue=settings.max_queue,
            max_answer_bytes=settings.max_answer_bytes,
            files=self.files,
            instance=settings.instance_name,
            on_done=self.on_done,
        )


def make_client(
    settings: Settings, transport: str = "stdio", on_done: OnDone | None = None
) -> tuple[ClerkClient, str, Instance]:
    """Make the client for the instance that the settings name, and return it with its key.

    Raises:
        SettingsError: there is neither a key nor `sandbox`, or a value does not fit.
    """
    refuse_several(settings)
    maker = ClientMaker.of(settings, transport, on_done)
    if settings.sandbox:
        return *maker.of_sandbox(), Instance(Kind.SANDBOX, settings.instance_name)
    key = settings.key
    if key is None:
        raise SettingsError(*NO_KEY, *_or_an_instance(settings))
    return maker.of_key(key), key, Instance(kind_of_key(key), settings.instance_name)


def refuse_several(settings: Settings) -> None:
    """Raise `SettingsError` where several instances are chosen, and one is meant."""
    if len(settings.served) > 1:
        names = ", ".join(str(one.instance_name) for one in settings.served)
        raise SettingsError(f"{settings.place_of('instance')}: one instance only here, of {names}")


def _or_an_instance(settings: Settings) -> Iterator[str]:
    """Name the instances that a user without a key could have meant."""
    with suppress(OSError, SettingsError, ConfigurationError):
        file = at_home(settings.config)
        if file.is_file() and (names := list(read_entries(file))):
            yield f"{file} has instances: choose one with --instance {' or --instance '.join(names)}"


def make_budget(settings: Settings, key: str) -> Budget | None:
    try:
        limit = parse_rate_budget(settings.rate_budget, key)
    except ValueError as error:
        raise SettingsError(f"{settings.place_of('rate_budget')}: {error}") from None
    try:
        return Budget(limit, key=key, redis_url=settings.redis_url) if limit else None
    except ValueError as error:
        raise SettingsError(f"--redis-url (CLERK_MCP_REDIS_URL): {error}") from None


def make_change_bound(settings: Settings, key: str) -> Budget | None:
    """Make what counts each caller's changes; None where any number may be made.

    Raises:
        SettingsError: the setting does not hold.
    """
    text = settings.max_changes
    try:
        if text.strip().lower() == "auto":
            raise ValueError("'auto' is no bound: give off, or changes/seconds such as 500/3600")
        limit = parse_rate_budget(text)
        # Beside the requests of the same key, which are counted for Clerk's sake.
        counted = f"changes {settings.instance_name or ''} {key}"
        return Budget(limit, key=counted, redis_url=settings.redis_url) if limit else None
    except ValueError as error:
        raise SettingsError(f"{settings.place_of('max_changes')}: {error}") from None


def _files(settings: Settings, transport: str) -> Files | None:
    if settings.files_dir is None:
        return None
    if transport != "stdio":
        raise SettingsError("--files-dir is for stdio only: over HTTP nobody may name this machine's files")
    try:
        return Files(at_home(settings.files_dir))
    except ValueError as error:
        raise SettingsError(f"--files-dir (CLERK_MCP_FILES_DIR): {error}") from None


def make_calls(
    settings: Settings, transport: str = "stdio", on_done: OnDone | None = None
) -> tuple[Calls, Instance]:
    """Return what runs operations as the settings describe, and on what.

    Args:
        on_done: told how each call to Clerk ended.

    Raises:
        SettingsError: a setting does not hold.
    """
    client, key, instance = make_client(settings, transport, on_done)
    return calls_maker(settings, transport)(client, key, instance), instance


def calls_maker(settings: Settings, transport: str) -> Callable[[ClerkClient, str, Instance], Calls]:
    """Makes the `Calls` of an instance from its client and its key; all else they share.

    Raises:
        SettingsError: a setting does not hold.
    """
    secrets = make_secrets(settings, transport)
    audit = AuditLog(at_home(settings.audit_log)) if settings.audit_log else None
    try:
        if audit:
            audit.check()
    except Refused as refused:
        place = settings.place_of("audit_log") if "audit_log" in settings.from_file else "--audit-log"
        raise SettingsError(f"{place}: {refused.message}") from None
    _point_out_what_is_open(settings, secrets, audit)
    formatter = Formatter(settings.max_result_bytes, secrets)
    policy = make_policy(settings)
    seals = _seals(settings, transport)
    desk = make_desk(settings)

    def make(client: ClerkClient, key: str, instance: Instance) -> Calls:
        confirmer = Confirmer(
            settings.confirm,
            instance,
            instance.fingerprint(key),
            seals,
            elicits=settings.ask == "elicit",
            desk=desk,
        )
        changes = make_change_bound(settings, key)
        trail = AuditLog(audit.path, instance.label) if audit else None
        return Calls(client, formatter, policy, confirmer, trail, settings.audit_before, changes)

    return make


def _point_out_what_is_open(settings: Settings, secrets: SecretValues, audit: AuditLog | None) -> None:
    kept = [path for path in (settings.clerk_secret_key_file, settings.token_file) if path]
    own: list[Path] = []
    with suppress(SettingsError):
        # What an operator has put elsewhere may be meant for a group: a mounted key, for instance.
        own = in_home([*map(at_home, kept), secrets.directory])
    own += [secrets.directory] if secrets.mode == "file" else []
    if settings.entry and settings.clerk_secret_key_file:
        own.append(settings.clerk_secret_key_file)
    own += [audit.path] if audit else []
    for path in dict.fromkeys(own):
        if problem := open_to_others(path):
            named = f"{settings.instance_name}: " if settings.entry else ""
            logger.warning("%s%s", named, problem)


def make_policy(settings: Settings) -> Policy:
    """Return what may run.

    Raises:
        SettingsError: the selection names what does not exist.
    """
    try:
        selection = Selection.of(settings.toolsets, settings.tools, settings.exclude)
    except SelectionError as error:
        option, _, rest = str(error).partition(": ")
        name = option.removeprefix("--")
        place = settings.place_of(name) if name in settings.from_file else option
        raise SettingsError(f"{place}: {rest}" if rest else str(error)) from None
    policy = Policy(selection, settings.read_only, settings.any_path, settings.instance_name)
    if not policy.allowed(None):
        raise SettingsError(
            "--read-only leaves nothing of --toolsets, --tools and --exclude: all of it changes data"
        )
    return policy


def check(settings: Settings, flags: Iterable[str] = ()) -> Policy:
    """Return what may run, where a server with these settings would start; keys and files are not looked at.

    Args:
        flags: the fields that were given on the command line.

    Raises:
        SettingsError: a setting does not hold, or has no effect.
    """
    refuse_without_effect(settings, flags)
    for one in settings.served:
        if one is not settings:
            make_budget(one, one.key or "sk_test_any")
            make_change_bound(one, "")
            make_policy(one)
    _files(settings, "stdio" if settings.transport == "stdio" else "http")
    make_budget(settings, settings.key or "sk_test_any")
    make_change_bound(settings, "")
    return make_policy(settings)


def _seals(settings: Settings, transport: str) -> Seals:
    state_key = settings.state_key.get_secret_value() if settings.state_key else None
    if redis := make_redis(settings):
        return Seals(state_key, UsedInRedis(redis))
    if transport == "stdio":
        # Many hosts and frameworks start a process for every call: a confirmation must outlive it.
        return Seals.of_user(OWN_DIRECTORY, state_key)
    if state_key:
        logger.warning("a state key without --redis-url: a confirmation is good only where it was given out")
    return Seals(state_key)


def make_server(
    settings: Settings, transport: str = "stdio", make_door: MakeDoor | None = None
) -> Server[Any]:
    """Return the MCP server that the settings describe; it opens its client when it runs.

    Raises:
        SettingsError: a setting does not hold.
    """
    return _server_and_calls(settings, transport, make_door)[0]


MakeDoor = Callable[[Calls, Questions], Door]
"""Makes the way to a page on which a person answers what waits for them; what is asked about is read through
the calls."""


def _server_and_calls(
    settings: Settings, transport: str, make_door: MakeDoor | None = None
) -> tuple[Server[Any], Calls]:
    calls, instance = make_calls(settings, transport)
    if make_door and (desk := calls.confirmer.desk):
        desk.door = LaterDoor(partial(make_door, calls, desk.questions))
    warn_of_live_writes(instance, settings)
    server = build_server(calls, instance.words, calls.client, Presentation.of(settings, make_runs(settings)))
    return server, calls


def make_runs(settings: Settings, within: float = ANSWER_WITHIN_S) -> Runs:
    """Make what keeps the runs of `run_each`: Redis where replicas share a state key, files elsewhere.

    Args:
        within: seconds after which an answer is given while a run goes on.

    Raises:
        SettingsError: a setting does not hold.
    """
    shared = _sealed_store(settings, "runs")
    runs = RunsInRedis(shared) if shared else RunFiles(settings.runs_dir)
    return Runs(runs, settings.run_cap, within)


def make_links(settings: Settings, base: str) -> Links:
    """Make what keeps files for callers over HTTP: in Redis where replicas share a state key.

    Args:
        base: the address below which they are fetched.

    Raises:
        SettingsError: a setting does not hold.
    """
    shared = _sealed_store(settings, "files", settings.instance_name)
    return Links(WaitingInRedis(shared) if shared else WaitingInProcess(), base)


def make_secrets(settings: Settings, transport: str) -> SecretValues:
    """Make what keeps credentials from models: in files, for a person to fetch, or not at all.

    Raises:
        SettingsError: a setting does not hold.
    """
    mode = settings.secrets or default_mode(
        transport, people_sign_in=transport != "stdio" and settings.auth in ("bearer", "oauth")
    )
    if mode != "link":
        # Each named instance has a directory of its own: a file does not say where its credential is from.
        directory = settings.secrets_dir / (settings.instance_name or "")
        return SecretValues(mode, at_home(directory) if mode == "file" else directory)
    shared = _sealed_store(settings, "credentials", settings.instance_name)
    kept = CredentialsInRedis(shared) if shared else CredentialsInProcess()
    return SecretValues(mode, settings.secrets_dir, kept, settings.public_url)


def make_desk(settings: Settings) -> Desk | None:
    """Make what puts questions to a person in a browser, where only a person may agree.

    The questions are in Redis where replicas share a state key, in this process elsewhere.

    Raises:
        SettingsError: a setting does not hold.
    """
    if settings.confirm not in ONLY_A_PERSON:
        return None
    shared = _sealed_store(settings, "questions", settings.instance_name)
    questions = QuestionsInRedis(shared) if shared else QuestionsInProcess()
    return Desk(questions, type_name=settings.type_name)


def _sealed_store(settings: Settings, use: str, instance: str | None = None) -> SealedStore | None:
    """Make what replicas keep for one use; None where they share no Redis and no state key."""
    if settings.state_key is None or (redis := make_redis(settings)) is None:
        return None
    return SealedStore(redis, settings.state_key.get_secret_value(), use, instance)


def make_redis(settings: Settings) -> Redis | None:
    """Make a client of the Redis that replicas share, with connections of its own; None where there is none.

    Raises:
        SettingsError: its address is none.
    """
    if settings.redis_url is None:
        return None
    from redis.asyncio import Redis

    try:
        return Redis(connection_pool=redis_pool(settings.redis_url))
    except ValueError as error:
        raise SettingsError(f"{settings.place_of('redis_url')}: {error}") from None


def warn_of_live_writes(instance: Instance, settings: Settings) -> None:
    """Say at the start what agents may do."""
    if instance.kind is Kind.LIVE and not settings.read_only:
        named = f"{instance.name}: " if instance.name else ""
        logger.warning("%sa live key without --read-only: agents can change production", named)


def serve_stdio(settings: Settings, make_door: MakeDoor | None = None) -> None:
    """Serve one host over stdin and stdout until stdin closes, or SIGTERM or SIGINT comes.

    Args:
        make_door: called when a person has to be asked in a browser for the first time.

    Raises:
        SettingsError: a setting does not hold, or there is no stdin or stdout.
    """
    _need_standard_streams()
    to_stderr(settings.log_level)
    export_spans()
    server, calls = _server_and_calls(settings, "stdio", make_door)
    collect_from_here()
    # uvloop, which Windows has not, takes a seventh off the time of a call.
    anyio.run(
        _serve_stdio, server, Pending(calls.stop), backend_options={"use_uvloop": sys.platform != "win32"}
    )


def collect_from_here() -> None:
    """Begin to collect garbage, leaving aside for good what the start has made: many objects, no garbage.

    `cli.main` starts with collecting turned off.
    """
    gc.freeze()
    gc.enable()


def _need_standard_streams() -> None:
    closed = [name for name in ("stdin", "stdout") if getattr(sys, name) is None]
    if closed:
        raise SettingsError(
            f"{' and '.join(closed)} closed: a host speaks to this server over stdin and stdout"
        )
    if sys.stderr is None:
        # Its number would go to the next file or socket that is opened, and what is logged into that.
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


async def _serve_stdio(server: Server[Any], pending: Pending) -> None:
    in_threads = reads_in_threads()
    async with host_streams(server, pending) as (read, write):
        try:
            await _serve_streams(server, read, write, pending, in_threads)
        except anyio.get_cancelled_exc_class():
            if not in_threads:
                raise
            # Nobody cancels this but the SDK's tasks around it, when one of the two streams fails.
            logger.warning("the host is gone: stdout is closed")
            _end_now()


async def _serve_streams(
    server: Server[Any], read: Any, write: Any, pending: Pending, in_threads: bool
) -> None:
    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as serving:
            tasks.start_soon(_finish_on_signal, pending, serving)
            # Whichever way it ends, the client closes within, and gives writes under way their moment.
            await server.run(read, write, server.create_initialization_options())
        if serving.cancelled_caught and in_threads:
            _end_now()
        tasks.cancel_scope.cancel()


def _end_now() -> NoReturn:
    """End the process: the reader of stdin sits in a thread that nothing can interrupt."""
    sys.stderr.flush()
    os._exit(0)


async def _finish_on_signal(pending: Pending, serving: anyio.CancelScope) -> None:
    with _told_to_end() as told:
        await told.wait()
        await pending.finish()
        serving.cancel()


@contextmanager
def _told_to_end() -> Iterator[anyio.Event]:
    """Give an event that SIGTERM and SIGINT set; meanwhile they do nothing else."""
    loop, told = asyncio.get_running_loop(), anyio.Event()
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        for each in before:
            try:
                loop.add_signal_handler(each, told.set)
            except NotImplementedError:
                # The event loop of Windows handles no signals, Python does.
                signal.signal(each, lambda *_: loop.call_soon_threadsafe(told.set))
        yield told
    finally:
        for each, handler in before.items():
            with suppress(NotImplementedError):
                loop.remove_signal_handler(each)
            signal.signal(each, handler)
