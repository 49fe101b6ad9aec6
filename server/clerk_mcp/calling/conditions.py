"""The small languages of `list_all`: which records are meant, and how they are counted.

Conditions:

    status == "pending" and not banned == true
    public_metadata.plan in ("pro", "team") or email_addresses.email_address contains "@acme.com"
    last_sign_in_at == null and created_at < "2026-01-01"
    last_active_at < "90 days ago"

A field is a name, or names with dots that go into objects and into every object of a list; a comparison
holds where any of the values does, and `!=` where none is equal. `null` is also what is missing or empty.
`contains` finds text whatever its case, or an entry of a list. Times compare with ISO 8601 dates and with
`"N days ago"` (hours, days, weeks), whether a record has them in Unix milliseconds or as text. Values of
different kinds are never equal, and neither greater nor smaller.

Groupings:

    count
    count by role
    count by month(created_at), public_metadata.plan

A key is a field, or a day, month or year of a time, or the domain of an email address; a record counts once
under each value that it has. Nothing here is evaluated as code; text, depth and number of comparisons are
bounded, and every step is linear in the text.
"""

from __future__ import annotations

import operator as operators
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NoReturn

Path = tuple[str, ...]
Forms = Iterable[object]
"""One record in each of its forms, such as Clerk's own and the view: a field is looked for in order."""
Holds = Callable[[Forms], bool]

_MAX_TEXT: Final = 1000
_MAX_DEPTH: Final = 10
_MAX_COMPARISONS: Final = 20
_MAX_KEYS: Final = 3
_MAX_PATH: Final = 8

_TOKEN: Final = re.compile(
    r"""
      (?P<text>"[^"\\]*"|'[^'\\]*')
    | (?P<number>-?[0-9]{1,18}(?:\.[0-9]{1,18})?(?![\w.]))
    | (?P<operator>==|!=|<=|>=|=|<|>)
    | (?P<mark>[(),\[\]])
    | (?P<word>[A-Za-z_][A-Za-z0-9_.-]*)
    | (?P<blanks>\s+)
    """,
    re.VERBOSE,
)
_AGO: Final = re.compile(r"([0-9]{1,5}) (hour|day|week)s? ago\Z")
_OPERATORS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "=", "contains", "in"})
_CONSTANTS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}
_RESERVED: Final = {*_CONSTANTS, "and", "or", "not", "in", "contains", "by"}


class BadCondition(ValueError):
    """A condition or grouping that cannot be read; the message says where and what would do."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Which records are meant."""

    holds: Holds
    fields: tuple[str, ...]
    """Every field that it names."""


def condition(text: str) -> Condition:
    """Read a condition.

    Raises:
        BadCondition: it is not one, or it is beyond the bounds.
    """
    parser = _Parser(text)
    holds = parser.either(0)
    parser.end()
    return Condition(holds, parser.fields)


@dataclass(frozen=True, slots=True)
class Grouping:
    """What to count by; without keys everything is one group."""

    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a grouping: a field, or a part of its value."""

    name: str
    """As it was written, and as the answer names it."""
    path: Path
    part: str = ""

    def values(self, forms: Forms) -> list[Any]:
        """The distinct values that a record has; None where there is none, `(object)` for an object."""
        found = [self._part(value) for value in values(forms, self.path)]
        plain = (v if v is None or isinstance(v, str | int | float | bool) else "(object)" for v in found)
        return list(dict.fromkeys(plain)) or [None]

    def _part(self, value: Any) -> Any:
        if not self.part:
            return value
        if self.part == "domain":
            return value.rpartition("@")[2].lower() if isinstance(value, str) and "@" in value else None
        moment = _milliseconds(value)
        if moment is None:
            return None
        return _moment(moment).strftime(TIME_PARTS[self.part])


TIME_PARTS: Final = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}
_PARTS: Final = {*TIME_PARTS, "domain"}


def grouping(text: str) -> Grouping:
    """Read a grouping.

    Raises:
        BadCondition: it is not one, or has too many keys.
    """
    parser = _Parser(text)
    parser.expect("count")
    keys: list[Key] = []
    if parser.take("by"):
        keys.append(parser.key())
        while parser.take(","):
            keys.append(parser.key())
    parser.end()
    if len(keys) > _MAX_KEYS:
        raise BadCondition(f"at most {_MAX_KEYS} keys")
    return Grouping(tuple(keys))


def values(forms: Forms, path: Path) -> list[Any]:
    """What stands at a path, in every object of the lists on the way; nulls and the empty are left out."""
    for form in forms:
        found: list[Any] = [form]
        for name in path:
            found = [entry.get(name) for entry in _spread(found) if isinstance(entry, dict)]
        if present := [value for value in _spread(found) if value is not None and value not in ("", {})]:
            return present
    return []


def _spread(entries: list[Any]) -> Iterator[Any]:
    for entry in entries:
        if isinstance(entry, list):
            yield from entry
        else:
            yield entry


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


class _Parser:
    """Recursive descent over the tokens of one text, with its bounds."""

    def __init__(self, text: str) -> None:
        if len(text) > _MAX_TEXT:
            raise BadCondition(f"at most {_MAX_TEXT} characters")
        self._tokens = list(_tokens(text.strip()))
        self._at = 0
        self._comparisons = 0
        self._fields: dict[str, None] = {}

    def take(self, *texts: str) -> str | None:
        """The next token where it is one of these words or marks, and go on; else None."""
        token = self._next
        if token and token.kind != "text" and token.text in texts:
            self._at += 1
            return token.text
        return None

    def expect(self, text: str) -> None:
        if not self.take(text):
            self._wrong(f"`{text}`")

    def end(self) -> None:
        if self._next:
            self._wrong("`and`, `or` or the end")

    def either(self, depth: int) -> Holds:
        parts = [self._both(depth)]
        while self.take("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else lambda forms: any(part(forms) for part in parts)

    def _both(self, depth: int) -> Holds:
        parts = [self._one(depth)]
        while self.take("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else lambda forms: all(part(forms) for part in parts)

    def _one(self, depth: int) -> Holds:
        if depth >= _MAX_DEPTH:
            raise BadCondition(f"at most {_MAX_DEPTH} levels of parentheses and `not`")
        if self.take("not"):
            inner = self._one(depth + 1)
            return lambda forms: not inner(forms)
        if self.take("("):
            inner = self.either(depth + 1)
            self.expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Holds:
        self._comparisons += 1
        if self._comparisons > _MAX_COMPARISONS:
            raise BadCondition(f"at most {_MAX_COMPARISONS} comparisons")
        path = self._path()
        negated = self.take("not") is not None
        operator = self.take(*_OPERATORS)
        if operator is None or (negated and operator not in ("in", "contains")):
            self._wrong("one of == != < <= > >= in contains")
        holds = self._in(path) if operator == "in" else _compare(path, operator, self._literal())
        return (lambda forms: not holds(forms)) if negated else holds

    def _in(self, path: Path) -> Holds:
        if not (closing := {"(": ")", "[": "]"}.get(self.take("(", "[") or "")):
            self._wrong("a list such as (1, 2)")
        options = [self._literal()]
        while self.take(","):
            options.append(self._literal())
        self.expect(closing)
        return _among(path, options)

    def _literal(self) -> Any:
        token = self._next
        value: Any
        match token:
            case _Token(kind="text"):
                value = token.text[1:-1]
            case _Token(kind="number"):
                value = float(token.text) if "." in token.text else int(token.text)
            case _Token() if token.text in _CONSTANTS:
                value = _CONSTANTS[token.text]
            case _:
                self._wrong('a value: "text" in quotes, a number, true, false or null')
        self._at += 1
        return value

    def _path(self) -> Path:
        token = self._next
        if token is None or token.kind != "word" or token.text in _RESERVED:
            self._wrong("the name of a field")
        path = tuple(token.text.split("."))
        if len(path) > _MAX_PATH or not all(path):
            self._wrong(f"a field of 1 to {_MAX_PATH} names with a dot between")
        self._at += 1
        self._fields[token.text] = None
        return path

    def key(self) -> Key:
        path = self._path()
        if not self.take("("):
            return Key(".".join(path), path)
        part = ".".join(path)
        if part not in _PARTS:
            raise BadCondition(f"{part[:30]}(…) is unknown; there are day, month, year and domain")
        inner = self._path()
        self.expect(")")
        return Key(f"{part}({'.'.join(inner)})", inner, part)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that were read so far."""
        return tuple(self._fields)

    @property
    def _next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _wrong(self, wanted: str) -> NoReturn:
        token = self._next
        found = f"`{token.text[:30]}` at character {token.at + 1}" if token else "the end"
        raise BadCondition(f"expected {wanted}, found {found}")


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise BadCondition(f"cannot read character {at + 1}: {text[at : at + 20]}")
        if match.lastgroup != "blanks":
            yield _Token(match.lastgroup, match[0], at)
        at = match.end()


def _compare(path: Path, operator: str, wanted: Any) -> Holds:
    if operator in ("==", "=", "!="):
        equal = _among(path, [wanted])
        return (lambda forms: not equal(forms)) if operator == "!=" else equal
    if wanted is None:
        raise BadCondition("null compares with == and != only")
    if operator == "contains":
        return lambda forms: any(_contains(value, wanted) for value in values(forms, path))
    moment = _milliseconds_of_text(wanted) if isinstance(wanted, str) else None
    order = _ORDERS[operator]

    def holds(value: Any) -> bool:
        if moment is not None and (found := _milliseconds(value)) is not None:
            return order(found, moment)
        kind, _ = _kind_and_value(value)
        return kind == _kind_and_value(wanted)[0] != "bool" and order(value, wanted)

    return lambda forms: any(holds(value) for value in values(forms, path))


_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}


def _among(path: Path, options: list[Any]) -> Holds:
    """Whether any value at a path is one of these; in one look-up, however many they are."""
    wanted = {_kind_and_value(option) for option in options}
    moments = {_milliseconds_of_text(option) for option in options if isinstance(option, str)} - {None}

    def holds(forms: Forms) -> bool:
        found = values(forms, path)
        if not found:
            return ("null", None) in wanted
        return any(
            _kind_and_value(value) in wanted or (bool(moments) and _milliseconds(value) in moments)
            for value in found
        )

    return holds


def _kind_and_value(value: Any) -> tuple[str, Any]:
    """A value and its kind, so that true is not 1; of an object, which equals nothing, the kind alone."""
    match value:
        case None:
            return "null", None
        case bool():
            return "bool", value
        case int() | float():
            return "number", value
        case str():
            return "text", value
        case _:
            return "object", None


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return wanted.lower() in value.lower()
    return type(value) is type(wanted) and bool(value == wanted)


def _milliseconds(value: Any) -> int | None:
    """A record's time in Unix milliseconds; None where the value is no time."""
    if isinstance(value, str):
        return _milliseconds_of_text(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _milliseconds_of_text(text: str) -> int | None:
    if ago := _AGO.match(text):
        return int((time.time() - timedelta(**{f"{ago[2]}s": int(ago[1])}).total_seconds()) * 1000)
    # Plain numbers, such as 20260101, would count as dates too.
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _moment(milliseconds: int) -> datetime:
    # Whatever a record holds: a number outside of the calendar is the calendar's nearest end.
    low, high = -62_135_596_800_000, 253_402_300_799_000
    return datetime.fromtimestamp(min(max(milliseconds, low), high) / 1000, UTC)
