"""What `clerk-mcp doctor` looks at. Each check returns its findings and raises nothing."""

from __future__ import annotations

import os
import shlex
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal, TextIO

import anyio
import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from clerk_mcp.commands.install.entry_args import Values, values_in_force, values_of
from clerk_mcp.commands.install.file_change import CannotChange
from clerk_mcp.commands.install.hosts import (
    HOSTS,
    KEY,
    KEY_FILE,
    SANDBOX_NAME,
    Host,
    Launch,
    path_here,
    resolved,
)
from clerk_mcp.commands.install.install import default_name, entries_of, install_command
from clerk_mcp.instance import OWN_NAME, Kind, kind_of_key
from clerk_mcp.private_files import open_to_others
from clerk_mcp.serve import NO_KEY, check, kept_by_one_process, make_calls
from clerk_mcp.settings import (
    ConfigurationError,
    Settings,
    SettingsError,
    at_home,
    flag,
    load,
    read_entries,
    shared_keys,
)
from clerk_mcp.upstream import CertificatesUnusable, redis_pool, tls_context
from clerk_tools.catalog import operations
from clerk_tools.operation import FIRST_VERSION

_CLERK_PATIENCE_S: Final = 10.0
_HOST_PATIENCE_S: Final = 30.0
_SKEW_S: Final = 5.0
"""Tokens live for a minute, and what checks them allows a few seconds."""

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    check: str
    level: Level
    message: str
    fix: str | None = None


def versions() -> Finding:
    """Return what is installed."""
    python = ".".join(map(str, sys.version_info[:3]))
    return Finding(
        "version", "ok", f"clerk-mcp {version('clerk-mcp')}, mcp {version('mcp')}, Python {python}"
    )


def instances(settings: Settings, given: Mapping[str, Any]) -> tuple[list[Settings], list[Finding]]:
    """Return the settings of the instances to look at, all of the configuration file where none was chosen,
    and what is wrong with the file."""
    if settings.instance:
        return list(settings.served), []
    found: list[Settings] = []
    problems: list[str] = []
    try:
        file = at_home(settings.config)
        names = list(read_entries(file)) if file.exists() or given.get("config") else []
    except (ConfigurationError, SettingsError) as error:
        names, problems = [], list(error.problems)
    # What the environment says of one sandbox is not meant for these.
    flags = {name: value for name, value in given.items() if name not in ("sandbox", "instance")}
    for name in names:
        try:
            found.append(load({**flags, "sandbox": False, "instance": name}))
        except SettingsError as error:
            problems += error.problems
    problems += shared_keys(found)
    return found, [Finding("config", "problem", problem) for problem in dict.fromkeys(problems)]


def about(settings: Settings, findings: Iterable[Finding]) -> list[Finding]:
    """Say of which instance something was found."""
    return [replace(each, check=f"{settings.instance_name}: {each.check}") for each in findings]


def key(settings: Settings) -> list[Finding]:
    """Tell whether there is a key, of which kind, and whether it is kept well."""
    if settings.sandbox:
        where = "sandbox = true" if settings.entry else "--sandbox"
        return [Finding("key", "ok", f"none is needed: {where}")]
    if settings.transport != "stdio" and settings.auth == "clerk-key":
        return [Finding("key", "ok", "callers bring their own: --auth clerk-key")]
    if settings.key is None:
        return [
            Finding(
                "key",
                "problem",
                f"neither {KEY} nor {KEY_FILE} is set",
                " ".join(NO_KEY).removeprefix("No Clerk key: "),
            )
        ]
    return [_kind(settings, settings.key), *_keeping(settings)]


def _kind(settings: Settings, key: str) -> Finding:
    source = KEY if os.environ.get(KEY) else f"{settings.clerk_secret_key_file}"
    if settings.entry:
        source = settings.entry.key_place
    if kind_of_key(key) is Kind.TEST:
        return Finding("key", "ok", f"a test key, from {source}")
    if settings.read_only:
        kept = "read-only" if settings.entry else "--read-only"
        return Finding("key", "ok", f"a LIVE key, from {source}; {kept} keeps agents from changing anything")
    return Finding(
        "key",
        "warning",
        f"a LIVE key, from {source}: agents can change production",
        "Take read_only = false out of its table, unless that is meant."
        if settings.entry
        else "Add --read-only, or use a test key, unless that is meant.",
    )


def _keeping(settings: Settings) -> Iterator[Finding]:
    file = settings.clerk_secret_key_file
    if file is None:
        return
    if os.environ.get(KEY) and not settings.entry:
        yield Finding(
            "key",
            "warning",
            f"{KEY} is set as well as {KEY_FILE}, and wins",
            f"Unset one of them: {KEY_FILE} is {file}.",
        )
    elif open_to_others(file.expanduser()):
        yield Finding("key", "warning", f"others can read {file}", f"chmod 600 {file}")


def start(settings: Settings, given: Mapping[str, Any]) -> Finding:
    """Tell whether the server would start with these settings, a key aside."""
    transport = "stdio" if settings.transport == "stdio" else "http"
    try:
        policy = check(settings, given)
        if settings.sandbox or settings.key is not None:
            make_calls(settings, transport)
    except SettingsError as error:
        return Finding("start", "problem", error.problems[0], " ".join(error.problems[1:]) or None)
    allowed = len(list(policy.allowed(None)))
    return Finding("start", "ok", f"the settings hold; {allowed} of {len(operations())} operations may run")


def serving(settings: Settings) -> list[Finding]:
    """Tell whether the port is free and callers can be told apart, where the server is to listen."""
    if settings.transport == "stdio":
        return []
    from clerk_mcp.hosting import listen, make_verifier

    findings = []
    try:
        make_verifier(settings)
    except SettingsError as error:
        findings.append(Finding("auth", "problem", str(error)))
    try:
        listen(settings.host, settings.port).close()
    except SettingsError as error:
        findings.append(Finding("port", "problem", str(error), "Choose another --port or --host."))
    else:
        findings.append(Finding("port", "ok", f"{settings.host}:{settings.port} is free"))
    return findings


async def clerk(settings: Settings) -> list[Finding]:
    """Tell whether Clerk answers, how fast, and whether it takes the key, the API version and this clock."""
    transport: httpx2.AsyncBaseTransport | None = None
    url, key = settings.clerk_api_url, settings.key or ""
    if settings.sandbox:
        from clerk_sandbox.sandbox import Sandbox
        from clerk_sandbox.transport import SandboxTransport

        sandbox = Sandbox()
        transport, url, key = SandboxTransport(sandbox), "http://sandbox/v1", sandbox.key
    first = settings.clerk_api_version or FIRST_VERSION
    headers = {"Clerk-API-Version": first} | ({"Authorization": f"Bearer {key}"} if key else {})
    secure = url.startswith("https:")
    try:
        tls = tls_context() if secure else False
    except CertificatesUnusable as problem:
        return [Finding("network", "problem", str(problem), "Mend the variable, or unset it.")]
    async with httpx2.AsyncClient(
        headers=headers, transport=transport, timeout=_CLERK_PATIENCE_S, trust_env=secure, verify=tls
    ) as http:
        try:
            _, opening = await _timed(http, f"{url}/jwks")
            response, open_already = await _timed(http, f"{url}/jwks")
            younger = [
                finding
                for version in _versions(settings)
                if response.is_success and version != first
                for finding in _version_judged(version, await _asked(http, f"{url}/jwks", version))
            ]
        except httpx2.HTTPError as error:
            return [_unreached(error, httpx2.URL(url).host)]
    times = f"{opening * 1000:.0f} ms with a new connection, {open_already * 1000:.0f} ms on an open one"
    reached = Finding("network", "ok", f"{'the sandbox' if settings.sandbox else url} answers: {times}")
    return [reached, *_judged(response, first, has_key=bool(key)), *younger, *_clock(response)]


def _versions(settings: Settings) -> list[str]:
    """Return the API versions that calls are sent with, the oldest first."""
    if settings.clerk_api_version:
        return [settings.clerk_api_version]
    return sorted({operation.spec.version for operation in operations().values()})


def _version_judged(version: str, response: httpx2.Response) -> Iterator[Finding]:
    if response.is_success:
        yield Finding("api version", "ok", f"{version} is accepted")
        return
    lost = [id for id, operation in operations().items() if operation.spec.version == version]
    message = f"{version} is not accepted ({response.status_code}): {len(lost)} operations cannot run"
    fix = f"Leave them out: --exclude {lost[0]},…; or --clerk-api-version with one that is accepted."
    yield Finding("api version", "warning", message, fix)


async def redis(settings: Settings) -> list[Finding]:
    """Tell whether the Redis that replicas share answers, and what they do not share."""
    found = list(_not_shared(settings))
    if settings.redis_url is None:
        return found
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    try:
        pool = redis_pool(settings.redis_url)
    except ValueError as error:
        return [*found, Finding("redis", "problem", f"--redis-url: {error}")]
    began = time.perf_counter()
    try:
        await Redis(connection_pool=pool).ping()
    except (RedisError, OSError, ValueError) as error:
        # Its own words may quote the URL, and with it a password.
        message = f"Redis gives no answer of use ({type(error).__name__})"
        fix = "Check --redis-url. Without Redis replicas share neither the rate limit nor confirmations."
        return [*found, Finding("redis", "problem", message, fix)]
    finally:
        await pool.disconnect()
    took = (time.perf_counter() - began) * 1000
    return [*found, Finding("redis", "ok", f"answers after {took:.0f} ms")]


def _not_shared(settings: Settings) -> Iterator[Finding]:
    if kept := kept_by_one_process(settings):
        message = f"{' and '.join(kept)} that wait for a person are known to one worker or replica only"
        fix = "Where there are several, set both --redis-url and CLERK_MCP_STATE_KEY."
        half = settings.redis_url or settings.state_key
        yield Finding("replicas", "warning" if half else "ok", message, fix)


async def issuer(settings: Settings) -> list[Finding]:
    """Tell whether the keys can be had that OAuth tokens are verified with."""
    if settings.transport == "stdio" or settings.auth != "oauth":
        return []
    from clerk_mcp.hosting import IssuerUnusable, make_oauth

    try:
        verifier = make_oauth(settings)
    except SettingsError:
        # Which is the finding of `serving`.
        return []
    try:
        count = await verifier.usable_keys()
    except IssuerUnusable as problem:
        message = f"the keys of {settings.oauth_issuer} cannot be fetched: {problem}"
        return [Finding("issuer", "problem", message, "Check --oauth-issuer and --oauth-jwks-url.")]
    finally:
        await verifier.close()
    if not count:
        message = f"{settings.oauth_issuer} publishes no key that tokens may be signed with here"
        return [Finding("issuer", "problem", message, "It must sign with RS256, ES256 or EdDSA.")]
    return [Finding("issuer", "ok", f"{settings.oauth_issuer} publishes keys: {count} of use here")]


async def _timed(http: httpx2.AsyncClient, url: str) -> tuple[httpx2.Response, float]:
    began = time.perf_counter()
    response = await http.get(url)
    return response, time.perf_counter() - began


async def _asked(http: httpx2.AsyncClient, url: str, version: str) -> httpx2.Response:
    return await http.get(url, headers={"Clerk-API-Version": version})


def _unreached(error: httpx2.HTTPError, host: str) -> Finding:
    """Return the step that failed, from the first cause that the network gave."""
    causes = list(_causes(error))
    network = "Check the network, the firewall, and HTTPS_PROXY where only a proxy leads out."
    if isinstance(error, httpx2.ProxyError):
        return Finding("network", "problem", f"the proxy refuses: {error}", "Check HTTPS_PROXY and NO_PROXY.")
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            message = f"name: {host} has no address ({cause.strerror})"
            return Finding("network", "problem", message, "Check the network and its DNS, or CLERK_API_URL.")
        if isinstance(cause, ssl.SSLError):
            return Finding(
                "network",
                "problem",
                f"TLS: the connection to {host} cannot be trusted ({cause})",
                "Behind a proxy that opens TLS, name its certificate in SSL_CERT_FILE.",
            )
        if isinstance(cause, ConnectionRefusedError):
            return Finding("network", "problem", f"connection: {host} refuses it", network)
    if isinstance(error, httpx2.ConnectTimeout | httpx2.ConnectError):
        reason = str(error) or f"no answer within {_CLERK_PATIENCE_S:.0f} s"
        return Finding("network", "problem", f"connection: {host} cannot be reached ({reason})", network)
    reason = str(error) or f"none within {_CLERK_PATIENCE_S:.0f} s"
    return Finding(
        "network", "problem", f"answer: {host} takes the connection, but gives no answer ({reason})", network
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _judged(response: httpx2.Response, version: str, *, has_key: bool) -> Iterator[Finding]:
    if response.status_code in (401, 403) and has_key:
        fix = "Copy the key anew from Clerk's dashboard, under API keys; it may have been rotated."
        yield Finding("clerk", "problem", f"Clerk refuses the key ({response.status_code})", fix)
    elif "api_version_invalid" in response.text:
        fix = "Check CLERK_API_URL, and --clerk-api-version if it is given; or upgrade clerk-mcp."
        yield Finding("clerk", "problem", f"Clerk refuses API version {version}", fix)
    elif response.status_code >= 500:
        message, fix = (
            f"Clerk answers {response.status_code}",
            "Try again later; see https://status.clerk.com.",
        )
        yield Finding("clerk", "warning", message, fix)
    elif response.is_success:
        yield Finding("clerk", "ok", f"the key and API version {version} are accepted")
    elif has_key:
        fix = "Check CLERK_API_URL: it ends in /v1."
        yield Finding(
            "clerk", "problem", f"this is not Clerk's API: GET /jwks is answered {response.status_code}", fix
        )


def _clock(response: httpx2.Response) -> Iterator[Finding]:
    try:
        there = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError):
        return
    ahead = (datetime.now(UTC) - there.astimezone(UTC)).total_seconds()
    if abs(ahead) <= _SKEW_S:
        yield Finding("clock", "ok", "agrees with Clerk's to a few seconds")
        return
    direction = "ahead of" if ahead > 0 else "behind"
    fix = "Set the clock (NTP): expiries and tokens are judged by it."
    yield Finding("clock", "warning", f"{abs(ahead):.0f} s {direction} Clerk's", fix)


async def hosts(settings: Settings | None, given: Mapping[str, Any]) -> list[Finding]:
    """Tell which hosts there are, and whether their entries start this server; all are tried at once.

    Args:
        settings: those in force here, for the commands that are advised; None where they do not hold.
        given: those of them that were given as flags.
    """
    findings: list[Finding] = []
    without: list[Host] = []
    async with anyio.create_task_group() as tasks:
        for host in HOSTS.values():
            try:
                path = path_here(host)
                if not path.is_file():
                    continue
                entries = {name: host.launch(entry) for name, entry in entries_of(host, path).items()}
            except (CannotChange, SettingsError) as broken:
                findings.append(Finding(host.id, "problem", str(broken)))
                continue
            ours = {name: launch for name, launch in entries.items() if launch and launch.is_ours}
            if not ours:
                without.append(host)
            for name, launch in ours.items():
                tasks.start_soon(_try_entry, host, name, launch, findings)
    order = list(HOSTS)
    return [
        *sorted(findings, key=lambda finding: order.index(finding.check)),
        *_without(without, settings, given),
    ]


def _without(hosts: list[Host], settings: Settings | None, given: Mapping[str, Any]) -> list[Finding]:
    if not hosts:
        return []
    values: Values = {}
    if settings and settings.transport == "stdio" and len(settings.served) == 1:
        with suppress(SettingsError):
            values = values_in_force(settings, given)
    titles = ", ".join(host.title for host in hosts)
    commands = "; ".join(install_command(host, default_name(values), values) for host in hosts)
    return [Finding("hosts", "ok", f"without an entry: {titles}", commands)]


async def _try_entry(host: Host, name: str, launch: Launch, findings: list[Finding]) -> None:
    try:
        launch = resolved(launch, os.environ)
    except LookupError as missing:
        findings.append(
            Finding(
                host.id,
                "warning",
                f'"{name}" was not tried: {missing} is not set here',
                f"Set {missing} where {host.title} is started.",
            )
        )
        return
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as stderr:
        findings.append(await _started(host, name, launch, stderr))


async def _started(host: Host, name: str, launch: Launch, stderr: TextIO) -> Finding:
    server = StdioServerParameters(command=launch.command, args=launch.args, env=launch.env)
    began, tools = time.perf_counter(), None
    try:
        with anyio.move_on_after(_HOST_PATIENCE_S):
            async with Client(stdio_client(server, errlog=stderr)) as client:
                tools = [tool.name for tool in (await client.list_tools()).tools]
    except Exception as error:  # noqa: BLE001  # whatever a program that is not well does, the report goes on
        reason = _last_words(stderr) or _first(error)
        said = values_of(launch.server_args or [], launch.env)
        fix = install_command(host, name, said.values)
        return Finding(host.id, "problem", f'"{name}" does not start: {reason}', fix)
    if tools is None:
        message = f'"{name}" says nothing within {_HOST_PATIENCE_S:.0f} s'
        by_hand = shlex.join([launch.command, *launch.args])
        return Finding(host.id, "problem", message, f"Run it by hand: {by_hand}")
    seconds = time.perf_counter() - began
    message = f'"{name}" starts: {len(tools)} tools after {seconds:.1f} s'
    return Finding(host.id, *_fits(host, name, tools, message))


def _fits(host: Host, name: str, tools: list[str], message: str) -> tuple[Level, str, str | None]:
    """Tell whether what an entry lists is within the host's limits: level, message and fix of the finding."""
    if host.most_tools and len(tools) > host.most_tools:
        fix = f"clerk-mcp install {host.id} --name {name} --mode search, or --toolsets for fewer."
        return "warning", f"{message}, and {host.title} takes {host.most_tools}", fix
    if long := host.too_long(name, tools):
        shown = f"{message}, and {len(long)} have longer names than {host.title} takes"
        return "warning", shown, f"Give the entry a shorter name, such as {OWN_NAME} or {SANDBOX_NAME}."
    return "ok", message, None


def _first(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__


def _last_words(stderr: TextIO) -> str:
    stderr.seek(0)
    return " ".join(line.strip() for line in stderr.readlines()[-3:])


def in_force(settings: Settings, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every setting with its value and where that comes from; secrets are not shown."""
    from clerk_mcp.settings import variable

    rows = []
    upper = {name.upper() for name in os.environ}
    for name in Settings.model_fields:
        if given.get(name) is not None:
            source = flag(name)
        elif name in settings.from_file:
            source = str(settings.config)
        elif name == "clerk_secret_key" and settings.entry and settings.key:
            source = settings.entry.key_place
        elif name == "clerk_secret_key" and variable(name) not in upper and settings.key:
            source = KEY_FILE
        else:
            source = variable(name) if variable(name) in upper else "default"
        rows.append({"name": name, "value": _shown(name, getattr(settings, name)), "source": source})
    return rows


def _shown(name: str, value: object) -> Any:
    if name in ("clerk_secret_key", "state_key", "redis_url") and value is not None:
        return "(set)"
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
