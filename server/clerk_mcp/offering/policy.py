"""What may run: the operator's selection, read-only, and the scopes of whoever calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from clerk_tools.catalog import RESOURCES, nearest, operations
from clerk_tools.operation import Effect, Outline, Spec

SCOPES: Final = ("clerk:read", "clerk:write", "clerk:destroy", "clerk:secrets")
"""What a caller's token may allow. None implies another: a token for deleting only cannot read."""

PEOPLES_SCOPES: Final = ("clerk:console", "clerk:approve")
"""What a person's token may allow on this server's own pages: to look, and to agree to what callers ask. They
are no part of `all`: a token that an agent holds must not agree to the agent's own questions."""


_BOUND: Final = re.compile(r"([a-z0-9][a-z0-9_-]{0,30}):(clerk:[a-z]+)")


def bound_scope(scope: str, instance: str | None) -> str:
    """Return a scope as tokens have it: `prod:clerk:read` on a server with named instances."""
    return f"{instance}:{scope}" if instance else scope


def scopes_on(instance: str, everywhere: frozenset[str] | None) -> frozenset[str] | None:
    """Return what a caller may on one instance, of all that they may; None is every scope."""
    if everywhere is None:
        return None
    prefix = bound_scope("", instance)
    return frozenset(scope.removeprefix(prefix) for scope in everywhere if scope.startswith(prefix))


def is_scope(text: str) -> bool:
    """Tell whether a text is a scope, of an instance or of a server without named ones."""
    bound = _BOUND.fullmatch(text)
    return (bound[2] if bound else text) in (*SCOPES, *PEOPLES_SCOPES)


class SelectionError(ValueError):
    """The operator asked for something that does not exist; the server must not start."""


class Refused(Exception):
    """A call that may not be made; nothing was sent to Clerk."""

    def __init__(self, code: str, message: str, hint: str = "", *, scope: str | None = None) -> None:
        """`code` is for programs, `message` and `hint` for the model; `scope` is the one that is missing."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.scope = scope


ANY_PATH: Final = "call_path"
"""The tool that calls what no operation has; runs only where the operator wants it."""

CORE: Final = "core"
ALL: Final = "all"
"""Toolsets that keep nothing from being run: `core` lists the first 109 operations, `all` lists every one."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The operations that the operator put within reach, and those among them that a host is shown."""

    ids: frozenset[str]
    """What may run."""
    listed: frozenset[str]
    """What `tools/list` shows of it; the rest is found by search."""

    @classmethod
    def of(
        cls, toolsets: Sequence[str] = (), tools: Sequence[str] = (), exclude: Sequence[str] = ()
    ) -> Selection:
        """Select whole resources and single operations together, less what is excluded.

        What is not selected may not run, unless one of the toolsets is `core` (which is meant where neither
        toolsets nor tools are given) or `all`: with these everything may run, and the others only add to
        what is listed. Each other entry is a name or a pattern with `*`, `?` and `[…]`; upper and lower
        case differ.

        Raises:
            SelectionError: an entry that matches nothing, or a selection that leaves nothing.
        """
        known = operations()
        # Apart from the patterns: `c*` means clients, and must not open everything by way of `core`.
        wide = {name.strip() for name in toolsets} & {CORE, ALL}
        narrow = [name for name in toolsets if name.strip() not in wide]
        if not toolsets and not tools:
            wide = {CORE}
        resources = set(_matching("--toolsets", narrow, RESOURCES))
        chosen = set(_matching("--tools", tools, known))
        if resources:
            chosen |= {*known.of_resources(resources)}
        if wide:
            chosen |= {*known} if ALL in wide else {*known.core()}
        closed = set(_matching("--exclude", exclude, known))
        ids = frozenset(known if wide else chosen) - closed
        if not ids:
            raise SelectionError("--toolsets, --tools and --exclude together leave no operation at all")
        return cls(ids, frozenset(chosen) - closed)


def _matching(option: str, patterns: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return what the patterns match. Each must match something: a typing error must not open a door
    unseen."""
    names = list(known)
    found: list[str] = []
    for pattern in patterns:
        matches = [name for name in names if fnmatchcase(name, pattern.strip())]
        if not matches:
            meant = nearest(pattern.strip(" *?"), names)
            advice = f"; did you mean {meant}?" if meant else ""
            raise SelectionError(f"{option}: {pattern!r} matches nothing{advice}")
        found += matches
    return found


@dataclass(frozen=True, slots=True)
class Policy:
    """Decides by an operation's effect, never by its HTTP verb."""

    selection: Selection
    read_only: bool = False
    any_path: bool = False
    """Whether `call_path` may run."""
    instance: str | None = None
    """The name of the instance, to which the scopes of tokens are bound then."""

    def allowed(self, scopes: frozenset[str] | None) -> list[str]:
        """Return the ids that a caller may call, in the order of the catalogue; None is every scope."""
        known = operations()
        selected = [id for id in known if id in self.selection.ids]
        # As `objection` has it, by what is known without importing a declaration.
        return [id for id in selected if self._may(known.outline(id), scopes)]

    def _may(self, operation: Outline, scopes: frozenset[str] | None) -> bool:
        if self.read_only and operation.effect is not Effect.READ:
            return False
        return scopes is None or scopes.issuperset(needed_scopes(operation, operation.effect))

    def listed(self, scopes: frozenset[str] | None) -> list[str]:
        """Return those of the ids that a caller may call which the operator would have listed."""
        return [id for id in self.allowed(scopes) if id in self.selection.listed]

    def objection(
        self, spec: Spec, scopes: frozenset[str] | None, effect: Effect | None = None
    ) -> Refused | None:
        """Tell why a call may not be made: `not_selected`, `read_only` or `insufficient_scope`; None if it
        may.

        Args:
            scopes: the caller's; None is every scope.
            effect: the call's own (`Operation.actual_effect`) once its arguments are known, where it may be
                worse than the operation's.
        """
        effect = effect or spec.effect
        if spec.id not in self.selection.ids and not (self.any_path and spec.id == ANY_PATH):
            return Refused(
                "not_selected",
                f"{spec.id} is switched off on this server.",
                "The operator chooses the operations with --toolsets, --tools and --exclude.",
            )
        if self.read_only and effect is not Effect.READ:
            return Refused(
                "read_only",
                f"{spec.id} changes data, and this server only reads.",
                f"The operator's settings for {self.instance} say so."
                if self.instance
                else "The operator started it with --read-only.",
            )
        missing = [
            scope for scope in needed_scopes(spec, effect) if scopes is not None and scope not in scopes
        ]
        if missing:
            scope = bound_scope(missing[0], self.instance)
            return Refused(
                "insufficient_scope",
                f"{spec.id} needs the scope {scope}.",
                "Ask whoever issued the access token for one with that scope.",
                scope=scope,
            )
        return None


def may_read(spec: Spec, scopes: frozenset[str] | None) -> bool:
    """Tell whether a caller with these scopes may see what an operation reads."""
    return scopes is None or scopes.issuperset(needed_scopes(spec, spec.effect))


def needed_scopes(spec: Spec | Outline, effect: Effect) -> list[str]:
    """Return the scopes without which a call of this effect is refused.

    An update that destroys needs those for both, since neither implies the other.
    """
    scopes = [f"clerk:{spec.effect}"]
    if effect is not spec.effect:
        scopes.append(f"clerk:{effect}")
    # Where a secret only comes along (an invitation's link, a phone's backup codes), hiding it is enough.
    if spec.mints:
        scopes.append("clerk:secrets")
    return scopes
