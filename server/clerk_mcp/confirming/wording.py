"""What a person and a model read about a call that destroys: the question, the preview, the refusals."""

from __future__ import annotations

import re
import time
from typing import Any, Final

from clerk_mcp.answering import Answer, answers, hint
from clerk_mcp.confirming.decisions import Answered, Go, Stop
from clerk_mcp.confirming.desk import Address
from clerk_mcp.confirming.hits import TargetMissing
from clerk_mcp.confirming.questions import Question
from clerk_mcp.confirming.seals import LIFETIME_S, SealRefused
from clerk_mcp.instance import Instance
from clerk_tools.hits import Hit
from clerk_tools.operation import Effect, Operation

BY_USER: Final = "user via elicitation"


def question_text(operation: Operation, hit: Hit, instance: Instance) -> str:
    """Return the question as a person reads it."""
    lines = [f"{operation.spec.title} on {instance.words}?", "", f"Target: {hit.target}"]
    if hit.also:
        # A deletion is named by its title; what an update destroys is named here alone.
        label = "Also" if operation.spec.effect is Effect.DESTROY else "Consequences"
        lines.append(f"{label}: {'; '.join(hit.also)}")
    if not hit.complete:
        lines.append(_UNREAD)
    return "\n".join([*lines, "", f"{_how_final(operation)} Tool: {operation.spec.id}"])


_UNREAD: Final = "Some details could not be read from Clerk."


def _how_final(operation: Operation) -> str:
    if operation.spec.effect is Effect.DESTROY:
        return "This cannot be taken back."
    return "This may be impossible to take back."


_CLOSED: Final = "The user was asked, and the question was closed without an answer. "
"""Begins what is said where a host claims that it can ask, and perhaps showed nobody anything."""


def preview(
    operation: Operation, hit: Hit, instance: Instance, token: str, *, closed: bool = False
) -> Answer:
    """Show what a call would do, with the token that runs it.

    Args:
        closed: the user was to be asked before, and nobody answered.
    """
    preview = {
        "instance": instance.label,
        "operation": operation.spec.id,
        "does": operation.spec.title,
        "target": hit.target,
        **({"also": list(hit.also)} if hit.also else {}),
        **({} if hit.complete else {"note": _UNREAD}),
    }
    return answers.answer(
        {
            "preview": preview,
            "confirm": token,
            "expires_in_seconds": LIFETIME_S,
            "message": f"{_CLOSED if closed else ''}Nothing was done yet. {_how_final(operation)}"
            f" Show the preview to the user. Only if they agree, run {operation.spec.id} again in the same"
            " way, with the same arguments and `confirm`.",
        }
    )


def decided(what: str, answered: Answered) -> Go | Stop:
    """Return what the user's answer means.

    Args:
        what: what was not done where it is a no, as the beginning of a sentence.
        answered: a yes or a no; what was closed without an answer is neither.
    """
    if answered is Answered.ACCEPTED:
        return Go(BY_USER)
    return Stop(declined(what), "declined", BY_USER)


def declined(what: str) -> Answer:
    """Say that a person said no; see `decided`."""
    return answers.error(
        "declined",
        f"The user declined. {what}; nothing was sent to Clerk.",
        hint="Do not try again by other means; ask the user what they want instead.",
    )


def already_so(operation: Operation, hit: Hit) -> Answer:
    """Say that there is nothing to do."""
    return answers.answer(
        {
            "already": hit.already,
            "target": hit.target,
            "message": f"{operation.spec.id} would change nothing, so nothing was sent to Clerk.",
        }
    )


def person_needed(tool: str) -> Answer:
    """Say that no person could be asked, where only one may agree."""
    return answers.error(
        "person_needed",
        f"Only a person may agree to this call of {tool}, and nobody could be asked: a token is not enough."
        " Nothing was sent to Clerk.",
        hint="Tell the user. The operator, who started this server with --confirm person, can use a host that"
        " puts the server's questions to its user (MCP elicitation), have callers sign in (--auth bearer or"
        " oauth), so that somebody may agree in a browser, or make the call at a terminal: clerk-mcp call.",
    )


def waiting(question: Question, address: Address, how: str) -> Answer:
    """Say where a person has to agree, and what to do afterwards.

    Args:
        how: how they see the page, as a sentence.
    """
    about: dict[str, Any] = {"instance": question.instance, "operation": question.operation}
    about |= {"items": len(question.items)} if question.items else {"target": question.target}
    about["question"] = question.text
    again = "with the same `confirm` alone" if question.items else "in the same way, with the same arguments"
    return answers.answer(
        {
            "preview": about,
            "link": address.shared,
            "expires_in_seconds": max(int(question.expires_at - time.time()), 0),
            "message": f"Nothing was done yet: only a person may agree to this, in a browser. {how}"
            f" Do not open it yourself. When they have decided, call {question.tool} again {again}.",
        }
    )


def too_many_questions() -> Answer:
    return answers.error(
        "too_many_questions",
        "Too many questions wait for a person already; nothing was sent to Clerk.",
        hint="Have the user answer those that are open, or wait until they expire"
        f" ({LIFETIME_S // 60} minutes).",
    )


def too_large_to_show(tool: str) -> Answer:
    return answers.error(
        "too_large_to_show",
        f"Only a person may agree to this call of {tool}, and its arguments are more than a page shows;"
        " nothing was sent to Clerk.",
        hint="Send less at once, or tell the user to make the call at a terminal: clerk-mcp call.",
    )


def questions_unavailable(problem: OSError) -> Answer:
    return answers.error(
        "questions_unavailable",
        f"Where questions to a person are kept cannot be used ({problem.strerror or problem}); nothing was"
        " sent to Clerk.",
        hint="The operator must see to the Redis of CLERK_MCP_REDIS_URL.",
    )


def name_to_type(target: str) -> str:
    """Return what stands for a target when somebody has to type it: its name, or else its id."""
    found = re.search("“([^”…]+)”", target)
    return found[1] if found else target.rpartition(", ")[2]


def target_missing(operation: Operation, missing: TargetMissing) -> Answer:
    return answers.error(
        "resource_not_found",
        "The target does not exist, so the call was not made.",
        hint=hint("resource_not_found", operation.spec),
        status=missing.reply.status,
        trace_id=missing.reply.trace_id,
    )


def seal_refusal(operation: Operation, refused: SealRefused) -> Answer:
    anew = f"Call {operation.spec.id} without `confirm` to be asked anew."
    return answers.error(
        refused.code,
        f"The confirmation {refused.reason}; nothing was sent to Clerk.",
        hint=f"{anew} {_CAUSES[refused.code]}" if refused.code in _CAUSES else anew,
    )


_CAUSES: Final = {
    "confirm_other_server": (
        "Where this comes again, every call reaches another process: the operator must give all of them the"
        " same CLERK_MCP_STATE_KEY and CLERK_MCP_REDIS_URL."
    ),
    "confirm_forgotten": (
        "Where this comes again, replicas do not share what was used: the operator must give all of them the"
        " same CLERK_MCP_REDIS_URL, of a Redis that is not restarted between two calls."
    ),
    "confirm_unavailable": "The operator must see to the Redis of CLERK_MCP_REDIS_URL, or to ~/.clerk-mcp.",
    "confirm_clock": "The operator must set the clocks of the servers right.",
}
"""What is behind a refusal that asking anew may not mend."""
