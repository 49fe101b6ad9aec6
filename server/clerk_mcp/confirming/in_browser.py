"""Asking a person in a browser: the question, the way it is brought to them, and what they answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from clerk_mcp.confirming.decisions import Answered, Asker, Asking, AskInResult, CannotAsk, Go, Stop
from clerk_mcp.confirming.desk import Address, Brought, Desk, Door
from clerk_mcp.confirming.questions import (
    LARGEST,
    Question,
    TooLarge,
    TooManyQuestions,
    Verdict,
    new_question_id,
)
from clerk_mcp.confirming.seals import Binding, Purpose, Seals, digest_of
from clerk_mcp.confirming.wording import (
    BY_USER,
    declined,
    person_needed,
    questions_unavailable,
    too_large_to_show,
    too_many_questions,
    waiting,
)
from clerk_tools.argument import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a question is about."""

    tool: str
    """What was called and has to be called again."""
    operation: str
    arguments: JsonObject
    text: str
    target: str = ""
    items: tuple[str, ...] = ()
    to_type: str = ""
    shown: str = ""
    """What a person sees of it now: an answer is for this."""


class InBrowser:
    """The way to a person that leads through a page of this server's."""

    def __init__(self, desk: Desk | None, seals: Seals, instance: str) -> None:
        """
        Args:
            desk: None where there is no page.
            instance: what would be changed, in words.
        """
        self._desk = desk
        self._seals = seals
        self._instance = instance

    async def answered(self, binding: Binding, shown: str, what: str) -> Go | Stop | Question | None:
        """Return what was answered about a call; the question where nobody has yet; None if there is none.

        Args:
            shown: what a person would see now.
            what: what is not done where it was a no, as the beginning of a sentence.
        """
        if self._desk is None:
            return None
        questions = self._desk.questions
        try:
            question = await questions.about(binding.ref)
            verdict = await questions.verdict(question) if question else None
            if question is None or verdict is None:
                return question
            if not verdict.yes:
                return _no(verdict, what)
            first = await questions.use(question)
        except OSError as problem:
            return Stop(questions_unavailable(problem), "refused", "questions unavailable")
        # What has changed since is asked about anew, and so is what another call has used the answer for.
        return Go(verdict.by) if first and verdict.seen == digest_of(shown) else None

    async def ask(
        self, subject: Subject, binding: Binding, caller: str, asker: Asker, what: str
    ) -> Go | Stop | AskInResult:
        """Ask, or look again after what was asked; never waits for longer than hosts do."""
        desk = self._desk
        if desk is None or desk.door is None:
            return Stop(person_needed(subject.tool), "refused", "nobody was asked")
        try:
            return await self._ask(desk, desk.door, subject, binding, caller, asker, what)
        except TooManyQuestions:
            return Stop(too_many_questions(), "refused", "too many questions")
        except TooLarge:
            return Stop(too_large_to_show(subject.tool), "refused", "too large to show")
        except OSError as problem:
            return Stop(questions_unavailable(problem), "refused", "questions unavailable")

    async def _ask(
        self,
        desk: Desk,
        door: Door,
        subject: Subject,
        binding: Binding,
        caller: str,
        asker: Asker,
        what: str,
    ) -> Go | Stop | AskInResult:
        draft = self._draft(subject, binding, caller)
        question = await desk.questions.put(draft)
        is_new = question.id == draft.id
        address = await door.address(question, asker.base)
        opened = asker.opened
        if is_new and asker.link is Asking.IN_RESULT:
            state = await self._seals.mint(Purpose.OPENED, binding)
            return AskInResult(subject.text, state, address.own)
        if is_new and asker.link is Asking.LIVE:
            opened = await _show(asker, subject.text, address, question)
        if opened is Answered.DECLINED:
            verdict = Verdict(False, BY_USER)
            await desk.questions.decide(question, verdict)
            return _no(verdict, what)
        brought = Brought(_OPENED, True) if opened is Answered.ACCEPTED else Brought()
        if is_new and not brought.is_seen:
            brought = await door.open(address)
        if brought.is_seen:
            await desk.wait(question)
        now = await self.answered(binding, subject.shown, what)
        if isinstance(now, Go | Stop):
            return now
        return Stop(waiting(question, address, brought.said or door.hint), "previewed", "asked in a browser")

    def _draft(self, subject: Subject, binding: Binding, caller: str) -> Question:
        if len(json.dumps([subject.arguments, subject.items])) > LARGEST:
            raise TooLarge
        return Question(
            id=new_question_id(binding.ref),
            tool=subject.tool,
            operation=subject.operation,
            arguments=subject.arguments,
            items=subject.items,
            target=subject.target,
            text=subject.text,
            instance=self._instance,
            caller=caller,
            seen=digest_of(subject.shown),
            to_type=subject.to_type,
        )


_OPENED: Final = "The user has opened the page."


async def _show(asker: Asker, text: str, address: Address, question: Question) -> Answered | None:
    if asker.show is None:
        return None
    try:
        return await asker.show(text, address.own, question.id)
    except CannotAsk:
        return None


def _no(verdict: Verdict, what: str) -> Stop:
    return Stop(declined(what), "declined", verdict.by)
