"""One argument of an operation: where it goes, what type it has, and its JSON Schema."""

from __future__ import annotations

import math
import re
import types
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self, TypeVar, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

T = TypeVar("T")


class Place(StrEnum):
    """Where in the HTTP request an argument goes."""

    PATH = "path"
    QUERY = "query"
    BODY = "body"
    FILE = "file"
    CLEAR = "clear"
    """Names body arguments that are sent as null."""


Path = Annotated[T, Place.PATH]


Query = Annotated[T, Place.QUERY]


Body = Annotated[T, Place.BODY]


File = Annotated[T, Place.FILE]

_MAX_DEPTH: Final = 100
_SLUG: Final = re.compile(r"[a-z0-9:_-]+\Z")


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

LAST: Final = ("clear", "limit", "offset", "paginated")
"""The arguments that bases of operations bring, which stand after an operation's own."""

CUSTOM_PROBLEMS: Final = ("not_an_id", "not_json", "too_deep", "not_clearable")
"""Types of the validation errors above, whose messages are written for the caller."""


@dataclass(eq=False, slots=True)
class Kind:
    """What an id is the id of; declared in `clerk_tools.ids`, where it annotates the types of arguments."""

    name: str
    found_by: str = ""
    """The operation whose answer holds such ids; none where nothing lists them."""
    known_as: str = "id"
    """The field of what is found that is proposed while somebody types one."""
    prefix: str | tuple[str, ...] = ""
    """What such ids begin with; what begins otherwise may be a name."""
    names: tuple[str, ...] = ()
    """The fields of what is found, in Clerk's answer or its view, by which people call it; none where a name
    is not taken for an id."""
    within: tuple[str, ...] = ()
    """The lists of what is found in which the ids stand, where it is not what is found itself."""

    def may_name(self, value: object) -> bool:
        """Tell whether a value is a name rather than an id."""
        if not self.names or not isinstance(value, str) or value.startswith(self.prefix):
            return False
        # Clerk takes these itself.
        return self.known_as not in ("slug", "key") or not _SLUG.match(value)


class Nested(BaseModel):
    """An object inside an argument. Unknown keys are refused, as Clerk refuses them."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class OpenNested(Nested):
    """An object inside an argument that may hold more than the keys which Clerk names."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    @model_validator(mode="after")
    def _check_what_else_is_there(self) -> Self:
        _json_only(self.__pydantic_extra__ or {})
        return self


@dataclass(frozen=True, slots=True)
class Risk:
    """When giving an argument destroys, in words for the question; made by the four functions below.

    What Clerk shows before the change may tell that nothing is lost; where it shows nothing, the risk stands.
    """

    words: str
    """A clause such as `ends every session`. Empty where the operation's own `hit` has better ones."""
    value: object = None
    """The only value that destroys; None is any."""
    over_nothing: bool = False
    """It destroys even where nothing was set before."""
    keys: bool = False
    """Only the keys of an object that are left out are lost."""
    only_while: str = ""
    """A field of the object without which nothing is at risk, such as `active`."""


def cuts_off(value: bool | str, words: str) -> Risk:
    """Return a switch that cuts somebody off in one of its positions."""
    return Risk(words, value=value)


def replaces(words: str, only_while: str = "") -> Risk:
    """Return a value in place of which another one is lost."""
    return Risk(words, only_while=only_while)


def moves(words: str, only_while: str = "") -> Risk:
    """Return a value on which people depend, so that any change can cut them off."""
    return Risk(words, over_nothing=True, only_while=only_while)


REPLACES_KEYS: Final = Risk("", keys=True)
"""An object that replaces the whole of what was there."""


def arg(
    description: str = "",
    *,
    optional: bool = False,
    default: object = None,
    ge: float | None = None,
    le: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    deprecated: bool = False,
    undocumented: bool = False,
    nullable: bool = False,
    clearable: bool | str = False,
    risk: Risk | None = None,
    shown_as: str = "",
) -> Any:
    """Declare one argument of an operation.

    Args:
        description: what a model must know to fill it in; empty where the name says it all.
        optional: may be left out (then it is not sent).
        default: what Clerk takes when it is left out; implies `optional`, and is not sent either.
        ge, le: inclusive bounds of a number.
        min_length, max_length: of text, in characters, or of an array, in entries. They are checked but not
            advertised: some hosts drop a server over a schema that has them.
        deprecated: Clerk says so.
        undocumented: no document of Clerk's has it, only its Node SDK.
        nullable: Clerk's document lets it be null, which changes nothing. A null never comes here: it reads
            as left out.
        clearable: null empties it at Clerk; asked for by its name in `clear`. May say in words what is lost.
        risk: when giving it destroys.
        shown_as: the field of the object that shows what it is now, if that has another name.
    """
    required = not optional and default is None
    # Not pydantic's own `deprecated`: whoever reads such an argument would be warned.
    own: dict[str, Any] = {
        "deprecated": deprecated,
        "undocumented": undocumented,
        "nullable": nullable,
        "clearable": clearable,
        "risk": risk,
        "shown_as": shown_as,
    }
    return Field(
        default=... if required else default,
        description=description or None,
        ge=ge,
        le=le,
        min_length=min_length,
        max_length=max_length,
        json_schema_extra={name: value for name, value in own.items() if value} or None,
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
    """Whether Clerk takes null for it. What a model sends as null reads as left out."""
    clearable: bool | str = False
    """Whether null empties it, and in which words a question says so."""
    risk: Risk | None = None
    shown_as: str = ""
    enum: tuple[object, ...] = ()
    minimum: int | float | None = None
    maximum: int | float | None = None
    min_length: int | None = None
    """Of text in characters, of an array in entries."""
    max_length: int | None = None
    default: object = None
    deprecated: bool = False
    undocumented: bool = False
    """No document of Clerk's has it, only its Node SDK."""
    kind: Kind | None = None
    """What it is the id of."""
    items: Argument | None = None
    """What each entry of an array is."""
    properties: tuple[Argument, ...] = ()
    """The known keys of an object; empty where any key goes."""
    open: bool = False
    """Whether an object with known keys may hold others too."""

    @property
    def id_kind(self) -> Kind | None:
        """What it takes the id of, or a list of the ids."""
        return self.items.kind if self.items else self.kind

    @property
    def schema(self) -> dict[str, Any]:
        """The argument as compact JSON Schema, in the subset that every known host accepts."""
        out: dict[str, Any] = {"type": self.type}
        if self.enum and self.type == "string":
            # Of anything else some hosts take no list: LangChain's for Gemini refuses all tools over one.
            # Gemini refuses a list with an empty text in it; who sends one is understood.
            out["enum"] = [value for value in self.enum if value]
        if self.items:
            out["items"] = self.items.schema
        if self.properties:
            out |= object_schema(self.properties)
        for key, value in (
            ("minimum", self.minimum),
            ("maximum", self.maximum),
            ("default", self.default),
        ):
            if value is not None and not (key != "maximum" and _goes_without_saying(value)):
                out[key] = value
        if self.description:
            out["description"] = self.description
        return out


def _goes_without_saying(value: object) -> bool:
    """Tell whether a bound or default is what anybody assumes: no count is below 0 or 1, and what is left out
    is off, or begins at the first; lists say themselves that the newest is first. Said of 100 arguments it
    would cost every conversation 2 kB."""
    return value == "-created_at" or (value in (0, 1) and value is not True)


def object_schema(arguments: tuple[Argument, ...]) -> dict[str, Any]:
    out: dict[str, Any] = {"properties": {a.name: a.schema for a in arguments}}
    required = [a.name for a in arguments if a.required]
    if required:
        out["required"] = required
    return out


def argument_of(name: str, info: FieldInfo) -> Argument:
    own = info.json_schema_extra
    facts: dict[str, Any] = dict(own) if isinstance(own, dict) else {}
    if facts.get("clearable"):
        facts["nullable"] = True
    for metadata in info.metadata:
        match metadata:
            case Place():
                facts["place"] = metadata
            case Kind():
                facts["kind"] = metadata
            case Ge():
                facts["minimum"] = metadata.ge
            case Le():
                facts["maximum"] = metadata.le
            case MinLen():
                facts["min_length"] = metadata.min_length
            case MaxLen():
                facts["max_length"] = metadata.max_length
            case _:
                pass
    return Argument(
        name=name,
        description=info.description or "",
        required=info.is_required(),
        default=None if info.is_required() else info.default,
        **(facts | _type_facts(info.annotation)),
    )


def _type_facts(annotation: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if get_origin(annotation) in (Union, types.UnionType):
        raise TypeError(f"{annotation}: what may be null says so with `nullable` or `clearable` in `arg`")
    if get_origin(annotation) is Annotated:
        kinds = [found for found in get_args(annotation) if isinstance(found, Kind)]
        facts |= {"kind": kinds[0]} if kinds else {}
        annotation = get_args(annotation)[0]
    origin = get_origin(annotation) or annotation
    if origin is Literal:
        facts["enum"] = get_args(annotation)
        facts["type"] = _JSON_TYPES[type(facts["enum"][0])]
    elif isinstance(origin, type) and issubclass(origin, BaseModel):
        facts["type"] = "object"
        facts["properties"] = tuple(argument_of(n, f) for n, f in origin.model_fields.items())
        facts["open"] = issubclass(origin, OpenNested)
    else:
        facts["type"] = _JSON_TYPES[origin]
        if origin is list:
            facts["items"] = Argument(name="", **_type_facts(get_args(annotation)[0]))
    return facts
