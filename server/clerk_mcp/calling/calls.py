"""The one way in: every call, whoever makes it, takes this path to Clerk and back."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, Self

from clerk_mcp.answering import (
    Answer,
    Formatter,
    NoPlaceForCredential,
    answers,
    without_given,
)
from clerk_mcp.auditing import AuditLog, NotMade
from clerk_mcp.calling.names import Meant, ids_meant, is_named
from clerk_mcp.confirming import (
    Asker,
    AskInResult,
    Confirmer,
    SendRead,
    Stop,
    TargetMissing,
    find_hit,
    needs_confirmation,
)
from clerk_mcp.offering import Policy, Refused, may_read, options
from clerk_mcp.upstream import (
    FEW,
    Budget,
    ClerkClient,
    Failure,
    Limit,
    Reply,
    Unanswered,
    in_turn,
    out_of_turn,
)
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Operation, Paged, Spec
from clerk_tools.parsing import InvalidArguments, parse


class UnknownOperation(LookupError):
    """No operation has this name; the message names the one that was most likely meant."""

    def __init__(self, name: str) -> None:
        # No call needs the search but one whose name is wrong.
        from clerk_tools.searching import operation_meant

        meant = operation_meant(name)
        super().__init__(f"Unknown tool: {name[:100]}." + (f" Did you mean {meant}?" if meant else ""))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, what they may, and how to reach them while the call runs."""

    session: str = ""
    """Groups the calls of one connection, for the audit trail."""
    name: str = "local"
    scopes: frozenset[str] | None = None
    """None is every scope."""
    everywhere: frozenset[str] | None = frozenset()
    """What they may on all instances that this server has, as tokens have it; None is everything."""
    key: str | None = field(default=None, repr=False)
    """The Clerk key that they brought, where callers bring their own."""
    on_wait: Callable[[float, str], Awaitable[None]] | None = None
    """Told of every wait for Clerk: seconds, and why."""
    asker: Asker = field(default_factory=Asker)
    """The way to the user behind the caller."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Clerk's usable answer to one call, before it is shaped for a model."""

    operation: Operation
    options: options.Options
    reply: Reply
    meant: Mapping[str, Meant] = field(default_factory=dict)
    """The arguments that gave a name in place of an id."""
    said: str = ""
    """Where the credentials of the answer went, where a person is to fetch them."""


class Reach(Protocol):
    """What callers can reach: one Clerk instance for all of them, or each caller's own."""

    @property
    def policy(self) -> Policy:
        """What may run, whoever calls."""

    def calls_for(self, caller: Caller) -> AbstractAsyncContextManager[Calls]:
        """Return what runs this caller's operations, held for one call."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Runs operations for callers on one Clerk instance: validate, decide, record, send, trim."""

    client: ClerkClient
    formatter: Formatter
    policy: Policy
    confirmer: Confirmer
    audit: AuditLog | None = None
    audit_before: bool = False
    """Whether the audit trail keeps what an update is about to change, at the price of a read."""
    changes: Budget | None = None
    """How many changes each caller may make; None is any number."""

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        return self

    async def __aexit__(self, *how: object) -> None:
        """Close the client, and let go of what counts changes."""
        await self.client.__aexit__(*how)
        if self.changes:
            await self.changes.close()

    def calls_for(self, _: Caller) -> AbstractAsyncContextManager[Calls]:
        """Return the same for every caller; see `Reach`."""
        return nullcontext(self)

    async def stop(self) -> None:
        """End the calls that still run, or wait for a person, with answers that tell their outcomes."""
        if self.confirmer.desk:
            self.confirmer.desk.is_ending = True
        await self.client.stop()

    async def run(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Answer | AskInResult:
        """Run one operation by its id and shape what Clerk answers; see `fetch`."""
        if _may_be_large(name, arguments):
            return await in_turn(lambda: self.fetch(name, arguments, caller), self._shaped, caller.name)
        return self._shaped(await self.fetch(name, arguments, caller))

    def _shaped(self, fetched: Fetched | Answer | AskInResult) -> Answer | AskInResult:
        if not isinstance(fetched, Fetched):
            return fetched
        chosen = fetched.options
        shape = partial(
            self.formatter.success, fetched.operation, fetched.reply, chosen.fields, chosen.offset
        )
        if not fetched.meant and not fetched.said:
            return shape()
        return shape(meant=tell(fetched.meant) if fetched.meant else None, said=fetched.said)

    async def fetch(
        self,
        name: str,
        arguments: Mapping[str, Any],
        caller: Caller,
        *,
        only: frozenset[str] | None = None,
    ) -> Fetched | Answer | AskInResult:
        """Validate, decide, record and send one operation by its id.

        Every failure that the caller can act on is an answer. `AskInResult` is a question to the user that
        goes back in place of one; nothing was sent then.

        Args:
            only: see `Request`.

        Raises:
            UnknownOperation: no such operation.
        """
        operation_class = operations().get(name)
        if operation_class is None:
            raise UnknownOperation(name)
        spec = operation_class.spec
        if refused := self.policy.objection(spec, caller.scopes):
            if self.audit:
                # The arguments of what may not be called at all are not worth reading but for the trail.
                call = _as_far_as_it_fits(operation_class, arguments)
                await self._not_made(call, caller, "refused", refused.code)
            return refusal(refused)
        try:
            chosen, rest = options.split(spec, arguments)
            operation = parse(operation_class, rest)
            operation, meant = await self.with_ids(operation, caller)
        except InvalidArguments as invalid:
            return answers.of_invalid_arguments(invalid)
        if not meant:
            return await self._decide(operation, chosen, caller, only)
        if unseen := self._unseen(operation, meant):
            await self._not_made(operation, caller, "refused", "a name in place of an id")
            return unseen
        fetched = await self._decide(operation, chosen, caller, only)
        return replace(fetched, meant=meant) if isinstance(fetched, Fetched) else fetched

    async def with_ids(self, operation: Operation, caller: Caller) -> tuple[Operation, Mapping[str, Meant]]:
        """Return a call with the ids of what it names, and what was taken for what; see `ids_meant`."""
        if not operation.spec.by_name:
            return operation, {}
        given = {name: getattr(operation, name) for name in operation.model_fields_set}
        (meant,) = await self.ids_meant(operation.spec, [given], caller)
        if not meant:
            return operation, {}
        return operation.model_copy(update={name: one.given for name, one in meant.items()}), meant

    async def ids_meant(
        self, spec: Spec, given: Sequence[Mapping[str, Any]], caller: Caller
    ) -> list[dict[str, Meant]]:
        """Find what names mean that calls of one operation give in place of ids; see `names.ids_meant`.

        Raises:
            InvalidArguments: a name means several objects.
        """
        if not any(is_named(argument, given) for argument in spec.by_name):
            return [{} for _ in given]
        read = self.reader(spec.model, caller, is_shown=True)
        return await ids_meant(
            spec, given, read, lambda finder: self.policy.objection(finder, caller.scopes) is None
        )

    def _unseen(self, operation: Operation, meant: Mapping[str, Meant]) -> Answer | None:
        """Tell whom a call would hit that destroys and about which nobody is asked: it takes the id."""
        if operation.actual_effect() is not Effect.DESTROY:
            return None
        if needs_confirmation(operation, self.confirmer.mode, self.confirmer.kind):
            return None
        told = "; ".join(f"`{name}`: {one.title}" for name, one in meant.items())
        return answers.error(
            "id_needed",
            f"{operation.spec.id} destroys, so it takes no name in place of an id. Meant is {told}.",
            param=next(iter(meant)),
            hint="If that is right, call again with the id. Nothing was done yet.",
        )

    async def read(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Answer:
        """Run an operation that only reads, about which nobody is ever asked; see `run`."""
        answer = await self.run(name, arguments, caller)
        if isinstance(answer, AskInResult):
            raise TypeError(f"{name} does not only read")
        return answer

    async def run_made(
        self, operation: Operation, confirm: str | None, caller: Caller
    ) -> Answer | AskInResult:
        """Run a call that is none of the catalogue's, on the path of all others.

        All of its answer is shown but credentials, which are known by their names and forms.
        """
        if refused := self.policy.objection(operation.spec, caller.scopes):
            await self._not_made(operation, caller, "refused", refused.code)
            return refusal(refused)
        fetched = await self._decide(operation, options.Options(confirm=confirm), caller)
        if not isinstance(fetched, Fetched):
            return fetched
        return self.formatter.whole(operation.spec, fetched.reply)

    async def run_agreed(
        self,
        operation: Operation,
        caller: Caller,
        agreed: str,
        *,
        run: str | None,
        was: Mapping[str, Any] | None,
    ) -> Fetched | Answer:
        """Make one call of a run that was agreed to as a whole: a call like any other but for the question.

        Args:
            agreed: who or what agreed to the run.
            run: the id of the run, for the audit trail; None of what takes one back.
            was: what an update is about to change, where it is known.
        """
        refused = self.policy.objection(operation.spec, caller.scopes, operation.actual_effect())
        if refused:
            await self._not_made(operation, caller, "refused", refused.code)
            return refusal(refused)
        return await self._make(operation, options.Options(), caller, agreed, run=run, was=was)

    async def _decide(
        self,
        operation: Operation,
        chosen: options.Options,
        caller: Caller,
        only: frozenset[str] | None = None,
    ) -> Fetched | Answer | AskInResult:
        effect = operation.actual_effect()
        # An operation may do worse with some arguments than with others.
        refused = (
            None
            if effect is operation.spec.effect
            else self.policy.objection(operation.spec, caller.scopes, effect)
        )
        if refused and not await self._loses_nothing(operation, caller):
            await self._not_made(operation, caller, "refused", refused.code)
            return refusal(refused)
        try:
            # Before anybody is asked about a call that could only lose what it makes.
            self.formatter.secrets.check(operation.spec)
            await self.formatter.secrets.check_room(operation.spec, caller.name)
        except NoPlaceForCredential as problem:
            await self._not_made(operation, caller, "refused", problem.code)
            return answers.error(problem.code, problem.message, hint=problem.hint)
        reader = self.reader(operation, caller, is_shown=True)
        decision = await self.confirmer.decide(operation, caller.name, chosen.confirm, caller.asker, reader)
        if isinstance(decision, Stop):
            await self._not_made(operation, caller, decision.outcome, decision.reason)
            return decision.answer
        if isinstance(decision, AskInResult):
            return decision
        return await self._make(operation, chosen, caller, decision.agreed, only=only)

    async def _loses_nothing(self, operation: Operation, caller: Caller) -> bool:
        """See whether a caller who may write, but not destroy, may make this call: it would lose nothing.

        Who may not read learns nothing by that either.
        """
        spec = operation.spec
        if spec.effect is not Effect.WRITE or self.policy.objection(spec, caller.scopes):
            return False
        try:
            return (await find_hit(operation, self.reader(operation, caller, is_shown=True))).harmless
        except TargetMissing:
            return True

    async def _make(
        self,
        operation: Operation,
        chosen: options.Options,
        caller: Caller,
        agreed: str,
        *,
        run: str | None = None,
        was: Mapping[str, Any] | None = None,
        only: frozenset[str] | None = None,
    ) -> Fetched | Answer:
        if self.changes and operation.actual_effect() is not Effect.READ:
            seconds = await self.changes.ask(caller.name)
            if seconds:
                await self._not_made(operation, caller, "refused", "too_many_changes")
                return _too_many_changes(self.changes.limit, seconds)
        try:
            reply = await self._send(operation, caller, agreed, run, was, only)
        except Refused as refused:
            return refusal(refused)
        except Unanswered as unanswered:
            return answers.of_unanswered(operation.spec, unanswered.failure)
        if operation.spec.private:
            # Should Clerk repeat what it was given in confidence, it goes no further.
            reply = replace(
                reply, value=without_given(operation, reply.value), text=without_given(operation, reply.text)
            )
        if failed := answers.of_failure(operation, reply):
            return failed
        if run is not None:
            # Links for each of a thousand items help nobody: a run keeps them back.
            return Fetched(operation, chosen, reply)
        value, said = await self.formatter.secrets.hand_over(
            operation.spec, reply.value, caller.name, caller.asker.base
        )
        return Fetched(operation, chosen, replace(reply, value=value), said=said)

    async def _send(
        self,
        operation: Operation,
        caller: Caller,
        agreed: str,
        run: str | None = None,
        was: Mapping[str, Any] | None = None,
        only: frozenset[str] | None = None,
    ) -> Reply:
        """Send the call, between its two lines in the audit trail where there is one.

        Raises:
            Refused: the trail cannot be written, so a write is not made.
            Unanswered: see `ClerkClient.send`.
        """
        request = operation.to_request()
        if only is not None:
            request = replace(request, only=only)
        if self.audit is None:
            return await self.client.send(request, owner=caller.name, on_wait=caller.on_wait)
        audit = self.audit
        if was is None and self.audit_before:
            from clerk_mcp.auditing import earlier

            was = await earlier(operation, self.reader(operation, caller))
        entry = await audit.before(
            operation,
            session=caller.session,
            caller=caller.name,
            confirmation=agreed,
            was=was,
            run=run,
        )

        async def record(result: Reply | Failure) -> None:
            await audit.after(entry, result)

        try:
            reply = await self.client.send(
                request, owner=caller.name, on_wait=caller.on_wait, if_cancelled=record
            )
        except Unanswered as unanswered:
            await record(unanswered.failure)
            raise
        await record(reply)
        return reply

    def reader(
        self, operation: Operation | type[Operation], caller: Caller, *, is_shown: bool = False
    ) -> SendRead:
        """Make the reads that a decision about `operation` needs, in the caller's turn and in the trail.

        Args:
            is_shown: the caller sees what is read, so that one who may not read gets nothing.
        """

        async def read(needed: Operation) -> Reply:
            if is_shown and not may_read(needed.spec, caller.scopes):
                raise Unanswered(Failure("insufficient_scope", "The caller may not read.", "not_run"))
            with out_of_turn():
                return await self._send(needed, caller, f"read for {operation.spec.id}")

        return read

    async def _not_made(self, call: Operation | Spec, caller: Caller, outcome: NotMade, reason: str) -> None:
        if self.audit:
            await self.audit.not_made(
                call, session=caller.session, caller=caller.name, outcome=outcome, reason=reason
            )


def tell(meant: Mapping[str, Meant]) -> dict[str, str]:
    """Return what names were taken to mean, for an answer."""
    return {name: one.told for name, one in meant.items()}


def _as_far_as_it_fits(operation: type[Operation], arguments: Mapping[str, Any]) -> Operation | Spec:
    """Read a call that is refused anyway; where its arguments do not fit, only what it would have run."""
    try:
        return parse(operation, options.split(operation.spec, arguments)[1])
    except InvalidArguments:
        return operation.spec


def _too_many_changes(limit: Limit, seconds: float) -> Answer:
    return answers.error(
        "too_many_changes",
        f"You have made the {limit.requests} changes that this server allows a caller in {limit.seconds} s.",
        hint="Wait for retry_after seconds. The operator sets the bound with --max-changes.",
        retry_after=math.ceil(seconds),
    )


def refusal(refused: Refused) -> Answer:
    """Say that a call may not be made."""
    error = answers.error(refused.code, refused.message, hint=refused.hint or None, scope=refused.scope)
    return replace(error, missing_scope=refused.scope)


def _may_be_large(name: str, arguments: Mapping[str, Any]) -> bool:
    operation = operations().get(name)
    if operation is None or not operation.spec.is_list:
        return False
    limit = arguments.get("limit")
    if limit is None:
        # A list without pages comes whole.
        return not issubclass(operation, Paged)
    return not (isinstance(limit, int) and limit <= FEW)
