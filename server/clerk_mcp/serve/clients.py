"""From settings to clients of Clerk: the key, the instance that it opens, the limits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clerk_mcp.instance import Instance, Kind, kind_of_key
from clerk_mcp.settings import ConfigurationError, Settings, SettingsError, at_home, read_entries
from clerk_mcp.upstream import Budget, ClerkClient, Files, Limit, OnDone, parse_rate_budget

if TYPE_CHECKING:
    from clerk_sandbox.transport import SandboxTransport

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
        return cls(settings, make_files(settings, transport), on_done)

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
    """Make what keeps the calls with a key within Clerk's rate limit; None where the settings have it off.

    Raises:
        SettingsError: the setting does not hold.
    """
    try:
        limit = parse_rate_budget(settings.rate_budget, key)
    except ValueError as error:
        raise SettingsError(f"{settings.place_of('rate_budget')} {error}") from None
    return _counting(limit, key, settings) if limit else None


def make_change_bound(settings: Settings, key: str) -> Budget | None:
    """Make what counts each caller's changes; None where any number may be made.

    Raises:
        SettingsError: the setting does not hold.
    """
    text = settings.max_changes
    try:
        if text.strip().lower() == "auto":
            raise ValueError("there is no such bound")
        limit = parse_rate_budget(text)
    except ValueError:
        raise SettingsError(
            f"{settings.place_of('max_changes')} must be off, or whole numbers above zero as CHANGES/SECONDS,"
            f" such as 500/3600, not {text}"
        ) from None
    # Beside the requests of the same key, which are counted for Clerk's sake.
    counted = f"changes {settings.instance_name or ''} {key}"
    return _counting(limit, counted, settings) if limit else None


def _counting(limit: Limit, key: str, settings: Settings) -> Budget:
    """Make a budget, in Redis where the settings name one.

    Raises:
        SettingsError: what they name is no Redis.
    """
    try:
        return Budget(limit, key=key, redis_url=settings.redis_url)
    except ValueError as error:
        raise SettingsError(f"--redis-url (CLERK_MCP_REDIS_URL): {error}") from None


def make_files(settings: Settings, transport: str) -> Files | None:
    """Make what reads and writes files of this machine for callers; None where nobody may name one.

    Raises:
        SettingsError: the setting does not hold.
    """
    if settings.files_dir is None:
        return None
    if transport != "stdio":
        raise SettingsError("--files-dir is for stdio only: over HTTP nobody may name this machine's files")
    try:
        return Files(at_home(settings.files_dir))
    except ValueError as error:
        raise SettingsError(f"--files-dir (CLERK_MCP_FILES_DIR): {error}") from None
