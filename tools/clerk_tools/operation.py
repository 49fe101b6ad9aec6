"""What one tool is: an `Operation` subclass is the whole declaration.

    class GetUser(Operation, id="Users_getUserDetails", get="/users/{user_id}", returns="user"):
        \"\"\"One user.\"\"\"

        user_id: Path[Id] = arg()

The class is a pydantic model: making an instance validates the arguments, and the fields say
where in the HTTP request each of them goes. Everything that is not an argument stands in
`spec`, so that an argument may be called `id`, `name` or `public`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar, Final, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from clerk_tools.argument import Argument, JsonObject, Place, Query, arg, argument_of, object_schema


class Effect(StrEnum):
    """What a call does to the world; `destroy` cannot be taken back, or cuts people off."""

    READ = "read"
    WRITE = "write"
    DESTROY = "destroy"


class Envelope(StrEnum):
    """How Clerk wraps an answer: one object, a bare array, `{data, total_count}`, nothing, or text."""

    OBJECT = "object"
    ARRAY = "array"
    PAGE = "page"
    EMPTY = "empty"
    TEXT = "text"


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


FIRST_VERSION: Final = "2021-02-05"
FIRST_DOCUMENT: Final = "clerk-v1"
NEWEST_DOCUMENT: Final = "clerk-2026-05-12"
UNDOCUMENTED: Final = ""
"""The document of an operation that no document of Clerk's has, only one of its SDKs."""


@dataclass(eq=False, kw_only=True)
class Spec:
    """An operation's own facts, apart from its arguments' attribute names."""

    id: str
    """Clerk's operationId as it stands in `document`, and the tool's name."""
    version: str
    """The `Clerk-API-Version` that it is sent with: the lowest that has it."""
    document: str
    """The document of Clerk's that it is held against, by the name of its facts; or `UNDOCUMENTED`."""
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
        return tuple(argument_of(name, fields[name]) for name in names)

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
        return {"type": "object", **object_schema(self.arguments)}

    @property
    def is_core(self) -> bool:
        """Whether it is one of the first 109, which a host is shown unless the operator chose otherwise."""
        return self.document == FIRST_DOCUMENT

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

    # Built at the first call of each operation: building all of them at start costs more than serving needs.
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
        version: str = "",
        document: str | None = None,
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
            version: the lowest API version that has it; left out by the first operations, whose version
                is 2021-02-05 and whose document is Clerk's of 2024.
            document: see `Spec`; Clerk's newest where `version` is given.
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
            version=version or FIRST_VERSION,
            document=(NEWEST_DOCUMENT if version else FIRST_DOCUMENT) if document is None else document,
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
