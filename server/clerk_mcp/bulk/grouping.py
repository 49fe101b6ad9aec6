"""The language of `group`: how records are counted, and the counting.

    count
    count by role
    count by month(created_at), public_metadata.plan
    count, avg(logins), max(last_sign_in_at) by domain(email_addresses.email_address) having count > 5 top 10

First what is computed, then `by` up to three keys, then which groups are shown. A key is a field, the hour,
day, week, month or year of a time, or the domain of an email address; a record counts once under each value
that it has. A tally keeps one row for each group and no record.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Final

from clerk_mcp.answering import cut_text
from clerk_mcp.bulk.conditions import BadCondition, Condition, Forms, Operand, Parser
from clerk_mcp.bulk.times import MOST_FILLED, PARTS, part_of, periods
from clerk_tools.argument import JsonObject
from clerk_tools.views import iso

COUNT: Final = "count"
"""The column with the number of records."""

_AGGREGATES: Final = ("sum", "avg", "min", "max")
_MAX_KEYS: Final = 3
_MOST_COLUMNS: Final = 6
_MOST_VALUES: Final = 100
"""Combinations of values that one record counts under; anybody who signs up may write a list of thousands."""
_MOST_GROUPS: Final = 10_000
"""Rows that a tally keeps; records of further combinations count together, as others."""
_LONGEST_VALUE: Final = 200
"""Bytes of a value that a group is named by."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A sum, average, least or greatest value over a field."""

    function: str
    operand: Operand

    @property
    def name(self) -> str:
        """As it is written."""
        return f"{self.function}({self.operand.name})"


@dataclass(frozen=True, slots=True)
class Grouping:
    """What to compute, by what; without keys everything is one group."""

    keys: tuple[Operand, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    columns: tuple[str, ...] = (COUNT,)
    """What is computed, in the order in which it was asked for."""
    having: Condition | None = None
    top: int | None = None

    @property
    def fields(self) -> list[str]:
        """Every field that it names."""
        operands = [*self.keys, *(aggregate.operand for aggregate in self.aggregates)]
        return [".".join(operand.path) for operand in operands]


def grouping(text: str) -> Grouping:
    """Read a grouping.

    Raises:
        BadCondition: it is not one, or has too many keys.
    """
    parser = Parser(text)
    computed = [_computed(parser)]
    while parser.take(","):
        computed.append(_computed(parser))
    keys: list[Operand] = []
    if parser.take("by"):
        keys.append(parser.operand())
        while parser.take(","):
            keys.append(parser.operand())
    columns = tuple(dict.fromkeys(one.name if one else COUNT for one in computed))
    names = (*(key.name for key in keys), *columns, COUNT)
    having = None
    if parser.take("having"):
        parser.columns = tuple(dict.fromkeys(names))
        having = Condition(parser.either(0).holds)
    top = parser.whole_number(1, _MOST_GROUPS) if parser.take("top") else None
    parser.end()
    if len(keys) > _MAX_KEYS or len(set(keys)) < len(keys):
        raise BadCondition(f"at most {_MAX_KEYS} keys, each of them once")
    if len(columns) > _MOST_COLUMNS:
        raise BadCondition(f"at most {_MOST_COLUMNS} columns")
    aggregates = tuple({one.name: one for one in computed if one}.values())
    return Grouping(tuple(keys), aggregates, columns, having, top)


def _computed(parser: Parser) -> Aggregate | None:
    """Read what is computed; None is the count."""
    if parser.take(COUNT):
        return None
    function = parser.take(*_AGGREGATES)
    if function is None:
        parser.wrong(f"one of {COUNT}, {', '.join(f'{name}(field)' for name in _AGGREGATES)}")
    parser.expect("(")
    aggregate = Aggregate(function, parser.field())
    parser.expect(")")
    return aggregate


Entry = tuple[list[tuple[Any, ...]], list[list[Any]]]
"""What one record adds to a tally: the groups it is in, and its values for each aggregate."""


class _Column:
    """One aggregate over the records of one group."""

    __slots__ = ("count", "extreme", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total: float = 0
        self.extreme: Any = None

    def add(self, function: str, values: list[Any]) -> None:
        for value in values:
            if function in ("sum", "avg"):
                self.total += value
                self.count += 1
            elif self.extreme is None or (
                isinstance(value, str) is isinstance(self.extreme, str)
                and (value < self.extreme if function == "min" else value > self.extreme)
            ):
                self.extreme = value

    def value(self, aggregate: Aggregate) -> Any:
        match aggregate.function:
            case "sum":
                return self.total
            case "avg":
                return round(self.total / self.count, 6) if self.count else None
        # Views write times in ISO 8601, so the earliest and the latest are written alike.
        return iso(self.extreme) if aggregate.operand.path[-1].endswith("_at") else self.extreme


@dataclass(slots=True)
class _Row:
    count: int
    columns: list[_Column]


class Tally:
    """Counts records into groups; it keeps a bounded number of groups, and no record."""

    def __init__(self, grouping: Grouping) -> None:
        self._grouping = grouping
        self._rows: dict[tuple[Any, ...], _Row] = {}
        self.others = 0
        """How often a record had a further combination of values than are kept."""
        self.cut = 0
        """Records with more values than they are counted under."""

    def entry(self, forms: Forms) -> Entry:
        """Return what a record would add."""
        keys = self._grouping.keys
        combinations: list[tuple[Any, ...]]
        if not keys:
            combinations = [()]
        elif len(keys) == 1:
            combinations = [(value,) for value in _values_of(keys[0], forms)]
        else:
            found = [_values_of(key, forms) for key in keys]
            combinations = list(itertools.islice(itertools.product(*found), _MOST_VALUES + 1))
        return combinations, [_values_for(aggregate, forms) for aggregate in self._grouping.aggregates]

    def add(self, entry: Entry) -> None:
        """Count a record."""
        combinations, values = entry
        if len(combinations) > _MOST_VALUES:
            self.cut += 1
        for combination in combinations[:_MOST_VALUES]:
            row = self._rows.get(combination)
            if row is None:
                if len(self._rows) >= _MOST_GROUPS:
                    self.others += 1
                    continue
                row = self._rows[combination] = _Row(0, [_Column() for _ in self._grouping.aggregates])
            row.count += 1
            if not values:
                continue
            for aggregate, column, of_record in zip(
                self._grouping.aggregates, row.columns, values, strict=True
            ):
                column.add(aggregate.function, of_record)

    def totals(self) -> JsonObject:
        """Return what was computed over all records, beside their number; for a grouping without keys."""
        row = self._rows.get((), _Row(0, [_Column() for _ in self._grouping.aggregates]))
        shown = self._shown((), row)
        return {name: shown[name] for name in self._grouping.columns if name != COUNT}

    def groups(self, between: tuple[int, int] | None = None) -> list[JsonObject]:
        """Return the groups that are wanted: the most first, but times in their own order.

        Args:
            between: the times within which all records were read, in milliseconds; None where that is not
                known.
        """
        grouping = self._grouping
        rows = {combination: self._shown(combination, row) for combination, row in self._rows.items()}
        if grouping.having:
            rows = {name: row for name, row in rows.items() if grouping.having.holds([row])}
        by_time = grouping.keys[0].function in PARTS and grouping.top is None
        if by_time:
            ordered = [rows[combination] for combination in sorted(rows, key=_in_order)]
            return self._filled(ordered, between) if not grouping.having else ordered
        first = grouping.columns[0]
        ordered = [rows[combination] for combination in sorted(rows, key=_in_order)]
        # Stable: equal ones stay in the order of their names.
        ordered.sort(key=lambda row: _rank(row[first]), reverse=True)
        return [self._wanted(row) for row in ordered[: grouping.top]]

    def _shown(self, combination: tuple[Any, ...], row: _Row) -> JsonObject:
        shown = {key.name: value for key, value in zip(self._grouping.keys, combination, strict=True)}
        shown[COUNT] = row.count
        for aggregate, column in zip(self._grouping.aggregates, row.columns, strict=True):
            shown[aggregate.name] = column.value(aggregate)
        return shown

    def _wanted(self, row: JsonObject) -> JsonObject:
        names = (*(key.name for key in self._grouping.keys), *self._grouping.columns)
        return {name: row[name] for name in names}

    def _filled(self, rows: list[JsonObject], between: tuple[int, int] | None) -> list[JsonObject]:
        """Return the rows with the periods that no record falls into: an empty month is a month too."""
        key, *others = self._grouping.keys
        wanted = [self._wanted(row) for row in rows]
        labels = {row[key.name] for row in wanted} - {None}
        ends = [part_of(at, key.function) for at in between] if between else []
        ends += [min(labels), max(labels)] if labels else []
        if not ends:
            return wanted
        every = list(itertools.islice(periods(min(ends), max(ends), key.function), MOST_FILLED + 1))
        if len(every) > MOST_FILLED:
            return wanted
        empty = _Row(0, [_Column() for _ in self._grouping.aggregates])
        nothing = (None,) * len(others)
        wanted += [
            self._wanted(self._shown((label, *nothing), empty)) for label in every if label not in labels
        ]
        # Stable: what falls into one period stays in its order.
        return sorted(wanted, key=lambda row: str(row[key.name]))


def _values_of(key: Operand, forms: Forms) -> list[Any]:
    """Return the distinct values that a record has; None where there is none, `(object)` for an object."""
    found = key.values(forms)
    if len(found) <= 1:
        return [_plain(found[0])] if found else [None]
    distinct: dict[Any, None] = {}
    for value in found:
        distinct[_plain(value)] = None
        if len(distinct) > _MOST_VALUES:
            break
    return list(distinct)


def _values_for(aggregate: Aggregate, forms: Forms) -> list[Any]:
    return [value for value in aggregate.operand.values(forms) if _fits(aggregate.function, value)]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_VALUE // 4 else cut_text(value, _LONGEST_VALUE)
    return value if isinstance(value, bool | int | float) else "(object)"


def _fits(function: str, value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number or (function in ("min", "max") and isinstance(value, str))


def _in_order(combination: tuple[Any, ...]) -> list[str]:
    return [str(value) for value in combination]


def _rank(value: Any) -> tuple[int, Any]:
    """Numbers above text above nothing, so that a column may hold all of them."""
    if value is None:
        return 0, 0
    return (1, value) if isinstance(value, str) else (2, value)
