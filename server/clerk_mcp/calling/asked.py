"""What a question is about, looked at again for the person who answers it."""

from __future__ import annotations

from dataclasses import dataclass

from clerk_mcp.auditing import masked
from clerk_mcp.calling.calls import Caller, Calls
from clerk_mcp.calling.previews import request_shown
from clerk_mcp.confirming import Question, TargetMissing, digest_of, find_hit, what_is_shown
from clerk_tools.argument import JsonObject
from clerk_tools.catalog import operations
from clerk_tools.operation import Operation
from clerk_tools.parsing import InvalidArguments, parse


@dataclass(frozen=True, slots=True)
class Now:
    """What would happen, as things are at this moment."""

    title: str
    """What would be done, in words."""
    request: JsonObject
    """What would be sent, without credentials; of a run, for its first item."""
    seen: str
    """A digest of what is shown: whoever agrees, agrees to this."""
    target: str = ""
    also: tuple[str, ...] = ()
    note: str = ""
    over: str = ""
    """Why there is nothing to agree to any more; empty where there is."""


async def look_again(calls: Calls, question: Question, caller: Caller) -> Now:
    """Look at what a question is about, by at most two reads in the name of whoever answers it."""
    operation = _operation_of(question)
    if operation is None:
        request: JsonObject = {"tool": question.tool, "arguments": masked(question.arguments)}
        return Now(question.tool, request, question.seen, question.target)
    title, request = operation.spec.title, request_shown(operation)
    if question.items:
        return Now(title, request, question.seen)
    try:
        hit = await find_hit(operation, calls.reader(operation, caller))
    except TargetMissing:
        return Now(title, request, "", question.target, over="Clerk does not know the target any more.")
    return Now(
        title,
        request,
        digest_of(what_is_shown(hit)),
        hit.target,
        hit.also,
        "" if hit.complete else "Some details could not be read from Clerk.",
        f"There is nothing to do: {hit.already}." if hit.already else "",
    )


def _operation_of(question: Question) -> Operation | None:
    model = operations().get(question.operation)
    try:
        return parse(model, question.arguments) if model else None
    except InvalidArguments:
        return None
