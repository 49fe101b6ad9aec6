"""The forms of answer that several resources share."""

from __future__ import annotations

from clerk_sandbox import errors
from clerk_sandbox.routing import Call
from clerk_sandbox.state import Json, Table


def found(table: Table, kind: str, record_id: str) -> Json:
    """The record with this id.

    Raises:
        ClerkError: 404 `resource_not_found`, naming the `kind` in words.
    """
    record = table.get(record_id)
    if record is None:
        raise errors.not_found(kind, record_id)
    return record


def deleted(record: Json) -> Json:
    """What a DELETE answers."""
    return {"object": record["object"], "id": record["id"], "deleted": True}


def data_page(call: Call, records: Table | list[Json]) -> Json:
    """Clerk's envelope of a list that counts: the page asked for, and how many there are in all."""
    return {"data": call.one_page(records), "total_count": len(records)}


def whole_list(call: Call, records: Table | list[Json]) -> list[Json] | Json:
    """A list without pages, bare; `paginated=true`, which the newer SDKs send, gives it pages and a count."""
    return data_page(call, records) if call.query.flag("paginated") else list(records)


def bare_page(call: Call, records: Table | list[Json]) -> list[Json] | Json:
    """A list in pages, bare unless `paginated=true` asks for the envelope that counts."""
    return data_page(call, records) if call.query.flag("paginated") else call.one_page(records)
