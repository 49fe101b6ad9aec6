"""What an operation answers, as a JSON Schema: the fields of its view by name.

Nothing is required and nothing is forbidden: what is empty is left out of a view, and Clerk adds fields.
"""

from __future__ import annotations

from typing import Any, Final

from clerk_tools.operation import Envelope, Spec
from clerk_tools.view import View
from clerk_tools.views import view_as_data
from clerk_tools.views.shown import SHOWN

JsonSchema = dict[str, Any]

_PLAIN: Final[JsonSchema] = {"type": ["string", "number", "boolean", "null"]}
_LIST: Final[JsonSchema] = {"type": ["array", "null"]}
_OBJECT: Final[JsonSchema] = {"type": ["object", "null"]}
_NESTED: Final[JsonSchema] = {"type": ["object", "array", "null"]}
_ANY: Final[JsonSchema] = {}

_TEXT: Final[JsonSchema] = {"media_type": {"type": "string"}, "text": {"type": "string"}}
_DONE: Final[JsonSchema] = {
    "ok": {"type": "boolean"},
    "status": {"type": "integer"},
    "message": {"type": "string"},
}


def output_schema(spec: Spec, *, raw: bool) -> JsonSchema:
    """Return the schema of an operation's answers.

    Args:
        raw: whether a call may ask for Clerk's own fields in place of the view's: then a name may hold
            whatever Clerk has there, and the schema leaves the types open.
    """
    if spec.envelope is Envelope.TEXT:
        return {"type": "object", "properties": _TEXT}
    if spec.envelope is Envelope.EMPTY:
        return {"type": "object", "properties": _DONE}
    fields = {name: _ANY if raw else shape for name, shape in _fields(spec.returns).items()}
    if not spec.is_list:
        return {"type": "object", "properties": fields}
    return {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": {"type": "object", "properties": fields}},
            "total": {"type": "integer"},
            "next_offset": {"type": "integer"},
            "note": {"type": "string"},
        },
    }


def _fields(kind: str) -> dict[str, JsonSchema]:
    found = view_as_data(kind)
    return _of_view(found) if found else _of_names(SHOWN.get(kind, ""))


def _of_view(view: View) -> dict[str, JsonSchema]:
    return {
        **dict.fromkeys((*view.plain, *view.flags), _PLAIN),
        **dict.fromkeys(view.objects, _OBJECT),
        **dict.fromkeys(view.lists, _LIST),
        **{name: _within(inner) for name, inner in view.inside.items()},
        **dict.fromkeys(view.times, _PLAIN),
    }


def _within(view: View) -> JsonSchema:
    """Return the schema of one object or a list of them: which one, only Clerk's answer tells.

    What stands deeper still is left open, for else a payment would take 12 KB.
    """
    named: JsonSchema = dict.fromkeys((*view.plain, *view.flags, *view.times), _PLAIN)
    return _NESTED | {"properties": named, "items": {"type": "object", "properties": named}}


def _of_names(names: str) -> dict[str, JsonSchema]:
    """Read a row of `SHOWN`: names, with `[]` behind those of lists and `{}` behind those of objects."""
    shapes = {"[]": _LIST, "{}": _OBJECT}
    return {name.rstrip("[]{}"): shapes.get(name[-2:], _PLAIN) for name in names.split()}
