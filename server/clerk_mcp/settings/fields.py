"""Every setting of the server, from flags and environment variables, in one place.

Each field is the flag `--field-name` and the variable `CLERK_MCP_FIELD_NAME`; a flag wins. Only the key
and the address of Clerk's API keep the names that Clerk's own tools use, and a key has no flag: a command
line is visible to every process on the machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, model_validator

from clerk_mcp.settings import values
from clerk_mcp.settings.configuration import KEYS, Entry
from clerk_mcp.settings.values import Names

PREFIX: Final = "CLERK_MCP_"

Source = Literal["flag", "variable", "file", "program", "default"]
"""Where a value comes from; `file` is the key's own, or the configuration file; a program only gives keys."""


class Settings(BaseModel):
    """What the operator decided. Immutable; made by `load`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    clerk_secret_key: Annotated[SecretStr, AfterValidator(values.clerk_key)] | None = Field(
        default=None,
        description="Secret key of the instance (sk_test_… or sk_live_…)",
    )
    clerk_secret_key_file: Path | None = Field(default=None, description="File that holds the key")
    instance: Names = Field(
        default=(),
        description="The instance of the configuration file to serve; over HTTP also several, or all",
    )
    config: Path = Field(
        default=Path("~/.clerk-mcp/config.toml"),
        description="The configuration file: instances by name, each with the place of its key",
    )
    clerk_api_url: Annotated[str, AfterValidator(values.api_url)] = Field(
        default="https://api.clerk.com/v1", description="Clerk's API"
    )
    clerk_api_version: Annotated[str, AfterValidator(values.api_version)] | None = Field(
        default=None,
        description="Send every call with this Clerk-API-Version, such as 2025-11-10, in place of the one"
        " that each operation needs",
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
    tools: Names = Field(
        default=(), description="Only these tools, beside those of --toolsets; * and ? stand for anything"
    )
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
        description="When somebody who agrees in a browser must type the target's name: before the gravest"
        " deletions and runs that can destroy, always, or never",
    )
    state_key: Annotated[SecretStr, AfterValidator(values.state_key)] | None = Field(
        default=None, description="Seals confirmations; the same for every replica, at least 32 bytes"
    )
    audit_log: Path | None = Field(default=None, description="Keep a trail of every call in this file")
    audit_before: bool = Field(
        default=False, description="Keep in the trail what an update changes, as it was; costs a read"
    )
    files_dir: Path | None = Field(
        default=None, description="Images, imports and exports are files below this directory (stdio only)"
    )

    run_cap: int = Field(default=1000, ge=1, le=100_000, description="The most items of one run_each")
    max_changes: str = Field(
        default="off", description="Changes that one caller may make: off, or N/SECONDS such as 500/3600"
    )
    runs_dir: Path = Field(
        default=Path("~/.clerk-mcp/runs"),
        description="Where runs are kept, so that they go on after a restart; with --redis-url and a state"
        " key they are kept in Redis",
    )

    mode: Literal["all", "search", "auto"] = Field(
        default="all",
        description="all: operations are tools; search: four tools find and run them; auto: by the client",
    )
    output_schemas: bool = Field(
        default=False, description="List with each tool what its answers hold (output schemas)"
    )
    list_all_cap: int = Field(
        default=5000, ge=1, le=1_000_000, description="The most records that one list_all reads"
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
        " that shows them once, on stdio in your browser, over HTTP to whoever signs in (default: file on"
        " stdio, link over HTTP with bearer or oauth, else redact)",
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
    public_url: Annotated[str, AfterValidator(values.public_url)] | None = Field(
        default=None,
        description="Where clients reach this server, such as https://mcp.example.com or https://example.com/clerk",
    )
    allowed_host: Annotated[Names, AfterValidator(values.allowed_hosts)] = Field(
        default=(),
        description="Host headers to accept besides loopback and --public-url; example.com:* is any port",
    )
    allowed_origin: Annotated[Names, AfterValidator(values.allowed_origins)] = Field(
        default=(),
        description="Origins of web pages that may call, besides loopback and --public-url",
    )
    stateful: bool = Field(
        default=False,
        description="Keep sessions, without which older clients cannot be asked a question; all requests of"
        " one must reach the same replica",
    )
    auth: Literal["none", "bearer", "oauth", "clerk-key"] = Field(
        default="none", description="Who may call over HTTP; none is accepted on loopback only"
    )
    token_file: Path = Field(
        default=Path("~/.clerk-mcp/tokens"),
        description="Tokens of --auth bearer, made with clerk-mcp token new",
    )
    oauth_issuer: Annotated[str, AfterValidator(values.issuer)] | None = Field(
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
    oauth_jwks_url: Annotated[str, AfterValidator(values.api_url)] | None = Field(
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
            return self._entry.place(next(key for key, (_, _, field) in KEYS.items() if field == name))
        return named(name)

    def of(self, entry: Entry, from_file: Iterable[str]) -> Self:
        """Return these settings as those of an instance of the configuration file."""
        self._entry, self._from_file = entry, frozenset(from_file)
        return self


HOLDS_BACK: Final = ("instance", "toolsets", "tools", "exclude", "read_only", "confirm")
"""Settings that are refused where they are given without a value."""

_SECRETS: Final = ("clerk_secret_key", "state_key")

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
    name.upper(): name for name in ("clerk_secret_key", "clerk_secret_key_file", "clerk_api_url")
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


def named(name: str) -> str:
    """Return how people give a setting: its flag and its variable."""
    return f"{flag(name)} ({variable(name)})" if name not in WITHOUT_FLAG else variable(name)
