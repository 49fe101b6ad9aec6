"""Arguments in one line, as a search answers them: less than half the bytes of their JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

_AS_EVERYWHERE: Final = ("limit", "offset", "fields")
"""Arguments that mean the same on every tool, and of which a server's instructions speak."""


def signature(schema: dict[str, Any], most: int | None = None) -> str:
    """Return the arguments of an object's JSON Schema: `user_id, limit?: integer (≤ 500), ids?: text[]`.

    What may be left out ends with `?`; text has no type of its own unless it is one of a list.

    Args:
        most: characters beyond which what may be left out is told by its name alone.
    """
    required = set(schema.get("required", ()))
    names = sorted(schema["properties"], key=lambda name: name not in required)
    told = [_argument(name, schema["properties"][name], name in required) for name in names]
    whole = ", ".join(told)
    if most is None or len(whole) <= most:
        return whole
    brief = [one if name in required else f"{name}?" for name, one in zip(names, told, strict=True)]
    return f"{', '.join(brief)} (describe_operation tells more)"


def _argument(name: str, schema: dict[str, Any], is_required: bool) -> str:
    told = "" if name in _AS_EVERYWHERE else f"{_type(schema)}{_said(schema)}"
    return f"{name}{'' if is_required else '?'}{told}"


def _type(schema: dict[str, Any]) -> str:
    kind = _kind(schema)
    return "" if kind == "text" else f": {kind}"


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        of = _kind(schema.get("items", {}))
        return f"({of})[]" if "enum" in schema.get("items", {}) else f"{of}[]"
    if schema.get("properties"):
        return f"{{{signature(schema)}}}"
    return {"string": "text"}.get(kind := str(schema.get("type", "any")), kind)


def _said(schema: dict[str, Any]) -> str:
    said = "; ".join(_words(schema))
    return f" ({said})" if said else ""


def _words(schema: dict[str, Any]) -> Iterator[str]:
    if "default" in schema:
        yield f"default {schema['default']}".lower()
    for word, sign in (("minimum", "≥"), ("maximum", "≤")):
        if word in schema:
            yield f"{sign} {schema[word]}"
    for text in (schema.get("description"), schema.get("items", {}).get("description")):
        if text:
            yield text
