"""Metadata of users, organizations, memberships and invitations: replaced or merged, 8 KB each."""

from __future__ import annotations

import json
from collections.abc import Iterable

from clerk_sandbox import errors
from clerk_sandbox.state import Json

MAX_BYTES = 8 * 1024


def checked(name: str, value: Json | None) -> Json:
    """`value` as it is to be stored under `name`; null stores the empty object.

    Raises:
        ClerkError: 422 `form_param_exceeds_allowed_size`.
    """
    metadata = value or {}
    if len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_BYTES:
        raise errors.too_large(name, "8 KB")
    return metadata


def merge_into(record: Json, body: Json, names: Iterable[str]) -> None:
    """Merge each metadata object that `body` gives into the record's; on an error nothing is changed."""
    record.update({name: checked(name, merged(record[name], body[name])) for name in names if body.get(name)})


def merged(old: Json, new: Json) -> Json:
    """Return a deep merge of two JSON objects, in which null removes a key at any level."""
    result = dict(old)
    for key, value in new.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            inner = result.get(key)
            result[key] = merged(inner if isinstance(inner, dict) else {}, value)
        else:
            result[key] = value
    return result
