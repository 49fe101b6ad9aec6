"""Snapshots from elsewhere: what is wrong with one is said at the start, not found out by some later call."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from clerk_sandbox.state import IDENTIFIERS, Json, identifier_key, plural

# Of every field: the types it may have besides null, and the fields of the objects in it where it is a list.
Shape = dict[str, tuple[set[type], "Shape"]]

_RECORD: Json = {"id": "", "created_at": 0}
# The parts whose names are not known beforehand, and what each of their values is.
_MAPS: dict[str, type] = {"tables": list, "credentials": dict, "issued_tokens": str, "ids_made": int}


def read_snapshot(path: Path) -> Any:
    """Return the JSON value in a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON object.
    """
    try:
        snapshot = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is no snapshot of a sandbox, which is JSON: {error}") from None
    if not isinstance(snapshot, dict):
        raise ValueError(f"{path} is no snapshot of a sandbox, which is a JSON object")
    return snapshot


def check_snapshot(snapshot: Any, example: Json) -> None:
    """Hold a snapshot against another one that is known to be good.

    Raises:
        ValueError: names the first part, record or field that is missing or of another type, and the first
            record that refers to nobody or shares what has to be its own.
    """
    try:
        _check(snapshot, _shape([example]), "it")
        _check(snapshot["settings"], _shape([example["settings"]]), "settings")
        for part, kind in _MAPS.items():
            _check(snapshot[part], {name: ({kind}, {}) for name in snapshot[part] or ()}, part)
        for name, examples in example["tables"].items():
            if name not in snapshot["tables"]:
                raise ValueError(f"tables has no {name}")
            shape = _shape(examples or [_RECORD])
            for position, record in enumerate(snapshot["tables"][name]):
                _check(record, shape, f"{name}[{position}]")
        _check_relations(snapshot["tables"])
    except ValueError as error:
        raise ValueError(f"this is not a snapshot of a sandbox: {error}") from None


def _shape(examples: list[Json]) -> Shape:
    """Return what is common to these objects."""
    return {
        field: (
            {type(example[field]) for example in examples} - {type(None)},
            _shape_within([example[field] for example in examples]),
        )
        for field in examples[0]
        if all(field in example for example in examples)
    }


def _shape_within(values: list[Any]) -> Shape:
    entries = [entry for value in values if isinstance(value, list) for entry in value]
    return _shape(entries) if entries and all(isinstance(entry, dict) for entry in entries) else {}


def _check(value: Any, shape: Shape, where: str) -> None:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is no object")
    for field, (types, within) in shape.items():
        if field not in value:
            raise ValueError(f"{where} has no {field}")
        given = value[field]
        if given is None and field not in _RECORD and not types & {list, bool}:
            continue
        if types and type(given) not in types:
            raise ValueError(f"{where} has {json.dumps(given)[:40]} for {field}")
        if within:
            for position, entry in enumerate(given):
                _check(entry, within, f"{where}.{field}[{position}]")


def _check_relations(tables: Json) -> None:
    ids = {name: {record["id"] for record in records} for name, records in tables.items()}
    for name, records in tables.items():
        if len(ids[name]) < len(records):
            raise ValueError(f"two {name} have the same id")
    for name, field, target in (
        ("sessions", "user_id", "users"),
        ("memberships", "user_id", "users"),
        ("memberships", "organization_id", "organizations"),
    ):
        for record in tables[name]:
            if record[field] not in ids[target]:
                raise ValueError(f"{record['id']} in {name} has a {field} that is not in {target}")
    for identifier in IDENTIFIERS:
        values = list(_values(tables["users"], identifier))
        if None in values:
            raise ValueError(f"a user has an empty {identifier}")
        if len({identifier_key(identifier, value) for value in values}) < len(values):
            raise ValueError(f"two users have the same {identifier}")
    if all(domain["is_satellite"] for domain in tables["domains"]):
        raise ValueError("none of its domains is the primary one")


def _values(users: list[Json], identifier: str) -> Iterable[str]:
    for user in users:
        if identifier in user:
            yield from filter(None, [user[identifier]])
        else:
            yield from (identification[identifier] for identification in user[plural(identifier)])
