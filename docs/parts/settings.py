"""The tables of settings, from the one class that holds them."""

from __future__ import annotations

from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from clerk_mcp.cli import cli
from clerk_mcp.settings import Settings, flag, variable

_FIRST_OF_HTTP: Final = "transport"
_FLAGS: Final = {option for parameter in cli.params for option in parameter.opts}


def of_every_server() -> str:
    """What counts however hosts connect."""
    names = list(Settings.model_fields)
    return _table(names[: names.index(_FIRST_OF_HTTP)])


def of_http() -> str:
    """What counts where hosts connect over HTTP, and `--transport` itself."""
    names = list(Settings.model_fields)
    return _table(names[names.index(_FIRST_OF_HTTP) :])


def _table(names: list[str]) -> str:
    rows = [_row(name, Settings.model_fields[name]) for name in names]
    return "\n".join(["| flag and variable | value | default | |", "|---|---|---|---|", *rows])


def _row(name: str, info: FieldInfo) -> str:
    names = [f"`{flag(name)}`"] if flag(name) in _FLAGS else []
    ways = "<br>".join([*names, f"`{variable(name)}`"])
    return f"| {ways} | {_value(info)} | {_default(info.default)} | {info.description} |"


def _default(value: object) -> str:
    if value is None or value == () or value is False:
        return ""
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _value(info: FieldInfo) -> str:
    annotation = _without_none(info.annotation)
    if get_origin(annotation) is Literal:
        return " ".join(f"`{word}`" for word in get_args(annotation))
    bounds = [_bound(metadata) for metadata in info.metadata]
    return " ".join([_KINDS.get(annotation, "text"), *filter(None, bounds)])


_KINDS: Final[dict[Any, str]] = {
    bool: "switch",
    int: "whole number",
    float: "number",
    Path: "path",
    SecretStr: "secret",
    tuple[str, ...]: "names, with commas between",
}


def _bound(metadata: object) -> str:
    match metadata:
        case Ge():
            return f"from {metadata.ge}"
        case Gt():
            return f"above {metadata.gt}"
        case Le():
            return f"to {metadata.le}"
    return ""


def _without_none(annotation: Any) -> Any:
    given = [inner for inner in get_args(annotation) if inner is not NoneType]
    if NoneType in get_args(annotation):
        (annotation,) = given
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
