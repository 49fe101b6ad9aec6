"""A run under way: item after item, several at once, each marked before it is sent and when it has ended."""

from __future__ import annotations

import dataclasses
import logging
from collections import Counter, deque
from typing import Final

import anyio

from clerk_mcp.answering import Answer, answers, cut_text
from clerk_mcp.bulk.run_store import STARTED, Run, RunBusy, RunStore
from clerk_mcp.bulk.together import Together, together
from clerk_mcp.calling import Caller, Calls, Fetched, Reach
from clerk_mcp.confirming import Asker
from clerk_tools.argument import JsonObject
from clerk_tools.catalog import operations
from clerk_tools.parsing import parse

logger = logging.getLogger(__name__)

AT_ONCE: Final = 16
"""Items of one run in flight."""
_TRIES: Final = 3
"""How often an item is sent that was certainly not run."""
_AWAY_AFTER: Final = 5
"""Items in a row that were not run, after which Clerk is taken to be away."""
_FEWEST_FAILURES: Final = 10
_SHARE_OF_FAILURES: Final = 0.05
"""Of a run's items, the failures that are unusual: it stops, for the rest will most likely fail too."""
_NAMED: Final = 5
"""Items named for each cause of failures."""


class Going:
    """One run that this process is at."""

    def __init__(
        self, store: RunStore, run: Run, reach: Reach, caller: Caller, stop_after: int | None
    ) -> None:
        self.run = run
        self.done = anyio.Event()
        self.stopped = ""
        """Why it ended before its last item, in words."""
        self.elsewhere = False
        """Whether another process is at it."""
        self.retry_after: float | None = None
        self._store = store
        self._reach = reach
        # Nobody waits for what goes on after its answer was given.
        self._caller = dataclasses.replace(caller, on_wait=None, asker=Asker())
        usual = max(_FEWEST_FAILURES, int(len(run.items) * _SHARE_OF_FAILURES))
        self._most_failures = stop_after or usual
        self._failures = 0
        self._not_run_in_a_row = 0
        self._tries: Counter[int] = Counter()
        self._left: deque[int] = deque()

    def stop(self, why: str) -> None:
        """End it between two items."""
        self.stopped = self.stopped or why

    async def go(self) -> None:
        """Run what is left; never raises but for a cancellation."""
        try:
            async with self._store.claim(self.run.id):
                # Another process may have been at it meanwhile.
                fresh = await self._store.load(self.run.id)
                self.run.marks = fresh.marks if fresh else self.run.marks
                self._left.extend(n for n in range(len(self.run.items)) if n not in self.run.marks)
                async with self._reach.calls_for(self._caller) as calls:
                    await self._run_all(calls)
        except RunBusy:
            self.elsewhere = True
            fresh = await self._store.load(self.run.id)
            self.run.marks = fresh.marks if fresh else self.run.marks
        except OSError as error:
            self.stop(
                f"Where runs are kept cannot be used ({error.strerror or error}), so nothing more is sent."
            )
        except Exception:
            logger.exception("run %s ended by a fault", self.run.id)
            self.stop("A fault of this server's own ended it; it is logged.")
        finally:
            self.done.set()

    async def _run_all(self, calls: Calls) -> None:
        workers = max(1, min(AT_ONCE, calls.client.max_in_flight * 4 // 5, len(self._left)))
        faults: list[OSError] = []

        many = together(operations()[self.run.operation].spec)
        if many and (calls.changes or calls.policy.objection(many.spec, self._caller.scopes)):
            # A bound on changes counts calls, and one call of these would be many changes.
            many = None

        async def work() -> None:
            while self._left and not self.stopped:
                try:
                    numbers = self._batch(many)
                    if many and len(numbers) > 1:
                        await self._many(calls, many, numbers)
                    else:
                        await self._one(calls, numbers[0])
                except OSError as error:
                    faults.append(error)
                    self.stop(f"Where runs are kept cannot be used ({error.strerror or error}).")

        async with anyio.create_task_group() as tasks:
            for _ in range(workers):
                tasks.start_soon(work)
        if faults:
            raise faults[0]

    def _batch(self, many: Together | None) -> list[int]:
        """Take the next item, and those after it that go into one call with it."""
        numbers = [self._left.popleft()]
        items = self.run.items
        alike = many.scope(items[numbers[0]].arguments) if many and not self._tries[numbers[0]] else None
        while many and alike is not None and self._left and len(numbers) < many.most:
            number = self._left[0]
            if self._tries[number] or many.scope(items[number].arguments) != alike:
                break
            numbers.append(self._left.popleft())
        return numbers

    async def _many(self, calls: Calls, many: Together, numbers: list[int]) -> None:
        """Make one call of many items. Where it is refused none of them was run, and each goes by itself."""
        started = [n for n in numbers if await self._store.start(self.run.id, n)]
        if not started:
            return
        self.run.marks |= {number: {"outcome": STARTED} for number in started}
        operation = parse(many.spec.model, many.joined([self.run.items[n].arguments for n in started]))
        result = await calls.run_agreed(operation, self._caller, self.run.agreed, run=self.run.id, was=None)
        mark = _mark_of(calls, result)
        if mark and mark["outcome"] == "error":
            for number in started:
                self.run.marks.pop(number, None)
                await self._store.end(self.run.id, number, None)
            while started and not self.stopped:
                await self._one(calls, started.pop(0))
            self._left.extend(started)
            return
        if mark is None:
            for number in started:
                await self._was_not_run(number, result)
            return
        made = many.made(result.reply.value, len(started)) if isinstance(result, Fetched) else []
        for at, number in enumerate(started):
            await self._ended(number, {**mark, "made": made[at]} if made else mark)

    async def _one(self, calls: Calls, number: int) -> None:
        item = self.run.items[number]
        if not await self._store.start(self.run.id, number):
            return
        self.run.marks[number] = {"outcome": STARTED}
        operation = parse(operations()[self.run.operation], item.arguments)
        result = await calls.run_agreed(
            operation, self._caller, self.run.agreed, run=self.run.id, was=item.was
        )
        mark = _mark_of(calls, result)
        if mark is None:
            await self._was_not_run(number, result)
            return
        await self._ended(number, mark)

    async def _ended(self, number: int, mark: JsonObject) -> None:
        self._not_run_in_a_row = 0
        self.run.marks[number] = mark
        await self._store.end(self.run.id, number, mark)
        if mark["outcome"] != "ok":
            self._failures += 1
            if self._failures >= self._most_failures:
                self.stop(f"{self._failures} items failed; `stop_after` lets a run go on through more.")

    async def _was_not_run(self, number: int, result: Fetched | Answer) -> None:
        self.run.marks.pop(number, None)
        await self._store.end(self.run.id, number, None)
        self._tries[number] += 1
        self._not_run_in_a_row += 1
        error = result.value["error"] if isinstance(result, Answer) else {}
        self.retry_after = error.get("retry_after") or self.retry_after
        if self._tries[number] < _TRIES and self._not_run_in_a_row < _AWAY_AFTER:
            self._left.append(number)
        else:
            self.stop(f"Calls are not run ({error.get('code')}: {cut_text(str(error.get('message')), 200)}).")


def _mark_of(calls: Calls, result: Fetched | Answer) -> JsonObject | None:
    """Tell how an item ended; None where it was certainly not run."""
    if isinstance(result, Fetched):
        # For the credentials in it, which go where those of a single call go.
        shown = calls.formatter.success(result.operation, result.reply, None, 0).value
        made = shown.get("id")
        mark: JsonObject = {"outcome": "ok"}
        if isinstance(made, str) and result.operation.spec.method == "POST":
            mark["made"] = made
        if isinstance(shown.get("secrets"), str):
            mark["secrets"] = shown["secrets"]
        return mark
    error = result.value["error"]
    if error.get("outcome") == "not_run" or error.get("status") == 429 or error["code"] in _NOT_SENT:
        return None
    outcome = "unknown" if error.get("outcome") == "unknown" else "error"
    return {"outcome": outcome, "code": error["code"], "message": cut_text(error["message"], 300)}


_NOT_SENT: Final = ("audit_unavailable", "too_many_changes")
"""Codes of our own for what may go on later."""


def report(run: Run, going: Going | None = None) -> Answer:
    """Tell how far a run is: counts, failures by cause, what is unknown, and how to go on."""
    under_way = going is not None and (going.elsewhere or not going.done.is_set())
    marks = run.marks
    counts = Counter(mark["outcome"] for mark in marks.values())
    # What was started and has no end is unknown, unless it is being sent this very moment.
    unknown = [
        n for n, mark in marks.items() if mark["outcome"] in ("unknown", *([] if under_way else [STARTED]))
    ]
    left = len(run.items) - len(marks) + (counts[STARTED] if under_way else 0)
    out: JsonObject = {
        "run": run.id,
        "operation": run.operation,
        "items": len(run.items),
        "ok": counts["ok"],
        "failed": counts["error"],
        "unknown": len(unknown),
        "left": left,
    }
    if failures := _by_cause(run):
        out["failures"] = failures
    if unknown:
        out["unknown_items"] = [run.items[n].name for n in unknown[:_NAMED]]
    if secrets := next((mark["secrets"] for mark in marks.values() if "secrets" in mark), None):
        out["secrets"] = secrets
    out["message"] = " ".join(_sentences(run, going, under_way, left, len(unknown)))
    return answers.answer(out)


def _by_cause(run: Run) -> list[JsonObject]:
    causes: dict[str, list[int]] = {}
    for number, mark in sorted(run.marks.items()):
        if mark["outcome"] == "error":
            causes.setdefault(mark["code"], []).append(number)
    return [
        {
            "code": code,
            "message": run.marks[numbers[0]]["message"],
            "count": len(numbers),
            "items": [run.items[number].name for number in numbers[:_NAMED]],
        }
        for code, numbers in sorted(causes.items(), key=lambda cause: -len(cause[1]))[:_NAMED]
    ]


def _sentences(run: Run, going: Going | None, under_way: bool, left: int, unknown: int) -> list[str]:
    told = []
    if going and going.elsewhere:
        told.append(f"Another process is at it. Ask again with run {run.id} alone.")
    elif under_way:
        told.append(f"It goes on by itself. Ask again with run {run.id} alone.")
    elif left:
        why = going.stopped if going else ""
        wait = f" Wait {going.retry_after:.0f} s." if going and going.retry_after else ""
        told.append(
            f"{why}{wait} Run run_each with run {run.id} alone to go on; it needs no new agreement.".strip()
        )
    else:
        told.append("Done.")
    if unknown:
        told.append(
            "Of the unknown ones nobody knows whether they were executed: read each before repeating it."
        )
    return told


def names_of(run: Run, wanted: str) -> list[str]:
    """Return the names of the items that ended in a certain way."""
    return [run.items[n].name for n, mark in sorted(run.marks.items()) if mark["outcome"] == wanted]
