"""The language of `where`: which records are meant.

    status == "pending" and not banned == true
    public_metadata.plan in ("pro", "team") or email_addresses.email_address endswith "@acme.com"
    domain(email_addresses.email_address) == "acme.com"
    last_sign_in_at == null and created_at < "2026-01-01"
    last_active_at < "90 days ago"

A field is a name, or names with dots that go into objects and into every object of a list; a comparison
holds where any of the values does, and `!=` where none is equal. `null` is also what is missing or empty.
`contains`, `startswith` and `endswith` find text whatever its case, and `contains` an entry of a list. Times
compare with ISO 8601 dates and with `"N days ago"` (hours, days, weeks), whether a record has them in Unix
milliseconds or as text. Around a field may stand `domain()` (of an email address) or a part of a time, such
as `month()`. Values of different kinds are never equal, and neither greater nor smaller.

Nothing here is evaluated as code; text, depth and number of comparisons are bounded, and every step is
linear in the text.
"""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from clerk_mcp.bulk.times import PARTS, milliseconds, milliseconds_of_text, part_of

Path = tuple[str, ...]
Forms = Iterable[object]
"""One record in each of its forms, such as Clerk's own and the view: a field is looked for in order."""
Holds = Callable[[Forms], bool]

FUNCTIONS: Final = (*PARTS, "domain")
"""What may stand around a field."""

_MAX_TEXT: Final = 1000
_MAX_DEPTH: Final = 10
_MAX_COMPARISONS: Final = 20
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
_TEXT_OPERATORS: Final = ("contains", "startswith", "endswith")
_OPERATORS: Final = ("==", "!=", "<", "<=", ">", ">=", "=", *_TEXT_OPERATORS, "in")
_CONSTANTS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}
_RESERVED: Final = {*_CONSTANTS, *_TEXT_OPERATORS, "and", "or", "not", "in", "by"}


class BadCondition(ValueError):
    """A condition or grouping that cannot be read; the message says where and what would do."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A field, or a part of its values."""

    path: Path
    function: str = ""

    @property
    def name(self) -> str:
        """As it is written."""
        field = ".".join(self.path)
        return f"{self.function}({field})" if self.function else field

    def values(self, forms: Forms) -> list[Any]:
        """Return what a record has there; nulls and the empty are left out."""
        found = values(forms, self.path)
        if not self.function:
            return found
        return [part for value in found if (part := self._part(value)) is not None]

    def _part(self, value: Any) -> str | None:
        if self.function == "domain":
            return value.rpartition("@")[2].lower() if isinstance(value, str) and "@" in value else None
        at = milliseconds(value)
        return None if at is None else part_of(at, self.function)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a condition: a field, an operator, and what it is compared with."""

    operand: Operand
    operator: str
    """One of `_OPERATORS`, with `=` as `==` and with `not ` before it where it is negated."""
    wanted: tuple[Any, ...]
    """One value; several for `in`."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Which records are meant."""

    holds: Holds
    fields: tuple[str, ...] = ()
    """Every field that it names."""
    must: tuple[Comparison, ...] = ()
    """Comparisons that hold for every record that is meant."""


def condition(text: str) -> Condition:
    """Read a condition.

    Raises:
        BadCondition: it is not one, or it is beyond the bounds.
    """
    parser = Parser(text)
    found = parser.either(0)
    parser.end()
    return Condition(found.holds, parser.fields, found.must)


def values(forms: Forms, path: Path) -> list[Any]:
    """Return what stands at a path, in every object of the lists on the way; nulls and the empty are left
    out."""
    for form in forms:
        found = _at(form, path)
        if found is not None:
            return found
    return []


def _at(form: object, path: Path) -> list[Any] | None:
    """Return the values at a path of one form; None where the form has no such path."""
    if not isinstance(form, dict) or path[0] not in form:
        return None
    value = form[path[0]]
    if len(path) == 1 and not isinstance(value, list):
        # Most fields, and the shortest way to them.
        return [] if value in _EMPTY else [value]
    level = _entries(value)
    for depth in range(1, len(path)):
        name = path[depth]
        below = [entry[name] for entry in level if isinstance(entry, dict) and name in entry]
        if level and not below:
            # Anything may stand in metadata: what is not there is empty, and no other form has it.
            return [] if path[depth - 1].endswith("_metadata") else None
        level = [entry for value in below for entry in _entries(value)]
    return [value for value in level if value not in _EMPTY]


def _entries(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


_EMPTY: Final[tuple[Any, ...]] = (None, "", {})


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a condition, and the comparisons that hold wherever it does."""

    holds: Holds
    must: tuple[Comparison, ...] = ()


class Parser:
    """Recursive descent over the tokens of one text, with its bounds."""

    def __init__(self, text: str) -> None:
        """
        Raises:
            BadCondition: the text is too long, or holds what belongs to no part of the language.
        """
        if len(text) > _MAX_TEXT:
            raise BadCondition(f"at most {_MAX_TEXT} characters")
        self._tokens = list(_tokens(text.strip()))
        self._at = 0
        self._comparisons = 0
        self._fields: dict[str, None] = {}
        self.columns: Collection[str] = ()
        """Where it is not empty, the only operands there are: those of a row of groups."""

    def take(self, *texts: str) -> str | None:
        """Return the next token where it is one of these words or marks, and go on; else None."""
        token = self._next
        if token and token.kind != "text" and token.text in texts:
            self._at += 1
            return token.text
        return None

    def expect(self, text: str) -> None:
        """Go past the next token, which must be this word or mark."""
        if not self.take(text):
            self.wrong(f"`{text}`")

    def end(self) -> None:
        """Make sure that nothing follows."""
        if self._next:
            self.wrong("`and`, `or` or the end")

    def either(self, depth: int) -> _Part:
        """Read a condition, or the part of one between parentheses."""
        parts = [self._both(depth)]
        while self.take("or"):
            parts.append(self._both(depth))
        if len(parts) == 1:
            return parts[0]
        return _Part(lambda forms: any(part.holds(forms) for part in parts))

    def _both(self, depth: int) -> _Part:
        parts = [self._one(depth)]
        while self.take("and"):
            parts.append(self._one(depth))
        if len(parts) == 1:
            return parts[0]
        must = tuple(comparison for part in parts for comparison in part.must)
        return _Part(lambda forms: all(part.holds(forms) for part in parts), must)

    def _one(self, depth: int) -> _Part:
        if depth >= _MAX_DEPTH:
            raise BadCondition(f"at most {_MAX_DEPTH} levels of parentheses and `not`")
        if self.take("not"):
            inner = self._one(depth + 1)
            return _Part(lambda forms: not inner.holds(forms))
        if self.take("("):
            inner = self.either(depth + 1)
            self.expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> _Part:
        self._comparisons += 1
        if self._comparisons > _MAX_COMPARISONS:
            raise BadCondition(f"at most {_MAX_COMPARISONS} comparisons")
        operand = self.operand()
        negated = self.take("not") is not None
        operator = self.take(*_OPERATORS)
        if operator is None or (negated and operator not in ("in", *_TEXT_OPERATORS)):
            self.wrong(f"one of {' '.join(o for o in _OPERATORS if o != '=')}")
        wanted = self._options() if operator == "in" else [self._literal()]
        holds = _holds(operand, operator, wanted)
        if negated:
            return _Part(lambda forms: not holds(forms))
        return _Part(holds, (Comparison(operand, "==" if operator == "=" else operator, tuple(wanted)),))

    def _options(self) -> list[Any]:
        if not (closing := {"(": ")", "[": "]"}.get(self.take("(", "[") or "")):
            self.wrong("a list such as (1, 2)")
        options = [self._literal()]
        while self.take(","):
            options.append(self._literal())
        self.expect(closing)
        return options

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
                self.wrong('a value: "text" in quotes, a number, true, false or null')
        self._at += 1
        return value

    def whole_number(self, least: int, most: int) -> int:
        """Read a number within bounds."""
        token = self._next
        if token is None or token.kind != "number" or not token.text.isdigit():
            self.wrong("a whole number")
        if not least <= int(token.text) <= most:
            self.wrong(f"a number from {least} to {most}")
        self._at += 1
        return int(token.text)

    def operand(self) -> Operand:
        """Read a field, or a function of one."""
        path = self.path()
        operand = Operand(path)
        if self.take("("):
            operand = Operand(self.path(), ".".join(path))
            self.expect(")")
        if self.columns:
            if operand.name not in self.columns:
                raise BadCondition(f"{operand.name[:60]} is not counted; there are {', '.join(self.columns)}")
            # A row of groups has each of its columns under the name as it is written.
            return Operand((operand.name,))
        if operand.function and operand.function not in FUNCTIONS:
            known = f"{', '.join(FUNCTIONS[:-1])} and {FUNCTIONS[-1]}"
            raise BadCondition(f"{operand.function[:30]}(…) is unknown; there are {known}")
        self._fields[".".join(operand.path)] = None
        return operand

    def field(self) -> Operand:
        """Read a field, without a function."""
        path = self.path()
        self._fields[".".join(path)] = None
        return Operand(path)

    def path(self) -> Path:
        """Read a name, or names with dots."""
        token = self._next
        if token is None or token.kind != "word" or token.text in _RESERVED:
            self.wrong("the name of a field")
        path = tuple(token.text.split("."))
        if len(path) > _MAX_PATH or not all(path):
            self.wrong(f"a field of 1 to {_MAX_PATH} names with a dot between")
        self._at += 1
        return path

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that were read so far."""
        return tuple(self._fields)

    @property
    def _next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def wrong(self, wanted: str) -> NoReturn:
        """Say what stands where something else was wanted."""
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


def _holds(operand: Operand, operator: str, wanted: list[Any]) -> Holds:
    if operator in ("==", "=", "in"):
        return _among(operand, wanted)
    if operator == "!=":
        equal = _among(operand, wanted)
        return lambda forms: not equal(forms)
    (value,) = wanted
    if value is None:
        raise BadCondition("null compares with == and != only")
    if operator in _TEXT_OPERATORS:
        return _of_text(operand, operator, value)
    return _in_order(operand, _ORDERS[operator], value)


_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}


def _in_order(operand: Operand, order: Callable[[Any, Any], bool], wanted: Any) -> Holds:
    at = milliseconds_of_text(wanted) if isinstance(wanted, str) else None
    kind_wanted, _ = _kind_and_value(wanted)

    def holds(value: Any) -> bool:
        if at is not None and (found := milliseconds(value)) is not None:
            return order(found, at)
        kind, _ = _kind_and_value(value)
        return kind == kind_wanted != "bool" and order(value, wanted)

    return lambda forms: any(map(holds, operand.values(forms)))


def _of_text(operand: Operand, operator: str, wanted: Any) -> Holds:
    if operator != "contains" and not isinstance(wanted, str):
        raise BadCondition(f"{operator} takes a text in quotes")
    find: dict[str, Callable[[str, str], bool]] = {
        "contains": operators.contains,
        "startswith": str.startswith,
        "endswith": str.endswith,
    }
    matches = find[operator]
    folded = wanted.lower() if isinstance(wanted, str) else wanted

    def holds(value: Any) -> bool:
        if isinstance(value, str) and isinstance(folded, str):
            return matches(value.lower(), folded)
        return type(value) is type(wanted) and bool(value == wanted)

    return lambda forms: any(map(holds, operand.values(forms)))


def _among(operand: Operand, options: list[Any]) -> Holds:
    """Tell whether any value of an operand is one of these; in one look-up, however many they are."""
    if operand.function == "domain":
        options = [option.lower() if isinstance(option, str) else option for option in options]
    wanted = {_kind_and_value(option) for option in options}
    moments = {milliseconds_of_text(option) for option in options if isinstance(option, str)} - {None}
    if operand.function:
        moments = set()

    def holds(forms: Forms) -> bool:
        found = operand.values(forms)
        if not found:
            return ("null", None) in wanted
        for value in found:
            if _kind_and_value(value) in wanted or (moments and milliseconds(value) in moments):
                return True
        return False

    return holds


def _kind_and_value(value: Any) -> tuple[str, Any]:
    """Return a value and its kind, so that true is not 1; of an object, which equals nothing, the kind
    alone."""
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
