"""Records that are listed, created, read, updated and deleted with no rule of their own, by declaration.

    ENTRIES = Collection(
        "waitlist_entry",
        prefix="wle",
        called="waitlist entry",
        fields={"email_address": "", "status": "pending"},
    )
    ENTRIES.lists("ListWaitlistEntries", searched=("email_address",))
    ENTRIES.creates("CreateWaitlistEntry", unused={"notify": "the sandbox sends no mail"})
    ENTRIES.deletes("DeleteWaitlistEntry")

What the operations' arguments do follows from their names: a body argument becomes the field of its name; a
query argument keeps the records whose field of its name has one of its values; `query` searches, `order_by`
sorts, `limit` and `offset` page; every path argument but the last is a field too, and names a parent. An
argument that follows no such rule has to be given one, or be named in `unused` with the reason: otherwise the
sandbox does not start. Where Clerk has rules, an operation gets a function (`check=`, `then=`), or is an
ordinary handler that uses `found`, `new` and `answer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from clerk_sandbox import errors
from clerk_sandbox.answers import deleted, found
from clerk_sandbox.routing import Call, Query, operation
from clerk_sandbox.state import Instance, Json, Table
from clerk_tools.argument import Argument, Place
from clerk_tools.catalog import operations
from clerk_tools.operation import Envelope, Spec

Filter = Callable[[Json, Query], bool]
"""Whether a record is wanted, as the query has it; asked only where the argument is given."""
Rule = Callable[[Instance, Json, Call], None]
"""Looks at, or completes, a record; raises a `ClerkError` where Clerk refuses."""

_PAGING = ("limit", "offset", "paginated")

COLLECTIONS: dict[str, Collection] = {}
"""All of them, by what errors call one of their records."""

INERT: dict[str, dict[str, str]] = {}
"""Arguments that change nothing in the sandbox, by operation and name, with the reason."""


@dataclass(frozen=True)
class Parent:
    """What a path argument other than the last one names."""

    table: str
    called: str


@dataclass(frozen=True)
class Collection:
    """One kind of record and its operations."""

    kind: str
    """The `object` of its records."""
    prefix: str = field(kw_only=True)
    """Of its ids."""
    called: str = field(kw_only=True)
    """What errors call one."""
    fields: Json = field(kw_only=True)
    """Every field that a record has besides `object`, `id`, `created_at` and `updated_at`, with the value
    of a new one."""
    table: str = field(default="", kw_only=True)
    """Where its records are; by default its kind with an s."""
    hidden: tuple[str, ...] = field(default=(), kw_only=True)
    """Fields that no answer shows."""
    shows: Callable[[Instance, Json], Json] | None = field(default=None, kw_only=True)
    """What an answer has in place of, or beside, the record's own fields."""
    parents: Mapping[str, Parent] = field(default_factory=dict, kw_only=True)
    """By path argument."""

    def __post_init__(self) -> None:
        COLLECTIONS[self.called] = self

    # For handlers that are functions of their own

    def records(self, instance: Instance) -> Table:
        return instance.table(self.table or f"{self.kind}s")

    def new(self, instance: Instance, **given: Any) -> Json:
        """Store a record with these fields."""
        now = instance.clock()
        values = {name: _copied(value) for name, value in self.fields.items()}
        start = {"object": self.kind, "id": instance.new_id(self.prefix)}
        record = start | values | given | {"created_at": now, "updated_at": now}
        return self.records(instance).add(record)

    def found(self, instance: Instance, call: Call) -> Json:
        """Return the record that the last path argument names, below the parents that the others name.

        Raises:
            ClerkError: 404, for a parent or for the record.
        """
        above = self.above(instance, call)
        record = found(self.records(instance), self.called, list(call.path.values())[-1])
        if any(record[name] != value for name, value in above.items()):
            raise errors.not_found(self.called, record["id"])
        return record

    def above(self, instance: Instance, call: Call) -> Json:
        """Return the ids of the parents, by path argument.

        Raises:
            ClerkError: 404, for the first that is not there.
        """
        for name in call.path.keys() & self.parents.keys():
            parent = self.parents[name]
            found(instance.table(parent.table), parent.called, call.path[name])
        return {name: value for name, value in call.path.items() if name in self.parents}

    def one(self, instance: Instance, **fields: Any) -> Json:
        """Return the newest record with these values."""
        return next(
            one for one in self.records(instance) if all(one[key] == value for key, value in fields.items())
        )

    def answer(self, record: Json, instance: Instance | None = None) -> Json:
        """Return the record as Clerk shows it; a collection that has `shows` needs the instance."""
        more = self.shows(instance, record) if self.shows and instance else {}
        return {name: value for name, value in (record | more).items() if name not in self.hidden}

    # The operations

    def lists(
        self,
        operation_id: str,
        *,
        searched: tuple[str, ...] = (),
        sorted_by: tuple[str, ...] = ("created_at",),
        filters: Mapping[str, Filter] | None = None,
        unused: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the list, in the envelope that is declared.

        Args:
            searched: the fields in which `query` is looked for, without regard to case.
            sorted_by: the fields that `order_by` may name.
            filters: what keeps records where that is not the field of the argument's name.
            unused: arguments that change nothing, with the reason.
        """
        spec = operations()[operation_id].spec
        wanted: dict[str, Filter] = dict(filters or {})
        for argument in _open(spec, Place.QUERY, (*_PAGING, *wanted, *(unused or {}))):
            if argument.name == "query":
                wanted["query"] = _search(searched)
            elif argument.name != "order_by":
                self._require_field(spec, argument.name)
                wanted[argument.name] = _equals(argument)
        _note_unused(spec, unused)

        @operation(operation_id)
        def handle(instance: Instance, call: Call) -> Json | list[Json]:
            above = self.above(instance, call)
            records = [
                record
                for record in self.records(instance)
                if all(record[name] == value for name, value in above.items())
                and all(keep(record, call.query) for name, keep in wanted.items() if call.query.all(name))
            ]
            records = _ordered(records, call.query.one("order_by"), sorted_by)
            counted = spec.envelope is Envelope.PAGE or call.query.flag("paginated")
            pages = counted or any(argument.name == "limit" for argument in spec.arguments)
            shown = [self.answer(one, instance) for one in (call.one_page(records) if pages else records)]
            if counted:
                return {"data": shown, "total_count": len(records)}
            return shown

    def creates(
        self,
        operation_id: str,
        *,
        check: Rule | None = None,
        then: Rule | None = None,
        unused: Mapping[str, str] | None = None,
    ) -> None:
        """Store a new record of the body's arguments and answer it.

        Args:
            check: looks at the record before it is stored (it has no id yet), and may complete it.
            then: comes after.
            unused: arguments that become no field, with the reason; "" for those that a rule uses.
        """
        spec = operations()[operation_id].spec
        self._require_fields(spec, unused)

        @operation(operation_id)
        def handle(instance: Instance, call: Call) -> Json:
            given = self.above(instance, call) | self._given(call, unused)
            values = {name: _copied(value) for name, value in self.fields.items()} | given
            if check:
                check(instance, values, call)
            record = self.new(instance, **values)
            if then:
                then(instance, record, call)
            return self.answer(record, instance)

    def gets(self, operation_id: str) -> None:
        """Answer one record."""

        @operation(operation_id)
        def handle(instance: Instance, call: Call) -> Json:
            return self.answer(self.found(instance, call), instance)

    def updates(
        self,
        operation_id: str,
        *,
        check: Rule | None = None,
        then: Rule | None = None,
        unused: Mapping[str, str] | None = None,
    ) -> None:
        """Change the fields that the body names, and answer the record.

        Args:
            check: looks at the record as it would become.
            then, unused: see `creates`.
        """
        spec = operations()[operation_id].spec
        self._require_fields(spec, unused)

        @operation(operation_id)
        def handle(instance: Instance, call: Call) -> Json:
            record = self.found(instance, call)
            changed = record | self._given(call, unused) | {"updated_at": instance.clock()}
            if check:
                check(instance, changed, call)
            record |= changed
            if then:
                then(instance, record, call)
            return self.answer(record, instance)

    def sets(self, operation_id: str, *, check: Rule | None = None, **values: Any) -> None:
        """Give fields of one record these values, as a POST to `…/revoke` does, and answer the record.

        Args:
            check: refuses, such as what is revoked already.
        """

        @operation(operation_id)
        def handle(instance: Instance, call: Call) -> Json:
            record = self.found(instance, call)
            if check:
                check(instance, record, call)
            record |= values | {"updated_at": instance.clock()}
            return self.answer(record, instance)

    def deletes(self, operation_id: str, *, check: Rule | None = None, then: Rule | None = None) -> None:
        """Remove one record and answer that it is gone.

        Args:
            check: refuses, such as what is in use.
            then: removes what hangs on it.
        """

        @operation(operation_id)
        def handle(instance: Instance, call: Call) -> Json | None:
            record = self.found(instance, call)
            if check:
                check(instance, record, call)
            self.records(instance).remove(record["id"])
            if then:
                then(instance, record, call)
            return None if call.spec.envelope is Envelope.EMPTY else deleted(record)

    def _given(self, call: Call, unused: Mapping[str, str] | None) -> Json:
        # Clerk reads a null for what cannot be null as if it had been left out.
        nullable = {one.name for one in call.spec.arguments if one.nullable}
        return {
            name: value
            for name, value in call.body.items()
            if name not in (unused or {}) and (value is not None or name in nullable)
        }

    def _require_fields(self, spec: Spec, unused: Mapping[str, str] | None) -> None:
        for argument in _open(spec, Place.BODY, tuple(unused or {})):
            self._require_field(spec, argument.name)
        _note_unused(spec, unused)

    def _require_field(self, spec: Spec, name: str) -> None:
        if name not in self.fields:
            raise RuntimeError(
                f"{spec.id}: a {self.kind} has no field {name}, and nothing else is said of it"
            )


def _open(spec: Spec, place: Place, settled: tuple[str, ...]) -> list[Argument]:
    return [one for one in spec.arguments if one.place is place and one.name not in settled]


def _note_unused(spec: Spec, unused: Mapping[str, str] | None) -> None:
    INERT[spec.id] = {name: reason for name, reason in (unused or {}).items() if reason}


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, dict | list) else value


def _search(fields: tuple[str, ...]) -> Filter:
    if not fields:
        raise RuntimeError("`query` needs fields to search")

    def keep(record: Json, query: Query) -> bool:
        text = (query.one("query") or "").casefold()
        return any(text in str(record[name] or "").casefold() for name in fields)

    return keep


def by_id_or_part(*fields: str) -> Filter:
    """Return what `query` finds: the record of this id, or those with the text in one of the fields."""
    part = _search(fields)
    return lambda record, query: record["id"] == query.one("query") or part(record, query)


def _equals(argument: Argument) -> Filter:
    values = argument.items or argument
    is_flag = values.type == "boolean" or set(values.enum) == {"true", "false"}

    def keep(record: Json, query: Query) -> bool:
        value = record[argument.name]
        if is_flag:
            return bool(value) is query.flag(argument.name)
        wanted, allowed = query.all(argument.name), tuple(map(str, values.enum))
        if allowed and not set(wanted) <= set(allowed):
            raise errors.form_param_value_invalid(argument.name, allowed)
        return str(value) in wanted

    return keep


def _ordered(records: list[Json], order: str | None, allowed: tuple[str, ...]) -> list[Json]:
    if order is None:
        return records
    name = order.lstrip("+-")
    if name not in allowed:
        raise errors.form_param_value_invalid("order_by", allowed)

    def key(record: Json) -> tuple[bool, Any]:
        value = record[name]
        return value is not None, value.casefold() if isinstance(value, str) else value or 0

    return sorted(records, key=key, reverse=order.startswith("-"))
