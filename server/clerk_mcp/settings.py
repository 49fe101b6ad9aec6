"""Every setting of the server, from flags and environment variables, in one place.

Each field is the flag `--field-name` and the variable `CLERK_MCP_FIELD_NAME`; a flag wins. Only the key
and the address of Clerk's API keep the names that Clerk's own tools use, and a key has no flag: a command
line is visible to every process on the machine.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from clerk_mcp.instance import Kind, kind_of_key
from clerk_tools.catalog import nearest

if TYPE_CHECKING:
    from clerk_mcp.instances import Entry

PREFIX: Final = "CLERK_MCP_"

KEY_PATTERN: Final = r"(sk_|test_|live_)[!-~]+"
"""What Clerk's secret keys look like."""

_KEY_RULE: Final = "must start with sk_test_ or sk_live_ and hold no blanks or line breaks"

DEFAULT_KEY_FILE: Final = Path("~/.clerk-mcp/key")
"""Where the key is looked for that neither variable names: many hosts hand on none of their own."""

_NOT_A_KEY: Final = (
    (
        r"\$\{?\w+.*|%\w+%|\{\{.*",
        "the name of a variable that nobody filled in. Put the key into ~/.clerk-mcp/key, where it is found"
        " without a variable, or have CLERK_SECRET_KEY_FILE name its file",
    ),
    (r"pk_.*", "a publishable key, which is for web pages; the secret one stands beside it in the dashboard"),
    (r"[\"'].*|.*[\"']", "something in quotes: leave them out"),
    (r"(?i)bearer\s.*", "something after Bearer: give the key alone"),
    (r"whsec_.*", "the signing secret of a webhook"),
    (r"ak_.*|mt_.*|oat_.*", "a credential for calling your own API, not Clerk's"),
    (r"cmcp_.*", "an access token of this server, which is for callers over HTTP"),
    (r"eyJ.*", "a token (JWT) of somebody who signed in"),
    (r"-----BEGIN .*", "a key in PEM form, which is for verifying tokens"),
    (r"(sk|rk)_(test|live)_51\w{80,}|rk_(test|live)_.*", "a key of Stripe's, as it looks"),
    (r"sk-.*", "a key of another service, as it looks"),
    (r"(?i)your[-_ ].*|<.*>|sk_(test|live)_(…|\.{2,}|[x*]{8,})", "an example: put your own in its place"),
)
"""What people give in place of a key, as patterns, and what to tell them. The value itself is never shown."""


class SettingsError(Exception):
    """The settings do not hold; each line of `problems` names one and the way to mend it."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Tell whether a host name or address reaches this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _api_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in ("https", "http") or not url.hostname or url.query or url.fragment or url.username:
        raise ValueError("must be a plain URL such as https://api.clerk.com/v1")
    _port(url)
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValueError("must be https; plain http is for this machine (127.0.0.1, localhost) only")
    return value.rstrip("/")


def _api_version(value: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        raise ValueError("must be an API version of Clerk's, a date such as 2025-11-10")
    return value


def _clerk_key(value: SecretStr) -> SecretStr:
    if problem := problem_with_key(value.get_secret_value()):
        raise ValueError(problem)
    return value


def problem_with_key(key: str) -> str | None:
    """Tell why a text is no secret key of Clerk's; None where it looks like one.

    Said without the value: it is a secret even where it is malformed.
    """
    for pattern, problem in _NOT_A_KEY:
        if re.fullmatch(pattern, key, re.DOTALL):
            return f"must be the secret key, sk_test_… or sk_live_…; this is {problem}"
    return None if re.fullmatch(KEY_PATTERN, key) else _KEY_RULE


def _public_url(value: str) -> str:
    url = urlsplit(value)
    if (
        url.scheme not in ("https", "http")
        or not url.hostname
        or not re.fullmatch(r"[\w.-]+|[0-9a-f:.]+", url.hostname, re.ASCII)
        or not re.fullmatch(r"(/[\w.~-]+)*/*", url.path, re.ASCII)
        or "@" in url.netloc
        or url.query
        or url.fragment
    ):
        raise ValueError(
            "must be where clients reach this server, such as https://mcp.example.com, or with the path that"
            " a proxy serves it below, such as https://example.com/clerk; without a user, query or fragment"
        )
    _port(url)
    default = {"https": 443, "http": 80}[url.scheme]
    name = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    host = name if url.port in (None, default) else f"{name}:{url.port}"
    # Somebody may have given the address of an endpoint instead.
    path = url.path.rstrip("/").removesuffix("/mcp").removesuffix("/sse")
    return f"{url.scheme}://{host}{path}"


def _port(url: SplitResult) -> None:
    """Raise `ValueError` where a URL has a port that no machine has."""
    try:
        _ = url.port
    except ValueError:
        raise ValueError("has a port that is none: ports go from 0 to 65535") from None


def _allowed_origins(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        # Compared letter by letter with what browsers send, which is never more than this.
        if value == "*" or value.endswith("/") or not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/?#@\s]+", value):
            raise ValueError(
                f"must be origins such as https://app.example.com, without a path: not {value!r}"
            )
    return values


def _allowed_hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not re.fullmatch(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:(\d+|\*))?", value):
            raise ValueError(
                f"must be hosts as requests name them, such as mcp.example.com or mcp.example.com:*,"
                f" without https:// or a path: not {value!r}"
            )
    return values


def _issuer(value: str) -> str:
    _api_url(value)
    return value


def _state_key(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value().encode()) < 32:
        raise ValueError("must have at least 32 bytes, such as `openssl rand -hex 32` gives")
    return value


def _names(value: object) -> object:
    # A blank name is kept, to be refused where names are known: an unset shell variable must not select all.
    return tuple(name.strip() for name in value.split(",")) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)]
"""Names separated by commas."""


Source = Literal["flag", "variable", "file", "default"]
"""Where a value comes from; `file` is the key's own, or the configuration file."""


class Settings(BaseSettings):
    """What the operator decided. Immutable; made by `load`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=True
    )

    clerk_secret_key: Annotated[SecretStr, AfterValidator(_clerk_key)] | None = Field(
        default=None,
        validation_alias="CLERK_SECRET_KEY",
        description="Secret key of the instance (sk_test_… or sk_live_…)",
    )
    clerk_secret_key_file: Path | None = Field(
        default=None, validation_alias="CLERK_SECRET_KEY_FILE", description="File that holds the key"
    )
    instance: Names = Field(
        default=(),
        description="The instance of the configuration file to serve; over HTTP also several, or all",
    )
    config: Path = Field(
        default=Path("~/.clerk-mcp/config.toml"),
        description="The configuration file: instances by name, each with the place of its key",
    )
    clerk_api_url: Annotated[str, AfterValidator(_api_url)] = Field(
        default="https://api.clerk.com/v1", validation_alias="CLERK_API_URL", description="Clerk's API"
    )
    clerk_api_version: Annotated[str, AfterValidator(_api_version)] | None = Field(
        default=None,
        description="Send every call with this Clerk-API-Version, such as 2025-11-10, in place of its own",
    )
    sandbox: bool = Field(
        default=False, description="Serve the built-in sandbox instead of Clerk; no key needed"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What is logged to stderr"
    )

    toolsets: Names = Field(
        default=(),
        description="Only these resources, such as users,organizations; or core (as without this) or all:"
        " these list the first operations or every one, and whatever is not listed is found by search",
    )
    tools: Names = Field(default=(), description="Only these tools, as well; * and ? stand for anything")
    exclude: Names = Field(default=(), description="Not these tools, whatever else is chosen")
    read_only: bool = Field(default=False, description="Only what reads")
    any_path: bool = Field(
        default=False, description="Add call_path, which calls paths of Clerk's that no tool has"
    )
    confirm: Literal["live", "always", "person", "every-change", "never"] = Field(
        default="live",
        description="Ask before what cannot be taken back: with a live key, always, or never; person is"
        " always, and no token counts, only a person's own answer; every-change is the same before each"
        " change",
    )
    ask: Literal["elicit", "preview", "browser"] = Field(
        default="elicit",
        description="How to ask: through the host where it says that it can ask its user, or always by a"
        " preview with a token, or (where only a person may agree) always in a browser",
    )
    type_name: Literal["grave", "always", "never"] = Field(
        default="grave",
        description="When somebody who agrees in a browser types the target's name: before the gravest"
        " deletions and runs that can destroy, always, or never",
    )
    state_key: Annotated[SecretStr, AfterValidator(_state_key)] | None = Field(
        default=None, description="Seals confirmations; the same for every replica, at least 32 bytes"
    )
    audit_log: Path | None = Field(default=None, description="Keep a trail of every call in this file")
    audit_before: bool = Field(
        default=False, description="Keep in the trail what an update changes, as it was; costs a read"
    )
    files_dir: Path | None = Field(
        default=None, description="Images, imports and exports are files below this directory (stdio only)"
    )

    run_cap: int = Field(default=1000, ge=1, le=100_000, description="Items that one run_each has at most")
    max_changes: str = Field(
        default="off", description="Changes that one caller may make: off, or N/SECONDS such as 500/3600"
    )
    runs_dir: Path = Field(
        default=Path("~/.clerk-mcp/runs"),
        description="Where runs are kept, so that they go on after a restart; with --redis-url and a state"
        " key they are kept in Redis",
    )

    mode: Literal["all", "search", "auto"] = Field(
        default="all", description="Operations as tools, four tools to find and run them, or by the client"
    )
    output_schemas: bool = Field(
        default=False, description="List with each operation what its answers hold (output schemas)"
    )
    list_all_cap: int = Field(
        default=5000, ge=1, le=1_000_000, description="Records that one list_all reads at most"
    )
    max_result_bytes: int = Field(
        default=24_000,
        ge=2_000,
        le=10_000_000,
        description="Cut answers to this size, by whole records. An answer goes out as text and as structured"
        " content, and hosts that show a model both commonly refuse 25 000 tokens",
    )
    secrets: Literal["file", "redact", "inline", "link"] | None = Field(
        default=None,
        description="Where credentials in answers go: a file of yours, nowhere, to the model, or to a page"
        " that shows them once to whoever signs in (default: file on stdio, link over HTTP with bearer or"
        " oauth, else redact)",
    )
    secrets_dir: Path = Field(default=Path("~/.clerk-mcp/secrets"), description="Where --secrets file writes")

    retry_budget: float = Field(
        default=30.0, ge=0, le=600, description="Seconds within which a failed call may be tried again"
    )
    rate_budget: str = Field(
        default="auto", description="Stay within Clerk's rate limits: auto, off, or N/SECONDS"
    )
    redis_url: str | None = Field(
        default=None, description="Redis that replicas share: rate budget and used confirmations"
    )
    max_in_flight: int = Field(default=20, ge=1, le=1000, description="Calls to Clerk at once")
    max_queue: int = Field(default=1000, ge=0, le=100_000, description="Calls that may wait for their turn")
    max_answer_bytes: int = Field(
        default=25_000_000, ge=100_000, description="Abandon an answer of Clerk's that is larger"
    )

    transport: Literal["stdio", "http", "sse"] = Field(
        default="stdio",
        description="How hosts connect: stdio, http (Streamable HTTP, and legacy SSE beside it), or sse",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    public_url: Annotated[str, AfterValidator(_public_url)] | None = Field(
        default=None,
        description="Where clients reach this server, such as https://mcp.example.com or https://example.com/clerk",
    )
    allowed_host: Annotated[Names, AfterValidator(_allowed_hosts)] = Field(
        default=(),
        description="Host headers to accept besides loopback and --public-url; example.com:* is any port",
    )
    allowed_origin: Annotated[Names, AfterValidator(_allowed_origins)] = Field(
        default=(),
        description="Origins of web pages that may call, besides loopback and --public-url",
    )
    stateful: bool = Field(
        default=False, description="Keep sessions, for older clients that must be asked back; needs affinity"
    )
    auth: Literal["none", "bearer", "oauth", "clerk-key"] = Field(
        default="none", description="Who may call over HTTP; none is accepted on loopback only"
    )
    token_file: Path = Field(
        default=Path("~/.clerk-mcp/tokens"),
        description="Tokens of --auth bearer, made with clerk-mcp token new",
    )
    oauth_issuer: Annotated[str, AfterValidator(_issuer)] | None = Field(
        default=None, description="Issuer of the access tokens of --auth oauth"
    )
    oauth_audience: Names = Field(default=(), description="Accept tokens with one of these in the claim aud")
    oauth_client: Names = Field(
        default=(), description="Accept tokens of these OAuth clients (claim client_id)"
    )
    oauth_page_client: str | None = Field(
        default=None,
        description="OAuth client with which people sign in to this server's own pages: a public one (PKCE)"
        " whose redirect URI is --public-url and /signin/callback",
    )
    oauth_user: Names = Field(
        default=(), description="Let in only these users, with these scopes: user_1=read+write,user_2=all"
    )
    oauth_jwks_url: Annotated[str, AfterValidator(_api_url)] | None = Field(
        default=None, description="The issuer's keys, where its metadata does not name them"
    )
    public_page: bool = Field(default=False, description="Show the page for people to everybody")
    public_metrics: bool = Field(default=False, description="Show /metrics to everybody who reaches the port")
    max_calls: int = Field(default=200, ge=1, description="Calls in flight; more are answered 503")
    calls_per_second: float = Field(
        default=50, gt=0, description="Requests of one caller in a second; more are answered 429"
    )
    max_sessions: int = Field(default=2000, ge=1, description="Sessions and streams held open at once")
    session_idle: float = Field(default=1800, gt=0, description="Seconds until an unused session is closed")
    max_body_bytes: int = Field(
        default=16_000_000, ge=1000, description="Size of a request; an image of 10 MB needs 14 MB as base64"
    )
    max_header_bytes: int = Field(default=16_384, ge=1024, description="Size of a request's headers")
    read_timeout: float = Field(default=15, gt=0, description="Seconds that a request may take to arrive")
    drain: float = Field(default=10, ge=0, description="Seconds that running calls get after SIGTERM")

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take blanks off, and leave out what is empty then: `NAME=` sets nothing.

        What holds agents back is kept, to be refused: an unset shell variable must not open every door.
        """
        trimmed = {name: v.strip() if isinstance(v, str) else v for name, v in values.items()}
        # A key keeps its blanks: one that was pasted with something beside it is refused.
        return {
            name: values[name] if name in _SECRETS else value
            for name, value in trimmed.items()
            if value != "" or name in HOLDS_BACK
        }

    _sources: dict[str, Source] = PrivateAttr(default_factory=dict)

    _entry: Entry | None = PrivateAttr(default=None)
    _from_file: frozenset[str] = PrivateAttr(default=frozenset())
    _served: tuple[Settings, ...] = PrivateAttr(default=())

    @property
    def key(self) -> str | None:
        """The key itself."""
        return self.clerk_secret_key.get_secret_value() if self.clerk_secret_key else None

    def source(self, name: str) -> Source:
        """Tell where a field's value comes from."""
        return self._sources.get(name, "default")

    @property
    def served(self) -> tuple[Settings, ...]:
        """The settings of each instance that is chosen; these alone where the file was not asked."""
        return self._served or (self,)

    @property
    def instance_name(self) -> str | None:
        """What the configuration file calls the instance that these settings are for."""
        return self._entry.name if self._entry else None

    @property
    def entry(self) -> Entry | None:
        """The table of the configuration file that these settings come from, where they do."""
        return self._entry

    @property
    def from_file(self) -> frozenset[str]:
        """The fields whose values the configuration file decided."""
        return self._from_file

    def place_of(self, name: str) -> str:
        """Tell where somebody has to look who is to change a setting."""
        if self._entry and name in self._from_file:
            from clerk_mcp.instances import KEYS

            return self._entry.place(next(key for key, (_, _, field) in KEYS.items() if field == name))
        return _named(name)

    def of(self, entry: Entry, from_file: Iterable[str]) -> Self:
        """Return these settings as those of an instance of the configuration file."""
        self._entry, self._from_file = entry, frozenset(from_file)
        return self


HOLDS_BACK: Final = ("instance", "toolsets", "tools", "exclude", "read_only", "confirm")
"""Settings that are refused where they are given without a value."""

_SECRETS: Final = ("clerk_secret_key", "CLERK_SECRET_KEY", "state_key")

_SECTIONS: Final = {
    "clerk_secret_key": "Server",
    "toolsets": "What agents may do",
    "mode": "What agents see",
    "retry_budget": "Calls to Clerk",
    "transport": "Serving over HTTP",
}
"""What settings are about, by the first of them."""


def sections() -> dict[str, list[str]]:
    """Return the names of all settings, by what they are about."""
    found: dict[str, list[str]] = {}
    title = ""
    for name in Settings.model_fields:
        title = _SECTIONS.get(name, title)
        found.setdefault(title, []).append(name)
    return found


UNPREFIXED: Final = {
    str(info.validation_alias): name for name, info in Settings.model_fields.items() if info.validation_alias
}
"""Variables that keep Clerk's own names."""


WITHOUT_FLAG: Final = ("clerk_secret_key", "clerk_secret_key_file", "clerk_api_url", "state_key")
"""Fields that have a variable only: what is secret, or says where the secret goes."""


def flag(name: str) -> str:
    """Return the command-line flag of a field, where it has one."""
    return f"--{name.replace('_', '-')}"


def variable(name: str) -> str:
    """Return the environment variable of a field."""
    return next((alias for alias, field in UNPREFIXED.items() if field == name), f"{PREFIX}{name.upper()}")


def load(flags: Mapping[str, Any] | None = None) -> Settings:
    """Settings from `flags` (by field name; None means not given) over the environment.

    Raises:
        SettingsError: an unknown variable, a value that does not fit, or an unreadable key file.
    """
    _refuse_unknown(os.environ)
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    settings = _validated(given)
    sources = settings._sources
    sources.update((name, "flag" if name in given else "variable") for name in settings.model_fields_set)
    if settings.instance:
        return _of_instances(settings, given)
    file = settings.clerk_secret_key_file or _default_key_file(settings)
    if file is None or settings.key:
        return settings
    with_key = load({**given, "clerk_secret_key_file": file, "clerk_secret_key": _read_key(file)})
    with_key._sources.update({"clerk_secret_key_file": "default", **sources, "clerk_secret_key": "file"})
    return with_key


def _validated(values: Mapping[str, Any], entry: Entry | None = None) -> Settings:
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError(
            *(_problem(details["loc"], details["msg"], entry) for details in error.errors())
        ) from None


# ── Instances of the configuration file ──


def _of_instances(base: Settings, given: Mapping[str, Any]) -> Settings:
    """Return the settings of the instance that is chosen, or those around the instances that are.

    Args:
        base: what flags and the environment say.
        given: the flags alone.
    """
    from clerk_mcp.instances import ConfigurationError, chosen, read_entries

    if base.sandbox:
        raise SettingsError(
            "--instance and --sandbox exclude each other: an instance of the file may have sandbox = true"
        )
    if base.transport != "stdio" and base.auth == "clerk-key":
        raise SettingsError("--instance and --auth clerk-key exclude each other: callers bring their keys")
    if "" in base.instance:
        raise SettingsError(f"{_named('instance')} is empty: give the name of an instance")
    path = at_home(base.config)
    if not path.exists():
        raise SettingsError(
            f"{_named('instance')} is given, and there is no configuration file {path}:"
            " write one, or name it with --config"
        )
    problems: list[str] = []
    served: list[Settings] = []
    try:
        entries = chosen(read_entries(path), base.instance, path)
    except ConfigurationError as error:
        raise SettingsError(*error.problems) from None
    for entry in entries:
        try:
            served.append(_of_instance(entry, base, given))
        except SettingsError as error:
            problems += error.problems
    problems += shared_keys(served)
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
    # By their variables: a value from the environment would count before the field's own name.
    values = {variable(name) if name in UNPREFIXED.values() else name: v for name, v in values.items()}
    values |= {"CLERK_SECRET_KEY": key, "CLERK_SECRET_KEY_FILE": file}
    settings = _validated(values, entry)
    decided = {name for name in table if name not in given and name in entry.settings}
    if settings.read_only and not (base.read_only or given.get("read_only")):
        decided.add("read_only")
    settings._sources.update(base._sources)
    settings._sources.update((name, "file") for name in decided)
    settings._sources["clerk_secret_key"] = "file" if file else "variable" if key else "default"
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
    if "key_file" not in entry.values:
        return None, None
    file = _beside(entry, entry.values["key_file"])
    return _read_key(file, entry.place("key_file")), file


def _beside(entry: Entry, path: str) -> Path:
    """Return a path of the file, which is meant from where the file is."""
    return entry.file.absolute().parent / at_home(Path(path))


def shared_keys(served: Iterable[Settings]) -> list[str]:
    """Name the instances that have one key."""
    seen: dict[tuple[str, str], str] = {}
    problems = []
    for settings in served:
        name = settings.instance_name or ""
        same = (settings.key or f"sandbox {name}", settings.clerk_api_url)
        if same in seen:
            problems.append(
                f"{settings.config}: {seen[same]} and {name} have one key, and would be one instance under"
                " two names: give each its own"
            )
        seen.setdefault(same, name)
    return problems


def _default_key_file(settings: Settings) -> Path | None:
    """Return the key file that is found by itself; None where no key is needed, or callers bring theirs."""
    if settings.sandbox or settings.auth == "clerk-key":
        return None
    try:
        file = at_home(DEFAULT_KEY_FILE)
        return file if file.is_file() else None
    except (OSError, SettingsError):
        return None


def at_home(path: Path) -> Path:
    """Return the path with `~` filled in.

    Raises:
        SettingsError: nobody knows where the user's home is.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        raise SettingsError(
            f"{path} cannot be found, for there is no home directory: set HOME, or give the whole path"
        ) from None


def given_in_environment() -> set[str]:
    """Return the fields whose variables are set, and not to nothing."""
    values = {name.upper(): value.strip() for name, value in os.environ.items()}
    return {name for name in Settings.model_fields if values.get(variable(name))}


_HOLD_BACK: Final = ("READONLY", "CONFIRM", "TOOLSETS", "EXCLUDE", "AUDITLOG")
"""Endings of what holds agents back, without underscores."""


def _is_meant_for_us(name: str) -> bool:
    letters = name.upper().replace("_", "")
    return name.upper().startswith(PREFIX) or ("CLERK" in letters and letters.endswith(_HOLD_BACK))


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    # A mistyped safety switch that is quietly ignored is worse than no start at all.
    known = {variable(name) for name in Settings.model_fields}
    problems = []
    for name in sorted(n for n in environ if _is_meant_for_us(n) and n.upper() not in known):
        meant = _nearest(name, known)
        problems.append(f"{name} is not a setting" + (f"; did you mean {meant}?" if meant else ""))
    if problems:
        raise SettingsError(*problems)


def _nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the variable that was most likely meant; compared without what all of them begin with."""
    shortened = {other.removeprefix(PREFIX).removeprefix("CLERK_"): other for other in known}
    bare = re.sub(r"^(CLERK_?MCP_?|.*CLERK_)", "", name.upper())
    close = nearest(bare, shortened, likeness=0.65)
    return shortened[close] if close else None


def _problem(location: tuple[int | str, ...], message: str, entry: Entry | None = None) -> str:
    first = str(location[0])
    name = UNPREFIXED.get(first, first)
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    if entry and name in entry.settings:
        from clerk_mcp.instances import KEYS

        key = next(key for key, (_, _, field) in KEYS.items() if field == name)
        return f"{entry.place(key)} {text[:1].lower()}{text[1:]}"
    if name in WITHOUT_FLAG:
        return f"{variable(name)} {text}"
    return f"{flag(name)} ({variable(name)}) {text[:1].lower()}{text[1:]}"


def _read_key(path: Path, place: str = "") -> str:
    by_variable = "clerk_secret_key_file" in given_in_environment()
    named = f"CLERK_SECRET_KEY_FILE {path}" if by_variable else f"The key file {path}"
    named = f"{place} {path}" if place else named
    try:
        # Editors on Windows put a byte-order mark before the text.
        key = at_home(path).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise SettingsError(f"{named} cannot be read: {reason}") from None
    if not key:
        raise SettingsError(f"{named}: the file is empty")
    if problem := problem_with_key(key):
        raise SettingsError(f"{named}: a key {problem}")
    return key


# ── Settings without effect ──


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
        f"{_named(name)} has no effect on stdio: it needs --transport http"
        for name in Settings.model_fields
        if name in idle
    ]
    for name, needs, is_met in _NEEDS:
        is_chosen = name in (flags if name in ("token_file", "config") else chosen) and bool(
            getattr(settings, name)
        )
        if is_chosen and not is_met(settings) and not (on_stdio and name in _ABOUT_HTTP):
            problems.append(f"{_named(name)} has no effect without {needs}")
    if problems:
        raise SettingsError(*problems)


def _named(name: str) -> str:
    return f"{flag(name)} ({variable(name)})" if name not in WITHOUT_FLAG else variable(name)


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
        "--auth bearer or oauth, where people sign in (link)",
        lambda s: s.secrets != "link" or people_sign_in(s),
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
