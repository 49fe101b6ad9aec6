"""Reading an OpenAPI document into plain facts.

What is kept is what a caller must get right (methods, paths, arguments, bounds) and what it can count
on in return (response shapes). Descriptions, summaries and examples are never read.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import unquote

from clerk_tools.contract.facts import ArgumentFacts, Facts, FactsError, OperationFacts, Returns, Shape

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_SCHEMAS: Final = "#/components/schemas/"

_BOUNDS: Final = {
    "minimum": "minimum",
    "maximum": "maximum",
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_items": "minItems",
    "max_items": "maxItems",
}

# Inlining multiplies: thirty schemas that each mention the next one twice are a billion shapes.
# Clerk's largest document takes some 36 000 steps, of which an operation counts for 50.
_MOST_STEPS: Final = 100_000

Node = Mapping[str, Any]


def facts_of_document(document: object) -> Facts:
    """Read a parsed OpenAPI 3.0 or 3.1 document.

    Arguments are inlined whole. Response shapes refer to the document's schemas by name, and
    `Facts.shapes` holds each of those once. A field that a body's schema requires is a required argument,
    whether or not the document requires the body itself.

    Raises:
        FactsError: this is no such document (another version, a broken or circular reference, a value of
            the wrong type, one name in two places of an operation); the message names the place.
    """
    version = document.get("openapi") if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping) or not isinstance(version, str) or not version.startswith("3."):
        raise FactsError("this is not an OpenAPI 3 document: it has no `openapi: 3.x` at the top")
    reader = _Reader(document)
    try:
        return reader.facts()
    except RecursionError:
        raise FactsError(f"{reader.where}: nested too deeply") from None


class _Reader:
    def __init__(self, document: Node) -> None:
        self.document = document
        self.where = "document"
        self.left = _MOST_STEPS
        self.shapes: dict[str, Shape] = {}
        self.unread: set[str] = set()

    def facts(self) -> Facts:
        operations: dict[str, OperationFacts] = {}
        for path, method, item, node in self._each_operation():
            self.where = f"{method.upper()} {path}"
            operation = self._operation(path, method, item, node)
            if operation.id in operations:
                raise self._error(f"operationId {operation.id} is taken by another operation")
            operations[operation.id] = operation
        while self.unread:
            name = self.unread.pop()
            self.where = f"schema {name}"
            self._schema_named(name)
        version = self._text(self._mapping(self.document, "info"), "version")
        dated = version if re.fullmatch(r"\d{4}-\d\d-\d\d", version) else ""
        return Facts(operations, dict(sorted(self.shapes.items())), dated)

    def _each_operation(self) -> Iterator[tuple[str, str, Node, Node]]:
        for path, value in self._mapping(self.document, "paths").items():
            self.where = str(path)
            item = self._resolve(value)
            for method in _METHODS:
                if method in item:
                    self._spend(50)
                    yield str(path), method, item, self._mapping(item, method)

    def _operation(self, path: str, method: str, item: Node, node: Node) -> OperationFacts:
        parameters = self._parameters(item) | self._parameters(node)
        media_type, body, fields = self._body(path, node)
        responses = self._responses(node)
        return OperationFacts(
            id=self._text(node, "operationId") or self.where,
            method=method.upper(),
            path=path,
            deprecated=node.get("deprecated") is True,
            media_type=media_type,
            array_body=body.type == "array",
            arguments=self._unambiguous([*parameters.values(), *fields]),
            returns=self._returns(responses),
            responses=responses,
        )

    def _parameters(self, owner: Node) -> dict[tuple[str, str], ArgumentFacts]:
        arguments = {}
        for item in self._sequence(owner, "parameters"):
            node = self._resolve(item)
            name, place = self._text(node, "name"), self._text(node, "in")
            if not name or place not in ("path", "query", "header", "cookie"):
                raise self._error("a parameter needs a `name` and an `in`")
            schema = node["schema"] if "schema" in node else self._content(node)[1]
            shape = self._shape(schema)
            if node.get("deprecated") is True:
                shape = replace(shape, deprecated=True)
            required = place == "path" or node.get("required") is True
            arguments[place, name] = ArgumentFacts(name, place, required, shape)
        return arguments

    def _body(self, path: str, node: Node) -> tuple[str | None, Shape, list[ArgumentFacts]]:
        if "requestBody" not in node:
            return None, Shape(), []
        body = self._resolve(node["requestBody"])
        media_type, schema = self._content(body)
        shape = self._shape(schema)
        if shape.type == "array":
            whole = ArgumentFacts(_collection(path), "body", body.get("required") is True, shape)
            return media_type, shape, [whole]
        required = set(shape.required)
        if media_type == "multipart/form-data" and body.get("required") and len(shape.properties) == 1:
            # MIME knows no multipart body without a part, so the one part there can be must be there.
            required = set(shape.properties)
        fields = [
            ArgumentFacts(name, "file" if one.type == "binary" else "body", name in required, one)
            for name, one in shape.properties.items()
        ]
        return media_type, shape, fields

    def _unambiguous(self, arguments: list[ArgumentFacts]) -> tuple[ArgumentFacts, ...]:
        places: dict[str, str] = {}
        for argument in arguments:
            if argument.name in places:
                raise self._error(
                    f"`{argument.name}` is both a {places[argument.name]} and a {argument.place} argument"
                )
            places[argument.name] = argument.place
        return tuple(arguments)

    def _responses(self, node: Node) -> dict[str, Shape | None]:
        responses: dict[str, Shape | None] = {}
        for status, item in self._mapping(node, "responses").items():
            media_type, schema = self._content(self._resolve(item))
            if media_type and media_type.startswith("text/"):
                responses[str(status)] = Shape(type="text")
            else:
                responses[str(status)] = None if media_type is None else self._shape(schema, named=True)
        return responses

    def _returns(self, responses: Mapping[str, Shape | None]) -> Returns:
        status = min((status for status in responses if status.startswith("2")), default="")
        shape = responses.get(status)
        if shape is None:
            # A 200 with nothing said of it may well carry something; a 202 and a 204 are known not to.
            return Returns(envelope="empty" if status in ("202", "204") else None)
        if shape.type == "text":
            return Returns(envelope="text")
        shape = self._opened(shape)
        if shape.type == "array" and shape.items:
            return Returns(self._kind(shape.items), "array")
        data = shape.properties.get("data")
        if data and data.items and "total_count" in shape.properties:
            return Returns(self._kind(data.items), "page")
        return Returns(self._kind(shape), "object")

    def _kind(self, shape: Shape) -> str | None:
        values = self._opened(shape).properties.get("object", Shape()).enum
        return str(values[0]) if len(values) == 1 else None

    def _opened(self, shape: Shape) -> Shape:
        return self._schema_named(shape.ref) if shape.ref else shape

    def _content(self, node: Node) -> tuple[str | None, Any]:
        """Return the media type and schema of a body: of JSON, where there is a choice."""
        content = self._mapping(node, "content")
        if not content:
            return None, {}
        media_type = next((name for name in content if "json" in str(name)), next(iter(content)))
        return str(media_type), self._mapping(content, media_type).get("schema", {})

    def _schema_named(self, name: str) -> Shape:
        if name not in self.shapes:
            self.shapes[name] = self._shape(self._resolve({"$ref": _SCHEMAS + name}), named=True)
        return self.shapes[name]

    def _shape(self, schema: Any, *, named: bool = False, within: frozenset[str] = frozenset()) -> Shape:
        """Return a schema as a shape: references stay names where `named`, and are inlined otherwise.

        `within` are the references that are being inlined around this schema.
        """
        self._spend()
        if named and (name := self._schema_name(schema)):
            self.unread.add(name)
            return Shape(ref=name)
        node, opened = self._flattened(schema)
        if opened & within:
            # A schema that holds itself: from here on, anything goes.
            return Shape()

        def inner(one: Any) -> Shape:
            return self._shape(one, named=named, within=within | opened)

        types = self._types(node)
        enum = [node["const"]] if "const" in node else self._sequence(node, "enum")
        alternatives = [*self._sequence(node, "oneOf"), *self._sequence(node, "anyOf")]
        choices = [one for one in alternatives if one != {"type": "null"}]
        any_of = [inner(one) for one in choices] or [Shape(type=name) for name in types if len(types) > 1]
        nullable = (
            node.get("nullable") is True
            or "null" in self._strings(node, "type")
            or None in enum
            or len(choices) < len(alternatives)
        )
        if len(any_of) == 1 and not types:
            # A choice of one is no choice: it is how OpenAPI 3.1 adds null to a schema it refers to.
            return replace(any_of[0], nullable=nullable or any_of[0].nullable)
        return Shape(
            type=types[0] if len(types) == 1 else "any",
            nullable=nullable,
            deprecated=node.get("deprecated") is True,
            enum=tuple(self._plain(value) for value in enum if value is not None),
            default=self._plain(node.get("default")),
            items=inner(node["items"]) if "items" in node else None,
            properties={str(name): inner(one) for name, one in self._mapping(node, "properties").items()},
            required=tuple(sorted(set(self._strings(node, "required")))),
            any_of=tuple(any_of),
            **{ours: self._number(node, theirs) for ours, theirs in _BOUNDS.items()},
        )

    def _types(self, node: Node) -> list[str]:
        """Return the types other than null; where none is stated, what the other keywords imply."""
        if node.get("format") == "binary":
            return ["binary"]
        types = [name for name in self._strings(node, "type") if name != "null"]
        if not types and "properties" in node:
            return ["object"]
        return ["array"] if not types and "items" in node else types

    def _flattened(self, schema: Any, seen: frozenset[str] = frozenset()) -> tuple[Node, frozenset[str]]:
        """Return the schema with its reference followed and its `allOf` merged, and the references on the
        way.

        A property that two parts describe is as the later one has it: the later one is there to refine.
        """
        if isinstance(schema, bool):
            return {}, seen
        node = self._resolve(schema)
        if isinstance(reference := schema.get("$ref"), str):
            if reference in seen:
                raise self._error(f"{reference} is made of itself")
            seen |= {reference}
        parts = self._sequence(node, "allOf")
        if not parts:
            return node, seen
        merged: dict[str, Any] = {}
        properties: dict[str, Any] = {}
        required: list[Any] = []
        opened = seen
        for part in [*parts, {key: value for key, value in node.items() if key != "allOf"}]:
            self._spend()
            flat, through = self._flattened(part, seen)
            merged |= flat
            properties |= self._mapping(flat, "properties")
            required += self._strings(flat, "required")
            opened |= through
        return merged | ({"properties": properties} if properties else {}) | {"required": required}, opened

    def _resolve(self, value: Any) -> Node:
        """Return the object that a chain of references ends at."""
        seen: list[str] = []
        while isinstance(value, Mapping) and "$ref" in value:
            reference = value["$ref"]
            if not isinstance(reference, str) or not reference.startswith("#/"):
                raise self._error("a $ref does not point into this document: it must start with #/")
            if reference in seen:
                raise self._error(f"$ref {reference} leads back to itself")
            seen.append(reference)
            value = self._at(reference)
        if not isinstance(value, Mapping):
            raise self._error(f"{seen[-1] if seen else 'a value'} must be an object, not {_kind(value)}")
        return value

    def _at(self, reference: str) -> Any:
        value: Any = self.document
        for token in unquote(reference[2:]).split("/"):
            key = token.replace("~1", "/").replace("~0", "~")
            if not isinstance(value, Mapping) or key not in value:
                raise self._error(f"$ref {reference} points at nothing")
            value = value[key]
        return value

    def _schema_name(self, schema: Any) -> str | None:
        """Return the name to keep for what is nothing but a reference to one of the document's named
        schemas."""
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        if not isinstance(reference, str) or not reference.startswith(_SCHEMAS):
            return None
        self._resolve(schema)
        name = reference.removeprefix(_SCHEMAS)
        return None if "/" in name else name

    def _text(self, node: Node, key: str) -> str:
        value = node.get(key, "")
        if not isinstance(value, str):
            raise self._error(f"`{key}` must be a string, not {_kind(value)}")
        return value

    def _mapping(self, node: Node, key: str) -> Node:
        value = node.get(key, {})
        if not isinstance(value, Mapping):
            raise self._error(f"`{key}` must be an object, not {_kind(value)}")
        return value

    def _sequence(self, node: Node, key: str) -> list[Any]:
        value = node.get(key, [])
        if not isinstance(value, list):
            raise self._error(f"`{key}` must be an array, not {_kind(value)}")
        return value

    def _strings(self, node: Node, key: str) -> list[str]:
        """Return the values of a keyword that takes one string or several."""
        value = node.get(key, [])
        values = [value] if isinstance(value, str) else self._sequence(node, key)
        if not all(isinstance(one, str) for one in values):
            raise self._error(f"`{key}` must hold strings only")
        return values

    def _number(self, node: Node, key: str) -> Any:
        value = self._plain(node.get(key))
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise self._error(f"`{key}` must be a number, not {_kind(value)}")
        return value

    def _plain(self, value: Any) -> Any:
        """Return a JSON value, with 30.0 as the 30 that it equals."""
        self._spend()
        match value:
            case None | bool() | str() | int():
                return value
            case float() if math.isfinite(value):
                return int(value) if value.is_integer() else value
            case list():
                return [self._plain(one) for one in value]
            case Mapping():
                return {str(key): self._plain(one) for key, one in value.items()}
        raise self._error(f"a {type(value).__name__} is not a JSON value")

    def _spend(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise self._error("the document is too large, or its references multiply without end")

    def _error(self, problem: str) -> FactsError:
        return FactsError(f"{self.where}: {problem}")


def _kind(value: object) -> str:
    names = {type(None): "null", str: "a string", bool: "a boolean", list: "an array"}
    return names.get(type(value), "an object" if isinstance(value, Mapping) else "a number")


def _collection(path: str) -> str:
    """Return what to call a body that is an array: the collection that the path names, as `invitations`."""
    names = [part for part in path.split("/") if part and not part.startswith("{") and part != "bulk"]
    return names[-1] if names else "items"
