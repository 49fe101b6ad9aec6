"""From what a model sent to validated arguments, or to a message that says exactly how to mend them.

Times, addresses and ids are first put into the form that Clerk takes (`cleaning`). Then the exact types are
tried. Only where they do not fit is each value read the way its sender must have meant it: an object or array
as a JSON string, a number or boolean as a string, one string for a list, a list of one for that one, null for
what was to be left out.
Whatever is not clear is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json

from clerk_tools.argument import CUSTOM_PROBLEMS, Argument, Place
from clerk_tools.bounds import excess
from clerk_tools.catalog import nearest
from clerk_tools.cleaning import Unclear, cleaned
from clerk_tools.operation import Operation, Spec

OperationT = TypeVar("OperationT", bound=Operation)

_INTEGER: Final = re.compile(r"\s*[+-]?\d{1,18}\s*\Z")
_BOOLEANS: Final = {"true": True, "false": False}
_MOST_PROBLEMS: Final = 10
_LONGEST_QUOTED: Final = 60
OMIT: Final = object()
"""Stands for a value that was sent and means the same as leaving the argument out."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one argument. The text never repeats a string that was given: it may be a secret."""

    argument: str
    """With its place inside the value, as in `invitations[0].role`."""
    message: str


class InvalidArguments(Exception):
    """The arguments do not fit the operation; nothing was sent."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(p.message for p in problems))
        self.problems = problems


def parse(operation: type[OperationT], given: Mapping[str, Any]) -> OperationT:
    """Validate `given` as the arguments of `operation`.

    Raises:
        InvalidArguments: naming every argument that is missing, unknown or wrong, and what would be right.
    """
    _check_size(operation.spec, given)
    try:
        given = cleaned(operation.spec, given)
    except Unclear as unclear:
        name, message = unclear.args
        raise InvalidArguments([Problem(name, message)]) from None
    try:
        return operation.model_validate(given)
    except ValidationError:
        pass
    meant = _as_meant(operation.spec.arguments, given)
    # A text may have turned out to be a long list.
    _check_size(operation.spec, meant)
    try:
        return operation.model_validate(meant)
    except ValidationError as error:
        raise InvalidArguments(_problems(operation.spec, error)) from None


def _check_size(spec: Spec, given: Mapping[str, Any]) -> None:
    files = [a.name for a in spec.arguments if a.place is Place.FILE]
    if found := excess(given, files):
        name, wrong = found
        raise InvalidArguments([Problem(_cut(name), f"`{_cut(name)}` {wrong}" if name else wrong)])


def _problems(spec: Spec, error: ValidationError) -> list[Problem]:
    """Say what is wrong with the first arguments, and how many more are."""
    details = error.errors(include_input=False)
    problems = [_problem(spec, each) for each in details[:_MOST_PROBLEMS]]
    if more := len(details) - len(problems):
        problems.append(Problem("", f"{more} more of them do not fit"))
    return problems


def _cut(name: object) -> str:
    text = str(name)
    return text if len(text) <= _LONGEST_QUOTED else f"{text[: _LONGEST_QUOTED - 1]}…"


def _as_meant(arguments: tuple[Argument, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    known = {a.name: a for a in arguments}
    meant = {
        name: value_as_meant(known[name], _only_one(known[name], value)) if name in known else value
        for name, value in given.items()
    }
    return {name: value for name, value in meant.items() if value is not OMIT}


def _only_one(argument: Argument, value: object) -> object:
    """Return what stands alone in a list where one value is wanted."""
    match value:
        case [str() | int() | float() as one] if argument.type in ("string", "integer", "boolean"):
            return one
        case _:
            return value


def value_as_meant(argument: Argument, value: object) -> object:
    """Return a value read the way its sender must have meant it; as it is where that is not clear."""
    if value is None:
        return None if argument.required else OMIT
    match argument.type, value:
        case "array" | "object", str():
            parsed = _json(value)
            if isinstance(parsed, list if argument.type == "array" else dict):
                return value_as_meant(argument, parsed)
            return [value] if argument.type == "array" else value
        case "array", list() if argument.items:
            return [value_as_meant(argument.items, v) for v in value]
        case "object", dict() if argument.properties:
            return _as_meant(argument.properties, value)
        case "integer", str() if _INTEGER.match(value):
            return int(value)
        case "integer", float() if value.is_integer():
            return int(value)
        case "boolean", str():
            return _BOOLEANS.get(value.strip().lower(), value)
        case _:
            return value


def _json(text: str) -> object:
    """Return the value of a JSON text; None where it is none."""
    try:
        # Unlike the standard library's, it refuses halves of characters, which no request can carry.
        return from_json(text, allow_inf_nan=False)
    except (ValueError, TypeError):
        return None


def _problem(spec: Spec, details: ErrorDetails) -> Problem:
    # What is wrong with the arguments together has no place of its own: it is about what is to be cleared.
    path = list(details["loc"]) or ["clear"]
    where = "".join(f"[{p}]" if isinstance(p, int) else f".{_cut(p)}" for p in path).lstrip(".")
    if details["type"] == "extra_forbidden":
        return Problem(where, _unknown(spec, path))
    argument = _find(spec.arguments, path)
    if details["type"] == "missing":
        return Problem(where, f"`{where}` is required: {expectation(argument)}")
    if details["type"] in CUSTOM_PROBLEMS:
        return Problem(where, f"`{where}` {details['msg']}")
    return Problem(where, f"`{where}` must be {expectation(argument)}")


def _unknown(spec: Spec, path: list[str | int]) -> str:
    siblings = _find(spec.arguments, path[:-1]).properties if path[:-1] else spec.arguments
    names = [a.name for a in siblings]
    meant = nearest(str(path[-1]), names)
    owner = f"`{path[0]}`" if path[:-1] else spec.id
    if meant:
        return f"`{_cut(path[-1])}` is not known to {owner}; did you mean `{meant}`?"
    takes = f"it takes {', '.join(names)}" if names else "it takes no arguments"
    return f"`{_cut(path[-1])}` is not known to {owner}; {takes}"


def _find(arguments: tuple[Argument, ...], path: list[str | int]) -> Argument:
    """Return the argument that a path inside the arguments leads to, as deep as the declaration knows it."""
    steps = iter(path)
    name = next(steps)
    argument = next(a for a in arguments if a.name == name)
    for step in steps:
        inner = _inside(argument, step)
        if inner is None:
            break
        argument = inner
    return argument


def _inside(argument: Argument, step: str | int) -> Argument | None:
    if isinstance(step, int):
        return argument.items
    return next((a for a in argument.properties if a.name == step), None)


def _how_many(argument: Argument) -> str:
    """Return the bounds of a text's characters or an array's entries, in words that a noun follows."""
    low, high = argument.min_length, argument.max_length
    if low and high:
        return f"{low} to {high} " if low < high else f"{low} "
    return f"at most {high} " if high else f"at least {low} " if low else ""


def expectation(argument: Argument) -> str:
    """Return what fits an argument, in words: `an integer from 1 to 500`."""
    if argument.enum:
        return f"one of {', '.join(json.dumps(v) for v in argument.enum)}"
    if argument.type == "array" and argument.items:
        inner = "objects" if argument.items.type == "object" else f"{argument.items.type}s"
        return f"a list of {_how_many(argument)}{inner}"
    if argument.type == "string" and (many := _how_many(argument)):
        return f"a string of {many}characters"
    if argument.type == "integer" and (argument.minimum is not None or argument.maximum is not None):
        low, high = argument.minimum, argument.maximum
        return f"an integer from {low} to {high}" if high is not None else f"an integer of at least {low}"
    return {
        "string": "a string",
        "integer": "an integer",
        "number": "a number",
        "boolean": "true or false",
        "object": "an object",
    }[argument.type]
