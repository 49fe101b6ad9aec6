"""What a change would do, found out without making it: what would be sent, lost, and refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clerk_mcp.answering import Answer, NoPlaceForCredential, answers
from clerk_mcp.auditing import MASK, earlier, masked
from clerk_mcp.calling.calls import Caller, Calls, UnknownOperation, tell
from clerk_mcp.calling.names import Meant
from clerk_mcp.confirming import SendRead, TargetMissing, find_hit, needs_confirmation
from clerk_mcp.offering import options
from clerk_mcp.upstream import Failure, Reply, Unanswered
from clerk_tools.argument import JsonObject
from clerk_tools.catalog import operations
from clerk_tools.hits import MOST_READS
from clerk_tools.operation import Effect, Operation
from clerk_tools.parsing import InvalidArguments, parse


async def preview_change(calls: Calls, name: str, arguments: Mapping[str, Any], caller: Caller) -> Answer:
    """Show what a call of an operation would send and change; nothing is sent but reads, at most two.

    Raises:
        UnknownOperation: no such operation.
    """
    model = operations().get(name)
    if model is None:
        raise UnknownOperation(name)
    meant: Mapping[str, Meant] = {}
    try:
        operation = parse(model, options.split(model.spec, arguments)[1])
        if not calls.policy.objection(model.spec, caller.scopes):
            operation, meant = await calls.with_ids(operation, caller)
    except InvalidArguments as invalid:
        return answers.of_invalid_arguments(invalid)
    if operation.actual_effect() is Effect.READ:
        return answers.error("only_reads", f"{name} changes nothing.", hint="Call it as it is.")
    shown: JsonObject = {
        "operation": name,
        "request": request_shown(operation),
        "effect": operation.actual_effect().value,
        **({"meant": tell(meant)} if meant else {}),
        **_refused(calls, operation, caller),
    }
    if "refused" not in shown:
        try:
            shown |= await _changes(calls, operation, _few(calls.reader(operation, caller, is_shown=True)))
        except TargetMissing:
            shown["missing"] = "Clerk does not know the target: the call would fail."
    return answers.answer(shown | {"message": "Nothing was changed: this only shows what the call would do."})


def request_shown(operation: Operation) -> JsonObject:
    """Return what would be sent, without credentials."""
    request = operation.to_request()
    shown: JsonObject = {"method": operation.spec.method, "path": masked(request.path)}
    if request.has_body:
        shown["body"] = _masked(operation, request.json)
    if request.form:
        shown["form"] = _masked(operation, request.form)
    if request.files:
        shown["files"] = {name: f"[{len(value)} characters]" for name, value in request.files.items()}
    return shown


def _masked(operation: Operation, value: Any) -> Any:
    if isinstance(value, dict):
        value = {name: MASK if name in operation.spec.private else inner for name, inner in value.items()}
    return masked(value)


def _refused(calls: Calls, operation: Operation, caller: Caller) -> JsonObject:
    """Tell why the call would not be made, where that is known beforehand."""
    spec = operation.spec
    refused = calls.policy.objection(spec, caller.scopes, operation.actual_effect())
    if refused:
        return {"refused": {"code": refused.code, "message": refused.message}}
    try:
        calls.formatter.secrets.check(spec)
    except NoPlaceForCredential as problem:
        return {"refused": {"code": problem.code, "message": problem.message}}
    return {}


async def _changes(calls: Calls, operation: Operation, read: SendRead) -> JsonObject:
    spec = operation.spec
    shown: JsonObject = {}
    asked = needs_confirmation(operation, calls.confirmer.mode, calls.confirmer.kind)
    if operation.actual_effect() is Effect.DESTROY:
        hit = await find_hit(operation, read)
        shown["target"] = hit.target
        if hit.also:
            shown["also"] = list(hit.also)
        if hit.already:
            shown["already"] = hit.already
        if not hit.complete:
            shown["note"] = "Some details could not be read from Clerk."
        asked = asked and not hit.harmless and not hit.already
    was = await earlier(operation, read)
    if was is not None:
        given = operation.to_request().json
        after = given if isinstance(given, dict) else {}
        shown["changes"] = {
            name: {"before": before, "after": _masked(operation, after).get(name)}
            for name, before in _masked(operation, was).items()
        }
    shown["asked_first"] = asked
    if spec.mails(operation.model_dump(mode="json", exclude_unset=True)):
        shown["sends_mail"] = True
    if spec.mints:
        shown["makes_a_credential"] = True
    if spec.no_undo:
        shown["no_undo"] = spec.no_undo
    return shown


def _few(read: SendRead) -> SendRead:
    """Make each read once, and no more than a question about a call may make."""
    replies: dict[str, Reply] = {}

    async def reading(operation: Operation) -> Reply:
        path = operation.to_request().path
        if path not in replies:
            if len(replies) >= MOST_READS:
                raise Unanswered(Failure("too_many_reads", "No more is read.", "not_run"))
            replies[path] = await read(operation)
        return replies[path]

    return reading
