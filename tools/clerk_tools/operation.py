"""What one tool is: an `Operation` subclass is the whole declaration.

    class GetUser(Operation, id="Users_getUserDetails", get="/users/{user_id}", returns="user"):
        \"\"\"One user.\"\"\"

        user_id: Path[Id] = arg()

The class is a pydantic model: making an instance validates the arguments, and the fields say
where in the HTTP request each of them goes. Everything that is not an argument stands in
`spec`, so that an argument may be called `id`, `name` or `public`.
"""

from __future__ import annotations

import math
import re
import types
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar, Union, get_args, get_origin
from urllib.parse import quote

from annotated_types import Ge, Le
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

T = TypeVar("T")


class Effect(StrEnum):
    """What a call does to the world; `destroy` cannot be taken back, or cuts people off."""

    READ = "read"
    WRITE = "write"
    DESTROY = "destroy"


class Place(StrEnum):
    """Where in the HTTP request an argument goes."""

    PATH = "path"
    QUERY = "query"
    BODY = "body"
    FILE = "file"


class Envelope(StrEnum):
    """How Clerk wraps an answer: one object, a bare array, `{data, total_count}`, nothing, or text."""

    OBJECT = "object"
    ARRAY = "array"
    PAGE = "page"
    EMPTY = "empty"
    TEXT = "text"


Path = Annotated[T, Place.PATH]
Query = Annotated[T, Place.QUERY]
Body = Annotated[T, Place.BODY]
File = Annotated[T, Place.FILE]

_MAX_DEPTH: Final = 100


def _one_segment(value: str) -> str:
    # Percent-encoded dots are dots to many proxies, so these two would climb out of the path.
    if value.strip(".") == "" and len(value) <= 2:
        raise PydanticCustomError("not_an_id", "must be an id or name, not empty and not dots")
    return value


def _json_only(value: dict[str, Any]) -> dict[str, Any]:
    """Refuse what has no JSON form, and nesting that would exhaust whoever walks it."""
    level: list[Any] = [value]
    for _ in range(_MAX_DEPTH):
        if any(isinstance(v, float) and not math.isfinite(v) for v in level):
            raise PydanticCustomError("not_json", "must hold JSON only: no NaN and no infinities")
        level = [
            inner
            for v in level
            if isinstance(v, dict | list)
            for inner in (v.values() if isinstance(v, dict) else v)
        ]
        if not level:
            return value
    raise PydanticCustomError("too_deep", "must not be nested deeper than 100 levels")


JsonObject = Annotated[dict[str, Any], AfterValidator(_json_only)]
"""Any JSON object."""

Id = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_one_segment)]
"""An id, slug or name that Clerk gave out. Surrounding blanks are dropped; an empty one is refused."""

CUSTOM_PROBLEMS: Final = ("not_an_id", "not_json", "too_deep")
"""Types of the validation errors above, whose messages are written for the caller."""


class Nested(BaseModel):
    """An object inside an argument. Unknown keys are refused, as Clerk refuses them."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


def arg(
    description: str = "",
    *,
    optional: bool = False,
    default: object = None,
    ge: float | None = None,
    le: float | None = None,
    deprecated: bool = False,
) -> Any:
    """Declare one argument of an operation.

    Args:
        description: what a model must know to fill it in; empty where the name says it all.
        optional: may be left out (then it is not sent).
        default: what Clerk takes when it is left out; implies `optional`, and is not sent either.
        ge, le: inclusive bounds of a number.
        deprecated: Clerk says so.
    """
    required = not optional and default is None
    return Field(
        default=... if required else default,
        description=description or None,
        ge=ge,
        le=le,
        deprecated=True if deprecated else None,
    )


_JSON_TYPES: Final[dict[object, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    dict: "object",
    list: "array",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument in plain facts: what the schema, the drift check, the sandbox and the docs read."""

    name: str
    type: str
    """JSON Schema's name: string, integer, number, boolean, array or object."""
    place: Place | None = None
    """None for what is nested inside another argument."""
    description: str = ""
    required: bool = True
    nullable: bool = False
    enum: tuple[object, ...] = ()
    minimum: int | float | None = None
    maximum: int | float | None = None
    default: object = None
    deprecated: bool = False
    items: Argument | None = None
    """What each entry of an array is."""
    properties: tuple[Argument, ...] = ()
    """The known keys of an object; empty where any key goes."""

    @property
    def schema(self) -> dict[str, Any]:
        """The argument as compact JSON Schema, in the subset that every known host accepts."""
        out: dict[str, Any] = {"type": [self.type, "null"] if self.nullable else self.type}
        if self.enum:
            out["enum"] = [*self.enum, None] if self.nullable else list(self.enum)
        if self.items:
            out["items"] = self.items.schema
        if self.properties:
            out |= _object_schema(self.properties)
        for key, value in (
            ("minimum", self.minimum),
            ("maximum", self.maximum),
            ("default", self.default),
        ):
            if value is not None:
                out[key] = value
        if self.description:
            out["description"] = self.description
        return out


def _object_schema(arguments: tuple[Argument, ...]) -> dict[str, Any]:
    out: dict[str, Any] = {"properties": {a.name: a.schema for a in arguments}}
    required = [a.name for a in arguments if a.required]
    if required:
        out["required"] = required
    return out


def _argument(name: str, info: FieldInfo) -> Argument:
    facts: dict[str, Any] = {}
    for metadata in info.metadata:
        match metadata:
            case Place():
                facts["place"] = metadata
            case Ge():
                facts["minimum"] = metadata.ge
            case Le():
                facts["maximum"] = metadata.le
            case _:
                pass
    return Argument(
        name=name,
        description=info.description or "",
        required=info.is_required(),
        default=None if info.is_required() else info.default,
        deprecated=bool(info.deprecated),
        **facts,
        **_type_facts(info.annotation),
    )


def _type_facts(annotation: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if get_origin(annotation) in (Union, types.UnionType):
        facts["nullable"] = True
        (annotation,) = (a for a in get_args(annotation) if a is not type(None))
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    origin = get_origin(annotation) or annotation
    if origin is Literal:
        facts["enum"] = get_args(annotation)
        facts["type"] = _JSON_TYPES[type(facts["enum"][0])]
    elif isinstance(origin, type) and issubclass(origin, BaseModel):
        facts["type"] = "object"
        facts["properties"] = tuple(_argument(n, f) for n, f in origin.model_fields.items())
    else:
        facts["type"] = _JSON_TYPES[origin]
        if origin is list:
            facts["items"] = Argument(name="", **_type_facts(get_args(annotation)[0]))
    return facts


_TERMS: Final = {
    "Json": "JSON",
    "Jwt": "JWT",
    "Mfa": "MFA",
    "OAuth": "OAuth",
    "Saml": "SAML",
    "Svix": "Svix",
    "Totp": "TOTP",
    "Url": "URL",
    "Urls": "URLs",
}
"""Words of a class's name that a title writes in their own way."""


@dataclass(eq=False, kw_only=True)
class Spec:
    """An operation's own facts, apart from its arguments' attribute names."""

    id: str
    """Clerk's operationId, and the tool's name."""
    method: str
    path: str
    """Below the API's base URL, with `{argument}` for each path argument."""
    resource: str
    """The module it is declared in, which is also its toolset."""
    effect: Effect
    returns: str
    """The kind of object in the answer; names a view."""
    envelope: Envelope
    secret: tuple[str, ...]
    """Names in the answer that hold a credential and must not reach a model."""
    private: tuple[str, ...]
    """Arguments that hold a credential: never logged, never echoed."""
    deprecated: bool
    words: str
    """Other ways in which people ask for it, between commas; for the search alone."""
    model: type[Operation] = field(repr=False)

    @cached_property
    def title(self) -> str:
        """For people: the class's name in words."""
        first, *rest = re.findall(r"OAuth|[A-Z][a-z0-9]*", self.model.__name__)
        return " ".join([first, *(_TERMS.get(word, word.lower()) for word in rest)])

    @cached_property
    def description(self) -> str:
        """For the model that chooses and fills in: the class's docstring on one line."""
        return " ".join((self.model.__doc__ or "").split())

    @cached_property
    def arguments(self) -> tuple[Argument, ...]:
        """In the order in which a reader meets them: as declared, paging last."""
        fields = self.model.model_fields
        names = sorted(fields, key=lambda name: name in Paged.model_fields)
        return tuple(_argument(name, fields[name]) for name in names)

    @cached_property
    def media_type(self) -> str | None:
        """Of the request body; None where the operation has no body."""
        places = {a.place for a in self.arguments}
        if Place.FILE in places:
            return "multipart/form-data"
        return "application/json" if Place.BODY in places else None

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        """What is advertised: a plain object, no combinators, no references, no generated titles."""
        return {"type": "object", **_object_schema(self.arguments)}

    @property
    def is_list(self) -> bool:
        return self.envelope in (Envelope.ARRAY, Envelope.PAGE)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request to Clerk, not yet sent."""

    spec: Spec
    path: str
    """Percent-encoded, below the base URL, with the query string."""
    json: object = None
    """The body's value; `has_body` tells null from none."""
    has_body: bool = False
    form: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """File arguments as they were given; whoever sends the request turns them into bytes."""


class Operation(BaseModel):
    """Base of all declarations; see the module's docstring."""

    # Built at the first call of each operation: building all 109 at start costs more than serving needs.
    # Strict, because what a model may send instead of the exact type is decided in `arguments`.
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True, str_strip_whitespace=False)

    spec: ClassVar[Spec]

    def __init_subclass__(cls, **declaration: Any) -> None:
        """Leave the declaration's keywords to `__pydantic_init_subclass__`, when the fields are known."""
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(
        cls,
        *,
        id: str = "",
        get: str = "",
        post: str = "",
        put: str = "",
        patch: str = "",
        delete: str = "",
        returns: str = "",
        lists: str = "",
        pages: str = "",
        text: bool = False,
        effect: Literal["", "read", "write", "destroy"] = "",
        secret: tuple[str, ...] = (),
        private: tuple[str, ...] = (),
        deprecated: bool = False,
        words: str = "",
        **kwargs: Any,
    ) -> None:
        """Read the declaration's keywords.

        Args:
            id: Clerk's operationId; without it the class is a base for others.
            get, post, put, patch, delete: the path, under the verb it is called with.
            returns, lists, pages: the kind of object answered: alone, in an array, in `{data, total_count}`.
            text: the answer is a page of text. With none of these four the answer is empty.
            effect: where the verb does not tell it (GET reads, DELETE destroys, the rest write).
            secret, private, deprecated, words: see `Spec`.
        """
        super().__pydantic_init_subclass__(**kwargs)
        if not id:
            return
        verbs = {"GET": get, "POST": post, "PUT": put, "PATCH": patch, "DELETE": delete}
        ((method, path),) = ((verb, path) for verb, path in verbs.items() if path)
        envelopes = {
            Envelope.OBJECT: returns,
            Envelope.ARRAY: lists,
            Envelope.PAGE: pages,
            Envelope.TEXT: "text" if text else "",
            Envelope.EMPTY: "nothing",
        }
        envelope, kind = next((envelope, kind) for envelope, kind in envelopes.items() if kind)
        by_verb = {"GET": Effect.READ, "DELETE": Effect.DESTROY}.get(method, Effect.WRITE)
        cls.spec = Spec(
            id=id,
            method=method,
            path=path,
            resource=cls.__module__.rpartition(".")[2],
            effect=Effect(effect) if effect else by_verb,
            returns=kind,
            envelope=envelope,
            secret=secret,
            private=private,
            deprecated=deprecated,
            words=words,
            model=cls,
        )

    def actual_effect(self) -> Effect:
        """What this call does, its arguments considered; an operation may know better than its `spec`."""
        return self.spec.effect

    def to_request(self) -> Request:
        """The HTTP request for these arguments.

        Arguments that were left out are not sent; an explicit None is.
        """
        path, query, body = self.spec.path, [], {}
        form: dict[str, str] = {}
        files: dict[str, str] = {}
        multipart = self.spec.media_type == "multipart/form-data"
        for argument in self.spec.arguments:
            name = argument.name
            if name not in self.model_fields_set:
                continue
            value = self.__dict__[name]  # not getattr: a deprecated argument would warn
            match argument.place:
                case Place.PATH:
                    path = path.replace(f"{{{name}}}", quote(value, safe=""))
                case Place.QUERY:
                    values = value if isinstance(value, list) else [value]
                    query += [f"{name}={quote(_query_text(v), safe='')}" for v in values]
                case Place.FILE:
                    files[name] = value
                case _ if multipart:
                    form[name] = value
                case _:
                    body[name] = _plain(value)
        return Request(
            spec=self.spec,
            path=f"{path}?{'&'.join(query)}" if query else path,
            json=self.to_body(body),
            has_body=self.spec.media_type == "application/json",
            form=form,
            files=files,
        )

    def to_body(self, arguments: JsonObject) -> object:
        """The JSON body made of the body arguments: an object, unless an operation says otherwise."""
        return arguments


def _query_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(value: Any) -> Any:
    """A value as plain JSON data; nested models give the keys that were set."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    return [_plain(v) for v in value] if isinstance(value, list) else value


class Paged(Operation):
    """Base of operations that answer page by page."""

    limit: Query[int] = arg(default=10, ge=1, le=500)
    offset: Query[int] = arg(default=0, ge=0)
