"""`run_each`: one operation over many items: planned, agreed to once, and run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from clerk_mcp.answering import Answer, NoPlaceForCredential, answers
from clerk_mcp.bulk.declared import RunEach
from clerk_mcp.bulk.imports import read_rows, reject, reject_failed
from clerk_mcp.bulk.planning import (
    Plan,
    destroying_among,
    digest_of,
    name_wrong,
    operation_of,
    over_items,
    over_list,
    over_rows,
)
from clerk_mcp.bulk.progress import Progress
from clerk_mcp.bulk.run_store import Run, is_id, new_id
from clerk_mcp.bulk.running import report
from clerk_mcp.bulk.runs import Runs
from clerk_mcp.bulk.together import together
from clerk_mcp.calling import Caller, Calls, Reach
from clerk_mcp.calling import refusal as refusal_of
from clerk_mcp.confirming import LIFETIME_S, Asking, AskInResult, SealRefused, Stop, Subject, Unasked
from clerk_mcp.offering import options
from clerk_tools.argument import JsonObject
from clerk_tools.catalog import operations
from clerk_tools.operation import Effect, Spec
from clerk_tools.parsing import InvalidArguments, Problem, parse

_SHOWN_FIRST: Final = 3
_SHOWN_LAST: Final = 2
_SHOWN_DESTROYING: Final = 5
_MASK: Final = "[masked]"


class Refusal(Exception):
    """An answer that ends the call; nothing was sent that changes anything."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.text)
        self.answer = answer


async def run_each(
    calls: Calls,
    given: Mapping[str, Any],
    caller: Caller,
    *,
    runs: Runs,
    reach: Reach,
    progress: Progress | None = None,
) -> Answer | AskInResult:
    """Plan a run, begin a planned one, or show and go on with one that was begun.

    Args:
        given: the arguments of `RunEach`.
        runs: where runs are kept, and those under way.
        reach: what a run that goes on after its answer calls through.
        progress: told how far the reading of a list, and the run, are.
    """
    try:
        chosen, rest = options.split(RunEach.spec, given)
        asked = parse(RunEach, rest)
        told = {name: getattr(asked, name) for name in asked.model_fields_set}
        if chosen.confirm:
            return await _begin(calls, chosen.confirm, told, caller, runs, reach, progress)
        if told.get("run"):
            return await _see(calls, told, caller, runs, reach, progress)
        return await _plan(calls, asked, told, caller, runs, progress)
    except InvalidArguments as invalid:
        return answers.of_invalid_arguments(invalid)
    except Refusal as refusal:
        return refusal.answer
    except SealRefused as refused:
        return answers.error(
            refused.code,
            f"The token {refused.reason}; nothing was sent to Clerk.",
            hint="Run run_each without `confirm` for a new plan and its token.",
        )
    except OSError as error:
        return unavailable(error)


def unavailable(error: OSError) -> Answer:
    """Say that nothing is run, for runs cannot be kept."""
    return answers.error(
        "runs_unavailable",
        f"Where runs are kept cannot be used ({error.strerror or error}), so nothing is run.",
        hint="The operator must mend it: --runs-dir, or Redis.",
    )


# ── The plan ──


async def _plan(
    calls: Calls, asked: RunEach, told: JsonObject, caller: Caller, runs: Runs, progress: Progress | None
) -> Answer:
    plan = await _planned(calls, asked, told, caller, runs.cap, progress)
    # The rows of a file that are wrong go to a file of their own, to be mended and run again.
    rejected = await reject(calls, told["file"], plan.wrong) if "file" in told and plan.items else None
    if plan.wrong and not rejected:
        raise InvalidArguments(
            [Problem("items", f"{len(plan.wrong)} of the items cannot be called: {name_wrong(plan.wrong)}")]
        )
    if not plan.items:
        raise InvalidArguments([Problem(_source(told), f"`{_source(told)}`: there is nothing to run")])
    return await offer(calls, plan, told, caller, runs, rejected or {})


async def offer(
    calls: Calls, plan: Plan, source: JsonObject, caller: Caller, runs: Runs, more: JsonObject
) -> Answer:
    """Keep a plan, and answer with what it would do and the token that begins it.

    Args:
        source: what the plan was made from.
        more: what else there is to say of it.

    Raises:
        Refusal: the caller may not make one of its calls, or its answers would get lost.
    """
    _allow(calls, plan, caller)
    run = Run(
        id=new_id(),
        operation=plan.model.spec.id,
        caller=caller.name,
        key=calls.confirmer.key_fingerprint,
        source=source,
        digest=plan.digest,
        items=plan.items,
    )
    await runs.store.save(run)
    token = f"{run.id}.{await calls.confirmer.plan_token(run.digest, caller.name)}"
    return answers.answer(
        {
            "preview": _shown(calls, plan) | more,
            "confirm": token,
            "expires_in_seconds": LIFETIME_S,
            "message": "Nothing was done yet. Show the preview to the user; only if they agree, call run_each"
            " with `confirm` alone.",
        }
    )


async def _planned(
    calls: Calls, asked: RunEach, told: JsonObject, caller: Caller, cap: int, progress: Progress | None
) -> Plan:
    """Make the plan of what was asked for."""
    given = [name for name in ("items", "over", "file") if told.get(name)]
    if "operation" not in told:
        raise InvalidArguments([Problem("operation", "`operation` is required: what is to be run")])
    model = operation_of(asked.operation)
    if refused := calls.policy.objection(model.spec, caller.scopes):
        raise Refusal(refusal_of(refused))
    if len(given) != 1:
        raise InvalidArguments([Problem("items", "give one of items, over, file")])
    if given == ["over"]:
        return await over_list(calls, model, asked, caller, cap, progress)
    if given == ["file"]:
        rows = await read_rows(calls, asked.file, cap)
        return await over_rows(calls, model, asked, rows, caller, cap)
    return await over_items(calls, model, asked, caller, cap)


def _invalid(argument: str, message: str) -> InvalidArguments:
    return InvalidArguments([Problem(argument, f"`{argument}`: {message}")])


def _source(told: JsonObject) -> str:
    return next((name for name in ("items", "over", "file") if name in told), "items")


def _allow(calls: Calls, plan: Plan, caller: Caller) -> None:
    """Refuse a plan that holds a call which this caller may not make, or whose answer would get lost."""
    spec = plan.model.spec
    for effect in plan.effects:
        if refused := calls.policy.objection(spec, caller.scopes, effect):
            raise Refusal(refusal_of(refused))
    try:
        calls.formatter.secrets.check(spec)
    except NoPlaceForCredential as problem:
        raise Refusal(answers.error(problem.code, problem.message, hint=problem.hint)) from None
    if spec.mints and calls.formatter.secrets.mode in ("inline", "link"):
        raise _invalid("operation", f"{spec.id} makes a credential, which a run's answer does not show")


def _shown(calls: Calls, plan: Plan) -> JsonObject:
    spec = plan.model.spec
    names = [item.name for item in plan.items]
    shown: JsonObject = {
        "instance": calls.confirmer.instance.label,
        "operation": spec.id,
        "does": spec.title,
        "items": len(names),
        **({"meant": plan.meant} if plan.meant else {}),
        "first": names[:_SHOWN_FIRST],
    }
    if len(names) > _SHOWN_FIRST:
        shown["last"] = names[max(_SHOWN_FIRST, len(names) - _SHOWN_LAST) :]
    shown["call"] = _masked(spec, plan.items[0].arguments)
    shown["effects"] = {effect.value: count for effect, count in plan.effects.items()}
    shown["back"] = _way_back(calls, plan)
    if destroying := destroying_among(plan.model, plan.items):
        # The first call is none of these, or does not tell what the others lose.
        shown["destroys"] = {
            "items": [item.name for item in destroying[:_SHOWN_DESTROYING]],
            "call": _masked(spec, destroying[0].arguments),
        }
    if takes := _takes(calls, plan):
        shown["takes"] = takes
    return shown


def _masked(spec: Spec, arguments: JsonObject) -> JsonObject:
    return {name: _MASK if name in spec.private else value for name, value in arguments.items()}


def _way_back(calls: Calls, plan: Plan) -> str:
    """Return what can be taken back afterwards, in words."""
    spec = plan.model.spec
    destroyed = plan.effects[Effect.DESTROY]
    if destroyed:
        return f"{destroyed} of these calls cannot be taken back."
    if spec.mails(plan.items[0].arguments):
        return "Each sends mail, which cannot be called back."
    if spec.method == "POST":
        return "Each adds something; taking it back means deleting each."
    if calls.audit and all(item.was is not None or calls.audit_before for item in plan.items):
        return "The operator can take the whole run back: clerk-mcp audit FILE --undo RUN."
    return (
        "Nothing keeps what these calls change, so they cannot be taken back:"
        " that takes a server with --audit-log and --audit-before."
    )


def _takes(calls: Calls, plan: Plan) -> str | None:
    """Tell how long it takes under the rate limit, in words."""
    rate = calls.client.rate
    if rate is None:
        return None
    reads = sum(item.was is None for item in plan.items) if calls.audit and calls.audit_before else 0
    many = together(plan.model.spec)
    calls_made = math.ceil(len(plan.items) / many.most) if many and not calls.changes else len(plan.items)
    windows = math.ceil((calls_made + reads) / rate.requests) - 1
    return f"about {windows * rate.seconds} s under Clerk's rate limit" if windows > 0 else None


# ── The run ──


async def _begin(
    calls: Calls,
    confirm: str,
    told: JsonObject,
    caller: Caller,
    runs: Runs,
    reach: Reach,
    progress: Progress | None,
) -> Answer | AskInResult:
    id, _, token = confirm.strip().partition(".")
    run = await own_run(calls, id, caller, runs) if is_id(id) else None
    if run is None:
        raise SealRefused("confirm_altered", "was altered, or is not one of a plan that is kept here")
    if not _is_as_planned(run):
        raise SealRefused("confirm_altered", "is for a plan that something has changed where runs are kept")
    if run.agreed:
        raise SealRefused("confirm_used", f"was used already: see how far it is with run {run.id}")
    source = {name: value for name, value in told.items() if name not in ("run", "stop", "stop_after")}
    if source and source != _source_of(run):
        raise SealRefused("confirm_other_arguments", "is for another plan: give `confirm` alone")
    asker = caller.asker
    if asker.way is not Asking.IN_RESULT or asker.answered is not None:
        await _plan_again(calls, run, caller, runs, progress)
    decision = await calls.confirmer.decide_plan(run.digest, _subject(calls, run), caller.name, token, asker)
    if isinstance(decision, AskInResult):
        return decision
    if isinstance(decision, Stop):
        return decision.answer
    if isinstance(decision, Unasked):
        return _unanswered(calls, run, decision.token)
    run.agreed = decision.agreed
    await runs.store.save(run)
    return await _go_on(calls, run, told, caller, runs, reach, progress)


def _is_as_planned(run: Run) -> bool:
    """Tell whether what is kept is what was shown: the token holds for its digest alone."""
    try:
        return digest_of(run) == run.digest
    except InvalidArguments:
        return False


def _unanswered(calls: Calls, run: Run, token: str) -> Answer:
    return answers.answer(
        {
            "preview": _question(calls, run),
            "confirm": f"{run.id}.{token}",
            "expires_in_seconds": LIFETIME_S,
            "message": "The user was asked, and the question was closed without an answer. Nothing was done"
            " yet. Show the preview to the user. Only if they agree, run run_each again in the same way, with"
            " this `confirm` alone.",
        }
    )


async def _go_on(
    calls: Calls,
    run: Run,
    told: JsonObject,
    caller: Caller,
    runs: Runs,
    reach: Reach,
    progress: Progress | None,
) -> Answer:
    answer = await runs.go_on(run, reach, caller, told.get("stop_after"), progress)
    if answer.value["left"] or not answer.value["failed"] or "file" not in run.source:
        return answer
    return answers.answer({**answer.value, **await reject_failed(calls, run)})


def _source_of(run: Run) -> JsonObject:
    return {name: value for name, value in run.source.items() if name not in ("run", "stop", "stop_after")}


async def _plan_again(calls: Calls, run: Run, caller: Caller, runs: Runs, progress: Progress | None) -> None:
    """Make sure that a list gives what it gave when it was planned: that is run, or nothing is."""
    if "over" not in run.source:
        return
    asked = parse(RunEach, run.source)
    plan = await over_list(calls, operation_of(run.operation), asked, caller, runs.cap, progress)
    if plan.digest != run.digest:
        before, now = {item.name for item in run.items}, {item.name for item in plan.items}
        raise Refusal(
            answers.error(
                "plan_changed",
                "The list is another than it was when this was planned, so nothing was run: "
                f"{_named('new', now - before)}; {_named('gone', before - now)}.",
                hint="Run run_each without `confirm` for a plan of what there is now.",
            )
        )
    # What stands in the records now is what taking the run back restores.
    run.items = plan.items


def _named(word: str, names: set[str]) -> str:
    if not names:
        return f"nothing {word}"
    shown = sorted(names)[:3]
    return f"{len(names)} {word}, such as {', '.join(shown)}"


def _question(calls: Calls, run: Run) -> str:
    names = [item.name for item in run.items]
    shown = [*names[:_SHOWN_FIRST], "…", *names[-_SHOWN_LAST:]] if len(names) > 5 else names
    return "\n".join(
        [
            f"Run {run.operation} on {len(names)} items of {calls.confirmer.instance.words}?",
            "",
            *(f"- {_printable(name)}" for name in shown),
            "",
            f"Every one of them is called once. {_what_destroys(run)}",
        ]
    )


def _what_destroys(run: Run) -> str:
    destroying = destroying_among(operation_of(run.operation), run.items)
    if not destroying:
        return "What destroys cannot be taken back."
    named = ", ".join(_printable(item.name) for item in destroying[:_SHOWN_DESTROYING])
    more = len(destroying) - _SHOWN_DESTROYING
    return f"{len(destroying)} of them destroy, for good: {named}{f', and {more} more' if more > 0 else ''}."


def _printable(name: str) -> str:
    return "".join(c for c in name if c.isprintable())


def _subject(calls: Calls, run: Run) -> Subject:
    question, spec = _question(calls, run), operations()[run.operation].spec
    names = tuple(_printable(item.name) for item in run.items)
    return Subject(
        tool=RunEach.spec.id,
        operation=run.operation,
        arguments=run.items[0].arguments,
        text=question,
        items=names,
        to_type=str(len(names)) if calls.confirmer.must_type(spec.can_destroy) else "",
        shown=question,
    )


async def _see(
    calls: Calls, told: JsonObject, caller: Caller, runs: Runs, reach: Reach, progress: Progress | None
) -> Answer:
    """Show a run, end it, or go on with it."""
    run = await own_run(calls, told["run"].strip(), caller, runs)
    if run is None:
        raise InvalidArguments([Problem("run", "`run`: there is no such run of yours; it may be too old")])
    if not run.agreed:
        raise InvalidArguments(
            [Problem("run", "`run`: nobody has agreed to this plan yet; give its `confirm` token")]
        )
    if told.get("stop"):
        if going := runs.going(run.id):
            going.stop("It was ended as asked for.")
            await going.done.wait()
            return report(going.run, going)
        return report(run)
    if len(run.marks) == len(run.items) and runs.going(run.id) is None:
        return report(run)
    return await _go_on(calls, run, told, caller, runs, reach, progress)


async def own_run(calls: Calls, id: str, caller: Caller, runs: Runs) -> Run | None:
    """Return a run of this caller on this instance; another's is none."""
    if going := runs.going(id):
        run: Run | None = going.run
    else:
        run = await runs.store.load(id)
    if run is None or (run.caller, run.key) != (caller.name, calls.confirmer.key_fingerprint):
        return None
    return run
