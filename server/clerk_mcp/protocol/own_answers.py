"""What the server's own tools answer, as JSON Schema, for `--output-schemas`.

As with operations nothing is required and nothing is forbidden: an answer may be an error or a preview.
"""

from __future__ import annotations

from typing import Any, Final

from clerk_mcp.bulk import Compare, ListAll, RunEach
from clerk_mcp.protocol.own_tools import DescribeOperation, PreviewChange, SearchOperations

JsonSchema = dict[str, Any]

_TEXT: Final[JsonSchema] = {"type": "string"}
_NUMBER: Final[JsonSchema] = {"type": "integer"}
_YES_OR_NO: Final[JsonSchema] = {"type": "boolean"}
_ANY_OBJECT: Final[JsonSchema] = {"type": "object"}
_TEXTS: Final[JsonSchema] = {"type": "array", "items": _TEXT}


def _object(**properties: JsonSchema) -> JsonSchema:
    return {"type": "object", "properties": properties}


def _several(**properties: JsonSchema) -> JsonSchema:
    return {"type": "array", "items": _object(**properties)}


_FOUND: Final = {"id": _TEXT, "effect": _TEXT, "arguments": _TEXT, "ids_from": _ANY_OBJECT}
_REFUSED: Final = _object(code=_TEXT, message=_TEXT)
_CONFIRM: Final = {"confirm": _TEXT, "expires_in_seconds": _NUMBER, "message": _TEXT}
_READ: Final = {"read": _NUMBER, "pages": _NUMBER, "meant": _ANY_OBJECT, "note": _TEXT}

_ANSWERS: Final[dict[str, JsonSchema]] = {
    SearchOperations.spec.id: _object(operations=_several(**_FOUND, does=_TEXT), note=_TEXT),
    DescribeOperation.spec.id: _object(
        operations=_several(**_FOUND, description=_TEXT, destroys=_TEXT, inputSchema=_ANY_OBJECT), note=_TEXT
    ),
    PreviewChange.spec.id: _object(
        operation=_TEXT,
        request=_object(method=_TEXT, path=_TEXT, body={}, form={}, files=_ANY_OBJECT),
        effect=_TEXT,
        meant=_ANY_OBJECT,
        refused=_REFUSED,
        missing=_TEXT,
        target=_TEXT,
        also=_TEXTS,
        already=_TEXT,
        changes=_ANY_OBJECT,
        asked_first=_YES_OR_NO,
        sends_mail=_YES_OR_NO,
        makes_a_credential=_YES_OR_NO,
        no_undo=_TEXT,
        note=_TEXT,
        message=_TEXT,
    ),
    # What a group counts stands under names of its own, such as `sum(price)`.
    ListAll.spec.id: _object(
        items={"type": "array"},
        in_each=_ANY_OBJECT,
        groups={"type": "array", "items": _ANY_OBJECT},
        count=_NUMBER,
        **_READ,
        matched=_NUMBER,
        parents=_NUMBER,
        complete=_YES_OR_NO,
        next_offset=_NUMBER,
        unknown_fields=_TEXTS,
        secrets=_TEXT,
        only_while=_TEXT,
        path=_TEXT,
        url=_TEXT,
        how=_TEXT,
        expires_in_seconds=_NUMBER,
        rows=_NUMBER,
        columns=_TEXTS,
        bytes=_NUMBER,
    ),
    RunEach.spec.id: _object(
        # A plan is an object, and in words after a question that nobody answered.
        preview={"type": ["object", "string"]},
        **_CONFIRM,
        run=_TEXT,
        operation=_TEXT,
        items=_NUMBER,
        ok=_NUMBER,
        failed=_NUMBER,
        unknown=_NUMBER,
        left=_NUMBER,
        failures=_several(code=_TEXT, message=_TEXT, count=_NUMBER, items=_TEXTS),
        unknown_items=_TEXTS,
        secrets=_TEXT,
        rejected=_TEXT,
        note=_TEXT,
    ),
    Compare.spec.id: _object(
        between=_TEXTS,
        differences=_several(part=_TEXT, name=_TEXT, only_in=_TEXT, field=_TEXT, values=_ANY_OBJECT),
        same=_ANY_OBJECT,
        not_compared=_several(part=_TEXT, instance=_TEXT, why=_TEXT),
        note=_TEXT,
    ),
}


def own_answers(id: str) -> JsonSchema:
    """Return what one of the server's own tools answers; those that run any operation may answer anything."""
    return _ANSWERS.get(id, _ANY_OBJECT)
