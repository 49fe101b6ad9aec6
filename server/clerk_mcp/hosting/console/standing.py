"""What may run here, in sentences that are true for the settings in force, and the settings themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from clerk_mcp.hosting.console.layout import InstanceKind
from clerk_mcp.offering import Policy
from clerk_mcp.settings import WITHOUT_FLAG, Settings, flag, variable
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect

_INSTANCES: Final[dict[InstanceKind, str]] = {
    "live": "a LIVE (production) Clerk instance",
    "test": "a test (development) Clerk instance",
    "sandbox": "a sandbox: an imitation of Clerk with made-up data, in memory",
    "own": "the Clerk instance whose key each caller brings",
}


def what_may_run(settings: Settings, kind: InstanceKind, policy: Policy) -> Iterator[str]:
    """Say what agents can do here, and what holds them back; the most important first."""
    allowed = [operations()[id].spec for id in policy.allowed(None)]
    effects = Counter(spec.effect for spec in allowed)
    changes = len(allowed) - effects[Effect.READ] + policy.any_path
    yield f"This server runs on {_INSTANCES[kind]}."
    if not changes:
        why = "the server is read-only" if settings.read_only else "nothing else may run"
        yield f"Agents only read here; they change nothing, for {why}."
    elif kind == "live":
        yield "Agents may change production: what they change here, they change for everybody."
    elif kind == "own":
        yield "Agents may change that instance; with a live key that is production."
    else:
        yield "Agents may change it; no production instance is reached."
    worse = sum(spec.effect is not Effect.DESTROY and spec.can_destroy for spec in allowed)
    also = f" ({worse} of the others with some arguments)" if worse and changes else ""
    yield (
        f"{len(allowed)} of {len(operations())} operations may run: {effects[Effect.READ]} read,"
        f" {effects[Effect.WRITE]} write, {effects[Effect.DESTROY]} destroy{also}."
    )
    if policy.any_path:
        yield "call_path calls any other path of Clerk's as well" + (
            ", as far as it only reads." if settings.read_only else "."
        )
    if changes:
        yield _consent(settings, kind)
        if settings.max_changes != "off":
            yield f"Each caller may make {settings.max_changes} changes (number/seconds)."
    yield _record(settings)
    yield _ACCESS[settings.auth]


def _consent(settings: Settings, kind: InstanceKind) -> str:
    if settings.confirm == "never":
        return "Nobody is asked before what cannot be taken back."
    if settings.confirm == "person":
        return "What cannot be taken back needs the yes of a person."
    if settings.confirm == "every-change":
        return "Each change needs the yes of a person."
    if settings.confirm == "live" and kind in ("test", "sandbox"):
        return "Nobody is asked before what cannot be taken back, for this is no live instance (--confirm)."
    instance = " on a live instance" if settings.confirm == "live" and kind == "own" else ""
    return f"What cannot be taken back is asked about first{instance}."


def _record(settings: Settings) -> str:
    if settings.audit_log is None:
        return "No trail of calls is kept: --audit-log FILE keeps one."
    more = ", changes with what was there before" if settings.audit_before else ""
    return f"Every call is kept in the trail {settings.audit_log}{more}."


_ACCESS: Final = {
    "none": "Whoever is on this machine may call; nobody else is served.",
    "bearer": "Whoever has an access token may call, within its scopes.",
    "oauth": "Whom the OAuth issuer signs in may call, within their scopes.",
    "clerk-key": "Whoever has a Clerk secret key may call, with that key; none is kept.",
}


def settings_in_force(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Give each setting's name, value and source in words; of what is secret, only that it is there."""
    for name in type(settings).model_fields:
        shown = variable(name) if name in WITHOUT_FLAG else flag(name)
        yield shown, _shown(getattr(settings, name)), _way(settings, name)


def _way(settings: Settings, name: str) -> str:
    """Tell where a setting came from, in words."""
    if name == "clerk_secret_key" and settings.entry and settings.key:
        return settings.entry.key_place.removeprefix("the ")
    source = settings.source(name)
    if source == "file":
        return f"file {settings.config if name in settings.from_file else settings.clerk_secret_key_file}"
    return {"flag": f"flag {flag(name)}", "variable": f"variable {variable(name)}"}.get(source, "default")


def _shown(value: Any) -> str:
    if value is None or value == ():
        return "not set"
    if isinstance(value, SecretStr):
        return "set, not shown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:g}"
    return _without_password(str(value))


def _without_password(text: str) -> str:
    """Leave out who a URL signs in as: Redis and proxies take a password there."""
    if "://" not in text:
        return text
    url = urlsplit(text)
    if "@" not in url.netloc and not url.query:
        return text
    return urlunsplit(
        url._replace(netloc=f"…@{url.netloc.rpartition('@')[2]}", query="…" if url.query else "")
    )
