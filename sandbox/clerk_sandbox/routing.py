"""Which handler answers which request, and what a handler gets and gives back."""

import importlib
import json
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote

from clerk_sandbox import errors
from clerk_sandbox.state import Instance, Json, Table
from clerk_tools.catalog import operations
from clerk_tools.operation import Spec

DEFAULT_LIMIT = 10
MAX_LIMIT = 500
MAX_FILTER_VALUES = 100


@dataclass(slots=True)
class Answer:
    """What goes back: a status and either a JSON value, a text, or nothing at all."""

    status: int = 200
    json: Any = None
    text: str | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        if self.text is not None:
            return self.text.encode()
        if self.json is None:
            return b""
        return json.dumps(self.json, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Upload:
    """The part named `file` of a multipart body."""

    content: bytes
    content_type: str


class Query:
    """The query string, with every value that a name has."""

    def __init__(self, query_string: str) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in parse_qsl(query_string, keep_blank_values=True):
            self._values.setdefault(name, []).append(value)

    def all(self, name: str) -> list[str]:
        """Return every value of a filter. `name[]` and `name[0]` are other names, so Clerk ignores them; so
        do we.

        Raises:
            ClerkError: more than 100 values.
        """
        values = self._values.get(name, [])
        if len(values) > MAX_FILTER_VALUES:
            raise errors.form_param_value_invalid(name, f"at most {MAX_FILTER_VALUES} values")
        return values

    def one(self, name: str) -> str | None:
        """Return the first value, or None where there is none or it is empty."""
        return self._values.get(name, [""])[0] or None

    def flag(self, name: str) -> bool:
        value = self.one(name)
        if value not in (None, "true", "false"):
            raise errors.form_param_format_invalid(name, "true or false")
        return value == "true"

    def integer(self, name: str) -> int | None:
        value = self.one(name)
        if value is None:
            return None
        # Clerk's document calls some of them numbers, and its Python SDK sends these as 10.0.
        whole = re.fullmatch(r"(-?[0-9]{1,18})(\.0)?", value)
        if not whole:
            raise errors.form_param_format_invalid(name, "an integer")
        return int(whole[1])

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        value = self.one(name)
        if value is not None and value not in allowed:
            raise errors.form_param_value_invalid(name, allowed)
        return value

    def as_dict(self) -> dict[str, list[str]]:
        return self._values


@dataclass(slots=True)
class Call:
    """One request that reached its operation: arguments checked for names and types, not yet for sense."""

    spec: Spec
    path: dict[str, str]
    query: Query
    body: Any = None
    file: Upload | None = None
    machine: Json | None = None
    """The machine whose secret key came with the request; None where it was the instance's key."""

    def given(self, name: str) -> Any:
        """Return a body argument, None where it is left out or null."""
        return self.body.get(name)

    def required(self, name: str) -> Any:
        """Return a body argument that Clerk insists on although its document does not mark it required."""
        value = self.body.get(name)
        if value is None or value == "":
            raise errors.form_param_missing(name)
        return value

    def upload(self) -> Upload:
        """Return the part named `file`.

        Raises:
            ClerkError: there is none.
        """
        if self.file is None:
            raise errors.image_missing()
        return self.file

    def page(self) -> tuple[int, int]:
        """`limit` and `offset`. Clerk reads a limit above 500 as the default of 10, without a word."""
        limit = self.query.integer("limit")
        offset = self.query.integer("offset") or 0
        if limit is None or limit > MAX_LIMIT:
            limit = DEFAULT_LIMIT
        if limit < 1:
            raise errors.form_param_value_invalid("limit", "at least 1")
        if offset < 0:
            raise errors.form_param_value_invalid("offset", "at least 0")
        return limit, offset

    def one_page(self, records: Table | list[Json]) -> list[Json]:
        """Return the page of `records` that was asked for; a list must be in its final order."""
        limit, offset = self.page()
        return records.page(limit, offset) if isinstance(records, Table) else records[offset : offset + limit]


Handler = Callable[[Instance, Call], Answer | Json | list[Any] | None]
H = TypeVar("H", bound=Handler)
_handlers: dict[str, Handler] = {}


def operation(operation_id: str) -> Callable[[H], H]:
    """Register the handler of an operation. Its method and path are the catalogue's."""

    def register(handler: H) -> H:
        if operation_id in _handlers:
            raise RuntimeError(f"{operation_id} has two handlers")
        _handlers[operation_id] = handler
        return handler

    return register


@cache
def handlers() -> Mapping[str, Handler]:
    """Return every operation's handler by operationId, once all the resources are imported."""
    resource_modules()
    return _handlers


@cache
def resource_modules() -> tuple[ModuleType, ...]:
    """Return the modules of the sandbox's resources, by name."""
    from clerk_sandbox import resources

    names = sorted(module.name for module in pkgutil.iter_modules(resources.__path__))
    return tuple(importlib.import_module(f"{resources.__name__}.{name}") for name in names)


class _Node:
    """One segment of the tree of paths; a fixed segment wins over a parameter."""

    def __init__(self) -> None:
        self.fixed: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.specs: dict[str, Spec] = {}


@cache
def _tree() -> _Node:
    root = _Node()
    for declared in operations().values():
        node = root
        for segment in declared.spec.path.strip("/").split("/"):
            if segment.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.fixed.setdefault(segment, _Node())
        node.specs[declared.spec.method] = declared.spec
    return root


def route(method: str, path: str) -> tuple[Spec, dict[str, str]]:
    """Return the operation that answers a still percent-encoded path below the API's base, and its path
    arguments.

    Raises:
        ClerkError: no operation has this method and path.
    """
    found = _find(_tree(), method, [unquote(segment) for segment in path.strip("/").split("/")])
    if found is None:
        raise errors.route_not_found(method, path)
    spec, values = found
    names = [segment[1:-1] for segment in spec.path.split("/") if segment.startswith("{")]
    return spec, dict(zip(names, values, strict=True))


def _find(node: _Node, method: str, segments: list[str]) -> tuple[Spec, list[str]] | None:
    if not segments:
        return (node.specs[method], []) if method in node.specs else None
    first, rest = segments[0], segments[1:]
    if first in node.fixed and (found := _find(node.fixed[first], method, rest)):
        return found
    if first and node.parameter and (found := _find(node.parameter, method, rest)):
        return found[0], [first, *found[1]]
    return None
