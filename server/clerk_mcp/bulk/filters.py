"""What Clerk can filter itself is sent as a filter, not read and thrown away.

A filter is sent only where it keeps at least what the condition means; the condition is asked of every
record that comes back all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from clerk_mcp.bulk.conditions import Comparison
from clerk_mcp.bulk.times import milliseconds_of_text
from clerk_tools.argument import Argument, JsonObject, Place
from clerk_tools.operation import Spec

_MOST_VALUES: Final = 100
"""Values that Clerk takes for one filter."""
_DAY_MS: Final = 86_400_000

_AFTER: Final = ("after", "since")
_NOT_THEMSELVES: Final = ("+", "-")
"""What some filters read as including and excluding where it stands before a value."""


def filters(spec: Spec, given: JsonObject, must: Iterable[Comparison]) -> JsonObject:
    """Return the arguments of a list operation that follow from what a condition asks of every record.

    Args:
        given: the arguments that the caller gave; these are left as they are.
        must: comparisons that hold for every record that is meant.
    """
    declared = {a.name: a for a in spec.arguments if a.place is Place.QUERY and a.name not in given}
    found: JsonObject = {}
    for comparison in must:
        if comparison.operand.function or len(comparison.operand.path) > 1:
            continue
        (field,) = comparison.operand.path
        for name, value in _candidates(field, comparison):
            # The narrower of two is not looked for: the first is enough to keep most away.
            if name in declared and name not in found and _takes(declared[name], value):
                found[name] = (
                    [value] if declared[name].type == "array" and not isinstance(value, list) else value
                )
                found[name] = _written(declared[name], found[name])
                break
    return found


def _candidates(field: str, comparison: Comparison) -> Iterable[tuple[str, Any]]:
    """Names of arguments that might stand for a comparison, each with the value it would get."""
    match comparison.operator:
        case "==":
            yield field, comparison.wanted[0]
        case "in":
            yield field, list(comparison.wanted)
        case ">" | ">=" | "<" | "<=" as operator:
            (wanted,) = comparison.wanted
            at = milliseconds_of_text(wanted) if isinstance(wanted, str) else None
            if at is None:
                return
            before, after = at - 1, at + 1
            if field == "last_active_at":
                # Clerk keeps this to the day, and takes nothing finer.
                before = at // _DAY_MS * _DAY_MS
                after = before + _DAY_MS
            if operator in (">", ">="):
                yield from ((f"{field}_{word}", before) for word in _AFTER)
            else:
                yield f"{field}_before", after


def _takes(argument: Argument, value: Any) -> bool:
    """Tell whether a value can be sent, and means to Clerk what it means here."""
    if isinstance(value, list):
        inner = argument.items
        return (
            argument.type == "array"
            and inner is not None
            and 0 < len(value) <= _MOST_VALUES
            and all(_takes(inner, entry) for entry in value)
        )
    if argument.type == "array":
        return argument.items is not None and _takes(argument.items, value)
    if argument.enum:
        return value in argument.enum
    match argument.type, value:
        case "boolean", bool():
            return True
        case "string", str():
            return (
                bool(value.strip())
                and value == value.strip()
                and value[0] not in _NOT_THEMSELVES
                and "," not in value
            )
        case "integer" | "number" | "string", int() if not isinstance(value, bool):
            return argument.name.endswith(("_before", *(f"_{word}" for word in _AFTER)))
        case _:
            return False


def _written(argument: Argument, value: Any) -> Any:
    """Return a time as the argument takes it: text where it is no number."""
    if argument.type == "string" and isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC).isoformat()
    return value
