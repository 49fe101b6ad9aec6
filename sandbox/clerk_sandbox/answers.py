"""The forms of answer that several resources share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from clerk_sandbox import errors
from clerk_sandbox.routing import Call, Query
from clerk_sandbox.state import Json, Table


def found(table: Table, kind: str, record_id: str) -> Json:
    """Return the record with this id.

    Raises:
        ClerkError: 404 `resource_not_found`, naming the `kind` in words.
    """
    record = table.get(record_id)
    if record is None:
        raise errors.not_found(kind, record_id)
    return record


def deleted(record: Json) -> Json:
    """Return what a DELETE answers."""
    return {"object": record["object"], "id": record["id"], "deleted": True}


def data_page(call: Call, records: Table | list[Json]) -> Json:
    """Clerk's envelope of a list that counts: the page asked for, and how many there are in all."""
    return {"data": call.one_page(records), "total_count": len(records)}


def whole_list(call: Call, records: Table | list[Json]) -> list[Json] | Json:
    """Return a list without pages, bare; `paginated=true`, which the newer SDKs send, gives it pages and a
    count."""
    return data_page(call, records) if call.query.flag("paginated") else list(records)


def bare_page(call: Call, records: Table | list[Json]) -> list[Json] | Json:
    """Return a list in pages, bare unless `paginated=true` asks for the envelope that counts."""
    return data_page(call, records) if call.query.flag("paginated") else call.one_page(records)


def ordered(
    call: Call, records: Iterable[Json], keys: Mapping[str, Callable[[Json], Any]], default: str
) -> list[Json]:
    """Sort records, which come newest first, by `order_by`: a name with `+` or `-` in front of it.

    Args:
        keys: what to sort by, for each name but `created_at`.
        default: the order where none is asked for.

    Raises:
        ClerkError: there is no such order.
    """
    order_by = call.query.one("order_by") or default
    name, descending = order_by.lstrip("+-"), order_by.startswith("-")
    newest_first = list(records)
    if name == "created_at":
        return newest_first if descending else newest_first[::-1]
    if name not in keys:
        raise errors.form_param_value_invalid("order_by", ("created_at", *keys))
    return sorted(newest_first, key=keys[name], reverse=descending)


def signed(query: Query, name: str) -> tuple[set[str], set[str]]:
    """Return part the values of a filter into those to include (`+` or no sign) and those to exclude
    (`-`)."""
    values = query.all(name)
    included = {value.removeprefix("+").strip() for value in values if not value.startswith("-")}
    return included, {value[1:] for value in values if value.startswith("-")}
