"""The tool of `--any-path`: a call of a method and path that no operation has, such as Clerk adds them."""

from __future__ import annotations

import json
import re
from typing import Any, Final, Literal
from urllib.parse import urlencode

from clerk_mcp.offering import ANY_PATH
from clerk_tools.argument import Body, JsonObject, Query, arg
from clerk_tools.catalog import operations
from clerk_tools.hits import Hit, Look
from clerk_tools.operation import UNDOCUMENTED, Operation, Request
from clerk_tools.parsing import InvalidArguments, Problem
from clerk_tools.spec import Advice

_VERSION: Final = "2026-05-12"
"""The newest API version there is a description of."""


class CallPath(Operation, id=ANY_PATH, post="/", effect="destroy"):
    """Call a method and path of Clerk's Backend API that no operation has; one that an operation has is
    refused with its name. GET reads; anything else counts as what cannot be taken back."""

    method: Query[Literal["GET", "POST", "PUT", "PATCH", "DELETE"]] = arg()
    path: Query[str] = arg("Below /v1, such as /comets/comet_1")
    query: Query[JsonObject] = arg(optional=True)
    body: Query[JsonObject] = arg(optional=True)


class _PathCall(Operation):
    """Base of the calls themselves, one for each method."""

    path: Query[str] = arg()
    query: Query[JsonObject] = arg(optional=True)
    body: Body[JsonObject] = arg(optional=True)

    async def hit(self, look: Look) -> Hit:
        sends = f"sends {', '.join(self.body)}" if "body" in self.model_fields_set and self.body else ""
        return Hit.of(f"{self.spec.method} {self.path}", sends)

    def to_request(self) -> Request:
        query = urlencode(_as_sent(self.query), doseq=True) if "query" in self.model_fields_set else ""
        has_body = "body" in self.model_fields_set
        path = f"{self.path}?{query}" if query else self.path
        return Request(self.spec, path, json=self.body if has_body else None, has_body=has_body)


def _as_sent(query: JsonObject) -> dict[str, list[str]]:
    """Write values as Clerk reads them, where JSON and Python do it differently."""
    return {
        name: [json.dumps(value) if isinstance(value, bool) else str(value) for value in _values(given)]
        for name, given in query.items()
    }


def _values(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _unfit(query: JsonObject) -> str | None:
    """Name the first entry that no query can hold."""
    fits = (str, int, float)
    return next(
        (name for name, given in query.items() if not all(isinstance(v, fits) for v in _values(given))), None
    )


_ADVICE: Final = Advice(if_executed="See with a GET of what it is about before calling again.")
_OF_NONE: Final[dict[str, Any]] = {
    "id": ANY_PATH,
    "version": _VERSION,
    "document": UNDOCUMENTED,
    "advice": _ADVICE,
}


class _Get(_PathCall, get="/", **_OF_NONE):
    """A call that reads."""


class _Post(_PathCall, post="/", effect="destroy", **_OF_NONE):
    """A call that may do anything, like the three below."""


class _Put(_PathCall, put="/", effect="destroy", **_OF_NONE):
    """See `_Post`."""


class _Patch(_PathCall, patch="/", effect="destroy", **_OF_NONE):
    """See `_Post`."""


class _Delete(_PathCall, delete="/", **_OF_NONE):
    """See `_Post`."""


_BY_METHOD: Final = {call.spec.method: call for call in (_Get, _Post, _Put, _Patch, _Delete)}
_PATH: Final = re.compile(r"(/(?!\.{1,2}(/|\Z))[A-Za-z0-9_.~:@-]{1,200}){1,20}")


def path_call(asked: CallPath) -> Operation:
    """Make the call that is asked for.

    Raises:
        InvalidArguments: no such path can be, or an operation has it.
    """
    path = asked.path.strip()
    if not _PATH.fullmatch(path):
        raise InvalidArguments(
            [
                Problem(
                    "path",
                    "`path` must be a plain path below /v1, such as /comets/comet_1: no host, no %, no dots"
                    " for a segment, no slash at its end, and its query in `query`",
                )
            ]
        )
    if path.startswith("/v1/"):
        raise InvalidArguments([Problem("path", "`path` begins after /v1")])
    if tool := tool_of(asked.method, path):
        raise InvalidArguments([Problem("path", f"{asked.method} {path} is {tool}: call that")])
    given = {name: getattr(asked, name) for name in ("query", "body") if name in asked.model_fields_set}
    if "query" in given and (name := _unfit(asked.query)) is not None:
        wanted = "must be a text, a number, true, false, or a list of these"
        raise InvalidArguments([Problem("query", f"`query.{name}` {wanted}")])
    if asked.method == "GET" and "body" in given:
        raise InvalidArguments([Problem("body", "a GET has no `body`")])
    return _BY_METHOD[asked.method].model_validate({"path": path, **given})


def tool_of(method: str, path: str) -> str | None:
    """Return the operation that has a method and path; also where it is named by upper and lower case
    alone."""
    segments = path.lower().split("/")
    for id, operation in operations().items():
        spec = operation.spec
        theirs = spec.path.lower().split("/")
        if spec.method == method and len(theirs) == len(segments):
            pairs = zip(theirs, segments, strict=True)
            if all(one == other or one.startswith("{") for one, other in pairs):
                return id
    return None
