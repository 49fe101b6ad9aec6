"""Questions that wait for a person, on top of what happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from clerk_mcp.confirming import Question, Questions
from clerk_mcp.hosting.console.layout import cards, cell, code, moment, panel
from clerk_mcp.hosting.html import Html, tag


async def waiting(questions: Questions | None, root: str, name: str, *, may_answer: bool) -> Html | None:
    """Return the questions that nobody has answered; None where there are none, or nobody is asked here.

    Args:
        name: whoever looks, who answers nothing that they asked themselves.
        may_answer: whether whoever looks can be led to the page that takes the answer.
    """
    if questions is None:
        return None
    try:
        pending = await questions.pending()
    except OSError as problem:
        reason = problem.strerror or "no connection"
        words = tag("p", f"Questions that wait for a person cannot be read: {reason}.", class_="problem")
        return panel("Waiting for a person", words, id="waiting")
    return _table(pending, root, name, may_answer=may_answer) if pending else None


def _table(pending: Sequence[Question], root: str, name: str, *, may_answer: bool) -> Html:
    rows = [
        _row(question, f"{root}/questions/{question.id}" if may_answer and question.caller != name else None)
        for question in pending
    ]
    return panel(
        f"Waiting for a person: {len(pending)}",
        cards("Questions that wait for a person", ("Until", "Who", "Operation", "Target", "Answer"), rows),
        None if may_answer else tag("p", _ELSEWHERE, class_="quiet"),
        id="waiting",
    )


def _row(question: Question, page: str | None) -> Html:
    target = question.target or (f"{len(question.items)} items" if question.items else "–")
    return tag(
        "tr",
        cell("Until", moment(question.expires_at)),
        cell("Who", question.caller),
        cell("Operation", code(question.operation)),
        cell("Target", code(target)),
        cell("Answer", tag("a", "Look and answer", href=page) if page else "somebody else"),
        role="row",
    )


_ELSEWHERE: Final = (
    "To answer, sign in with a token that has the scope approve; where nobody signs in, open the link that"
    " this server wrote to its log."
)
