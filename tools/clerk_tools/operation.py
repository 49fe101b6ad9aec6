"""What one tool is: an `Operation` subclass is the whole declaration.

    class GetUser(Operation, id="Users_getUserDetails", get="/users/{user_id}", returns="user"):
        \"\"\"One user.\"\"\"

        user_id: Path[Id] = arg()

The class is a pydantic model: making an instance validates the arguments, and the fields say
where in the HTTP request each of them goes. Everything that is not an argument stands in
`spec`, so that an argument may be called `id`, `name` or `public`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Unpack, cast
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from clerk_tools.argument import Place, Query, arg
from clerk_tools.hits import Hit, Look
from clerk_tools.spec import (
    FIRST_DOCUMENT,
    FIRST_VERSION,
    NEWEST_DOCUMENT,
    UNDOCUMENTED,
    Effect,
    Envelope,
    Keywords,
    Spec,
    spec_of,
)

__all__ = [
    "FIRST_DOCUMENT",
    "FIRST_VERSION",
    "NEWEST_DOCUMENT",
    "UNDOCUMENTED",
    "Effect",
    "Envelope",
    "Operation",
    "Paged",
    "Request",
    "Spec",
]


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

    def __init_subclass__(cls, **keywords: Unpack[Keywords]) -> None:
        """Leave the declaration's keywords to `__pydantic_init_subclass__`, when the fields are known."""
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(cls, **keywords: Any) -> None:
        """Make the class's `spec` of the declaration's keywords; without an id it is a base for others."""
        super().__pydantic_init_subclass__()
        if "id" in keywords:
            cls.spec = spec_of(
                cls, cast(Keywords, keywords), judges_arguments="actual_effect" in _overridden(cls)
            )

    def actual_effect(self) -> Effect:
        """What this call does, its arguments considered; an operation may know better than its `spec`."""
        return self.spec.effect

    async def hit(self, look: Look) -> Hit:
        """Find out what this call would destroy; every operation that can destroy says it."""
        return Hit("")

    def state(self) -> Operation | None:
        """The read that shows what this update changes, where that is not the GET of the same path."""
        return None

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
            json=next(iter(body.values())) if self.spec.array_body else body,
            has_body=self.spec.media_type == "application/json",
            form=form,
            files=files,
        )


def _overridden(cls: type[Operation]) -> set[str]:
    """The names that classes below `Operation` define."""
    return {name for base in cls.__mro__[: cls.__mro__.index(Operation)] for name in vars(base)}


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
