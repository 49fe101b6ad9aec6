"""Before something is destroyed: whether to ask, whom, and what counts as a yes.

A client that can ask its user is asked through MCP elicitation: inside the result on 2026-07-28, where the
client calls again with the answer and a sealed state, or as a live request on a handshake-era session that
has a way back. Any other client gets a preview with a token; calling again with the token runs the call. So
does one whose question was closed without an answer: some hosts claim that they can ask, and show nothing.

Where only a person may decide (`person`, `every-change`), a token is no yes: who cannot be asked through
their client answers in a browser (`in_browser.py`), and where there is no page for that, the call is refused.
"""

from __future__ import annotations

import json
from typing import Final, Literal

from clerk_mcp.confirming.decisions import (
    Answered,
    Asker,
    Asking,
    AskInResult,
    CannotAsk,
    Decision,
    Go,
    Stop,
    Unasked,
)
from clerk_mcp.confirming.desk import Desk
from clerk_mcp.confirming.hits import SendRead, TargetMissing, find_hit
from clerk_mcp.confirming.in_browser import InBrowser, Subject
from clerk_mcp.confirming.questions import Question
from clerk_mcp.confirming.seals import Binding, Purpose, SealRefused, Seals
from clerk_mcp.confirming.wording import (
    already_so,
    decided,
    name_to_type,
    person_needed,
    preview,
    question_text,
    seal_refusal,
    target_missing,
)
from clerk_mcp.instance import Instance, Kind
from clerk_tools.hits import Hit
from clerk_tools.operation import Effect, Operation

ConfirmWhen = Literal["live", "always", "person", "every-change", "never"]


def needs_confirmation(operation: Operation, mode: ConfirmWhen, kind: Kind) -> bool:
    """Tell whether this very call, its arguments considered, must be agreed to first."""
    if mode == "every-change":
        return operation.actual_effect() is not Effect.READ
    if operation.actual_effect() is not Effect.DESTROY:
        return False
    return mode in ("always", "person") or (mode == "live" and kind is Kind.LIVE)


class Confirmer:
    """Decides about destructive calls on one instance."""

    def __init__(
        self,
        mode: ConfirmWhen,
        instance: Instance,
        key_fingerprint: str,
        seals: Seals,
        *,
        elicits: bool = True,
        desk: Desk | None = None,
    ) -> None:
        """
        Args:
            key_fingerprint: `Instance.fingerprint` of the instance's key.
            elicits: whether a client that says that it can ask its user is asked.
            desk: puts questions to a person in a browser, where only a person may agree.
        """
        self.desk = desk
        self._in_browser = InBrowser(desk, seals, instance.words)
        self._mode = mode
        self._instance = instance
        self._fingerprint = key_fingerprint
        self._seals = seals
        self._elicits = elicits

    async def decide(
        self, operation: Operation, caller: str, token: str | None, asker: Asker, read: SendRead
    ) -> Decision:
        """Tell whether the call may be made now.

        Args:
            caller: the name that the call is made under; a token or an answer holds for no other.
            token: the call's `confirm` argument.
            read: sends the reads that the question needs, at most two; a token or a yes needs them again.
        """
        if not needs_confirmation(operation, self._mode, self.kind):
            return Go(self._why_not_needed(operation))
        binding = Binding.of(operation, self._fingerprint, caller)

        async def shown() -> str:
            return what_is_shown(await _find_hit(operation, read))

        try:
            if token is not None and self._only_person:
                return Stop(person_needed(operation.spec.id), "refused", "a token is no person")
            if token is not None:
                await self._seals.redeem(token, Purpose.TOKEN, binding, shown)
                return Go("token")
            if asker.state is not None and asker.answered is not None:
                # A no needs no second look at what it was about.
                again = shown if asker.answered is Answered.ACCEPTED else None
                await self._seals.redeem(asker.state, Purpose.STATE, binding, again)
                if asker.answered is not Answered.CANCELLED:
                    return decided(f"{operation.spec.id} was not called", asker.answered)
            if asker.state is not None and asker.opened is not None:
                await self._seals.redeem(asker.state, Purpose.OPENED, binding)
            return await self._ask(operation, binding, caller, asker, read)
        except SealRefused as refused:
            return Stop(seal_refusal(operation, refused), "refused", refused.code)
        except TargetMissing as missing:
            return Stop(target_missing(operation, missing), "refused", "target missing")
        except _AlreadySo as so:
            return Stop(already_so(operation, so.hit), "refused", "already so")

    async def decide_plan(
        self, plan: str, subject: Subject, caller: str, token: str, asker: Asker
    ) -> Go | Stop | AskInResult | Unasked:
        """Tell whether a run of many calls may begin: its token says which, the user behind the client
        whether.

        Args:
            plan: the digest of everything that would be called.
            subject: what a person is asked about.
            token: what `plan_token` gave for the plan, or `Unasked` after a question that nobody answered.

        Raises:
            SealRefused: the token does not hold.
        """
        binding = Binding.of_plan(plan, self._fingerprint, caller)
        purpose = self._purpose(token, binding)
        answered: Answered | None = None
        asked = await self._asked_before(binding, subject.shown, _NOT_RUN)
        if isinstance(asked, Stop):
            return asked
        if self._mode != "never" and purpose is Purpose.PLAN and asked is None:
            if self._way(asker) is Asking.IN_RESULT and asker.opened is None:
                if asker.state is None or asker.answered is None:
                    return AskInResult(subject.text, await self._seals.mint(Purpose.STATE, binding))
                await self._seals.redeem(asker.state, Purpose.STATE, binding)
                answered = asker.answered
            else:
                answered = await self._elicit(asker, subject.text)
        if self._only_person and answered not in (Answered.ACCEPTED, Answered.DECLINED):
            if asker.state is not None and asker.opened is not None:
                await self._seals.redeem(asker.state, Purpose.OPENED, binding)
            if not isinstance(asked, Go):
                found = await self._in_browser.ask(subject, binding, caller, asker, _NOT_RUN)
                if not isinstance(found, Go):
                    return found
                asked = found
        await self._seals.redeem(token, purpose, binding)
        if isinstance(asked, Go):
            return asked
        if answered is None:
            return Go("token")
        if answered is Answered.CANCELLED:
            return Unasked(await self._seals.mint(Purpose.TOKEN, binding))
        return decided(_NOT_RUN, answered)

    async def _asked_before(self, binding: Binding, shown: str, what: str) -> Go | Stop | Question | None:
        """Return what a person answered in a browser, or the question that waits there."""
        return await self._in_browser.answered(binding, shown, what) if self._only_person else None

    @property
    def _only_person(self) -> bool:
        """Whether no token counts."""
        return self._mode in ("person", "every-change")

    def _purpose(self, token: str, binding: Binding) -> Purpose:
        """Tell whether a plan's token needs a person asked, or comes after a question that nobody answered.

        Raises:
            SealRefused: it is neither.
        """
        try:
            self._seals.check(token, Purpose.PLAN, binding)
        except SealRefused as refused:
            if refused.code != "confirm_altered":
                raise
            self._seals.check(token, Purpose.TOKEN, binding)
            return Purpose.TOKEN
        return Purpose.PLAN

    async def plan_token(self, plan: str, caller: str) -> str:
        """Mint a token for a plan: it says which is meant, and is the yes where nobody can be asked."""
        return await self._seals.mint(Purpose.PLAN, Binding.of_plan(plan, self._fingerprint, caller))

    @property
    def mode(self) -> ConfirmWhen:
        """Before which calls somebody is asked."""
        return self._mode

    @property
    def kind(self) -> Kind:
        """The kind of the instance."""
        return self._instance.kind

    @property
    def instance(self) -> Instance:
        """What every question, answer and run names."""
        return self._instance

    @property
    def key_fingerprint(self) -> str:
        """Of the key, for what must not be used with another one."""
        return self._fingerprint

    def _why_not_needed(self, operation: Operation) -> str:
        if operation.actual_effect() is not Effect.DESTROY:
            return "not required"
        return "operator: confirm=never" if self._mode == "never" else "operator: confirm=live, no live key"

    async def _ask(
        self, operation: Operation, binding: Binding, caller: str, asker: Asker, read: SendRead
    ) -> Decision:
        hit = await _find_hit(operation, read)
        if hit.harmless and self._mode != "every-change":
            return Go("not required: nothing is lost")
        question, shown = question_text(operation, hit, self._instance), what_is_shown(hit)
        what = f"{operation.spec.id} was not called"
        asked = await self._asked_before(binding, shown, what)
        if isinstance(asked, Go | Stop):
            return asked
        answered = asker.answered if asker.state is not None else None
        # Whoever was sent to a browser is not asked a second time by other means.
        if asked is None and asker.opened is None:
            if self._way(asker) is Asking.IN_RESULT and answered is None:
                return AskInResult(question, await self._seals.mint(Purpose.STATE, binding, shown))
            if answered is None:
                answered = await self._elicit(asker, question)
            if answered is not None and answered is not Answered.CANCELLED:
                return await _if_unchanged(decided(what, answered), operation, shown, read)
        if self._only_person:
            subject = self._subject(operation, hit, question)
            found = await self._in_browser.ask(subject, binding, caller, asker, what)
            return await _if_unchanged(found, operation, shown, read)
        token = await self._seals.mint(Purpose.TOKEN, binding, shown)
        closed = answered is Answered.CANCELLED
        reason = "question closed without an answer" if closed else "no token"
        return Stop(preview(operation, hit, self._instance, token, closed=closed), "previewed", reason)

    def _subject(self, operation: Operation, hit: Hit, question: str) -> Subject:
        spec = operation.spec
        return Subject(
            tool=spec.id,
            operation=spec.id,
            arguments=operation.model_dump(mode="json", exclude_unset=True),
            text=question,
            target=hit.target,
            to_type=name_to_type(hit.target) if self.must_type(spec.grave) else "",
            shown=what_is_shown(hit),
        )

    def must_type(self, grave: bool) -> bool:
        """Tell whether whoever agrees in a browser types the target's name, or a run's number of items."""
        when = self.desk.type_name if self.desk else "never"
        return when == "always" or (when == "grave" and grave)

    def _way(self, asker: Asker) -> Asking:
        return asker.way if self._elicits else Asking.NONE

    async def _elicit(self, asker: Asker, question: str) -> Answered | None:
        """Put a question to the user while the call waits; None where that cannot be done."""
        if self._way(asker) is not Asking.LIVE or asker.elicit is None:
            return None
        try:
            return await asker.elicit(question)
        except CannotAsk:
            return None


_NOT_RUN: Final = "The plan was not run"


class _AlreadySo(Exception):
    """The target is as the call would make it."""

    def __init__(self, hit: Hit) -> None:
        super().__init__(hit.already)
        self.hit = hit


async def _if_unchanged(decision: Decision, operation: Operation, shown: str, read: SendRead) -> Decision:
    """Look again after a yes: a person may take minutes, and somebody else change the target meanwhile.

    Raises:
        SealRefused: what they would be shown now is not what they were shown.
        _AlreadySo, TargetMissing: see `_find_hit`.
    """
    if isinstance(decision, Go) and what_is_shown(await _find_hit(operation, read)) != shown:
        raise SealRefused("confirm_changed", "is for what has changed since it was shown")
    return decision


async def _find_hit(operation: Operation, read: SendRead) -> Hit:
    """See `find_hit`.

    Raises:
        _AlreadySo: there is nothing to ask about.
        TargetMissing: there is no such thing.
    """
    hit = await find_hit(operation, read)
    if hit.already:
        raise _AlreadySo(hit)
    return hit


def what_is_shown(hit: Hit) -> str:
    """Return what a person reads of a hit: a confirmation is for this, and not for whatever has an id
    later."""
    return json.dumps([hit.target, hit.also, hit.complete])
