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
from typing import Annotated, Any, ClassVar, Self, Unpack, cast
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from clerk_tools.argument import Argument, Place, Query, arg
from clerk_tools.hits import Hit, Look
from clerk_tools.spec import (
    FIRST_DOCUMENT,
    FIRST_VERSION,
    NEWEST_DOCUMENT,
    UNDOCUMENTED,
    Effect,
    Envelope,
    Keywords,
    Outline,
    Spec,
    spec_of,
)

__all__ = [
    "FIRST_DOCUMENT",
    "FIRST_VERSION",
    "NEWEST_DOCUMENT",
    "UNDOCUMENTED",
    "Clearing",
    "Effect",
    "Envelope",
    "Operation",
    "Outline",
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
    only: frozenset[str] | None = None
    """The only fields of a list's records that are looked at, with dots for those inside; the answer may be
    without the others."""


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
            cls.spec = spec_of(cls, cast(Keywords, keywords))

    def actual_effect(self) -> Effect:
        """Judge this call by its arguments: at worst, for what Clerk has may show that nothing is lost."""
        spec = self.spec
        if spec.effect is Effect.WRITE and spec.can_destroy and any(map(self.endangers, spec.arguments)):
            return Effect.DESTROY
        return spec.effect

    def endangers(self, argument: Argument) -> bool:
        """Tell whether what this call says of an argument may destroy."""
        if self.clears(argument):
            return True
        if argument.risk is None or argument.name not in self.model_fields_set:
            return False
        return argument.risk.value is None or self.__dict__[argument.name] == argument.risk.value

    def clears(self, argument: Argument) -> bool:
        """Tell whether this call empties an argument: by its name, with a blank text, or with an empty list
        or object."""
        if not argument.clearable:
            return False
        value = self.__dict__.get(argument.name) if argument.name in self.model_fields_set else None
        blank = not value.strip() if isinstance(value, str) else value in ([], {})
        return blank or argument.name in (self.__dict__.get("clear") or ())

    async def hit(self, look: Look) -> Hit:
        """Find out what this call would destroy. An update loses what its arguments put at risk."""
        # Imported here, because finding the read that shows an update's object takes the whole catalogue.
        from clerk_tools.losses import losses

        return await losses(self, look)

    def state(self) -> Operation | None:
        """Return the read that shows what this update changes, where that is not the GET of the same path."""
        return None

    def to_request(self) -> Request:
        """Return the HTTP request for these arguments.

        Arguments that were left out are not sent; what is named in `clear` is sent as null.
        """
        path, query = self.spec.path, []
        body: dict[str, Any] = {}
        form: dict[str, str] = {}
        files: dict[str, str] = {}
        multipart = self.spec.media_type == "multipart/form-data"
        for argument in self.spec.arguments:
            name = argument.name
            if name not in self.model_fields_set:
                continue
            value = getattr(self, name)
            match argument.place:
                case Place.PATH:
                    path = path.replace(f"{{{name}}}", quote(value, safe=""))
                case Place.QUERY:
                    values = value if isinstance(value, list) else [value]
                    query += [f"{name}={quote(_query_text(v), safe='')}" for v in values]
                case Place.FILE:
                    files[name] = value
                case Place.CLEAR:
                    body |= dict.fromkeys(value)
                case _ if multipart:
                    form[name] = value
                case _:
                    body[name] = _plain(value)
        return Request(
            spec=self.spec,
            path=f"{path}?{'&'.join(query)}" if query else path,
            json=next(iter(body.values()), []) if self.spec.array_body else body,
            has_body=self.spec.media_type == "application/json",
            form=form,
            files=files,
        )


def _query_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plain(value: Any) -> Any:
    """Return a value as plain JSON data; nested models give the keys that were set."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    return [_plain(v) for v in value] if isinstance(value, list) else value


class Paged(Operation):
    """Base of operations that answer page by page."""

    limit: Query[int] = arg(default=10, ge=1, le=500)
    offset: Query[int] = arg(default=0, ge=0)


class Counted(Operation):
    """Base of lists that Clerk answers with their total where `paginated` asks for it."""

    paginated: Query[bool] = arg("With a total", optional=True)


class PagedOnRequest(Counted):
    """Base of lists that Clerk answers whole, and page by page where it is asked to."""

    limit: Query[int] = arg(optional=True, ge=1, le=500)
    offset: Query[int] = arg(optional=True, ge=0)

    def to_request(self) -> Request:
        """Build the request; asking for a page says `paginated`, without which Clerk would pass over it."""
        if self.model_fields_set & {"limit", "offset"} and "paginated" not in self.model_fields_set:
            return self.model_copy(update={"paginated": True}).to_request()
        return super().to_request()


class Clearing(Operation):
    """Base of updates that can empty what was set. A null in place of a value reads as left out."""

    clear: Annotated[list[str], Place.CLEAR] = arg("Empties these", optional=True)

    @model_validator(mode="after")
    def _check_what_is_cleared(self) -> Self:
        names = self.clear or []
        if set(names) - self.spec.clearable:
            allowed = ", ".join(a.name for a in self.spec.arguments if a.clearable)
            raise PydanticCustomError("not_clearable", "can only name: " + allowed)
        if both := [name for name in names if name in self.model_fields_set]:
            raise PydanticCustomError("not_clearable", "names what is also given: " + ", ".join(both))
        return self
