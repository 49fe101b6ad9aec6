"""What a Clerk API is, in plain facts, and how two sets of such facts differ.

Facts come from our catalogue (`facts_of_catalog`), from an OpenAPI document
(`clerk_tools.contract.openapi.facts_of_document`) or from their own JSON form (`from_json`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from clerk_tools.argument import Argument, Place
from clerk_tools.catalog import nearest, operations
from clerk_tools.operation import FIRST_DOCUMENT, UNDOCUMENTED, Envelope, Operation


class FactsError(ValueError):
    """There are no facts to be had here; the message names the place and what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What one JSON value may be. An object may have keys beyond `properties`."""

    type: str = "any"
    """JSON Schema's name, or `any`, or `binary` for a file."""
    ref: str | None = None
    """The name in `Facts.shapes` that tells the rest."""
    nullable: bool = False
    deprecated: bool = False
    enum: tuple[Any, ...] = ()
    minimum: int | float | None = None
    maximum: int | float | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    default: Any = None
    items: Shape | None = None
    properties: Mapping[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    """Sorted."""
    any_of: tuple[Shape, ...] = ()


@dataclass(frozen=True, slots=True)
class ArgumentFacts:
    name: str
    place: str
    """path, query, body or file; a document may also say header or cookie."""
    required: bool
    shape: Shape


@dataclass(frozen=True, slots=True)
class Returns:
    """What a success answers; None is for what a document leaves open."""

    kind: str | None = None
    """The `object` of what is answered, or of each entry."""
    envelope: str | None = None
    """object, array, page (`{data, total_count}`), empty or text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationFacts:
    id: str
    method: str
    path: str
    deprecated: bool = False
    media_type: str | None = None
    """Of the request body; None where there is no body."""
    array_body: bool = False
    """The body is its one argument's value, an array, and not an object of arguments."""
    arguments: tuple[ArgumentFacts, ...] = ()
    returns: Returns = Returns()
    responses: Mapping[str, Shape | None] = field(default_factory=dict)
    """By status, as text; None where the document does not say what is answered."""


@dataclass(frozen=True, slots=True)
class Facts:
    operations: Mapping[str, OperationFacts]
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """The shapes that responses refer to by name."""
    version: str = ""
    """The API version that the document calls itself, a date; empty where it says none."""


# ── From the catalogue ──

# The names that views of ours have where Clerk's `object` says something else.
_CLERK_KINDS: Final = {"session_token": "token", "template_details": "template"}


def facts_of_catalog(operations: Mapping[str, type[Operation]]) -> Facts:
    """Return the facts that our declarations state. They say nothing of response shapes."""
    return Facts({name: _facts_of_operation(operation) for name, operation in operations.items()})


def held_against(version: str) -> dict[str, type[Operation]]:
    """Select the operations that a document of this API version must have, all others being younger.

    The document of the first operations names no version. What no document has is held against none.
    """
    return {
        id: operation
        for id, operation in operations().items()
        if operation.spec.document != UNDOCUMENTED
        if (operation.spec.version <= version if version else operation.spec.document == FIRST_DOCUMENT)
    }


def with_path_names(facts: OperationFacts, path: str) -> OperationFacts:
    """Rename path arguments, position by position, to what `path` calls them.

    They have no name on the wire: a document's `{apiKeyID}` is our `{api_key_id}`.
    """
    theirs, ours = (re.findall(r"{([^}]*)}", one) for one in (facts.path, path))
    if theirs == ours or len(theirs) != len(ours):
        return facts
    names = dict(zip(theirs, ours, strict=True))
    arguments = (
        replace(a, name=names.get(a.name, a.name)) if a.place == "path" else a for a in facts.arguments
    )
    renamed = re.sub(r"{([^}]*)}", lambda found: f"{{{names[found[1]]}}}", facts.path)
    return replace(facts, path=renamed, arguments=tuple(arguments))


def _facts_of_operation(operation: type[Operation]) -> OperationFacts:
    spec = operation.spec
    kind = _CLERK_KINDS.get(spec.returns, spec.returns)
    has_kind = spec.envelope not in (Envelope.EMPTY, Envelope.TEXT)
    return OperationFacts(
        id=spec.id,
        method=spec.method,
        path=spec.path,
        deprecated=spec.deprecated,
        media_type=spec.media_type,
        array_body=spec.array_body,
        arguments=tuple(
            ArgumentFacts(a.name, str(a.place), a.required, _shape_of_argument(a))
            for a in spec.arguments
            # `clear` is our own: what it names is sent as null.
            if a.place is not Place.CLEAR and not a.undocumented
        ),
        returns=Returns(kind if has_kind else None, str(spec.envelope)),
    )


def _shape_of_argument(argument: Argument) -> Shape:
    return Shape(
        type="binary" if argument.place is Place.FILE else argument.type,
        nullable=argument.nullable,
        deprecated=argument.deprecated,
        enum=argument.enum,
        minimum=argument.minimum,
        maximum=argument.maximum,
        **_lengths(argument),
        default=argument.default,
        items=_shape_of_argument(argument.items) if argument.items else None,
        properties={a.name: _shape_of_argument(a) for a in argument.properties if not a.undocumented},
        required=tuple(sorted(a.name for a in argument.properties if a.required)),
    )


def _lengths(argument: Argument) -> dict[str, Any]:
    what = "items" if argument.type == "array" else "length"
    lengths = {f"min_{what}": argument.min_length, f"max_{what}": argument.max_length}
    return {name: length for name, length in lengths.items() if length is not None}


# ── Their JSON form ──


def to_json(facts: Facts) -> dict[str, Any]:
    """Facts as plain JSON data: what is not so, not known or empty is left out."""
    return {
        "operations": {name: _operation_to_json(one) for name, one in facts.operations.items()},
        "shapes": {name: _shape_to_json(one) for name, one in facts.shapes.items()},
    } | ({"version": facts.version} if facts.version else {})


def from_json(value: Mapping[str, Any]) -> Facts:
    """Return the facts that `to_json` gave."""
    return Facts(
        {name: _operation_from_json(name, one) for name, one in value["operations"].items()},
        {name: _shape_from_json(one) for name, one in value["shapes"].items()},
        value.get("version", ""),
    )


_NOTHING: Final = Shape()


def _shape_to_json(shape: Shape) -> str | dict[str, Any]:
    """`"string"`, `"string?"` where it may be null, `"@User"` for a reference; an object for all else."""
    said = {f.name: getattr(shape, f.name) for f in fields(shape)}
    said = {name: value for name, value in said.items() if value != getattr(_NOTHING, name)}
    if said.keys() <= {"type", "nullable"}:
        return shape.type + "?" * shape.nullable
    if said.keys() <= {"ref", "nullable"}:
        return f"@{shape.ref}" + "?" * shape.nullable
    if shape.items:
        said["items"] = _shape_to_json(shape.items)
    if shape.properties:
        said["properties"] = {name: _shape_to_json(one) for name, one in shape.properties.items()}
    if shape.any_of:
        said["any_of"] = [_shape_to_json(one) for one in shape.any_of]
    return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}


def _shape_from_json(value: str | Mapping[str, Any]) -> Shape:
    if isinstance(value, str):
        name, nullable = value.removesuffix("?"), value.endswith("?")
        if name.startswith("@"):
            return Shape(ref=name[1:], nullable=nullable)
        return Shape(type=name, nullable=nullable)
    said: dict[str, Any] = {
        name: tuple(one) if name in ("enum", "required") else one for name, one in value.items()
    }
    if "items" in said:
        said["items"] = _shape_from_json(said["items"])
    if "properties" in said:
        said["properties"] = {name: _shape_from_json(one) for name, one in said["properties"].items()}
    if "any_of" in said:
        said["any_of"] = tuple(_shape_from_json(one) for one in said["any_of"])
    return Shape(**said)


def _operation_to_json(operation: OperationFacts) -> dict[str, Any]:
    returns, responses = operation.returns, operation.responses
    said = {
        "route": _route(operation),
        "deprecated": operation.deprecated,
        "media_type": operation.media_type,
        "array_body": operation.array_body,
        "arguments": {
            a.name: {"place": a.place, "required": a.required, "shape": _shape_to_json(a.shape)}
            for a in operation.arguments
        },
        "returns": {"kind": returns.kind, "envelope": returns.envelope} if returns != Returns() else None,
        "responses": {status: one and _shape_to_json(one) for status, one in responses.items()},
    }
    return {name: value for name, value in said.items() if value}


def _operation_from_json(name: str, value: Mapping[str, Any]) -> OperationFacts:
    method, path = value["route"].split(" ", 1)
    return OperationFacts(
        id=name,
        method=method,
        path=path,
        deprecated=value.get("deprecated", False),
        media_type=value.get("media_type"),
        array_body=value.get("array_body", False),
        arguments=tuple(
            ArgumentFacts(name, a["place"], a["required"], _shape_from_json(a["shape"]))
            for name, a in value.get("arguments", {}).items()
        ),
        returns=Returns(**value.get("returns", {})),
        responses={s: one and _shape_from_json(one) for s, one in value.get("responses", {}).items()},
    )


# ── How two sets of facts differ ──


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a document says otherwise than the catalogue; `str` of it is a line to read."""

    operation: str
    argument: str
    """`invitations[].role` for what is nested; empty where the operation itself differs."""
    text: str
    lacking: bool = False
    """The document allows more than the catalogue offers; what the catalogue offers is right."""
    aspect: str = ""
    """What of it differs, such as `required`; empty where one side does not have it at all."""

    def __str__(self) -> str:
        subject = f"{self.operation}: argument `{self.argument}`" if self.argument else self.operation
        return f"{subject}: {self.text}"


def diff(catalog: Facts, document: Facts) -> list[Difference]:
    """Return what the document says otherwise than the catalogue, in the catalogue's order.

    Operations belong together by id, or else by method and path: Clerk renames its operations more
    readily than it moves them. All documents that have a version call the first operations otherwise than
    we do, so that those ids are no difference. Where the document does not say what is answered, there is
    none either.
    """
    ours, theirs = catalog.operations, document.operations
    by_call = {call_of(one): name for name, one in theirs.items() if name not in ours}
    pairs = {name: name if name in theirs else by_call.get(call_of(one)) for name, one in ours.items()}
    only_ours = [name for name, other in pairs.items() if other is None]
    only_theirs = [name for name in theirs if name not in pairs.values()]
    found: list[Difference] = []
    for name, other in pairs.items():
        if other:
            one = with_path_names(theirs[other], ours[name].path)
            if document.version and name in operations().core():
                one = replace(one, id=name)
            found += _differences(ours[name], one)
        else:
            found.append(Difference(name, "", _only("catalogue", _route(ours[name]), name, only_theirs)))
    for name in only_theirs:
        text = _only("document", _route(theirs[name]), name, only_ours)
        found.append(Difference(name, "", text, lacking=True))
    return found


def _route(operation: OperationFacts) -> str:
    return f"{operation.method} {operation.path}"


def call_of(operation: OperationFacts) -> str:
    """Return the route, whatever its parameters are called."""
    return re.sub(r"{[^}]*}", "{}", _route(operation))


def _only(where: str, what: str, name: str, others: Iterable[str]) -> str:
    close = nearest(name, others)
    return f"only in the {where} ({what})" + (f", which may be `{close}` under another name" if close else "")


def _differences(ours: OperationFacts, theirs: OperationFacts) -> Iterator[Difference]:
    catalog, document = _described(ours), _described(theirs)
    only_ours = [subject for subject in catalog if subject not in document]
    only_theirs = [subject for subject in document if subject not in catalog]
    lacking = {*only_ours, *only_theirs}
    for subject in [*catalog, *only_theirs]:
        if any(subject[: inner.start()] in lacking for inner in re.finditer(r"\.|\[\]", subject)):
            # What is nested in something that one side lacks altogether is not worth a line of its own.
            continue
        if subject not in document:
            text = _only("catalogue", _brief(catalog[subject]), subject, only_theirs)
            yield Difference(ours.id, subject, text)
        elif subject not in catalog:
            text = _only("document", _brief(document[subject]), subject, only_ours)
            may_be_left_out = document[subject]["required"] == "optional"
            yield Difference(ours.id, subject, text, lacking=may_be_left_out)
        else:
            for aspect, said in document[subject].items():
                held = catalog[subject].get(aspect, f"no {aspect}")
                if held != said:
                    text = f"document says {said}, catalogue says {held}"
                    yield Difference(ours.id, subject, text, _allows_more(aspect, said, held), aspect)


_ALLOWS_MORE: Final = {"required": "optional", "null": "may be null", "deprecated": "deprecated"}
"""By aspect, what a document says where all that the catalogue offers still holds."""


def _allows_more(aspect: str, said: str, held: str) -> bool:
    """Tell whether all that the catalogue allows, the document allows as well."""
    if aspect == "values" and said.startswith("one of ") and held.startswith("one of "):
        return {*said[7:].split(", ")} >= {*held[7:].split(", ")}
    if aspect == "body":
        return held.startswith("no ")
    return said in ("any value", f"no {aspect}", _ALLOWS_MORE.get(aspect))


# Facts in words, which are both what is compared and what is printed: by subject (an argument, something
# nested in one, or "" for the operation itself), then by aspect. An aspect that is left out is left open.
_Words = dict[str, str]


def _brief(words: _Words) -> str:
    return " ".join(words[aspect] for aspect in ("required", "type", "place") if aspect in words)


def _described(operation: OperationFacts) -> dict[str, _Words]:
    body = operation.media_type or "no"
    words = {
        "id": f"operation id {operation.id}",
        "route": _route(operation),
        "deprecated": "deprecated" if operation.deprecated else "not deprecated",
        "body": f"{body} body" + (" that is an array" if operation.array_body else ""),
    }
    if operation.returns.envelope:
        words["envelope"] = f"the answer is {operation.returns.envelope}"
    if operation.returns.kind:
        words["kind"] = f"the answer holds {operation.returns.kind}"
    described = {"": words}
    for argument in operation.arguments:
        described |= _described_shape(argument.name, argument.shape, argument.required)
        described[argument.name]["place"] = f"in the {argument.place}"
    return described


def _described_shape(subject: str, shape: Shape, required: bool) -> dict[str, _Words]:
    described = {subject: _words(shape, required)}
    if shape.items:
        described |= _described_shape(f"{subject}[]", shape.items, required=True)
    for name, one in shape.properties.items():
        described |= _described_shape(f"{subject}.{name}", one, name in shape.required)
    return described


def _words(shape: Shape, required: bool) -> _Words:
    # OpenAPI writers say `number` for counts; a whole lower bound shows that an integer is meant.
    counts = shape.type == "number" and isinstance(shape.minimum, int)
    words = {
        "required": "required" if required else "optional",
        "type": "integer" if counts else shape.type,
        "null": "may be null" if shape.nullable else "not null",
        "values": f"one of {', '.join(sorted(map(json.dumps, shape.enum)))}" if shape.enum else "any value",
        "deprecated": "deprecated" if shape.deprecated else "not deprecated",
        "default": "no default"
        if shape.default in (None, [], {})
        else f"default {json.dumps(shape.default)}",
    }
    for bound in ("minimum", "maximum", "min_length", "max_length", "min_items", "max_items"):
        value = getattr(shape, bound)
        words[bound] = f"no {bound}" if value is None else f"{bound} {value}"
    if shape.type == "any":
        # Nothing is said of it, so whatever the other side says is no difference.
        del words["type"]
    if shape.any_of:
        words["alternatives"] = f"one of {json.dumps([_shape_to_json(one) for one in shape.any_of])}"
    return words
