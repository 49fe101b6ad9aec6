"""The first screen: what this server is, what may run, and how it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from clerk_mcp.hosting.console.layout import InstanceKind, code, facts, items, moment, panel, table
from clerk_mcp.hosting.console.standing import settings_in_force, what_may_run
from clerk_mcp.hosting.html import Html, join, tag
from clerk_mcp.hosting.metrics import Metrics
from clerk_mcp.hosting.readiness import Readiness
from clerk_mcp.hosting.replicas import Replicas
from clerk_mcp.offering import Policy
from clerk_mcp.settings import Settings


@dataclass(frozen=True, slots=True)
class Now:
    """Tells the state of one server."""

    settings: Settings
    kind: InstanceKind
    policy: Policy
    readiness: Readiness
    metrics: Metrics
    sessions: Callable[[], int]
    replicas: Replicas
    instance: str | None = None
    """How the audit trail names the one instance that is reached here."""

    def standing(self) -> Html:
        """Say what may run here; for everybody who may see the page at all."""
        sentences = what_may_run(self.settings, self.kind, self.policy)
        return panel("What may run here", items(*sentences), id="standing")

    async def health(self) -> Html:
        """Say whether Clerk is reached, and what runs."""
        finding, took = await self.readiness.look()
        trouble = self.metrics.last_trouble
        return tag(
            "div",
            panel(
                "Clerk",
                facts(
                    ("State", tag("b", finding.words, class_="good" if finding.is_well else "bad")),
                    ("Answers in", f"{took * 1000:.0f} ms"),
                    ("At", code(self.settings.clerk_api_url if self.kind != "sandbox" else "the sandbox")),
                    ("Last error", join(trouble.words, ", ", moment(trouble.at))
                     if trouble else "none since the start"),
                ),
                id="clerk",
            ),
            panel(
                "This server",
                facts(
                    ("Version", version("clerk-mcp")),
                    ("Since", moment(self.metrics.started)),
                    ("Sessions open", self.sessions()),
                    ("Calls running", self.metrics.running),
                    ("Replicas", await self._replicas()),
                ),
                id="server",
            ),
            class_="columns",
        )  # fmt: skip

    async def _replicas(self) -> Html:
        if self.settings.redis_url is None:
            return join("This process is known only to itself: replicas see one another through --redis-url.")
        try:
            seen = await self.replicas.seen()
        except OSError as problem:
            return tag("b", problem.strerror, class_="bad")
        rows = (
            join(code(f"{each.host} {each.pid}"), f", {each.version}, since ", moment(each.since),
                 " (this one)" if each is self.replicas.own else None)
            for each in seen
        )  # fmt: skip
        return join(f"{len(seen)}", items(*rows))

    def in_force(self) -> Html:
        """List the settings, those first that somebody gave."""
        rows = list(settings_in_force(self.settings))
        given = [_row(*row) for row in rows if row[2] != "default"]
        defaults = [_row(*row) for row in rows if row[2] == "default"]
        heads = ("Setting", "Value", "From")
        return panel(
            "Settings in force",
            table("Settings that were given", heads, given) if given else tag("p", "Nobody gave any."),
            tag(
                "details",
                tag("summary", f"{len(defaults)} as they are by default"),
                table("Settings by default", heads, defaults),
            ),
            id="settings",
        )


def _row(name: str, value: str, source: str) -> Html:
    return tag("tr", tag("th", code(name), scope="row"), tag("td", value), tag("td", source, class_="quiet"))
