"""What a declaration says of its operation beside the arguments: the class's keywords and their `Spec`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypedDict

from clerk_tools.argument import LAST, Argument, Place, argument_of, object_schema

if TYPE_CHECKING:
    from clerk_tools.operation import Operation


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


class Outline(NamedTuple):
    """Of an operation what a start and a listing ask, which import no declaration for it."""

    effect: Effect
    lists: bool = False
    """Whether it answers a list."""
    core: bool = False
    """Whether it is listed by default."""
    mints: bool = False
    """Whether it is called for the credential in its answer."""


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


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How often Clerk lets an operation be called, beside the limit of the whole instance."""

    requests: int = 0
    """0 where only the instance's limit counts."""
    seconds: int = 0
    each_object: bool = False
    """Counted for each user, organization or membership by itself, and together with its metadata."""


EACH_INSTANCE: Final = RateLimit()
EACH_OBJECT: Final = RateLimit(10, 10, each_object=True)


def per_hour(requests: int) -> RateLimit:
    """So many calls of one operation an hour."""
    return RateLimit(requests, 3600)


class Demo(str):
    """What an example calls something of the sandbox's demo company; see `clerk_sandbox.examples`."""


@dataclass(frozen=True, slots=True)
class Example:
    """A call that works on the demo company."""

    arguments: Mapping[str, Any] = field(default_factory=dict)
    late: bool = False
    """It takes away what other examples need, or needs that another one has taken something away."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The next step after a failure, where the facts of the operation do not tell it."""

    not_found: str = ""
    """After 404: how to come by the right id."""
    if_executed: str = ""
    """After a write whose outcome is unknown: how to find out, or why calling again does no harm."""


ANOTHER_DOES_NO_HARM: Final = (
    "Calling again does no harm: it makes another one, and an unused one expires by itself."
)
REVOKED_BY_NOW: Final = "Call again: if it was, the answer is that the token cannot be revoked."


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
    model: type[Operation] = field(repr=False)
    secret: tuple[str, ...] = ()
    """Names in the answer that hold a credential and must not reach a model."""
    private: tuple[str, ...] = ()
    """Arguments that hold a credential: never logged, never echoed."""
    mints: bool = False
    """It is called for the credential in its answer, rather than that one comes along with something else."""
    sets: tuple[str, ...] = ()
    """What it sets without an argument, such as `banned`: its answer shows that, also where it is off."""
    sends_mail: bool | str = False
    """Whether Clerk sends mail or an SMS, or the name of the argument that says so."""
    no_undo: str = ""
    """Why it cannot be taken back, where its verb and the facts above do not tell."""
    grave: bool = False
    """So much goes with it that whoever agrees to it in a browser types its target's name."""
    compared_by: str | None = None
    """The field by which two instances' objects are matched where they are compared; empty for an object of
    which an instance has one, None for what is not compared."""
    limit: RateLimit | None = EACH_INSTANCE
    """Clerk's rate limit beside the instance's own; None where not even that one counts it."""
    public: bool = False
    """It answers without a key."""
    array_body: bool = False
    """The body is its one body argument's value, an array, and not an object of arguments."""
    icons: bool = False
    """Its image may be an icon (.ico)."""
    reader: type[Operation] | None = field(default=None, repr=False)
    """What shows the change, where that is not the nearest GET above its path."""
    advice: Advice = field(default_factory=Advice)
    only_while: str = ""
    """What else must be so for a call to have an effect, said in its answer; where Clerk does not show it."""
    together: str = ""
    """The operation that makes many of these calls at once, all or none; its only list holds them."""
    deprecated: bool = False
    instead: str = ""
    """What replaces it, in words, where it is deprecated."""
    until: str = ""
    """The last API version that has it, where Clerk has dropped it since."""
    example: Example | None = None
    """A call for the docs and the tests; each of Clerk's operations has one."""
    words: str = ""
    """Other ways in which people ask for it, between commas; for the search alone."""

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
        """In the order in which a reader meets them: those of the path, then as declared, paging last."""
        found = [argument_of(name, field) for name, field in self.model.model_fields.items()]
        found.sort(key=lambda one: (one.name in LAST, one.place is not Place.PATH))
        clearable = tuple(a.name for a in found if a.clearable)
        entry = Argument(name="", type="string", enum=clearable)
        return tuple(replace(a, items=entry) if a.place is Place.CLEAR else a for a in found)

    @cached_property
    def clearable(self) -> frozenset[str]:
        """The arguments that `clear` may name."""
        return frozenset(a.name for a in self.arguments if a.clearable)

    @cached_property
    def by_name(self) -> tuple[Argument, ...]:
        """The arguments that take an id, or a list of them, for which the name of one object will do."""
        return tuple(
            a for a in self.arguments if a.type in ("string", "array") and a.id_kind and a.id_kind.names
        )

    @cached_property
    def can_destroy(self) -> bool:
        """Whether some call of it destroys, if not every one."""
        risky = any(a.risk or a.clearable for a in self.arguments)
        return self.effect is Effect.DESTROY or (self.effect is Effect.WRITE and risky)

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

    def mails(self, arguments: Mapping[str, Any]) -> bool:
        """Tell whether a call with these arguments makes Clerk send something."""
        if not isinstance(self.sends_mail, str):
            return self.sends_mail
        default = next(a.default for a in self.arguments if a.name == self.sends_mail)
        given = arguments.get(self.sends_mail)
        return bool(default if given is None else given)

    @cached_property
    def updates(self) -> bool:
        """Whether it changes an object that is there already, and answers with that."""
        return self.effect is not Effect.READ and (self.method in ("PATCH", "PUT") or bool(self.sets))

    @cached_property
    def deletes_what_it_returns(self) -> bool:
        """Whether its answer is the object that it has deleted, which does not look so by itself."""
        collection, _, last = self.path.rpartition("/")
        name = collection.rpartition("/")[2].removesuffix("s")
        return self.method == "DELETE" and last.startswith("{") and self.returns.endswith(name)

    @property
    def destroys_by_arguments(self) -> bool:
        """Whether it is an update that destroys with some arguments and only changes with others."""
        return self.can_destroy and self.effect is not Effect.DESTROY

    @property
    def is_core(self) -> bool:
        """Whether it is one of the first 109, which a host is shown unless the operator chose otherwise."""
        return self.document == FIRST_DOCUMENT

    @property
    def is_superseded(self) -> bool:
        """Whether another operation does what this one did; what is deprecated in favour of Clerk's dashboard
        has no such other."""
        return self.deprecated and "dashboard" not in self.instead

    @property
    def is_list(self) -> bool:
        return self.envelope in (Envelope.ARRAY, Envelope.PAGE)

    @property
    def outline(self) -> Outline:
        """What is known of it before its module is imported."""
        return Outline(self.effect, self.is_list, self.is_core, self.mints)


class Keywords(TypedDict, total=False):
    """The keywords of a declaration. Those that are not explained here are the fields of `Spec`."""

    id: str
    """Clerk's operationId; a class without it is a base for others."""
    version: str
    """The lowest API version that has it; left out by the first operations, whose version is 2021-02-05 and
    whose document is Clerk's of 2024."""
    document: str
    """Clerk's newest where `version` is given."""
    get: str
    post: str
    put: str
    patch: str
    delete: str
    """The path, under the verb it is called with."""
    returns: str
    lists: str
    pages: str
    """The kind of object answered: alone, in an array, in `{data, total_count}`."""
    text: bool
    """The answer is a page of text. With none of these four the answer is empty."""
    effect: Literal["read", "write", "destroy"]
    """Where the verb does not tell it: GET reads, DELETE destroys, the rest write."""
    secret: tuple[str, ...]
    private: tuple[str, ...]
    mints: bool
    sets: tuple[str, ...]
    sends_mail: bool | str
    no_undo: str
    grave: bool
    compared_by: str
    limit: RateLimit | None
    public: bool
    array_body: bool
    icons: bool
    reader: type[Operation]
    advice: Advice
    only_while: str
    together: str
    deprecated: bool
    until: str
    instead: str
    example: Example
    words: str


_VERBS: Final = ("get", "post", "put", "patch", "delete")
_ENVELOPES: Final = {"returns": Envelope.OBJECT, "lists": Envelope.ARRAY, "pages": Envelope.PAGE}
_BY_VERB: Final = {"get": Effect.READ, "delete": Effect.DESTROY}


def spec_of(model: type[Operation], keywords: Keywords) -> Spec:
    """Make the `Spec` of a declaration.

    Raises:
        TypeError: a keyword that is not known.
    """
    own: dict[str, Any] = dict(keywords)
    ((verb, path),) = ((verb, own.pop(verb)) for verb in _VERBS if verb in own)
    answers = [(envelope, own.pop(word)) for word, envelope in _ENVELOPES.items() if word in own]
    if own.pop("text", False):
        answers.append((Envelope.TEXT, "text"))
    ((envelope, kind),) = answers or [(Envelope.EMPTY, "nothing")]
    by_version = NEWEST_DOCUMENT if "version" in own else FIRST_DOCUMENT
    effect = Effect(own.pop("effect", _BY_VERB.get(verb, Effect.WRITE)))
    return Spec(
        version=own.pop("version", FIRST_VERSION),
        document=own.pop("document", by_version),
        method=verb.upper(),
        path=path,
        resource=model.__module__.rpartition(".")[2],
        effect=effect,
        returns=kind,
        envelope=envelope,
        model=model,
        **own,
    )
