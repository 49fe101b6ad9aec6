"""Settings that would change nothing where they are given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from clerk_mcp.settings.fields import Settings, named, sections
from clerk_mcp.settings.values import SettingsError


def refuse_without_effect(settings: Settings, flags: Iterable[str] = ()) -> None:
    """Refuse settings that would change nothing: whoever gives one believes that it does.

    Args:
        flags: the fields that were given on the command line. A variable may be there for other servers, so
            that those about HTTP count on stdio only where nobody chose stdio.

    Raises:
        SettingsError: it names them all.
    """
    chosen = settings.model_fields_set
    on_stdio = settings.transport == "stdio"
    idle = _ABOUT_HTTP & (set(flags) if "transport" in chosen else chosen) if on_stdio else frozenset()
    problems = [
        f"{named(name)} has no effect on stdio: it needs --transport http"
        for name in Settings.model_fields
        if name in idle
    ]
    for name, needs, is_met in _NEEDS:
        is_chosen = name in (flags if name in ("token_file", "config") else chosen) and bool(
            getattr(settings, name)
        )
        if is_chosen and not is_met(settings) and not (on_stdio and name in _ABOUT_HTTP):
            problems.append(f"{named(name)} has no effect without {needs}")
    if problems:
        raise SettingsError(*problems)


def people_sign_in(settings: Settings) -> bool:
    """Tell whether people can sign in to the server's own pages."""
    return settings.transport != "stdio" and settings.auth in ("bearer", "oauth")


def _keeps_secrets_in_files(settings: Settings) -> bool:
    return settings.secrets == "file" or (settings.secrets is None and settings.transport == "stdio")


ONLY_A_PERSON: Final = ("person", "every-change")
"""The values of `confirm` with which no token counts."""


def _can_ask_so(settings: Settings) -> bool:
    ways = {"preview": ("live", "always"), "browser": ONLY_A_PERSON}
    return settings.confirm in ways.get(settings.ask, ("live", "always", *ONLY_A_PERSON))


_NEEDS: Final = (
    ("audit_before", "--audit-log", lambda s: s.audit_log),
    ("ask", "--confirm live or always (preview), person or every-change (browser)", _can_ask_so),
    ("type_name", "--confirm person or every-change", lambda s: s.confirm in ONLY_A_PERSON),
    (
        "secrets",
        "--auth bearer or oauth, where people sign in, or stdio (link)",
        lambda s: s.secrets != "link" or people_sign_in(s) or s.transport == "stdio",
    ),
    ("secrets_dir", "--secrets file", _keeps_secrets_in_files),
    ("config", "--instance", lambda s: s.instance),
    ("token_file", "--auth bearer", lambda s: s.auth == "bearer"),
    ("oauth_issuer", "--auth oauth", lambda s: s.auth == "oauth"),
    ("oauth_audience", "--auth oauth", lambda s: s.auth == "oauth"),
    ("oauth_client", "--auth oauth", lambda s: s.auth == "oauth"),
    ("oauth_page_client", "--auth oauth", lambda s: s.auth == "oauth"),
    ("oauth_user", "--auth oauth", lambda s: s.auth == "oauth"),
    ("oauth_jwks_url", "--auth oauth", lambda s: s.auth == "oauth"),
)
"""Fields that count only beside another, that one, and whether it is there."""

_ABOUT_HTTP: Final = frozenset(sections()["Serving over HTTP"]) - {"transport"}
