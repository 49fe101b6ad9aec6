"""From settings to what may run, to what runs it, and to the MCP server."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from mcp.server.lowlevel import Server

from clerk_mcp.answering import Formatter, SecretValues
from clerk_mcp.auditing import AuditLog
from clerk_mcp.calling import Calls
from clerk_mcp.confirming import Confirmer
from clerk_mcp.instance import Instance, Kind
from clerk_mcp.offering import Policy, Refused, Selection, SelectionError
from clerk_mcp.private_files import in_home, open_to_others
from clerk_mcp.protocol import Presentation, build_server
from clerk_mcp.serve.clients import make_budget, make_change_bound, make_client, make_files
from clerk_mcp.serve.pages import MakePages, lead_to_pages
from clerk_mcp.serve.stores import closing_redis, make_desk, make_runs, make_seals, make_secrets
from clerk_mcp.settings import Settings, SettingsError, at_home, refuse_without_effect
from clerk_mcp.upstream import ClerkClient, OnDone

logger = logging.getLogger("clerk_mcp")


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
    seals = make_seals(settings, transport)
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
    make_files(settings, "stdio" if settings.transport == "stdio" else "http")
    make_budget(settings, settings.key or "sk_test_any")
    make_change_bound(settings, "")
    return make_policy(settings)


def make_server(
    settings: Settings, transport: str = "stdio", make_pages: MakePages | None = None
) -> Server[Any]:
    """Return the MCP server that the settings describe; it opens its client when it runs.

    Raises:
        SettingsError: a setting does not hold.
    """
    return server_and_calls(settings, transport, make_pages)[0]


def server_and_calls(
    settings: Settings, transport: str, make_pages: MakePages | None = None
) -> tuple[Server[Any], Calls]:
    """Return the MCP server that the settings describe, and what it runs operations with.

    Raises:
        SettingsError: a setting does not hold.
    """
    calls, instance = make_calls(settings, transport)
    if make_pages:
        lead_to_pages(calls, make_pages)
    warn_of_live_writes(instance, settings)
    presentation = Presentation.of(settings, make_runs(settings))
    server = build_server(calls, instance.words, _while_it_runs(calls, settings), presentation)
    return server, calls


@asynccontextmanager
async def _while_it_runs(calls: Calls, settings: Settings) -> AsyncIterator[None]:
    async with closing_redis(settings), calls:
        yield


def warn_of_live_writes(instance: Instance, settings: Settings) -> None:
    """Say at the start what agents may do."""
    if instance.kind is Kind.LIVE and not settings.read_only:
        named = f"{instance.name}: " if instance.name else ""
        logger.warning("%sa live key without --read-only: agents can change production", named)
