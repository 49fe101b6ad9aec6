"""Which tools a client sees, and what runs behind each.

In mode `all` each operation that the operator would have listed is a tool of its own, and `list_all` is one
more. In mode `search` four tools stand for all operations: find, describe, read, change; in mode `all` they
stand beside the others where some operation that may run is not listed. Whatever is listed, a direct call by
operationId works, and all ways lead through `Calls.run`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, Literal

from clerk_mcp.answering import Answer, answers, size
from clerk_mcp.bulk import Compare, ListAll, Peers, Progress, RunEach, Runs
from clerk_mcp.calling import Caller, Calls, Reach, UnknownOperation
from clerk_mcp.confirming import AskInResult
from clerk_mcp.offering import Policy, entry_of, input_schema, options, output_schema, tool
from clerk_mcp.protocol import apps
from clerk_mcp.protocol.any_path import CallPath, path_call
from clerk_mcp.protocol.own_tools import (
    FOUND_LIKE_OPERATIONS,
    MOST_DESCRIBED,
    OWN_TOOLS,
    SEARCH_TOOLS,
    Change,
    DescribeOperation,
    PreviewChange,
    Read,
    SearchOperations,
    declared,
    describe,
    runnable,
    signed,
    summary,
)
from clerk_mcp.settings import Settings
from clerk_tools.argument import JsonObject
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Operation, Spec
from clerk_tools.parsing import InvalidArguments, Problem, parse

if TYPE_CHECKING:
    from clerk_mcp.bulk import Links
    from clerk_tools.searching import Found

ListingMode = Literal["all", "search", "auto"]

CLIENTS: Final[tuple[tuple[str, Literal["all", "search"]], ...]] = (
    ("claude-code*", "all"),
    ("claude-ai*", "all"),
    ("visual?studio?code*", "all"),
    ("*", "search"),
)
"""What `auto` chooses, by the name that a client gives itself (in lower case); the first match counts.

`all` is for hosts that load a tool's schema only when it is needed: listing everything costs them little, so
they get every operation that may run. To add a host, add its name here.
"""


@dataclass(frozen=True, slots=True)
class Presentation:
    """How a server shows what it can do: the operator's settings for it."""

    mode: ListingMode = "all"
    list_all_cap: int = 5000
    """The most records that one `list_all` reads."""
    about: JsonObject = field(default_factory=dict)
    """The settings that a client may know."""
    runs: Runs | None = None
    """The runs of `run_each`; without them it is not offered."""
    output_schemas: bool = False
    """Whether tools are listed with what their answers hold."""
    peers: Peers = field(default_factory=dict)
    """All instances that are served here, where they have names; two of them can be compared."""
    links: Links | None = None
    """Where files wait for their caller, over HTTP."""

    @classmethod
    def of(cls, settings: Settings, runs: Runs | None = None, peers: Peers | None = None) -> Presentation:
        about = {name: getattr(settings, name) for name in _SHOWN}
        if settings.instance_name:
            about = {"instance": settings.instance_name, **about}
        shown = (settings.mode, settings.list_all_cap, about, runs, settings.output_schemas)
        return cls(*shown, {} if peers is None else peers)


_SHOWN: Final = ("mode", "read_only", "confirm", "max_result_bytes", "list_all_cap", "rate_budget")

WAYS: Final[dict[ListingMode, str]] = {
    "all": "each tool is one API operation; where search_operations is listed, it finds those that are not "
    "listed, and read and change run them",
    "search": "search_operations finds an operation with its arguments, read and change run it. read also "
    "runs list_all {operation, where?: 'locked == true and created_at > \"90 days ago\"', group?: "
    "'count by month(created_at)', fields?: [...], arguments?}; change runs run_each {operation, "
    "items? | over?: {operation, arguments?, where?}, map?: {argument: field}, arguments?}, first as a plan",
    "auto": "each tool is one API operation, or is found with search_operations where that is listed",
}
"""How a model gets at an operation, in words."""


@dataclass(frozen=True, slots=True)
class Surface:
    """What a server shows of its operations, and how a call by any name is run."""

    mode: ListingMode
    policy: Policy
    cap: int
    """The most records that one `list_all` reads."""
    runs: Runs | None = None
    """The runs of `run_each`; without them it is not offered."""
    output_schemas: bool = False
    """Whether tools are listed with what their answers hold."""
    peers: Peers = field(default_factory=dict)
    """All instances that are served here, where they have names."""
    links: Links | None = None
    """Where files wait for their caller, over HTTP."""
    _lists: dict[Any, list[dict[str, Any]]] = field(default_factory=dict, repr=False, compare=False)
    """What was listed before, by all that it depends on."""

    def tools(
        self, client: str | None, scopes: frozenset[str] | None, *, with_views: bool = False
    ) -> list[dict[str, Any]]:
        """Return the entries of `tools/list`.

        Args:
            client: the name that the client gives itself, where it gives one.
            scopes: the caller's; None is every scope.
            with_views: whether the client shows the views of MCP Apps.
        """
        mode = self.mode_for(client)
        key = (mode, scopes, self._can_compare)
        listed = self._lists.get(key)
        if listed is None:
            if len(self._lists) >= _MOST_LISTS:
                self._lists.clear()
            listed = self._lists[key] = [_entry(name) for name in self._listed(mode, scopes)]
        if not with_views and not self.output_schemas:
            return [*listed]
        return [self._with_more(entry, with_views=with_views) for entry in listed]

    def _listed(self, mode: Literal["all", "search"], scopes: frozenset[str] | None) -> list[str]:
        allowed = self._allowed(scopes)
        if mode == "search":
            tools = (*SEARCH_TOOLS, *_ANY_PATH)
            return [own.spec.id for own in tools if self._is_of_use(own, allowed)]
        # Hosts for which `auto` chooses this mode load schemas when they are needed: nothing is left out.
        shown = set(allowed) if self.mode == "auto" else self.policy.selection.listed
        listed = [id for id in allowed if id in shown]
        # Where there is a search, it finds `preview_change`, and `read` runs it: the listing, which every
        # conversation pays for, need not be longer for that.
        beside: tuple[type[Operation], ...]
        beside = SEARCH_TOOLS if len(listed) < len(allowed) else (PreviewChange,)
        own: tuple[type[Operation], ...] = (ListAll, RunEach, *beside, Compare)
        return [*listed, *[one.spec.id for one in (*own, *_ANY_PATH) if self._is_of_use(one, allowed)]]

    def _with_more(self, entry: dict[str, Any], *, with_views: bool) -> dict[str, Any]:
        """Return the entry of a tool, with what only some want: an output schema, a view."""
        more: dict[str, Any] = {}
        name = entry["name"]
        spec = (OWN_TOOLS.get(name) or operations()[name]).spec
        if self.output_schemas:
            more["outputSchema"] = answer_schema(spec)
        if with_views and apps.has_view(spec):
            more["_meta"] = apps.META
        return {**entry, **more}

    def mode_for(self, client: str | None) -> Literal["all", "search"]:
        """Return what a client is shown."""
        if self.mode != "auto":
            return self.mode
        name = (client or "").lower()
        return next(mode for pattern, mode in CLIENTS if fnmatchcase(name, pattern))

    def input_schema(self, name: str) -> Mapping[str, Any] | None:
        """Return the schema that a tool advertises, whether or not it is listed; None if there is no such
        tool."""
        found = declared(name)
        return input_schema(found.spec) if found else None

    async def call(
        self,
        calls: Calls,
        name: str,
        arguments: Mapping[str, Any],
        caller: Caller,
        progress: Progress | None = None,
        reach: Reach | None = None,
    ) -> Answer | AskInResult:
        """Run a tool by its name: one of the server's own, or any operation.

        Args:
            reach: what a run calls through that goes on after its answer; `calls` itself if left out.

        Raises:
            UnknownOperation: there is no such tool.
        """
        own = OWN_TOOLS.get(name)
        if own is None:
            return await calls.run(name, arguments, caller)
        try:
            if own is SearchOperations:
                return self._search(parse(SearchOperations, arguments), caller)
            if own is DescribeOperation:
                return self._describe(parse(DescribeOperation, arguments), caller)
            if own is ListAll:
                # Here and below: what runs them is large, and a start and a listing do without.
                from clerk_mcp.bulk import list_all

                return await list_all(
                    calls, arguments, caller, cap=self.cap, progress=progress, links=self.links
                )
            if own is RunEach:
                if self.runs is None:
                    raise UnknownOperation(name)
                from clerk_mcp.bulk import run_each

                return await run_each(
                    calls, arguments, caller, runs=self.runs, reach=reach or calls, progress=progress
                )
            if own is CallPath:
                if not self.policy.any_path:
                    raise UnknownOperation(name)
                chosen, rest = options.split(CallPath.spec, arguments)
                return await calls.run_made(path_call(parse(CallPath, rest)), chosen.confirm, caller)
            if own is Compare:
                if not self._can_compare:
                    raise UnknownOperation(name)
                from clerk_mcp.bulk import compare_peers

                return await compare_peers(self.peers, calls, parse(Compare, arguments), caller)
            if own is PreviewChange:
                return await self._preview(calls, parse(PreviewChange, arguments), caller)
            through = Read if own is Read else Change
            return await self._dispatch(calls, through, arguments, caller, progress, reach)
        except InvalidArguments as invalid:
            return answers.of_invalid_arguments(invalid)

    async def _dispatch(
        self,
        calls: Calls,
        through: type[Read] | type[Change],
        given: Mapping[str, Any],
        caller: Caller,
        progress: Progress | None,
        reach: Reach | None,
    ) -> Answer | AskInResult:
        chosen, rest = options.split(through.spec, given)
        asked = parse(through, rest)
        spec = runnable(asked.operation)
        if (spec.effect is Effect.READ) is not (through is Read):
            right = Change if through is Read else Read
            return answers.error(
                "wrong_tool",
                f"{spec.id} has the effect {spec.effect}, which `{through.spec.id}` does not run.",
                hint=f"Run it with `{right.spec.id}`.",
            )
        arguments = dict(asked.arguments) if "arguments" in asked.model_fields_set else {}
        if chosen.confirm and spec.can_destroy:
            arguments["confirm"] = chosen.confirm
        return await self.call(calls, spec.id, arguments, caller, progress, reach)

    async def _preview(self, calls: Calls, asked: PreviewChange, caller: Caller) -> Answer:
        spec = runnable(asked.operation)
        if spec.id == RunEach.spec.id:
            its_own = "`operation`: run_each shows its plan by itself, when it is called without `confirm`"
            raise InvalidArguments([Problem("operation", its_own)])
        if spec.effect is Effect.READ:
            return answers.error("only_reads", f"{spec.id} changes nothing.", hint="Call it as it is.")
        arguments = dict(asked.arguments) if "arguments" in asked.model_fields_set else {}
        from clerk_mcp.calling import preview_change

        return await preview_change(calls, spec.id, arguments, caller)

    def _search(self, asked: SearchOperations, caller: Caller) -> Answer:
        allowed = {*self._allowed(caller.scopes), *self._own_ids(caller)}
        own = tuple(tool.spec for tool in FOUND_LIKE_OPERATIONS)
        # Every start would pay for what many conversations never ask for.
        from clerk_tools.searching import find

        found = find(asked.query, lambda spec: spec.id in allowed, asked.limit, own)
        note = _doubt(found)
        # What nothing fits is not worth the arguments of what is near.
        shown = [summary(spec) for spec in found.specs] if note else _shown(found)
        if found.unread:
            note = f"The last {found.unread} questions were not answered: ask them in another search."
        out: JsonObject = {"note": note} if note else {}
        return answers.answer(out | {"operations": shown})

    def _describe(self, asked: DescribeOperation, caller: Caller) -> Answer:
        if not 1 <= len(asked.ids) <= MOST_DESCRIBED:
            raise InvalidArguments([Problem("ids", f"`ids` must be 1 to {MOST_DESCRIBED} operation ids")])
        allowed = {*self._allowed(caller.scopes), *self._own_ids(caller)}
        specs = [runnable(id) for id in asked.ids]
        described = [describe(spec, json_schema=asked.json_schema) for spec in specs if spec.id in allowed]
        out: JsonObject = {"operations": described}
        if closed := [spec.id for spec in specs if spec.id not in allowed]:
            out["note"] = f"You may not run {', '.join(closed)}."
        return answers.answer(out)

    def _own_ids(self, caller: Caller) -> list[str]:
        """Return the server's own tools that are found and described like operations."""
        allowed = self._allowed(caller.scopes)
        return [own.spec.id for own in FOUND_LIKE_OPERATIONS if self._is_of_use(own, allowed)]

    @property
    def _can_compare(self) -> bool:
        return len(self.peers) > 1

    def _allowed(self, scopes: frozenset[str] | None) -> list[str]:
        return self.policy.allowed(scopes)

    def _is_of_use(self, own: type[Operation], allowed: list[str]) -> bool:
        known = map(operations().outline, allowed)
        if own is ListAll:
            return any(one.lists for one in known)
        if own is CallPath:
            return self.policy.any_path
        if own is Compare:
            return self._can_compare
        if own is RunEach and self.runs is None:
            return False
        if own in (RunEach, PreviewChange):
            return any(one.effect is not Effect.READ for one in known)
        if own in (Read, Change):
            return any((one.effect is Effect.READ) is (own is Read) for one in known)
        return True


def _entry(name: str) -> dict[str, Any]:
    """Return the entry of `tools/list` of one of the server's own tools, or of an operation."""
    own = OWN_TOOLS.get(name)
    return tool(own.spec) if own else entry_of(name)


def answer_schema(spec: Spec) -> JsonObject:
    """Return what a tool answers, the server's own or an operation, as JSON Schema."""
    if spec.id not in OWN_TOOLS:
        return output_schema(spec)
    # Few servers list what answers hold.
    from clerk_mcp.protocol.own_answers import own_answers

    return own_answers(spec.id)


_MOST_LISTS: Final = 100
"""Listings that are remembered: of scopes, anybody's token may have whichever it likes."""

_ANY_PATH: Final[tuple[type[Operation], ...]] = (CallPath,)

_ROOM: Final = 500
"""Characters that the arguments of all operations but the best may take in the answer of a search."""

_SHARE_THAT_FITS: Final = 0.3
"""Of a question, below which the best operation found is about something else."""


def _shown(found: Found) -> list[JsonObject]:
    """Return what a search shows of each operation, with its arguments where there is room for them.

    Nearly every question is followed by a call of its first answer, or of the first for each of its parts.
    """
    shown, room = [], _ROOM
    for at, spec in enumerate(found.specs):
        line, whole = summary(spec), signed(spec)
        more = 0 if at < found.parts else size(whole) - size(line)
        fits = more <= room
        shown.append(whole if fits else line)
        room -= more if fits else 0
    return shown


def _doubt(found: Found) -> str | None:
    """Say that nothing found does what was asked for, where that is so."""
    if found.gap:
        return found.gap.instead
    if not found.specs:
        return "Nothing is alike. Try other words, or the name of a resource such as users or organizations."
    if found.share < _SHARE_THAT_FITS:
        resource = found.specs[0].resource.replace("_", " ")
        return f"Nothing fits well; the nearest is among {resource}. Try other words before running any."
    return None
