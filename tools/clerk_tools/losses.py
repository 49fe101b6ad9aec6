"""What an update would lose, told by its arguments and by what was there before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from clerk_tools.argument import Argument
from clerk_tools.hits import Hit, Look, count, inside, listed, organization, person, quoted, thing
from clerk_tools.operation import Operation
from clerk_tools.states import JsonObject, reading_of, record_of, value_of

_UNKNOWN: Final = object()


async def losses(operation: Operation, look: Look) -> Hit:
    """Return what an update would hit; harmless where Clerk shows that nothing is lost."""
    reading = reading_of(operation)
    answer = await look.at(reading, is_target=True) if reading else None
    record = record_of(operation, answer)
    clauses = [clause for a in operation.spec.arguments if (clause := _loss(operation, a, record))]
    target = _named(operation.spec.returns, record) if reading else "the instance"
    return Hit.of(target, *clauses).after_reading(record is not None)


def _loss(operation: Operation, argument: Argument, record: JsonObject | None) -> str:
    """Return what is lost by what a call says of one argument; empty where nothing is."""
    if not operation.endangers(argument):
        return ""
    before = _before(record, argument)
    if operation.clears(argument):
        return "" if before in (None, "", False, [], {}) else _cleared(argument, before)
    risk = argument.risk
    if risk is None or (record is not None and not record.get(risk.only_while, True)):
        return ""
    given = getattr(operation, argument.name)
    if risk.keys:
        return _lost_keys(argument.name, before, given)
    if before is _UNKNOWN:
        return risk.words
    # A switch has nothing in neither position; of anything else, nothing is no loss.
    harmless = before == given or not (before or risk.value is not None or risk.over_nothing)
    if isinstance(before, list) and isinstance(given, list) and not risk.over_nothing:
        harmless = all(entry in given for entry in before)
    return "" if harmless else risk.words


def _before(record: JsonObject | None, argument: Argument) -> Any:
    try:
        return _UNKNOWN if record is None else value_of(record, argument)
    except KeyError:
        return _UNKNOWN


def _cleared(argument: Argument, before: Any) -> str:
    known = quoted(before) if isinstance(before, str) else ""
    if isinstance(argument.clearable, str):
        return " ".join(argument.clearable.format(was=known).split())
    return f"empties {argument.name} {known}".rstrip()


def _lost_keys(name: str, before: Any, given: Mapping[str, Any]) -> str:
    if before is _UNKNOWN:
        return f"replaces {name}: every key that is not given is lost"
    lost = list(_missing(before, given)) if isinstance(before, dict) else []
    return f"deletes {count(len(lost), 'key')} of {name}: {listed(lost)}" if lost else ""


def _missing(before: Mapping[str, Any], given: Mapping[str, Any], inside_of: str = "") -> Iterator[str]:
    """Return the paths of the keys that are there and would not be afterwards; a null counts as none."""
    for key, value in before.items():
        new = given.get(key)
        if value is None:
            continue
        if new is None:
            yield f"{inside_of}{key}"
        elif isinstance(value, dict):
            yield from _missing(value, new if isinstance(new, dict) else {}, f"{inside_of}{key}.")


def _named(kind: str, record: JsonObject | None) -> str:
    """Return an object as a person knows it."""
    if kind == "user":
        return person(record)
    if kind == "organization":
        return organization(record)
    users = inside(record, "user_count")
    details = [inside(record, "domain"), inside(record, "callback_url"), inside(record, "subject")]
    if isinstance(users, int):
        details.append(count(users, "user"))
    name = next((found for key in _NAMES if (found := inside(record, key))), None)
    return thing(_KINDS.get(kind, kind.replace("_", " ")), name, *details)


_NAMES: Final = ("name", "email_address", "phone_number", "identifier")
_KINDS: Final = {
    "jwt_template": "JWT template",
    "oauth_application": "OAuth application",
    "saml_connection": "SAML connection",
}
